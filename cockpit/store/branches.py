"""Conversations as a tree: which samples continue which. Reads only; turns are put together by the screens."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cockpit.core.errors import StoreError
from cockpit.store.text import show_bytes, unpack

HEAD = 200
"""Bytes of an answer kept to recognise it by."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One answer that a conversation can go through."""

    sample_id: int
    run_id: int
    model: str
    ended: str
    head: str


_SELECT = """SELECT sample.id, sample.run_id, model.name, ended, substr(CAST(text AS BLOB), 1, ?)
    FROM sample
    JOIN model ON model.id = model_id"""


def children(db: sqlite3.Connection, sample_id: int, limit: int = 200) -> list[Branch]:
    """The answers of every run that continued this sample, oldest first."""
    runs = "run_id IN (SELECT id FROM run WHERE parent_sample = ?)"
    return _branches(db, f"{runs} ORDER BY sample.id LIMIT ?", (sample_id, limit))


def parent(db: sqlite3.Connection, sample_id: int) -> int | None:
    """The sample that this one's run continued; None where it began a conversation.

    Raises:
        StoreError: there is no such sample.
    """
    row = db.execute("SELECT parent_sample FROM run WHERE id = (SELECT run_id FROM sample WHERE id = ?)", (sample_id,))
    found = row.fetchone()
    if found is None:
        raise StoreError(f"There is no sample {sample_id}.")
    return None if found[0] is None else int(found[0])


def siblings(db: sqlite3.Connection, sample_id: int, limit: int = 200) -> list[Branch]:
    """This answer and those beside it: continuations of the same sample, or its run's answers to the same input."""
    above = parent(db, sample_id)
    if above is not None:
        return children(db, above, limit)
    where = """run_id = (SELECT run_id FROM sample WHERE id = ?) AND input = (SELECT input FROM sample WHERE id = ?)
        ORDER BY target, idx LIMIT ?"""
    return _branches(db, where, (sample_id, sample_id, limit))


def _branches(db: sqlite3.Connection, where: str, values: tuple[int, ...]) -> list[Branch]:
    rows = db.execute(f"{_SELECT} WHERE {where}", (HEAD, *values))
    return [Branch(row[0], row[1], unpack(row[2]), row[3], show_bytes(row[4])) for row in rows]
