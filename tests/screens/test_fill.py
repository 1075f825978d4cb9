"""The Fill screen: a dry run that follows each choice, pages by input, leaks taken out, what Enter puts in Play."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.core.examples import Template
from cockpit.core.wish import Shots, Wish
from cockpit.screens import fill_count
from cockpit.screens.fill import FillScreen
from cockpit.screens.fill_read import Asked, Dry, Stop
from cockpit.screens.text_panel import TextPanel
from tests.fake_provider import FakeProvider
from tests.screens.opened_host import HOSTILE
from tests.screens.play_host import open_play, screen_of, toasts, until
from tests.screens.test_play_shots import GOOD, save, write_prompt
from widgets.plain import Plain
from widgets.row_list import RowList

PROMPT = "{{examples}}\n\nQ: {{q}}\nA:"
GPT = ("openai:gpt-4o-mini",)
LONG = (
    "It was a bright cold day in April and the clocks were striking thirteen over the old town square, while "
    "seven grey pigeons argued loudly about breadcrumbs beside a fountain that nobody had cleaned since winter."
)


def fill_screen(app: CockpitApp) -> FillScreen:
    assert isinstance(app.screen, FillScreen)
    return app.screen


async def open_fill(app: CockpitApp, pilot: Pilot[Any]) -> FillScreen:
    await pilot.press("escape", "X")
    await until(pilot, lambda: isinstance(app.screen, FillScreen) and app.screen.is_mounted)
    await settled(app, pilot)
    return fill_screen(app)


async def settled(app: CockpitApp, pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: not fill_screen(app).busy and fill_screen(app).counting.dry is not None)
    await pilot.pause()


def inputs_of(app: CockpitApp) -> list[str]:
    """The input cells of the list."""
    rows = fill_screen(app).rows
    at = next(i for i, column in enumerate(rows.columns) if column.title == "input")
    return [row.cells[at] for n in range(99) if (row := rows.row(n)) is not None]


def facts(app: CockpitApp) -> str:
    return str(fill_screen(app).query_one(TextPanel).query_one(Plain).content)


def options(app: CockpitApp) -> dict[str, str]:
    rows = fill_screen(app).query_one("#options", RowList)
    return {row.cells[1]: row.cells[2] for n in range(9) if (row := rows.row(n)) is not None}


async def type_in(app: CockpitApp, pilot: Pilot[Any], key: str, text: str) -> None:
    """Press an option's key, and answer its dialog."""
    await pilot.press(key)
    await until(pilot, lambda: not isinstance(app.screen, FillScreen))
    if key in "nRwe":
        for _ in range(12):
            await pilot.press("backspace")
    await pilot.press(*text, "enter")
    await until(pilot, lambda: isinstance(app.screen, FillScreen))
    await settled(app, pilot)


async def test_each_choice_is_tried_at_once_and_enter_puts_it_in_play(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, GPT, n=3) as (app, pilot):
        save(app)
        await write_prompt(app, PROMPT, values={"q": "Really?"})
        await open_fill(app, pilot)
        assert inputs_of(app) == [asked for asked, _ in GOOD]
        assert options(app)["how many"] == "as many as fit"
        assert "4 of 4 examples" in facts(app)
        assert "no more in the set" in facts(app)
        assert "no leak" in facts(app)
        await type_in(app, pilot, "n", "2")
        assert inputs_of(app) == ["Can you help?", "No way."]
        await pilot.press("plus")
        await settled(app, pilot)
        assert len(inputs_of(app)) == 3
        await type_in(app, pilot, "t", "shortest")
        assert inputs_of(app) == ["No way.", "I refuse.", "Can you help?"]
        await type_in(app, pilot, "o", "label")
        assert inputs_of(app) == ["No way.", "I refuse.", "Can you help?"]
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen_of(app))
        assert screen_of(app).writing.draft.shots == Shots("few", 1, Wish(3, "shortest", "by label"))


async def test_nothing_over_the_window_and_the_reason_is_said(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, GPT, n=1) as (app, pilot):
        save(app)
        await write_prompt(app, PROMPT, values={"q": "Really?"})
        await open_fill(app, pilot)
        await type_in(app, pilot, "e", "10")
        await type_in(app, pilot, "w", "60")
        room = fill_screen(app).counting.page
        assert room is not None
        assert 0 < len(inputs_of(app)) < 4
        assert room.rooms[0].left is not None
        assert room.rooms[0].left >= 0
        assert "tokens too many" in facts(app)
        assert "left of 60" in facts(app)
        await pilot.press("a")
        await settled(app, pilot)
        # The refusal names this screen's keys, not the command line's options.
        assert "fit into the 60 tokens" in facts(app)
        assert "(f)" in facts(app)
        assert "-k" not in facts(app)
        assert inputs_of(app) == []


async def test_each_input_has_its_own_and_is_paged_to(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, GPT, n=1) as (app, pilot):
        save(app)
        await write_prompt(app, PROMPT, inputs=({"q": "Will you help?"}, {"q": "Do you refuse?"}))
        await open_fill(app, pilot)
        await type_in(app, pilot, "n", "1")
        await type_in(app, pilot, "t", "nearest")
        assert inputs_of(app) == ["Can you help?"]
        assert "help" in str(fill_screen(app).rows.row(0))
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: inputs_of(app) == ["I refuse."])
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: inputs_of(app) == ["Can you help?"])


