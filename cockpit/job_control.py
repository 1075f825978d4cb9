"""What a person does with jobs that are there: end, pause, run again, change the order. Draws and prints nothing."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from cockpit.core import job_env
from cockpit.core.errors import InputError, JobError
from cockpit.core.job_queue import QueueLimit, between
from cockpit.core.job_state import KILL_ASKED, REQUEUED
from cockpit.core.job_sweep import label, substitute
from cockpit.core.jobs import ENDED, LIVE, QUEUE, Handle
from cockpit.store import job_queues, jobs
from cockpit.store.db import Database
from cockpit.store.jobs import NewJob

if TYPE_CHECKING:
    from cockpit.job_runner import JobDesk
    from cockpit.job_views import JobView

How = Literal["restart", "requeue", "clone"]
YOU = "you"
LOOK_S = (0.05, 1.0)
UNDER_WAY_S = 15.0
"""Beyond its grace, how long an end is waited for before a restart."""


async def kill(desk: JobDesk, job_id: int, *, grace_s: float | None = None, give_up: bool = False) -> None:
    """End a job, or take it out of the queue. Returns once that is under way; the end itself is seen by looking.

    Args:
        grace_s: between the polite and the final signal; the job's own where not given.
        give_up: let go of a job that cannot be reached: it counts as lost.

    Raises:
        JobError: it has ended, or cannot be reached.
    """
    view = await desk.one(job_id)
    if view.waits:
        await desk.note(job_id, YOU, "killed by you", "taken out of the queue before it started")
    elif view.state == "unreachable" and give_up:
        await desk.note(job_id, YOU, "lost", f"given up by you; {view.standing.evidence}")
    elif view.state in ENDED:
        raise JobError(f"Job {job_id} is {view.state} already.")
    elif view.state == "unreachable":
        hint = f"To let go of it: cockpit job kill --give-up {job_id}"
        raise JobError(f"Job {job_id} cannot be reached: {view.standing.evidence}.", hint=hint)
    else:
        await desk.note(job_id, YOU, None, "asked for its end", raw=KILL_ASKED)
        grace = view.row.spec.grace_s if grace_s is None else grace_s
        await desk.backends.get(view.row.backend).kill(desk.handle(view.row), grace)
        return
    await desk.step()


async def hold(desk: JobDesk, job_id: int, *, paused: bool) -> None:
    """Pause a running job, or let it go on.

    Raises:
        JobError: it does not run.
    """
    view = await desk.one(job_id)
    if view.state == "queued":
        hint = f"Pause its queue: cockpit job queue {view.row.queue} --pause"
        raise JobError(f"Job {job_id} waits in queue {view.row.queue}.", hint=hint)
    if view.state not in LIVE:
        raise JobError(f"Job {job_id} is {view.state}.")
    backend, handle = desk.backends.get(view.row.backend), desk.handle(view.row)
    await (backend.pause(handle) if paused else backend.resume(handle))
    await desk.look([view.row])


async def restart(desk: JobDesk, job_id: int, *, grace_s: float | None = None) -> int:
    """Run a job's command again at once, or as soon as a place is free: a new job at the head of the queue.

    One that still runs is ended first, and waited for.

    Returns:
        The new job's number.

    Raises:
        JobError: it waits already, or does not end.
    """
    view = await desk.one(job_id)
    if view.state == "queued":
        raise JobError(f"Job {job_id} waits already.", hint=f"To put it first: cockpit job move {job_id} first")
    if view.state in LIVE:
        await kill(desk, job_id, grace_s=grace_s)
        grace = view.row.spec.grace_s if grace_s is None else grace_s
        await until_ended(desk, [job_id], timeout_s=grace + UNDER_WAY_S)
        if (await desk.one(job_id)).state in LIVE:
            raise JobError(f"Job {job_id} has not ended.", hint="Nothing new was started.")
    return await _again(desk, view, "restart")


async def requeue(desk: JobDesk, job_id: int) -> int:
    """Let a job wait again at the end of its queue. One that never ran stays the same job; else it is a new one.

    Returns:
        The number of the job that waits.

    Raises:
        JobError: it waits or runs.
    """
    view = await desk.one(job_id)
    if view.state not in ENDED:
        raise JobError(
            f"Job {job_id} is {view.state}.", hint=f"To end it and run it again: cockpit job restart {job_id}"
        )
    if view.standing.started is not None or desk.folder_of(view.row).exists():
        return await _again(desk, view, "requeue")
    await desk.note(job_id, YOU, "queued", "put back into the queue by you", raw=REQUEUED)
    place = between(await _places(desk, job_id), 1_000_000_000)
    await desk.store.write(lambda db: jobs.set_place(db, job_id, place))
    await desk.step()
    return job_id


async def clone(
    desk: JobDesk, job_id: int, *, values: Mapping[str, str], argv: Sequence[str] = (), name: str = ""
) -> int:
    """A new job like another one, with changed arguments (see `substitute`) or another command; its number.

    Raises:
        InputError: there is no place for a value, or it is a secret.
    """
    return await _again(desk, await desk.one(job_id), "clone", values=values, argv=argv, name=name)


async def _again(
    desk: JobDesk, view: JobView, how: How, *, values: Mapping[str, str] | None = None, argv: Sequence[str] = (),
    name: str = "",
) -> int:  # fmt: skip

    row = view.row
    words = substitute(argv or row.spec.argv, values or {})
    job_env.refuse_secrets(words, desk.env)
    env, names = jobs.environment(desk.store.read(), row.id)
    place = between(await _places(desk, row.id), 0) if how == "restart" else None
    facts, diff = await desk.code(row.spec.cwd)
    title = name or (f"{row.name} {label(values)}" if values else row.name)
    job = NewJob(
        uuid.uuid4().hex[:16], title, replace(row.spec, argv=words), row.backend, row.queue, env, names, (),
        {**row.values, **(values or {})} if row.group_id else values, row.group_id, row.idea_id, row.id, how, place,
    )  # fmt: skip

    def add(db: Database) -> int:
        made = jobs.add_job(db, row.project_id, job)
        jobs.put_capture(db, made, "submit", facts, diff=diff)
        return made

    made = await desk.store.write(add)
    await desk.step()
    return made


async def move(desk: JobDesk, job_id: int, where: str) -> None:
    """Put a waiting job 'first', 'last', at a place counted from 1, or 'before N' / 'after N' of another waiting one.

    Raises:
        JobError: it does not wait, or the other one does not.
        InputError: that is no place.
    """
    view = await desk.one(job_id)
    if not view.waits:
        raise JobError(f"Job {job_id} is {view.state}, and only what waits has a place.")
    waiting = [v.row for v in await _waiting(desk) if v.row.id != job_id]
    index = _index(where, [row.id for row in waiting])
    place = between([row.place for row in waiting], index)
    await desk.store.write(lambda db: jobs.set_place(db, job_id, place))
    await desk.step()


def _index(where: str, others: Sequence[int]) -> int:
    word, _, rest = where.strip().partition(" ")
    if word in ("first", "last"):
        return 0 if word == "first" else len(others)
    if word.isdecimal():
        return max(int(word) - 1, 0)
    if word in ("before", "after") and rest.isdecimal():
        if int(rest) not in others:
            raise JobError(f"Job {rest} does not wait.")
        return others.index(int(rest)) + (word == "after")
    raise InputError(f"{where!r} is no place.", hint="Say first, last, a number from 1, 'before JOB' or 'after JOB'.")


async def set_queue(desk: JobDesk, name: str, *, slots: int | None = None, paused: bool | None = None) -> QueueLimit:
    """Change a queue, and start what may start then; how it is set now."""

    def write(db: Database) -> QueueLimit:
        old = job_queues.limits(db).get(name, QueueLimit())
        new = QueueLimit(old.slots if slots is None else slots, old.paused if paused is None else paused)
        job_queues.put_limit(db, name, new)
        return new

    limit = await desk.store.write(write)
    await desk.step()
    return limit


async def set_gpus(desk: JobDesk, ids: tuple[str, ...] | None) -> None:
    """Say which of this machine's GPUs jobs may take (None: all it has), and start what may start then."""
    await desk.store.write(lambda db: job_queues.put_gpus(db, ids))
    await desk.step()


