"""`cockpit job kill|pause|resume|restart|requeue|move|queue|step`: what changes jobs. Every decision is elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import click

from cockpit.cli import output
from cockpit.cli.context import Context, as_json, pass_context
from cockpit.cli.job_desk import SPAN, job_desk, say_state
from cockpit.core.errors import InputError, JobError, StoreError
from cockpit.core.jobs import LIVE, QUEUE

if TYPE_CHECKING:
    from cockpit.job_runner import JobDesk

JOBS = click.argument("job_ids", type=int, nargs=-1, required=True, metavar="JOB…")
OVER_S = 15.0
"""Beyond its grace, how long an end is waited for."""


def _each(ctx: Context, job_ids: Sequence[int], act: Callable[[JobDesk, int], Awaitable[int]], *, as_json: bool) -> int:
    """Do something with each job and say how the job that `act` names stands then; one failure stops no other."""

    async def go() -> int:
        status = 0
        async with job_desk(ctx) as desk:
            for job_id in dict.fromkeys(job_ids):
                try:
                    (view,) = await desk.shown([await act(desk, job_id)])
                except (JobError, StoreError) as error:
                    output.complain(error.sentence())
                    status = 1
                    continue
                if as_json:
                    output.emit(view.to_json())
                else:
                    say_state(view)
        return status

    return asyncio.run(go())


@click.command("kill")
@JOBS
@click.option("--grace", type=SPAN, help="Between SIGTERM and SIGKILL. Default: the job's own, 10s.")
@click.option("--no-wait", is_flag=True, help="Return once it was told, before it has ended.")
@click.option("--give-up", is_flag=True, help="Let go of a job that cannot be reached.")
@as_json
@pass_context
def kill_job(
    ctx: Context, job_ids: tuple[int, ...], *, grace: float | None, no_wait: bool, give_up: bool, as_json: bool
) -> int:
    """End jobs and all that they started: SIGTERM, then SIGKILL. A waiting job leaves the queue."""

    async def act(desk: JobDesk, job_id: int) -> int:
        from cockpit.job_control import kill, until_ended

        await kill(desk, job_id, grace_s=grace, give_up=give_up)
        if not no_wait:
            own = (await desk.one(job_id)).row.spec.grace_s
            (view,) = await until_ended(desk, [job_id], timeout_s=(own if grace is None else grace) + OVER_S)
            if view.state in LIVE:
                raise JobError(f"Job {job_id} was told to end, and still is {view.state}: {view.standing.evidence}.")
        return job_id

    return _each(ctx, job_ids, act, as_json=as_json)


@click.command("pause")
@JOBS
@as_json
@pass_context
def pause_job(ctx: Context, job_ids: tuple[int, ...], as_json: bool) -> int:
    """Stop running jobs for a while (SIGSTOP). Their memory and their place in the queue stay taken."""
    return _each(ctx, job_ids, _holder(paused=True), as_json=as_json)


@click.command("resume")
@JOBS
@as_json
@pass_context
def resume_job(ctx: Context, job_ids: tuple[int, ...], as_json: bool) -> int:
    """Let paused jobs go on."""
    return _each(ctx, job_ids, _holder(paused=False), as_json=as_json)


def _holder(*, paused: bool) -> Callable[[JobDesk, int], Awaitable[int]]:
    async def act(desk: JobDesk, job_id: int) -> int:
        from cockpit.job_control import hold

        await hold(desk, job_id, paused=paused)
        return job_id

    return act


@click.command("restart")
@JOBS
@click.option("--grace", type=SPAN, help="Between SIGTERM and SIGKILL, where it still runs.")
@as_json
@pass_context
def restart_job(ctx: Context, job_ids: tuple[int, ...], grace: float | None, as_json: bool) -> int:
    """Run jobs again at once, or as soon as there is a place; what still runs is ended first. Makes new jobs."""

    async def act(desk: JobDesk, job_id: int) -> int:
        from cockpit.job_control import restart

        return await restart(desk, job_id, grace_s=grace)

    return _each(ctx, job_ids, act, as_json=as_json)


@click.command("requeue")
@JOBS
@as_json
@pass_context
def requeue_job(ctx: Context, job_ids: tuple[int, ...], as_json: bool) -> int:
    """Put ended jobs at the end of the queue again. One that never ran stays the same job; else a new one is made."""

    async def act(desk: JobDesk, job_id: int) -> int:
        from cockpit.job_control import requeue

        return await requeue(desk, job_id)

    return _each(ctx, job_ids, act, as_json=as_json)


@click.command("move")
@click.argument("job_id", type=int)
@click.argument("where", nargs=-1, required=True)
@as_json
@pass_context
def move_job(ctx: Context, job_id: int, where: tuple[str, ...], as_json: bool) -> int:
    """Change a waiting job's place: first, last, a number from 1, before JOB, after JOB."""

    async def act(desk: JobDesk, job: int) -> int:
        from cockpit.job_control import move

        await move(desk, job, " ".join(where))
        return job

    return _each(ctx, [job_id], act, as_json=as_json)


@click.command("queue")
@click.argument("name", default="")
@click.option("--slots", type=click.IntRange(1), help="How many jobs at once.")
@click.option("--pause/--resume", "paused", default=None, help="Start none of its jobs for now; what runs goes on.")
@click.option("--gpus", metavar="IDS", help="This machine's GPUs for jobs, such as 0,1; 'auto': all; 'none': none.")
@as_json
@pass_context
def queue_job(
    ctx: Context, name: str, *, slots: int | None, paused: bool | None, gpus: str | None, as_json: bool
) -> int:
    """Show the queues, or set one. Each runs one job at a time until it is told otherwise."""

    async def go() -> int:
        async with job_desk(ctx, reading=slots is None and paused is None and gpus is None) as desk:
            from cockpit.job_control import queues, set_gpus, set_queue

            if gpus is not None:
                await set_gpus(desk, _gpu_ids(gpus))
            if slots is not None or paused is not None:
                await set_queue(desk, name or QUEUE, slots=slots, paused=paused)
            rows = [row for row in await queues(desk) if not name or row["queue"] == name]
        for row in rows if as_json else ():
            output.emit(row)
        if not as_json:
            heads = ("queue", "slots", "running", "waiting", "state", "GPUs free")
            output.table((tuple(str(cell) for cell in _queue_cells(row)) for row in rows), heads=heads, right=(1, 2, 3))
        return 0

    return asyncio.run(go())


def _queue_cells(row: dict[str, object]) -> tuple[object, ...]:
    state = "paused" if row["paused"] else "open"
    return row["queue"], row["slots"], row["running"], row["waiting"], state, f"{row['gpus_free']} of {row['gpus']}"


def _gpu_ids(text: str) -> tuple[str, ...] | None:
    if text in ("auto", "none"):
        return None if text == "auto" else ()
    ids = tuple(part.strip() for part in text.split(","))
    if not all(ids) or len(set(ids)) < len(ids):
        raise InputError(f"{text!r} are no GPUs.", hint="Write their numbers with commas: 0,1")
    return ids


@click.command("step")
@as_json
@pass_context
def step_job(ctx: Context, as_json: bool) -> int:
    """Advance the queue once. Needed only where a supervisor died, or after a restart of the machine."""

    async def go() -> int:
        async with job_desk(ctx) as desk:
            for job_id in await desk.step():
                output.emit({"started": job_id}) if as_json else output.say(f"job {job_id} started")
        return 0

    return asyncio.run(go())
