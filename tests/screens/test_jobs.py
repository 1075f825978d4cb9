"""The Jobs pane with real jobs: started from it, seen in it, ended from it, and still true when the app comes back."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.config import Config
from cockpit.core.examples import Example, Template
from cockpit.core.jobs import JobSpec, Observation
from cockpit.screens.finetune import FinetuneScreen
from cockpit.screens.job_charts import JobCharts, JobChartsScreen
from cockpit.screens.job_compare import JobCompareScreen
from cockpit.screens.job_detail import JobDetailScreen
from cockpit.screens.job_digest import JobDigestScreen
from cockpit.screens.job_log import JobLogScreen
from cockpit.screens.job_new import JobNewScreen
from cockpit.screens.jobs import JobsScreen
from cockpit.services import Services, close_services
from cockpit.store import examples, jobs, projects, sets
from cockpit.store.db import open_store
from cockpit.store.jobs import NewJob
from tests.backends.jobs import end_everything
from tests.fake_vendor_jobs import FakeVendor
from widgets.row_list import RowList
from widgets.visible import visible

TRAIN = """
import sys, time
from cockpit.track import log
for i in range(int(sys.argv[1])):
    log(step=i, max_steps=int(sys.argv[1]), loss=2.0 / (i + 1), eval_loss=3.0 / (i + 1), accuracy=i / 100)
