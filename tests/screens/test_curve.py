"""Does it help?: a forecast before anything is sent, a curve of real runs, and the same numbers when it is reopened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.core.examples import Example, Row, Template, TemplateKind
from cockpit.experiments import reopen
from cockpit.screens.curve import CurveScreen, open_curve
from cockpit.screens.curve_setup import Setup
from cockpit.screens.text_panel import TextPanel
from cockpit.store import datasets, examples, projects, sets
from cockpit.store.db import Database
from cockpit.store.experiments import list_experiments
from tests.fake_provider import FakeProvider
from tests.screens.play_host import open_play, screen_of, toasts, until
from tests.screens.test_play_shots import write_prompt
from widgets.chart import Chart
from widgets.plain import Plain
from widgets.row_list import RowList

PROMPT = "{{examples}}\n\nQ: {{input}}\nA:"
MODEL = ("openai:fake-tok1",)


def fill(db: Database, kind: TemplateKind = "pairs") -> int:
    """Three examples in a set, and six labelled rows to ask."""
    project = projects.ensure_project(db, "default")
    ids = [
        examples.add_example(db, project, Example(f"shown {name}", name, label=name)) for name in ("yes", "no", "maybe")
    ]
    sets.save_set(db, project, "few", ids, Template(kind))
    dataset = datasets.create_dataset(db, project, "qa", "test")
    rows = [Row(f"k{at}", f"question {at}", "yes" if at % 2 else "no", split="dev") for at in range(6)]
    datasets.add_rows(db, dataset, rows)
    datasets.finish_dataset(db, dataset)
    return project


def curve_screen(app: CockpitApp) -> CurveScreen:
    assert isinstance(app.screen, CurveScreen)
    return app.screen


async def opened(app: CockpitApp, pilot: Pilot[Any]) -> CurveScreen:
    screen = screen_of(app)
    screen.run_worker(open_curve(screen, "few"))
    await until(pilot, lambda: isinstance(app.screen, CurveScreen) and "Counting" not in forecast(app))
    return curve_screen(app)


def forecast(app: CockpitApp) -> str:
    found = curve_screen(app).query_one("#forecast", TextPanel).query_one(Plain)
    return str(found.content) or "Counting"


def cells(app: CockpitApp) -> list[tuple[str, ...]]:
    rows = curve_screen(app).query_one("#table", RowList)
    return [row.cells for at in range(20) if (row := rows.row(at)) is not None]


async def ran(app: CockpitApp, pilot: Pilot[Any], points: int) -> None:
    await pilot.press("ctrl+j")
    await until(pilot, lambda: len(cells(app)) == points and not curve_screen(app).busy)


async def test_the_forecast_comes_before_anything_is_sent(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL, n=1) as (app, pilot):
        app.services.store.write_now(fill)
        await write_prompt(app, PROMPT)
        await opened(app, pilot)
        said = forecast(app)
        assert "4 runs × 6 rows: 24 requests" in said
        assert "± 31.2 points" in said, "Wilson's interval of 3 of 6, by hand: 0.188 to 0.812"
        assert fake.total == 0


async def test_a_curve_is_sent_scored_drawn_and_put_into_play(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL, n=1) as (app, pilot):
        project = app.services.store.write_now(fill)
        await write_prompt(app, PROMPT)
        await opened(app, pilot)
        await ran(app, pilot, 4)
        assert fake.total == 24
        assert [row[0] for row in cells(app)] == ["0", "1", "2", "3"]
        assert all(row[3] == "6" for row in cells(app)), "six answers a point"
        shown = list(cells(app))
        assert curve_screen(app).query_one("#chart", Chart).cursor_x == 3
        db = app.services.store.read()
        (stored,) = list_experiments(db, project)
        assert (stored.kind, list(stored.runs), stored.of.name) == ("curve", [0, 1, 2, 3], "few")
        again = reopen(db, stored)
        assert again.missing == ()
        assert [point.mean for point in again.result.curve(0).points] == [
            point.mean
            for point in curve_screen(app)._result.curve(0).points  # type: ignore[union-attr]
        ]
        await pilot.press("p")
        await until(pilot, lambda: screen_of(app).writing.draft.shots is not None)
        draft_shots = screen_of(app).writing.draft.shots
        assert draft_shots is not None
        assert (draft_shots.name, draft_shots.number) == ("few", 1)
        await pilot.press("e")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CurveScreen) and cells(app) == shown)
        assert fake.total == 24, "reopening asks nobody"


async def test_sent_again_it_comes_from_the_cache(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL, n=1) as (app, pilot):
        app.services.store.write_now(fill)
        await write_prompt(app, PROMPT)
        await opened(app, pilot)
        await ran(app, pilot, 4)
        await ran(app, pilot, 4)
        assert fake.total == 24


@pytest.mark.parametrize("kind", ["pairs", "turns"])
async def test_curves_of_two_prompts_are_two_experiments(
    tmp_path: Path, fake: FakeProvider, kind: TemplateKind
) -> None:
    asked = "Q: {{input}}\nA:" if kind == "turns" else PROMPT
    async with open_play(tmp_path, fake, MODEL, n=1) as (app, pilot):
        project = app.services.store.write_now(lambda db: fill(db, kind))
        for prompt in (asked, asked + " "):
            await write_prompt(app, prompt)
            await opened(app, pilot)
            await ran(app, pilot, 4)
            await pilot.press("q")
            await until(pilot, lambda: app.screen is screen_of(app))
        found = list_experiments(app.services.store.read(), project)
        assert [len(one.runs) for one in found] == [4, 4]
        assert not set(found[0].runs.values()) & set(found[1].runs.values())


async def test_a_small_terminal_shows_one_side_at_a_time(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL, n=1, size=(80, 24)) as (app, pilot):
        app.services.store.write_now(fill)
        await write_prompt(app, PROMPT)
        screen = await opened(app, pilot)
        assert not screen.query_one("#right").display
        await ran(app, pilot, 4)
        assert screen.query_one("#table").has_focus
        assert not screen.query_one("#left").display
        await pilot.press("a")
        await until(pilot, lambda: screen.query_one("#left").display and screen.query_one("#settings").has_focus)


async def test_each_example_and_orders_have_their_own_tables(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL, n=1) as (app, pilot):
        app.services.store.write_now(fill)
        await write_prompt(app, PROMPT)
        await opened(app, pilot)
        await pilot.press("w")
        await until(pilot, lambda: "4 runs" in forecast(app))
        await ran(app, pilot, 3)
        assert [row[-1] for row in cells(app)] == ["shown yes → yes", "shown no → no", "shown maybe → maybe"]
        await pilot.press("o")
        await until(pilot, lambda: "Counting" not in forecast(app) and "runs" in forecast(app))
        await pilot.press("ctrl+j")
        await until(pilot, lambda: not curve_screen(app).busy and bool(cells(app)) and len(cells(app)[0][-1]) == 5)
        orders = [row[-1] for row in cells(app)]
        assert len(set(orders)) == len(orders) >= 2, "every order is another"


async def test_what_is_missing_is_said_and_nothing_is_sent(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL, n=1) as (app, pilot):
        app.services.store.write_now(fill)
        await write_prompt(app, "Say yes.")
        await opened(app, pilot)
        assert "Write {{input}} where the question goes." in forecast(app)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: any("{{input}}" in said for said in toasts(app)))
        assert fake.total == 0


async def test_a_setting_is_changed_and_remembered(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, MODEL, n=1) as (app, pilot):
        app.services.store.write_now(fill)
        await write_prompt(app, PROMPT)
        screen = await opened(app, pilot)
        rows = screen.query_one("#settings", RowList)
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: app.screen.is_modal)
        assert rows.current is not None
        assert rows.current.key == "most"
        await pilot.press("2", "enter")
        await until(pilot, lambda: isinstance(app.screen, CurveScreen) and "3 runs" in forecast(app))
        assert curve_screen(app).setup.most == 2
        await until(pilot, lambda: Setup.from_json(app.get_setting("curve.default") or {}).most == 2)


def test_settings_of_another_version_are_read_as_far_as_they_go() -> None:
    setup = Setup(kind="orders", set_name="few", most=4, models=("a:b",), cap_usd=0.5, rows=None)
    assert Setup.from_json(setup.to_json()) == setup
    assert Setup.from_json({"kind": "orders", "rows": "many", "models": 3, "new": 1}) == Setup(kind="orders")
    assert Setup.from_json({"kind": "no such"}) == Setup()
