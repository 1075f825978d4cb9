"""What counts as right, at the edges where people are misled."""

from __future__ import annotations

import pytest

from cockpit.core.errors import InputError
from cockpit.core.examples import Row
from cockpit.core.metrics import Judge, Metric, check, read_choice, score

WORDS = ("positive", "negative")
LETTERS = ("A", "B", "C")


def right(kind: Metric, text: str, gold: str = "positive") -> float | None:
    return score(kind, text, Row("k", "q", output=gold))


def test_exact_forgives_white_space_alone() -> None:
    assert right(Metric("exact"), " positive\n") == 1
    assert right(Metric("exact"), "Positive") == 0
    assert right(Metric("exact", any_case=True), "Positive") == 1
    assert right(Metric("exact"), "positive.") == 0


def test_contains_does_not_find_a_part_of_a_word() -> None:
    assert right(Metric("contains"), "It is positive.") == 1
    assert right(Metric("contains"), "positively") == 0
    assert right(Metric("contains"), "the answer is 10", "1") == 0
    assert right(Metric("contains"), "costs $5 today", "$5") == 1


def test_regex_compares_its_group_or_only_looks() -> None:
    last = Metric("regex", pattern=r"answer: (\w+)")
    assert right(last, "so, answer: positive") == 1
    assert right(last, "so, answer: negative") == 0
    assert right(last, "no idea") == 0
    looks = Metric("regex", pattern=r"^\{.*\}$")
    assert score(looks, '{"a": 1}', Row("k", "q")) == 1, "without a group the row need not say anything"


def test_what_a_row_does_not_say_has_no_score() -> None:
    assert score(Metric("exact"), "x", Row("k", "q")) is None
    assert score(Metric("choice", labels=WORDS), "positive", Row("k", "q", label="mixed")) is None


def test_a_row_is_right_by_its_label_where_it_has_no_output() -> None:
    assert score(Metric("exact"), "negative", Row("k", "q", label="negative")) == 1


@pytest.mark.parametrize(
    ("text", "labels", "said"),
    [
        ("B", LETTERS, "B"),
        ("(b) because", LETTERS, "B"),
        ("**C**.", LETTERS, "C"),
        ("A dog is a mammal, so the answer is B.", LETTERS, "B"),
        ("A is wrong and so is B; the answer: C", LETTERS, "C"),
        ("I think it is hard to say", LETTERS, None),
        ("Either (A) or (B)", LETTERS, None),
        ("It must be (C)", LETTERS, "C"),
        ("Positive!", WORDS, "positive"),
        ("The sentiment is negative", WORDS, "negative"),
        ("not positive but negative", WORDS, None),
        ("positively", WORDS, None),
        ("very positive indeed", ("positive", "very positive"), "very positive"),
        ("", WORDS, None),
    ],
)
def test_a_choice_is_read_or_left_open(text: str, labels: tuple[str, ...], said: str | None) -> None:
    assert read_choice(text, labels) == said


def test_an_answer_that_is_no_choice_is_wrong_not_unscored() -> None:
    assert score(Metric("choice", labels=WORDS), "who knows", Row("k", "q", label="positive")) == 0


@pytest.mark.parametrize("metric", [Metric("regex"), Metric("regex", pattern="("), Metric("choice", labels=("A",))])
def test_a_metric_that_cannot_work_is_refused(metric: Metric) -> None:
    with pytest.raises(InputError):
        check(metric)


def test_a_judge_answers_from_its_set_or_not_at_all() -> None:
    judge = Judge(answers={"right": 1.0, "partly": 0.5, "wrong": 0.0})
    assert judge.value("Partly, since …") == 0.5
    assert judge.value("My verdict: wrong") == 0
    assert judge.value("I cannot tell") is None
    assert judge.mark and not Judge().mark
    with pytest.raises(InputError, match="answer"):
        Judge(text="Is {{input}} good?").version()


def test_ways_of_scoring_do_not_share_a_name() -> None:
    names = [Metric("exact"), Metric("exact", any_case=True), Metric("regex", "a"), Metric("regex", "b")]
    assert len({metric.name for metric in names}) == 4
