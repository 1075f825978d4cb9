"""Scores a stored run's answers: by their text, or by a judge's stored run; agreement with a person. Draws nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

from cockpit.core.agreement import Agreement, Answer, Labels, agreement_of, read_labels
from cockpit.core.errors import CockpitError, InputError
from cockpit.core.examples import Row
from cockpit.core.inputs import read_inputs
from cockpit.core.metrics import Judge, Metric, check, gold, score
from cockpit.core.params import Params
from cockpit.core.prompts import variables
from cockpit.core.runs import Plan
from cockpit.core.samples import Sample
from cockpit.core.sampling import Event
from cockpit.runner import Draft, fly, launch
from cockpit.services import Services
from cockpit.store.examples import asked_text
from cockpit.store.runs import get_run, load_plan
from cockpit.store.samples import run_samples
from cockpit.store.scores import run_scores, run_verdicts, set_scores

GOLD_COLUMNS = ("gold", "output", "label", "target", "ideal")
"""Columns of an inputs file that hold the right answer, where none is named."""
SAID: Mapping[str, float] = {"gold": 1.0, "rejected": 0.0}
"""What a person's verdicts are worth beside a score; a candidate is not decided."""


@dataclass(frozen=True, slots=True)
class Judging:
    """Who judges: a model with its params, and the prompt with its answers."""

    model: str
    judge: Judge = field(default_factory=Judge)
    params: Params = field(default_factory=Params)
    cap_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Scoring:
    """A metric, which column holds the right answer ('' for the usual ones), and the judge if it is one."""

    metric: Metric
    gold: str = ""
    judging: Judging | None = None

    @property
    def name(self) -> str:
        """What scores are stored under."""
        if self.judging is None:
            return self.metric.name
        mark = self.judging.judge.mark
        return f"judge:{self.judging.model}" + (f"#{mark}" if mark else "")

    def check(self) -> None:
        """See that it can be used.

        Raises:
            InputError: a pattern, labels or a judge is missing or malformed.
        """
        check(self.metric)
        if (self.metric.kind == "judge") != (self.judging is not None):
            raise InputError("A judge metric needs a judging model, and no other does.")
        if self.judging is not None:
            self.judging.judge.version()


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of a run, by sample; None where an answer has none. `whole` are its answers, `plan` what was asked."""

    plan: Plan
    name: str
    values: Mapping[int, float | None]
    whole: tuple[Sample, ...]
    failed: int
    judge_run: int | None = None
    judge_cost_usd: float | None = None

    def by_input(self, target: int) -> dict[int, list[float]]:
        """Scores of one column: input's place → its answers' scores, an empty list where there are none."""
        found: dict[int, list[float]] = {at: [] for at in range(len(self.plan.inputs))}
        for sample in self.whole:
            value = self.values.get(sample.id or 0)
            if sample.key.target == target and value is not None:
                found[sample.key.input].append(value)
        return found


def rows_of(plan: Plan, column: str = "") -> list[Row]:
    """A run's inputs as rows with what is right: by the named column, else by the first of the usual ones.

    Raises:
        InputError: the named column is not there.
    """
    shown = set(variables(plan.version))
    found = []
    for at, values in enumerate(plan.inputs):
        if column and column not in values:
            raise InputError(f"The run's inputs have no {column!r}.", hint=f"They have: {', '.join(values) or 'none'}.")
        usual = (name for name in GOLD_COLUMNS if name not in shown and values.get(name, "").strip())
        right = values[column] if column else values.get(next(usual, ""), "")
        label = None if column else values.get("label") or None
        asked = values["input"] if "input" in values else asked_text(plan.version, dict(values))
        found.append(Row(values.get("key") or str(at + 1), asked, right, label, number=at + 1))
    return found


async def score_run(services: Services, run_id: int, scoring: Scoring) -> AsyncGenerator[Event | Scored, None]:
    """Score every whole answer of a run and store the scores; the events of a judge's run come first, `Scored` last.

    Raises:
        InputError: the metric cannot be used, or no input says what is right.
        CockpitError: there is no whole answer; with the first reason why.
        PlanError: the judge's run must not be sent.
        StoreError: there is no such run, or it cannot be stored.
    """
    scoring.check()
    db = services.store.read()
    plan = load_plan(db, run_id)
    rows = rows_of(plan, scoring.gold)
    samples = run_samples(db, run_id)
    whole = tuple(sample for sample in samples if sample.ok)
    if not whole:
        why = next(
            (f": {one.error.message} {one.error.hint}".rstrip() for one in samples if one.error is not None), "."
        )
        raise CockpitError(f"Run {run_id} has no whole answer to score{why}", hint=f"cockpit run resume {run_id}")
    if _needs_gold(scoring) and not any(gold(row) for row in rows):
        raise InputError("No input of the run says what is right.", hint="Name the column that does: --gold COLUMN.")
    if scoring.judging is None:
        values = {one.id or 0: score(scoring.metric, one.text, rows[one.key.input]) for one in whole}
        found = Scored(plan, scoring.name, values, whole, len(samples) - len(whole))
    else:
        asking = Asking(services, scoring.judging, get_run(db, run_id).project_id)
        async with aclosing(asking.ask(rows, whole)) as events:
            async for event in events:
                yield event
        found = Scored(
            plan, scoring.name, asking.values, whole, len(samples) - len(whole), asking.run_id, asking.cost_usd
        )
    await services.store.write(lambda db: set_scores(db, found.name, found.values))
    yield found


def _needs_gold(scoring: Scoring) -> bool:
    if scoring.judging is not None:
        return "gold" in variables(scoring.judging.judge.version())
    return scoring.metric.kind != "regex" or re.compile(scoring.metric.pattern).groups > 0


class Asking:
    """A judge's run under way: an ordinary stored run with one input for each answer."""

    def __init__(self, services: Services, judging: Judging, project_id: int) -> None:
        self._services = services
        self._judging = judging
        self._project_id = project_id
        self.values: dict[int, float | None] = {}
        self.run_id: int | None = None
        self.cost_usd: float | None = None

    async def ask(self, rows: list[Row], answers: tuple[Sample, ...]) -> AsyncGenerator[Event, None]:
        """Send, and read what the judge said into `values`.

        Raises:
            PlanError: it must not be sent.
        """
        judging, services = self._judging, self._services
        given = [{**self._values(rows[one.key.input], one), "sample": str(one.id)} for one in answers]
        draft = Draft(
            version=judging.judge.version(),
            models=(judging.model,),
            params=judging.params,
            inputs=tuple(given),
            cap_usd=judging.cap_usd,
            project=_project_name(services, self._project_id),
        )
        stored, live = await launch(services, draft)
        self.run_id = stored.run_id
        async with aclosing(fly(services, stored, live)) as events:  # type: ignore[type-var]
            async for event in events:
                yield event
        said = run_samples(services.store.read(), stored.run_id)
        self.values = {one.id or 0: None for one in answers}
        for one in said:
            if one.ok:
                self.values[answers[one.key.input].id or 0] = judging.judge.value(one.text)
        costs = [one.cost_usd for one in said if one.cost_usd is not None]
        self.cost_usd = sum(costs) if costs and len(costs) == len(said) else None

    @staticmethod
    def _values(row: Row, sample: Sample) -> dict[str, str]:
        return {"input": row.input, "gold": gold(row) or "", "answer": sample.text}


