"""The queue's step: one at a time, by whoever is awake. What starts, and what never will, is the core's to decide.

One lock file makes each step the only one, and a job's own lock makes its start the only one, whoever dies in between.
A job is claimed in the database before its supervisor starts; a claim whose command never ran is taken back.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import cockpit
from cockpit.core import job_env
from cockpit.core.errors import JobError, StoreError, Unreachable
from cockpit.core.job_evidence import NEVER_STARTED
from cockpit.core.job_state import REQUEUED
from cockpit.core.jobs import Handle
from cockpit.job_views import JobView, next_step, views
from cockpit.store import jobs
from cockpit.store.jobs import JobRow

if TYPE_CHECKING:
    from cockpit.job_runner import JobDesk

STEP_S = 60.0
"""How long another's step is waited for; one takes a fraction of a second a job it starts."""
TRIES = 3
"""Supervisors that end before they start their command: after so many the job counts as failed."""


async def nudge(desk: JobDesk) -> None:
    """Advance the queue if something waits in it; what prevents that is no matter to whoever only looks."""
    if any(view.waits for view in views(desk.store.read(), jobs.open_jobs(desk.store.read()), desk.clock())):
        with suppress(StoreError):
            await step(desk)


async def step(desk: JobDesk) -> list[int]:
    """Start what may start, set aside what never can; the numbers of the jobs started.

    Raises:
        StoreError: the database cannot be written; nothing was started that is not recorded.
    """
    tried: list[int] = []
    async with _alone(desk):
        while True:
            everything = await desk.look(jobs.open_jobs(desk.store.read()))
            await _take_back(desk, everything)
            everything = views(desk.store.read(), [view.row for view in everything], desk.clock())
            if not any(view.waits for view in everything):
                return tried
            decision = next_step(desk.store.read(), everything, desk.gpu_ids(), desk.clock())
            for job_id, reason in decision.skip.items():
                await desk.note(job_id, "queue", "skipped", reason)
            # One whose backend did not answer waits again; it is not asked twice in one step.
            new = {job_id: gpu_ids for job_id, gpu_ids in decision.start.items() if job_id not in tried}
            if not new:
                return tried
            for job_id, gpu_ids in new.items():
                await _start(desk, job_id, gpu_ids)
                tried.append(job_id)


async def _take_back(desk: JobDesk, everything: Sequence[JobView]) -> None:
    """Jobs whose command is proved never to have run wait again: no start is under way, as we hold the lock."""
    for view in everything:
        standing, job_id = view.standing, view.row.id
        if standing.raw != NEVER_STARTED:
            continue
        seen = jobs.observations(desk.store.read(), [job_id])[job_id]
        if standing.kill_asked is not None:
            await desk.note(job_id, "queue", "killed by you", standing.evidence)
        elif sum(item.raw == REQUEUED and item.source == "queue" for item in seen) >= TRIES - 1:
            await desk.note(job_id, "queue", "failed", f"{standing.evidence} ({TRIES} times)")
        else:
            await desk.note(job_id, "queue", "queued", standing.evidence, raw=REQUEUED)


async def _start(desk: JobDesk, job_id: int, gpu_ids: tuple[str, ...]) -> None:
    row = jobs.get_job(desk.store.read(), job_id)
    env, names = jobs.environment(desk.store.read(), job_id)
    folder = desk.folder_of(row)
    try:
        await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        await desk.note(job_id, "queue", "failed", f"its folder {folder} cannot be made: {error.strerror}")
        return
    await desk.store.write(lambda db: jobs.set_gpus(db, job_id, gpu_ids))
    await desk.note(job_id, "queue", "starting", f"its turn in queue {row.queue}")
    await _capture(desk, row, env)
    handle = Handle(
        row.id, row.uid, row.name, row.spec, str(folder), row.native, env, names, gpu_ids, desk.afterwards(job_id)
    )
    try:
        native = await desk.backends.get(row.backend).submit(handle)
    except Unreachable as error:
        await desk.note(job_id, row.backend, "queued", error.sentence(), raw=REQUEUED)
        return
    except JobError as error:
        await desk.note(job_id, row.backend, "failed", error.message)
        return
    await desk.store.write(lambda db: jobs.set_native(db, job_id, native))
    await desk.keep((await desk.observe([jobs.get_job(desk.store.read(), job_id)])).values())


async def _capture(desk: JobDesk, row: JobRow, env: Mapping[str, str]) -> None:
    from cockpit.backends.capture import capture

    whole = {**desk.env, **env, **row.spec.set_env}
    found = await asyncio.to_thread(capture, row.spec.argv, row.spec.cwd, whole)
    facts = {**found.facts, "cockpit": cockpit.__version__, "env": job_env.relevant({**env, **row.spec.set_env})}
    diff = job_env.scrub(found.diff, whole)
    await desk.store.write(lambda db: jobs.put_capture(db, row.id, "start", facts, diff=diff, packages=found.packages))


@asynccontextmanager
async def _alone(desk: JobDesk) -> AsyncIterator[None]:
    """Be the only one who advances this database's queue.

    Raises:
        StoreError: somebody else does, and does not come to an end; or the place cannot be written.
    """
    try:
        desk.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(desk.folder / "queue.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"{desk.folder} cannot be written: {error.strerror}.", hint="No job was started.") from error
    try:
        await _lock(desk, descriptor)
        yield
    finally:
        os.close(descriptor)


async def _lock(desk: JobDesk, descriptor: int) -> None:
    for _ in range(int(STEP_S / 0.05)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN):
                raise StoreError(f"{desk.folder}/queue.lock cannot be locked: {error.strerror}.") from error
        await asyncio.sleep(0.05)
    raise StoreError("Another Cockpit has been advancing the queue for a minute.", hint="Try again later.")
