"""What a cited figure was worked out from: the answers of a run, or the points of a job. Rows out; writes nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cockpit.core.log_refs import Ref
from cockpit.log_figures import counted
from cockpit.store.job_points import points_of
from cockpit.store.runs import load_plan
from cockpit.store.text import show_bytes

MOST = 2000
"""Rows that are read; of more the first are, and the number is told."""
HEAD = 300


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that a figure counts. `sample_id` is None for a point of a job; `value` is as it was counted."""

    sample_id: int | None
    run_id: int | None
    what: str
    place: str
    value: str
    text: str = ""


def sources(db: sqlite3.Connection, ref: Ref) -> tuple[list[Source], int]:
    """What one reference was worked out from, at most MOST of them, and how many there are.

    Raises:
        StoreError: its run is not there.
        InputError: it did not ask the model.
    """
    if ref.kind == "job":
        return _points(db, ref)
    if ref.kind != "run":
        return [], 0
    runs = [ref.id, *([int(ref.option("less"))] if ref.option("less").isdecimal() else [])]
    found, total = list[Source](), 0
    for run_id in runs:
        rows, count = _answers(db, ref, run_id)
        found += rows
        total += count
    return found, total


def _answers(db: sqlite3.Connection, ref: Ref, run_id: int) -> tuple[list[Source], int]:
    values, targets = counted(db, ref, run_id), load_plan(db, run_id).targets
    rows = db.execute(
        f"""SELECT id, target, input, idx, substr(text, 1, {HEAD}) FROM sample WHERE run_id = ?
            ORDER BY input, idx, target""",
        (run_id,),
    )
    found: list[Source] = []
    for number, target, row, index, text in rows:
        if number in values and len(found) < MOST:
            place = f"{row + 1}.{index + 1}"
            found.append(Source(number, run_id, targets[target].title, place, values[number], show_bytes(text)))
    return found, len(values)


def _points(db: sqlite3.Connection, ref: Ref) -> tuple[list[Source], int]:
    name = ref.option("metric") or ref.option("chart")
    points = points_of(db, ref.id, name)
    pairs = list(zip(points.steps, points.values, strict=True))
    return [Source(None, None, name, f"{step:g}", f"{value:.6g}") for step, value in reversed(pairs[-MOST:])], len(
        pairs
    )
