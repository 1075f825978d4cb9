"""Leaks: rows of one split that give away rows of another, and which have to go. Finds and decides; stores nothing.

Inputs are compared, not outputs: a label or a canned answer is meant to repeat.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations, product
from typing import Literal

from cockpit.core.errors import InputError
from cockpit.core.examples import Example, Row
from cockpit.core.leak_search import GRAM, gram_pairs, near_pairs
from cockpit.core.leak_steps import NEAR_COPIES, PASSAGES, READING, Progress, Steps, ignore
from cockpit.core.leak_texts import normalise, weight, words

__all__ = ["KINDS", "NEAR", "Kind", "Leak", "find_leaks", "fix", "leaks_of", "normalise", "plain_leaks", "protection"]

Kind = Literal["exact", "normalised", "near-duplicate", "13-gram", "group"]
KINDS: tuple[Kind, ...] = ("exact", "normalised", "near-duplicate", "13-gram", "group")
"""From the plainest to the faintest; two texts are named by the first that applies."""
NEAR = 0.8
MOST_PAIRS = 100
QUOTED = 60
PROTECTED = (
    frozenset({"examples", "example", "few-shot", "fewshot", "shots", "train", "training"}),
    frozenset[str](),
    frozenset({"dev", "development", "valid", "validation", "val"}),
    frozenset({"test", "testing", "eval", "holdout", "held-out", "queries"}),
)
"""Names of splits, from the one that gives up its rows to the one that keeps them; other names stand second."""


@dataclass(frozen=True, slots=True)
class Leak:
    """Row `a` gives away row `b` of a better protected split. `evidence` is what they share, for people to read."""

    kind: Kind
    a: str
    split_a: str
    b: str
    split_b: str
    evidence: str


def protection(split: str) -> tuple[int, str]:
    """How well a split is protected, as a key to sort by: examples, others, dev, test; equals by name."""
    name = split.casefold()
    return next((place for place, names in enumerate(PROTECTED) if name in names), 1), split


def find_leaks(rows: Iterable[Row], *, near: float = NEAR, total: int = 0, progress: Progress = ignore) -> list[Leak]:
    """The leaks between rows of different splits; rows in no split count for none.

    exact: the same input. normalised: the same after `normalise`. near-duplicate: a weighted Jaccard index of 2-word
    shingles of at least `near` (one word in twenty replaced, at 0.8), template wording aside: see
    `leak_search.near_pairs`. 13-gram: 13 words in a row in common, unless more than 10 texts have them: see
    `leak_search.gram_pairs`. group: the same group. Two texts are named once, by the first of the first four that
    applies; a group is named beside that.

    Where rows of one text, or of one group, make more than 100 pairs, each row is paired with the first of the other
    split alone. The result depends on the rows and their order only: sorted by kind, then by place. One core checks
    100,000 rows of 80 words in well under a minute.

    Args:
        total: how many rows there are, so that `progress` can tell how far the reading is.
        progress: called some times a second with the share that is done, from 0 to 1; what it raises ends the search.

    Raises:
        InputError: `near` is not within 0.5 and 1.
    """
    if not 0.5 <= near <= 1:
        raise InputError(f"A near-duplicate threshold of {near} is not within 0.5 and 1.", hint="The usual one is 0.8.")
    steps = Steps(progress)
    corpus = _Corpus(steps.over(rows, total, READING))
    return corpus.leaks([*corpus.same(), *corpus.alike(near, steps), *corpus.grouped()])


def plain_leaks(read: Callable[[], Iterable[Row]]) -> list[Leak]:
    """The exact and normalised leaks alone, in a second or two for 100,000 rows, holding no text that does not leak.

    Args:
        read: gives all rows, the same each time; it is called twice.
    """
    splits: dict[bytes, str] = {}
    shared: set[bytes] = set()
    for row in read():
        if row.split:
            digest = _digest(row.input)
            if splits.setdefault(digest, row.split) != row.split:
                shared.add(digest)
    if not shared:
        return []
    corpus = _Corpus(row for row in read() if row.split and _digest(row.input) in shared)
    return corpus.leaks(corpus.same())


def _digest(text: str) -> bytes:
    return blake2b(normalise(text).encode("utf-8", "surrogatepass"), digest_size=12).digest()


Found = tuple[int, int, int, str]
"""A leak in the making: its kind's place in KINDS, the places of both rows, the evidence."""


