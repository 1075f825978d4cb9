"""Which examples go into a prompt, how many fit, in which order. Counts are the caller's; nothing is rendered here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from cockpit.core.cosine import Index
from cockpit.core.errors import PlanError
from cockpit.core.examples import Example, Row
from cockpit.core.leak_texts import normalise
from cockpit.core.similar import Bm25, mmr
from cockpit.core.splits import order_key

Strategy = Literal["first", "random", "balanced", "nearest", "diverse", "longest", "shortest"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
Order = Literal["as chosen", "nearest last", "by label", "shuffled"]
ORDERS: tuple[Order, ...] = get_args(Order)
LOOK_AHEAD = 16
"""Prefixes beyond the first that does not fit that are looked at: an added example may merge with the end before it."""
SLACK = 32
"""Tokens over the room from which on no longer prefix is hoped for: a merge at an end saves far fewer."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """An example in its place, with the reason in a few words and the number behind it (higher is sooner)."""

    example: Example
    why: str
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Filled:
    """The examples that fit: `tokens` is the count of the whole with them, `room` what is then left of the window.

    `stopped` says in words why there are no more.
    """

    chosen: tuple[Ranked, ...]
    tokens: int
    room: int
    stopped: str

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples alone."""
        return tuple(ranked.example for ranked in self.chosen)


_normal = lru_cache(maxsize=1 << 16)(normalise)


def is_own(example: Example, query: Row) -> bool:
    """Whether an example is the query itself: made from the row of its key, or of the same normalised input.

    A query of several values has them in `extra['values']`: an example of one of those is the query's own, too.
    """
    return bool(own_places((example,), (query,)))


def own_places(examples: Sequence[Example], queries: Sequence[Row]) -> set[int]:
    """The places of the examples that any of the queries is."""
    keys = {query.key for query in queries} - {""}
    texts = {_normal(text) for query in queries for text in (query.input, *query.extra.get("values", ()))}
    return {
        at
        for at, one in enumerate(examples)
        if _normal(one.input) in texts or (one.source.kind == "row" and str(one.source.detail.get("row")) in keys)
    }


def rank(
    examples: Sequence[Example],
    query: Row | None,
    strategy: Strategy,
    seed: int,
    *,
    index: Index | None = None,
    most: int | None = None,
) -> list[Ranked]:
    """The examples in the order in which they are to be taken; the query is never among them.

    random and balanced order by `order_key`, whatever else is in the set; equals keep the set's order.

    Args:
        index: of the inputs of `examples`, where many queries are ranked by it, or by another likeness than words.
        most: how many are wanted; diverse, whose every pick takes a look at all that are left, gives no more.

    Raises:
        PlanError: nearest without a query.
    """
    own = own_places(examples, (query,)) if query is not None else set()
    places = [at for at in range(len(examples)) if at not in own]
    pool = [examples[at] for at in places]
    match strategy:
        case "first":
            return [Ranked(examples[at], f"number {at + 1} of the set", -float(at)) for at in places]
        case "random":
            mixed = sorted(pool, key=lambda one: order_key(seed, _key(one)))
            return [Ranked(one, f"drawn by seed {seed}", -float(at)) for at, one in enumerate(mixed, 1)]
        case "balanced":
            return _balanced(pool, seed)
        case "nearest":
            return _nearest(examples, places, _asked(query, "nearest"), index)
        case "diverse":
            return _diverse(examples, places, query, index, most)
        case "longest" | "shortest":
            sign = 1 if strategy == "longest" else -1
            sized = [Ranked(one, f"{_size(one):,} characters", float(sign * _size(one))) for one in pool]
            return sorted(sized, key=lambda ranked: -ranked.score)


def fill(
    ranked: Sequence[Ranked],
    k: int | Literal["fit"],
    *,
    window: int | None,
    reserve: int,
    count: Callable[[Sequence[Example]], int],
) -> Filled:
    """The longest prefix whose whole, counted as it will be sent, leaves `reserve` tokens of the window free.

    Counts of parts do not add up (byte pairs merge across their edges), so prefixes are counted whole: doubling and
    halving find one that fits before one that does not, and the next `LOOK_AHEAD` are tried for as long as a merge
    could save what they lack (`SLACK`).

    Args:
        k: the most to take; 'fit' for as many as there is room for.
        window: tokens of the model's context; None: unknown, nothing limits a given k.
        reserve: tokens kept for the answer.
        count: tokens of the whole request with these examples, in this order.

    Raises:
        PlanError: 'fit' without a window, or the request does not fit even without examples.
    """
    if window is None and k == "fit":
        raise PlanError("How much fits is not known: the model's context is not.", hint="Give it with --window.")
    most = len(ranked) if k == "fit" else min(k, len(ranked))
    examples = [one.example for one in ranked[:most]]
    if window is None:
        return Filled(tuple(ranked[:most]), count(examples), 0, _ended(k, most, len(ranked)))
    room = window - reserve
    known: dict[int, int] = {}

    def size(n: int) -> int:
        if n not in known:
            known[n] = count(examples[:n])
        return known[n]

    if size(0) > room:
        raise PlanError(
            f"The request takes {size(0):,} tokens without a single example, and there is room for {max(room, 0):,}.",
            hint="Shorten the prompt, keep less for the answer, or take a model with a larger context.",
        )
    n = _largest(size, most, room)
    stopped = _ended(k, most, len(ranked)) if n == most else f"the next would be {size(n + 1) - room:,} tokens too many"
    return Filled(tuple(ranked[:n]), size(n), room - size(n), stopped)


