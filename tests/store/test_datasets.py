"""Datasets: rows are there all at once or not at all, come back as they were, and are never counted for a list."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cockpit.core.errors import StoreError
from cockpit.core.examples import Row
from cockpit.store import datasets
from cockpit.store.db import Store, check, open_store
from tests.store.test_examples import ODD, project

MANY = 100_000


def row(n: int, **more: object) -> Row:
    return Row(f"k{n}", f"question {n}", "yes", label="A" if n % 4 else "B", **more)  # type: ignore[arg-type]


def begin(store: Store, name: str = "d") -> tuple[int, int]:
    ours = project(store)
    return ours, store.write_now(lambda db: datasets.create_dataset(db, ours, name, "rows.csv", {"input": "q"}))


def put(store: Store, id: int, *rows: Row) -> int:
    return store.write_now(lambda db: datasets.add_rows(db, id, rows))


def finish(store: Store, id: int) -> None:
    store.write_now(lambda db: datasets.finish_dataset(db, id))


def made(store: Store, n: int, name: str = "d") -> tuple[int, int]:
    ours, id = begin(store, name)
    put(store, id, *map(row, range(n)))
    finish(store, id)
    return ours, id


def keys(store: Store, id: int, **narrow: object) -> list[str]:
    return [one.key for one in datasets.iter_rows(store.read(), id, **narrow)]  # type: ignore[arg-type]


def test_rows_come_back_as_they_were(store: Store) -> None:
    ours, id = begin(store, ODD)
    odd = Row(ODD, ODD, ODD, ODD, ODD, ODD, {ODD: [1, {"x": None}], "b": 2.5})
    assert put(store, id, row(1), odd) == 2
    store.write_now(lambda db: datasets.finish_dataset(db, id, {"longest": 7}))
    first, second = datasets.iter_rows(store.read(), id)
    assert first == Row("k1", "question 1", "yes", "A", number=1)
    assert second == Row(ODD, ODD, ODD, ODD, ODD, ODD, {ODD: [1, {"x": None}], "b": 2.5}, 2)
    got = datasets.get_dataset(store.read(), ours, ODD)
    assert (got.id, got.n, got.labels, got.splits) == (id, 2, {"A": 1, ODD: 1}, {ODD: 1})
    assert (got.source, got.columns, got.facts) == ("rows.csv", {"input": "q"}, {"longest": 7})


def test_nothing_half_imported_is_visible(store: Store) -> None:
    ours, id = begin(store)
    put(store, id, *map(row, range(10)))
    db = store.read()
    assert datasets.list_datasets(db, ours) == []
    for look in (lambda: datasets.get_dataset(db, ours, "d"), lambda: next(datasets.iter_rows(db, id))):
        with pytest.raises(StoreError):
            look()
    finish(store, id)
    assert [one.n for one in datasets.list_datasets(db, ours)] == [10]
    with pytest.raises(StoreError, match="under way"):
        put(store, id, row(99))
    with pytest.raises(StoreError, match="under way"):
        finish(store, id)
    assert keys(store, id) == [f"k{n}" for n in range(10)]


def test_a_cancelled_import_leaves_nothing(store: Store, path: Path) -> None:
    ours, id = begin(store)
    put(store, id, *map(row, range(10)))
    assert store.write_now(datasets.drop_unfinished) == 0, "another process may be importing it"
    assert store.write_now(lambda db: datasets.drop_unfinished(db, id)) == 1
    assert store.read().execute("SELECT (SELECT count(*) FROM dataset) + count(*) FROM dataset_row").fetchone() == (0,)
    for late in (lambda: put(store, id, row(1)), lambda: finish(store, id)):
        with pytest.raises(StoreError, match="under way"):
            late()
    _, other = made(store, 3)
    assert store.write_now(lambda db: datasets.drop_unfinished(db, other)) == 0
    assert len(datasets.list_datasets(store.read(), ours)) == 1
    assert {finding.level for finding in check(path)} == {"ok"}


def test_an_import_that_was_killed_is_cleared_away_later(path: Path) -> None:
    store = open_store(path)
    ours, id = made(store, 3)
    store.write_now(lambda db: datasets.extend_dataset(db, id))
    put(store, id, row(3))
    _, other = begin(store, "other")
    put(store, other, row(0))
    store.close()
    store = open_store(path)
    assert [one.n for one in datasets.list_datasets(store.read(), ours)] == [3]
    assert store.write_now(lambda db: datasets.drop_unfinished(db, idle_s=-1)) == 2
    assert keys(store, id) == ["k0", "k1", "k2"]
    assert store.read().execute("SELECT count(*) FROM dataset_row").fetchone() == (3,)
    store.close()


def test_rows_are_added_to_a_dataset_all_at_once_too(store: Store) -> None:
    ours, id = made(store, 4)
    store.write_now(lambda db: datasets.set_splits(db, id, {"k0": "test", "k1": "dev"}))
    store.write_now(lambda db: datasets.extend_dataset(db, id))
    with pytest.raises(StoreError) as caught:
        store.write_now(lambda db: datasets.extend_dataset(db, id))
    assert caught.value.hint
    assert put(store, id, Row("k0", "another", split="dev"), row(4, split="test"), row(5)) == 2
    before = datasets.get_dataset(store.read(), ours, "d")
    assert (before.n, before.labels, before.splits) == (4, {"A": 3, "B": 1}, {"dev": 1, "test": 1})
    assert keys(store, id) == ["k0", "k1", "k2", "k3"] and keys(store, id, split="test") == ["k0"]
    store.write_now(lambda db: datasets.set_splits(db, id, {"k5": "test"}))
    assert datasets.get_dataset(store.read(), ours, "d").splits == {"dev": 1, "test": 1}
    finish(store, id)
    after = datasets.get_dataset(store.read(), ours, "d")
    assert (after.n, after.labels, after.splits) == (6, {"A": 4, "B": 2}, {"dev": 1, "test": 3})
    assert keys(store, id, split="test") == ["k0", "k4", "k5"]
    assert [one.number for one in datasets.iter_rows(store.read(), id)] == [1, 2, 3, 4, 5, 6]


def test_a_key_is_one_row(store: Store) -> None:
    _, id = begin(store)
    assert put(store, id, row(1), row(1), row(2)) == 2
    assert put(store, id, row(2), row(3)) == 1
    finish(store, id)
    assert [(one.key, one.number) for one in datasets.iter_rows(store.read(), id)] == [("k1", 1), ("k2", 2), ("k3", 3)]


def test_a_name_is_one_dataset(store: Store) -> None:
    ours, first = begin(store)
    _, second = begin(store)
    put(store, first, row(1))
    finish(store, second)
    with pytest.raises(StoreError, match="already"):
        finish(store, first)
    with pytest.raises(StoreError, match="already"):
        begin(store)
    other = project(store, "other")
    store.write_now(lambda db: datasets.create_dataset(db, other, "d", "", {}))
    store.write_now(lambda db: datasets.remove_dataset(db, second))
    finish(store, first)
    assert [one.id for one in datasets.list_datasets(store.read(), ours)] == [first]
    with pytest.raises(StoreError):
        store.write_now(lambda db: datasets.remove_dataset(db, second))


def test_splits_move_and_are_counted(store: Store) -> None:
    ours, id = made(store, 6)
    assert store.write_now(lambda db: datasets.set_splits(db, id, [(f"k{n}", "dev") for n in range(4)])) == 4
    assert store.write_now(lambda db: datasets.set_splits(db, id, {"k0": None, "k1": "test", "k2": "dev"})) == 2
    assert datasets.get_dataset(store.read(), ours, "d").splits == {"dev": 2, "test": 1}
    assert keys(store, id, split="dev") == ["k2", "k3"]
    with pytest.raises(StoreError, match="k99"):
        store.write_now(lambda db: datasets.set_splits(db, id, [("k4", "dev"), ("k99", "dev")]))
    assert datasets.get_dataset(store.read(), ours, "d").splits == {"dev": 2, "test": 1}
    assert keys(store, id, split="dev") == ["k2", "k3"]


def test_pages_of_rows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "BATCH", 4)
    _, id = made(store, 10)
    store.write_now(lambda db: datasets.set_splits(db, id, {f"k{n}": "dev" for n in range(0, 10, 2)}))
    assert keys(store, id) == [f"k{n}" for n in range(10)]
    assert keys(store, id, after=3, limit=5) == ["k3", "k4", "k5", "k6", "k7"]
    assert keys(store, id, split="dev", after=1, limit=3) == ["k2", "k4", "k6"]
    assert keys(store, id, limit=0) == [] and keys(store, id, split="none") == []
    walk = datasets.iter_rows(store.read(), id, split="dev")
    for one in walk:
        store.write_now(lambda db, key=one.key: datasets.set_splits(db, id, {key: "test"}))  # type: ignore[misc]
    assert keys(store, id, split="test") == ["k0", "k2", "k4", "k6", "k8"]


def test_texts_for_labels_do_not_fill_the_list(store: Store) -> None:
    ours, id = begin(store)
    put(store, id, *(Row(f"k{n}", "q", label=f"text {max(n, 3):04}") for n in range(500)), Row("u", "q"))
    finish(store, id)
    got = datasets.get_dataset(store.read(), ours, "d")
    assert (got.distinct_labels, got.unlabelled, len(got.labels)) == (497, 1, datasets.LABELS)
    assert next(iter(got.labels.items())) == ("text 0003", 4)


def test_a_hundred_thousand_rows(store: Store) -> None:
    ours, id = begin(store)
    start = time.perf_counter()
    for first in range(0, MANY, 5000):
        batch = [
            Row(f"id-{n}", f"question {n} " * 20, "an answer " * 5, f"c{n % 7}") for n in range(first, first + 5000)
        ]
        put(store, id, *batch)
    finish(store, id)
    assert time.perf_counter() - start < 20
    start = time.perf_counter()
    fractions = ("examples", "dev", "dev", "test", "test")
    store.write_now(lambda db: datasets.set_splits(db, id, {f"id-{n}": fractions[n % 5] for n in range(MANY)}))
    assert time.perf_counter() - start < 20
    seen: list[str] = []
    db = store.read()
    db.set_trace_callback(seen.append)
    (found,) = datasets.list_datasets(db, ours)
    datasets.get_dataset(db, ours, "d")
    db.set_trace_callback(None)
    assert found.n == MANY and found.splits == {"dev": 40_000, "examples": 20_000, "test": 40_000}
    assert sum(found.labels.values()) == MANY
    plan = [str(step[3]) for sql in seen for step in db.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert plan and not [step for step in plan if "dataset_row" in step]
    test = datasets.iter_rows(db, id, split="test", after=99_000, limit=2)
    assert [one.number for one in test] == [99_004, 99_005]
