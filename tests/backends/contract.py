"""What every backend must do, whatever it is. A backend's test module subclasses `Contract` and names a fixture.

The fixture `place` gives the backend and a maker of handles: `backend, make = place; job = make('sh', '-c', 'exit 3')`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from cockpit.backends.base import Backend
from cockpit.core.jobs import ENDED, LIVE, Handle, Observation

Place = tuple[Backend, Callable[..., Handle]]
PATIENCE_S = 60.0


async def seen_as(backend: Backend, job: Handle, *states: str) -> Observation:
    """The observation that first shows one of the states."""
    end = time.monotonic() + PATIENCE_S
    while True:
        (seen,) = await backend.observe([job])
        if seen.state in states:
            return seen
        assert time.monotonic() < end and seen.state not in ENDED, f"{seen.state}: {seen.evidence}"
        await asyncio.sleep(0.02)


async def submitted(backend: Backend, job: Handle) -> Handle:
    return replace(job, native=await backend.submit(job))


class Contract:
    async def test_what_ends_well_is_finished_and_its_output_is_kept(self, place: Place) -> None:
        backend, make = place
        job = await submitted(backend, make("sh", "-c", "echo one; echo two >&2"))
        seen = await seen_as(backend, job, "finished")
        assert (seen.exit_code, seen.signal) == (0, None) and seen.evidence and seen.started and seen.ended
        log = backend.logs(job)
        assert log is not None
        text = await log.read(0, 1 << 16)
        assert b"one\n" in text and b"two\n" in text
        assert await log.size() == len(text) and await log.read(len(text), 100) == b""
        at = text.index(b"two")
        assert await log.read(at, 3) == b"two"

    async def test_an_exit_code_is_kept(self, place: Place) -> None:
        backend, make = place
        job = await submitted(backend, make("sh", "-c", "exit 7"))
        seen = await seen_as(backend, job, "failed")
        assert (seen.state, seen.exit_code) == ("failed", 7)

    async def test_the_same_job_is_not_started_twice(self, place: Place) -> None:
        backend, make = place
        job = make("sh", "-c", "echo once")
        first = await submitted(backend, job)
        second = await submitted(backend, job)
        assert first.native == second.native
        await seen_as(backend, first, "finished")
        third = await submitted(backend, job)
        await seen_as(backend, third, "finished")
        log = backend.logs(first)
        assert log is not None
        assert (await log.read(0, 1 << 16)).splitlines().count(b"once") == 1

    async def test_a_job_that_runs_is_seen_to_and_can_be_ended(self, place: Place) -> None:
        backend, make = place
        job = await submitted(backend, make("sh", "-c", "echo up; sleep 600"))
        seen = await seen_as(backend, job, "running")
        assert seen.state in LIVE and seen.exit_code is None and seen.ended is None
        await backend.kill(job, 5.0)
        seen = await seen_as(backend, job, "killed by you")
        assert "you asked" in seen.evidence

    async def test_many_are_observed_at_once(self, place: Place) -> None:
        backend, make = place
        jobs = [await submitted(backend, make("sh", "-c", f"exit {i}")) for i in range(3)]
        for job in jobs:
            await seen_as(backend, job, "finished", "failed")
        seen = await backend.observe(jobs)
        assert [item.exit_code for item in seen] == [0, 1, 2]

    async def test_a_command_that_is_not_there_has_failed(self, place: Place) -> None:
        backend, make = place
        job = await submitted(backend, make("no-such-command-anywhere"))
        seen = await seen_as(backend, job, "failed")
        assert seen.exit_code == 127
