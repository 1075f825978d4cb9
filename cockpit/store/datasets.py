"""Datasets: rows that become visible all at once, and kept counts. Reading files and splitting are elsewhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cockpit.core.errors import StoreError
from cockpit.core.examples import Row
from cockpit.store.clock import now
from cockpit.store.text import pack, pack_json, unpack, unpack_json

BATCH = 1000
"""Rows read at a time, so that no statement stays open while somebody works on them."""
LABELS = 100
"""Labels whose counts are kept, the most frequent; a dataset with more has texts for labels."""
IDLE_S = 600.0
"""Seconds without a row after which an import counts as dead."""


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """A dataset in a list. Every number was kept when rows or splits changed; none is counted for the list."""

    id: int
    name: str
    n: int
    labels: Mapping[str, int] = field(default_factory=dict)
    """Rows a label, the most frequent first, at most LABELS of them; `distinct_labels` says how many there are."""
    splits: Mapping[str, int] = field(default_factory=dict)
    """Rows a split, by name; the rest of `n` is in none."""
    distinct_labels: int = 0
    unlabelled: int = 0
    source: str = ""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """The mapping the rows were read with."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the importer found out on the way, such as lengths and rows left out."""
    created_at: str = ""


def create_dataset(
    db: sqlite3.Connection, project_id: int, name: str, source: str, columns: Mapping[str, Any] | None = None
) -> int:
    """Begin a dataset that nobody sees until `finish_dataset`; returns its id.

    Args:
        source: where the rows are from, for people.
        columns: plain data: the mapping they are read with.

    Raises:
        StoreError: the project has a dataset of that name.
    """
    _refuse_known(db, project_id, name)
    when = now()
    made = db.execute(
        "INSERT INTO dataset (project_id, name, source, columns, created_at, touched_at) VALUES (?, ?, ?, ?, ?, ?)",
        (project_id, pack(name), pack(source), pack_json(dict(columns or {})), when, when),
    )
    return int(made.lastrowid or 0)


def extend_dataset(db: sqlite3.Connection, dataset_id: int) -> None:
    """Begin to add rows to a finished dataset: they too are seen by nobody until `finish_dataset`.

    Raises:
        StoreError: there is no such dataset, or rows are being added to it now.
    """
    row = db.execute(
        "SELECT touched_at, name FROM dataset WHERE id = ? AND finished_at IS NOT NULL", (dataset_id,)
    ).fetchone()
    if row is None:
        raise _no_dataset(dataset_id)
    if row[0] is not None and row[0] >= _long_ago(IDLE_S):
        raise StoreError(
            f"Rows are being added to the dataset {unpack(row[1])!r} now.", hint="Wait for that import to end."
        )
    _drop(db, dataset_id)
    db.execute("UPDATE dataset SET touched_at = ? WHERE id = ?", (now(), dataset_id))


def add_rows(db: sqlite3.Connection, dataset_id: int, rows: Iterable[Row]) -> int:
    """Add rows to a dataset under way, numbered on from its last, and return how many were new.

    A row whose key the dataset has is left out, its split and all, so that a longer file can be imported over a shorter
    one. Give `Store.write` a list of some thousand rows at a time: it may have to run again.

    Raises:
        StoreError: no import into that dataset is under way.
    """
    touched = db.execute(
        "UPDATE dataset SET touched_at = ? WHERE id = ? AND touched_at IS NOT NULL", (now(), dataset_id)
    )
    if not touched.rowcount:
        raise StoreError(f"No import into dataset {dataset_id} is under way.", hint="Begin it again.")
    first = _last_number(db, dataset_id)
    number = first
    for row in rows:
        values = (
            dataset_id,
            number + 1,
            pack(row.key),
            _optional(row.split),
            _optional(row.label),
            _optional(row.group),
            pack_json(dict(row.extra)) if row.extra else "{}",
            pack(row.input),
            pack(row.output),
        )
        number += db.execute(_ADD, values).rowcount
    return number - first


_ADD = """INSERT INTO dataset_row (dataset_id, number, key, split, label, "group", extra, input, output)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (dataset_id, key) DO NOTHING"""


