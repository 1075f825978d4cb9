"""How long answers get, and what a limit on them would cut and save. Numbers alone: it reads no sample."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import ceil

from cockpit.core.stats import Z95, Rate, clustered, wilson

SHARE = 0.01
"""Answers that a suggested limit may cut."""


@dataclass(frozen=True, slots=True)
class Length:
    """One answer: its output tokens as `max_tokens` counts them (reasoning included), and the input it answers.

    `cut` is whether a limit ended it: it would have been longer, nobody knows by how much.
    """

    tokens: int
    source: Hashable
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Spread:
    """Lengths in tokens, of `n` answers; those that were cut count with what there is of them."""

    n: int
    cut: int
    total: int
    least: int
    median: int
    ninth: int
    """Nine in ten are no longer."""
    most: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of `low` to `high` tokens, both included."""

    low: int
    high: int
    n: int


@dataclass(frozen=True, slots=True)
class AtLimit:
    """What a `max_tokens` would have done to the answers at hand.

    `cut` counts those that would not have ended by themselves; `saved` of `total` tokens would not have been written.
    """

    max_tokens: int
    cut: Rate
    saved: int
    total: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The `max_tokens` that cuts a share of answers, as far as the answers at hand can tell.

    `low` to `high` is its 95 % interval; `high` None: too few answers to bound it above, `needed` independent ones
    could. `at` None: more than that share was cut already, so that no limit seen so far is high enough.
    """

    share: float
    at: AtLimit | None
    low: int | None
    high: int | None
    needed: int


def spread(lengths: Sequence[Length]) -> Spread | None:
    """The five numbers; None of no answers."""
    if not lengths:
        return None
    ordered = sorted(one.tokens for one in lengths)
    n = len(ordered)
    return Spread(
        n=n,
        cut=sum(one.cut for one in lengths),
        total=sum(ordered),
        least=ordered[0],
        median=ordered[ceil(n * 0.5) - 1],
        ninth=ordered[ceil(n * 0.9) - 1],
        most=ordered[-1],
    )


def bins(lengths: Sequence[Length], most: int = 10) -> list[Bin]:
    """The lengths counted in at most `most` equal steps of 1, 2 or 5 times a power of ten, the first from 0 or less."""
    if not lengths:
        return []
    ordered = sorted(one.tokens for one in lengths)
    step = _step(ordered[0], ordered[-1], max(most, 1))
    first = ordered[0] // step
    found, before = [], 0
    for number in range(first, ordered[-1] // step + 1):
        upto = bisect_right(ordered, (number + 1) * step - 1)
        found.append(Bin(number * step, (number + 1) * step - 1, upto - before))
        before = upto
    return found


def _step(least: int, greatest: int, most: int) -> int:
    step, factors = 1, (2.0, 2.5, 2.0)
    at = 0
    while greatest // step - least // step + 1 > most:
        step = round(step * factors[at % 3])
        at += 1
    return step


def at_limit(lengths: Sequence[Length], max_tokens: int) -> AtLimit:
    """What a limit would have done. The rate's interval is Wilson's, at the effective number of answers where several
    are to one input (`stats.clustered`); answers to one single input are draws of that input alone."""
    saved = sum(max(one.tokens - max_tokens, 0) for one in lengths)
    return AtLimit(max_tokens, _cut(lengths, max_tokens), saved, sum(one.tokens for one in lengths))


def suggest(lengths: Sequence[Length], share: float = SHARE) -> Suggestion:
    """The smallest `max_tokens` under which no more than `share` of the answers at hand would have been cut.

    The interval inverts that of the rate: every length at which a rate of `share` is not refuted (Woodruff 1952,
    https://doi.org/10.1080/01621459.1952.10483443). An answer that a limit did cut counts as longer than anything.
    """
    needed = ceil(Z95**2 * (1 - share) / share)
    candidates = sorted({one.tokens for one in lengths if not one.cut})
    # The share that is cut falls as the limit grows, so that the first candidate that fits is found by halving.
    first, last = 0, len(candidates)
    while first < last:
        middle = (first + last) // 2
        if _count_cut(lengths, candidates[middle]) <= share * len(lengths):
            last = middle
        else:
            first = middle + 1
    if first == len(candidates):
        return Suggestion(share, None, None, None, needed)
    low = first
    while low and _cut(lengths, candidates[low - 1]).low <= share:
        low -= 1
    high = next((one for one in candidates[first:] if _cut(lengths, one).high <= share), None)
    return Suggestion(share, at_limit(lengths, candidates[first]), candidates[low], high, needed)


def _count_cut(lengths: Sequence[Length], limit: int) -> int:
    return sum(one.cut or one.tokens > limit for one in lengths)


def _cut(lengths: Sequence[Length], limit: int) -> Rate:
    groups: dict[Hashable, list[int]] = defaultdict(lambda: [0, 0])
    for one in lengths:
        group = groups[one.source]
        group[0] += one.cut or one.tokens > limit
        group[1] += 1
    if len(groups) <= 1:
        return wilson(sum(k for k, _ in groups.values()), len(lengths))
    return clustered([(k, n) for k, n in groups.values()])
