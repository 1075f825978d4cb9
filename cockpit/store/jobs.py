"""Jobs in the database: what was asked for, and every observation since. What these mean is the core's fold."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.core.errors import StoreError
from cockpit.core.job_state import REQUEUED
from cockpit.core.jobs import ENDED, QUEUE, After, Eta, JobSpec, Known, Observation, Progress
from cockpit.store.clock import now
from cockpit.store.text import pack, pack_json, unpack, unpack_json

_COLUMNS = """job.id, job.uid, job.project_id, job.idea_id, job.group_id, job.parent_id, job.parent_how, job.name,
    job.backend, job.queue, job.place, job.open, job.created_at, job.native, job.gpu_ids, job."values", job.spec,
    job_group.name, project.name"""
_FROM = "job JOIN project ON project.id = job.project_id LEFT JOIN job_group ON job_group.id = job.group_id"
_SEEN = "job_id, source, at, state, raw, exit_code, signal, evidence, started, ended, elapsed_s, detail"
_MANY = 500
"""Ids in one statement; SQLite's own limit is higher."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as it was asked for, and where it is. How it stands is in its observations."""

    id: int
    uid: str
    project_id: int
    idea_id: int | None
    group_id: int | None
    parent_id: int | None
    parent_how: str
    """'restart', 'requeue' or 'clone' of the parent; empty without one."""
    name: str
    backend: str
    queue: str
    place: float
    open: bool
    """Not known to have ended."""
    created_at: str
    native: str
    gpu_ids: tuple[str, ...]
    values: Mapping[str, str]
    """What sets it apart in its sweep."""
    spec: JobSpec
    group: str
    project: str


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be stored."""

    uid: str
    name: str
    spec: JobSpec
    backend: str
    queue: str = QUEUE
    env: Mapping[str, str] | None = None
    """Without secrets."""
    env_from: tuple[str, ...] = ()
    after: tuple[After, ...] = ()
    values: Mapping[str, str] | None = None
    group_id: int | None = None
    idea_id: int | None = None
    parent_id: int | None = None
    parent_how: str = ""
    place: float | None = None
    """In the queue; None is the end."""


def add_group(db: sqlite3.Connection, project_id: int, name: str, sweep: Sequence[str]) -> int:
    """Store a group of jobs and return its id."""
    found = db.execute(
        "INSERT INTO job_group (project_id, name, created_at, sweep) VALUES (?, ?, ?, ?)",
        (project_id, pack(name), now(), pack_json(list(sweep))),
    )
    return int(found.lastrowid or 0)


def add_job(db: sqlite3.Connection, project_id: int, job: NewJob) -> int:
    """Store a job, which then waits, and return its id.

    Raises:
        StoreError: it is to run after a job that is not there.
    """
    for after in job.after:
        get_job(db, after.job)
    place = job.place
    if place is None:
        place = float(db.execute("SELECT coalesce(max(place), 0) FROM job").fetchone()[0]) + 1.0
    env = None if job.env is None else _text(db, json.dumps([dict(job.env), list(job.env_from)]))
    found = db.execute(
        """INSERT INTO job (uid, project_id, idea_id, group_id, parent_id, parent_how, name, backend, queue, place,
           created_at, env_id, "values", spec) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            job.uid, project_id, job.idea_id, job.group_id, job.parent_id, job.parent_how, pack(job.name), job.backend,
            pack(job.queue), place, now(), env, pack_json(dict(job.values or {})), pack_json(job.spec.to_json()),
        ),
    )  # fmt: skip
    job_id = int(found.lastrowid or 0)
    db.executemany(
        "INSERT INTO job_after (job_id, on_id, anyhow) VALUES (?, ?, ?)",
        [(job_id, after.job, after.anyhow) for after in job.after],
    )
    return job_id


def get_job(db: sqlite3.Connection, job_id: int) -> JobRow:
    """One job.

    Raises:
        StoreError: there is none of that number.
    """
    found = find_job(db, job_id)
    if found is None:
        raise StoreError(f"There is no job {job_id}.", hint="See `cockpit job list --all`.")
    return found


def find_job(db: sqlite3.Connection, job_id: int) -> JobRow | None:
    """One job; None where there is none of that number."""
    row = db.execute(f"SELECT {_COLUMNS} FROM {_FROM} WHERE job.id = ?", (job_id,)).fetchone()
    return None if row is None else _row(row)


def list_jobs(
    db: sqlite3.Connection, project_id: int | None = None, *, limit: int = 100, open_only: bool = False
) -> list[JobRow]:
    """Jobs, newest first; of every project where none is given."""
    where = ["1"] + ["job.project_id = :project"] * (project_id is not None) + ["job.open"] * open_only
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE {' AND '.join(where)} ORDER BY job.id DESC LIMIT :limit",
        {"project": project_id, "limit": limit},
    )
    return [_row(row) for row in rows]


