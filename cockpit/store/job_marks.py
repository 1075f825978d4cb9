"""Marks that a person put into jobs' logs, with their times. Reads no log."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cockpit.store.clock import now
from cockpit.store.text import pack, unpack


@dataclass(frozen=True, slots=True)
class LogMark:
    """A mark: the place of its line in bytes from the log's start, when it was put there, a note."""

    place: int
    at: str
    note: str


def add_mark(db: sqlite3.Connection, job_id: int, place: int, note: str = "") -> None:
    """Put a mark on the line that begins at a place."""
    db.execute("INSERT INTO job_mark (job_id, at, place, note) VALUES (?, ?, ?, ?)", (job_id, now(), place, pack(note)))


def drop_mark(db: sqlite3.Connection, job_id: int, place: int) -> None:
    """Take the marks of a line away."""
    db.execute("DELETE FROM job_mark WHERE job_id = ? AND place = ?", (job_id, place))


def marks_of(db: sqlite3.Connection, job_id: int) -> list[LogMark]:
    """A log's marks, in its order."""
    rows = db.execute("SELECT place, at, note FROM job_mark WHERE job_id = ? ORDER BY place", (job_id,))
    return [LogMark(place, at, unpack(note)) for place, at, note in rows]
