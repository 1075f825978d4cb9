"""Which row of a dataset is for what: splits and nested subsets, by hashes alone. No files, no storage.

Nothing here draws random numbers: the order of rows is that of `order_key`, so the same seed and the same keys give the
same result on any machine and in any release of Python.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from math import floor, isfinite
from types import MappingProxyType

from cockpit.core.errors import InputError
from cockpit.core.examples import Row
from cockpit.core.leak_texts import normalise
from cockpit.core.stats import wilson

FRACTIONS: Mapping[str, float] = MappingProxyType({"examples": 0.2, "dev": 0.4, "test": 0.4})
USUAL_SIZES = (300, 1000)
"""The Inverse Scaling Prize asked for 300 examples and advised 1,000 (github.com/inverse-scaling/prize)."""


def order_key(seed: int, key: str) -> bytes:
    """Where a row stands in the order of a seed: SHA-256 of the seed in decimal, a NUL and the key, as UTF-8.

    Half of a surrogate pair in a key is encoded as Python's 'surrogatepass' does.
    """
    return sha256(f"{seed}\x00{key}".encode("utf-8", "surrogatepass")).digest()


@dataclass(slots=True)
class _Unit:
    """Rows that must stand on one side: a group, or the copies of one input."""

    keys: list[str] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)
    labels: Counter[str | None] = field(default_factory=Counter)
    """Of the fresh ones."""
    name: str | None = None
    splits: Counter[str] = field(default_factory=Counter)
    """Of those that have one already."""


def assign(
    rows: Iterable[Row],
    fractions: Mapping[str, float] = FRACTIONS,
    *,
    seed: int,
    stratify: bool = False,
    groups: bool = False,
) -> dict[str, str]:
    """The split of every row by its key; a row that has a split keeps it.

    Rows with equal normalised inputs are never parted, nor, with `groups`, rows of one group (and what these two tie
    together). What is tied to a row with a split goes where that is (most of them, if they are in several).

    Without `stratify` a row's split follows from its own hash: as a number in [0, 1) it falls into one of the
    fractions, laid end to end. So rows added later move none of the others, even if no split was kept; the sizes
    are those of independent draws. With `stratify` each split gets its fraction of each label (unlabelled rows count
    as one more), to within one row where no rows are tied; rows added later move none of those whose split was kept.

    Raises:
        InputError: a fraction is negative or no number, or they do not add up to 1.
    """
    check_fractions(fractions)
    units, kept = _units(rows, groups=groups)
    ordered = sorted(units, key=lambda unit: order_key(seed, _name(unit)))
    found = dict(kept.splits)
    if stratify:
        _deal(ordered, fractions, kept.labels, found)
    else:
        for unit in ordered:
            split = _majority(unit) or _threshold(order_key(seed, _name(unit)), fractions)
            found.update(dict.fromkeys(unit.fresh, split))
    return found


def check_fractions(fractions: Mapping[str, float]) -> None:
    """Raise where fractions make no split.

    Raises:
        InputError: none, an empty name, one negative or no number, or a sum other than 1.
    """
    if not fractions or any(not name.strip() for name in fractions):
        raise InputError("A split needs a name and a share.", hint="As in examples=0.2,dev=0.4,test=0.4.")
    if any(not isfinite(share) or share < 0 for share in fractions.values()):
        raise InputError("A split's share is a number from 0 to 1.")
    total = sum(fractions.values())
    if abs(total - 1) > 1e-9:
        raise InputError(f"The shares add up to {total:g}, not 1.")


@dataclass(slots=True)
class _Kept:
    """What rows with a split add up to: their splits by key, and how many of each label each split has."""

    splits: dict[str, str] = field(default_factory=dict)
    labels: dict[str | None, Counter[str]] = field(default_factory=dict)


def _units(rows: Iterable[Row], *, groups: bool) -> tuple[list[_Unit], _Kept]:
    """Rows tied together, holding no text; each tie (an input, a group) leads to the unit that has it."""
    parents: list[int] = []
    units: list[_Unit] = []
    ties: dict[object, int] = {}
    kept = _Kept()

    def root(at: int) -> int:
        while parents[at] != at:
            parents[at] = parents[parents[at]]
            at = parents[at]
        return at

    for row in rows:
        text = normalise(row.input).encode("utf-8", "surrogatepass")
        names: list[object] = [blake2b(text, digest_size=16).digest()]
        if groups and row.group is not None:
            names.append(row.group)
        roots = {root(ties[name]) for name in names if name in ties}
        if not roots:
            roots = {len(units)}
            parents.append(len(units))
            units.append(_Unit())
        home = min(roots)
        for other in roots - {home}:
            parents[other] = home
            _merge(units[home], units[other])
        ties.update(dict.fromkeys(names, home))
        _add(units[home], row, kept, groups=groups)
    return [unit for at, unit in enumerate(units) if parents[at] == at], kept


def _add(unit: _Unit, row: Row, kept: _Kept, *, groups: bool) -> None:
    if groups and row.group is not None:
        unit.name = row.group if unit.name is None else min(unit.name, row.group)
    unit.keys.append(row.key)
    if row.split is None:
        unit.fresh.append(row.key)
        unit.labels[row.label] += 1
    else:
        unit.splits[row.split] += 1
        kept.splits[row.key] = row.split
        kept.labels.setdefault(row.label, Counter())[row.split] += 1


def _merge(home: _Unit, other: _Unit) -> None:
    home.keys += other.keys
    home.fresh += other.fresh
    home.labels += other.labels
    home.splits += other.splits
    names = [name for name in (home.name, other.name) if name is not None]
    home.name = min(names, default=None)


def _name(unit: _Unit) -> str:
    """What a unit is hashed by: its group, else its only key, else the first of its keys."""
    return unit.name if unit.name is not None else min(unit.keys)


def _majority(unit: _Unit) -> str | None:
    """The split that most of a unit's rows have already; the first by name of several."""
    return min(unit.splits, key=lambda name: (-unit.splits[name], name), default=None)


