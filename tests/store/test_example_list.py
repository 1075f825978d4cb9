"""Lists of examples for a screen, and changes of them that can be taken back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cockpit.core.errors import InputError, StoreError
from cockpit.core.example_filter import parse_filter
from cockpit.core.examples import Example, Source, Template
from cockpit.store import examples, projects, sets
from cockpit.store.db import Store, open_store
from cockpit.store.example_list import ORDERS, count_verdicts, duplicate_ids, list_ids, read_heads, read_whole
from cockpit.store.example_undo import apply_change, change

GIVEN = (
    Example("banana", "b", label="z", verdict="gold"),
    Example("Apple", "a very long answer", verdict="candidate", tags=("t",)),
    Example("cherry \ud800", "", label="y", verdict="rejected", source=Source("file", {"path": "f", "line": 2})),
    Example("  BANANA. ", "other", verdict="candidate"),
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = open_store(tmp_path / "cockpit.db")

    def fill(db: sqlite3.Connection) -> None:
        project = projects.ensure_project(db, "p")
        for one in GIVEN:
            examples.add_example(db, project, one)
        examples.add_example(db, projects.ensure_project(db, "other"), GIVEN[0])

    found.write_now(fill)
    return found


@pytest.fixture(autouse=True)
def _closed(store: Store) -> object:
    yield
    store.close()


def test_verdicts_are_counted_and_none_is_zero(store: Store) -> None:
    assert count_verdicts(store.read(), 1) == {"gold": 1, "candidate": 2, "rejected": 1}
    assert count_verdicts(store.read(), 99) == {"gold": 0, "candidate": 0, "rejected": 0}


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("newest", [4, 3, 2, 1]),
        ("oldest", [1, 2, 3, 4]),
        ("verdict", [4, 2, 1, 3]),
        ("longest", [2, 4, 3, 1]),
        ("shortest", [1, 3, 4, 2]),
        ("label", [3, 1, 2, 4]),
        ("input", [4, 2, 1, 3]),
    ],
)
def test_orders(store: Store, order: str, ids: list[int]) -> None:
    assert list(list_ids(store.read(), 1, order=order)) == ids  # type: ignore[arg-type]


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_lists_every_example_of_the_project_alone(store: Store, order: str) -> None:
    assert sorted(list_ids(store.read(), 1, order=order)) == [1, 2, 3, 4]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "ids"),
    [("is:candidate", [4, 2]), ("is:duplicate", [4, 1]), ("-is:duplicate", [3, 2]), ("banana is:gold", [1])],
)
def test_a_filter(store: Store, text: str, ids: list[int]) -> None:
    assert list(list_ids(store.read(), 1, parse_filter(text))) == ids


def test_duplicates_are_found_without_their_stored_digest(store: Store) -> None:
    store.write_now(lambda db: db.execute("UPDATE example SET input_key = NULL WHERE id = 1"))
    assert duplicate_ids(store.read(), 1) == {1, 4}


def test_heads_are_cut_and_half_a_pair_is_shown(store: Store) -> None:
    store.write_now(lambda db: examples.update_example(db, 1, input="x" * 10_000))
    heads = read_heads(store.read(), [1, 3, 77])
    assert set(heads) == {1, 3}
    assert len(heads[1].input) == 400
    assert heads[3].input.startswith("cherry ")
    assert heads[3].source == Source("file", {"path": "f", "line": 2})


def test_what_hangs_together_with_an_example(store: Store) -> None:
    store.write_now(lambda db: sets.save_set(db, 1, "few", [1, 2], Template()))
    store.write_now(lambda db: examples.update_example(db, 1, output="c"))
    whole = read_whole(store.read(), 1, 1)
    assert whole.duplicates == (4,)
    assert whole.sets == ("few",)
    assert [edit.output for edit in whole.edits] == ["b"]
    with pytest.raises(StoreError):
        read_whole(store.read(), 1, 77)


def everything(store: Store) -> list[tuple[object, ...]]:
    db = store.read()
    tables = ("example", "example_edit", "example_set_item")
    return [tuple(row) for table in tables for row in db.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]


def remove(db: sqlite3.Connection, ids: object) -> tuple[int, ...]:
    for one in ids:  # type: ignore[attr-defined]
        examples.set_verdict(db, one, None)
    return ()


def test_a_removal_is_taken_back_byte_for_byte_and_done_again(store: Store) -> None:
    store.write_now(lambda db: examples.update_example(db, 3, output="\ud800 edited"))
    store.write_now(lambda db: sets.save_set(db, 1, "few", [3, 1], Template()))
    before = everything(store)
    done = store.write_now(lambda db: change(db, [1, 3, 77], lambda ids: remove(db, ids)))
    after = everything(store)
    assert list(done.before) == [1, 3]
    store.write_now(lambda db: apply_change(db, done.reversed()))
    assert everything(store) == before
    store.write_now(lambda db: apply_change(db, done))
    assert everything(store) == after


def test_an_addition_is_taken_back(store: Store) -> None:
    before = everything(store)
    done = store.write_now(lambda db: change(db, (), lambda _: (examples.add_example(db, 1, Example("n", "m")),)))
    store.write_now(lambda db: apply_change(db, done.reversed()))
    assert everything(store) == before


def test_nothing_is_taken_back_over_a_later_change(store: Store) -> None:
    def gold(db: sqlite3.Connection, ids: object) -> tuple[int, ...]:
        for one in (2, 4):
            examples.update_example(db, one, verdict="gold")
        return ()

    done = store.write_now(lambda db: change(db, [2, 4], lambda ids: gold(db, ids)))
    store.write_now(lambda db: examples.update_example(db, 4, note="later"))
    before = everything(store)
    with pytest.raises(InputError, match="Example 4 was changed elsewhere"):
        store.write_now(lambda db: apply_change(db, done.reversed()))
    assert everything(store) == before


def test_a_set_made_meanwhile_stops_no_undo(store: Store) -> None:
    done = store.write_now(lambda db: change(db, [1], lambda ids: _note(db)))
    store.write_now(lambda db: sets.save_set(db, 1, "few", [1], Template()))
    store.write_now(lambda db: apply_change(db, done.reversed()))
    assert examples.get_example(store.read(), 1).note == ""


def _note(db: sqlite3.Connection) -> tuple[int, ...]:
    examples.update_example(db, 1, note="n")
    return ()
