"""What a person expects of the next run or job, which step it carries out, and what its result settles. No screens.

Both are kept until something begins, so that neither a quit nor a kill forgets them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cockpit.core.errors import StoreError
from cockpit.core.job_state import fold
from cockpit.core.log_refs import parse_target, target_of
from cockpit.store import jobs, settings, steps
from cockpit.store.predictions import Prediction, list_predictions, predict
from cockpit.store.projects import ensure_project, find_project
from cockpit.store.runs import get_run

Began = Literal["run", "job"]


@dataclass(frozen=True, slots=True)
class News:
    """What a result brought: steps that it closed, how many the rules added, predictions that wait for an outcome."""

    closed: Sequence[steps.Step] = ()
    added: int = 0
    waiting: Sequence[Prediction] = ()

    def words(self) -> str:
        """It in a line; empty where there is nothing."""
        parts = [f"closes step {one.id}, {one.new.title}" for one in self.closed]
        if self.added:
            parts.append(f"{self.added} next {'step' if self.added == 1 else 'steps'} proposed")
        parts += [f"you said {100 * one.p:g} %: {one.claim}" for one in self.waiting[:2]]
        return "; ".join(parts)


def expect(db: sqlite3.Connection, project: str, claim: str, p: float | None) -> None:
    """Keep a prediction for whatever begins next; without a probability, forget the one that was kept."""
    settings.put(db, f"expect.{project}", None if p is None else {"claim": claim, "p": p})


def expected(db: sqlite3.Connection, project: str) -> tuple[str, float] | None:
    """The prediction that waits for something to begin."""
    found = settings.get(db, f"expect.{project}")
    return (str(found["claim"]), float(found["p"])) if isinstance(found, dict) else None


def take_up(db: sqlite3.Connection, project: str, step_id: int | None) -> None:
    """What begins next carries out this step; None: none."""
    settings.put(db, f"step.{project}", step_id)


def is_awaited(db: sqlite3.Connection, project: str) -> bool:
    """Whether a prediction or a step waits for something to begin."""
    return any(settings.get(db, f"{name}.{project}") is not None for name in ("expect", "step"))


def begun(db: sqlite3.Connection, project: str, kind: Began, number: int) -> list[str]:
    """A run or job began: it has the prediction and the step that waited for it. What was so tied, in words."""
    project_id, said = ensure_project(db, project), list[str]()
    if (waiting := expected(db, project)) is not None:
        predict(db, project_id, *waiting, about=(kind, number))
        expect(db, project, "", None)
        said.append(f"predicted: {waiting[0]}, {100 * waiting[1]:g} %")
    step_id = settings.get(db, f"step.{project}")
    if isinstance(step_id, int):
        take_up(db, project, None)
        try:
            step = steps.get_step(db, step_id)
        except StoreError:
            return said
        if step.state == "open":
            steps.close_step(db, step_id, "open", target_of(kind, number))
            said.append(f"step {step_id} is under way: {step.new.title}")
    return said


def settle(db: sqlite3.Connection, project_id: int, now: datetime) -> list[steps.Step]:
    """Close the open steps whose run is complete or whose job has finished; those that were closed."""
    found = []
    for step in steps.list_steps(db, project_id):
        ref = parse_target(step.result) if step.result else None
        if ref is not None and _has_result(db, ref.kind, ref.id, now):
            steps.close_step(db, step.id, "done", step.result)
            found.append(step)
    return found


def ended(
    db: sqlite3.Connection,
    project: str,
    new: Sequence[steps.NewStep],
    places: Sequence[tuple[Began, int]],
    now: datetime,
) -> News:
    """Runs or jobs ended: close what they carried out, and add what the rules propose."""
    project_id = find_project(db, project)
    if project_id is None:
        return News()
    added = sum(steps.add_step(db, project_id, step) is not None for step in new)
    waiting = [one for place in places for one in list_predictions(db, project_id, open_only=True, about=place)]
    return News(settle(db, project_id, now), added, waiting)


def _has_result(db: sqlite3.Connection, kind: str, number: int, now: datetime) -> bool:
    try:
        if kind == "run":
            return not get_run(db, number).missing
        if kind == "job":
            return fold(jobs.observations(db, [number])[number], now).state == "finished"
    except (StoreError, KeyError):
        return False
    return False
