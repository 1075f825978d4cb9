"""Earlier few-shot experiments as the store has them: which runs make up one. Reads no sample and compares nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cockpit.core.errors import StoreError
from cockpit.core.examples import ExampleSet
from cockpit.core.prompts import Version
from cockpit.store.runs import load_plan
from cockpit.store.sets import get_set_version
from cockpit.store.text import unpack_json

KINDS = ("curve", "leave one out", "orders")
"""Experiments, as runs record them."""


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


def detail_of(db: sqlite3.Connection, run_id: int) -> dict[str, Any]:
    """What was chosen of a set for a run, as `sets.use_set` was told.

    Raises:
        StoreError: the run had no examples of a set.
    """
    row = db.execute("SELECT detail FROM run_examples WHERE run_id = ?", (run_id,)).fetchone()
    if row is None:
        raise StoreError(f"Run {run_id} had no examples of a set.")
    found: dict[str, Any] = unpack_json(row[0])
    return found
