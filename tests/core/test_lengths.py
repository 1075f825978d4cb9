"""How long answers get: the spread, the limit that cuts one in a hundred, and how sure that is."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cockpit.core.lengths import Bin, Length, at_limit, bins, spread, suggest


def answers(*tokens: int, cut: int = 0) -> list[Length]:
    """One answer to each input; the last `cut` were cut off."""
    return [Length(n, at, at >= len(tokens) - cut) for at, n in enumerate(tokens)]


def test_the_spread_by_hand() -> None:
    found = spread(answers(5, 1, 4, 2, 3, 6, 7, 8, 9, 40))
    assert found is not None
    assert (found.n, found.least, found.median, found.ninth, found.most, found.total) == (10, 1, 5, 9, 40, 85)
    assert spread([]) is None


def test_the_limit_cuts_at_most_one_in_a_hundred_of_what_was_seen() -> None:
    found = suggest(answers(*range(1, 1001)))
    assert found.at is not None
    assert found.at.max_tokens == 990
    assert (found.at.cut.k, found.at.cut.n) == (10, 1000)
    assert found.at.saved == sum(range(1, 11)), "1 to 10 tokens less for each of the ten that are cut"


def test_the_limits_interval_is_where_a_rate_of_one_percent_is_not_refuted() -> None:
    found = suggest(answers(*range(1, 1001)))
    # Wilson's lower end for k of 1000 passes 1 % between 17 (1.06 %) and 16 (0.99 %): the limit 984 cuts 16.
    assert found.low == 984
    assert found.high is not None
    assert at_limit(answers(*range(1, 1001)), found.high).cut.high <= 0.01
    assert at_limit(answers(*range(1, 1001)), found.high - 1).cut.high > 0.01


def test_few_answers_bound_nothing_above_and_say_how_many_would() -> None:
    found = suggest(answers(*range(1, 51)))
    assert found.at is not None
    assert found.at.max_tokens == 50, "any less cuts more than one in a hundred of fifty"
    assert found.high is None
    assert found.needed == 381
    enough = suggest(answers(*range(1, 382)))
    assert enough.high is not None
    assert suggest(answers(*range(1, 381))).high is None


def test_answers_to_few_inputs_count_as_few() -> None:
    ten_inputs = [Length(100 + at % 10, at % 10) for at in range(1000)]
    assert suggest(ten_inputs).high is None, "ten inputs cannot show that one in a hundred is cut"
    alone = [Length(100 + at, at) for at in range(1000)]
    assert suggest(alone).high is not None


def test_an_answer_that_was_cut_is_longer_than_anything_seen() -> None:
    lengths = answers(*[10] * 95, *[20] * 5, cut=5)
    found = suggest(lengths)
    assert found.at is None, "five in a hundred were cut at 20: no limit up to there cuts fewer"
    assert at_limit(lengths, 50).cut.k == 5
    assert at_limit(lengths, 5).cut.k == 100


def test_nothing_is_suggested_of_no_answers() -> None:
    assert suggest([]).at is None


def test_bins_tile_the_lengths() -> None:
    assert bins(answers(3, 4, 12, 29), most=3) == [Bin(0, 9, 2), Bin(10, 19, 1), Bin(20, 29, 1)]
    assert bins([], 3) == []
    assert bins(answers(7, 7), 5) == [Bin(7, 7, 2)]


@pytest.mark.parametrize("most", [1, 4, 10, 12])
def test_bins_are_few_and_count_all(most: int) -> None:
    lengths = answers(*(at * at for at in range(1, 300)))
    found = bins(lengths, most)
    assert len(found) <= most
    assert sum(one.n for one in found) == len(lengths)
    assert all(one.high + 1 == other.low for one, other in pairwise(found))
