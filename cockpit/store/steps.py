"""Proposed experiments, in the order a person gave them, and how each was closed. Which to propose is the core's."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cockpit.core.errors import InputError, StoreError
from cockpit.core.log_refs import parse_target
from cockpit.store import projects
from cockpit.store.clock import now
from cockpit.store.text import pack, pack_json, unpack, unpack_json

StepState = Literal["open", "done", "dropped"]
_COLUMNS = """step.id, step.project_id, step.state, step.place, step.rule, step.about, step.rung, step.bits, step.hours,
    step.usd, step.blocked_by, step.made_at, step.closed_at, step.result, step.title, step.why, idea.title"""


@dataclass(frozen=True, slots=True)
class NewStep:
    """An experiment somebody proposes.

    Attributes:
        rule: the rule that proposes it; empty for a person.
        about: what it follows from, as a reference: 'run:12'.
        bits: information to be expected, `hours` of work and waiting, `usd`; None where unknown.
        blocked_by: words, or steps as 'step 3'.
    """

    title: str
    why: str = ""
    idea: str = ""
    rule: str = ""
    about: str = ""
    rung: str = ""
    bits: float | None = None
    hours: float | None = None
    usd: float | None = None
    blocked_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A proposed experiment as it stands; `result` is what closed it, as a reference or in words."""

    id: int
    project_id: int
    state: StepState
    place: float
    made_at: str
    closed_at: str | None
    result: str
    new: NewStep


def add_step(db: sqlite3.Connection, project_id: int, step: NewStep, *, first: bool = False) -> int | None:
    """Store a step at the end of the list (or its head) and return its id; None where the same rule proposed the same
    before, whatever became of it.

    Raises:
        InputError: it has no title.
    """
    title = " ".join(step.title.split())
    if not title:
        raise InputError("A step needs a title.")
    low, high = db.execute("SELECT coalesce(min(place), 0), coalesce(max(place), 0) FROM step").fetchone()
    idea_id = projects.ensure_idea(db, project_id, step.idea) if step.idea else None
    found = db.execute(
        """INSERT OR IGNORE INTO step (project_id, idea_id, state, place, rule, about, rung, bits, hours, usd,
           blocked_by, made_at, title, why) VALUES (?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            project_id, idea_id, low - 1.0 if first else high + 1.0, step.rule, step.about, step.rung, step.bits,
            step.hours, step.usd, pack_json(step.blocked_by), now(), pack(title), pack(" ".join(step.why.split())),
        ),
    )  # fmt: skip
    return int(found.lastrowid or 0) if found.rowcount else None


def close_step(db: sqlite3.Connection, step_id: int, state: StepState, result: str = "") -> None:
    """Close a step by its result, drop it, or open it again.

    Raises:
        StoreError: there is no such step.
    """
    at = None if state == "open" else now()
    found = db.execute(
        "UPDATE step SET state = ?, closed_at = ?, result = ? WHERE id = ?", (state, at, pack(result), step_id)
    )
    if not found.rowcount:
        raise _no_step(step_id)


def move_step(db: sqlite3.Connection, step_id: int, by: int) -> None:
    """Move an open step up (-1) or down (1) among the open ones of its project; at the end it stays.

    Raises:
        StoreError: there is no such open step.
    """
    step = get_step(db, step_id)
    order = [one for one in list_steps(db, step.project_id) if one.state == "open"]
    at = next((i for i, one in enumerate(order) if one.id == step_id), None)
    if at is None:
        raise StoreError(f"Step {step_id} is closed.", hint="Open it again first.")
    to = min(max(at + by, 0), len(order) - 1)
    order.insert(to, order.pop(at))
    places = sorted(one.place for one in order)
    db.executemany("UPDATE step SET place = ? WHERE id = ?", [(p, s.id) for p, s in zip(places, order, strict=True)])


def get_step(db: sqlite3.Connection, step_id: int) -> Step:
    """One step.

    Raises:
        StoreError: there is none of that number.
    """
    found = _select(db, "step.id = ?", (step_id,))
    if not found:
        raise _no_step(step_id)
    return found[0]


def list_steps(db: sqlite3.Connection, project_id: int | None = None, *, closed: bool = False) -> list[Step]:
    """Steps in their order, open ones alone unless `closed`."""
    where = "1" if project_id is None else "step.project_id = ?"
    return _select(db, where if closed else f"{where} AND state = 'open'", () if project_id is None else (project_id,))


def about_target(step: Step) -> tuple[str, int] | None:
    """What a step follows from, as kind and number."""
    ref = parse_target(step.new.about)
    return None if ref is None else (ref.kind, ref.id)


def _no_step(step_id: int) -> StoreError:
    return StoreError(f"There is no step {step_id}.", hint="`cockpit step list` shows them.")


def _select(db: sqlite3.Connection, where: str, values: Sequence[Any]) -> list[Step]:
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM step LEFT JOIN idea ON idea.id = step.idea_id WHERE {where} ORDER BY place, step.id",
        values,
    )
    return [_step(row) for row in rows]


def _step(row: Sequence[Any]) -> Step:
    (number, project, state, place, rule, about, rung, bits, hours, usd, blocked, made, closed, result, title, why,
     idea) = row  # fmt: skip
    new = NewStep(
        unpack(title), unpack(why), unpack(idea or ""), rule, about, rung, bits, hours, usd,
        tuple(unpack_json(blocked)),
    )  # fmt: skip
    return Step(number, project, state, place, made, closed, unpack(result), new)
