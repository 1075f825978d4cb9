"""Brier score, calibration, surprise, intervals: against scikit-learn and SciPy, and against values worked by hand."""

from __future__ import annotations

from math import log, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from cockpit.core.calibration import Guess, record, surprise

GUESSES = st.lists(st.tuples(st.floats(0.001, 0.999), st.booleans()), min_size=2, max_size=60)


@given(GUESSES)
def test_scores_are_those_of_a_reference_library(pairs: list[tuple[float, bool]]) -> None:
    found = record(Guess(p, happened) for p, happened in pairs)
    p, happened = [one[0] for one in pairs], [int(one[1]) for one in pairs]
    assert found.brier == pytest.approx(brier_score_loss(happened, p), abs=1e-12)
    assert found.bits == pytest.approx(len(p) * log_loss(happened, p, labels=[0, 1]) / log(2), rel=1e-9)
    # Its bins hold their upper edges, ours their lower ones: only probabilities off the edges can be compared.
    if not {round(10 * one, 9) for one in p} & set(range(11)):
        share, mean = calibration_curve(happened, p, n_bins=10)
        assert [one.rate.k / one.rate.n for one in found.bins] == pytest.approx(list(share))
        assert [one.mean_p for one in found.bins] == pytest.approx(list(mean))


def test_every_bin_has_the_wilson_interval_of_a_reference_library() -> None:
    rng = np.random.default_rng(7)
    guesses = [Guess(float(p), bool(rng.random() < p)) for p in rng.uniform(0.01, 0.99, 300)]
    for one in record(guesses).bins:
        wilson = binomtest(one.rate.k, one.rate.n).proportion_ci(method="wilson")
        assert (one.rate.low, one.rate.high) == pytest.approx((wilson.low, wilson.high), abs=3e-5)


def test_a_record_worked_by_hand() -> None:
    # 0.9 came true, 0.8 did not, 0.25 did not.
    found = record([Guess(0.9, True), Guess(0.8, False), Guess(0.25, False)])
    assert found.brier == pytest.approx((0.01 + 0.64 + 0.0625) / 3)
    assert found.base == pytest.approx(1 / 3 * 2 / 3)
    assert found.bits == pytest.approx(-log2(0.9) - log2(0.2) - log2(0.75))
    assert surprise(0.25, True) == 2.0
    assert surprise(0.5, False) == 1.0
    assert found.lean == pytest.approx((0.9 + 0.8 + 0.25) / 3 - 1 / 3)
