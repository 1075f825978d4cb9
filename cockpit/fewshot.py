"""Do examples help? Curves, leave-one-out and orders as ordinary stored runs, scored and compared. Draws nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from cockpit.choosing import Chosen, Wish, choose, pool_of, query_of
from cockpit.core import shot_curve
from cockpit.core.errors import InputError, PlanError
from cockpit.core.example_block import apply
from cockpit.core.examples import Example, ExampleSet, Row
from cockpit.core.fill import arrange, is_own
from cockpit.core.leaks import Leak
from cockpit.core.metrics import gold
from cockpit.core.prompts import Version, variables
from cockpit.core.samples import Sample
from cockpit.core.sampling import Event
from cockpit.core.shot_curve import Curve, Orders, Part, Scores, Spent
from cockpit.core.splits import subset
from cockpit.runner import Draft, fly, launch
from cockpit.scoring import Scored, Scoring, score_run
from cockpit.services import Services
from cockpit.store import datasets, projects
from cockpit.store.samples import run_samples
from cockpit.store.sets import use_set

TELLING = ("output", "label", "gold", "target", "ideal")
"""Columns with the right answer: kept with a run to score it by, and never sent."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked: a draft without examples over labelled inputs (`inputs_of`), the set, how to choose and score."""

    draft: Draft
    of: ExampleSet
    wish: Wish
    scoring: Scoring


@dataclass(frozen=True, slots=True)
class Trial:
    """One run to make: `number` is its k, the place left out (0: none), or the order's seed."""

    number: int
    draft: Draft
    detail: Mapping[str, Any]
    leaks: tuple[Leak, ...] = ()


