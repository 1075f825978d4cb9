"""The use cases of jobs with a backend that has a queue of its own and may not answer: what a newcomer's file gets."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import os
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from cockpit import job_control
from cockpit.backends.registry import BackendRegistry
from cockpit.core.errors import InputError, JobError, StoreError, Unreachable
from cockpit.core.jobs import After, Handle, Observation, State
from cockpit.job_runner import Ask, JobDesk, short_name
from cockpit.store import jobs
from cockpit.store.db import open_store
from tests.backends.jobs import until

AT = "2026-01-02T03:04:05.000006+00:00"


class Cloud:
    """A place with a queue of its own."""

    name = "cloud"
    queues = True
    here = False
    every_s = 3600.0

    def __init__(self) -> None:
        self.there = True
        self.refuses = ""
        self.states: dict[str, State] = {}
        self.asked = 0

    async def submit(self, job: Handle) -> str:
        if not self.there:
            raise Unreachable("The cloud does not answer.")
        if self.refuses:
            raise JobError(self.refuses)
        self.states.setdefault(job.uid, "queued")
        return f"c-{job.uid}"

    async def observe(self, jobs: Sequence[Handle]) -> list[Observation]:
        self.asked += 1
        if not self.there:
            return [Observation(job.job, self.name, AT, "unreachable", evidence="no route") for job in jobs]
        return [Observation(job.job, self.name, AT, self.states[job.uid], evidence="it says so") for job in jobs]

    async def kill(self, job: Handle, grace_s: float) -> None:
        self.states[job.uid] = "killed by you"

    async def pause(self, job: Handle) -> None:
        raise JobError("The cloud cannot pause.")

    async def resume(self, job: Handle) -> None:
        raise JobError("The cloud cannot pause.")

    def logs(self, job: Handle) -> None:
        return None

    async def aclose(self) -> None:
        pass


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest_asyncio.fixture
async def desk(tmp_path: Path, cloud: Cloud) -> AsyncIterator[JobDesk]:
    store = open_store(tmp_path / "cockpit.db")
    registry = BackendRegistry(more={"cloud": lambda: cloud})
    yield JobDesk(store, registry, env={"PATH": "/usr/bin:/bin", "MY_TOKEN": "abcdefgh"})
    await registry.aclose()
    await store.aclose()


def ask(**more: object) -> Ask:
    return dataclasses.replace(Ask(("train",), "/", backend="cloud"), **more)  # type: ignore[arg-type]


async def states(desk: JobDesk) -> list[State]:
    return [view.state for view in reversed(await desk.listed(None, limit=100))]


async def test_everything_is_handed_over_at_once_and_asked_in_one_call(desk: JobDesk, cloud: Cloud) -> None:
    ids = await desk.submit(ask(sweep=("lr=1,2,3",)), "p")
    assert len(cloud.states) == 3, "its own queue decides how many run"
    rows = jobs.list_jobs(desk.store.read())
    cloud.asked = 0
    assert {view.standing.evidence for view in await desk.look(rows)} == {"it says so"}
    assert cloud.asked == 1 and all(row.native.startswith("c-") for row in rows)
    await desk.step()
    assert len(cloud.states) == 3, "what waits there is not handed over again"
    cloud.states = dict.fromkeys(cloud.states, "finished")
    assert await states(desk) == ["finished"] * 3
    cloud.asked = 0
    await states(desk)
    assert cloud.asked == 0 and len(ids) == 3, "what has ended is not asked for"


async def test_dependencies_hold_across_places(desk: JobDesk, cloud: Cloud) -> None:
    (first,) = await desk.submit(ask(), "p")
    await desk.submit(ask(after=(After(first),)), "p")
    assert len(cloud.states) == 1
    cloud.states = dict.fromkeys(cloud.states, "finished")
    await desk.step()
    assert len(cloud.states) == 2


async def test_a_place_that_does_not_answer_keeps_the_job_waiting(desk: JobDesk, cloud: Cloud) -> None:
    cloud.there = False
    (job,) = await desk.submit(ask(), "p")
    assert await states(desk) == ["queued"]
    seen = jobs.observations(desk.store.read(), [job])[job]
    assert seen[-1].evidence == "The cloud does not answer."
    cloud.there = True
    assert await desk.step() == [job]
    cloud.states = dict.fromkeys(cloud.states, "running")
    assert await states(desk) == ["running"]
    cloud.there = False
    view = await desk.one(job)
    assert (view.state, view.standing.before, view.standing.evidence) == ("unreachable", "running", "no route")
    with pytest.raises(JobError, match="cannot be reached"):
        await job_control.kill(desk, job)
    await job_control.kill(desk, job, give_up=True)
    assert (await desk.one(job)).state == "lost"


async def test_a_refusal_is_the_evidence(desk: JobDesk, cloud: Cloud) -> None:
    cloud.refuses = "sbatch: error: invalid partition specified: nope"
    (job,) = await desk.submit(ask(), "p")
    view = await desk.one(job)
    assert view.state == "failed" and view.standing.evidence == cloud.refuses


async def test_what_waits_elsewhere_is_ended_there(desk: JobDesk, cloud: Cloud) -> None:
    (job,) = await desk.submit(ask(), "p")
    await job_control.kill(desk, job)
    assert list(cloud.states.values()) == ["killed by you"] and (await desk.one(job)).state == "killed by you"
    with pytest.raises(JobError, match="killed by you"):
        await job_control.hold(desk, job, paused=True)


async def test_what_can_not_be_meant(desk: JobDesk) -> None:
    for wrong in (ask(argv=("python train.py",)), ask(argv=()), ask(argv=("x", "--key=abcdefgh"))):
        with pytest.raises(InputError):
            await desk.submit(wrong, "p")
    with pytest.raises(StoreError):
        await desk.submit(ask(after=(After(9),)), "p")
    assert await states(desk) == []


async def test_nothing_starts_that_cannot_be_recorded(
    desk: JobDesk, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    await job_control.set_queue(desk, "cloud", paused=True)
    (job,) = await desk.submit(ask(), "p")
    await desk.store.write(lambda db: db.execute("UPDATE job_queue SET paused = 0"))

    def full(*_: object, **__: object) -> bool:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(jobs, "observe", full)
    with pytest.raises(StoreError):
        await desk.step()
    assert cloud.states == {}
    monkeypatch.undo()
    assert await desk.step() == [job] and len(cloud.states) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB."""
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(small)]
    done = subprocess.run(mount, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"NO SMALL DISK CAN BE MOUNTED HERE: a full disk is not tested ({done.stderr.decode().strip()})")
    yield small
    gc.collect()  # Connections of threads that have ended.
    until(lambda: subprocess.run(["umount", str(small)], capture_output=True, check=False).returncode == 0)


