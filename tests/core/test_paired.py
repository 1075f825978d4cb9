"""Paired statistics against reference libraries, published figures and their own laws."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core import paired


def reference(module: str) -> Any:
    """A reference library, or a loud skip."""
    return pytest.importorskip(
        module, reason=f"NOT CHECKED against a reference: {module} is not installed (pip install scikit-learn scipy)"
    )


def draws(seed: int, n: int) -> tuple[list[float], list[float]]:
    source = random.Random(seed)
    base = [source.gauss(0, 1) for _ in range(n)]
    return [x + source.gauss(0.2, 0.7) for x in base], [x + source.gauss(0, 0.7) for x in base]


@pytest.mark.parametrize("n", [2, 3, 7, 30, 400])
def test_a_paired_interval_is_that_of_the_reference(n: int) -> None:
    stats = reference("scipy.stats")
    a, b = draws(n, n)
    found = paired.paired_difference(a, b)
    wanted = stats.ttest_rel(a, b).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-10)
    assert found.correlation == pytest.approx(stats.pearsonr(a, b).statistic)


def test_zeros_and_ones_with_enough_changes_get_the_same_interval() -> None:
    stats = reference("scipy.stats")
    source = random.Random(4)
    a, b = [float(source.random() < 0.7) for _ in range(300)], [float(source.random() < 0.5) for _ in range(300)]
    found, wanted = paired.paired_difference(a, b), stats.ttest_rel(a, b).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-12)
    assert found.reading == "higher" and found.method == "t"
    more, less = found.discordant
    assert more - less == pytest.approx(found.mean * 300)


def test_clusters_widen_the_interval_as_a_cluster_robust_regression_does() -> None:
    """Against the definition, computed with numpy: sums of residuals by cluster."""
    numpy, stats = reference("numpy"), reference("scipy.stats")
    a, b = draws(9, 60)
    clusters = [at // 4 for at in range(60)]
    d = numpy.array(a) - numpy.array(b)
    sums = (d - d.mean()).reshape(15, 4).sum(axis=1)
    error = sqrt((sums**2).sum() * 15 / 14) / 60
    half = stats.t.ppf(0.975, 14) * error
    found = paired.paired_difference(a, b, clusters)
    assert (found.low, found.high) == pytest.approx((d.mean() - half, d.mean() + half), abs=1e-12)
    assert (found.n, found.clusters) == (60, 15)


def test_copies_of_a_pair_in_its_cluster_are_no_new_evidence() -> None:
    a, b = draws(3, 12)
    once = paired.paired_difference(a, b)
    thrice = paired.paired_difference(a * 3, b * 3, [*range(12)] * 3)
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high))


def test_few_changes_get_the_published_score_interval() -> None:
    """Newcombe (1998), method 10, of his table's 36, 12, 2, 0: 0.0569 to 0.3404."""
    assert paired.paired_proportions(36, 12, 2, 0) == pytest.approx((0.0569, 0.3404), abs=5e-5)


def test_no_change_at_all_is_not_certainty() -> None:
    found = paired.paired_difference([1.0, 0.0, 1.0] * 10, [1.0, 0.0, 1.0] * 10)
    assert found.mean == 0 and found.low is not None and found.high is not None
    assert found.low < -0.01 and found.high > 0.01 and found.method == "score" and found.reading == "unclear"


def test_equal_differences_of_graded_scores_have_no_interval() -> None:
    found = paired.paired_difference([0.5, 0.7], [0.25, 0.45])
    assert (found.low, found.high, found.reading) == (None, None, "unclear")


def test_what_makes_no_pairs_is_refused() -> None:
    for a, b in (([], []), ([1.0], [1.0, 0.0])):
        with pytest.raises(ValueError, match="pairs"):
            paired.paired_difference(a, b)


BITS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


@given(BITS)
def test_turning_the_sides_turns_the_interval(pairs: list[tuple[bool, bool]]) -> None:
    a, b = [float(x) for x, _ in pairs], [float(y) for _, y in pairs]
    one, other = paired.paired_difference(a, b), paired.paired_difference(b, a)
    assert one.mean == pytest.approx(-other.mean)
    assert one.discordant == other.discordant[::-1]
    if one.low is not None and one.high is not None and other.low is not None:
        assert one.low == pytest.approx(-(other.high or 0.0), abs=1e-12)
        assert one.low - 1e-12 <= one.mean <= one.high + 1e-12


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 5), (3, 9), (12, 12), (24, 0), (10, 30), (80, 60)])
def test_mcnemar_is_that_of_the_reference(first: int, second: int) -> None:
    stats = reference("scipy.stats")
    if first + second == 0:
        wanted = 1.0
    elif first + second < 25:
        wanted = stats.binomtest(first, first + second).pvalue
    else:
        wanted = stats.chi2.sf((abs(first - second) - 1) ** 2 / (first + second), 1)
    assert paired.mcnemar(first, second) == pytest.approx(wanted, abs=1e-12)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=2, max_size=80))
def test_kappa_is_that_of_the_reference(pairs: list[tuple[str, str]]) -> None:
    metrics = reference("sklearn.metrics")
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    found = paired.cohen_kappa(a, b)
    if len({*a, *b}) == 1:
        assert found.value is None and found.agreed == found.n
    else:
        assert found.value == pytest.approx(metrics.cohen_kappa_score(a, b), abs=1e-12)
        assert found.agreed == round(metrics.accuracy_score(a, b) * len(a))


def test_the_interval_of_kappa_holds_the_truth_as_often_as_it_says() -> None:
    source = random.Random(11)

    def rate() -> tuple[int, int]:
        truth = source.random() < 0.4
        return truth ^ (source.random() < 0.1), truth ^ (source.random() < 0.2)

    many = [rate() for _ in range(60_000)]
    true = paired.cohen_kappa([x for x, _ in many], [y for _, y in many]).value
    assert true is not None
    held = 0
    for _ in range(400):
        some = [rate() for _ in range(150)]
        found = paired.cohen_kappa([x for x, _ in some], [y for _, y in some])
        held += found.low is not None and found.high is not None and found.low <= true <= found.high
    assert 0.92 <= held / 400 <= 0.98


def test_cochran_is_that_of_the_reference() -> None:
    """On zeros and ones, Friedman's test with its correction for ties is Cochran's."""
    stats = reference("scipy.stats")
    source = random.Random(2)
    rows = [[float(source.random() < p) for p in (0.3, 0.5, 0.6, 0.5)] for _ in range(90)]
    wanted = stats.friedmanchisquare(*zip(*rows, strict=True))
    assert paired.cochran_q(rows) == pytest.approx((wanted.statistic, wanted.pvalue), abs=1e-10)
    assert paired.cochran_q([[1.0, 1.0], [0.0, 0.0]]) == (0.0, 1.0)


QUANTILES: list[Callable[[Any], tuple[float, float]]] = [
    *(lambda s, f=f, p=p: (paired.t_quantile(p, f), s.t.ppf(p, f)) for f in (1, 2, 5, 29, 999) for p in (0.6, 0.975)),
    *(lambda s, f=f, x=x: (paired.chi2_above(x, f), s.chi2.sf(x, f)) for f in (1, 2, 3, 9, 40) for x in (0.1, 3, 60)),
]


@pytest.mark.parametrize("both", QUANTILES)
def test_distributions_are_those_of_the_reference(both: Callable[[Any], tuple[float, float]]) -> None:
    ours, theirs = both(reference("scipy.stats"))
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def test_holm_by_hand() -> None:
    assert paired.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert paired.holm([]) == [] and paired.holm([0.9, 0.8]) == [1.0, 1.0]
