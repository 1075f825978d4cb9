"""What a few-shot experiment would cost, and earlier ones as they were stored. Sends nothing, draws nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cockpit.choosing import cost_of
from cockpit.core.examples import ExampleSet
from cockpit.core.prompts import Version
from cockpit.core.runs import Plan
from cockpit.core.stats import wilson
from cockpit.fewshot import Result, Task, Trial, ended_of
from cockpit.runner import Draft
from cockpit.scoring import Scored
from cockpit.services import Services
from cockpit.store.runs import load_plan
from cockpit.store.samples import run_samples
from cockpit.store.scores import run_scores
from cockpit.store.sets import get_set_version
from cockpit.store.text import unpack_json

KINDS = ("curve", "leave one out", "orders")
"""Experiments, as runs record them."""


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
class Experiment:
    """An earlier experiment: what it was, of which set, and its runs by k, place or seed, the newest of each."""

    kind: str
    of: ExampleSet
    runs: Mapping[int, int]
    models: tuple[str, ...]
    n: int
    created_at: str

    @property
    def newest(self) -> int:
        """The run that was made last."""
        return max(self.runs.values())


@dataclass(frozen=True, slots=True)
class Reopened:
    """An earlier experiment with its numbers; `missing` says in words what it lacks."""

    result: Result
    metric: str
    missing: tuple[str, ...] = ()


@dataclass
class _Group:
    kind: str
    set_version: int
    runs: dict[int, int] = field(default_factory=dict)
    created_at: str = ""


def list_experiments(db: sqlite3.Connection, project_id: int, limit: int = 50) -> list[Experiment]:
    """The project's experiments, the newest first: runs of one prompt, set, inputs, models and way of choosing."""
    rows = db.execute(
        """SELECT run.id, run_examples.version_id, detail, targets, run.n, input_set_id, run.created_at,
           version.body FROM run_examples JOIN run ON run.id = run_id JOIN version ON version.id = run.version_id
           WHERE run.project_id = ? ORDER BY run.id DESC""",
        (project_id,),
    )
    groups: dict[tuple[Any, ...], _Group] = {}
    used: dict[int, ExampleSet] = {}
    for run_id, set_version, packed, targets, n, inputs, at, body in rows:
        detail = unpack_json(packed)
        kind = detail.get("experiment")
        if kind not in KINDS:
            continue
        number = detail.get("k") if kind == "curve" else detail.get("number", 0)
        if not isinstance(number, int):
            continue
        alike = tuple(str(detail.get(name)) for name in ("strategy", "order", "seed", "by_row", "without"))
        # Each input of a choice by query has its examples among its own values: the sets of inputs differ by k.
        if set_version not in used:
            used[set_version] = get_set_version(db, set_version)
        asked = _without_examples(Version.from_json(unpack_json(body)), used[set_version].template.kind)
        key = (kind, set_version, targets, n, None if detail.get("by_row") else inputs, alike, asked)
        if key not in groups and len(groups) == limit:
            continue
        groups.setdefault(key, _Group(kind, set_version, created_at=at)).runs.setdefault(number, run_id)
    return [_experiment(db, group, used[group.set_version]) for group in groups.values()]


def _without_examples(version: Version, kind: str) -> Version:
    """What was written by hand, as far as it tells prompts apart: example turns stand before the last turn."""
    return replace(version, examples="", messages=version.messages[-1:] if kind == "turns" else version.messages)


def _experiment(db: sqlite3.Connection, group: _Group, of: ExampleSet) -> Experiment:
    plan = load_plan(db, max(group.runs.values()))
    models = tuple(target.title for target in plan.targets)
    return Experiment(group.kind, of, dict(sorted(group.runs.items())), models, plan.n, group.created_at)


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
        detail = _detail(db, run_id)
        trial = Trial(number, _draft_of(plan), detail)
        result.ended[number] = ended_of(trial, scored, samples)
    return Reopened(result, chosen, tuple(missing))


def _draft_of(plan: Plan) -> Draft:
    return Draft(
        version=plan.version, models=tuple(target.title for target in plan.targets), n=plan.n, inputs=plan.inputs
    )


def _detail(db: sqlite3.Connection, run_id: int) -> dict[str, Any]:
    row = db.execute("SELECT detail FROM run_examples WHERE run_id = ?", (run_id,)).fetchone()
    found: dict[str, Any] = unpack_json(row[0])
    return found
