"""The audit's numbers and what other stop strings would have done, on samples whose every count is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cockpit.core.keys import SampleKey
from cockpit.core.models import Price
from cockpit.core.ports import TokenLogprob, Usage
from cockpit.core.samples import Sample
from cockpit.core.stats import clustered, wilson
from cockpit.core.stop_audit import ENDINGS, apply, audit, sent_stops

SENT = {"stop": ["\n\n", "#"]}
PRICE = Price(1.0, 10.0)


def sample(at: int = 0, *, row: int | None = None, tokens: int | None = 7, **facts: Any) -> Sample:
    key = SampleKey(0, at if row is None else row, at)
    base = Sample(1, key, "m:x", text="words", ended="ended", stop_reason="stop", request_body=SENT, id=at)
    return replace(base, usage=Usage(5, tokens), **facts)


def test_every_ending_is_counted_with_its_interval() -> None:
    endings = ["ended", "stop", "stop", "length", "refusal", "filter", "tool", "cancelled", "error", "unknown"]
    found = audit(sample(i, ended=e, stop="#" if e == "stop" else None) for i, e in enumerate(endings))
    (group,) = found.models
    assert (found.n, group.n, group.model) == (10, 10, "m:x")
    assert {e: group.endings[e].k for e in ENDINGS} == {e: endings.count(e) for e in ENDINGS}
    assert group.endings["stop"] == wilson(2, 10)
    assert (group.hit.k, group.hit.n) == (2, 8), "what broke off says nothing about stops"


def test_samples_of_one_input_are_a_cluster() -> None:
    hits = [True, True, True, False, False, False]
    found = audit(
        sample(i, row=i // 3, ended="stop" if h else "ended", stop="#" if h else None) for i, h in enumerate(hits)
    )
    assert found.models[0].hit == clustered([(3, 3), (0, 3)]) != wilson(3, 6)
    assert found.models[0].endings["ended"] == clustered([(0, 3), (3, 3)])


def test_which_stop_was_hit() -> None:
    found = audit([sample(0, ended="stop", stop="#"), sample(1, ended="stop", stop="#"), sample(2)])
    by_stop = {group.stop: group for group in found.stops}
    assert by_stop["#"].hit == wilson(2, 3)
    assert by_stop["\n\n"].hit == wilson(0, 3)
    assert any('"\\n\\n" was never hit' in said for said in found.remarks)


def test_a_stop_that_is_not_named_is_the_only_one_or_unclear() -> None:
    one = audit([sample(0, ended="stop", request_body={"stop": "#"})])
    assert (one.stops[0].hit.k, one.stops[0].unclear) == (1, 0)
    two = audit([sample(0, ended="stop")])
    assert [(g.hit.k, g.unclear) for g in two.stops] == [(0, 1), (0, 1)]
    assert two.models[0].hit.k == 1


def test_where_the_api_merges_stop_and_end_nothing_is_claimed() -> None:
    found = audit([sample(i, ended="unknown") for i in range(9)] + [sample(9, ended="length")])
    (group,) = found.models
    assert (group.unclear, group.hit.k, group.rate) == (9, 0, None)
    assert group.hit.low == 0
    assert group.hit.high == wilson(9, 10).high, "all of them may have been hits"
    assert "9 of 10" in found.remarks[0]
    assert "same for both" in found.remarks[0]
    assert not any("never hit" in said for said in found.remarks)
    assert audit([sample(0, ended="unknown", request_body={})]).models[0].unclear == 0, "without stops nothing merges"


def test_tokens_and_cost_of_length_cuts() -> None:
    cut = [sample(0, ended="length", tokens=100), sample(1, ended="length", tokens=50), sample(2, tokens=999)]
    (group,) = audit(cut, prices={"m:x": PRICE}).models
    assert (group.wasted_tokens, group.uncounted) == (150, 0)
    assert group.wasted_usd == pytest.approx(0.0015)
    (group,) = audit(cut).models
    assert (group.wasted_tokens, group.wasted_usd) == (150, None), "an unknown price is not zero"
    (group,) = audit([*cut, sample(3, ended="length", tokens=None)], prices={"m:x": PRICE}).models
    assert (group.wasted_tokens, group.uncounted, group.wasted_usd) == (150, 1, None)
    (group,) = audit([sample(0, ended="length", cached=True)], prices={"m:x": PRICE}).models
    assert (group.wasted_tokens, group.wasted_usd) == (0, 0.0), "an answer from the cache was paid for before"


def test_text_after_an_ignored_stop_is_found() -> None:
    found = audit([sample(0, text="ok"), sample(1, text="42\n\nQ: more")])
    (miss,) = found.missed
    assert (miss.sample_id, miss.at, miss.stop, miss.written, miss.ignored) == (1, 2, "\n\n", "\n\n", True)
    assert (miss.chars_after, miss.after, miss.tokens_after) == (7, "Q: more", None)
    assert found.models[0].ignored == 1
    assert {g.stop: g.ignored for g in found.stops} == {"\n\n": 1, "#": 0}
    assert any("go on after a stop string" in said for said in found.remarks)


def test_a_stop_left_in_at_the_end_is_no_miss() -> None:
    found = audit([sample(0, text="42#", ended="stop", stop="#")])
    assert (found.missed, found.models[0].included, found.models[0].ignored) == ((), 1, 0)


def test_where_a_missed_stop_would_have_cut() -> None:
    body = {"stop": ["\n\nHuman:"]}
    found = audit([sample(0, text="Hello\nHuman: hi", ended="length", request_body=body)])
    (miss,) = found.missed
    assert (miss.at, miss.written, miss.ignored, miss.after) == (5, "\nHuman:", False, " hi")
    assert any('1 wrote "\\nHuman:" where "\\n\\nHuman:"' in said for said in found.remarks)


def test_tokens_after_a_miss_come_from_logprobs_else_from_a_tokenizer() -> None:
    tokens = tuple(TokenLogprob(token, -0.1) for token in ("4", "2#", " and", " so"))
    text = "42# and so"
    assert audit([sample(0, text=text, logprobs=tokens)]).missed[0].tokens_after == 2
    counted = audit([sample(0, text=text)], count=lambda model, after: len(after.split()))
    assert counted.missed[0].tokens_after == 2
    assert audit([sample(0, text=text, logprobs=tokens[:2])]).missed[0].tokens_after is None


def test_models_are_kept_apart_and_the_stops_may_be_given() -> None:
    found = audit([sample(0), sample(1, model="m:y")], lambda s: ("zz",) if s.model == "m:y" else ())
    assert [(g.model, g.n) for g in found.models] == [("m:x", 1), ("m:y", 1)]
    assert [(g.model, g.stop) for g in found.stops] == [("m:y", "zz")]
    assert audit([]).models == ()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"stop": "#"}, ("#",)),
        ({"stop": ["a", "b", "a"]}, ("a", "b")),
        ({"stop_sequences": ["x"]}, ("x",)),
        ({"stop": None}, ()),
        ({}, ()),
        ({"stop": ["", 3]}, ()),
    ],
)
def test_what_was_sent_is_read_from_the_request(body: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert sent_stops(sample(request_body=body)) == expected


def test_new_stops_on_stored_samples() -> None:
    plain = sample(0, text="one\ntwo#three", ended="length")
    other = sample(1, text="nothing here")
    cut, left = apply([plain, other], ["#", "\n"])
    assert (cut.after_text, cut.cut and cut.cut.stop, cut.saved_chars, cut.before_chars) == ("one", "\n", 10, 13)
    assert (cut.was_ended, cut.now_ended) == ("length", "stop")
    assert (left.after_text, left.cut, left.saved_chars, left.now_ended) == ("nothing here", None, 0, "ended")


def test_what_an_old_stop_cut_would_have_gone_on() -> None:
    hit = sample(0, ended="stop", stop="#")
    assert [row.now_ended for row in apply([hit], ["END"])] == ["unknown"]
    assert [row.now_ended for row in apply([hit], ["#", "END"])] == ["stop"]
    unnamed = sample(0, ended="stop")
    assert [row.now_ended for row in apply([unnamed], ["#"])] == ["unknown"]
    assert [row.now_ended for row in apply([unnamed], ["#", "\n\n"])] == ["stop"]


def test_it_keeps_no_texts() -> None:
    """A pass over samples far bigger than what may be kept."""
    big = "x" * 100_000
    found = audit(sample(i, text=f"a#{big}") for i in range(50))
    assert sum(len(miss.after) + len(miss.written) for miss in found.missed) < 50 * 200
    assert found.models[0].ignored == 50