def changed_jobs(db: sqlite3.Connection, project_id: int, known: Collection[int], *, limit: int) -> list[JobRow]:
    """The newest `limit` jobs of a project, newest first, without those in `known`."""
    ids = db.execute("SELECT id FROM job WHERE project_id = ? ORDER BY id DESC LIMIT ?", (project_id, limit))
    rows: list[JobRow] = []
    for part in _parts(number for (number,) in ids if number not in known):
        query = f"SELECT {_COLUMNS} FROM {_FROM} WHERE job.id IN ({_marks(part)}) ORDER BY job.id DESC"
        rows += [_row(row) for row in db.execute(query, part)]
    return rows


def jobs_since(db: sqlite3.Connection, moment: str) -> list[JobRow]:
    """Every job of every project that was asked for, observed or still open after a moment (ISO 8601 in UTC)."""
    rows = db.execute(
        f"""SELECT {_COLUMNS} FROM {_FROM} WHERE job.open OR job.created_at >= :moment OR job.id IN
            (SELECT job_id FROM job_observation WHERE at >= :moment) ORDER BY job.id""",
        {"moment": moment},
    )
    return [_row(row) for row in rows]


def backends_used(db: sqlite3.Connection) -> list[str]:
    """The places where any job ever ran."""
    return [name for (name,) in db.execute("SELECT DISTINCT backend FROM job ORDER BY 1")]


