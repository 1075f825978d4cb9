"""Probabilities of a sample's tokens: against numbers worked out by hand."""

from __future__ import annotations

from math import inf, log

import pytest

from cockpit.core.logprobs import parting, perplexity, place, probability, spell, unlikely
from cockpit.core.ports import TokenLogprob


def token(text: str, p: float, **top: float) -> TokenLogprob:
    return TokenLogprob(text, log(p), tuple((name, log(value)) for name, value in top.items()))


def test_perplexity_by_hand() -> None:
    # Probabilities 1/2, 1/8: the geometric mean is 1/4, so the model hesitated as if between four.
    assert perplexity([token("a", 0.5), token("b", 0.125)]) == pytest.approx(4.0)
    assert perplexity([token("a", 1.0)]) == pytest.approx(1.0)
    assert perplexity([]) is None


def test_perplexity_of_what_could_not_be_is_infinite() -> None:
    assert perplexity([TokenLogprob("a", -inf)]) == inf
    assert perplexity([TokenLogprob("a", -9999.0)]) == inf, "OpenAI's number for 'very unlikely'"
    assert probability(-9999.0) == 0.0
    assert probability(1e-7) == 1.0, "rounding above 1 is 1"
    assert probability(float("nan")) == 0.0


def test_the_alternatives_are_in_order_and_leave_a_rest() -> None:
    found = place(token("b", 0.25, a=0.5, b=0.25, c=0.125))
    assert [(one.token, one.chosen) for one in found.alternatives] == [("a", False), ("b", True), ("c", False)]
    assert [one.probability for one in found.alternatives] == pytest.approx([0.5, 0.25, 0.125])
    assert found.rank == 2
    assert found.rest == pytest.approx(0.125)


def test_a_token_the_api_left_out_of_its_list_is_shown_without_a_rank() -> None:
    found = place(token("z", 0.01, a=0.6, b=0.3))
    assert found.alternatives[-1].token == "z"
    assert found.rank is None
    assert place(token("z", 0.4)).rank is None, "no alternatives were asked for"


def test_unlikely_tokens_are_those_below_the_limit() -> None:
    assert unlikely([token("a", 0.5), token("b", 0.05), token("c", 0.1)]) == [1]


def test_two_samples_part_at_their_first_difference() -> None:
    left = [token("The", 0.9), token(" cat", 0.6, **{" cat": 0.6, " dog": 0.3}), token(".", 0.9)]
    right = [token("The", 0.9), token(" dog", 0.3, **{" cat": 0.6, " dog": 0.3})]
    found = parting(left, right)
    assert found is not None
    assert found.index == 1
    assert found.left is left[1]
    assert found.left_of_right == pytest.approx(0.3)
    assert found.right_of_left == pytest.approx(0.6)


def test_a_sample_that_ends_earlier_parts_at_its_end() -> None:
    left = [token("a", 0.5), token("b", 0.5)]
    found = parting(left, left[:1])
    assert found is not None
    assert (found.index, found.right, found.left_of_right) == (1, None, None)
    assert parting(left, left) is None
    assert parting([], []) is None


def test_tokens_tile_the_text() -> None:
    text = "Ünï 🎉!"
    found = spell(text, [token("Ün", 0.5), token("ï ", 0.5), token("🎉", 0.5), token("!", 0.5)])
    assert found.whole
    assert found.ends == (3, 6, 10, 11)
    assert found.data == text.encode()


def test_parts_of_a_character_are_read_as_bytes() -> None:
    pieces = [token("\\xf0\\x9f", 0.5), token("bytes:\\x8e\\x89", 0.5)]
    found = spell("🎉", pieces)
    assert found.whole
    assert found.ends == (2, 4)


def test_a_backslash_in_the_text_stays_one() -> None:
    found = spell("\\xf0", [token("\\xf0", 0.5)])
    assert found.whole
    assert found.data == b"\\xf0"


def test_tokens_beyond_the_text_are_shown_and_said() -> None:
    found = spell("Yes", [token("Yes", 0.5), token("\n\n", 0.5)])
    assert not found.whole, "the stop string was cut off the text, not off the tokens"
    assert found.data == b"Yes\n\n"
