"""What came back, counted."""

from __future__ import annotations

from cockpit.core.ports import Usage
from cockpit.core.samples import Ended, Failure, Sample, SampleKey
from cockpit.core.tally import by_model, count, tally


def sample(
    index: int, ended: Ended, *, model: str = "m", row: int = 0, cost: float | None = 0.5, text: str = "abcd"
) -> Sample:
    error = Failure("server", "Trouble.") if ended == "error" else None
    usage = Usage(1, None if index == 1 else 10)
    key = SampleKey(0, row, index)
    return Sample(1, key, model, text=text, ended=ended, cost_usd=cost, error=error, usage=usage, cached=index == 2)


def test_counts_lengths_and_cost_are_of_what_is_known() -> None:
    found = count(
        [sample(0, "ended"), sample(1, "length", cost=None), sample(2, "refusal", text="ab"), sample(3, "error")]
    )
    assert (found.n, found.whole, found.cached) == (4, 3, 1)
    assert found.counts == {"ended": 1, "length": 1, "refusal": 1, "error": 1}
    assert found.mean_chars == 10 / 3
    assert (found.mean_output_tokens, found.tokens_known) == (10.0, 2)
    assert (found.cost_usd, found.cost_unknown) == (1.5, 1)
    rate = found.rate("refusal", "filter")
    assert (rate.k, rate.n) == (1, 3) and rate.low > 0


def test_nothing_is_a_tally_too() -> None:
    found = count([])
    assert (found.n, found.mean_chars, found.rate("refusal").value) == (0, None, None)


def test_groups_keep_their_order() -> None:
    groups = tally(
        [sample(0, "ended", model="b"), sample(0, "ended", model="a"), sample(1, "stop", model="b")], by_model
    )
    assert list(groups) == ["b", "a"] and groups["b"].n == 2


def test_one_input_gives_draws_and_many_give_clusters() -> None:
    one = count([sample(i, "refusal" if i < 5 else "ended") for i in range(10)]).rate("refusal")
    alike = [sample(i, "refusal" if row == 0 else "ended", row=row) for row in range(2) for i in range(5)]
    many = count(alike).rate("refusal")
    assert one.value == many.value == 0.5
    assert many.high - many.low > one.high - one.low
