"""What leaving out an example did, measured: versions one example apart, compared. Reads no database."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from statistics import fmean, variance
from typing import Literal

from cockpit.core.prompts import EXAMPLES, Version, fill
from cockpit.core.shots import Shots, find_shots
from cockpit.core.stats import Z95, Rate, clustered, wilson

ENDED = "ended"
"""The measure that every sample has: 1 where the answer ended by itself or at a stop string, else 0."""
MOVED = 5
"""Inputs on which something must have changed before a t interval holds: tried on simulated runs of 3 to 30 inputs,
with fewer it held the truth as seldom as 56 in 100 times, from here on in at least 95."""
T_TABLE = (12.706, 4.303, 3.182, 2.776, 2.571)
SLACK = 200
"""Characters of blank lines by which two versions may differ: what is further off is not looked at closely."""
_BLANKS = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Stored:
    """A version of a prompt, by the number that people know it by."""

    id: int
    number: int
    version: Version


@dataclass(frozen=True, slots=True)
class Pair:
    """Two versions that differ by one example alone; `example` is its text."""

    example: str
    having: Stored
    lacking: Stored


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one whole answer came to. `column` is the model with its params, `inputs` the values it was asked with."""

    column: str
    inputs: str
    ended: bool
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Effect:
    """What changed when the example was left out: `difference` is the measure without it, less the measure with it.

    `low` to `high` is its 95 % interval; None where no interval can be had. `inputs` counts those asked in both
    versions, which are what is compared; 0: they share none, and all answers of each are compared.
    """

    measure: str
    difference: float
    low: float | None
    high: float | None
    inputs: int
    having: int
    """Answers with the example."""
    lacking: int

    @property
    def reading(self) -> Literal["worse", "better", "unclear"]:
        """What the interval says of leaving it out, where more of the measure is better."""
        if self.high is not None and self.high < 0:
            return "worse"
        return "better" if self.low is not None and self.low > 0 else "unclear"


def pairs(versions: Sequence[Stored]) -> list[Pair]:
    """Every two versions of which one is the other without one example; blank lines do not count as a difference."""
    by_text = {_key(_texts(one.version)): one for one in versions}
    sizes = sorted(_size(_texts(one.version)) for one in versions)
    found: dict[tuple[str, int, int], Pair] = {}
    for one in versions:
        for example, texts in _shortened(_texts(one.version)):
            size = _size(texts)
            near = bisect_left(sizes, size - SLACK)
            if near == len(sizes) or sizes[near] > size + SLACK:
                continue
            other = by_text.get(_key(texts))
            if other is not None and other.id != one.id:
                found.setdefault((example, one.id, other.id), Pair(example, one, other))
    return list(found.values())


def _texts(version: Version) -> tuple[str, ...]:
    """Every text with the examples filled in and all else as it is written."""
    block = {EXAMPLES: version.examples}
    turns = (m.content if m.raw else fill(m.content, block) for m in version.messages)
    return (fill(version.system, block), *turns, fill(version.prefill, block))


def _size(texts: Sequence[str]) -> int:
    return sum(map(len, texts))


