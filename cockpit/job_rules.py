"""What is said about many jobs at once: how busy, how they differ, what happened overnight. Reads; changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cockpit.core.errors import CockpitError
from cockpit.core.job_busy import DAY, Busy, Worked, busy
from cockpit.core.job_compare import Side, best_of
from cockpit.core.job_digest import BAD, Digest, Told, digest
from cockpit.core.job_state import REQUEUED
from cockpit.core.job_words import shown, span
from cockpit.core.jobs import ENDED, LIVE, Observation
from cockpit.job_log import first_error
from cockpit.job_runner import JobDesk
from cockpit.job_views import JobView
from cockpit.store import job_points, jobs

LOGS_READ = 20
"""Failed jobs whose logs are looked into for their first error; the others are told by their evidence."""


def busy_since(db: sqlite3.Connection, now: datetime, length: timedelta = DAY, *, backend: str = "") -> Busy:
    """How busy the time until now was, over all projects: machines do not know of them.

    Args:
        backend: only jobs of this place; all where empty.
    """
    start = now - length
    rows = jobs.jobs_since(db, start.isoformat())
    wanted = [row for row in rows if backend in ("", row.backend)]
    seen = jobs.observations(db, [row.id for row in wanted])
    ran: list[Worked] = []
    waited: list[Worked] = []
    for row in wanted:
        spans = spans_of(seen[row.id], datetime.fromisoformat(row.created_at), now)
        ran += spans[0]
        waited += spans[1]
    return busy(ran, waited, start, now)


def spans_of(seen: Sequence[Observation], asked: datetime, now: datetime) -> tuple[list[Worked], list[Worked]]:
    """When a job ran and when it waited, by what was observed of it.

    An end that is not known is no proof of work after the job was last seen running: that time is not certain.
    """
    ran: list[Worked] = []
    waited: list[Worked] = []
    waits: datetime | None = asked
    runs: datetime | None = None
    last = asked
    for item in seen:
        at = datetime.fromisoformat(item.at)
        if item.raw == REQUEUED or item.state == "queued":
            if runs is not None:
                ran.append(Worked(runs, at, certain=False))
            waits, runs = waits or at, None
        elif item.state in LIVE and item.state not in ("unreachable", "starting"):
            begun = datetime.fromisoformat(item.started) if item.started else at
            if waits is not None:
                waited.append(Worked(waits, begun))
                waits = None
            runs, last = runs or begun, at
        elif item.state in ENDED:
            if item.started and runs is None and waits is not None:
                runs = datetime.fromisoformat(item.started)
                waited.append(Worked(waits, runs))
            if runs is not None:
                end = datetime.fromisoformat(item.ended) if item.ended else None
                ran += [Worked(runs, end)] if end else [Worked(runs, last), Worked(last, at, certain=False)]
            waits, runs = None, None
    if runs is not None:
        ran.append(Worked(runs, now))
    elif waits is not None and not any(item.state in ENDED for item in seen):
        waited.append(Worked(waits, now))
    return ran, waited


def sides(desk: JobDesk, views: Sequence[JobView]) -> list[Side]:
    """Jobs as they are compared. Blocks on the database."""
    return [_side(desk.store.read(), view) for view in views]


def _side(db: sqlite3.Connection, view: JobView) -> Side:
    captured = jobs.captures(db, view.row.id)
    facts: dict[str, Any] = captured.get("start") or captured.get("submit") or {}
    git, python = facts.get("git") or {}, facts.get("python") or {}
    told = {
        "state": shown(view.standing),
        "took": "" if view.standing.elapsed_s is None else span(view.standing.elapsed_s),
        "in": view.row.spec.cwd,
        "where": view.row.backend,
        "commit": str(git.get("commit") or "")[:10] + (" + changes" if git.get("dirty") else ""),
        "host": str(facts.get("host") or ""),
        "python": str(python.get("version") or ""),
        "gpus": str(view.row.spec.gpus or ""),
    }
    names = job_points.metric_names(db, [view.row.id])[view.row.id]
    found = {name: (value, best(db, view.row.id, name)) for name, value in view.known.metrics.items() if name in names}
    found |= {name: (value, None) for name, value in view.known.metrics.items() if name not in found}
    return Side(view.row.id, view.row.name, view.row.spec.argv, told, dict(view.row.spec.set_env), found)


def best(db: sqlite3.Connection, job_id: int, name: str) -> float | None:
    """The best value a metric ever had; None where its name does not say which way is better."""
    return best_of(name, job_points.points_of(db, job_id, name).values)


async def digest_since(desk: JobDesk, views: Sequence[JobView], since: str) -> Digest:
    """What ended since a moment, with first error lines out of the logs of what failed."""
    told = []
    left = LOGS_READ
    for view in views:
        new = view.state in ENDED and (view.standing.ended or "") >= since
        error = ""
        if new and view.state in BAD and left:
            left -= 1
            error = await _error(desk, view)
        told.append(_told(desk.store.read(), view, error, new=new))
    return digest(told, since)


async def _error(desk: JobDesk, view: JobView) -> str:
    try:
        source = desk.backends.get(view.row.backend).logs(desk.handle(view.row))
        found = None if source is None else await first_error(source)
    except CockpitError:
        return ""
    return "" if found is None else found[1]


def _told(db: sqlite3.Connection, view: JobView, error: str, *, new: bool) -> Told:
    standing, eta = view.standing, view.known.eta
    values: dict[str, float] = {}
    if new:
        for name in view.known.metrics:
            top = best(db, view.row.id, name)
            if top is not None:
                values[name] = top
    ends = "" if eta is None else f"{datetime.fromisoformat(eta.at).astimezone():%d %b %H:%M} ({eta.source})"
    return Told(
        view.row.id, view.row.name, view.state, shown(standing), standing.ended, standing.elapsed_s,
        standing.evidence, error, values, ends,
    )  # fmt: skip
