"""Inputs files: JSONL, CSV or TSV bytes to rows of variable values. All rows or none; nothing is guessed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cockpit.core.errors import InputError

Row = Mapping[str, str]

JSON_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})
SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
FIELD_LIMIT = 1 << 30
"""Bytes a CSV field may have; the csv module's own limit of 128 kB refuses honest documents."""


def read_inputs(path: Path) -> tuple[Row, ...]:
    """Every row of an inputs file as variable names and text; the suffix says the format.

    Raises:
        InputError: the file cannot be read, or a row is malformed: the message has its number and the reason.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror or error}.") from error
    return parse_inputs(data, path.suffix.lower(), name=path.name)


def parse_inputs(data: bytes, suffix: str, *, name: str = "inputs") -> tuple[Row, ...]:
    """Rows of a file's content; `suffix` is like '.jsonl' or '.csv'.

    Raises:
        InputError: malformed, empty, not UTF-8, or a suffix that is no format of ours.
    """
    if suffix not in JSON_SUFFIXES and suffix not in SEPARATORS:
        raise InputError(f"{name}: cannot tell the format.", hint="Name it .jsonl, .csv or .tsv.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}, line {line}: not UTF-8.", hint="Save it as UTF-8.") from error
    rows = tuple(_json_rows(text, name) if suffix in JSON_SUFFIXES else _csv_rows(text, SEPARATORS[suffix], name))
    if not rows:
        raise InputError(f"{name} has no rows.")
    return rows


def _json_rows(text: str, name: str) -> Iterator[Row]:
    """One object a line; blank lines are skipped and counted."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _json_row(line, f"{name}, row {number}")


def _json_row(line: str, where: str) -> Row:
    try:
        value = json.loads(line, object_pairs_hook=_unique)
    except _DuplicateKey as error:
        raise InputError(f"{where}: {error} stands twice.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON: {_reason(error)}.") from error
    if not isinstance(value, dict):
        raise InputError(f"{where}: not a JSON object.", hint='A row is like {"question": "…"}.')
    return {key: item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for key, item in value.items()}


class _DuplicateKey(Exception):
    """A JSON object that has a name twice."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _DuplicateKey(repr(key))
        found[key] = value
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at column {error.colno}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _csv_rows(text: str, separator: str, name: str) -> Iterator[Row]:
    """The first row names the variables; row numbers count as a person's spreadsheet does, the header being 1."""
    before = csv.field_size_limit(FIELD_LIMIT)
    try:
        # Strict, so that a stray quote is an error and not a silently swallowed half of the file.
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        header: list[str] | None = None
        number = 0
        for number, cells in enumerate(_counted(reader, name), 1):
            if not cells:
                continue
            if header is None:
                header = _header(cells, f"{name}, row {number}")
                continue
            if len(cells) != len(header):
                raise InputError(f"{name}, row {number}: {len(cells)} fields where the header has {len(header)}.")
            yield dict(zip(header, cells, strict=True))
    finally:
        csv.field_size_limit(before)


def _counted(reader: Iterator[list[str]], name: str) -> Iterator[list[str]]:
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"{name}, row {number}: {error}.") from error
        yield cells


def _header(cells: list[str], where: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    if "" in names:
        raise InputError(f"{where}: column {names.index('') + 1} has no name.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{where}: the column name {twice[0]!r} stands twice.")
    return names
