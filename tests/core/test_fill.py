"""Choosing, filling and ordering examples: what fits is exact, what is chosen depends on data and seed alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.core.catalog import Catalog
from cockpit.core.errors import PlanError
from cockpit.core.example_block import render_block
from cockpit.core.examples import Example, Row, Source, Template
from cockpit.core.fill import STRATEGIES, Ranked, arrange, fill, rank
from cockpit.tokenizers.registry import Tokenizers

WORDS = st.text(alphabet=st.sampled_from("abc de\n.é汉😀 <>/:Input"), max_size=30)
EXAMPLES = st.lists(st.builds(Example, WORDS, WORDS), max_size=24)
TEMPLATES = st.sampled_from(
    [
        Template(),
        Template(separator=""),
        Template("xml", "q", "a", "\n"),
        Template("custom", body="{{input}}{{output}}", separator=""),
        Template("custom", body="{{input}} => {{output}}\n", separator="###"),
    ]
)


def ranked_of(examples: Sequence[Example]) -> list[Ranked]:
    return [Ranked(one, "") for one in examples]


@pytest.fixture(scope="session")
def o200k(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], int]:
    tokenizers = Tokenizers(Catalog.load(), {}, tmp_path_factory.mktemp("home"), {})
    return tokenizers.get("o200k_base").count


@settings(max_examples=150, deadline=None)
@given(examples=EXAMPLES, template=TEMPLATES, window=st.integers(0, 400), reserve=st.integers(0, 40))
def test_o200k_is_never_exceeded_and_never_one_short(
    o200k: Callable[[str], int], examples: list[Example], template: Template, window: int, reserve: int
) -> None:
    def count(chosen: Sequence[Example]) -> int:
        return o200k(render_block(chosen, template) + "\n\nInput: x\nOutput:")

    check(examples, window, reserve, count)


@settings(max_examples=300, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 40), max_size=60),
    saved=st.integers(0, 9),
    window=st.integers(0, 900),
    reserve=st.integers(0, 60),
)
def test_a_counter_that_does_not_add_up_is_searched_not_summed(
    sizes: list[int], saved: int, window: int, reserve: int
) -> None:
    """Every third edge merges: a longer prefix may take fewer tokens than a shorter one."""
    examples = [Example(str(size), str(at)) for at, size in enumerate(sizes)]

    def count(chosen: Sequence[Example]) -> int:
        return 11 + sum(int(one.input) for one in chosen) - (saved if len(chosen) % 3 == 2 else 0)

    check(examples, window, reserve, count)


def check(examples: list[Example], window: int, reserve: int, count: Callable[[Sequence[Example]], int]) -> None:
    room = window - reserve
    if count([]) > room:
        with pytest.raises(PlanError, match="without a single example"):
            fill(ranked_of(examples), "fit", window=window, reserve=reserve, count=count)
        return
    filled = fill(ranked_of(examples), "fit", window=window, reserve=reserve, count=count)
    n = len(filled.chosen)
    assert list(filled.examples) == examples[:n]
    assert filled.tokens == count(examples[:n]) <= room
    assert filled.room == room - filled.tokens
    if n < len(examples):
        assert count(examples[: n + 1]) > room, "there is room for one more"
        near = [m for m in range(n + 1, min(n + 17, len(examples) + 1)) if count(examples[:m]) - room <= 0]
        if all(count(examples[:m]) - room <= 32 for m in range(n + 1, n + 1 + len(near))):
            assert not near, "a longer prefix within reach fits"


def test_a_fixed_number_is_taken_and_the_reason_is_said() -> None:
    ten = [Example(str(at), "y") for at in range(10)]
    filled = fill(ranked_of(ten), 4, window=1000, reserve=0, count=len)
    assert (len(filled.chosen), filled.stopped) == (4, "as many as asked for")
    assert fill(ranked_of(ten), "fit", window=1000, reserve=0, count=len).stopped == "no more in the set"
    assert fill(ranked_of(ten), "fit", window=6, reserve=2, count=len).stopped == "the next would be 1 tokens too many"
    assert len(fill(ranked_of(ten), 3, window=None, reserve=0, count=len).chosen) == 3
    with pytest.raises(PlanError, match="context is not"):
        fill(ranked_of(ten), "fit", window=None, reserve=0, count=len)


POOL = [
    Example("the cat sat on the mat", "animal", "a"),
    Example("stock prices fell sharply", "money", "m"),
    Example("a cat and a dog", "animal", "a"),
    Example("interest rates and stock markets", "money", "m"),
    Example("dogs bark", "animal", "a"),
]


def inputs(ranked: Sequence[Ranked]) -> list[str]:
    return [one.example.input for one in ranked]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_query_is_never_its_own_example(strategy: str) -> None:
    query = Row("k", "  The CAT sat on the mat. ")
    assert POOL[0].input not in inputs(rank(POOL, query, strategy, 0))  # type: ignore[arg-type]
    edited = Example("quite different now", "x", source=Source("row", {"dataset": "d", "row": "k"}))
    assert edited.input not in inputs(rank([*POOL, edited], query, strategy, 0))  # type: ignore[arg-type]


@given(st.integers(), st.sets(st.integers(0, 4)))
def test_what_a_seed_draws_does_not_depend_on_what_else_is_there(seed: int, kept: set[int]) -> None:
    some = [one for at, one in enumerate(POOL) if at in kept]
    whole = inputs(rank(POOL, None, "random", seed))
    assert inputs(rank(some, None, "random", seed)) == [text for text in whole if text in {one.input for one in some}]
    assert inputs(rank(POOL[::-1], None, "random", seed)) == whole


def test_a_seed_gives_the_same_order_on_any_machine() -> None:
    # Computed by hand from SHA-256 of "7", NUL, input, NUL, output.
    assert inputs(rank(POOL, None, "random", 7)) == [
        one.input for one in sorted(POOL, key=lambda one: hashed(f"7\x00{one.input}\x00{one.output}"))
    ]


def hashed(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def test_balanced_takes_labels_in_turn() -> None:
    labels = [one.example.label for one in rank(POOL, None, "balanced", 3)]
    assert sorted(str(label) for label in labels[:2]) == ["a", "m"]
    assert sorted(str(label) for label in labels[:4]) == ["a", "a", "m", "m"]


def test_nearest_shares_words_and_says_which() -> None:
    found = rank(POOL, Row("q", "are stock markets rational"), "nearest", 0)
    assert inputs(found)[:2] == ["interest rates and stock markets", "stock prices fell sharply"]
    assert found[0].why == "shares markets, stock"
    assert found[-1].why == "shares no word with the query"
    with pytest.raises(PlanError, match="query"):
        rank(POOL, None, "nearest", 0)


def test_diverse_does_not_take_the_same_twice() -> None:
    twins = [Example("red car", "1"), Example("red car!", "2"), Example("blue boat", "3")]
    assert inputs(rank(twins, None, "diverse", 0))[:2] == ["red car", "blue boat"]
    near = rank(twins, Row("q", "a red car and a boat"), "diverse", 0)
    assert inputs(near)[2] == "red car!"


def test_longest_and_shortest_keep_the_sets_order_among_equals() -> None:
    some = [Example("aa", "b"), Example("a", "b"), Example("b", "aa"), Example("c", "d")]
    assert inputs(rank(some, None, "longest", 0)) == ["aa", "b", "a", "c"]
    assert inputs(rank(some, None, "shortest", 0)) == ["a", "c", "aa", "b"]


def test_orders() -> None:
    query = Row("q", "stock markets")
    assert [one.input for one in arrange(POOL, "nearest last", 0, query)][-2:] == [
        "stock prices fell sharply",
        "interest rates and stock markets",
    ]
    assert [one.label for one in arrange(POOL, "by label", 0, None)] == ["a", "a", "a", "m", "m"]
    assert arrange(POOL, "as chosen", 0, None) == POOL
    assert arrange(POOL, "shuffled", 1, None) == arrange(POOL[::-1], "shuffled", 1, None)
    assert sorted(one.input for one in arrange(POOL, "shuffled", 1, None)) == sorted(one.input for one in POOL)
    with pytest.raises(PlanError, match="query"):
        arrange(POOL, "nearest last", 0, None)


def test_of_equally_near_ones_the_first_chosen_comes_last() -> None:
    chosen = [Example("x a", "1"), Example("x b", "2")]
    assert arrange(chosen, "nearest last", 0, Row("q", "x")) == chosen[::-1]
