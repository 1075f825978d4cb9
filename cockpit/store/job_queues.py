"""Queues of jobs: how many at once, whether paused; and this machine's GPUs where a person named them."""

from __future__ import annotations

import sqlite3

from cockpit.core.job_queue import QueueLimit
from cockpit.store import settings
from cockpit.store.text import pack, unpack

_GPUS = "jobs.gpus"


def limits(db: sqlite3.Connection) -> dict[str, QueueLimit]:
    """Name → limit of every queue that was set."""
    rows = db.execute("SELECT name, slots, paused FROM job_queue ORDER BY name")
    return {unpack(name): QueueLimit(slots, bool(paused)) for name, slots, paused in rows}


def put_limit(db: sqlite3.Connection, name: str, limit: QueueLimit) -> None:
    """Set a queue."""
    db.execute("INSERT OR REPLACE INTO job_queue VALUES (?, ?, ?)", (pack(name), limit.slots, limit.paused))


def gpus(db: sqlite3.Connection) -> tuple[str, ...] | None:
    """The GPUs that jobs may take, as a person set them; None where nobody did."""
    found = settings.get(db, _GPUS)
    return None if found is None else tuple(found)


def put_gpus(db: sqlite3.Connection, ids: tuple[str, ...] | None) -> None:
    """Set the GPUs that jobs may take; None: those the machine has."""
    settings.put(db, _GPUS, None if ids is None else list(ids))
