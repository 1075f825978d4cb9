"""Rows of a dataset for use: a prompt's inputs, examples, a file. What a subset is, is the core's; no widget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.core.dataset_refs import DatasetRef, is_ref, parse_ref, values_of
from cockpit.core.errors import InputError
from cockpit.core.examples import Example, Row, Source, Verdict
from cockpit.core.inputs import read_inputs
from cockpit.core.splits import subset

__all__ = [
    "DatasetRef",
    "Made",
    "input_column",
    "inputs_of",
    "is_ref",
    "make_examples",
    "parse_ref",
    "read_dataset_inputs",
    "row_lines",
    "rows_of",
]

if TYPE_CHECKING:
    import sqlite3

    from cockpit.store.datasets import DatasetRow
    from cockpit.store.db import Store


def rows_of(db: sqlite3.Connection, dataset: DatasetRow, ref: DatasetRef) -> list[Row]:
    """The rows a reference means. Which ones is decided without their texts, which would not all fit in memory.

    Raises:
        InputError: the dataset has no such split, or no rows there.
    """
    from cockpit.store.datasets import iter_rows

    if ref.split is not None and ref.split not in dataset.splits:
        there = f"It has {', '.join(dataset.splits)}." if dataset.splits else "It is not split yet."
        raise InputError(f"{dataset.name!r} has no split {ref.split!r}.", hint=there)
    if ref.n is None:
        found = list(iter_rows(db, dataset.id, split=ref.split))
    elif not ref.stratify:
        found = subset(iter_rows(db, dataset.id, split=ref.split), ref.n, seed=ref.seed)
    else:
        light = (Row(row.key, "", label=row.label) for row in iter_rows(db, dataset.id, split=ref.split))
        places = {row.key: at for at, row in enumerate(subset(light, ref.n, seed=ref.seed, stratify=True))}
        chosen = [row for row in iter_rows(db, dataset.id, split=ref.split) if row.key in places]
        found = sorted(chosen, key=lambda row: places[row.key])
    if not found:
        raise InputError(f"{dataset.name!r} has no rows there.")
    return found


def inputs_of(store: Store, project: str, text: str) -> tuple[Mapping[str, str], ...]:
    """A run's inputs as a person names them: a file's path, or a line such as 'dataset:qa/dev?n=300&seed=0'.

    Raises:
        InputError: there is no such file or dataset, or a row of it is malformed.
    """
    if is_ref(text):
        return read_dataset_inputs(store, project, text)
    return read_inputs(Path(text).expanduser())


def read_dataset_inputs(store: Store, project: str, text: str) -> tuple[dict[str, str], ...]:
    """The inputs that a line such as 'dataset:qa/dev?n=300&seed=0' means, each with `key`, `input`, `output`, `label`.

    Raises:
        InputError: the line means nothing, or there is no such dataset, split or row.
    """
    from cockpit.store import datasets, projects

    ref = parse_ref(text)
    db = store.read()
    project_id = projects.find_project(db, project)
    known = {} if project_id is None else {row.name: row for row in datasets.list_datasets(db, project_id)}
    if ref.name not in known:
        there = f"There are {', '.join(known)}." if known else "Import one first."
        raise InputError(f"There is no dataset {ref.name!r}.", hint=there)
    dataset = known[ref.name]
    column = input_column(dataset)
    return tuple(values_of(row, column) for row in rows_of(db, dataset, ref))


def input_column(dataset: DatasetRow) -> str | None:
    """What the input was called in the dataset's file; None where its format says what is what."""
    mapping: Any = dataset.columns.get("mapping")
    return mapping.get("input") if isinstance(mapping, dict) else None


@dataclass(frozen=True, slots=True)
class Made:
    """What became of rows that were to be examples."""

    ids: tuple[int, ...]
    known: int
    """Left out: an example was made from that row before, or has that input."""


def make_examples(db: sqlite3.Connection, project_id: int, dataset: str, rows: Sequence[Row], verdict: Verdict) -> Made:
    """Add rows as examples, each with where it is from; one whose input an example has is left out.

    For `Store.write`: all or none.
    """
    from cockpit.store.examples import add_example, find_duplicates

    added: list[int] = []
    for row in rows:
        if not find_duplicates(db, project_id, row.input):
            added.append(add_example(db, project_id, example_of(row, dataset, verdict)))
    return Made(tuple(added), len(rows) - len(added))


def example_of(row: Row, dataset: str, verdict: Verdict) -> Example:
    """A row of a dataset as an example."""
    source = Source("row", {"dataset": dataset, "row": row.key})
    return Example(row.input, row.output, row.label, verdict, group=row.group, source=source)


def row_lines(rows: Iterable[Row]) -> Iterator[str]:
    """Rows as lines of JSONL that `cockpit dataset import` reads again; what is not there is left out."""
    from cockpit.core.exports import one_line

    for row in rows:
        values = {"id": row.key, "input": row.input, "output": row.output, "label": row.label}
        kept = {**values, "group": row.group, "split": row.split}
        yield one_line({name: value for name, value in kept.items() if value is not None})
