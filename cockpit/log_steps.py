"""Proposals after runs, gathered from the database; stores nothing. The rules are `core.next_steps`'s."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from cockpit.core.errors import InputError, StoreError
from cockpit.core.figures import Figure
from cockpit.core.log_refs import Ref, target_of
from cockpit.core.next_steps import Proposal, Result, propose
from cockpit.log_figures import figure
from cockpit.store.projects import find_project
from cockpit.store.runs import RunRow, list_runs, load_params
from cockpit.store.scores import run_scores
from cockpit.store.sets import set_of_run
from cockpit.store.steps import NewStep

LATEST = 30
"""Runs that are looked at; what older ones asked for was proposed then."""


def proposals(db: sqlite3.Connection, project: str, only: Collection[int] | None = None) -> list[NewStep]:
    """What the rules propose after the latest runs of a project, or after some of them. Storing one that was proposed
    before adds nothing, even if it was dropped."""
    project_id = find_project(db, project)
    rows = [] if project_id is None else [row for row in list_runs(db, project_id, LATEST) if not row.missing]
    return [
        _step(one, target_of("run", row.id), row.idea)
        for at, row in enumerate(rows)
        if only is None or row.id in only
        for one in propose(run_result(db, row, rows[at + 1 :]))
    ]


def run_result(db: sqlite3.Connection, row: RunRow, earlier: list[RunRow]) -> Result:
    """What the rules need to know of a run.

    Args:
        earlier: runs that it may be compared with, the newest first.
    """
    answers = db.execute("SELECT id, input, ended FROM sample WHERE run_id = ? AND NOT failed", (row.id,)).fetchall()
    scores = run_scores(db, row.id)
    metric = max(scores, key=lambda name: len(scores[name]), default="")
    by_input: dict[int, list[float]] = {}
    for number, place, _ in answers:
        if number in scores.get(metric, {}):
            by_input.setdefault(place, []).append(scores[metric][number])
    return Result(
        row.id,
        len(answers),
        sum(ended == "stop" for *_, ended in answers),
        sum(ended == "length" for *_, ended in answers),
        bool(load_params(db, row.id).to_json().get("stop")),
        # Several models' answers differ because the models do.
        by_input if row.targets == 1 else None,
        _figure(db, row.id, {"score": metric}) if metric and row.targets == 1 else None,
        _gain(db, row, metric, earlier) if metric else None,
    )


def _gain(db: sqlite3.Connection, row: RunRow, metric: str, earlier: list[RunRow]) -> Figure | None:
    if set_of_run(db, row.id) is None:
        return None
    for other in earlier:
        if set_of_run(db, other.id) is None and (
            found := _figure(db, row.id, {"score": metric, "less": f"{other.id}"})
        ):
            return found if found.unit == "points" else None
    return None


def _figure(db: sqlite3.Connection, run_id: int, options: dict[str, str]) -> Figure | None:
    try:
        return figure(db, Ref("run", run_id, tuple(options.items())))
    except (InputError, StoreError):
        return None


def _step(one: Proposal, about: str, idea: str) -> NewStep:
    return NewStep(one.title, one.why, idea, rule=one.rule, about=about, rung=one.rung, bits=one.bits)