def finish_dataset(db: sqlite3.Connection, dataset_id: int, facts: Mapping[str, Any] | None = None) -> None:
    """Make every added row visible at once and keep the counts.

    Args:
        facts: plain data for `DatasetRow.facts`, in place of what was there; None leaves it.

    Raises:
        StoreError: no import into it is under way, or another dataset has taken its name meanwhile.
    """
    row = db.execute(
        "SELECT project_id, name, finished_at FROM dataset WHERE id = ? AND touched_at IS NOT NULL", (dataset_id,)
    ).fetchone()
    if row is None:
        raise StoreError(f"No import into dataset {dataset_id} is under way.", hint="Begin it again.")
    project_id, name, finished_at = row
    if finished_at is None:
        _refuse_known(db, project_id, unpack(name))
    counts = db.execute(
        "SELECT label, count(*) FROM dataset_row WHERE dataset_id = ? GROUP BY label", (dataset_id,)
    ).fetchall()
    labels = sorted(((unpack(label), n) for label, n in counts if label is not None), key=lambda one: (-one[1], one[0]))
    db.execute(
        """UPDATE dataset SET n = ?, finished_at = coalesce(finished_at, ?), touched_at = NULL, unlabelled = ?,
           distinct_labels = ?, labels = ?, facts = coalesce(?, facts) WHERE id = ?""",
        (
            _last_number(db, dataset_id),
            now(),
            sum(n for label, n in counts if label is None),
            len(labels),
            pack_json(dict(labels[:LABELS])),
            None if facts is None else pack_json(dict(facts)),
            dataset_id,
        ),
    )
    _count_splits(db, dataset_id)


def _count_splits(db: sqlite3.Connection, dataset_id: int) -> None:
    rows = db.execute(
        """SELECT split, count(*) FROM dataset_row WHERE dataset_id = ? AND split IS NOT NULL
           AND number <= (SELECT n FROM dataset WHERE id = ?) GROUP BY split ORDER BY split""",
        (dataset_id, dataset_id),
    )
    splits = {unpack(split): n for split, n in rows}
    db.execute("UPDATE dataset SET splits = ? WHERE id = ?", (pack_json(splits), dataset_id))


def _last_number(db: sqlite3.Connection, dataset_id: int) -> int:
    row = db.execute("SELECT max(number) FROM dataset_row WHERE dataset_id = ?", (dataset_id,)).fetchone()
    return int(row[0] or 0)


def drop_unfinished(db: sqlite3.Connection, dataset_id: int | None = None, *, idle_s: float = IDLE_S) -> int:
    """Throw away what imports left that did not end, and return how many there were.

    A new dataset goes whole; one that was being added to keeps the rows it had.

    Args:
        dataset_id: this import alone, whenever it was last heard of (a cancelled one); without it, every import that
            has added nothing for `idle_s` seconds, since another process may be importing now.
    """
    if dataset_id is not None:
        chosen = db.execute("SELECT id FROM dataset WHERE id = ? AND touched_at IS NOT NULL", (dataset_id,))
    else:
        chosen = db.execute("SELECT id FROM dataset WHERE touched_at < ?", (_long_ago(idle_s),))
    ids = [int(row[0]) for row in chosen.fetchall()]
    for id in ids:
        _drop(db, id)
        db.execute("UPDATE dataset SET touched_at = NULL WHERE id = ?", (id,))
        db.execute("DELETE FROM dataset WHERE id = ? AND finished_at IS NULL", (id,))
    return len(ids)


def _drop(db: sqlite3.Connection, dataset_id: int) -> None:
    """Delete the rows that were never seen."""
    db.execute(
        """DELETE FROM dataset_row WHERE dataset_id = ? AND number > (SELECT n FROM dataset WHERE id = ?)""",
        (dataset_id, dataset_id),
    )


def remove_dataset(db: sqlite3.Connection, dataset_id: int) -> None:
    """Delete a dataset and its rows.

    Raises:
        StoreError: there is none of that id.
    """
    db.execute("DELETE FROM dataset_row WHERE dataset_id = ?", (dataset_id,))
    if not db.execute("DELETE FROM dataset WHERE id = ?", (dataset_id,)).rowcount:
        raise _no_dataset(dataset_id)


_DATASET = """SELECT id, name, n, labels, splits, distinct_labels, unlabelled, source, columns, facts, created_at
    FROM dataset WHERE finished_at IS NOT NULL"""


def list_datasets(db: sqlite3.Connection, project_id: int) -> list[DatasetRow]:
    """The project's datasets by name; no row of theirs is read."""
    return [_dataset(row) for row in db.execute(f"{_DATASET} AND project_id = ? ORDER BY name", (project_id,))]


