"""Curves, parts and orders from scores made to have a known answer."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core import shot_curve
from cockpit.core.shot_curve import Scores, curve, ks, orders, parts


def scores(*values: float) -> Scores:
    return {str(at): [value] for at, value in enumerate(values)}


def drawn(seed: int, rate: float, n: int = 400) -> Scores:
    source = random.Random(seed)
    return scores(*(float(source.random() < rate) for _ in range(n)))


@given(st.integers(0, 5000))
def test_ks_double_and_end_at_the_most(most: int) -> None:
    found = ks(most)
    assert found[0] == 0 and found[-1] == most and list(found) == sorted(set(found))
    assert all(b <= 2 * a for a, b in pairwise(found[1:]))


def test_ks_as_promised() -> None:
    assert ks(10) == (0, 1, 2, 4, 8, 10) and ks(1) == (0, 1) and ks(0) == (0,)


def test_an_effect_is_paired_over_the_inputs_that_both_have() -> None:
    base = {"a": [0.0], "b": [0.0], "c": [1.0], "d": []}
    more = {"a": [1.0], "b": [0.0], "c": [1.0], "d": [1.0]}
    point = curve({0: base, 2: more}).points[1]
    assert point.effect is not None and point.effect.n == 3 and point.effect.mean == pytest.approx(1 / 3)
    assert point.effect.discordant == (1, 0) and point.p == 1.0
    assert point.mean is not None and point.mean.inputs == 4


def test_the_best_is_the_highest_and_enough_is_the_fewest_not_clearly_worse() -> None:
    found = curve({0: drawn(1, 0.4), 1: drawn(2, 0.8), 4: drawn(3, 0.83), 16: drawn(4, 0.5)})
    assert (found.best, found.enough) == (4, 1)
    readings = [point.effect.reading for point in found.points[1:] if point.effect]
    assert readings[:2] == ["higher", "higher"]
    assert all((point.p_holm or 0) >= (point.p or 0) for point in found.points)


def test_nothing_scored_has_no_best() -> None:
    found = curve({0: {"a": []}, 1: {"a": []}})
    assert found.best is None and found.points[1].effect is None and found.points[0].mean is None


def test_several_answers_of_one_input_are_one_observation() -> None:
    once, many = drawn(5, 0.6, 40), {key: value * 8 for key, value in drawn(5, 0.6, 40).items()}
    one, eight = shot_curve.mean_of(once), shot_curve.mean_of(many)
    assert one is not None and eight is not None and eight.n == 320
    assert (eight.low, eight.high) == pytest.approx((one.low, one.high))


def test_graded_scores_get_students_interval() -> None:
    stats = pytest.importorskip("scipy.stats", reason="NOT CHECKED against a reference: scipy is not installed")
    values = [random.Random(7).random() for _ in range(3)] + [0.2, 0.9, 0.4]
    found = shot_curve.mean_of(scores(*values))
    wanted = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found is not None and (found.low, found.high) == pytest.approx((wanted.low, wanted.high))


def test_an_example_helps_hurts_or_only_costs() -> None:
    whole = scores(*([1.0] * 60 + [0.0] * 60))
    worse, better = scores(*([1.0] * 30 + [0.0] * 90)), scores(*([1.0] * 90 + [0.0] * 30))
    alike = {f"{at}": [float(at % 2)] for at in range(4000)}
    found = parts(whole, [worse, better], [12.0, None])
    assert [part.reading for part in found] == ["helps", "hurts"]
    assert found[0].tokens == 12 and found[0].place == 1
    assert parts(alike, [alike])[0].reading == "only costs"
    assert parts(scores(1, 0, 1), [scores(1, 0, 1)])[0].reading == "unclear", "three inputs show nothing"


def test_orders_that_matter_are_told_from_chance() -> None:
    same = orders({seed: drawn(seed, 0.5) for seed in range(6)})
    assert same.p is not None and same.p > 0.01
    assert same.deviation is not None and same.noise is not None and same.deviation < 2.5 * same.noise
    apart = orders({seed: drawn(seed, 0.3 if seed % 2 else 0.6) for seed in range(6)})
    assert apart.p is not None and apart.p < 1e-6
    assert apart.deviation is not None and apart.noise is not None and apart.deviation > 3 * apart.noise
    assert apart.low is not None and apart.high is not None and apart.high - apart.low > 0.2


def test_one_order_has_no_spread() -> None:
    found = orders({0: drawn(1, 0.5)})
    assert found.deviation is None and found.p is None and found.inputs == 400