def _key(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(_BLANKS.sub("\n\n", text).strip() for text in texts)


def _shortened(texts: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each example, with the texts as they are without it: less the separator after it, or less the one before it."""
    for at, text in enumerate(texts):
        found = find_shots(text)
        for number, shot in enumerate(found.shots):
            for start, end in _stretches(found, number, len(text)):
                yield shot.text.strip(), (*texts[:at], text[:start] + text[end:], *texts[at + 1 :])


def _stretches(found: Shots, number: int, size: int) -> list[tuple[int, int]]:
    shots = found.shots
    after = shots[number + 1].start if number + 1 < len(shots) else found.question_at if found.question else size
    return [(shots[number].start, after), *([(shots[number - 1].end, shots[number].end)] if number else [])]


def effects(having: Sequence[Outcome], lacking: Sequence[Outcome]) -> list[Effect]:
    """What leaving the example out changed: every score that both sides have, then how often answers ended.

    Only models asked with the same params on both sides are compared. Inputs asked on both sides are paired; the
    answers to one input, of whatever model, are one observation.
    """
    columns = {one.column for one in having} & {one.column for one in lacking}
    sides = [[one for one in side if one.column in columns] for side in (having, lacking)]
    names = [{name for one in side for name in one.scores} for side in sides]
    measures: list[tuple[str, Callable[[Outcome], float | None]]] = [
        (name, lambda one, name=name: one.scores.get(name))  # type: ignore[misc]
        for name in sorted(names[0] & names[1])
    ]
    measures.append((ENDED, lambda one: float(one.ended)))
    found = (_effect(name, _values(sides[0], value), _values(sides[1], value)) for name, value in measures)
    return [effect for effect in found if effect is not None]


Values = dict[str, dict[str, list[float]]]
"""Input → column → values."""


def _values(side: Sequence[Outcome], value: Callable[[Outcome], float | None]) -> Values:
    found: Values = defaultdict(lambda: defaultdict(list))
    for one in side:
        number = value(one)
        if number is not None:
            found[one.inputs][one.column].append(number)
    return found


def _effect(measure: str, having: Values, lacking: Values) -> Effect | None:
    """One measure; None where a side has none of it."""
    shared = {inputs for inputs in having if having[inputs].keys() & lacking.get(inputs, {}).keys()}
    if shared:
        both = {inputs: having[inputs].keys() & lacking[inputs].keys() for inputs in shared}
        having, lacking = (_only(side, both) for side in (having, lacking))
    one, other = _flat(having), _flat(lacking)
    if not one or not other:
        return None
    difference, low, high = _interval(having, lacking, paired=len(shared) > 1)
    counts = sum(map(len, one)), sum(map(len, other))
    return Effect(measure, difference, low, high, len(shared), *counts)


def _only(side: Values, both: Mapping[str, set[str]]) -> Values:
    return {inputs: {column: side[inputs][column] for column in columns} for inputs, columns in both.items()}


def _flat(side: Values) -> list[list[float]]:
    """The values of each input."""
    return [[value for values in columns.values() for value in values] for columns in side.values()]


def _interval(having: Values, lacking: Values, *, paired: bool) -> tuple[float, float | None, float | None]:
    """The difference and its interval.

    With enough inputs on which something changed: Student's t over the inputs' differences. Else, where every value is
    0 or 1, Newcombe's interval from both rates' own (1998, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::
    AID-SIM779>3.0.CO;2-I): it takes the two sides as independent, and is too wide rather than too narrow.
    """
    one, other = _flat(having), _flat(lacking)
    changes = [_change(having[inputs], lacking[inputs]) for inputs in having] if paired else []
    if sum(change != 0 for change in changes) >= MOVED:
        return _student(changes)
    if all(value in (0.0, 1.0) for side in (one, other) for values in side for value in values):
        return _newcombe(_rate(one), _rate(other))
    if paired:
        return _student(changes)
    return _welch(_draws(one), _draws(other))


def _change(having: Mapping[str, list[float]], lacking: Mapping[str, list[float]]) -> float:
    """One input's change: the mean over its models, so that none counts more for having more answers."""
    return fmean(fmean(lacking[column]) - fmean(having[column]) for column in having)


def _student(changes: Sequence[float]) -> tuple[float, float | None, float | None]:
    middle = fmean(changes)
    spread = variance(changes) if len(changes) > 1 else 0.0
    if not spread:
        return middle, None, None
    half = t95(len(changes) - 1) * sqrt(spread / len(changes))
    return middle, middle - half, middle + half


def _rate(side: Sequence[Sequence[float]]) -> Rate:
    """The rate of ones; answers to one single input are draws of that input alone, and count as independent."""
    groups = [(round(sum(values)), len(values)) for values in side]
    return wilson(*groups[0]) if len(groups) == 1 else clustered(groups)


def _newcombe(having: Rate, lacking: Rate) -> tuple[float, float | None, float | None]:
    one, other = having.k / having.n, lacking.k / lacking.n
    down = sqrt((other - lacking.low) ** 2 + (having.high - one) ** 2)
    up = sqrt((lacking.high - other) ** 2 + (one - having.low) ** 2)
    return other - one, max(-1.0, other - one - down), min(1.0, other - one + up)


def _draws(side: Sequence[Sequence[float]]) -> list[float]:
    """One value an input; of a single input, its answers."""
    return list(side[0]) if len(side) == 1 else [fmean(values) for values in side]


def _welch(having: Sequence[float], lacking: Sequence[float]) -> tuple[float, float | None, float | None]:
    """Welch's interval (1947, https://doi.org/10.1093/biomet/34.1-2.28)."""
    difference = fmean(lacking) - fmean(having)
    if min(len(having), len(lacking)) < 2:
        return difference, None, None
    one, other = variance(having) / len(having), variance(lacking) / len(lacking)
    if not one + other:
        return difference, None, None
    freedom = (one + other) ** 2 / (one**2 / (len(having) - 1) + other**2 / (len(lacking) - 1))
    half = t95(int(freedom)) * sqrt(one + other)
    return difference, difference - half, difference + half


def t95(freedom: int) -> float:
    """Student's t that leaves 2.5 % above it, right to 0.002.

    From 6 degrees of freedom on by the expansion around the normal (Abramowitz and Stegun 1964, 26.7.5).
    """
    freedom = max(freedom, 1)
    if freedom <= len(T_TABLE):
        return T_TABLE[freedom - 1]
    z = Z95
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
