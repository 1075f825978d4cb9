"""A metric beside a person's labels of the same answers."""

from __future__ import annotations

import random

import pytest

from cockpit.core.agreement import Answer, agreement_of, read_labels, worth
from cockpit.core.errors import InputError

ANSWERS = [Answer(11, "a", "m"), Answer(12, "b", "m"), Answer(13, "b", "other")]


def test_kappa_is_that_of_a_reference_library() -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    random.seed(3)
    for levels in ((0.0, 1.0), (0.0, 0.5, 1.0)):
        scores = {at: random.choice(levels) for at in range(80)}
        said = {at: scores[at] if random.random() < 0.7 else random.choice(levels) for at in range(80)}
        found = agreement_of(scores, said)
        assert found is not None
        expected = sklearn.cohen_kappa_score([str(scores[at]) for at in said], [str(value) for value in said.values()])
        assert found.kappa.value == pytest.approx(expected)
        assert found.kappa.low is not None and found.kappa.low < expected < (found.kappa.high or 0)
        assert set(found.apart) == {at for at in said if said[at] != scores[at]}
        assert sum(found.counts.values()) == 80


def test_only_answers_that_have_both_are_compared() -> None:
    found = agreement_of({1: 1.0, 2: 0.0, 3: 1.0}, {2: 1.0, 3: 1.0, 4: 0.0})
    assert found is not None
    assert (found.kappa.n, found.kappa.agreed, found.apart) == (2, 1, (2,))
    assert found.counts == {("right", "right"): 1, ("wrong", "right"): 1}
    assert agreement_of({1: 1.0}, {2: 1.0}) is None


def test_many_values_are_parted_at_a_half() -> None:
    found = agreement_of({at: at / 20 for at in range(20)}, {at: float(at >= 10) for at in range(20)})
    assert found is not None
    assert found.kappa.value == 1


def test_labels_are_words_or_numbers_and_the_judges_own_come_first() -> None:
    assert [worth(text) for text in ("Right", " correct ", "0", "0.5", "FALSE", "rejected")] == [1, 1, 0, 0.5, 0, 0]
    assert worth("maybe") is None and worth("nan") is None
    assert worth("Partly", {"partly": 0.5}) == 0.5
    assert worth("yes", {"yes": 0.0, "no": 1.0}) == 0


def test_rows_name_answers_by_sample_or_by_key_and_model() -> None:
    by_sample = read_labels([{"sample": "12", "label": "right"}, {"sample": "99", "label": "wrong"}], ANSWERS)
    assert (dict(by_sample.said), by_sample.strangers) == ({12: 1.0}, 1)
    rows = [{"key": "a", "model": "", "verdict": "no"}, {"key": "b", "model": "other", "verdict": "yes"}]
    assert dict(read_labels(rows, ANSWERS).said) == {11: 0.0, 13: 1.0}
    assert dict(read_labels([{"key": "a", "label": " "}], ANSWERS).said) == {}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"sample": "11", "note": "x"}], "column"),
        ([{"label": "right"}], "column"),
        ([{"sample": "11", "label": "right"}, {"sample": "12", "label": "hm"}], "Row 2"),
        ([{"sample": "eleven", "label": "right"}], "no sample's number"),
        ([{"key": "b", "label": "right"}], "2 answers have the key"),
        ([{"sample": "11", "label": "right"}, {"sample": "11", "label": "wrong"}], "twice"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_row(rows: list[dict[str, str]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_labels(rows, ANSWERS)
