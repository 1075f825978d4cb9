"""What jobs wrote of their way since the last look: latest metrics and progress. Judges no state."""

from __future__ import annotations

import asyncio
import os
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

from cockpit.core.job_pace import usual_gap
from cockpit.core.jobs import ENDED, Known
from cockpit.core.metric_inspect import progress_of_tasks
from cockpit.core.metric_points import Point, Progress
from cockpit.inspect_live import control_folder, logs_of, servers_of, tasks_of
from cockpit.job_metrics import Source, find_sources, named_source, take
from cockpit.job_views import JobView
from cockpit.store import job_points, jobs
from cockpit.store.db import Database

AUTO = "auto"
MOST_CHUNKS = 16
"""Pieces read of one file in one look; the rest is read in the next."""
LOG = "the log"
LIVE = "the running Inspect"


@dataclass
class Found:
    """What is known of one job after a look: facts by their name in the store, each with where it is from."""

    offsets: dict[str, int]
    metrics: dict[str, float | None] = field(default_factory=dict)
    metrics_from: str = ""
    progress: Progress | None = None
    progress_from: str = ""
    read_out: bool = False
    points: dict[str, list[Point]] = field(default_factory=dict)
    """New ones, by the file they are from."""
    anew: set[str] = field(default_factory=set)
    """Files that were written anew."""
    usual_gap_s: float | None = None
    trouble: dict[str, str] = field(default_factory=dict)
    """Files that cannot be read, and why."""
    before: dict[str, int] = field(default_factory=dict)
    """Where reading began: what another process took in meanwhile is not taken in again."""


def behind(view: JobView) -> bool:
    """Whether a job may have written more than was read of it."""
    return view.standing.started is not None and not view.known.read_out


def sources_of(view: JobView, folder: Path) -> tuple[Source, ...]:
    """The files of a job's metrics: those a person named, else what is in the job's own folder, and its log last.

    The directory it works in is searched only where it was named: another job may write there at the same time.
    """
    log = folder / "log"
    named = view.row.spec.metrics
    if not named:
        return ()
    if named == AUTO:
        # Logs that a running Inspect named once: it does not write them into the job's folder.
        told = (Path(key) for key in view.known.offsets if key.endswith(".eval"))
        return (*(named_source(path) for path in told if folder not in path.parents), *find_sources([folder], log=log))
    path = Path(view.row.spec.cwd, named)
    if path.is_dir():
        return find_sources([path], log=log, since=_seconds(view.standing.started))
    return (named_source(path), Source(log, "log"))


def read_on(view: JobView, folder: Path) -> Found | None:
    """What a job wrote since the last look; None where that is nothing. Blocks on files."""
    known = view.known
    found = Found(
        dict(known.offsets),
        dict(known.metrics),
        known.metrics_from,
        read_out=view.state in ENDED,
        before=dict(known.offsets),
    )
    tasks = _inspect_tasks(view, folder)
    told = tuple(named_source(path) for path in logs_of(tasks) if str(path) not in known.offsets)
    for source in (*told, *sources_of(view, folder)):
        key, name = str(source.path), LOG if source.kind == "log" else source.path.name
        for _ in range(MOST_CHUNKS):
            taken = take(source, found.offsets.get(key, 0))
            found.offsets[key] = taken.offset
            if taken.problem:
                found.trouble[name] = taken.problem
            if taken.anew:
                found.anew.add(key)
                found.points.pop(key, None)
            if taken.points:
                found.points.setdefault(key, []).extend(taken.points)
            if taken.points and (source.kind != "log" or found.metrics_from in ("", LOG)):
                if found.metrics_from in (LOG, LIVE) and source.kind != "log":
                    found.metrics.clear()
                found.metrics_from = name
                found.metrics.update({p.name: p.value if isfinite(p.value) else None for p in taken.points})
            if taken.progress is not None and (source.kind != "log" or found.progress is None):
                found.progress, found.progress_from = taken.progress, name
            if not taken.more:
                break
        else:
            found.read_out = False
    found.usual_gap_s = usual_gap([point for points in found.points.values() for point in points], known.usual_gap_s)
    _take_live(found, tasks)
    changed = found.offsets != known.offsets or (tasks and _moved(found, known))
    return found if changed or found.read_out else None


def _moved(found: Found, known: Known) -> bool:
    progress, before = found.progress, known.progress
    done, old = (None if one is None else (one.done, one.total) for one in (progress, before))
    return done != old or found.metrics != known.metrics


def _inspect_tasks(view: JobView, folder: Path) -> list[Mapping[str, Any]]:
    """What the Inspects that a job runs say of this moment."""
    if view.state in ENDED or not view.row.spec.metrics:
        return []
    control = control_folder(ChainMap(dict(view.row.spec.set_env), os.environ))
    return [task for server in servers_of(folder, control) for task in tasks_of(server) or ()]


def _take_live(found: Found, tasks: Sequence[Mapping[str, Any]]) -> None:
    """The progress of this moment before that of a log, which is written now and then; its figures where no file is."""
    progress, figures = progress_of_tasks(tasks)
    if progress is not None:
        found.progress, found.progress_from = progress, LIVE
    if tasks and found.metrics_from in ("", LOG, LIVE):
        found.metrics, found.metrics_from = dict(figures), LIVE


async def follow(views: Sequence[JobView], folders: Mapping[int, Path]) -> dict[int, Found]:
    """Job → what it wrote since the last look, of those that wrote something."""
    read = await asyncio.to_thread(lambda: {view.row.id: read_on(view, folders[view.row.id]) for view in views})
    return {job_id: found for job_id, found in read.items() if found is not None}


def put_found(db: Database, job_id: int, found: Found) -> None:
    """Keep it with the places it was read to, in one transaction: nothing is counted twice or left out.

    Where another process has read on since, nothing is kept: this one reads on from there the next time.
    """
    if (jobs.fact(db, job_id, "offsets") or {}) != found.before:
        return
    for source in found.anew:
        job_points.forget_points(db, job_id, source)
    for source, points in found.points.items():
        job_points.add_points(db, job_id, source, points)
    jobs.put_known(db, job_id, "trouble", found.trouble or None, "files")
    if found.usual_gap_s is not None:
        jobs.put_known(db, job_id, "usual_gap_s", found.usual_gap_s, "times of its metrics")
    jobs.put_known(db, job_id, "offsets", found.offsets, "files")
    jobs.put_known(db, job_id, "read_out", found.read_out or None, "files")
    if found.metrics:
        jobs.put_known(db, job_id, "metrics", found.metrics, found.metrics_from)
    if found.progress is not None:
        told = {"done": found.progress.done, "total": found.progress.total, "unit": found.progress.unit}
        jobs.put_known(db, job_id, "progress", told, found.progress_from)


def _seconds(text: str | None) -> float:
    return 0.0 if text is None else datetime.fromisoformat(text).timestamp()
