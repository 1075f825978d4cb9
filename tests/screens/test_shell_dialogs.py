"""Dialogs: each returns its typed answer by keys alone, and shows hostile text without obeying it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.screen import ModalScreen

from cockpit.screens.dialogs import Ask, Choice, Confirm, Pick, PickMany, ShowError, ShowText
from tests.screens.shell_host import PlaceholderPane, make_app, text_of, toasts, until
from widgets.choice_list import ChoiceList
from widgets.fuzzy import best, match

CHOICES = [
    Choice(f"v{i}", name, detail)
    for i, (name, detail) in enumerate(
        [
            ("claude-sonnet", "200k context"),
            ("gpt-mini", "400k context"),
            ("smollm2 [/]", "on this machine"),
            ("gpt", ""),
        ]
    )
]
HOSTILE = "[/] [bold [@click=app.quit]x\x1b]52;c;AAAA\a\u202e\x00"


@pytest.fixture
def app(tmp_path: Path) -> Any:
    return make_app(tmp_path)


async def answer(app: Any, dialog: ModalScreen[Any], *keys: str) -> list[Any]:
    """What the dialog returns after these keys; empty while it is still open."""
    answers: list[Any] = []
    async with app.run_test(notifications=True) as pilot:
        await app.push_screen(dialog, answers.append)
        await until(pilot, lambda: app.screen is dialog)
        await pilot.press(*keys)
        await pilot.pause()
        if app.screen is not dialog:
            await until(pilot, lambda: answers)
    return answers


async def test_ask_returns_the_line(app: Any) -> None:
    assert await answer(app, Ask("Note", value="old"), *" q[", "enter") == ["old q["]


@pytest.mark.parametrize(("key", "expected"), [("x", []), ("7", ["7"])])
async def test_ask_says_what_is_wrong_and_stays(app: Any, key: str, expected: list[str]) -> None:
    dialog = Ask("n", check=lambda text: "" if text.isdigit() else "A number, please.")
    assert await answer(app, dialog, key, "enter") == expected


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_dialogs_are_left_by_escape_and_ctrl_c(tmp_path: Path, key: str) -> None:
    for at, dialog in enumerate([Ask("t"), Pick("t", CHOICES), PickMany("t", CHOICES), ShowText("t", "x")]):
        (tmp_path / str(at)).mkdir()
        assert await answer(make_app(tmp_path / str(at)), dialog, key) == [None]


@pytest.mark.parametrize(("key", "expected"), [("y", [True]), ("n", [False]), ("escape", [False]), ("enter", [])])
async def test_confirm_needs_a_yes(app: Any, key: str, expected: list[bool]) -> None:
    assert await answer(app, Confirm("Quit?", HOSTILE), key) == expected


async def test_confirm_takes_enter_where_nothing_can_be_lost(app: Any) -> None:
    assert await answer(app, Confirm("Go on?", "Sure?", enter_means_yes=True), "enter") == [True]


async def test_pick_narrows_and_takes_the_best(app: Any) -> None:
    assert await answer(app, Pick("Model", CHOICES), *"smol", "enter") == ["v2"]


async def test_pick_moves_with_arrows_and_emacs_keys_and_wraps(app: Any) -> None:
    assert await answer(app, Pick("Model", CHOICES), "down", "ctrl+n", "up", "up", "ctrl+p", "enter") == ["v3"]


async def test_pick_starts_on_the_selected_and_survives_no_match(app: Any) -> None:
    assert await answer(app, Pick("Model", CHOICES, selected="v1"), "enter") == ["v1"]


async def test_pick_with_no_match_stays_open(app: Any) -> None:
    assert await answer(app, Pick("Model", CHOICES), *"zzz", "enter") == []


async def test_pick_many_returns_marks_in_the_lists_order(app: Any) -> None:
    dialog = PickMany("Models", CHOICES, marked=["v2"])
    assert await answer(app, dialog, "space", "enter") == [["v0", "v2"]]


async def test_pick_many_without_marks_takes_the_row_in_front(app: Any) -> None:
    assert await answer(app, PickMany("Models", CHOICES), "down", "enter") == [["v1"]]


async def test_an_error_is_copied_whole(app: Any) -> None:
    async with app.run_test(notifications=True) as pilot:
        await app.push_screen(ShowError(f"Title {HOSTILE}", f"message {HOSTILE}", hint="hint", details=f"d {HOSTILE}"))
        await pilot.press("y")
        await until(pilot, lambda: list(toasts(app)))
        assert HOSTILE in (app.state_dir / "yank.txt").read_text()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PlaceholderPane))


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (40, 12)])
async def test_hostile_titles_and_choices_are_drawn_harmlessly_at_every_size(app: Any, size: tuple[int, int]) -> None:
    choices = [Choice(str(i), f"{HOSTILE} 漢字 {i}", HOSTILE * 20, "ctrl+x") for i in range(200)]
    async with app.run_test(size=size) as pilot:
        for dialog in (Pick(HOSTILE, choices, hint=HOSTILE), Ask(HOSTILE, prompt=HOSTILE, value=HOSTILE)):
            await app.push_screen(dialog)
            await pilot.press("[", "down", "down")
            for shown in dialog.query(ChoiceList):
                text = text_of(shown)
                assert "\x1b" not in text
                assert "\u202e" not in text
                assert all(shown.render_line(y).cell_length == shown.size.width for y in range(shown.size.height))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, PlaceholderPane))


async def test_the_cursor_stays_in_sight_in_a_long_list(app: Any) -> None:
    choices = [Choice(str(i), f"row {i}") for i in range(100)]
    dialog = Pick("Rows", choices, selected="60")
    async with app.run_test(size=(100, 30)) as pilot:
        await app.push_screen(dialog)
        await until(pilot, lambda: "row 60" in text_of(dialog.list))
        await pilot.press("pagedown", "pagedown")
        assert dialog.list.current is not None
        assert dialog.list.current.label in text_of(dialog.list)


def test_matching_prefers_whole_words_then_beginnings_then_letters_in_order() -> None:
    texts = ["Retry failed", "Theme", "Search everything", "The rest"]
    assert [texts[i] for i, _ in best("the", texts)][:2] == ["Theme", "The rest"]
    assert [texts[i] for i, _ in best("rf", texts)] == ["Retry failed"]
    assert best("", texts) == [(i, ()) for i in range(4)]
    assert match("xyz", "Theme") is None
    assert match("ev se", "Search everything") is not None


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (60, 16)])
async def test_the_palettes_last_command_is_in_sight_when_the_cursor_is_on_it(app: Any, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: app.screen.query(ChoiceList))
        shown = app.screen.query_one(ChoiceList)
        await until(pilot, lambda: shown.size.height > 1)
        await pilot.press("up")
        await until(pilot, lambda: "Quit" in text_of(shown) or "Theme:" in text_of(shown))
        panel = app.screen.query_one(".panel")
        assert shown.region.bottom <= panel.content_region.bottom
        assert panel.region.bottom <= size[1]
