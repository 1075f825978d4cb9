"""The Log pane: written, found, edited and traced with keys alone; nothing typed is lost."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.config import Config
from cockpit.screens.log import LogScreen
from cockpit.screens.log_edit import LogEditScreen
from cockpit.screens.log_predictions import LogPredictionsScreen, record_lines
from cockpit.screens.log_steps import LogStepsScreen
from cockpit.screens.log_trace import LogTraceScreen
from cockpit.screens.sample import SampleScreen
from cockpit.services import Services, close_services
from cockpit.store import samples, scores
from cockpit.store.db import Store, open_store
from cockpit.store.entry_drafts import list_drafts
from cockpit.store.log import Draft, add_entry, get_entry, list_entries, revisions, save_entry
from cockpit.store.predictions import list_predictions
from cockpit.store.projects import ensure_project
from cockpit.store.steps import NewStep, add_step, list_steps
from tests.screens.test_jobs import seen
from tests.store.conftest import make_run, plan_of, sample_of
from widgets.field import Field
from widgets.plain import Plain
from widgets.prompt_editor import PromptEditor
from widgets.row_list import RowList
from widgets.text_view import TextView

MODEL = "claude-one"


def store_run(store: Store, texts: list[str], given: dict[str, list[float]] | None = None) -> int:
    """A run of one input that got these answers, scored so."""
    run = make_run(store, plan_of(n=len(texts)))

    def fill(db: sqlite3.Connection) -> None:
        ids = [samples.add_sample(db, sample_of(run, at, text=text)) for at, text in enumerate(texts)]
        for metric, values in (given or {}).items():
            scores.set_scores(db, metric, dict(zip(ids, values, strict=True)))

    store.write_now(fill)
    return run


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
        await pilot.press("h")
        await seen(pilot, lambda: "edit 1" in shown(app))


async def test_each_figure_is_traced_to_the_answers_behind_it_and_one_of_them_opened(tmp_path: Path) -> None:
    async with log_on(tmp_path / "c.db") as (app, pilot):
        run = store_run(app.services.store, ["yes", "no", "yes"], {"exact": [1.0, 0.0, 1.0]})
        draft = Draft("T", f"It was [12 %](run:{run}?score=exact) at last.", "2026-11-24")
        add(app, draft)
        await pilot.press("f2", "f7")
        await seen(pilot, lambda: "12 %" in shown(app))
        await pilot.press("t")
        await seen(pilot, lambda: isinstance(app.screen, LogTraceScreen) and app.screen.query("#sources"))
        sources = app.screen.query_one("#sources", RowList)
        await seen(pilot, lambda: sources.row(2) is not None)
        (figure,) = [app.screen.query_one("#figures", RowList).row(0)]
        assert figure is not None and figure.glyph == "≠" and "n = 3" in figure.cells[2]
        values = [row.cells[3] for at in range(3) if (row := sources.row(at)) is not None]
        assert values == ["1", "0", "1"]
        await pilot.press("enter", "j", "enter")
        await seen(pilot, lambda: isinstance(app.screen, SampleScreen) and app.screen.query("#fact-text"))
        facts = app.screen.query_one("#fact-text", Plain)
        await seen(pilot, lambda: "entry 1: T" in str(facts.content))


async def test_a_citation_is_completed_by_number_or_name_while_it_is_typed(tmp_path: Path) -> None:
    async with log_on(tmp_path / "c.db") as (app, pilot):
        for title in ("Refusals fell", "Nothing yet", "Refusals rose"):
            add(app, Draft(title, "x", "2026-11-24"))
        editor = await write(pilot, app)
        screen = app.screen
        assert isinstance(screen, LogEditScreen)
        await pilot.press(*"As entry:refus")
        await seen(pilot, lambda: [number for number, _ in screen.completion.found] == [3, 1])
        await pilot.press("ctrl+n", "tab")
        await seen(pilot, lambda: editor.text == "As entry:1")
        assert editor.has_focus
        await pilot.press(*" and entry:99")
        await seen(pilot, lambda: not screen.completion.is_open)
        await pilot.press("tab")
        assert not editor.has_focus, "with nothing to complete, tab goes to the next part"


async def test_entries_are_found_by_idea_tag_kind_model_day_and_what_they_cite(tmp_path: Path) -> None:
    async with log_on(tmp_path / "c.db") as (app, pilot):
        run = store_run(app.services.store, ["x"])
        add(app, Draft("Old", "plain", "2026-01-05", ("Odd",), "Refusals"))
        add(app, Draft("New", f"See run:{run}.", "2026-11-24"))
        await pilot.press("f2", "f7")
        await seen(pilot, lambda: titles(app) == ["New", "Old"])
        found = {
            "idea:refus": ["Old"], "tag:odd": ["Old"], "tag:dd": [], "kind:note": ["New", "Old"], "kind:daily": [],
            "since:2026-02": ["New"], "until:2026-01": ["Old"], f"cites:run:{run}": ["New"], "model:nobody": [],
            f"model:{MODEL}": ["New"], "idea:refus plai": ["Old"], "idea:refus other": [],
        }  # fmt: skip
        for typed, want in found.items():
            await pilot.press("slash", "ctrl+u", *typed)
            await seen(pilot, lambda typed=typed, want=want: filtered(app) == (typed, want))  # type: ignore[misc]
            await pilot.press("escape", "escape")
            await seen(pilot, lambda: filtered(app) == ("", ["New", "Old"]))


async def test_an_entry_is_posted_after_asking_and_the_address_is_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    took: list[dict[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        took.append(await request.json())
        return web.Response()

    site = web.Application()
    site.router.add_post("/secret", take)
    async with TestServer(site) as server, log_on(tmp_path / "c.db") as (app, pilot):
        add(app, Draft("T", "It was [5 %](x:1) & **more**", "2026-11-24"))
        await pilot.press("f2", "f7")
        await seen(pilot, lambda: "more" in shown(app))
        monkeypatch.setenv("COCKPIT_REPORT_WEBHOOK", str(server.make_url("/secret")))
        await pilot.press("p")
        await seen(pilot, lambda: app.screen.is_modal)
        asked = str(app.screen.query_one(".message", Plain).content)
        assert "127.0.0.1" in asked and "secret" not in asked
        await pilot.press("y")
        await seen(pilot, lambda: took)
        assert took == [{"text": "*T*\n\nIt was 5 % (x:1) &amp; *more*\n"}]


async def test_what_is_saved_is_what_the_cursor_stands_on(tmp_path: Path) -> None:
    async with log_on(tmp_path / "c.db") as (app, pilot):
        add(app, Draft("Later", "x", "2099-01-01"))
        await write(pilot, app)
        await pilot.press(*"mine", "ctrl+j")
        await seen(pilot, lambda: isinstance(app.screen, LogScreen) and "mine" in shown(app))
        assert titles(app) == ["Later", "mine"]


async def test_a_draft_opened_in_two_terminals_is_two_drafts(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    async with log_on(path) as (app, pilot):
        await write(pilot, app)
        await pilot.press(*"half", "escape")
        await seen(pilot, lambda: isinstance(app.screen, LogScreen) and "half" in shown(app))
        async with log_on(path) as (other, keys):
            await seen(keys, lambda: "half" in shown(other))
            for one, hand, words in ((app, pilot, "a "), (other, keys, "b ")):
                await write(hand, one, key="e")
                await hand.press(*words)
                await seen(hand, lambda one=one, words=words: words in one.screen.query_one("#body", PromptEditor).text)  # type: ignore[misc]
            await keys.press("escape")
            await pilot.press("escape")
            await seen(pilot, lambda: isinstance(app.screen, LogScreen) and len(titles(app)) == 2)
        kept = {draft.draft.body for draft in list_drafts(app.services.store.read(), 1)}
        assert kept == {"a half", "b half"}


async def test_ten_thousand_entries_open_and_are_searched_as_ten_are(tmp_path: Path) -> None:
    took = {}
    for count in (10, 10_000):
        async with log_on(tmp_path / f"{count}.db") as (app, pilot):
            body = "It rose, and then it fell again. " * 30

            def fill(db: sqlite3.Connection, count: int = count, body: str = body) -> None:
                for at in range(count):
                    word = "needle" if at == 5 else "hay"
                    add_entry(
                        db, 1, Draft(f"Entry {at}", f"{word} {body}", f"2026-{at % 12 + 1:02d}-{at % 28 + 1:02d}")
                    )

            app.services.store.write_now(fill)
            await pilot.press("f2")
            started = time.perf_counter()
            await pilot.press("f7")
            await seen(pilot, lambda: "hay" in shown(app))
            await pilot.press("slash", *"needle")
            await seen(pilot, lambda: titles(app) == ["Entry 5"])
            took[count] = time.perf_counter() - started
    assert took[10_000] < 1.5 * took[10] + 0.3


def filtered(app: CockpitApp) -> tuple[str, list[str]]:
    """What was typed, and what is listed."""
    return app.screen.query_one("#filter", Field).value, titles(app)


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
