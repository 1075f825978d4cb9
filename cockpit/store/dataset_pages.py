"""Pages, filters and counts of a dataset's rows, for looking at them. Importing, splitting and lists are `datasets`."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from cockpit.core.errors import StoreError
from cockpit.core.examples import Row
from cockpit.store.datasets import iter_rows
from cockpit.store.text import pack, show_bytes, unpack, unpack_json

HEAD = 400
"""Characters of a text that a list shows."""
ASKED = 500
"""Keys of one statement."""


@dataclass(frozen=True, slots=True)
class Head:
    """A row as a list shows it: the beginnings of its texts."""

    number: int
    key: str
    input: str
    output: str
    label: str | None
    split: str | None


def find_numbers(
    db: sqlite3.Connection, dataset_id: int, *, split: str | None = None, unsplit: bool = False, words: str = ""
) -> array[int]:
    """The numbers of the rows of a split (or, with `unsplit`, of none) whose texts or label have each of the words.

    Case does not count for ASCII letters. Four bytes a row: a million rows fit.
    """
    where, values = ["dataset_id = ?", "number <= (SELECT n FROM dataset WHERE id = ?)"], [dataset_id, dataset_id]
    given: list[object] = [*values]
    if unsplit:
        where.append("split IS NULL")
    elif split is not None:
        where.append("split = ?")
        given.append(pack(split))
    for word in words.split():
        where.append(r"(input LIKE ? ESCAPE '\' OR output LIKE ? ESCAPE '\' OR label LIKE ? ESCAPE '\')")
        given += [f"%{_literal(word)}%"] * 3
    sql = f"SELECT number FROM dataset_row WHERE {' AND '.join(where)} ORDER BY number"
    return array("L", (row[0] for row in db.execute(sql, given)))


def _literal(word: str) -> str:
    for sign in ("\\", "%", "_"):
        word = word.replace(sign, f"\\{sign}")
    return word


def read_heads(db: sqlite3.Connection, dataset_id: int, numbers: Sequence[int]) -> list[Head]:
    """Rows by their numbers, in the order of these; a number that is gone comes as an empty row."""
    if not numbers:
        return []
    found: dict[int, Head] = {}
    for at in range(0, len(numbers), ASKED):
        some = numbers[at : at + ASKED]
        rows = db.execute(
            f"""SELECT number, key, substr(input, 1, {HEAD}), substr(output, 1, {HEAD}), label, split FROM dataset_row
                WHERE dataset_id = ? AND number IN ({",".join("?" * len(some))})""",
            (dataset_id, *some),
        )
        for number, key, input, output, label, split in rows:
            found[number] = Head(
                number, unpack(key), show_bytes(input), show_bytes(output), _optional(label), _optional(split)
            )
    return [found.get(number) or Head(number, "", "", "", None, None) for number in numbers]


def get_row(db: sqlite3.Connection, dataset_id: int, number: int) -> Row:
    """One row, whole.

    Raises:
        StoreError: the dataset or the row is gone.
    """
    row = next(iter_rows(db, dataset_id, after=number - 1, limit=1), None)
    if row is None or row.number != number:
        raise StoreError(f"Row {number} is not there any more.", hint="Open the dataset again.")
    return row


def rows_by_key(db: sqlite3.Connection, dataset_id: int, keys: Collection[str]) -> dict[str, Row]:
    """Rows by their keys, whole; keys that the dataset does not have are left out."""
    found: dict[str, Row] = {}
    for key in keys:
        hit = db.execute(
            "SELECT number FROM dataset_row WHERE dataset_id = ? AND key = ?", (dataset_id, pack(key))
        ).fetchone()
        if hit is not None:
            found[key] = get_row(db, dataset_id, int(hit[0]))
    return found


def iter_light(db: sqlite3.Connection, dataset_id: int) -> Iterator[Row]:
    """Every row without its answer and what else it holds, for work that needs inputs, labels and groups alone."""
    known: dict[str | None, str | None] = {}
    for row in iter_rows(db, dataset_id):
        # One object for each name, however many rows have it: who holds all rows holds none twice.
        label, group, split = (known.setdefault(name, name) for name in (row.label, row.group, row.split))
        yield Row(row.key, row.input, "", label, group, split, number=row.number)


def count_cells(db: sqlite3.Connection, dataset_id: int) -> dict[tuple[str | None, str | None], int]:
    """How many rows each label has in each split; None stands for no label, and for no split."""
    rows = db.execute(
        """SELECT label, split, count(*) FROM dataset_row WHERE dataset_id = ?
           AND number <= (SELECT n FROM dataset WHERE id = ?) GROUP BY label, split""",
        (dataset_id, dataset_id),
    )
    return {(_optional(label), _optional(split)): n for label, split, n in rows}


def cited_by(db: sqlite3.Connection, project_id: int, name: str) -> int:
    """How many of the project's examples were made from rows of a dataset."""
    rows = db.execute("SELECT source FROM example WHERE project_id = ? AND source IS NOT NULL", (project_id,))
    return sum(unpack_json(row[0])[1].get("dataset") == name for row in rows)


def _optional(value: str | bytes | None) -> str | None:
    return None if value is None else unpack(value)