@dataclass(frozen=True, slots=True)
class Launched:
    """A trial's run is stored and begins."""

    trial: Trial
    run_id: int
    total: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A trial's run was sent as far as it went, and scored; `scores` and `spent` are by the draft's models."""

    trial: Trial
    run_id: int
    scores: tuple[Scores, ...]
    spent: tuple[Spent, ...]
    failed: int
    judge_run: int | None = None


@dataclass
class Result:
    """The ended trials of one experiment, by their number, in order."""

    models: tuple[str, ...]
    ended: dict[int, Ended] = field(default_factory=dict)

    def curve(self, model: int) -> Curve:
        """Score against the number of examples, of one model."""
        return shot_curve.curve(self._scores(model), {k: one.spent[model] for k, one in self.ended.items()})

    def parts(self, model: int) -> tuple[Part, ...]:
        """What each example does, where 0 is the whole set."""
        scores = self._scores(model)
        whole = self.ended[0].spent[model].input_tokens
        places = [place for place in self.ended if place]
        sizes = [self.ended[place].spent[model].input_tokens for place in places]
        tokens = [None if whole is None or size is None else whole - size for size in sizes]
        found = shot_curve.parts(scores[0], [scores[place] for place in places], tokens)
        return tuple(replace(part, place=place) for part, place in zip(found, places, strict=True))

    def orders(self, model: int) -> Orders:
        """What the order does."""
        return shot_curve.orders(self._scores(model))

    def _scores(self, model: int) -> dict[int, Scores]:
        return {number: one.scores[model] for number, one in self.ended.items()}


def inputs_of(version: Version, rows: Sequence[Row]) -> tuple[dict[str, str], ...]:
    """Rows as a run's inputs: `input`, what else the prompt uses of their columns, and the right answer, never sent.

    Raises:
        PlanError: the prompt would show the right answer, or uses a column that a row lacks.
    """
    names = variables(version)
    if shown := [name for name in names if name in TELLING]:
        raise PlanError(
            f"The prompt has {{{{{shown[0]}}}}}: it would show the right answer.", hint="The question is {{input}}."
        )
    if not names:
        raise PlanError("The prompt is the same for every row.", hint="Write {{input}} where the question goes.")
    found = []
    for row in rows:
        columns = {name: str(value) for name, value in row.extra.items() if name in names}
        values = {**columns, "input": row.input, "key": row.key, "output": row.output}
        found.append({**values, "label": row.label} if row.label is not None else values)
    return tuple(found)


def rows_to_ask(
    services: Services,
    project: str,
    dataset: str,
    split: str | None,
    *,
    n: int | None,
    seed: int,
    stratify: bool = False,
) -> list[Row]:
    """The labelled rows to ask, at most `n`, in an order that depends on the seed alone: fewer are inside more.

    Args:
        split: None for the whole dataset.

    Raises:
        StoreError: there is no such dataset.
        InputError: there is no row that says what is right.
    """
    db = services.store.read()
    found = datasets.get_dataset(db, projects.find_project(db, project) or 0, dataset)
    rows = [row for row in datasets.iter_rows(db, found.id, split=split) if gold(row) is not None]
    if not rows:
        where = "has no rows" if split is None else f"has no rows in {split!r}"
        raise InputError(
            f"The dataset {dataset!r} {where} that say what is right.",
            hint=f"Split it: cockpit dataset split {dataset}",
        )
    return subset(rows, n or len(rows), seed=seed, stratify=stratify)


def room_for(task: Task) -> int:
    """The most examples that every input can have: the set without those that are an input themselves."""
    queries = [query_of(task.draft.version, values, at) for at, values in enumerate(task.draft.inputs, 1)]
    pool = pool_of(task.of, task.wish)
    if task.wish.by_query and len(queries) > 1:
        return len(pool) - max(sum(is_own(one, query) for one in pool) for query in queries)
    return sum(not any(is_own(one, query) for query in queries) for one in pool)


def curve_trials(services: Services, task: Task, most: int | None = None, ks: Sequence[int] = ()) -> list[Trial]:
    """One trial for each k: those given, else 0, 1, 2, 4, 8 … up to `most` or as many as there are.

    Each k has the first k of one ranking, so that a larger k has all examples of a smaller one. Blocks while tokens are
    counted.

    Raises:
        PlanError: there are not as many examples, or they do not fit.
    """
    room = room_for(task)
    wanted = sorted(set(ks)) if ks else shot_curve.ks(room if most is None else min(most, room))
    if len(wanted) < 2:
        raise PlanError("A curve needs two numbers of examples or more.", hint="The set may be too small.")
    return [_trial(k, choose(services, task.draft, task.of, replace(task.wish, k=k)), "curve") for k in wanted]


def _trial(number: int, chosen: Chosen, kind: str) -> Trial:
    return Trial(number, chosen.draft, {**chosen.detail(), "experiment": kind}, chosen.leaks)


def loo_trials(services: Services, task: Task) -> list[Trial]:
    """The whole choice (number 0), then the same without each of its examples, by its place in what is sent.

    Raises:
        PlanError: each input has examples of its own, there are fewer than two, or they do not fit.
    """
    chosen = _same_for_all(services, task, "Leaving one out")
    examples = chosen.given[0].examples
    if len(examples) < 2:
        raise PlanError("Leaving one out needs two examples or more.")
    left = [examples[:at] + examples[at + 1 :] for at in range(len(examples))]
    made = [_with(task, chosen, place, some, "leave one out") for place, some in enumerate(left, 1)]
    return [_trial(0, chosen, "leave one out"), *made]


def order_trials(services: Services, task: Task, seeds: Sequence[int]) -> list[Trial]:
    """The same examples shuffled by each seed.

    Raises:
        PlanError: each input has examples of its own, there are fewer than two, they do not fit, or there is one order.
    """
    chosen = _same_for_all(services, task, "Shuffling")
    examples = chosen.given[0].examples
    if len(examples) < 2:
        raise PlanError("Orders need two examples or more.")
    trials, known = [], set()
    for seed in seeds:
        mixed = tuple(arrange(examples, "shuffled", seed, None))
        if (places := tuple(map(id, mixed))) not in known:
            known.add(places)
            trials.append(_with(task, chosen, seed, mixed, "orders"))
    if len(trials) < 2:
        raise PlanError("The seeds lead to one order alone.", hint="Ask for more orders.")
    return trials


def _same_for_all(services: Services, task: Task, what: str) -> Chosen:
    if task.wish.by_query and len(task.draft.inputs) > 1:
        raise PlanError(
            f"{what} needs the same examples for every input.", hint="Choose by first, random, balanced, longest …"
        )
    return choose(services, task.draft, task.of, task.wish)


def _with(task: Task, chosen: Chosen, number: int, examples: Sequence[Example], kind: str) -> Trial:
    """A trial with these of the chosen examples, in this order."""
    places = {id(one): at for at, one in enumerate(task.of.examples, 1)}
    sent = [[places[id(one)] for one in examples]]
    detail = {**chosen.detail(), "chosen": sent, "k": len(examples), "experiment": kind, "number": number}
    draft = replace(task.draft, version=apply(task.draft.version, examples, task.of.template))
    return Trial(number, draft, detail, chosen.leaks)


async def run_trials(
    services: Services, task: Task, trials: Sequence[Trial], *, done: Collection[int] = ()
) -> AsyncGenerator[Launched | Event | Scored | Ended, None]:
    """Send the trials one after another as ordinary runs, score each and store the scores.

    What was asked before comes from the cache, so that the same call again goes on where it was stopped; a run alone
    goes on by `runner.resume`. The draft's spend cap is for all trials together.

    Args:
        done: numbers of trials to leave out.

    Raises:
        PlanError: something must not be sent, or the spend cap is reached before the last trial.
        CockpitError: a trial brought no whole answer to score.
        StoreError: something cannot be stored.
    """
    task.scoring.check()
    spent = 0.0
    for trial in trials:
        if trial.number in done:
            continue
        async with aclosing(_one(services, task, trial, spent)) as events:
            async for event in events:
                if isinstance(event, Ended):
                    spent += sum(cost.cost_usd or 0.0 for cost in event.spent)
                yield event


async def _one(
    services: Services, task: Task, trial: Trial, spent: float
) -> AsyncGenerator[Launched | Event | Scored | Ended, None]:
    cap = task.draft.cap_usd
    if cap is not None and spent >= cap:
        raise _capped(cap)
    draft = replace(trial.draft, cap_usd=None if cap is None else cap - spent)
    plan, live = await launch(services, draft, lambda db, run_id: use_set(db, run_id, task.of.id or 0, trial.detail))
    yield Launched(trial, plan.run_id, live.total)
    async with aclosing(fly(services, plan, live)) as flight:  # type: ignore[type-var]
        async for event in flight:
            yield event
    scored: Scored | None = None
    async with aclosing(score_run(services, plan.run_id, task.scoring)) as scoring:
        async for news in scoring:
            scored = news if isinstance(news, Scored) else scored
            yield news
    assert scored is not None
    yield ended_of(trial, scored, run_samples(services.store.read(), plan.run_id))
    if live.capped:
        raise _capped(cap or 0.0)


def ended_of(trial: Trial, scored: Scored, samples: Sequence[Sample]) -> Ended:
    """A trial's run with its scores; the same column for each trial, whatever its models are called."""
    columns = range(len(scored.plan.targets))
    return Ended(
        trial,
        scored.plan.run_id,
        tuple(_keyed(scored, column) for column in columns),
        tuple(_spent(scored, samples, column) for column in columns),
        scored.failed + _never_sent(scored, samples),
        scored.judge_run,
    )


def _capped(cap: float) -> PlanError:
    return PlanError(f"The spend cap of ${cap:g} is reached.", hint="Call it again with a higher one: it goes on.")


def _never_sent(scored: Scored, samples: Sequence[Sample]) -> int:
    """Samples of a plan that were never sent."""
    return len(scored.plan.missing({sample.key for sample in samples}))


def _keyed(scored: Scored, column: int) -> Scores:
    return {str(at): values for at, values in scored.by_input(column).items()}


def _spent(scored: Scored, samples: Sequence[Sample], column: int) -> Spent:
    ours = [sample for sample in samples if sample.key.target == column]
    costs = [sample.cost_usd for sample in ours]
    tokens = [one.usage.input_tokens for one in ours if one.ok and one.usage.input_tokens is not None]
    known = [cost for cost in costs if cost is not None]
    return Spent(
        cost_usd=sum(known) if known and len(known) == len(costs) else None,
        input_tokens=sum(tokens) / len(tokens) if tokens else None,
        unscored=sum(scored.values.get(one.id or 0) is None for one in ours),
    )
