"""A run killed in the middle is resumed: no sample is lost, none is sent twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.config import Config
from cockpit.core.sampling import Finished
from cockpit.runner import BEHIND, fly, resume
from cockpit.services import close_services, open_services
from cockpit.store import runs, samples
from tests.fake_provider import FakeProvider

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
    # Answers that the kill caught between the wire and the disk are the only ones asked for again.
    assert N <= fake.answered[MODEL] <= N + (at_kill - len(before)) <= N + 2 * in_flight + BEHIND

    after = samples.run_samples(services.store.read(), run.id)
    assert {s.key for s in after} == set(plan.keys()) and len(after) == N
    assert {s.id: s.text for s in before}.items() <= {s.id: s.text for s in after}.items()
    assert runs.unfinished_runs(services.store.read()) == []
    again, live_again, nothing = await resume(services, run.id)
    assert [e async for e in fly(services, again, live_again, done=nothing)] == []
    assert fake.received[MODEL] - sent == len(new)
    await close_services(services)
