"""Where a stop string cuts: the same place however the text comes, overlapping and prefix-sharing ones included."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.core.errors import InputError
from cockpit.core.stops import Cut, StopMatcher, first_stop, loose, shown

FEW = st.text("ab\n", max_size=24)
"""So few letters that stop strings overlap, share beginnings and stand in one another all the time."""
STOPS = st.lists(st.text("ab\n", min_size=1, max_size=5), max_size=5)


def reference(text: str, stops: Sequence[str]) -> Cut | None:
    """The rule as it is said: grow the text by one character; the longest stop string it then ends with cuts."""
    for end in range(len(text) + 1):
        for stop in sorted(stops, key=len, reverse=True):
            if text[:end].endswith(stop):
                return Cut(end - len(stop), stop)
    return None


@given(FEW, STOPS)
@settings(max_examples=1500, deadline=None)
def test_the_cut_is_where_the_rule_says(text: str, stops: list[str]) -> None:
    assert first_stop(text, stops) == reference(text, stops)


@given(st.lists(FEW.filter(bool) | st.just(""), max_size=12), STOPS)
@settings(max_examples=1500, deadline=None)
def test_any_chunking_is_cut_at_the_same_place(chunks: list[str], stops: list[str]) -> None:
    text, matcher = "".join(chunks), StopMatcher(stops)
    out = ""
    for chunk in chunks:
        given_out, hit = matcher.feed(chunk)
        out += given_out
        assert hit == matcher.hit
    held = matcher.finish()
    cut = reference(text, stops)
    if cut is None:
        assert (out + held, matcher.hit) == (text, None)
    else:
        assert (out, held, matcher.hit) == (text[: cut.at], "", cut.stop)


@given(st.text(max_size=40), st.lists(st.text(min_size=1, max_size=4), max_size=4), st.data())
@settings(max_examples=500, deadline=None)
def test_any_two_cuttings_of_any_text_agree(text: str, stops: list[str], data: st.DataObject) -> None:
    def stream(at: list[int]) -> tuple[str, str | None]:
        matcher, bounds = StopMatcher(stops), [0, *sorted(at), len(text)]
        out = "".join(matcher.feed(text[a:b])[0] for a, b in pairwise(bounds))
        return out + matcher.finish(), matcher.hit

    places = st.lists(st.integers(0, len(text)), max_size=8)
    assert stream(data.draw(places)) == stream(data.draw(places)) == stream(list(range(len(text))))


@given(FEW, STOPS)
@settings(max_examples=500, deadline=None)
def test_only_what_may_become_a_stop_is_held_back(text: str, stops: list[str]) -> None:
    matcher = StopMatcher(stops)
    out, hit = matcher.feed(text)
    if hit is None:
        held = text.removeprefix(out)
        longest = max((k for s in stops for k in range(1, len(s)) if text.endswith(s[:k])), default=0)
        assert len(held) == longest


def test_overlapping_stops() -> None:
    assert first_stop("1, 2, 3, 4, 5, 6", ["5", "4, 5"]) == Cut(9, "4, 5")
    assert first_stop("xabc", ["abc", "ab"]) == Cut(1, "ab"), "`abc` is never complete before `ab`"
    assert first_stop("xabcd", ["abcd", "bc"]) == Cut(2, "bc")
    assert first_stop("nothing", ["#"]) is None
    assert first_stop("nothing", []) is None


def test_after_a_hit_nothing_more_comes_out() -> None:
    matcher = StopMatcher(["\n\nQ:"])
    assert matcher.feed("42\n") == ("42", None)
    assert matcher.feed("\nQ: what") == ("", "\n\nQ:")
    assert matcher.feed("ever") == ("", "\n\nQ:")
    assert matcher.finish() == ""


def test_an_empty_stop_is_refused() -> None:
    for use in (lambda: StopMatcher(["a", ""]), lambda: first_stop("a", [""])):
        with pytest.raises(InputError, match="empty"):
            use()


@pytest.mark.parametrize(
    ("stop", "text", "written"),
    [
        ("\nHuman:", "Hi\n\nHuman: x", "\n\nHuman:"),
        ("\n\nHuman:", "Hi\nHuman: x", "\nHuman:"),
        ("\nHuman:", "Hi\n human: x", "\n human:"),
        ("\n\nHuman:", "Hi\r\n\r\nHuman: x", "\r\n\r\nHuman:"),
        ("\n\n", "a\r\n\r\nb", "\r\n\r\n"),
        ("\n\n", "a\n  \nb", "\n  \n"),
        ("END", "the end.", "end"),
        ("Final answer:", "so\nFINAL  ANSWER: 4", "FINAL  ANSWER:"),
        ("Human: ", "Human:\nx", "Human:"),
    ],
)
def test_what_a_model_writes_instead_is_found(stop: str, text: str, written: str) -> None:
    pattern = loose(stop)
    assert pattern is not None
    match = pattern.search(text)
    assert match is not None
    assert match[0] == written


@pytest.mark.parametrize(
    ("stop", "text"), [("\nQ:", "a Q: b"), ("END", "weekend ending"), ("5", "15"), ("\n\n", "a\nb")]
)
def test_other_text_is_no_variant(stop: str, text: str) -> None:
    pattern = loose(stop)
    assert pattern is not None
    assert pattern.search(text) is None


@given(st.text("ab\n :", min_size=1, max_size=6))
@settings(max_examples=500, deadline=None)
def test_a_stop_is_one_of_its_own_variants(stop: str) -> None:
    pattern = loose(stop)
    if pattern is None:
        assert set(stop) == {" "}
    else:
        assert pattern.search(stop)
    assert shown(stop).startswith('"')


def test_a_megabyte_of_line_ends_is_searched_in_time() -> None:
    pattern = loose("\n\nHuman:\n")
    assert pattern is not None
    began = time.process_time()
    assert pattern.search(" \n" * 500_000) is None
    assert time.process_time() - began < 5
