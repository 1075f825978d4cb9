"""Pages, filters and counts of a dataset's rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.core.errors import StoreError
from cockpit.core.examples import Example, Row, Source
from cockpit.store.dataset_pages import cited_by, count_cells, find_numbers, get_row, read_heads, rows_by_key
from cockpit.store.datasets import add_rows, create_dataset, finish_dataset
from cockpit.store.db import Database, Store, open_store
from cockpit.store.examples import add_example
from cockpit.store.projects import ensure_project

ROWS = [
    Row("a", "One 100% of it", "yes", "good", split="dev"),
    Row("b", "Two_words " + "x" * 900, "no", "bad", split="test"),
    Row("c", "Three \ud83d half", "yes", None, split="dev"),
    Row("d", "Four", "YES and no", "good"),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "cockpit.db")


def fill(db: Database) -> tuple[int, int]:
    project = ensure_project(db, "default")
    made = create_dataset(db, project, "qa", "qa.csv")
    add_rows(db, made, ROWS)
    finish_dataset(db, made)
    return project, made


def test_pages_filters_and_counts(store: Store) -> None:
    project, made = store.write_now(fill)
    db = store.read()
    assert list(find_numbers(db, made)) == [1, 2, 3, 4]
    assert list(find_numbers(db, made, split="dev")) == [1, 3]
    assert list(find_numbers(db, made, unsplit=True)) == [4]
    assert list(find_numbers(db, made, words="yes good")) == [1, 4]
    assert list(find_numbers(db, made, words="0%")) == [1], "a percent sign is no wildcard"
    assert list(find_numbers(db, made, words="_w")) == [2]
    heads = read_heads(db, made, [2, 9, 1])
    assert [(head.number, head.key) for head in heads] == [(2, "b"), (9, ""), (1, "a")]
    assert len(heads[0].input) == 400
    assert count_cells(db, made) == {("good", "dev"): 1, ("bad", "test"): 1, (None, "dev"): 1, ("good", None): 1}
    assert get_row(db, made, 3).input == "Three \ud83d half"
    assert set(rows_by_key(db, made, ["b", "zz"])) == {"b"}
    with pytest.raises(StoreError):
        get_row(db, made, 5)

    def cite(db: Database) -> None:
        for name in ("qa", "qa", "other"):
            add_example(db, project, Example("i", "o", source=Source("row", {"dataset": name, "row": "a"})))
        add_example(db, project, Example("i", "o"))

    store.write_now(cite)
    assert cited_by(store.read(), project, "qa") == 2
    store.close()
