"""What a few-shot experiment would cost, and earlier ones as they were stored. Sends nothing, draws nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.choosing import cost_of
from cockpit.core.runs import Plan
from cockpit.core.stats import wilson
from cockpit.fewshot import Result, Task, Trial, ended_of
from cockpit.runner import Draft
from cockpit.scoring import Scored
from cockpit.services import Services
from cockpit.store.experiments import Experiment, detail_of
from cockpit.store.runs import load_plan
from cockpit.store.samples import run_samples
from cockpit.store.scores import run_scores


@dataclass(frozen=True, slots=True)
class Planned:
    """A trial before it is sent: requests over all models, mean input tokens of one, dollars (None: no price known)."""

    number: int
    requests: int
    input_tokens: int
    usd: float | None
    unpriced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an experiment would take. `inputs` is how many each trial asks, `half_width` half a 95 % interval there.

    The interval is Wilson's of a rate of one half with one answer an input: what a single point will show at worst.
    Cached answers cost nothing and are not taken off.
    """

    trials: tuple[Planned, ...]
    inputs: int
    half_width: float

    @property
    def requests(self) -> int:
        """Requests in all."""
        return sum(one.requests for one in self.trials)

    @property
    def input_tokens(self) -> int:
        """Input tokens in all."""
        return sum(one.requests * one.input_tokens for one in self.trials)

    @property
    def usd(self) -> float | None:
        """Dollars in all, of the models whose price is known; None where none is."""
        known = [one.usd for one in self.trials if one.usd is not None]
        return sum(known) if known else None

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Models whose price is not known."""
        return tuple(dict.fromkeys(name for one in self.trials for name in one.unpriced))


def forecast(services: Services, task: Task, trials: Sequence[Trial]) -> Forecast:
    """What the trials would take. Blocks while tokens are counted: call it in a thread.

    Raises:
        UnknownModel: a model's name leads nowhere.
    """
    planned = []
    for trial in trials:
        cost = cost_of(services, trial.draft, task.wish)
        planned.append(Planned(trial.number, cost.requests, cost.input_tokens, cost.usd, cost.unpriced))
    inputs = len(task.draft.inputs)
    rate = wilson(inputs // 2, inputs) if inputs else None
    return Forecast(tuple(planned), inputs, 0.5 if rate is None else (rate.high - rate.low) / 2)


@dataclass(frozen=True, slots=True)
class Reopened:
    """An earlier experiment with its numbers; `missing` says in words what it lacks."""

    result: Result
    metric: str
    missing: tuple[str, ...] = ()


def reopen(db: sqlite3.Connection, experiment: Experiment, metric: str = "") -> Reopened:
    """An experiment's numbers from its stored scores; nothing is scored anew.

    Args:
        metric: which scores, where runs have several; the one that most of the runs have unless said.

    Raises:
        StoreError: a run is gone.
    """
    scores = {number: run_scores(db, run_id) for number, run_id in experiment.runs.items()}
    names = [name for found in scores.values() for name in found]
    chosen = metric or max(dict.fromkeys(names), key=names.count, default="")
    result, missing = Result(experiment.models), []
    for number, run_id in experiment.runs.items():
        values = scores[number].get(chosen)
        if values is None:
            missing.append(f"run {run_id} has no score by {chosen}" if chosen else f"run {run_id} has no score")
            continue
        plan, samples = load_plan(db, run_id), run_samples(db, run_id)
        whole = tuple(sample for sample in samples if sample.ok)
        scored = Scored(plan, chosen, dict(values), whole, len(samples) - len(whole))
        detail = detail_of(db, run_id)
        trial = Trial(number, _draft_of(plan), detail)
        result.ended[number] = ended_of(trial, scored, samples)
    return Reopened(result, chosen, tuple(missing))


def _draft_of(plan: Plan) -> Draft:
    return Draft(
        version=plan.version, models=tuple(target.title for target in plan.targets), n=plan.n, inputs=plan.inputs
    )