def _project_name(services: Services, project_id: int) -> str:
    from cockpit.store.projects import list_projects

    return next(row.name for row in list_projects(services.store.read()) if row.id == project_id)


def agreement(services: Services, run_id: int, name: str) -> Agreement | None:
    """A stored metric of zeros and ones beside the person's verdicts; None where no answer has both.

    Cohen's kappa (see `paired.cohen_kappa`) of right and wrong; a score of 0.5 or more counts as right.
    """
    db = services.store.read()
    scores, verdicts = run_scores(db, run_id).get(name, {}), run_verdicts(db, run_id)
    both = [id for id, verdict in verdicts.items() if verdict in SAID and id in scores]
    if not both:
        return None
    told = {id: float(scores[id] >= 0.5) for id in both}
    found = agreement_of(told, {id: SAID[verdicts[id]] for id in both})
    if found is None:
        return None
    sides = ("right", "wrong")
    return replace(found, counts={(one, other): found.counts.get((one, other), 0) for one in sides for other in sides})


def labels_of(services: Services, run_id: int, path: Path, scoring: Scoring) -> Labels:
    """A file's labels of a run's whole answers, in the metric's own words where it has some (`agreement.read_labels`).

    Raises:
        InputError: the file cannot be read, or a row of it.
        StoreError: there is no such run.
    """
    db = services.store.read()
    plan = load_plan(db, run_id)
    rows = rows_of(plan, scoring.gold)
    answers = [
        Answer(one.id or 0, rows[one.key.input].key, plan.targets[one.key.target].title)
        for one in run_samples(db, run_id)
        if one.ok
    ]
    words = scoring.judging.judge.answers if scoring.judging is not None else None
    return read_labels(read_inputs(path), answers, words)
