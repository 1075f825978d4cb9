"""What parts cost over a run, and which examples go first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from cockpit.core.models import Price
from cockpit.core.prompts import Message, Version, single
from cockpit.core.shorter import Column, Example, costs, drop_order, examples, total_usd
from cockpit.core.tokens import Tokens, plain_bytes


class Words:
    """A tokenizer whose tokens are words with the space before them."""

    name, exact, error, local = "words", True, "", False
    specials: Mapping[str, int] = {}

    def __init__(self, *, boundaries: bool = True) -> None:
        self.boundaries = boundaries

    def count(self, text: str) -> int:
        return len(text.split())

    def encode(self, text: str) -> Tokens:
        data = plain_bytes(text)
        ends = [at for at in range(1, len(data)) if data[at : at + 1].isspace() and not data[at - 1 : at].isspace()]
        return Tokens(data, [0] * (len(ends) + 1), [*ends, len(data)] if data else [])

    def encode_special(self, text: str) -> Tokens:
        return self.encode(text)

    def token_bytes(self, token: int) -> bytes:
        return b""

    def vocabulary(self) -> Sequence[bytes]:
        return ()


FEW = "Name the capital.\n\nQ: France?\nA: Paris\n\nQ: Spain and its islands?\nA: Madrid\n\nQ: {{country}}?\nA:"
ROWS = ({"country": "Peru"}, {"country": "the Isle of Man"})


Cost = tuple[tuple[float, ...], tuple[float | None, ...]]


def by_label(*columns: Column, version: Version | None = None) -> dict[str, Cost]:
    parts = costs(version or single(FEW, system="Be short."), ROWS, columns)
    return {part.section.label: (part.tokens, part.usd) for part in parts}


def test_each_part_counts_what_begins_in_it_and_costs_that_on_every_request() -> None:
    found = by_label(Column("m", 1000, Price(2.0, 8.0), Words()))
    assert found["system"] == ((2.0,), (1000 * 2 * 2.0 / 1e6,))
    assert found["example 1"] == ((4.0,), (0.008,))
    assert found["example 2"] == ((7.0,), (0.014,))
    assert found["question"][0] == ((2 + 5) / 2,), "the mean over the rows; its 'Q:' begins with the line before"


def test_the_parts_of_a_text_add_up_to_it() -> None:
    parts = costs(single(FEW), ROWS[:1], [Column("m", 1, None, Words())])
    assert sum(part.tokens[0] for part in parts) == Words().count(FEW)


def test_an_unknown_price_stays_unknown() -> None:
    found = by_label(Column("a", 10, None, Words()), Column("b", 10, Price(1.0, 1.0), Words()))
    first, second = found["example 1"][1]
    assert first is None
    assert second == pytest.approx(4e-5)
    assert total_usd((None, None)) is None
    assert total_usd((None, 2.0)) == 2.0


def test_a_tokenizer_that_only_counts_still_adds_up() -> None:
    parts = costs(single(FEW), ROWS[:1], [Column("m", 1, None, Words(boundaries=False))])
    assert sum(part.tokens[0] for part in parts) == pytest.approx(Words().count(FEW))


def test_without_a_tokenizer_four_characters_are_one() -> None:
    found = by_label(Column("m", 1), version=single("x" * 40))
    assert found["user"][0] == (10.0,)


def test_what_differs_from_row_to_row_is_said() -> None:
    parts = {part.section.label: part.varies for part in costs(single(FEW), ROWS, [Column("m", 1)])}
    assert parts == {"user": False, "example 1": False, "example 2": False, "question": True}


def test_a_variable_without_a_value_counts_as_written() -> None:
    parts = costs(single("Hello {{name}}"), ({},), [Column("m", 1)])
    assert parts[0].section.text == "Hello {{name}}"


def test_examples_come_with_their_answers() -> None:
    found = examples(costs(single(FEW), ROWS, [Column("m", 1, None, Words())]))
    assert [(one.label, one.answer, one.tokens) for one in found] == [
        ("example 1", "Paris", 4),
        ("example 2", "Madrid", 7),
    ]


def example(label: str, text: str, answer: str = "") -> Example:
    return Example(label, text, answer, float(len(text.split())))


def test_of_two_alike_the_longer_goes_first_and_the_other_then_stands_alone() -> None:
    order = drop_order([example("1", "a b c d"), example("2", "a b c d e f"), example("3", "u v w x y z")])
    assert [drop.example.label for drop in order] == ["2", "3", "1"]
    assert order[0].nearest == "1"
    assert order[0].overlap == pytest.approx(4 / 6)
    assert order[1].overlap == 0, "its length decides, since nothing is like it"


def test_the_last_example_of_an_answer_goes_after_the_others() -> None:
    order = drop_order(
        [example("1", "good one", "yes"), example("2", "good", "yes"), example("3", "bad bad bad bad one", "no")]
    )
    assert [drop.example.label for drop in order] == ["1", "3", "2"]
    assert [drop.only_answer for drop in order] == [False, True, True]


def test_answers_that_are_all_different_are_no_labels() -> None:
    order = drop_order([example("1", "a b c", "x"), example("2", "a d", "y")])
    assert not any(drop.only_answer for drop in order)


def test_an_example_whose_loss_was_measured_goes_last() -> None:
    order = drop_order([example("1", "a b c d e"), example("2", "a b")], keep=["1"])
    assert [drop.example.label for drop in order] == ["2", "1"]


def test_messages_of_a_conversation_are_parts() -> None:
    version = Version(
        "", (Message("user", "one two"), Message("assistant", "three"), Message("user", "four")), "", "So"
    )
    parts = costs(version, ({},), [Column("m", 1, None, Words())])
    assert [(part.section.label, part.tokens[0]) for part in parts] == [
        ("user 1", 2),
        ("assistant 1", 1),
        ("user 2", 1),
        ("prefill", 1),
    ]
