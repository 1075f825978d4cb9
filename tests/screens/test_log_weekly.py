"""The weekly meeting: chosen, ordered, asked, presented and written with keys alone; what was chosen is kept."""

from __future__ import annotations

from pathlib import Path

from cockpit.app import CockpitApp
from cockpit.core.log_plain import as_read
from cockpit.meeting import kept
from cockpit.screens.log_trace import LogTraceScreen
from cockpit.screens.log_weekly import LogWeeklyScreen
from cockpit.screens.present import PresentScreen
from cockpit.screens.text_panel import TextPanel
from cockpit.store.log import Draft, list_entries
from tests.screens.test_jobs import seen
from tests.screens.test_log import add, log_on
from widgets.plain import Plain
from widgets.row_list import RowList
from widgets.text_view import TextView
from widgets.top_bar import TopBar


def agenda(app: CockpitApp) -> str:
    return str(app.screen.query_one("#agenda", TextPanel).query_one(Plain).content)


def order(app: CockpitApp) -> list[str]:
    rows = app.screen.query_one("#rows", RowList)
    return [row.cells[2] for at in range(rows.line_count() - 1) if (row := rows.row(at)) is not None]


def today(app: CockpitApp) -> str:
    return app.services.clock().astimezone().date().isoformat()


def title(app: CockpitApp) -> str:
    return str(app.screen.query_one("#title", Plain).content)


async def test_results_are_chosen_ordered_presented_and_written(tmp_path: Path) -> None:
    async with log_on(tmp_path / "c.db", (120, 35)) as (app, pilot):
        for name in ("One", "Two", "Three"):
            add(app, Draft(name, f"It was [5 %](run:1?n) [bold]{name}".replace("run:1?n", "x"), today(app)))
        await pilot.press("W")
        await seen(pilot, lambda: isinstance(app.screen, LogWeeklyScreen) and app.screen.query("#rows"))
        await seen(pilot, lambda: order(app) == ["Three", "Two", "One"] and "1. Three" in agenda(app))
        await pilot.press("space", "j", "j", "space")
        await seen(pilot, lambda: order(app) == ["Three", "One", "Two"])
        await pilot.press("K")
        await seen(pilot, lambda: order(app) == ["One", "Three", "Two"] and "15 min  1. One" in agenda(app))
        await pilot.press("a")
        await seen(pilot, lambda: app.screen.is_modal)
        await pilot.press(*"enough?", "enter")
        await seen(pilot, lambda: not app.screen.is_modal and "? enough?" in agenda(app))
        found = kept(app.services.store.read(), "p")
        assert (len(found.chosen), found.questions, found.minutes) == (2, ("enough?",), 30)
        await pilot.press("p")
        await seen(pilot, lambda: isinstance(app.screen, PresentScreen) and "week to" in title(app))
        await pilot.press("space")
        assert title(app) == "One"
        assert "[bold]One" in app.screen.query_one("#slide", TextView).text
        await pilot.press("dollar_sign")
        assert title(app) == "Where your input is wanted"
        await pilot.press("T")
        await seen(pilot, lambda: isinstance(app.screen, LogTraceScreen))
        await pilot.press("escape")
        await seen(pilot, lambda: isinstance(app.screen, PresentScreen))
        await pilot.press("left", "0", "escape")
        await seen(pilot, lambda: isinstance(app.screen, LogWeeklyScreen))
        await pilot.press("s")
        await seen(pilot, lambda: list_entries(app.services.store.read(), 1, kind="weekly"))
        await pilot.press("w")
        await seen(pilot, lambda: app.screen.is_modal)
        await pilot.press("enter")
        await seen(pilot, lambda: app.screen.is_modal and app.screen.query("Ask Field"))
        path = tmp_path / "w.html"
        await pilot.press("ctrl+u", *str(path), "enter")
        await seen(pilot, path.exists)
        assert "<h1>One" in path.read_text()


async def test_the_timer_of_an_item_counts_up_and_says_when_it_is_over(tmp_path: Path) -> None:
    from cockpit.core.report import Slide

    async with log_on(tmp_path / "c.db", (80, 24)) as (app, pilot):
        now = [100.0]
        slides = [Slide("First", "x"), Slide("Second", "y", 2)]
        screen = PresentScreen(slides, lambda: now[0])
        app.push_screen(screen)
        await seen(pilot, lambda: app.screen is screen and screen.query("#line"))
        await pilot.press("l")
        line = screen.query_one("#line", TopBar)
        assert line._left[0][0] == "0:00 of 2:00"
        now[0] += 121
        screen.tick()
        assert line._left[0][0] == "2:01 of 2:00 ▲ over"
        await pilot.press("h", "l")
        assert line._left[0][0].startswith("2:01"), "an item's time goes on when it is come back to"
        await pilot.press("t")
        assert line._left[0][0] == "0:00 of 2:00"
        await pilot.press("b")
        assert screen.has_class("-blank")


def test_figures_are_read_as_words_and_tables_are_aligned() -> None:
    figure = "It is [71 % [62, 79]](run:1?score=x) and [x](javascript:y)"
    text = figure + "\n\n| model | n |\n|---|---:|\n| a | 100 |\n| b\\|c | 5 |\n"
    assert as_read(text).split("\n") == [
        "It is 71 % [62, 79] and [x](javascript:y)", "", "model    n", "──────────", "a      100", "b|c      5", "",
    ]  # fmt: skip
