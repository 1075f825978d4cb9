"""What each part of a prompt costs over a run, and which examples to drop first. Counts; sends and changes nothing."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from cockpit.core.estimate import CHARS_A_TOKEN
from cockpit.core.models import Price
from cockpit.core.prompts import Version, render, variables
from cockpit.core.sections import Section, sections
from cockpit.core.shots import find_shots
from cockpit.core.tokens import Tokenizer, plain_bytes

COUNTED_CHARS = 1_000_000
"""Characters of rows that are counted; the rows after them are taken to be like those."""
MOST_ROWS = 50
MOST_COMPARED = 300
"""Examples that are compared with each other: beyond, comparing all pairs takes seconds, and length alone decides."""


@dataclass(frozen=True, slots=True)
class Column:
    """One model of the planned run: how often it is asked, what it charges, what counts for it (None: four
    characters are taken for a token)."""

    model: str
    requests: int
    price: Price | None = None
    tokenizer: Tokenizer | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A section with its tokens in each column: the mean over the rows, a token belonging to where it begins.

    `usd` is what it costs in input over the whole run, at the full price of input; None where a price is unknown.
    """

    section: Section
    tokens: tuple[float, ...]
    usd: tuple[float | None, ...]
    varies: bool
    """It is not the same text in every row."""


@dataclass(frozen=True, slots=True)
class Example:
    """One worked example of a prompt, with its tokens in the column that the order is made for."""

    label: str
    text: str
    answer: str
    tokens: float


@dataclass(frozen=True, slots=True)
class Drop:
    """Why an example stands where it does in the order to drop.

    `overlap` is the share of its words that `nearest`, another example that is still there, has too.
    `only_answer`: no other example that is still there has its answer, while others repeat theirs.
    """

    example: Example
    overlap: float
    nearest: str
    only_answer: bool


def costs(version: Version, rows: Sequence[Mapping[str, str]], columns: Sequence[Column]) -> tuple[Part, ...]:
    """Every part of a prompt by what it costs, in the order sent; variables without a value count as written.

    Blocks for as long as encoding takes: call it off the event loop.
    """
    counts: dict[tuple[str, str, str], list[list[float]]] = {}
    found: dict[tuple[str, str, str], Section] = {}
    texts: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    counted = chars = 0
    for row in _spread(rows):
        if counted and chars > COUNTED_CHARS:
            break
        shown = sections(_rendered(version, row))
        chars += sum(len(one.text) for one in shown)
        counted += 1
        by_column = [_tokens(column.tokenizer, shown) for column in columns]
        for at, section in enumerate(shown):
            key: tuple[str, str, str] = (section.field, section.kind, section.label)
            found.setdefault(key, section)
            texts[key].add(section.text)
            counts.setdefault(key, []).append([tokens[at] for tokens in by_column])
    parts = []
    for key, section in found.items():
        means = tuple(sum(one[at] for one in counts[key]) / counted for at in range(len(columns)))
        usd = tuple(_usd(column, tokens) for column, tokens in zip(columns, means, strict=True))
        parts.append(Part(section, means, usd, len(texts[key]) > 1 or len(counts[key]) < counted))
    return tuple(parts)


def total_usd(usd: Sequence[float | None]) -> float | None:
    """The sum of the dollars that are known; None where none is."""
    known = [one for one in usd if one is not None]
    return sum(known) if known else None


def _usd(column: Column, tokens: float) -> float | None:
    return None if column.price is None else column.requests * tokens * column.price.input / 1_000_000


