"""The Log pane: written, found, edited and traced with keys alone; nothing typed is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.config import Config
from cockpit.screens.log import LogScreen
from cockpit.screens.log_edit import LogEditScreen
from cockpit.screens.log_predictions import LogPredictionsScreen, record_lines
from cockpit.screens.log_steps import LogStepsScreen
from cockpit.services import Services, close_services
from cockpit.store.db import open_store
from cockpit.store.entry_drafts import list_drafts
from cockpit.store.log import Draft, add_entry, get_entry, list_entries, revisions, save_entry
from cockpit.store.predictions import list_predictions
from cockpit.store.projects import ensure_project
from cockpit.store.steps import NewStep, add_step, list_steps
from tests.screens.test_jobs import seen
from widgets.prompt_editor import PromptEditor
from widgets.row_list import RowList
from widgets.text_view import TextView


@asynccontextmanager
async def log_on(db: Path, size: tuple[int, int] = (120, 35)) -> AsyncIterator[tuple[CockpitApp, Pilot[int]]]:
    services = Services(Config(path=db.with_name("none.toml")), open_store(db))
    services.store.write_now(lambda d: ensure_project(d, "p"))
    app = CockpitApp(services, project="p", state_dir=db.parent / "state")
    try:
        async with app.run_test(size=size) as pilot:
            await pilot.press("f7")
            await seen(pilot, lambda: isinstance(app.screen, LogScreen))
            yield app, pilot
    finally:
        await close_services(services)


def titles(app: CockpitApp) -> list[str]:
    rows = app.screen.query_one("#rows", RowList)
    return [row.cells[1] for at in range(rows.line_count() - 1) if (row := rows.row(at)) is not None]


def shown(app: CockpitApp) -> str:
    return app.screen.query_one("#entry", TextView).text


async def write(pilot: Pilot[int], app: CockpitApp, *, key: str = "n") -> PromptEditor:
    await pilot.press(key)
    await seen(pilot, lambda: isinstance(app.screen, LogEditScreen) and app.screen.query("#body"))
    return app.screen.query_one("#body", PromptEditor)


def add(app: CockpitApp, draft: Draft) -> int:
    return app.services.store.write_now(lambda d: add_entry(d, ensure_project(d, "p"), draft))


async def test_an_entry_is_written_saved_found_and_edited_with_keys_alone(tmp_path: Path) -> None:
    async with log_on(tmp_path / "c.db") as (app, pilot):
        await write(pilot, app)
        await pilot.press(*"seen twice", "ctrl+j")
        await seen(pilot, lambda: isinstance(app.screen, LogScreen) and titles(app) == ["seen twice"])
        await write(pilot, app, key="e")
        await pilot.press(*"x ", "ctrl+j")
        await seen(pilot, lambda: isinstance(app.screen, LogScreen) and titles(app) != ["seen twice"])
        db = app.services.store.read()
        (entry,) = list_entries(db, 1)
        assert [edit.draft.body for edit in revisions(db, entry.id)] == ["seen twice", "x seen twice"]
        assert list_drafts(db, 1) == []
        add(app, Draft("Other", "nothing of the kind", "2026-01-01"))
        await pilot.press("slash", *"twi")
        await seen(pilot, lambda: titles(app) == ["x seen twice"])
        await pilot.press("escape", "escape")
        await seen(pilot, lambda: len(titles(app)) == 2)


async def test_what_is_typed_and_not_saved_is_there_on_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    async with log_on(path) as (app, pilot):
        await write(pilot, app)
        await pilot.press(*"half a thought", "ctrl+q")
    async with log_on(path) as (app, pilot):
        await seen(pilot, lambda: "half a thought" in shown(app))
        await pilot.press("enter")
        await seen(pilot, lambda: isinstance(app.screen, LogEditScreen) and app.screen.query("#body"))
        assert app.screen.query_one("#body", PromptEditor).text == "half a thought"


async def test_an_edit_made_elsewhere_is_told_and_both_are_kept(tmp_path: Path) -> None:
    async with log_on(tmp_path / "c.db") as (app, pilot):
        number = add(app, Draft("T", "first", "2026-11-24"))
        await pilot.press("f2", "f7")
        await seen(pilot, lambda: isinstance(app.screen, LogScreen) and titles(app) == ["T"])
        await write(pilot, app, key="e")
        app.services.store.write_now(lambda d: save_entry(d, number, Draft("T", "theirs", "2026-11-24"), seen=1))
        await pilot.press(*"my ", "ctrl+j")
        await seen(pilot, lambda: app.screen.is_modal)
        assert get_entry(app.services.store.read(), number).draft.body == "theirs"
        await pilot.press("y")
        await seen(pilot, lambda: isinstance(app.screen, LogScreen))
        db = app.services.store.read()
        assert [edit.draft.body for edit in revisions(db, number)] == ["first", "theirs", "my first"]


async def test_checking_and_tracing_say_what_is_missing_and_hostile_text_is_only_shown(tmp_path: Path) -> None:
    async with log_on(tmp_path / "c.db", (80, 24)) as (app, pilot):
        add(app, Draft("[bold]x[/] \x1b[31m", "It rose by 12 %. [/nope]", "2026-11-24"))
        await pilot.press("f2", "f7")
        await seen(pilot, lambda: "It rose by 12 %" in shown(app))
        await pilot.press("c")
        await seen(pilot, lambda: "It cites no run" in shown(app) and "12 %" in shown(app))
        await pilot.press("t")
        await seen(pilot, lambda: "no figures" in shown(app))
        await pilot.press("h")
        await seen(pilot, lambda: "edit 1" in shown(app))


async def test_a_prediction_is_made_and_resolved_and_the_record_counts_its_bits(tmp_path: Path) -> None:
    async with log_on(tmp_path / "c.db") as (app, pilot):
        await pilot.press("P")
        await seen(pilot, lambda: isinstance(app.screen, LogPredictionsScreen) and app.screen.query("#rows"))
        await pilot.press("a")
        await seen(pilot, lambda: app.screen.is_modal)
        await pilot.press(*"it works", "enter")
        await seen(
            pilot, lambda: app.screen.is_modal and "How likely" in str(app.screen.query_one(".panel").border_title)
        )
        await pilot.press(*"25%", "enter")
        await seen(pilot, lambda: isinstance(app.screen, LogPredictionsScreen) and len(titles(app)) == 1)
        await pilot.press("y")
        await seen(pilot, lambda: list_predictions(app.services.store.read(), 1)[0].happened is True)
        (one,) = list_predictions(app.services.store.read(), 1)
        assert (one.claim, one.p) == ("it works", 0.25)
        assert record_lines([one])[0][0] == "2.0 bits learned from 1 outcomes, 0.8 expected"


async def test_steps_are_added_moved_and_closed_by_their_result(tmp_path: Path) -> None:
    async with log_on(tmp_path / "c.db", (80, 24)) as (app, pilot):
        for title in ("one", "two"):
            app.services.store.write_now(lambda d, title=title: add_step(d, 1, NewStep(title)))  # type: ignore[misc]
        await pilot.press("S")
        await seen(pilot, lambda: isinstance(app.screen, LogStepsScreen) and app.screen.query("#rows"))
        db = app.services.store.read()
        await seen(pilot, lambda: app.screen.query_one("#rows", RowList).row(1) is not None)
        await pilot.press("J")
        await seen(pilot, lambda: [step.new.title for step in list_steps(db, 1)] == ["two", "one"])
        await pilot.press("x")
        await seen(pilot, lambda: app.screen.is_modal)
        await pilot.press(*"it failed", "enter")
        await seen(pilot, lambda: [step.new.title for step in list_steps(db, 1)] == ["two"])
        (done,) = [step for step in list_steps(db, 1, closed=True) if step.state == "done"]
        assert (done.new.title, done.result) == ("one", "it failed")


async def test_a_daily_is_drafted_saved_as_one_and_copied_for_slack(tmp_path: Path) -> None:
    async with log_on(tmp_path / "c.db") as (app, pilot):
        add(app, Draft("Seen", "## What I conclude\n\nIt works.", "2026-11-24"))
        await pilot.press("d")
        await seen(pilot, lambda: isinstance(app.screen, LogEditScreen) and app.screen.query("#body"))
        assert "- Seen (entry:1): It works." in app.screen.query_one("#body", PromptEditor).text
        await pilot.press("ctrl+j")
        await seen(pilot, lambda: isinstance(app.screen, LogScreen) and len(titles(app)) == 2)
        (daily,) = list_entries(app.services.store.read(), 1, kind="daily")
        assert [line for line in daily.draft.body.splitlines() if line[:3] == "## "] == [
            "## Last",
            "## Next",
            "## Blockers",
        ]
        await pilot.press("g", "Y")
        yanked = tmp_path / "state" / "yank.txt"
        await seen(pilot, lambda: yanked.exists() and "*Blockers*" in yanked.read_text("utf-8"))
