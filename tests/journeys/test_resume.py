"""A run killed in the middle is resumed: no sample is lost, none is sent twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.config import Config
from cockpit.core.prompts import single
from cockpit.core.sampling import Finished
from cockpit.runner import Draft, fly, launch, resume
from cockpit.services import close_services, open_services
from cockpit.store import runs, samples
from tests.cli.conftest import Cli
from tests.fake_provider import FakeProcess, FakeProvider
from tests.journeys.real_app import wait_for

MODEL = "fake-tok3-ttft100"
N = 1000
FLY = f"""
import asyncio, sys
from pathlib import Path
from cockpit.config import Config
from cockpit.core.prompts import single
from cockpit.runner import Draft, fly, launch
from cockpit.services import open_services

async def main():
    services = open_services(Config(), Path(sys.argv[1]))
    plan, live = await launch(services, Draft(single("Say anything."), ("openai:{MODEL}",), n={N}))
    async for event in fly(services, plan, live):
        pass

asyncio.run(main())
"""


async def killed_midway(fake: FakeProvider, db: Path) -> None:
    """Start a run in a process of its own and end it with SIGKILL when a part has been answered."""
    process = subprocess.Popen([sys.executable, "-c", FLY, str(db)], env={**os.environ, **fake.env()})  # noqa: ASYNC220
    try:
        async with asyncio.timeout(30):
            while fake.answered[MODEL] < N * 0.5:
                assert process.poll() is None
                await asyncio.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    async with asyncio.timeout(10):
        while fake.active:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_killed_run_sends_only_what_is_missing(
    fake: FakeProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = tmp_path / "cockpit.db"
    await killed_midway(fake, db)
    at_kill, in_flight = fake.answered[MODEL], fake.max_active
    for name, value in fake.env().items():
        monkeypatch.setenv(name, value)

    services = open_services(Config(), db)
    (run,) = runs.unfinished_runs(services.store.read())
    before = samples.run_samples(services.store.read(), run.id)
    assert len(before) > N * 0.2, "what had finished is there"
    sent = fake.received[MODEL]
    plan, live, done = await resume(services, run.id)
    assert {s.key for s in before} == done and live.done == len(before)
    new = [event.sample async for event in fly(services, plan, live, done=done) if isinstance(event, Finished)]
    assert fake.received[MODEL] - sent == len(new) == N - len(before)
    assert all(s.id is not None and s.ok for s in new)
    # Only answers that the kill caught between their request and the disk are asked for again, and the engine lets no
    # more samples be there at once than it has streams.
    assert N <= fake.answered[MODEL] == N + (at_kill - len(before)) <= N + in_flight

    after = samples.run_samples(services.store.read(), run.id)
    assert {s.key for s in after} == set(plan.keys()) and len(after) == N
    assert {s.id: s.text for s in before}.items() <= {s.id: s.text for s in after}.items()
    assert runs.unfinished_runs(services.store.read()) == []
    again, live_again, nothing = await resume(services, run.id)
    assert [e async for e in fly(services, again, live_again, done=nothing)] == []
    assert fake.received[MODEL] - sent == len(new)
    await close_services(services)


@pytest.fixture
def ended() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that must not outlive the test."""
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def test_a_run_that_one_process_sends_no_other_can(
    cli: Cli, fake_process: FakeProcess, ended: list[subprocess.Popen[bytes]]
) -> None:
    slow = "fake-hang-tok7"
    first = cli.start("send", "--json", "-m", "openai:fake-tok2", "-m", f"openai:{slow}", "only once")
    ended.append(first)
    assert first.stdout is not None
    run = str(json.loads(first.stdout.readline())["run"])
    second = cli.process("run", "resume", run, "--json", "--cap", "1")
    assert (second.status, second.out) == (1, "")
    assert second.err == (
        f"cockpit: Run {run} is being sent by another Cockpit (process {first.pid}). "
        "Wait for its end, or cancel it there.\n"
    )
    assert [row["state"] for row in cli("run", "list", "--json").rows()] == ["sending"]
    assert "sending" in cli("run", "list").out
    assert cli("run", "show", run).status == 0, "looking is free"
    assert fake_process.stats()["received"][slow] == 1
    first.kill()
    first.wait(20)
    assert [row["state"] for row in cli("run", "list", "--json").rows()] == ["unfinished"]
    third = cli.start("run", "resume", run, "--json")
    ended.append(third)
    wait_for(lambda: fake_process.stats()["received"][slow] == 2)


def test_many_processes_that_resume_one_run_at_once_send_each_sample_once(cli: Cli, fake_process: FakeProcess) -> None:
    model, n = "fake-tok4-ttft40", 50
    first = cli.start("send", "--json", "-m", f"openai:{model}", "-n", str(n), "one of many")
    assert first.stdout is not None
    run = str(json.loads(first.stdout.readline())["run"])
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=20)
    kept = len(cli("run", "show", run, "--json").rows())
    before = fake_process.stats()["received"][model]
    crowd = [cli.start("run", "resume", run, "--json") for _ in range(4)]
    came = [(*process.communicate(timeout=60), process.returncode) for process in crowd]
    for out, err, status in came:
        assert status == 0 or b"is being sent by another Cockpit" in err, err
        assert status == 0 or not out
    indexes = [json.loads(line)["index"] for out, _, _ in came for line in out.splitlines()]
    assert len(indexes) == len(set(indexes)) == n - kept
    assert fake_process.stats()["received"][model] - before == n - kept


async def test_samples_that_another_process_brought_meanwhile_are_not_sent(
    fake: FakeProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in fake.env().items():
        monkeypatch.setenv(name, value)
    here, there = (open_services(Config(), tmp_path / "cockpit.db") for _ in range(2))
    plan, _ = await launch(here, Draft(single("hi"), ("openai:fake-tok2",), n=5))
    ours, theirs = await resume(here, plan.run_id), await resume(there, plan.run_id)
    assert len([e async for e in fly(there, *theirs[:2], done=theirs[2]) if isinstance(e, Finished)]) == 5
    assert [e async for e in fly(here, *ours[:2], done=ours[2])] == []
    assert (ours[1].done, ours[1].failed, fake.total) == (5, 0, 5)
    for services in (here, there):
        await close_services(services)