def _spread(rows: Sequence[Mapping[str, str]]) -> Sequence[Mapping[str, str]]:
    """At most MOST_ROWS of the rows, evenly from all of them."""
    some = min(len(rows), MOST_ROWS)
    return [rows[at * len(rows) // some] for at in range(some)] or [{}]


def _rendered(version: Version, row: Mapping[str, str]) -> Version:
    unfilled = {name: "{{" + name + "}}" for name in variables(version)}
    return render(version, {**unfilled, **row})


def _tokens(tokenizer: Tokenizer | None, shown: Sequence[Section]) -> list[float]:
    """Tokens of each section; those of a field add up to the field's."""
    found: list[float] = []
    for _, group in groupby(shown, key=lambda section: section.field):
        texts = [section.text for section in group]
        if tokenizer is None:
            found += [len(text) / CHARS_A_TOKEN for text in texts]
        elif tokenizer.boundaries:
            found += _begun(tokenizer, texts)
        else:
            each = [float(tokenizer.count(text)) for text in texts]
            apart = sum(each)
            scale = tokenizer.count("".join(texts)) / apart if len(texts) > 1 and apart > 0 else 1.0
            found += [count * scale for count in each]
    return found


def _begun(tokenizer: Tokenizer, texts: Sequence[str]) -> list[float]:
    """How many tokens of the whole begin in each text."""
    ends = tokenizer.encode("".join(texts)).ends
    found: list[float] = []
    at = before = 0
    for text in texts:
        at += len(plain_bytes(text))
        # Tokens that begin before byte `at`: the first begins at 0, every other where one ends.
        begun = min(bisect_left(ends, at) + 1, len(ends)) if at else 0
        found.append(float(begun - before))
        before = begun
    return found


def examples(parts: Sequence[Part], column: int = 0) -> list[Example]:
    """The examples among the parts, in the order sent, with their answers."""
    fields: dict[str, str] = {}
    for part in parts:
        fields[part.section.field] = fields.get(part.section.field, "") + part.section.text
    shots = {(field, shot.start): shot for field, text in fields.items() for shot in find_shots(text).shots}
    found = []
    for part in parts:
        one = part.section
        if one.kind == "example":
            shot = shots.get((one.field, one.start))
            text, answer = (shot.text, shot.answer) if shot is not None else (one.text, "")
            found.append(Example(one.label, text.strip(), answer.strip(), part.tokens[column]))
    return found


def drop_order(found: Sequence[Example], keep: Sequence[str] = ()) -> list[Drop]:
    """The examples in the order to drop them: longest and most like another first, one after the other.

    Each time the example goes whose tokens times its overlap with another are the most (tokens alone, where none
    overlaps). The last example of an answer goes after the others, since examples of one answer only pull the model to
    it (Zhao et al. 2021, https://arxiv.org/abs/2102.09690); those in `keep`, whose loss was measured, go last of all.
    Choosing by little redundancy follows maximal marginal relevance (Carbonell and Goldstein 1998,
    https://doi.org/10.1145/290941.291025); overlap is the containment of word sets (Broder 1997,
    https://doi.org/10.1109/SEQUEN.1997.666900).
    """
    answers = [one.answer.casefold() for one in found]
    alike = Counter(answers)
    repeats = len(alike) < len(answers)
    neighbours = _neighbours(found) if len(found) <= MOST_COMPARED else [[] for _ in found]
    left = set(range(len(found)))
    order: list[Drop] = []
    while left:
        ranked = []
        for at in left:
            while neighbours[at] and neighbours[at][-1][1] not in left:
                neighbours[at].pop()
            overlap = neighbours[at][-1][0] if neighbours[at] else 0.0
            only = repeats and bool(answers[at]) and alike[answers[at]] == 1
            one = found[at]
            ranked.append((one.label not in keep, not only, one.tokens * overlap, one.tokens, -at, overlap))
        _, several, _, _, number, overlap = max(ranked)
        at = -number
        nearest = found[neighbours[at][-1][1]].label if overlap else ""
        order.append(Drop(found[at], overlap, nearest, not several))
        left.remove(at)
        alike[answers[at]] -= 1
    return order


def _neighbours(found: Sequence[Example]) -> list[list[tuple[float, int]]]:
    """For each example, the share of its words that each other one has, and which that is; the nearest last."""
    words = [frozenset(one.text.casefold().split()) for one in found]
    return [
        sorted(
            ((len(mine & theirs) / max(len(mine), 1), other) for other, theirs in enumerate(words) if other != at),
            key=lambda one: (one[0], -one[1]),
        )
        for at, mine in enumerate(words)
    ]
