"""Versions one example apart: found, compared, and the difference with its interval."""

from __future__ import annotations

from math import sqrt
from statistics import stdev

import pytest

from cockpit.core.prompts import Version, single
from cockpit.core.shot_effect import ENDED, Effect, Outcome, Stored, effects, pairs, t95

SHOTS = ("Q: France?\nA: Paris", "Q: Spain?\nA: Madrid", "Q: Peru?\nA: Lima")


def prompt(*shots: int, head: str = "Name the capital.") -> Version:
    return single("\n\n".join([head, *(SHOTS[at] for at in shots), "Q: {{country}}?\nA:"]))


def block(*shots: int) -> Version:
    version = single("Name the capital.\n\n{{examples}}\n\nQ: {{country}}?\nA:")
    return Version(version.system, version.messages, "\n\n".join(SHOTS[at] for at in shots), "")


def found(*versions: Version) -> set[tuple[str, int, int]]:
    stored = [Stored(10 + at, at + 1, version) for at, version in enumerate(versions)]
    return {(pair.example, pair.having.number, pair.lacking.number) for pair in pairs(stored)}


def test_versions_one_example_apart_are_found() -> None:
    assert found(prompt(0, 1, 2), prompt(0, 2), prompt(0, 1)) == {(SHOTS[1], 1, 2), (SHOTS[2], 1, 3)}


def test_an_examples_block_counts_like_examples_in_the_text() -> None:
    assert found(block(0, 1, 2), block(1, 2)) == {(SHOTS[0], 1, 2)}
    assert found(block(0, 1, 2), prompt(0, 1)) == {(SHOTS[2], 1, 2)}


def test_anything_else_that_differs_is_no_comparison() -> None:
    assert found(prompt(0, 1, 2), prompt(0, 2, head="Say the capital.")) == set()
    assert found(prompt(0, 1, 2), prompt(2)) == set(), "two examples apart"
    assert found(prompt(0, 1, 2), prompt(2, 0)) == set(), "another order"


def outcomes(ended: dict[str, list[int]], column: str = "m {}", **scores: float) -> list[Outcome]:
    return [Outcome(column, name, bool(one), scores) for name, values in ended.items() for one in values]


def only(measure: str, having: list[Outcome], lacking: list[Outcome]) -> Effect:
    return next(one for one in effects(having, lacking) if one.measure == measure)


def test_one_input_is_compared_by_newcombes_interval() -> None:
    # 56 of 70 against 48 of 80: Newcombe 1998, table II, method 10: 0.0524 to 0.3339.
    having = outcomes({"x": [1] * 48 + [0] * 32})
    lacking = outcomes({"x": [1] * 56 + [0] * 14})
    found = only(ENDED, having, lacking)
    assert found.difference == pytest.approx(0.2)
    assert found.low == pytest.approx(0.0524, abs=5e-5)
    assert found.high == pytest.approx(0.3339, abs=5e-5)
    assert (found.inputs, found.having, found.lacking) == (1, 80, 70)
    assert found.reading == "better"


def test_many_inputs_are_paired() -> None:
    with_it = {str(at): [1, 1, 1, 0] for at in range(8)}
    without = {str(at): [1, 0, 0, 0] if at else [0, 0, 0, 0] for at in range(8)}
    found = only(ENDED, outcomes(with_it), outcomes(without))
    changes = [-0.5] * 7 + [-0.75]
    half = 2.3646 * stdev(changes) / sqrt(8)
    assert found.difference == pytest.approx(sum(changes) / 8)
    assert found.low == pytest.approx(sum(changes) / 8 - half, abs=1e-3)
    assert found.reading == "worse"


def test_no_change_at_all_is_not_certainty() -> None:
    same = {str(at): [1] for at in range(6)}
    found = only(ENDED, outcomes(same), outcomes(same))
    assert found.difference == 0
    assert found.low is not None and found.low < -0.2
    assert found.reading == "unclear"


def test_only_what_was_asked_alike_is_compared() -> None:
    having = outcomes({"x": [1, 1]}) + outcomes({"x": [0, 0]}, column="other {}")
    lacking = outcomes({"x": [1, 1], "y": [0, 0]})
    found = only(ENDED, having, lacking)
    assert (found.difference, found.having, found.lacking) == (0, 2, 2)
    assert effects(outcomes({"x": [1]}, column="a"), outcomes({"x": [1]}, column="b")) == []


def test_inputs_that_are_not_shared_are_compared_as_they_are() -> None:
    found = only(ENDED, outcomes({"x": [1, 0], "y": [1, 1]}), outcomes({"z": [0, 0], "w": [0, 1]}))
    assert found.inputs == 0
    assert found.difference == pytest.approx(0.25 - 0.75)


def test_scores_come_before_the_rate_of_ending() -> None:
    having = [Outcome("m", str(at), True, {"f1": 0.5 + at / 100}) for at in range(10)]
    lacking = [Outcome("m", str(at), True, {"f1": 0.7 + at / 50}) for at in range(10)]
    first, last = effects(having, lacking)
    assert (first.measure, last.measure) == ("f1", ENDED)
    changes = [0.2 + at / 100 for at in range(10)]
    assert first.difference == pytest.approx(sum(changes) / 10)
    assert first.high == pytest.approx(0.245 + 2.2622 * stdev(changes) / sqrt(10), abs=1e-4)
    assert first.reading == "better"


def test_a_score_that_changes_alike_everywhere_has_no_interval() -> None:
    having = [Outcome("m", str(at), True, {"f1": 0.5}) for at in range(3)]
    lacking = [Outcome("m", str(at), True, {"f1": 0.25}) for at in range(3)]
    first = effects(having, lacking)[0]
    assert (first.difference, first.low, first.high, first.reading) == (-0.25, None, None, "unclear")


@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.706), (4, 2.776), (6, 2.447), (9, 2.262), (29, 2.045), (1000, 1.962)]
)
def test_students_t(freedom: int, t: float) -> None:
    assert t95(freedom) == pytest.approx(t, abs=2e-3)
