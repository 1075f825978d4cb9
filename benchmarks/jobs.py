"""Jobs: what watching them costs, a series of 100,000 points, a log of a gigabyte. Real jobs in a new folder."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks.report import Row, median
from cockpit.app import CockpitApp
from cockpit.config import Config
from cockpit.core.jobs import JobSpec, Observation
from cockpit.core.metric_points import Point
from cockpit.job_control import kill, set_queue
from cockpit.job_runner import Ask, JobDesk
from cockpit.screens.job_charts import Asked, load
from cockpit.screens.jobs import JobsScreen
from cockpit.services import Services, close_services
from cockpit.store import job_points, jobs, projects
from cockpit.store.db import Store, open_store
from cockpit.store.jobs import NewJob

LISTED, RUNNING = 500, 50
WATCHED_S = 20.0
POINTS = 100_000
GIGABYTE = 1 << 30
PROJECT = "bench"
WRITES = (
    "import time; from cockpit.track import log\n"
    "for i in range(10**6): log(step=i, max_steps=10**6, loss=1 / (i + 1)); time.sleep(1)"
)
OPENS = """
import asyncio, resource, sys, time
from pathlib import Path
from cockpit.backends.base import FileLog
from cockpit.job_log import LogReader
async def run():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    reader = LogReader(FileLog(Path(sys.argv[1])))
    lines = await reader.before(await reader.size(), 45)
    taken = time.perf_counter() - begin
    print(taken * 1000, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, len(lines))
asyncio.run(run())
"""


def run() -> list[Row]:
    """All figures of jobs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [*asyncio.run(_watched(folder)), *_drawn(folder), *_log(folder)]


def _fill(store: Store) -> None:
    """Jobs that ended, so that the list is long."""
    at = "2026-01-02T03:04:05.000006+00:00"

    def write(db: Any) -> None:
        project = projects.ensure_project(db, PROJECT)
        for number in range(LISTED - RUNNING):
            new = NewJob(uuid.uuid4().hex[:16], f"job {number}", JobSpec(("true",), "/"), "local")
            made = jobs.add_job(db, project, new)
            jobs.observe(db, Observation(made, "local", at, "finished", exit_code=0, started=at, ended=at))

    store.write_now(write)


async def _watched(folder: Path) -> list[Row]:
    """The app with its Jobs pane open: 50 jobs run, and each writes a record a second."""
    store = open_store(folder / "jobs.db")
    _fill(store)
    desk = JobDesk(store)
    await set_queue(desk, "default", slots=RUNNING)
    argv = (sys.executable, "-c", WRITES)
    ids: list[int] = []
    try:
        for number in range(RUNNING):
            ids += await desk.submit(Ask(argv, str(Path(__file__).parents[1]), name=f"run {number}"), PROJECT)
        services = Services(Config(path=folder / "none.toml"), store)
        app = CockpitApp(services, project=PROJECT, state_dir=folder / "state")
        async with app.run_test(size=(160, 45)) as pilot:
            await pilot.press("f5")
            await _until(pilot.pause, lambda: isinstance(app.screen, JobsScreen) and app.job_watch.live == RUNNING)
            looks = await _cost(app.job_watch.look, 10)
            known = sum(sum(view.known.offsets.values()) for view in app.job_watch.views)
            before, begin = time.process_time(), time.perf_counter()
            await asyncio.sleep(WATCHED_S)
            share = (time.process_time() - before) / (time.perf_counter() - begin)
            if sum(sum(view.known.offsets.values()) for view in app.job_watch.views) == known:
                raise RuntimeError("nothing of what the jobs wrote was seen: what was measured is not watching")
    finally:
        for job_id in ids:
            await kill(desk, job_id, grace_s=0.1)
        await close_services(Services(Config(path=folder / "none.toml"), store))
    return [
        Row(f"watching {RUNNING} running of {LISTED} jobs", share * 100, "% of a core", 2, note=f"{WATCHED_S:g} s"),
        Row("one look at them", looks * 1000, "ms", note="CPU, in a thread"),
    ]


async def _cost(work: Callable[[], Awaitable[object]], times: int) -> float:
    """CPU seconds of one call, the median."""
    taken = []
    for _ in range(times):
        before = time.process_time()
        await work()
        taken.append(time.process_time() - before)
    return median(taken)


async def _until(pause: Callable[[float], Awaitable[object]], wanted: Callable[[], object]) -> None:
    ends = time.monotonic() + 60
    while not wanted():
        if time.monotonic() > ends:
            raise TimeoutError("the pane never showed the jobs")
        await pause(0.05)


def _drawn(folder: Path) -> list[Row]:
    """A series read from the database, and drawn by the chart that the pane shows."""
    from widgets.chart import Axes, Chart, Series

    store = open_store(folder / "points.db")

    def write(db: Any) -> int:
        new = NewJob(uuid.uuid4().hex[:16], "long", JobSpec(("true",), "/"), "local")
        made = jobs.add_job(db, projects.ensure_project(db, PROJECT), new)
        job_points.add_points(
            db, made, "metrics.jsonl", (Point("loss", 1 / (i + 1), i, 1e9 + i) for i in range(POINTS))
        )
        return made

    begin = time.perf_counter()
    made = store.write_now(write)
    stored = time.perf_counter() - begin
    taken = []

    async def draw() -> None:
        from textual.app import App

        class Alone(App[None]):
            def compose(self) -> Any:
                yield Chart(Axes("step", "loss"))

        app = Alone()
        async with app.run_test(size=(160, 45)):
            chart = app.query_one(Chart)
            for _ in range(7):
                start = time.perf_counter()
                ((curve,), _) = load(store, Asked((made,))).curves
                chart.show([Series("loss", curve.xs, curve.ys)])
                chart.render_line(0)
                taken.append(time.perf_counter() - start)

    asyncio.run(draw())
    store.close()
    return [
        Row(f"{POINTS:,} points read and drawn", median(taken) * 1000, "ms", 100),
        Row(f"{POINTS:,} points stored", stored * 1000, "ms"),
    ]


def _log(folder: Path) -> list[Row]:
    """The end of a log of a gigabyte, in a process of its own."""
    path = folder / "log"
    line = (b"step 12 loss 0.25 " + b"x" * 80)[:99] + b"\n"
    with path.open("wb") as file:
        block = line * 10_000
        for _ in range(GIGABYTE // len(block) + 1):
            file.write(block)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    found = []
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", OPENS, str(path)], env=env, capture_output=True, check=True)
        found.append([float(word) for word in done.stdout.split()])
    path.unlink()
    return [
        Row("the end of a log of 1 GB, opened", median([one[0] for one in found]), "ms", 200),
        Row("memory for it", median([one[1] for one in found]), "MiB", 30),
    ]
