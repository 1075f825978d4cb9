"""Conversations as a tree: which samples continue which. Reads only; turns are put together by the screens."""

from __future__ import annotations

import sqlite3

from cockpit.core.errors import StoreError

# A run made from a sample either has more turns, and continues it, or as many: then it asks an edited turn, and its
# answers stand beside the sample.
_N = "json_array_length(CAST(version.body AS TEXT), '$.messages')"
_BESIDE = f"""WITH RECURSIVE beside(run, turns) AS (
    SELECT run.id, {_N} FROM run JOIN version ON version.id = version_id WHERE {{seed}}
    UNION SELECT run.id, turns FROM beside JOIN sample AS made ON made.run_id = beside.run
    JOIN run ON run.parent_sample = made.id JOIN version ON version.id = version_id WHERE {_N} = turns)"""
_CONTINUED = _BESIDE.format(seed=f"parent_sample = :sample AND {_N} > :turns")
_FIRST = _BESIDE.format(seed="run.id = :run")


def children(db: sqlite3.Connection, sample_id: int) -> tuple[int, ...]:
    """Ids of the answers of every run that continued this sample, oldest first."""
    values = {"sample": sample_id, "turns": _place(db, sample_id)[2]}
    return _branches(db, _CONTINUED, "TRUE ORDER BY id", values)


def parent(db: sqlite3.Connection, sample_id: int) -> int | None:
    """The sample that this answer continues; None where it began a conversation.

    Raises:
        StoreError: there is no such sample.
    """
    _, above, turns = _place(db, sample_id)
    while above is not None:
        _, before, fewer = _place(db, above)
        if fewer < turns:
            return above
        above = before
    return None


def siblings(db: sqlite3.Connection, sample_id: int) -> tuple[int, ...]:
    """Ids of this answer and those beside it: continuations of one sample, or answers to a first turn and its edits."""
    above = parent(db, sample_id)
    if above is not None:
        return children(db, above)
    first = sample_id
    while (before := _place(db, first)[1]) is not None:
        first = before
    run = _place(db, first)[0]
    where = """(run_id <> :run OR input = (SELECT input FROM sample WHERE id = :first))
        ORDER BY run_id, target, idx"""
    return _branches(db, _FIRST, where, {"run": run, "first": first})


def _place(db: sqlite3.Connection, sample_id: int) -> tuple[int, int | None, int]:
    """The sample's run, the sample that the run was made from, and how many turns it sent."""
    row = db.execute(
        f"""SELECT run.id, parent_sample, {_N} FROM sample JOIN run ON run.id = run_id
            JOIN version ON version.id = version_id WHERE sample.id = ?""",
        (sample_id,),
    ).fetchone()
    if row is None:
        raise StoreError(f"There is no sample {sample_id}.")
    return row[0], row[1], row[2]


def _branches(db: sqlite3.Connection, runs: str, where: str, values: dict[str, int]) -> tuple[int, ...]:
    """Answers of the runs that a common table expression named `beside` gives."""
    rows = db.execute(f"{runs} SELECT id FROM sample WHERE run_id IN (SELECT run FROM beside) AND {where}", values)
    return tuple(row[0] for row in rows)
