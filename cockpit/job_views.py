"""Jobs as they stand: rows, observations and what is known, folded into one value a job. Asks no backend."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cockpit.core.job_queue import Decision, QueueLimit, Taken, Waiting, decide
from cockpit.core.job_state import Standing, fold
from cockpit.core.job_words import shown
from cockpit.core.jobs import LIVE, LOCAL, Eta, Known, Observation, State
from cockpit.store import job_queues, jobs
from cockpit.store.jobs import JobRow

UNLIMITED = 1_000_000
"""Slots of a backend that has a queue of its own."""


@dataclass(frozen=True, slots=True)
class JobView:
    """One job as it is shown."""

    row: JobRow
    standing: Standing
    known: Known

    @property
    def state(self) -> State:
        """The state's word."""
        return self.standing.state

    @property
    def waits(self) -> bool:
        """In the queue of this database, and not handed over yet; a backend's own queue is not meant."""
        return self.standing.state == "queued" and not self.row.native

    @property
    def handed_over(self) -> bool:
        """With its backend, for all that is known."""
        return self.standing.state in LIVE or (self.standing.state == "queued" and bool(self.row.native))

    def to_json(self) -> dict[str, Any]:
        """As `cockpit job list --json` prints it; null is unknown, or not there."""
        row, standing, known = self.row, self.standing, self.known
        progress, eta = known.progress, known.eta
        return {
            "job": row.id, "name": row.name, "backend": row.backend, "state": standing.state, "shown": shown(standing),
            "exit_code": standing.exit_code, "signal": standing.signal, "evidence": standing.evidence,
            "started": standing.started, "ended": standing.ended, "elapsed_s": _rounded(standing.elapsed_s),
            "progress": None if progress is None else {
                "done": progress.done, "total": progress.total, "unit": progress.unit, "share": progress.share,
                "source": progress.source,
            },
            "eta": None if eta is None else {"at": eta.at, "source": eta.source},
            "metrics": dict(known.metrics),
            "metrics_from": known.metrics_from or None, "command": list(row.spec.argv),
            "cwd": row.spec.cwd, "queue": row.queue,
            "group": row.group or None, "values": dict(row.values), "gpus": row.spec.gpus,
            "gpu_ids": list(row.gpu_ids), "project": row.project, "created": row.created_at,
            "quiet_s": _rounded(standing.quiet_s), "remains": standing.remains, "expect_s": row.spec.expect_s,
            "timeout_s": row.spec.timeout_s, "native": row.native or None, "parent": row.parent_id,
            "parent_how": row.parent_how or None, "uid": row.uid,
        }  # fmt: skip


def views(
    db: sqlite3.Connection, rows: Sequence[JobRow], now: datetime, fresh: Mapping[int, Observation] | None = None
) -> list[JobView]:
    """How jobs stand by what is stored, and by what was seen just now and may not be stored."""
    ids = [row.id for row in rows]
    seen, known = jobs.observations(db, ids), jobs.known(db, ids)
    found = []
    for row in rows:
        items = seen[row.id]
        if fresh and row.id in fresh:
            items = [*items, fresh[row.id]]
        facts = known.get(row.id, Known())
        standing = fold(items, now, usual_gap_s=facts.usual_gap_s)
        found.append(JobView(row, standing, replace(facts, eta=facts.eta or _eta(row, standing, facts, now))))
    return found


def _eta(row: JobRow, standing: Standing, known: Known, now: datetime) -> Eta | None:
    """When a running job ends at the pace of its whole way so far, else as a person expected; None: nobody knows."""
    if standing.state not in LIVE or standing.started is None:
        return None
    started, progress = datetime.fromisoformat(standing.started), known.progress
    if progress is not None and progress.share and progress.total:
        end = started + (now - started) / progress.share
        return Eta(end.isoformat(), f"{progress.unit} {progress.done:g} of {progress.total:g}, {progress.source}")
    if row.spec.expect_s is not None:
        return Eta((started + timedelta(seconds=row.spec.expect_s)).isoformat(), "as you expected")
    if row.spec.timeout_s is not None:
        return Eta((started + timedelta(seconds=row.spec.timeout_s)).isoformat(), "at the latest: its time limit")
    return None


def next_step(db: sqlite3.Connection, everything: Sequence[JobView], gpu_ids: Sequence[str], now: datetime) -> Decision:
    """What the queue would do now; `everything` is all that is not known to have ended."""
    waiting = [view for view in everything if view.waits]
    afters = jobs.afters(db, [view.row.id for view in waiting])
    states = {view.row.id: view.state for view in everything}
    missing = {after.job for items in afters.values() for after in items} - states.keys()
    states |= {view.row.id: view.state for view in views(db, _rows(db, missing), now)}
    limits = dict(job_queues.limits(db))
    for view in waiting:
        if view.row.backend != LOCAL and view.row.queue not in limits:
            limits[view.row.queue] = QueueLimit(UNLIMITED)
    taken = [Taken(view.row.id, view.row.queue, view.row.gpu_ids) for view in everything if view.handed_over]
    orders = [
        Waiting(v.row.id, v.row.queue, v.row.spec.gpus if v.row.backend == LOCAL else 0, afters.get(v.row.id, ()))
        for v in waiting
    ]
    return decide(orders, taken, states, limits, gpu_ids)


def with_reasons(found: Sequence[JobView], decision: Decision) -> list[JobView]:
    """The same jobs; those that wait say why."""
    return [_waiting(view, decision) if view.waits else view for view in found]


def _waiting(view: JobView, decision: Decision) -> JobView:
    reason = decision.wait.get(view.row.id) or decision.skip.get(view.row.id) or "it is next"
    return replace(view, standing=replace(view.standing, evidence=reason, source="queue"))


def _rows(db: sqlite3.Connection, ids: set[int]) -> list[JobRow]:
    return [row for job in sorted(ids) if (row := jobs.find_job(db, job)) is not None]


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