def get_dataset(db: sqlite3.Connection, project_id: int, name: str) -> DatasetRow:
    """One dataset as lists show it.

    Raises:
        StoreError: the project has none of that name.
    """
    row = db.execute(f"{_DATASET} AND project_id = ? AND name = ?", (project_id, pack(name))).fetchone()
    if row is None:
        raise StoreError(f"There is no dataset {name!r}.", hint="`cockpit dataset list` shows them.")
    return _dataset(row)


def _dataset(row: Sequence[Any]) -> DatasetRow:
    id, name, n, labels, splits, distinct, unlabelled, source, columns, facts, created_at = row
    return DatasetRow(
        id=id,
        name=unpack(name),
        n=n,
        labels=unpack_json(labels),
        splits=unpack_json(splits),
        distinct_labels=distinct,
        unlabelled=unlabelled,
        source=unpack(source),
        columns=unpack_json(columns),
        facts=unpack_json(facts),
        created_at=created_at,
    )


def iter_rows(
    db: sqlite3.Connection, dataset_id: int, *, split: str | None = None, after: int = 0, limit: int | None = None
) -> Iterator[Row]:
    """A dataset's rows by number, a thousand in memory at a time; of one split if given.

    Splits may be set on the way. Rows added on the way by an import that ends meanwhile are not among them.

    Args:
        after: begin behind the row of that number.
        limit: at most so many rows.

    Raises:
        StoreError: there is no such dataset, or its import has not ended.
    """
    known = db.execute("SELECT n FROM dataset WHERE id = ? AND finished_at IS NOT NULL", (dataset_id,)).fetchone()
    if known is None:
        raise _no_dataset(dataset_id)
    where, of = ("AND split = ?", (pack(split),)) if split is not None else ("", ())
    left, last = 2**62 if limit is None else limit, after
    while left > 0:
        rows = db.execute(
            f"""SELECT number, key, split, label, "group", extra, input, output FROM dataset_row
                WHERE dataset_id = ? {where} AND number > ? AND number <= ? ORDER BY number LIMIT ?""",
            (dataset_id, *of, last, known[0], min(BATCH, left)),
        ).fetchall()
        if not rows:
            return
        left, last = left - len(rows), rows[-1][0]
        yield from map(_row, rows)


def _row(row: Sequence[Any]) -> Row:
    number, key, split, label, group, extra, input, output = row
    return Row(
        key=unpack(key),
        input=unpack(input),
        output=unpack(output),
        label=None if label is None else unpack(label),
        group=None if group is None else unpack(group),
        split=None if split is None else unpack(split),
        extra={} if extra == "{}" else unpack_json(extra),
        number=number,
    )


def set_splits(
    db: sqlite3.Connection, dataset_id: int, splits: Mapping[str, str | None] | Iterable[tuple[str, str | None]]
) -> int:
    """Put rows, by key, into splits (None: into none) and return how many moved; the others stay.

    Give `Store.write` a mapping or a list: it may have to run again.

    Raises:
        StoreError: a key the dataset does not have; nothing is changed.
    """
    pairs = splits.items() if isinstance(splits, Mapping) else splits
    changed = 0
    for key, split in pairs:
        packed = pack(key)
        where, to = (dataset_id, packed), _optional(split)
        moved = db.execute(
            "UPDATE dataset_row SET split = ? WHERE dataset_id = ? AND key = ? AND split IS NOT ?", (to, *where, to)
        ).rowcount
        if not moved and not _has(db, dataset_id, packed):
            raise StoreError(
                f"The dataset has no row {key!r}.", hint="Its rows may have been imported anew; read them."
            )
        changed += moved
    _count_splits(db, dataset_id)
    return changed


def _has(db: sqlite3.Connection, dataset_id: int, key: str | bytes) -> bool:
    row = db.execute("SELECT 1 FROM dataset_row WHERE dataset_id = ? AND key = ?", (dataset_id, key)).fetchone()
    return row is not None


def _refuse_known(db: sqlite3.Connection, project_id: int, name: str) -> None:
    row = db.execute(
        "SELECT 1 FROM dataset WHERE project_id = ? AND name = ? AND finished_at IS NOT NULL", (project_id, pack(name))
    ).fetchone()
    if row is not None:
        raise StoreError(f"There is a dataset {name!r} already.", hint="Choose another name, or remove that one.")


def _no_dataset(dataset_id: int) -> StoreError:
    return StoreError(f"There is no dataset {dataset_id}.", hint="`cockpit dataset list` shows them.")


def _optional(text: str | None) -> str | bytes | None:
    return None if text is None else pack(text)


def _long_ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="microseconds")