async def test_a_full_disk_hides_no_state_and_starts_nothing(small_disk: Path, tmp_path: Path) -> None:
    store = open_store(small_disk / "cockpit.db")
    desk = JobDesk(store, env={"PATH": "/usr/bin:/bin"})
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    (job,) = await desk.submit(Ask(("sh", "-c", f"read code < {gate}; exit $code"), "/"), "p")
    assert await states(desk) == ["running"]
    with (small_disk / "filler").open("wb", buffering=0) as file, pytest.raises(OSError):
        while file.write(b"x" * 4096):
            pass
    await asyncio.to_thread(gate.write_text, "9\n")
    seen = await job_control.until_ended(desk, [job], timeout_s=30)
    assert (seen[0].state, seen[0].standing.exit_code) == ("failed", 9)
    with pytest.raises(StoreError, match="full"):
        await desk.submit(Ask(("true",), "/", env=("A=" + "x" * 100_000,)), "p")
    (small_disk / "filler").unlink()
    assert await states(desk) == ["failed"]
    assert not jobs.get_job(store.read(), job).open, "it is kept once there is room"
    await store.aclose()


def test_names() -> None:
    assert short_name(("python", "src/train.py", "--lr", "1")) == "train.py"
    assert short_name(("python", "-m", "pkg.train")) == "pkg.train"
    assert short_name(("/usr/bin/torchrun", "--nproc", "2")) == "torchrun"
