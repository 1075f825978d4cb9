"""Several processes and sudden deaths: nothing that was durable is lost, and the file opens clean."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from cockpit.store import samples
from cockpit.store.db import check, open_store
from tests.store.conftest import make_run, plan_of

WRITER = """
import asyncio, sys
from pathlib import Path
from cockpit.store import samples
from cockpit.store.db import open_store
from tests.store.conftest import sample_of

async def main(path, run, target, n):
    store = open_store(Path(path))
    for i in range(int(n)):
        one = sample_of(int(run), i, target=int(target), text=f"word{i} " * 40)
        store.post(lambda db, one=one: samples.add_sample(db, one))
        if i % 50 == 49:
            await store.flush()
            print(i + 1, flush=True)
    await store.aclose()

asyncio.run(main(*sys.argv[1:]))
"""
ROOT = Path(__file__).parents[2]


def writer(path: Path, run: int, target: int, n: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(run), str(target), str(n)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_two_processes_write_into_one_run(path: Path) -> None:
    store = open_store(path)
    run = make_run(store, plan_of(n=600))
    children = [writer(path, run, target, 600) for target in (0, 1)]
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0
    assert len(samples.done_keys(store.read(), run)) == 1200
    store.close()
    assert {finding.level for finding in check(path)} == {"ok"}


def test_a_killed_writer_loses_nothing_it_had_flushed(path: Path) -> None:
    store = open_store(path)
    run = make_run(store, plan_of(n=100_000))
    store.close()
    child = writer(path, run, 0, 100_000)
    assert child.stdout is not None
    durable = 0
    while durable < 500:
        durable = int(child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    rest, _ = child.communicate(timeout=60)
    durable = max([durable, *(int(line) for line in rest.split())])
    again = open_store(path)
    found = len(samples.done_keys(again.read(), run))
    assert durable <= found <= durable + 50
    assert len(samples.search(again.read(), f"word{durable - 1}")) == 1
    again.close()
    assert {finding.level for finding in check(path)} == {"ok"}
