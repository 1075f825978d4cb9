"""A project's velocity and its phase's reminder, from runs, jobs and entries. Arithmetic is `core.velocity`'s."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from cockpit.core.calibration import surprise
from cockpit.core.errors import CockpitError
from cockpit.core.job_state import fold
from cockpit.core.jobs import ENDED
from cockpit.core.ladder import climb, work_of
from cockpit.core.log_draft import CONCLUDED, section
from cockpit.core.prompts import Version
from cockpit.core.velocity import Latency, Week, hours_by_day, latency, week_of, weeks_to
from cockpit.log_drafts import entry_gaps
from cockpit.store import jobs, prompts, settings, tally
from cockpit.store.log import cited_ids, list_entries
from cockpit.store.projects import find_project
from cockpit.store.text import unpack

WEEKS = 8
ENOUGH = 10
"""Answers from which a run is a result to be logged; fewer are playing."""
LOOKED = 15
"""The latest entries that are checked for context."""
MODES = ("explore", "execute", "write")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A result that no entry cites yet."""

    kind: str
    id: int
    at: str
    words: str


@dataclass(frozen=True, slots=True)
class Pace:
    """A project's last weeks, the oldest first, and what waits to be logged, the newest first."""

    weeks: Sequence[Week]
    latency: Latency
    waiting: Sequence[Waiting]
    today: date


def pace(db: sqlite3.Connection, project: str, now: datetime) -> Pace:
    """Everything that is known; a project that is not there has empty weeks."""
    today, number = now.astimezone().date(), find_project(db, project)
    weeks = weeks_to(today, WEEKS)
    if number is None:
        return Pace(weeks, Latency(None, 0, 0), (), today)
    since = datetime.combine(weeks[0].monday, time()).astimezone().astimezone(UTC).isoformat()
    for at, samples in _runs(db, number, since):
        if (week := week_of(weeks, _local(at).date())) is not None:
            week.runs += 1
            week.samples += samples
    for one in list_entries(db, number, kind="note", since=weeks[0].monday.isoformat(), limit=5000):
        week = week_of(weeks, date.fromisoformat(one.draft.day))
        if week is not None and section(one.draft.body, CONCLUDED).strip():
            week.results += 1
    rows = db.execute(
        "SELECT resolved_at, p, happened FROM prediction WHERE project_id = ? AND resolved_at >= ?", (number, since)
    )
    for at, p, happened in rows:
        if (week := week_of(weeks, _local(at).date())) is not None:
            week.bits += surprise(p, bool(happened))
    times = [_local(at) for at in _done(db, number, since)]
    for moment in times:
        if (week := week_of(weeks, moment.date())) is not None and week.days is not None:
            week.days[moment.weekday()] += 1
    for day, hours in hours_by_day(times).items():
        if (week := week_of(weeks, day)) is not None:
            week.hours += hours
    return Pace(weeks, _latency(db, number), waiting(db, number, since, now), today)


def waiting(db: sqlite3.Connection, project_id: int, since: str, now: datetime) -> list[Waiting]:
    """Runs with enough answers or with scores, and jobs that ended, that no entry cites, the newest first."""
    runs, done = cited_ids(db, project_id, "run"), cited_ids(db, project_id, "job")
    rows = db.execute(
        """SELECT run.id, run.created_at, coalesce(prompt.name, ''), sum(tally.n) FROM run
           JOIN tally ON tally.run_id = run.id AND NOT tally.failed JOIN version ON version.id = run.version_id
           LEFT JOIN prompt ON prompt.id = version.prompt_id
           WHERE run.project_id = ? AND run.created_at >= ? AND run.finished_at IS NOT NULL GROUP BY run.id""",
        (project_id, since),
    )
    found = [
        Waiting("run", number, at, f"{unpack(name) or 'a prompt without a name'}, {n} answers")
        for number, at, name, n in rows
        if n >= ENOUGH and number not in runs
    ]
    recent = [row for row in jobs.jobs_since(db, since) if row.project_id == project_id and row.id not in done]
    seen = jobs.observations(db, [row.id for row in recent])
    for row in recent:
        standing = fold(seen.get(row.id, []), now)
        if standing.state in ENDED:
            found.append(Waiting("job", row.id, row.created_at, f"{row.name}, {standing.state}"))
    return sorted(found, key=lambda one: one.at, reverse=True)


def reminder(db: sqlite3.Connection, project: str, now: datetime, known: dict[int, Version]) -> str:
    """What the header says in the project's phase; empty where no phase was chosen.

    `known` keeps versions between calls, since they never change.
    """
    mode, number = settings.get(db, f"mode.{project}"), find_project(db, project)
    if mode not in MODES or number is None:
        return ""
    if mode == "explore":
        rows = tally.project_work(db, number)
        for row in rows:
            if row.version_id not in known:
                known[row.version_id] = prompts.get_version(db, row.version_id).version
        work = [work_of(known[row.version_id], row.samples, continued=False, runs=row.runs) for row in rows]
        tried = [rung.name for rung in climb(work) if rung.samples]
        return f"{sum(row.samples for row in rows)} msgs · {', '.join(tried) or 'no rung yet'}"
    since = (now - timedelta(weeks=WEEKS)).isoformat()
    count = len(waiting(db, number, since, now))
    if mode == "execute":
        return f"{count} to read"
    lacking = sum(bool(_gaps(db, one.draft.body)) for one in list_entries(db, number, kind="note", limit=LOOKED))
    return f"{lacking} lack context · {count} not logged"


def _gaps(db: sqlite3.Connection, body: str) -> int:
    try:
        return len(entry_gaps(db, body))
    except CockpitError:
        return 1


def _runs(db: sqlite3.Connection, project_id: int, since: str) -> Iterable[tuple[str, int]]:
    return db.execute(
        """SELECT run.created_at, coalesce((SELECT sum(n) FROM tally WHERE run_id = run.id AND NOT failed), 0)
           FROM run WHERE project_id = ? AND created_at >= ?""",
        (project_id, since),
    )


def _done(db: sqlite3.Connection, project_id: int, since: str) -> Iterable[str]:
    """When a person did something: sent, submitted, wrote, predicted, planned."""
    given = {"project": project_id, "since": since}
    for chosen in (
        "created_at FROM run WHERE project_id = :project AND created_at",
        "created_at FROM job WHERE project_id = :project AND created_at",
        "at FROM entry_revision JOIN entry ON entry.id = entry_id WHERE project_id = :project AND at",
        "made_at FROM prediction WHERE project_id = :project AND made_at",
        "resolved_at FROM prediction WHERE project_id = :project AND resolved_at",
        "made_at FROM step WHERE project_id = :project AND rule = '' AND made_at",
    ):
        yield from (row[0] for row in db.execute(f"SELECT {chosen} >= :since", given))


def _latency(db: sqlite3.Connection, project_id: int) -> Latency:
    """From naming an idea to the end of its first run with enough answers."""
    rows = db.execute(
        f"""SELECT idea.created_at, (SELECT run.finished_at FROM run WHERE run.idea_id = idea.id
              AND run.finished_at IS NOT NULL
              AND (SELECT sum(n) FROM tally WHERE run_id = run.id AND NOT failed) >= {ENOUGH} ORDER BY run.id LIMIT 1)
            FROM idea WHERE project_id = ?""",
        (project_id,),
    )
    return latency((_local(start), None if end is None else _local(end)) for start, end in rows)


def _local(at: str) -> datetime:
    return datetime.fromisoformat(at).astimezone()