def _threshold(digest: bytes, fractions: Mapping[str, float]) -> str:
    place, end, last = int.from_bytes(digest[:8]) / 2**64, 0.0, ""
    for name, share in fractions.items():
        end += share
        if share > 0:
            last = name
            if place < end:
                break
    return last


def _deal(
    units: Sequence[_Unit],
    fractions: Mapping[str, float],
    kept: Mapping[str | None, Mapping[str, int]],
    found: dict[str, str],
) -> None:
    """Give each unit to the split that lacks most of its labels; `found` takes the result."""
    ours = {label: {name: n for name, n in counts.items() if name in fractions} for label, counts in kept.items()}
    totals: Counter[str | None] = Counter({label: sum(counts.values()) for label, counts in ours.items()})
    for unit in units:
        totals += unit.labels
    lacking = {label: _quotas(n, fractions) for label, n in totals.items()}
    for label, counts in ours.items():
        for split, n in counts.items():
            lacking[label][split] -= n
    # What must go somewhere goes first, then large units, which fit in fewer places; sorting keeps the order of hashes.
    for unit in sorted(units, key=lambda unit: (not unit.splits, -len(unit.fresh))):
        open_splits = [name for name, share in fractions.items() if share > 0]
        split = _majority(unit) or max(open_splits, key=lambda name: _need(unit, name, lacking))
        for label, n in unit.labels.items():
            lacking[label][split] = lacking[label].get(split, 0) - n
        found.update(dict.fromkeys(unit.fresh, split))


def _need(unit: _Unit, split: str, lacking: Mapping[str | None, Mapping[str, int]]) -> int:
    return sum(n * lacking[label][split] for label, n in unit.labels.items())


def _quotas(n: int, fractions: Mapping[str, float]) -> dict[str, int]:
    """Whole rows of n for each split, by largest remainders (Hamilton); the earlier split of equal ones."""
    exact = {name: n * share for name, share in fractions.items()}
    # A share such as 0.4 of 5 may come out as 1.9999999999999998.
    quotas = {name: floor(value + 1e-9) for name, value in exact.items()}
    order = sorted((name for name in exact if exact[name] > 0), key=lambda name: quotas[name] - exact[name])
    for name in order[: n - sum(quotas.values())]:
        quotas[name] += 1
    return quotas


def subset(rows: Iterable[Row], n: int, *, seed: int, stratify: bool = False) -> list[Row]:
    """The first n rows in the order of a seed, all of them if there are fewer.

    Nested: every smaller n is a prefix. Without `stratify` the order is that of `order_key`, so rows added later push
    in between and never change the order of the others. With it, row j (from 0) of the N rows of its label stands at
    (j + 1/2) / N: each prefix has labels in proportion (the divisors of Sainte-Laguë, 1910).

    Raises:
        InputError: n is negative.
    """
    if n < 0:
        raise InputError(f"A subset cannot have {n} rows.")
    if not stratify:
        return heapq.nsmallest(n, rows, key=lambda row: order_key(seed, row.key))
    ordered = sorted(rows, key=lambda row: order_key(seed, row.key))
    sizes = Counter(row.label for row in ordered)
    seen: Counter[str | None] = Counter()
    placed: list[tuple[float, int]] = []
    for at, row in enumerate(ordered):
        placed.append(((seen[row.label] + 0.5) / sizes[row.label], at))
        seen[row.label] += 1
    return [ordered[at] for _, at in heapq.nsmallest(n, placed)]


def suggest(n_available: int) -> tuple[tuple[int, float], ...]:
    """Sizes worth taking, each with half the width of the 95 % interval (Wilson) of a rate of one half.

    300 and 1,000 first, where there are as many; then everything there is.
    """
    sizes = [size for size in USUAL_SIZES if size <= n_available]
    if n_available > 0 and n_available not in sizes:
        sizes.append(n_available)
    rates = ((size, wilson(size // 2, size)) for size in sizes)
    return tuple((size, (rate.high - rate.low) / 2) for size, rate in rates)
