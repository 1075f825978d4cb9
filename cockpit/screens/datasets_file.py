"""A file of labelled data as the import screen looks at it: format, columns, first rows. It stores nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from cockpit.core.dataset_formats import BadRow, Record, read_records
from cockpit.core.datasets import SUFFIXES, sniff_as
from cockpit.core.errors import InputError
from cockpit.core.examples import Row
from cockpit.dataset_arrow import read_tables
from cockpit.dataset_files import read_rows

LOOKED_AT = 20
"""Records whose nested columns and values are looked at."""
SHOWN = 100
"""Rows of the preview."""
DEEPEST = 3
MOST_COLUMNS = 400
FILE_SUFFIXES = frozenset(SUFFIXES)


@dataclass(frozen=True, slots=True)
class Look:
    """What a file seems to be; with a problem, nothing of it can be read that way."""

    path: str
    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Every column, nested ones with dots, and the first value it has."""
    mapping: Mapping[str, str] | None = None
    """Field to column; None where the format says what is what."""
    problem: str = ""
    hint: str = ""


def look(path: str, form: str | None) -> Look:
    """Look at a file or folder; what is wrong is said, not raised.

    Args:
        form: what it is, where a person says so.
    """
    where = Path(path).expanduser()
    if not where.exists():
        return Look(path, problem="There is no such file.")
    try:
        sniffed = sniff_as(where, form, read_tables)
        columns = _columns(where, sniffed.format)
    except InputError as error:
        return Look(path, form or "", problem=error.message, hint="f says what it is." if form is None else "")
    return Look(path, sniffed.format, columns or dict.fromkeys(sniffed.columns, ""), sniffed.mapping)


def _columns(path: Path, form: str) -> dict[str, str]:
    found: dict[str, str] = {}
    records = (one for one in islice(read_records(path, form, read_tables), LOOKED_AT) if isinstance(one, Record))
    for record in records:
        for name, value in _flat(record.values):
            if value not in (None, "") and not found.get(name) and (name in found or len(found) < MOST_COLUMNS):
                found[name] = value if isinstance(value, str) else repr(value)
            else:
                found.setdefault(name, "")
    return found


def _flat(values: Mapping[str, Any], before: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    """Each column, then what is nested in it."""
    for name, value in values.items():
        yield f"{before}{name}", value
        if depth < DEEPEST and isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.", depth + 1)
        elif depth < DEEPEST and isinstance(value, list) and value and isinstance(value[0], Mapping):
            yield from _flat(value[0], f"{before}{name}.0.", depth + 1)


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows as they would become, bad ones among them, or why there are none."""

    rows: Sequence[Row | BadRow] = ()
    problem: str = ""


def preview(path: str, form: str, mapping: Mapping[str, str] | None) -> Preview:
    """Read the first rows; what is wrong is said, not raised."""
    try:
        return Preview(tuple(islice(read_rows(Path(path).expanduser(), form, mapping), SHOWN)))
    except InputError as error:
        return Preview(problem=error.message)


def turned(mapping: Mapping[str, str] | None, field: str, columns: Sequence[str], step: int) -> dict[str, str]:
    """The mapping with the next column for a field, none being one of them."""
    choices = ["", *columns]
    now = (mapping or {}).get(field, "")
    at = choices.index(now) if now in choices else 0
    return mapped(mapping, field, choices[(at + step) % len(choices)])


def mapped(mapping: Mapping[str, str] | None, field: str, column: str) -> dict[str, str]:
    """The mapping with this column for a field; '' for none."""
    found = {name: one for name, one in (mapping or {}).items() if name != field}
    return {**found, field: column} if column else found