def arrange(
    chosen: Sequence[Example],
    order: Order,
    seed: int,
    query: Row | None,
    *,
    near: Callable[[Example], float] | None = None,
) -> list[Example]:
    """The chosen examples in the order they are sent in.

    Args:
        near: how near an example is to the query; BM25 over the chosen where not given.

    Raises:
        PlanError: 'nearest last' without a query.
    """
    if order == "shuffled":
        return sorted(chosen, key=lambda one: order_key(seed, _key(one)))
    if order == "by label":
        first = {label: at for at, label in reversed(list(enumerate(map(_label, chosen))))}
        return sorted(chosen, key=lambda one: first[_label(one)])
    if order == "nearest last":
        asked = _asked(query, "nearest last")
        if near is not None:
            return sorted(chosen, key=near, reverse=True)[::-1]
        scores = Bm25([one.input for one in chosen]).scores(asked.input)
        # Reversed, so that of equals the one chosen first comes last.
        return [chosen[at] for at in sorted(range(len(chosen)), key=scores.__getitem__, reverse=True)[::-1]]
    return list(chosen)


def _largest(size: Callable[[int], int], most: int, room: int) -> int:
    """The largest n up to `most` that fits, 0 being known to."""
    fits, step = 0, 1
    over = most + 1
    while fits < most:
        tried = min(fits + step, most)
        if size(tried) > room:
            over = tried
            break
        fits, step = tried, step * 2
    while over - fits > 1 and over <= most:
        middle = (fits + over) // 2
        fits, over = (middle, over) if size(middle) <= room else (fits, middle)
    ahead = fits + 1
    while ahead <= min(most, fits + LOOK_AHEAD) and size(ahead) - room <= SLACK:
        if size(ahead) <= room:
            fits = ahead
        ahead += 1
    return fits


def _ended(k: int | str, taken: int, there: int) -> str:
    if k != "fit" and taken == k:
        return "as many as asked for"
    return "no more in the set" if taken == there else "as many as asked for"


def _balanced(pool: Sequence[Example], seed: int) -> list[Ranked]:
    by_label: dict[str, list[Example]] = {}
    for one in pool:
        by_label.setdefault(_label(one), []).append(one)
    labels = sorted(by_label, key=lambda label: order_key(seed, label))
    lanes = [sorted(by_label[label], key=lambda one: order_key(seed, _key(one))) for label in labels]
    found: list[Ranked] = []
    for turn in range(max(map(len, lanes), default=0)):
        for label, lane in zip(labels, lanes, strict=True):
            if turn < len(lane):
                found.append(Ranked(lane[turn], f"number {turn + 1} of label {_short(label)}", -float(len(found) + 1)))
    return found


def _nearest(examples: Sequence[Example], places: Sequence[int], query: Row, index: Index | None) -> list[Ranked]:
    near = index or Bm25([one.input for one in examples])
    scores = near.scores(query.input)
    return [
        Ranked(examples[at], near.why(query.input, examples[at].input), scores[at])
        for at in sorted(places, key=lambda at: -scores[at])
    ]


def _diverse(
    examples: Sequence[Example], places: Sequence[int], query: Row | None, index: Index | None, most: int | None
) -> list[Ranked]:
    texts = [examples[at].input for at in places]
    if query is None:
        return [
            Ranked(examples[places[at]], "unlike those before it", score)
            for at, score in mmr(texts, [0.0] * len(texts), most=most)
        ]
    near = index or Bm25([one.input for one in examples])
    scores = near.scores(query.input)
    top = max((scores[at] for at in places), default=0.0) or 1.0
    picked = mmr(texts, [scores[at] / top for at in places], most=most)
    return [Ranked(examples[places[at]], "near the query, unlike those before it", score) for at, score in picked]


def _asked(query: Row | None, what: str) -> Row:
    if query is None:
        raise PlanError(f"There is no query for {what!r} to be near to.", hint="Give inputs, or choose another way.")
    return query


def _label(example: Example) -> str:
    return example.label if example.label is not None else example.output


def _key(example: Example) -> str:
    return f"{example.input}\x00{example.answer}"


def _size(example: Example) -> int:
    return len(example.input) + len(example.answer)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= 24 else f"{flat[:23]}…")


def label_counts(examples: Sequence[Example]) -> dict[str, int]:
    """How many examples each label has, most first; the answer counts as the label where there is none."""
    return dict(Counter(map(_label, examples)).most_common())