def open_jobs(db: sqlite3.Connection) -> list[JobRow]:
    """Every job of every project that is not known to have ended, in the order of the queue."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM {_FROM} WHERE job.open ORDER BY job.place, job.id")
    return [_row(row) for row in rows]


def environment(db: sqlite3.Connection, job_id: int) -> tuple[dict[str, str], tuple[str, ...]]:
    """The variables a job was submitted with, and the names of the secret ones."""
    row = db.execute(
        "SELECT body FROM job JOIN job_text ON job_text.id = job.env_id WHERE job.id = ?", (job_id,)
    ).fetchone()
    if row is None:
        return {}, ()
    env, names = json.loads(_body(row[0]))
    return env, tuple(names)


def afters(db: sqlite3.Connection, job_ids: Collection[int]) -> dict[int, tuple[After, ...]]:
    """Job → what it runs after."""
    found: dict[int, list[After]] = {}
    for part in _parts(job_ids):
        rows = db.execute(f"SELECT job_id, on_id, anyhow FROM job_after WHERE job_id IN ({_marks(part)})", part)
        for job_id, on_id, anyhow in rows:
            found.setdefault(job_id, []).append(After(on_id, bool(anyhow)))
    return {job_id: tuple(items) for job_id, items in found.items()}


def set_native(db: sqlite3.Connection, job_id: int, native: str) -> None:
    """Keep what the backend calls the job."""
    db.execute("UPDATE job SET native = ? WHERE id = ?", (pack(native), job_id))


def set_gpus(db: sqlite3.Connection, job_id: int, gpu_ids: Sequence[str]) -> None:
    """Keep which GPUs the job got."""
    db.execute("UPDATE job SET gpu_ids = ? WHERE id = ?", (pack_json(list(gpu_ids)), job_id))


def set_place(db: sqlite3.Connection, job_id: int, place: float) -> None:
    """Put a job somewhere else in the queue."""
    db.execute("UPDATE job SET place = ? WHERE id = ?", (place, job_id))


def observe(db: sqlite3.Connection, seen: Observation, *, ended: bool | None = None) -> bool:
    """Append an observation unless the latest of its source claims the same; whether it was appended.

    Args:
        ended: whether the job is known to have ended by now; None takes the observation's own word.
    """
    last = db.execute(
        f"SELECT {_SEEN} FROM job_observation WHERE job_id = ? AND source = ? ORDER BY id DESC LIMIT 1",
        (seen.job, seen.source),
    ).fetchone()
    newest = db.execute(
        "SELECT source FROM job_observation WHERE job_id = ? ORDER BY id DESC LIMIT 1", (seen.job,)
    ).fetchone()
    if last is not None and newest[0] == seen.source and _observation(last).claims() == seen.claims():
        return False
    db.execute(
        f"INSERT INTO job_observation ({_SEEN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            seen.job, seen.source, seen.at, seen.state, pack(seen.raw), seen.exit_code, seen.signal,
            pack(seen.evidence), seen.started, seen.ended, seen.elapsed_s, pack_json(dict(seen.detail)),
        ),
    )  # fmt: skip
    if ended is None and seen.state is not None:
        ended = seen.state in ENDED and seen.raw != REQUEUED
    if seen.raw == REQUEUED:
        db.execute("UPDATE job SET native = '', gpu_ids = '[]' WHERE id = ?", (seen.job,))
    if ended is not None:
        db.execute("UPDATE job SET open = ? WHERE id = ?", (not ended, seen.job))
    return True


def observations(db: sqlite3.Connection, job_ids: Collection[int]) -> dict[int, list[Observation]]:
    """Job → everything that was observed of it, oldest first."""
    found: dict[int, list[Observation]] = {job_id: [] for job_id in job_ids}
    for part in _parts(job_ids):
        query = f"SELECT {_SEEN} FROM job_observation WHERE job_id IN ({_marks(part)}) ORDER BY id"
        for row in db.execute(query, part):
            found[row[0]].append(_observation(row))
    return found


def put_known(db: sqlite3.Connection, job_id: int, name: str, value: Any, source: str) -> None:
    """Keep what is known now under one name; None forgets it.

    Names are 'progress', 'eta', 'metrics', 'offsets' (of metrics files, by path), 'read_out', 'usual_gap_s', and what
    other readers ask for by `fact`.
    """
    if value is None:
        db.execute("DELETE FROM job_fact WHERE job_id = ? AND name = ?", (job_id, name))
        return
    db.execute(
        "INSERT OR REPLACE INTO job_fact VALUES (?, ?, ?, ?, ?)", (job_id, name, source, now(), pack_json(value))
    )


def fact(db: sqlite3.Connection, job_id: int, name: str) -> Any:
    """What `put_known` kept under a name; None where nothing is."""
    row = db.execute("SELECT value FROM job_fact WHERE job_id = ? AND name = ?", (job_id, name)).fetchone()
    return None if row is None else unpack_json(row[0])


def known(db: sqlite3.Connection, job_ids: Collection[int]) -> dict[int, Known]:
    """Job → what is known of its way; those of which nothing is known are not in it."""
    facts: dict[int, dict[str, tuple[str, Any]]] = {}
    for part in _parts(job_ids):
        query = f"SELECT job_id, name, source, value FROM job_fact WHERE job_id IN ({_marks(part)})"
        for job_id, name, source, value in db.execute(query, part):
            facts.setdefault(job_id, {})[name] = (source, unpack_json(value))
    return {job_id: _known(found) for job_id, found in facts.items()}


def put_capture(
    db: sqlite3.Connection, job_id: int, stage: str, facts: Mapping[str, Any], *, diff: str = "", packages: str = ""
) -> None:
    """Keep what was captured at a stage ('submit', 'start'): plain facts, the uncommitted diff, the packages."""
    db.execute(
        "INSERT OR REPLACE INTO job_capture VALUES (?, ?, ?, ?, ?, ?)",
        (
            job_id, stage, now(), pack_json(dict(facts)), _text(db, diff) if diff else None,
            _text(db, packages) if packages else None,
        ),
    )  # fmt: skip


def captures(db: sqlite3.Connection, job_id: int) -> dict[str, dict[str, Any]]:
    """Stage → facts, with 'diff' and 'packages' as text where there are any, and 'at'."""
    rows = db.execute(
        """SELECT stage, at, facts, d.body, p.body FROM job_capture LEFT JOIN job_text d ON d.id = diff_id
           LEFT JOIN job_text p ON p.id = packages_id WHERE job_id = ? ORDER BY at""",
        (job_id,),
    )
    return {
        stage: {**unpack_json(facts), "at": at, "diff": _body(diff), "packages": _body(packages)}
        for stage, at, facts, diff, packages in rows
    }


def _known(facts: Mapping[str, tuple[str, Any]]) -> Known:
    progress = eta = None
    if "progress" in facts:
        source, value = facts["progress"]
        progress = Progress(value["done"], value.get("total"), value.get("unit", ""), value.get("source", source))
    if "eta" in facts:
        source, value = facts["eta"]
        eta = Eta(value["at"], value.get("source", source))
    gap = facts.get("usual_gap_s", ("", None))[1]
    source, metrics = facts.get("metrics", ("", {}))
    return Known(progress, eta, metrics, source, facts.get("offsets", ("", {}))[1], "read_out" in facts, gap)


def _row(row: Sequence[Any]) -> JobRow:
    values: list[Any] = [
        *row[:7], unpack(row[7]), row[8], unpack(row[9]), row[10], bool(row[11]), row[12], unpack(row[13]),
        tuple(unpack_json(row[14])), unpack_json(row[15]), JobSpec.from_json(unpack_json(row[16])),
        unpack(row[17] or ""), unpack(row[18]),
    ]  # fmt: skip
    return JobRow(*values)


def _observation(row: Sequence[Any]) -> Observation:
    values = [*row[:4], unpack(row[4]), *row[5:7], unpack(row[7]), *row[8:11], unpack_json(row[11])]
    return Observation(*values)


def _text(db: sqlite3.Connection, text: str) -> int:
    """The id of a text that many jobs may share."""
    data = text.encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(data).digest()
    db.execute("INSERT OR IGNORE INTO job_text (hash, body) VALUES (?, ?)", (digest, zlib.compress(data)))
    return int(db.execute("SELECT id FROM job_text WHERE hash = ?", (digest,)).fetchone()[0])


def _body(value: bytes | None) -> str:
    return "" if value is None else zlib.decompress(value).decode("utf-8", "surrogatepass")


def _parts(ids: Iterable[int]) -> list[list[int]]:
    whole = list(ids)
    return [whole[i : i + _MANY] for i in range(0, len(whole), _MANY)]


def _marks(ids: Sequence[int]) -> str:
    return ",".join("?" * len(ids))
