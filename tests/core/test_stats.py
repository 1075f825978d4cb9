"""Rates and their intervals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.stats import clustered, wilson


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_agrees_with_published_values(k: int, n: int, low: float, high: float) -> None:
    rate = wilson(k, n)
    assert (rate.low, rate.high) == (pytest.approx(low, abs=2e-4), pytest.approx(high, abs=2e-4))


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_its_value_and_is_symmetric(k: int, more: int) -> None:
    n = k + more
    rate, other = wilson(k, n), wilson(more, n)
    assert 0 <= rate.low <= rate.high <= 1
    assert rate.value is None if n == 0 else rate.low <= k / n <= rate.high
    assert rate.low == pytest.approx(1 - other.high)
    if n:
        assert (rate.low == 0) == (k == 0) and (rate.high == 1) == (k == n)


def test_no_rate_of_more_than_all() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        wilson(3, 2)


def test_samples_of_one_input_do_not_count_as_independent() -> None:
    alike = clustered([(8, 8)] * 5 + [(0, 8)] * 5)
    mixed = clustered([(4, 8)] * 10)
    assert alike.value == mixed.value == 0.5
    assert alike.high - alike.low == pytest.approx(wilson(5, 10).high - wilson(5, 10).low, abs=0.02)
    assert mixed.high - mixed.low == pytest.approx(wilson(40, 80).high - wilson(40, 80).low)


@given(st.lists(st.integers(0, 6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), max_size=30))
def test_a_clustered_interval_is_never_narrower_than_an_independent_one(clusters: list[tuple[int, int]]) -> None:
    rate, plain = clustered(clusters), wilson(sum(k for k, _ in clusters), sum(n for _, n in clusters))
    assert rate.low <= plain.low + 1e-9 and rate.high >= plain.high - 1e-9
    assert 0 <= rate.low <= rate.high <= 1
