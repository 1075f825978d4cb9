"""Changes of examples that can be taken back: the rows as they were and as they became. What is changed is not here."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.core.errors import InputError

_COLUMNS = (
    *("id", "project_id", "sample_id", "verdict", "label", "input", "output", "created_at", "reason", "note", "tags"),
    *('"group"', "source", "input_key"),
)
_EDITS = ("id", "example_id", "created_at", "label", "input", "output")
_BATCH = 500


@dataclass(frozen=True, slots=True)
class State:
    """An example's row, its edits, and the places in sets that point at it; all as they are stored."""

    row: tuple[Any, ...]
    edits: tuple[tuple[Any, ...], ...] = ()
    items: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Examples by id before and after a change; None where there was or is none."""

    before: Mapping[int, State | None]
    after: Mapping[int, State | None]

    @property
    def empty(self) -> bool:
        """Whether nothing became different."""
        return self.before == self.after

    def reversed(self) -> Change:
        """The change that takes this one back."""
        return Change(self.after, self.before)


def change(db: sqlite3.Connection, ids: Sequence[int], work: Callable[[Sequence[int]], Sequence[int]]) -> Change:
    """Carry out `work` on those of the examples that are still there, and keep what it takes to undo it.

    Args:
        work: takes those ids and returns the ids that it made.
    """
    before = {one: state for one, state in read_states(db, ids).items() if state is not None}
    made = work(tuple(before))
    return Change({**before, **dict.fromkeys(made)}, read_states(db, [*before, *made]))


def apply_change(db: sqlite3.Connection, done: Change) -> None:
    """Make the examples what `done.after` says, if they are what `done.before` says.

    Raises:
        InputError: one of them was changed by something else meanwhile; nothing is touched.
    """
    now = read_states(db, list(done.before))
    other = sorted(one for one, state in done.before.items() if _said(now[one]) != _said(state))
    if other:
        raise InputError(f"Example {other[0]} was changed elsewhere since: it is left as it is.")
    for one, state in done.after.items():
        if state is None:
            db.execute("DELETE FROM example WHERE id = ?", (one,))
        else:
            _put(db, one, state)


def read_states(db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, State | None]:
    """Examples as they are stored, None for those that are not."""
    found: dict[int, State | None] = dict.fromkeys(ids)
    for start in range(0, len(ids), _BATCH):
        some = tuple(ids[start : start + _BATCH])
        marks = ", ".join("?" * len(some))
        edits: dict[int, list[tuple[Any, ...]]] = {}
        sql = f"SELECT {', '.join(_EDITS)} FROM example_edit WHERE example_id IN ({marks}) ORDER BY id"
        for row in db.execute(sql, some):
            edits.setdefault(row[1], []).append(tuple(row))
        items: dict[int, list[tuple[int, int]]] = {}
        sql = f"SELECT example_id, version_id, place FROM example_set_item WHERE example_id IN ({marks})"
        for one, version_id, place in db.execute(sql, some):
            items.setdefault(one, []).append((version_id, place))
        for row in db.execute(f"SELECT {', '.join(_COLUMNS)} FROM example WHERE id IN ({marks})", some):
            one = row[0]
            found[one] = State(tuple(row), tuple(edits.get(one, ())), tuple(items.get(one, ())))
    return found


def _said(state: State | None) -> object:
    """What must be as it was for an undo: sets may hold an example by now, which an undo does not touch."""
    return None if state is None else (state.row, state.edits)


def _put(db: sqlite3.Connection, example_id: int, state: State) -> None:
    names, marks = ", ".join(_COLUMNS), ", ".join("?" * len(_COLUMNS))
    sets = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])
    db.execute(f"INSERT INTO example ({names}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {sets}", state.row)
    db.execute("DELETE FROM example_edit WHERE example_id = ?", (example_id,))
    places = ", ".join("?" * len(_EDITS))
    db.executemany(f"INSERT INTO example_edit ({', '.join(_EDITS)}) VALUES ({places})", state.edits)
    db.executemany(
        """UPDATE example_set_item SET example_id = ?
           WHERE version_id = ? AND place = ? AND example_id IS NULL""",
        [(example_id, version_id, place) for version_id, place in state.items],
    )
