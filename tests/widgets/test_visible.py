"""Hostile text becomes harmless, honest and measurable."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from widgets.visible import cut_at, fit, head_visible, pad, tail_visible, visible, wrap

ANY_TEXT = st.text(alphabet=st.characters(codec=None), max_size=80) | st.text(max_size=80)
NASTY = st.text(alphabet="ab \n\t\r\x00\x1b\x9b\u202e\u200b\u200d\ufe0f\u0301東👍🏽🇩🇪[/]\ud800\U000e0041", max_size=60)


@given(ANY_TEXT | NASTY)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    shown = visible(text)
    assert all(char in {"\n", "\u3000"} or char.isprintable() for char in shown)


@given(ANY_TEXT | NASTY)
def test_marked_newlines_leave_one_line(text: str) -> None:
    assert "\n" not in visible(text, newlines="mark")


@given(ANY_TEXT | NASTY)
def test_every_character_of_the_result_has_a_width_of_its_own(text: str) -> None:
    shown = visible(text, newlines="mark")
    assert sum(cell_len(char) for char in shown) == cell_len(shown)


@given(ANY_TEXT | NASTY, st.integers(1, 30))
def test_fit_and_pad_keep_to_the_width(text: str, width: int) -> None:
    shown = visible(text, newlines="mark")
    assert cell_len(fit(shown, width)) <= width
    assert cell_len(pad(shown, width)) == width


@given(ANY_TEXT | NASTY, st.integers(2, 30))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, width: int) -> None:
    shown = visible(text)
    lines = wrap(shown, width, 1_000)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == shown.replace("\n", "").replace(" ", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "␛[31m"),
        ("a\0b\x7f", "a␀b␡"),
        ("\u202eabc", "‹U+202E›abc"),
        ("a\u200bb", "a‹U+200B›b"),
        ("\ud800", "‹U+D800›"),
        ("a\tb", "a→b"),
        ("❤\ufe0f", "❤"),
        ("\U0001f1e9\U0001f1ea", "‹DE›"),
        ("e" + "\u0301" * 9, "e" + "\u0301" * 4 + "‹+5›"),
        ("[/] [bold", "[/] [bold"),
        ("שלום", "שלום"),
    ],
)
def test_marks_say_what_was_there(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_head_and_tail_of_a_huge_text_cost_nothing() -> None:
    text = "x\u200b" * 2_000_000
    start = time.process_time()
    assert len(head_visible(text, 10)) > 0
    assert tail_visible(text, 1) == "‹U+200B›"
    assert time.process_time() - start < 0.05


def test_a_wide_character_is_never_cut_in_two() -> None:
    assert cut_at("東京都", 0, 3) == 1
    assert wrap("東京都", 4, 9) == ["東京", "都"]
