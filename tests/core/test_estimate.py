"""Estimates before sending: rough, told apart from what was measured, and never a zero for an unknown."""

from __future__ import annotations

from array import array
from collections.abc import Mapping

import pytest

from cockpit.core.estimate import (
    COUNTED_CHARS,
    LONG_CHARS,
    Asked,
    Counted,
    Past,
    RequestCounter,
    estimate,
    learn,
    request_tokens,
)
from cockpit.core.models import Price
from cockpit.core.ports import Usage
from cockpit.core.prompts import Message, Version, single
from cockpit.core.samples import Sample, SampleKey
from cockpit.core.tokens import Tokens, plain_bytes

PRICE = Price(input=1.0, output=10.0)
VERSION = single("x" * 400)


def test_longer_inputs_take_more_tokens() -> None:
    version = single("{{text}}")
    short, long = ({"text": "a" * 40},), ({"text": "a" * 4000},)
    assert request_tokens(version, short) < request_tokens(version, long)
    assert request_tokens(version, short + long) > request_tokens(version, short)


def test_an_unknown_price_is_unknown_and_named() -> None:
    assert estimate(VERSION, ({},), [Asked("a")], 1).usd is None
    both = estimate(VERSION, ({},), [Asked("a"), Asked("b", PRICE)], 1)
    assert both.usd is not None
    assert both.unpriced == ("a",)


def test_cost_grows_with_samples_rows_and_models() -> None:
    one = estimate(VERSION, ({},), [Asked("a", PRICE, 100)], 1)
    many = estimate(VERSION, ({}, {}), [Asked("a", PRICE, 100)] * 2, 4)
    assert one.usd is not None
    assert many.usd == pytest.approx(one.usd * 16)
    assert many.requests == 16


def test_answers_seen_replace_the_guess_and_max_tokens_caps_it() -> None:
    past = {"a": Past(input_tokens=50, output_tokens=1000)}
    seen = estimate(VERSION, ({},), [Asked("a", PRICE, 10)], 1, past)
    assert seen.input_tokens == 50
    assert seen.measured
    assert seen.usd == pytest.approx((50 * 1 + 10 * 10) / 1e6)


def test_failures_and_missing_counts_teach_nothing() -> None:
    key = SampleKey(0, 0, 0)
    samples = [
        Sample(1, key, "a", ended="ended", usage=Usage(10, 20)),
        Sample(1, key, "a", ended="error", usage=Usage(999, 999)),
        Sample(1, key, "b", ended="ended"),
    ]
    assert learn(samples) == {"a": Past(10, 20), "b": Past(None, None)}


class Bytes:
    """A tokenizer whose tokens are bytes, and which remembers how many it encoded."""

    name = "bytes"
    exact = boundaries = local = True
    error = ""

    def __init__(self) -> None:
        self.specials: Mapping[str, int] = {}
        self.encoded = 0

    def count(self, text: str) -> int:
        return len(self.encode(text))

    def encode(self, text: str) -> Tokens:
        data = plain_bytes(text)
        self.encoded += len(data)
        return Tokens(data, array("I", list(data)), array("I", range(1, len(data) + 1)))

    encode_special = encode

    def token_bytes(self, token: int) -> bytes:
        return bytes([token])

    def vocabulary(self) -> list[bytes]:
        return [bytes([token]) for token in range(256)]


def test_a_request_is_counted_as_it_is_sent_with_the_templates_part_apart() -> None:
    version = Version(
        "sys", (Message("user", "{{a}}{{examples}}"), Message("assistant", "{{a}}", raw=True)), "ex", "pre"
    )
    counted = RequestCounter(Bytes()).count(version, ({"a": "12"}, {"a": "1234"}))
    assert counted == Counted(3 + (2 + 4) / 2 + 2 + 5 + 3, 4 * 4, True, "bytes")


def test_a_count_is_exact_only_with_the_models_own_tokenizer_and_every_row() -> None:
    version = single("{{a}}")
    assert not RequestCounter(Bytes()).count(version, ({"a": "x"},), exact=False).exact
    huge = ({"a": "x" * (COUNTED_CHARS + 1)}, {"a": "x"})
    assert not RequestCounter(Bytes()).count(version, huge).exact
    assert not RequestCounter(Bytes()).count(version, ({"a": "x"},) * 1000).exact


def test_a_long_text_is_counted_again_for_what_an_edit_costs() -> None:
    tokenizer = Bytes()
    counter, text = RequestCounter(tokenizer), "some words here\n" * (LONG_CHARS // 4)
    assert counter.count(single(text), ({},)).texts == len(text)
    whole = tokenizer.encoded
    assert counter.count(single(text + "more"), ({},)).texts == len(text) + 4
    assert tokenizer.encoded - whole < whole / 20


def test_a_report_goes_before_a_count_and_a_count_before_a_guess() -> None:
    counted = {"a": Counted(70, 8, exact=True), "b": Counted(90, 8, exact=True)}
    asked = [Asked("a", PRICE, 0), Asked("b", PRICE, 0)]
    exact = estimate(VERSION, ({},), asked, 1, {}, counted=counted)
    assert (exact.texts, exact.template, exact.input_tokens, exact.measured) == ((70, 90), 8, 88, False)
    assert exact.usd == pytest.approx((78 + 98) / 1e6)
    told = estimate(VERSION, ({},), asked, 1, {"a": Past(50), "b": Past(60)}, counted=counted)
    assert (told.texts, told.input_tokens, told.measured) == (None, 55, True)
    assert told.usd == pytest.approx((50 + 60) / 1e6)


def test_one_model_that_cannot_be_counted_exactly_makes_the_whole_a_guess() -> None:
    asked = [Asked("a"), Asked("b")]
    for other in ({}, {"b": Counted(90, 8, exact=False)}):
        found = estimate(VERSION, ({},), asked, 1, {}, counted={"a": Counted(70, 8, exact=True), **other})
        assert found.texts is None
        assert not found.measured
