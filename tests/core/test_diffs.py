"""Differences: both sides can be read back from them, changed words are marked, large texts stay quick."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.diffs import diff_texts, diff_versions
from cockpit.core.prompts import Message, Version

TEXT = st.text(st.sampled_from("ab \n.é"), max_size=40)


@given(TEXT, TEXT)
def test_both_sides_can_be_read_back_and_spans_hold_all_that_differs(left: str, right: str) -> None:
    rows = diff_texts(left, right)
    assert "\n".join(row.left for row in rows if row.left is not None) == left
    assert "\n".join(row.right for row in rows if row.right is not None) == right
    for row in rows:
        if row.op == "same":
            assert row.left == row.right
        elif row.op == "change" and row.left is not None and row.right is not None:
            assert without(row.left, row.left_spans) == without(row.right, row.right_spans)


def without(text: str, spans: tuple[tuple[int, int], ...]) -> str:
    for start, end in reversed(spans):
        assert start < end <= len(text)
        text = text[:start] + text[end:]
    return text


def test_the_changed_words_are_marked() -> None:
    (row,) = diff_texts("Answer with one word.", "Answer with two words.")
    assert (row.op, row.left_spans, row.right_spans) == ("change", ((12, 15), (16, 20)), ((12, 15), (16, 21)))


def test_an_inserted_line_does_not_shift_the_others() -> None:
    rows = diff_texts("one\nthree\nfour", "one\ntwo\nthree\nfour")
    assert [row.op for row in rows] == ["same", "add", "same", "same"]


def test_large_texts_are_bounded() -> None:
    began = time.process_time()
    diff_texts("x y " * 250_000, "y x " * 250_000)
    diff_texts("\n".join(f"a{n}" for n in range(50_000)), "\n".join(f"b{n}" for n in range(50_000)))
    assert time.process_time() - began < 10


def test_versions_are_compared_part_by_part() -> None:
    left = Version("sys", (Message("user", "a"), Message("assistant", "b")))
    right = Version("sys", (Message("user", "a c"),), prefill="So")
    parts = {part.title: part.changed for part in diff_versions(left, right)}
    assert list(parts.items()) == [("system", False), ("user 1", True), ("assistant 2", True), ("prefill", True)]
