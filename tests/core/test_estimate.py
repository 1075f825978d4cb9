"""Estimates before sending: rough, told apart from what was measured, and never a zero for an unknown."""

from __future__ import annotations

import pytest

from cockpit.core.estimate import Asked, Past, estimate, learn, request_tokens
from cockpit.core.models import Price
from cockpit.core.ports import Usage
from cockpit.core.prompts import single
from cockpit.core.samples import Sample, SampleKey

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
