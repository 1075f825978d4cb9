"""Earlier few-shot curves as the store has them: which runs make up one, and their scores. Compares nothing."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cockpit.core.errors import CockpitError
from cockpit.core.example_block import apply, apply_by_row
from cockpit.core.examples import ExampleSet
from cockpit.core.ladder import Gain, RungName, gains_of
from cockpit.core.prompts import ROW_EXAMPLES, Version
from cockpit.core.runs import Plan
from cockpit.core.shot_curve import Scores
from cockpit.store.experiments import detail_of
from cockpit.store.runs import load_plan
from cockpit.store.sets import get_set_version
from cockpit.store.text import pack, unpack, unpack_json

RECENT = 4
"""Curves that are looked at for what examples did."""
_OF_ITS_K = ("k", "chosen", "number")
_FILLED = re.compile(rf"{ROW_EXAMPLES}|example_\d+_(input|output)")
"""Inputs that a choice of examples adds for each row."""


@dataclass(frozen=True, slots=True)
class CurveRuns:
    """The runs of one curve: k → run, the newest of each k, all alike but for their examples; `newest` is the last."""

    set_version_id: int
    runs: Mapping[int, int]
    idea_id: int | None = None

    @property
    def newest(self) -> int:
        """The run that was made last."""
        return max(self.runs.values())


@dataclass(frozen=True, slots=True)
class StoredCurve:
    """A curve's scores by one metric: model's title → k → input's key → scores of its answers."""

    metric: str
    by_model: Mapping[str, Mapping[int, Scores]]
    newest: int


def curve_runs(db: sqlite3.Connection, project_id: int, idea_id: int | None = None) -> list[CurveRuns]:
    """The project's curves, or an idea's, the newest first; no sample and no prompt is read.

    Runs belong together that had the same version of a set, were chosen from alike, and asked the same models in the
    same way. That they asked of the same prompt is not looked at here: see `load_curve`.
    """
    rows = db.execute(
        """SELECT run.id, run_examples.version_id, detail, targets, run.n, idea_id FROM run_examples
           JOIN run ON run.id = run_id WHERE project_id = ? AND (? IS NULL OR idea_id = ?) ORDER BY run.id DESC""",
        (project_id, idea_id, idea_id),
    )
    found: dict[tuple[Any, ...], dict[int, int]] = {}
    for run_id, version_id, packed, targets, n, idea in rows:
        detail = unpack_json(packed)
        k = detail.get("k")
        if detail.get("experiment") != "curve" or not isinstance(k, int):
            continue
        alike = json.dumps({name: value for name, value in detail.items() if name not in _OF_ITS_K}, sort_keys=True)
        found.setdefault((version_id, alike, targets, n, idea), {}).setdefault(k, run_id)
    return [CurveRuns(key[0], runs, key[-1]) for key, runs in found.items()]


def load_curve(db: sqlite3.Connection, of: CurveRuns) -> StoredCurve | None:
    """The scores of a curve, by the metric that its zero-shot run was given last.

    Runs are left out that asked other inputs than the run without examples, or of another prompt, or that have no such
    score. None where there is no scored run without examples, or nothing to compare it with.

    Raises:
        StoreError: a run or the set is gone.
    """
    metric = _metric(db, of.runs[0]) if 0 in of.runs else None
    if metric is None:
        return None
    base, used = load_plan(db, of.runs[0]), get_set_version(db, of.set_version_id)
    by_model: dict[str, dict[int, Scores]] = {}
    for k, run_id in sorted(of.runs.items()):
        plan, detail = load_plan(db, run_id), detail_of(db, run_id)
        if not _same_inputs(base, plan) or (k and _with_examples(base.version, used, detail) != plan.version):
            continue
        for title, scores in _scores(db, run_id, metric, plan).items():
            by_model.setdefault(title, {})[k] = scores
    whole = {title: by_k for title, by_k in by_model.items() if 0 in by_k and len(by_k) > 1}
    return StoredCurve(metric, whole, of.newest) if whole else None


def gains(db: sqlite3.Connection, curves: Iterable[CurveRuns]) -> dict[RungName, Gain]:
    """What examples did on each rung, by the newest curve that measured it; the newest `RECENT` curves are looked at.

    Raises:
        StoreError: a run or the set is gone.
    """
    found: dict[RungName, Gain] = {}
    for of in islice(curves, RECENT):
        curve = load_curve(db, of)
        if curve is not None:
            found = {**gains_of(curve.metric, curve.by_model), **found}
    return found


def _metric(db: sqlite3.Connection, run_id: int) -> str | None:
    row = db.execute(
        """SELECT metric FROM score JOIN sample ON sample.id = sample_id WHERE run_id = ?
           ORDER BY score.created_at DESC, metric LIMIT 1""",
        (run_id,),
    ).fetchone()
    return unpack(row[0]) if row else None


def _with_examples(bare: Version, used: ExampleSet, detail: Mapping[str, Any]) -> Version | None:
    """What a prompt without examples becomes with those chosen; None where it has no place for them."""
    given = [[used.examples[place - 1] for place in places] for places in detail["chosen"]]
    try:
        if not detail.get("by_row"):
            return apply(bare, given[0], used.template)
        # A block of each input's own is a variable: the prompt is the same with any number of examples.
        return apply_by_row(bare, given, used.template)[0] if used.template.kind == "turns" else bare
    except CockpitError:
        return None


def _same_inputs(one: Plan, other: Plan) -> bool:
    return [_own(row) for row in one.inputs] == [_own(row) for row in other.inputs]


def _own(row: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if not _FILLED.fullmatch(name)}


def _scores(db: sqlite3.Connection, run_id: int, metric: str, plan: Plan) -> dict[str, Scores]:
    """Model's title → input's key → scores; a model without any score is left out."""
    keys = [row.get("key") or str(at) for at, row in enumerate(plan.inputs)]
    found: dict[str, dict[str, list[float]]] = {}
    rows = db.execute(
        """SELECT target, input, value FROM sample JOIN score ON sample_id = sample.id AND metric = ?
           WHERE run_id = ? ORDER BY sample.id""",
        (pack(metric), run_id),
    )
    for target, at, value in rows:
        found.setdefault(plan.targets[target].title, {}).setdefault(keys[at], []).append(value)
    return dict(found)
