"""Every value of every metric that jobs wrote, packed: a hundred thousand points are read in milliseconds.

A series is one metric of one job in one file. Its points are kept in parts of a few thousand, three doubles a point:
step, value, time in seconds since 1970; a step or time that was not said is NaN. Steps are as the job counted them.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from math import nan

from cockpit.core.metric_points import Point
from cockpit.store.text import pack, unpack

PART = 2048
"""Points of a full part."""
_WIDTH = 3


@dataclass(frozen=True, slots=True)
class Points:
    """A metric's points in the order in which they were written: three arrays of doubles, as long as each other."""

    steps: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.values)


def add_points(db: sqlite3.Connection, job_id: int, source: str, points: Iterable[Point]) -> None:
    """Append what a job wrote to a file."""
    by_name: dict[str, array[float]] = {}
    for point in points:
        row = by_name.setdefault(point.name, array("d"))
        row.extend((nan if point.step is None else point.step, point.value, nan if point.time is None else point.time))
    for name, new in by_name.items():
        _append(db, _series_id(db, job_id, source, name), new)


def forget_points(db: sqlite3.Connection, job_id: int, source: str) -> None:
    """Drop what came from a file that was written anew; it is read again from its start."""
    db.execute("DELETE FROM job_series WHERE job_id = ? AND source = ?", (job_id, pack(source)))


def metric_names(db: sqlite3.Connection, job_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Job → metric → number of its points, in order of first appearance, each metric from its best file."""
    found: dict[int, dict[str, int]] = {job_id: {} for job_id in job_ids}
    for job_id in job_ids:
        for _, name, n, _ in _best(db, job_id):
            found[job_id][name] = n
    return found


def points_of(db: sqlite3.Connection, job_id: int, name: str) -> Points:
    """A metric's points; none where the job has no such metric."""
    series = next((number for number, other, _, _ in _best(db, job_id) if other == name), None)
    whole: array[float] = array("d")
    if series is not None:
        for (data,) in db.execute("SELECT data FROM job_points WHERE series_id = ? ORDER BY part", (series,)):
            whole.frombytes(data)
    return Points(whole[0::_WIDTH], whole[1::_WIDTH], whole[2::_WIDTH])


def source_of(db: sqlite3.Connection, job_id: int, name: str) -> str:
    """The file that a metric's points are from; empty where there is no such metric."""
    return next((source for _, other, _, source in _best(db, job_id) if other == name), "")


def _best(db: sqlite3.Connection, job_id: int) -> list[tuple[int, str, int, str]]:
    """(series, name, points, source) of each metric, from the file with most of it; a log only where no file has it."""
    rows = db.execute(
        """SELECT job_series.id, name, total, source FROM job_series
           WHERE job_id = ? ORDER BY job_series.id""",
        (job_id,),
    )
    best: dict[str, tuple[int, str, int, str]] = {}
    for number, packed, n, source in rows:
        one = (number, unpack(packed), n, unpack(source))
        old = best.get(one[1])
        if old is None or _worth(one) > _worth(old):
            best[one[1]] = one
    return sorted(best.values())


def _worth(one: tuple[int, str, int, str]) -> tuple[bool, int]:
    return (not one[3].endswith("/log"), one[2])


def _series_id(db: sqlite3.Connection, job_id: int, source: str, name: str) -> int:
    key = (job_id, pack(source), pack(name))
    row = db.execute("SELECT id FROM job_series WHERE job_id = ? AND source = ? AND name = ?", key).fetchone()
    if row is not None:
        return int(row[0])
    found = db.execute("INSERT INTO job_series (job_id, source, name, total) VALUES (?, ?, ?, 0)", key)
    return int(found.lastrowid or 0)


def _append(db: sqlite3.Connection, series: int, new: array[float]) -> None:
    """Fill the last part up, then begin others."""
    n = len(new) // _WIDTH
    row = db.execute(
        "SELECT part, data FROM job_points WHERE series_id = ? ORDER BY part DESC LIMIT 1", (series,)
    ).fetchone()
    part, data = (0, b"") if row is None else row
    room = PART * _WIDTH * new.itemsize
    if len(data) >= room:
        part, data = part + 1, b""
    whole = data + new.tobytes()
    for at in range(0, len(whole), room):
        db.execute(
            "INSERT OR REPLACE INTO job_points (series_id, part, data) VALUES (?, ?, ?)",
            (series, part + at // room, whole[at : at + room]),
        )
    db.execute("UPDATE job_series SET total = total + ? WHERE id = ?", (n, series))
