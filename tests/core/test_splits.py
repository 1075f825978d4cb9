"""Splits and subsets are the same everywhere, nested, and part nothing that belongs together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.errors import InputError
from cockpit.core.examples import Row
from cockpit.core.splits import FRACTIONS, assign, order_key, subset, suggest

labels = st.sampled_from([None, "a", "b", "c"])
groups = st.sampled_from([None, *"uvwxyz"])


@st.composite
def datasets(draw: st.DrawFn, *, copies: bool = True) -> list[Row]:
    keys = draw(st.lists(st.text(min_size=1, max_size=6), unique=True, max_size=40))
    inputs = st.sampled_from(["one", "One ", "two", "three"]) if copies else st.none()
    return [Row(k, draw(inputs) or f"input {i}", label=draw(labels), group=draw(groups)) for i, k in enumerate(keys)]


def numbered(n: int, **of: str) -> list[Row]:
    return [Row(f"r{i}", f"input {i}", **of) for i in range(n)]


def test_the_order_is_the_documented_hash_on_any_machine() -> None:
    assert order_key(7, "é") == sha256(b"7\x00\xc3\xa9").digest()
    assert [row.key for row in subset(numbered(20), 5, seed=1)] == ["r4", "r1", "r8", "r13", "r6"]


@given(datasets(), st.integers(), st.booleans(), st.randoms())
def test_every_smaller_subset_is_a_prefix_however_the_rows_came(
    rows: list[Row], seed: int, stratify: bool, mixed: object
) -> None:
    whole = subset(rows, len(rows), seed=seed, stratify=stratify)
    assert sorted(row.key for row in whole) == sorted(row.key for row in rows)
    shuffled = list(rows)
    mixed.shuffle(shuffled)  # type: ignore[attr-defined]
    for n in range(len(rows) + 2):
        assert subset(shuffled, n, seed=seed, stratify=stratify) == whole[:n]


@given(datasets(), datasets(), st.integers())
def test_rows_added_do_not_change_the_order_of_the_others(rows: list[Row], more: list[Row], seed: int) -> None:
    known = {row.key for row in rows}
    both = rows + [row for row in more if row.key not in known]
    order = [row for row in subset(both, len(both), seed=seed) if row.key in known]
    assert order == subset(rows, len(rows), seed=seed)


@given(datasets(), st.integers())
def test_a_stratified_subset_has_labels_in_proportion_at_every_size(rows: list[Row], seed: int) -> None:
    sizes = Counter(row.label for row in rows)
    for n in range(len(rows) + 1):
        found = Counter(row.label for row in subset(rows, n, seed=seed, stratify=True))
        for label, size in sizes.items():
            assert abs(found[label] - n * size / len(rows)) < max(1.0, len(sizes) / 2)


@given(datasets(), st.integers(), st.booleans(), st.booleans())
def test_groups_and_copies_are_never_parted(rows: list[Row], seed: int, stratify: bool, grouped: bool) -> None:
    found = assign(rows, seed=seed, stratify=stratify, groups=grouped)
    assert set(found) == {row.key for row in rows} and set(found.values()) <= set(FRACTIONS)
    ties = [(row.input.strip().casefold(), row.key) for row in rows]
    ties += [(f"group {row.group}", row.key) for row in rows if grouped and row.group]
    sides: dict[str, set[str]] = {}
    for tie, key in ties:
        sides.setdefault(tie, set()).add(found[key])
    assert all(len(side) == 1 for side in sides.values())


@given(datasets(), datasets(), st.integers(), st.booleans(), st.booleans())
def test_rows_keep_their_split_when_rows_are_added(
    rows: list[Row], more: list[Row], seed: int, stratify: bool, grouped: bool
) -> None:
    first = assign(rows, seed=seed, stratify=stratify, groups=grouped)
    split = [replace(row, split=first[row.key]) for row in rows]
    added = [row for row in more if row.key not in first]
    again = assign(added + split, seed=seed, stratify=stratify, groups=grouped)
    assert {key: again[key] for key in first} == first


@given(datasets(copies=False), datasets(copies=False), st.integers())
def test_unstratified_a_row_has_its_split_whatever_is_around_it(rows: list[Row], more: list[Row], seed: int) -> None:
    first = assign(rows, seed=seed)
    added = [replace(row, input=f"more {row.key}") for row in more if row.key not in first]
    assert first.items() <= assign(added + rows, seed=seed).items()


@given(datasets(copies=False), st.integers())
def test_stratified_shares_are_exact_to_one_row(rows: list[Row], seed: int) -> None:
    found = assign(rows, seed=seed, stratify=True)
    sizes = Counter(row.label for row in rows)
    counts = Counter((row.label, found[row.key]) for row in rows)
    for label, n in sizes.items():
        for split, share in FRACTIONS.items():
            assert abs(counts[label, split] - n * share) < 1


def test_a_large_unstratified_split_is_near_its_shares_and_depends_on_the_seed() -> None:
    rows = numbered(5000)
    found = assign(rows, seed=3)
    counts = Counter(found.values())
    assert all(abs(counts[split] / 5000 - share) < 0.03 for split, share in FRACTIONS.items())
    assert found != assign(rows, seed=4)


def test_what_is_tied_to_a_split_row_follows_it() -> None:
    rows = [Row("a", "Same text.", split="test"), Row("b", "same  text"), Row("c", "else", group="g", split="dev")]
    rows.append(Row("d", "other", group="g"))
    for stratify in (False, True):
        found = assign(rows, seed=0, stratify=stratify, groups=True)
        assert found == {"a": "test", "b": "test", "c": "dev", "d": "dev"}


@pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": -0.5, "b": 1.5}, {"a": float("nan")}, {" ": 1.0}])
def test_shares_that_make_no_split_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(InputError):
        assign(numbered(3), shares, seed=0)


def test_a_split_without_a_share_gets_nothing() -> None:
    for stratify in (False, True):
        found = assign(numbered(50), {"examples": 0.0, "test": 1.0}, seed=0, stratify=stratify)
        assert set(found.values()) == {"test"}


def test_sizes_are_suggested_with_their_intervals() -> None:
    assert [(n, round(half, 3)) for n, half in suggest(5000)] == [(300, 0.056), (1000, 0.031), (5000, 0.014)]
    assert [n for n, _ in suggest(300)] == [300] and [n for n, _ in suggest(40)] == [40] and suggest(0) == ()