print("trained", flush=True)
"""
Open = Callable[..., Any]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "cockpit.db"
    yield path
    list(end_everything(Path(f"{path}.jobs")))


@asynccontextmanager
async def app_on(db: Path, size: tuple[int, int] = (150, 40)) -> AsyncIterator[tuple[CockpitApp, Pilot[int]]]:
    services = Services(Config(path=db.with_name("none.toml")), open_store(db))
    app = CockpitApp(services, project="p", state_dir=db.parent / "state")
    try:
        async with app.run_test(size=size) as pilot:
            await pilot.press("f5")
            await seen(pilot, lambda: isinstance(app.screen, JobsScreen) and app.job_watch.loaded)
            yield app, pilot
    finally:
        await close_services(services)


async def seen(pilot: Pilot[int], wanted: Callable[[], object]) -> None:
    """Wait until something is so; the app goes on meanwhile."""
    end = time.monotonic() + 30
    while not wanted():
        assert time.monotonic() < end, "it did not come about"
        await pilot.pause(0.02)


def rows(app: CockpitApp) -> list[tuple[str, ...]]:
    listed = app.screen.query_one("#rows", RowList)
    return [row.cells for at in range(listed.line_count() - 1) if (row := listed.row(at)) is not None]


def state(app: CockpitApp, at: int = 0) -> str:
    return rows(app)[at][2]


async def start(pilot: Pilot[int], app: CockpitApp, command: str, **lines: str) -> None:
    """Fill in the form and start the job."""
    before = len(app.job_watch.views)
    await pilot.press("n")
    await seen(pilot, lambda: isinstance(app.screen, JobNewScreen))
    for name, text in {"command": command, **lines}.items():
        app.screen.query_one(f"#job-{name}").value = text  # type: ignore[attr-defined]
    await pilot.press("ctrl+j")
    await seen(pilot, lambda: isinstance(app.screen, JobsScreen) and len(app.job_watch.views) > before)


def python(code: str, *words: str) -> str:
    return shlex.join([sys.executable, "-c", code, *words])


async def test_an_empty_pane_says_what_it_is_for_and_which_key_starts(db: Path) -> None:
    async with app_on(db) as (app, _):
        said = "\n".join(app.screen.query_one("#rows", RowList)._empty)
        assert "n starts the first one" in said


async def test_a_job_is_started_seen_and_ended_by_keys(db: Path) -> None:
    async with app_on(db) as (app, pilot):
        await start(pilot, app, python("import time; print('up', flush=True); time.sleep(600)"), name="long [red]")
        await seen(pilot, lambda: state(app) == "running")
        assert rows(app)[0][1] == "long [red]"
        await seen(pilot, lambda: app.badge[0] == 1)
        await pilot.press("x")
        await pilot.pause()
        await pilot.press("y")
        await seen(pilot, lambda: state(app) == "killed by you")
        assert app.job_watch.live == 0


async def test_what_was_typed_into_the_form_is_there_again(db: Path) -> None:
    async with app_on(db) as (app, pilot):
        await pilot.press("n")
        await seen(pilot, lambda: isinstance(app.screen, JobNewScreen))
        await pilot.press(*"make it")
        await pilot.press("tab", "tab", *"me")
        await pilot.press("escape")
        await seen(pilot, lambda: isinstance(app.screen, JobsScreen))
        assert rows(app) == []
    async with app_on(db) as (app, pilot):
        await pilot.press("n")
        await seen(pilot, lambda: isinstance(app.screen, JobNewScreen))
        form = app.screen
        assert isinstance(form, JobNewScreen)
        assert (form.values["command"], form.values["name"]) == ("make it", "me")


async def test_a_form_that_cannot_be_meant_says_why_and_submits_nothing(db: Path) -> None:
    async with app_on(db) as (app, pilot):
        await pilot.press("n")
        await seen(pilot, lambda: isinstance(app.screen, JobNewScreen))
        app.screen.query_one("#job-command").value = "true"  # type: ignore[attr-defined]
        app.screen.query_one("#job-expect").value = "soon"  # type: ignore[attr-defined]
        await pilot.press("ctrl+j")
        await seen(pilot, lambda: app.screen.focused is not None and app.screen.focused.id == "job-expect")
        assert jobs.list_jobs(app.services.store.read()) == []


async def test_the_app_goes_and_comes_back_and_the_job_is_told_truly(db: Path) -> None:
    gate = db.with_name("gate")
    code = f"import os, sys, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.02)\nsys.exit(3)"
    async with app_on(db) as (app, pilot):
        await start(pilot, app, python(code))
        await seen(pilot, lambda: state(app) == "running")
    gate.touch()
    async with app_on(db) as (app, pilot):
        await seen(pilot, lambda: rows(app) and state(app) == "failed (3)")
        assert app.job_watch.views[0].standing.exit_code == 3


async def test_a_sweep_is_one_group_that_folds(db: Path) -> None:
    async with app_on(db) as (app, pilot):
        await start(pilot, app, f"{sys.executable} -c pass --lr 0", sweep="lr=1,2,3", name="sw")
        await seen(pilot, lambda: [r[2] for r in rows(app)][1:] == ["finished"] * 3)
        assert [r[1].strip() for r in rows(app)] == ["sw  (3)", "lr=1", "lr=2", "lr=3"]
        await pilot.press("g", "enter")
        await seen(pilot, lambda: len(rows(app)) == 1)
        assert rows(app)[0][2] == "3 finished"


async def test_filters_and_marks(db: Path) -> None:
    async with app_on(db) as (app, pilot):
        await start(pilot, app, python("raise SystemExit(2)"), name="bad")
        await start(pilot, app, "true", name="good")
        await seen(pilot, lambda: {r[2] for r in rows(app)} == {"failed (2)", "finished"})
        await pilot.press("slash", *"state:failed", "enter")
        await seen(pilot, lambda: [r[1] for r in rows(app)] == ["bad"])
        await pilot.press("escape")
        await seen(pilot, lambda: len(rows(app)) == 2)
        await pilot.press("g", "space", "space")
        await pilot.press("M")
        await seen(pilot, lambda: isinstance(app.screen, JobCompareScreen))
        await seen(pilot, lambda: any(cells[0] == "state" for cells in rows(app)))


async def test_curves_end_with_the_numbers_of_the_jobs_own_file(db: Path) -> None:
    async with app_on(db) as (app, pilot):
        await start(pilot, app, python(TRAIN, "60"), cwd=str(Path(__file__).parents[2]))
        await seen(pilot, lambda: state(app) == "finished" and app.job_watch.views[0].known.read_out)
        await pilot.press("C")
        await seen(pilot, lambda: isinstance(app.screen, JobChartsScreen))
        part = app.screen.query_one(JobCharts)
        await seen(pilot, lambda: part.loaded.points)
        row = app.job_watch.views[0].row
        text = (app.job_watch.desk.folder_of(row) / "metrics.jsonl").read_text("utf-8")
        written = [json.loads(line) for line in text.splitlines()]
        drawn = {one.metric: list(zip(one.xs, one.ys, strict=True)) for both in part.loaded.curves for one in both}
        for name in ("loss", "eval_loss", "accuracy"):
            assert drawn[name] == [(line["step"], line[name]) for line in written]
        assert part.loaded.shown == ("loss", "accuracy")
        await pilot.press("c", *"4", "enter")
        await seen(pilot, lambda: part.loaded.chance is not None)
        assert part.loaded.chance is not None
        assert round(part.loaded.chance.loss, 4) == 1.3863


async def test_the_detail_shows_facts_curves_and_log_of_one_job(db: Path) -> None:
    async with app_on(db) as (app, pilot):
        await start(pilot, app, python(TRAIN, "5"), cwd=str(Path(__file__).parents[2]))
        await seen(pilot, lambda: state(app) == "finished")
        await pilot.press("enter")
        await seen(pilot, lambda: isinstance(app.screen, JobDetailScreen))
        detail = app.screen
        assert isinstance(detail, JobDetailScreen)
        await seen(pilot, lambda: "commit" in str(detail._more))
        log = detail.query_one("#log")
        await seen(pilot, lambda: [line.text for line in log.view.lines] == ["trained"])  # type: ignore[attr-defined]
        await pilot.press("r")
        await seen(pilot, lambda: len(app.job_watch.views) == 2)


async def test_a_hostile_log_is_read_searched_and_marked(db: Path) -> None:
    code = (
        "import os\nos.write(1, b'\\x1b]0;evil\\x07\\x1b[31mred\\x1b[0m plain\\x1b[2J\\n\\xff\\xfe [bold]x[/]\\n')\n"
        "os.write(1, b' 10%\\r 55%\\r100%\\n')\nfor i in range(3000): print('line', i)\nraise ValueError('boom')"
    )
    async with app_on(db) as (app, pilot):
        await start(pilot, app, python(code))
        await seen(pilot, lambda: state(app) == "failed (1)")
        await pilot.press("o")
        await seen(pilot, lambda: isinstance(app.screen, JobLogScreen))
        screen = app.screen
        assert isinstance(screen, JobLogScreen)
        view = screen.part.view
        await seen(pilot, lambda: view.lines and view.lines[-1].text == "ValueError: boom")
        await pilot.press("g")
        await seen(pilot, lambda: view.lines and view.lines[0].key == 0)
        assert [line.text for line in view.lines[:3]] == ["red plain", "�� [bold]x[/]", "100%"]
        assert view.lines[0].pieces[0] == ("red", "red")
        await pilot.press("slash", *"line 2345", "enter")
        await seen(pilot, lambda: view.current is not None and view.current.text == "line 2345")
        await pilot.press("m")
        await seen(pilot, lambda: view.current is not None and view.current.margin == "◆")
        await pilot.press("e")
        await seen(pilot, lambda: view.current is not None and view.current.text.startswith("Traceback"))
        strip = view.render_line(view.cursor - view.top)
        assert "\x1b" not in visible(strip.text)


async def test_the_digest_opens_by_itself_after_a_night(db: Path) -> None:
    async with app_on(db) as (app, pilot):
        await start(pilot, app, python("raise ValueError('overnight')"))
        await seen(pilot, lambda: state(app) == "failed (1)")
        app.put_setting("jobs.looked.p", (datetime.now(UTC) - timedelta(hours=9)).isoformat())
        await app.services.store.flush()
        await pilot.press("f2")
        await pilot.press("f5")
        await seen(pilot, lambda: isinstance(app.screen, JobDigestScreen))
        digest = app.screen
        assert isinstance(digest, JobDigestScreen)
        assert "ValueError: overnight" in digest._found.first[0]
        app.put_setting("jobs.looked.p", (datetime.now(UTC) - timedelta(hours=9)).isoformat())
        await app.services.store.flush()
    services = Services(Config(path=db.with_name("none.toml")), open_store(db))
    app = CockpitApp(services, project="p", state_dir=db.parent / "state")
    try:
        async with app.run_test(size=(150, 40)) as pilot:
            await seen(pilot, lambda: any("1 job ended" in note.message for note in app._notifications))
    finally:
        await close_services(services)


async def test_a_finetune_is_checked_and_the_ladder_asked_before_anything_is_sent(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = FakeVendor()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-probe-0123456789")
    services = Services(
        Config(path=db.with_name("none.toml"), backends={"openai": {"base_url": f"{vendor.url}/v1"}}), open_store(db)
    )

    def fill(write: Any) -> None:
        project = projects.ensure_project(write, "p")
        ids = [examples.add_example(write, project, Example(f"q {at}", f"a {at}")) for at in range(12)]
        sets.save_set(write, project, "few", ids, Template("pairs", "Q:", "A:", "\n\n"))

    await services.store.write(fill)
    app = CockpitApp(services, project="p", state_dir=db.parent / "state")
    try:
        async with app.run_test(size=(150, 40)) as pilot:
            await pilot.press("f5")
            await seen(pilot, lambda: isinstance(app.screen, JobsScreen) and app.job_watch.loaded)
            await pilot.press("T")
            await seen(pilot, lambda: isinstance(app.screen, FinetuneScreen))
            form = app.screen
            await pilot.press(*"few", "tab", *"gpt-x")
            await seen(pilot, lambda: "12 examples" in said_in(form))
            assert "the file is as OpenAI wants it" in said_in(form)
            assert "Not tried yet: zero-shot, few-shot" in said_in(form)
            await pilot.press("ctrl+j")
            await seen(pilot, lambda: form.focused is not None and form.focused.id == "job-reason")
            assert vendor.asked == []
            await pilot.press(*"to see", "enter")
            await seen(pilot, lambda: isinstance(app.screen, JobsScreen) and rows(app) and state(app) == "queued")
            vendor.jobs["ftjob-1"]["status"] = "running"
            await seen(pilot, lambda: state(app) == "running")
    finally:
        await close_services(services)
        vendor.close()


def said_in(form: Any) -> str:
    return str(form.query_one("#preview Plain").content)


def many(db: Path, n: int, running: int) -> None:
    """A database with many ended jobs, and some that a backend says run."""
    store = open_store(db)

    def fill(write: Any) -> None:
        project = projects.ensure_project(write, "p")
        at = datetime.now(UTC).isoformat()
        for i in range(n):
            spec = JobSpec(("python", "train.py", "--seed", str(i)), str(db.parent))
            job = jobs.add_job(write, project, NewJob(f"{i:016x}", f"job {i}", spec, "local"))
            jobs.put_known(write, job, "metrics", {"loss": 1 / (i + 1), "accuracy": 0.5}, "metrics.jsonl")
            jobs.put_known(write, job, "read_out", True, "files")
            end = "finished" if i % 7 else "failed"
            jobs.observe(write, Observation(job, "local", at, "running", started=at))
            if i >= running:
                jobs.observe(write, Observation(job, "local", at, end, exit_code=0, started=at, ended=at))  # type: ignore[arg-type]

    store.write_now(fill)
    store.close()


async def test_five_hundred_jobs_are_listed_drawn_and_watched_without_a_late_frame(db: Path) -> None:
    many(db, 500, 0)
    async with app_on(db) as (app, pilot):
        await seen(pilot, lambda: len(rows(app)) == 500)
        screen = app.screen
        assert isinstance(screen, JobsScreen)
        taken = []
        for _ in range(5):
            begin = time.perf_counter()
            screen.listing._shown = []
            screen.listing.show()
            taken.append(time.perf_counter() - begin)
        assert min(taken) < 0.042
        await app.job_watch.look()
        begin = time.process_time()
        for _ in range(10):
            await app.job_watch._what_may_have_changed()
        assert (time.process_time() - begin) / 10 < 0.02