async def test_one_key_takes_out_what_leaks_and_says_what(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, GPT, n=1) as (app, pilot):
        save(app, pairs=(GOOD[0], (LONG, "yes"), *GOOD[1:]))
        rows = ({"key": "r1", "q": LONG.replace("old", "new")}, {"key": "r2", "q": "No way."})
        await write_prompt(app, PROMPT, inputs=rows)
        await open_fill(app, pilot)
        assert "⚠ 1 leak: x" in facts(app)
        assert "#2 and r1, 13-gram" in facts(app)
        assert "1 example is an input itself" in facts(app)
        assert "No way." not in inputs_of(app)
        await pilot.press("x")
        await until(pilot, lambda: any("1 example left out: #2" in said for said in toasts(app)))
        await settled(app, pilot)
        assert not [text for text in inputs_of(app) if text.startswith("It was")]
        assert "no leak" in facts(app)
        assert "left out by you: #2" in facts(app)
        await pilot.press("X")
        await until(pilot, lambda: "⚠ 1 leak" in facts(app))
        await pilot.press("x")
        await until(pilot, lambda: "no leak" in facts(app))
        await pilot.press("p")
        await until(pilot, lambda: app.screen is screen_of(app))
        shots = screen_of(app).writing.draft.shots
        assert shots is not None
        assert shots.wish.without == (2,)


async def test_a_place_is_offered_where_the_prompt_has_none(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, GPT, n=1) as (app, pilot):
        save(app)
        await write_prompt(app, "Q: Really?\nA:")
        await open_fill(app, pilot)
        assert "no place for the examples" in facts(app)
        await pilot.press("i")
        await until(pilot, lambda: "4 of 4 examples" in facts(app))
        assert screen_of(app).writing.draft.turns[0].content == "Q: Really?\nA:"
        await pilot.press("p")
        await until(pilot, lambda: app.screen is screen_of(app))
        assert screen_of(app).writing.draft.turns[0].content == "{{examples}}\n\nQ: Really?\nA:"


async def test_sets_and_versions_are_chosen_and_the_draft_s_own_comes_first(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, GPT, n=1) as (app, pilot):
        save(app)
        save(app, pairs=GOOD[:2])
        save(app, "turns", Template("turns"))
        await write_prompt(app, PROMPT, values={"q": "Really?"}, shots=Shots("few", 1, Wish(k=3)))
        await open_fill(app, pilot)
        assert (options(app)["set"], options(app)["version"], options(app)["how many"]) == ("few", "v1 of 2", "3")
        assert len(inputs_of(app)) == 3
        await pilot.press("a")
        await type_in(app, pilot, "v", "v2")
        assert (options(app)["version"], len(inputs_of(app))) == ("v2, the newest", 2)
        await type_in(app, pilot, "s", "turns")
        assert (options(app)["set"], options(app)["version"]) == ("turns", "v1, the newest")
        # An option's row does what its key does.
        await pilot.press("tab", "tab")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "options")
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: not isinstance(app.screen, FillScreen))
        await pilot.press("escape")


async def test_only_the_newest_choice_is_shown_and_a_count_can_be_given_up(
    tmp_path: Path, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Wish] = []
    go = Event()
    real = fill_count.dry_run

    def slow(services: Any, what: Asked, stop: Stop) -> Dry:
        asked.append(what.wish)
        while not go.is_set() and not stop():
            time.sleep(0.005)
        return real(services, what, stop)

    async with open_play(tmp_path, fake, GPT, n=1) as (app, pilot):
        save(app)
        await write_prompt(app, PROMPT, values={"q": "Really?"})
        await open_fill(app, pilot)
        monkeypatch.setattr(fill_count, "dry_run", slow)
        screen = fill_screen(app)
        screen.counting.take(screen.counting.wanted.with_wish(Wish(k=1)))  # type: ignore[union-attr]
        await until(pilot, lambda: asked == [Wish(k=1)])
        assert "counting" in facts(app)
        assert all(row.quiet for n in range(4) if (row := screen.rows.row(n)) is not None)
        screen.counting.take(screen.counting.wanted.with_wish(Wish(k=2)))  # type: ignore[union-attr]
        await until(pilot, lambda: asked == [Wish(k=1), Wish(k=2)])
        go.set()
        await settled(app, pilot)
        assert len(inputs_of(app)) == 2
        go.clear()
        await pilot.press("f")
        await until(pilot, lambda: len(asked) == 3)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: not screen.busy)
        assert any("cancelled" in said for said in toasts(app))
        assert app.is_running
        go.set()
        await pilot.press("n", *"1", "escape")


async def test_without_a_set_it_says_what_to_do(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, GPT, n=1) as (app, pilot):
        await pilot.press("escape", "X")
        await until(
            pilot, lambda: isinstance(app.screen, FillScreen) and "Examples pane" in str(app.screen.rows._empty)
        )
        await pilot.press("s", "n", "p", "x", "f", "y")
        await pilot.pause()
        assert isinstance(app.screen, FillScreen)
        assert screen_of(app).writing.draft.shots is None


@pytest.mark.parametrize("size", [(160, 45), (100, 30), (80, 24)])
async def test_hostile_examples_and_names_at_every_size(
    tmp_path: Path, fake: FakeProvider, size: tuple[int, int]
) -> None:
    async with open_play(tmp_path, fake, GPT, n=1, size=size) as (app, pilot):
        name = f"n {HOSTILE}"
        save(app, name, pairs=[(f"{HOSTILE} {n}", HOSTILE) for n in range(40)])
        await write_prompt(app, PROMPT, values={"q": HOSTILE})
        await open_fill(app, pilot)
        assert len(inputs_of(app)) == 40
        shown = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "[bold red]" in shown
        await pilot.press("p")
        await until(pilot, lambda: app.screen is screen_of(app) and screen_of(app).writing.draft.shots is not None)
        draft = screen_of(app).writing.draft
        assert draft.shots == replace(draft.shots, name=name)  # type: ignore[type-var]