class _Corpus:
    """Rows as columns, and each distinct normalised text once, with its rows by split."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.keys: list[str] = []
        self.inputs: list[str] = []
        self.splits: list[str] = []
        self.groups: dict[str, list[int]] = {}
        self.texts: list[array[int]] = []
        self.rows: list[int | list[int]] = []
        """Of each text, its row or rows."""
        numbers: dict[str, int] = {}
        known: dict[str, int] = {}
        for row in rows:
            if not row.split:
                continue
            place = len(self.keys)
            self.keys.append(row.key)
            self.inputs.append(row.input)
            self.splits.append(row.split)
            if row.group is not None:
                self.groups.setdefault(row.group, []).append(place)
            self._add(normalise(row.input), place, known, numbers)
        names = sorted(set(self.splits), key=protection)
        self.order = {name: rank for rank, name in enumerate(names)}

    def _add(self, text: str, place: int, known: dict[str, int], numbers: dict[str, int]) -> None:
        number = known.setdefault(text, len(self.rows))
        if number < len(self.rows):
            held = self.rows[number]
            self.rows[number] = [held, place] if isinstance(held, int) else [*held, place]
            return
        self.rows.append(place)
        self.texts.append(array("I", [numbers.setdefault(word, len(numbers)) for word in words(text)]))

    def of(self, text: int) -> list[int]:
        """The rows of a text."""
        held = self.rows[text]
        return [held] if isinstance(held, int) else held

    def leaks(self, found: Iterable[Found]) -> list[Leak]:
        """The finished values, by kind, then by place."""
        return [
            Leak(KINDS[kind], self.keys[a], self.splits[a], self.keys[b], self.splits[b], evidence)
            for kind, a, b, evidence in sorted(found, key=lambda one: one[:3])
        ]

    def across(self, ones: Sequence[int], others: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Pairs of rows in different splits, the less protected first, between two lists or within one."""
        left, right = self._by_split(ones), self._by_split(others)
        sides = combinations(left, 2) if ones is others else product(left, right)
        for one, other in sides:
            if one == other:
                continue
            first, second = left[one], right[other]
            few = len(first) * len(second) <= MOST_PAIRS
            star = [*((a, second[0]) for a in first), *((first[0], b) for b in second[1:])]
            for a, b in product(first, second) if few else star:
                yield (a, b) if self.order[one] < self.order[other] else (b, a)

    def _by_split(self, places: Sequence[int]) -> dict[str, list[int]]:
        sides: dict[str, list[int]] = {}
        for place in places:
            sides.setdefault(self.splits[place], []).append(place)
        return sides

    def same(self) -> Iterator[Found]:
        """Rows of one normalised text."""
        for held in self.rows:
            if isinstance(held, list):
                for a, b in self.across(held, held):
                    one, other = self.inputs[a], self.inputs[b]
                    yield (0, a, b, _quoted(one)) if one == other else (1, a, b, _difference(one, other))

    def alike(self, near: float, steps: Steps) -> Iterator[Found]:
        """Rows whose texts are nearly the same, or else share a passage."""
        bits = {name: 1 << rank for name, rank in self.order.items()}
        places = [sum({bits[self.splits[place]] for place in self.of(text)}) for text in range(len(self.rows))]
        done: set[tuple[int, int]] = set()
        for one, other, likeness in near_pairs(steps.watch(self.texts, NEAR_COPIES), places, near):
            done.add((one, other))
            for a, b in self.across(self.of(one), self.of(other)):
                share = int(likeness * 100 + 1e-9)
                yield 2, a, b, f"{share} % alike: {_quoted(self.inputs[b])}"
        for one, other, begin, length in gram_pairs(steps.watch(self.texts, PASSAGES), places, self._worth):
            if (one, other) not in done:
                shared = " ".join(self._run(one, begin, length))
                for a, b in self.across(self.of(one), self.of(other)):
                    yield 3, a, b, f"{length} words: {_quoted(shared)}"

    def _run(self, text: int, begin: int, length: int) -> list[str]:
        return words(normalise(self.inputs[self.of(text)[0]]))[begin : begin + length]

    def _worth(self, text: int, begin: int, length: int) -> bool:
        return weight(self._run(text, begin, length)) >= GRAM

    def grouped(self) -> Iterator[Found]:
        """Rows of one group."""
        for name, places in self.groups.items():
            for a, b in self.across(places, places):
                yield 4, a, b, f"group {_quoted(name)}"


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return f'"{line}"' if len(line) <= QUOTED else f'"{line[: QUOTED - 1]}…"'