async def queues(desk: JobDesk) -> list[dict[str, Any]]:
    """Each queue: name, slots, whether paused, how many run and wait in it, GPUs of the machine and those free."""
    found = await desk.look(jobs.open_jobs(desk.store.read()))
    limits = {QUEUE: QueueLimit(), **job_queues.limits(desk.store.read())}
    gpus = desk.gpu_ids()
    used = {gpu for view in found if view.state in LIVE for gpu in view.row.gpu_ids}
    rows = []
    for name in dict.fromkeys([*limits, *(view.row.queue for view in found)]):
        limit = limits.get(name, QueueLimit())
        mine = [view.state for view in found if view.row.queue == name]
        rows.append(
            {
                "queue": name, "slots": limit.slots, "paused": limit.paused,
                "running": sum(state in LIVE for state in mine), "waiting": mine.count("queued"),
                "gpus": len(gpus), "gpus_free": len([gpu for gpu in gpus if gpu not in used]),
            }
        )  # fmt: skip
    return rows


async def until_ended(desk: JobDesk, job_ids: Sequence[int], *, timeout_s: float | None = None) -> list[JobView]:
    """Return when all of them have ended, or the time is over; how they stand then. Advances the queue meanwhile.

    Raises:
        StoreError: there is no job of one of these numbers.
    """
    loop = asyncio.get_running_loop()
    deadline = None if timeout_s is None else loop.time() + timeout_s
    pause = LOOK_S[0]
    while True:
        rows = [jobs.get_job(desk.store.read(), job_id) for job_id in job_ids]
        found = await desk.look(rows)
        if all(view.state in ENDED for view in found) or (deadline is not None and loop.time() >= deadline):
            return found
        # A supervisor may have died without advancing the queue.
        if pause == LOOK_S[1] and any(view.waits for view in found):
            await desk.step()
        await asyncio.sleep(pause if deadline is None else min(pause, max(deadline - loop.time(), 0)))
        pause = min(pause * 1.3, LOOK_S[1])


async def log_of(desk: JobDesk, job_id: int) -> tuple[Handle, JobView]:
    """A job with its handle, for whoever reads its log."""
    view = await desk.one(job_id)
    return desk.handle(view.row), view


async def _waiting(desk: JobDesk) -> list[JobView]:
    return [v for v in await desk.look(jobs.open_jobs(desk.store.read())) if v.waits]


async def _places(desk: JobDesk, job_id: int) -> list[float]:
    return [view.row.place for view in await _waiting(desk) if view.row.id != job_id]
