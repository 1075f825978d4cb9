"""The rules that propose the next experiment: each fires where it should, and is silent beside it."""

from __future__ import annotations

import pytest

from cockpit.core.figures import Figure
from cockpit.core.next_steps import Result, propose, spread


def rules(result: Result) -> dict[str, str]:
    return {one.rule: one.why for one in propose(result)}


def test_a_run_in_which_nothing_stands_out_proposes_nothing() -> None:
    mean = Figure(0.7, "share", 0.66, 0.74, 400)
    assert (
        propose(Result(1, 400, 390, 3, True, {0: [1, 1], 1: [0, 0]}, mean, Figure(0.02, "points", -0.1, 0.14, 9))) == []
    )


@pytest.mark.parametrize(
    ("result", "rule", "why"),
    [
        (Result(1, 40, 0, 0, True), "stop-never-hit", "stop never hit in 40 of 40"),
        (Result(1, 40, 9, 4), "cut", "4 of 40 answers were cut by their length"),
        (
            Result(1, 40, mean=Figure(0.5, "share", 0.35, 0.65, 40)),
            "wide",
            "n = 40, interval ± 15: 300 would give ± 5",
        ),
        (
            Result(1, 40, gain=Figure(0.12, "points", 0.07, 0.17, 80)),
            "few-shot-helped",
            "few-shot helped 12 ± 5 points over 80 inputs",
        ),
        (
            Result(1, 8, scores={0: [0, 1, 0, 1], 1: [1, 0, 1, 0]}),
            "answers-differ",
            "variance between samples dominates: 100 % of it lies between answers to the same input",
        ),
    ],
)
def test_a_rule_gives_its_reason(result: Result, rule: str, why: str) -> None:
    assert rules(result) == {rule: why}


@pytest.mark.parametrize(
    "result",
    [
        Result(1, 40, 1, 3, True),
        Result(1, 9, 0, 9, True),
        Result(1, 40, 0, 0, False),
        Result(1, 400, mean=Figure(0.5, "share", 0.35, 0.65, 300)),
        Result(1, 40, gain=Figure(0.12, "points", -0.01, 0.25, 80)),
    ],
)
def test_a_rule_is_silent_just_beside(result: Result) -> None:
    assert rules(result) == {}


def test_spread_agrees_with_numbers_worked_out_by_hand() -> None:
    # Within: (1/3 + 1/4) / 2 = 7/24. Means 0.5 and 0.25: variance 1/32, less 7/24/4 is below zero, so all is within.
    assert spread({0: [0, 1, 0, 1], 1: [0, 0, 0, 1]}) == pytest.approx(1.0)
    # Within: (1/2 + 0) / 2 = 1/4. Means 1.5 and 9: variance 28.125, less 1/8.
    assert spread({0: [1, 2], 1: [9, 9]}) == pytest.approx(0.25 / (0.25 + 28.0))
    assert spread({0: [1, 1], 1: [1, 1]}) is None
    assert spread({0: [1], 1: [0]}) is None