def _difference(one: str, other: str) -> str:
    """Both texts around the first sign at which they differ."""
    at = next((i for i, (x, y) in enumerate(zip(one, other, strict=False)) if x != y), min(len(one), len(other)))
    begin, end = max(0, at - QUOTED // 3), at + QUOTED // 3
    ahead = "…" if begin else ""
    parts = (f'"{ahead}{text[begin:end]}{"…" if end < len(text) else ""}"' for text in (one, other))
    return " and ".join(part.replace("\n", "⏎") for part in parts)


def leaks_of(
    examples: Sequence[Example], queries: Sequence[Row], *, near: float = NEAR, dataset: str | None = None
) -> list[Leak]:
    """Before a run: the leaks between the examples chosen for it and the rows it asks; their own splits do not count.

    `a` is an example, by its id, or '#' and its place from 1 where it has none; `split_a` is 'examples', `split_b`
    'queries'. With `dataset`, an example that was made from a row asked of that dataset is an 'exact' leak even where
    it was edited.

    Raises:
        InputError: `near` is not within 0.5 and 1.
    """
    names = [f"#{place}" if one.id is None else str(one.id) for place, one in enumerate(examples, 1)]
    shown = [Row(name, one.input, group=one.group, split="examples") for name, one in zip(names, examples, strict=True)]
    asked = [Row(row.key, row.input, group=row.group, split="queries") for row in queries]
    found = find_leaks([*shown, *asked], near=near)
    if dataset is None:
        return found
    keys = {row.key for row in queries}
    told = {(leak.a, leak.b) for leak in found if leak.kind == "exact"}
    own: list[Leak] = []
    for name, one in zip(names, examples, strict=True):
        key = str(one.source.detail.get("row"))
        if one.source.detail.get("dataset") == dataset and key in keys and (name, key) not in told:
            own.append(Leak("exact", name, "examples", key, "queries", "the example was made from this row"))
    return [*own, *found]


def fix(rows: Iterable[Row], leaks: Sequence[Leak]) -> dict[str, str | None]:
    """The rows that have to leave their split, each to None: in no split; they stay in the dataset.

    No row of the best protected split is touched, and none is moved into another split, where it could leak anew. A
    row goes only for a row that stays, so that these are the fewest. A leak whose row is in another split by now does
    not count. What was not named among many pairs may be left: check again, and fix that, until nothing is found.
    """
    named = {key for leak in leaks for key in (leak.a, leak.b)}
    now = {row.key: row.split for row in rows if row.key in named}
    gone: dict[str, str | None] = {}
    for leak in sorted(leaks, key=lambda leak: protection(leak.split_a), reverse=True):
        current = now.get(leak.a) == leak.split_a and now.get(leak.b) == leak.split_b
        if current and leak.b not in gone:
            gone[leak.a] = None
    return gone
