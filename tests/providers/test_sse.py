"""The event parser alone: however the bytes are cut, the events are the same."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.providers.answer import parse_events
from cockpit.providers.errors import Place
from cockpit.providers.sse import SseParser

STREAM = (
    ": comment\n\n"
    'event: a\ndata: {"n":1}\n\n'
    'data:{\ndata:  "n":2}\nid: 7\nretry: 5\n\n\n\n'
    ': keep-alive\ndata: {"n":"é漢👩‍🔬"}\n\n'
    "event: nothing\n\n"
    "data: [DONE]\n\n"
).encode()
EVENTS = [b'{"n":1}', b'{\n "n":2}', '{"n":"é漢👩‍🔬"}'.encode(), b"[DONE]"]


def parsed(pieces: list[bytes]) -> list[bytes]:
    parser = SseParser()
    return [*(e for piece in pieces for e in parser.feed(piece)), *parser.close()]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@given(cuts=st.lists(st.integers(0, 200), max_size=30))
def test_cuts_and_line_endings_change_nothing(ending: bytes, cuts: list[int]) -> None:
    data = STREAM.replace(b"\n", ending)
    marks = sorted({0, len(data), *(c for c in cuts if c < len(data))})
    assert parsed([data[a:b] for a, b in pairwise(marks)]) == EVENTS


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_byte_order_mark_is_skipped(step: int) -> None:
    data = b"\xef\xbb\xbf" + STREAM
    assert parsed([data[i : i + step] for i in range(0, len(data), step)]) == EVENTS


def test_a_last_event_without_an_empty_line_counts() -> None:
    assert parsed([b'data: {"n":1}\n\ndata: {"n":2}']) == [b'{"n":1}', b'{"n":2}']


def test_a_line_of_megabytes_costs_linear_time() -> None:
    parser = SseParser()
    began = time.process_time()
    for _ in range(4096):
        assert parser.feed(b"x" * 4096) == []
    parser.feed(b"\n\n")
    assert time.process_time() - began < 1.0


def test_one_bad_event_does_not_spoil_its_neighbours() -> None:
    place = Place("p", "http://x")
    events, done, broken = parse_events([b'{"a":"\xff"}', b'{"b":1}', b"[DONE]", b"after"], place)
    assert events == [{"a": "\ufffd"}, {"b": 1}]
    assert (done, broken) == (True, None)
