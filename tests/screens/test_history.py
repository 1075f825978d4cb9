"""The runs of a project: what is missing is said, resuming is offered only where there is something to resume."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.core.prompts import single
from cockpit.core.runs import Plan, Target
from cockpit.screens.history import PAGE, HistoryChoice, HistoryScreen
from cockpit.services import Services
from cockpit.store import projects, runs
from cockpit.store.db import Database
from tests.screens.opened_host import HostApp, fill, make_services, until
from widgets.row_list import ListRow, RowList


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


def rows_of(app: HostApp) -> list[ListRow]:
    rows = app.screen.query_one("#rows", RowList)
    found = [rows.row(at) for at in range(1000)]
    return [row for row in found if row is not None]


async def test_an_unfinished_run_says_how_many_are_missing_and_resumes(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: HistoryScreen(s, "default"))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and len(rows_of(app)) == 4)
        assert [row.key for row in rows_of(app)] == list(reversed(world.run_ids))
        assert "6 failed, 4 missing" in rows_of(app)[0].cells
        await pilot.press("r")
        await until(pilot, lambda: app.results)
        assert app.results == [HistoryChoice(world.run_ids[-1], resume=True)]


async def test_enter_opens_the_highlighted_run(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: HistoryScreen(s, "default"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and len(rows_of(app)) == 4)
        await pilot.press("j", "enter")
        await until(pilot, lambda: app.results)
        assert app.results == [HistoryChoice(world.run_ids[-2])]


async def test_older_runs_are_read_as_the_cursor_comes_near(services: Services, tmp_path: Path) -> None:
    def many(db: Database) -> None:
        project = projects.ensure_project(db, "default")
        for _ in range(PAGE + 20):
            plan = Plan(single("x"), (Target("local:smollm2", "local", "smollm2", "http://x"),))
            runs.create_run(db, plan, project_id=project)

    services.store.write_now(many)
    app = HostApp(services, tmp_path, lambda s: HistoryScreen(s, "default"))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and len(rows_of(app)) == PAGE)
        await pilot.press("G")
        await until(pilot, lambda: len(rows_of(app)) == PAGE + 20)


async def test_no_run_yet(services: Services, tmp_path: Path) -> None:
    app = HostApp(services, tmp_path, lambda s: HistoryScreen(s, "nothing here"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows"))
        await pilot.press("enter", "r", "u")
        await pilot.pause()
        assert app.results == []
