"""Lines of words that ask for some of the examples."""

from __future__ import annotations

import pytest

from cockpit.core.errors import InputError
from cockpit.core.example_filter import Filter, Term, parse_filter
from cockpit.core.examples import Example, Source

ONE = Example(
    "Is the reply a REFUSAL?\nSorry: I can't.",
    "Yes",
    label="No answer",
    reason="clear",
    note="pilot",
    tags=("hard", "hedged"),
    group="A",
    source=Source("row", {"dataset": "d", "row": 3}),
)


@pytest.mark.parametrize(
    ("text", "takes"),
    [
        ("", True),
        ("refusal sorry", True),
        ("refusal missing", False),
        ('"reply a refusal"', True),
        ('"refusal reply"', False),
        ("-missing", True),
        ("-sorry", False),
        ("tag:hard", True),
        ("tag:har", False),
        ("-tag:easy", True),
        ('label:"no answer"', True),
        ("label:no", False),
        ("group:a from:row", True),
        ("from:typed", False),
        ('tag:""', False),
        ("tag:", False),
        ("-group:", True),
        ("sorry:", True),
        ("pilot clear hedged", True),
    ],
)
def test_every_term_must_hold(text: str, takes: bool) -> None:
    assert parse_filter(text).takes(ONE) is takes


def test_a_colon_after_no_known_field_is_part_of_the_word() -> None:
    assert parse_filter("https://x.org").terms == (Term("https://x.org"),)
    assert parse_filter("Q: two").terms == (Term("q:"), Term("two"))


def test_verdicts_and_duplicates_are_asked_for_without_reading_texts() -> None:
    wanted = parse_filter("is:undecided -is:dup")
    assert not wanted.reads_texts
    assert wanted.allows("candidate", duplicate=False)
    assert not wanted.allows("candidate", duplicate=True)
    assert not wanted.allows("gold", duplicate=False)
    assert parse_filter("is:gold x").reads_texts
    assert not Filter().reads_texts


@pytest.mark.parametrize("text", ["is:good", "from:mars", "is:x gold", "is:"])
def test_what_no_example_can_be_is_refused_with_what_one_can(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_filter(text)
    assert refused.value.hint.startswith("One of")
    assert "candidate" in refused.value.hint or "sample" in refused.value.hint


def test_values_may_be_shortened() -> None:
    assert parse_filter("is:cand is:g is:du from:s").terms == (
        Term("candidate", "is"),
        Term("gold", "is"),
        Term("duplicate", "is"),
        Term("sample", "from"),
    )
