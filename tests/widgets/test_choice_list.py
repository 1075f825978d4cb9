"""Choosing from a list: what is shown, in which order, and where the cursor goes."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.widgets.host import Host, screen_lines
from widgets.choice_list import Choice, ChoiceList
from widgets.fuzzy import best, match

CHOICES = [
    Choice("send", "Send", "Ask every model", "ctrl+j"),
    Choice("resend", "Send afresh", "Leave the cache aside", "R"),
    Choice("theme", "Theme", "Choose the colours to work in"),
    Choice("evil", "[/] \x1b[31m東京\nx", "[@click=app.quit]y[/]", "\x1b"),
]


def labels(shown: ChoiceList) -> list[str]:
    return [shown.choices[index].value for index, _ in shown._hits]


async def test_choices_are_drawn_in_full_width_with_their_keys_at_the_right() -> None:
    shown = ChoiceList(CHOICES, marks=True)
    app = Host(shown)
    async with app.run_test(size=(60, 6), notifications=True) as pilot:
        shown.toggle()
        await pilot.pause()
        lines = screen_lines(app)
        assert lines[0].startswith("▎● Send")
        assert lines[0].rstrip().endswith("ctrl+j")
        assert "○ Theme" in lines[2]
        assert "␛[31m東京↵x" in lines[3]
        assert all(cell_len(line) == 60 for line in lines)


@pytest.mark.parametrize("width", [3, 8, 20, 40])
async def test_a_narrow_list_is_cut_and_never_shifts(width: int) -> None:
    app = Host(ChoiceList(CHOICES, marks=True))
    async with app.run_test(size=(width, 4)) as pilot:
        await pilot.pause()
        assert all(cell_len(line) == width for line in screen_lines(app))


async def test_typing_narrows_and_puts_the_cursor_on_the_best() -> None:
    shown = ChoiceList(CHOICES, empty="No such command.")
    app = Host(shown)
    async with app.run_test(size=(60, 4)) as pilot:
        shown.move(2)
        shown.narrow("se")
        assert labels(shown) == ["send", "resend"]
        assert shown.current is not None
        assert shown.current.value == "send"
        shown.narrow("colours")
        assert labels(shown) == ["theme"]
        shown.narrow("zzz")
        assert shown.current is None
        assert shown.count == 0
        await pilot.pause()
        assert "No such command." in screen_lines(app)[0]


async def test_the_cursor_wraps_or_stops_and_stays_in_view() -> None:
    shown = ChoiceList([Choice(str(n), f"choice {n}") for n in range(50)])
    app = Host(shown)
    async with app.run_test(size=(30, 5)) as pilot:
        shown.move(-1)
        await pilot.pause()
        assert screen_lines(app)[-1].startswith("▎choice 49")
        shown.move(9, wrap=False)
        assert shown.cursor == 49
        shown.select("7")
        await pilot.pause()
        assert screen_lines(app)[0].startswith("▎choice 7")
        await pilot.resize_terminal(30, 2)
        shown.move(3)
        await pilot.pause()
        assert any(line.startswith("▎choice 10") for line in screen_lines(app))


def test_a_word_in_one_piece_comes_before_scattered_letters() -> None:
    assert [index for index, _ in best("mo", ["a memo", "models", "m..o"])] == [1, 0, 2]
    assert [index for index, _ in best("", ["b", "a"])] == [0, 1]


def test_all_words_must_match_in_any_order_and_any_case() -> None:
    assert match("VER open", "Open version") is not None
    assert match("open x", "Open version") is None
    assert match("noisrev", "version") is None


def test_positions_are_those_of_the_letters_that_matched() -> None:
    found = match("ov", "open version")
    assert found is not None
    assert [("open version")[at] for at in found[1]] == ["o", "v"]
    assert match("ss", "straße İstanbul") is not None
