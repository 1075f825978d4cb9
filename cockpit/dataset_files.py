"""Dataset files into the store, by batches: whole, or not at all. Formats are the core's, tables the store's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from cockpit.core import datasets
from cockpit.core.datasets import BadRow, Glance, Sniffed
from cockpit.core.errors import InputError, StoreError
from cockpit.core.examples import Row
from cockpit.core.leaks import Leak, plain_leaks
from cockpit.dataset_arrow import read_tables
from cockpit.store.dataset_pages import iter_light
from cockpit.store.datasets import (
    add_rows,
    create_dataset,
    drop_unfinished,
    extend_dataset,
    finish_dataset,
    get_dataset,
    iter_rows,
)
from cockpit.store.db import Store
from cockpit.store.projects import ensure_project

BATCH = 1000
"""Rows of one write; the writer is free for samples in between."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to import as what. `add`: to the dataset of that name, leaving out rows it has."""

    path: Path
    name: str
    format: str | None = None
    mapping: Mapping[str, str] | None = None
    skip_bad: bool = False
    add: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import ended. `done` is False where it was cancelled or refused for bad rows: nothing is stored."""

    done: bool
    rows: int = 0
    known: int = 0
    """Rows that the dataset had before."""
    bad: tuple[BadRow, ...] = ()
    cancelled: bool = False


@dataclass(slots=True)
class _Way:
    """What an import has seen so far."""

    glance: Glance = field(default_factory=Glance)
    bad: list[BadRow] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    """Keys that the dataset had before."""
    read: int = 0
    added: int = 0


def sniff(path: Path) -> Sniffed:
    """`core.datasets.sniff`, for every format.

    Raises:
        InputError: as there.
    """
    return datasets.sniff(path, read_tables)


def read_rows(
    path: Path, format: str | None = None, mapping: Mapping[str, str] | None = None
) -> Iterator[Row | BadRow]:
    """`core.datasets.read_rows`, for every format.

    Raises:
        InputError: as there.
    """
    return datasets.read_rows(path, format, mapping, tables=read_tables)


def import_file(
    store: Store,
    project: str,
    order: Order,
    *,
    progress: Callable[[int, int], None] = lambda rows, bad: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Imported:
    """Import a file; it blocks, so a screen calls it on a thread of its own.

    Rows are seen only when all are there. With a bad row the whole file is still read, so that all can be shown,
    and nothing is stored, unless `skip_bad`. An import that dies leaves hidden rows, which a later one clears.

    Args:
        progress: called with the rows and bad rows read, after each thousand.
        cancelled: asked as often.

    Raises:
        InputError: the file cannot be read or has no rows, or there is a dataset of that name (with `add`: none).
        StoreError: the database cannot be written.
    """
    dataset_id, way = _begin(store, project, order)
    try:
        with closing(_generator(order)) as rows:
            while batch := list(islice(rows, BATCH)):
                _take(store, dataset_id, batch, way, order)
                progress(way.read, len(way.bad))
                if cancelled():
                    _drop(store, dataset_id)
                    return Imported(False, bad=tuple(way.bad), cancelled=True)
        if not way.read and not way.bad:
            raise InputError(f"{order.path.name} has no rows.")
        if (way.bad and not order.skip_bad) or not way.read:
            _drop(store, dataset_id)
            return Imported(False, bad=tuple(way.bad))
        facts = {**way.glance.facts(), "left_out": len(way.bad)}
        store.write_now(lambda db: finish_dataset(db, dataset_id, facts))
    except BaseException:
        _drop(store, dataset_id)
        raise
    return Imported(True, way.added, way.read - way.added, tuple(way.bad))


def copies_between_splits(store: Store, dataset_id: int) -> list[Leak]:
    """The rows of different splits whose inputs are the same, or the same once normalised; a second or two at most.

    Worth asking after rows were added to a dataset that is split, and after a split. Near copies take the whole check.
    """
    return plain_leaks(lambda: iter_light(store.read(), dataset_id))


def _generator(order: Order) -> Any:
    return read_rows(order.path, order.format, order.mapping)


def _begin(store: Store, project: str, order: Order) -> tuple[int, _Way]:
    store.write_now(drop_unfinished)
    project_id = store.write_now(lambda db: ensure_project(db, project))
    way = _Way()
    if order.add:
        known = get_dataset(store.read(), project_id, order.name)
        for row in iter_rows(store.read(), known.id):
            way.glance.add(row)
            way.known.add(row.key)
        store.write_now(lambda db: extend_dataset(db, known.id))
        return known.id, way
    columns = {"format": order.format, "mapping": dict(order.mapping or {})}
    try:
        made = store.write_now(lambda db: create_dataset(db, project_id, order.name, order.path.name, columns))
    except StoreError as error:
        if "already" not in error.message:
            raise
        raise InputError(error.message, hint="--add adds to it; --name gives another name.") from error
    return made, way


def _take(store: Store, dataset_id: int, batch: list[Row | BadRow], way: _Way, order: Order) -> None:
    """Store a batch's rows, unless the import is refused anyhow."""
    way.bad += [item for item in batch if isinstance(item, BadRow)]
    rows = [item for item in batch if isinstance(item, Row)]
    way.read += len(rows)
    if way.bad and not order.skip_bad:
        return
    for row in rows:
        if row.key not in way.known:
            way.glance.add(row)
    way.added += store.write_now(lambda db: add_rows(db, dataset_id, rows))


def _drop(store: Store, dataset_id: int) -> None:
    store.write_now(lambda db: drop_unfinished(db, dataset_id))
