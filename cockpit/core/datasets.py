"""Dataset files to rows: which format, which columns, which rows are bad. No storage, no binary tables."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from itertools import islice
from pathlib import Path
from typing import Any, cast

from cockpit.core.dataset_formats import FORMATS, BadRow, Format, Record, Tables, read_records
from cockpit.core.dataset_shapes import FIELDS, SHAPES, Shaped, Wrong, detect, shape_of, suggest_mapping
from cockpit.core.errors import InputError
from cockpit.core.examples import Row
from cockpit.core.leak_texts import normalise

__all__ = ["FIELDS", "FORMATS", "BadRow", "Format", "Glance", "Sniffed", "Tables", "read_rows", "sniff", "sniff_as"]

SUFFIXES: Mapping[str, Format] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "tsv", ".tab": "tsv",
    ".parquet": "parquet", ".pq": "parquet", ".arrow": "arrow", ".md": "aichat",
}  # fmt: skip
SHAPED_LIKE: Mapping[str, tuple[Format, ...]] = {
    "jsonl": ("openai-chat", "inspect", "lm-eval", "matching-behavior"),
    "json": ("openai-chat", "inspect", "lm-eval", "matching-behavior"),
    "csv": ("inverse-scaling",),
}
"""Formats that are written in another one, and known by their columns."""
PREVIEW = 5
LOOKED_AT = 100
"""Records whose columns are looked at before a format is named."""


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What a file seems to be. `mapping` (field to column) is None where the format itself says what is what."""

    format: Format
    columns: tuple[str, ...]
    mapping: Mapping[str, str] | None
    rows: tuple[Row | BadRow, ...] = ()
    """The first ones, read so; none where no column looks like the input."""


def sniff(path: Path, tables: Tables | None = None) -> Sniffed:
    """The format of a file or folder by its name and its first records, and the columns to read it by.

    Raises:
        InputError: it cannot be read, has no readable row, or its format cannot be told.
    """
    form = _by_name(path)
    first = list(islice(read_records(path, form, tables), LOOKED_AT))
    records = [item for item in first if isinstance(item, Record)]
    if not records:
        bad = next((f" Line {item.line}: {item.reason}." for item in first if isinstance(item, BadRow)), "")
        raise InputError(f"{path.name} has no row that can be read as {form}.{bad}", hint="--format says what it is.")
    columns = tuple(dict.fromkeys(name for record in records for name in record.values))
    seen = cast("Format | None", detect(columns))
    found = seen if seen is not None and seen in SHAPED_LIKE.get(form, ()) else form
    mapping = None if found in SHAPES else suggest_mapping(columns)
    rows: tuple[Row | BadRow, ...] = ()
    if mapping is None or "input" in mapping:
        rows = tuple(islice(read_rows(path, found, mapping, tables=tables), PREVIEW))
    return Sniffed(found, columns, mapping, rows)


def _by_name(path: Path) -> Format:
    if path.is_dir():
        return "arrow"
    form = SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise InputError(f"{path.name}: cannot tell the format.", hint=f"--format is one of {', '.join(FORMATS)}.")
    return form


def read_rows(
    path: Path,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    *,
    tables: Tables | None = None,
) -> Iterator[Row | BadRow]:
    """The rows of a file in its order, one at a time; a row that cannot be used comes as a BadRow.

    A row's key is its own id where it has one, else a hash of input, answer, label and group; further copies of a row
    without an id count up ('…#2'). An id that stands twice is bad. Of an lm-eval log, which has a line for each filter,
    each document is read once.

    Args:
        format: one of FORMATS; None: as `sniff` finds.
        mapping: field to column, dotted into nested values. None: as the format says, or the usual names.
        tables: reads Parquet and Arrow.

    Raises:
        InputError: the file cannot be read, is not of that format, or no column is the input.
    """
    if format is None or mapping is None:
        sniffed = sniff_as(path, format, tables)
        format, mapping = sniffed.format, sniffed.mapping if mapping is None else mapping
    elif format not in FORMATS:
        raise InputError(f"{format!r} is no dataset format.", hint=f"Known: {', '.join(FORMATS)}.")
    _check_mapping(mapping)
    shape, keys = shape_of(format, mapping), _Keys()
    number = 0
    for record in read_records(path, format, tables):
        if isinstance(record, BadRow):
            yield record
            continue
        try:
            shaped = shape(record.values)
            if format == "lm-eval" and shaped.id is not None and keys.known(shaped.id):
                continue
            if not shaped.input.strip():
                raise Wrong("the input is empty")
            key = keys.take(shaped, record.line)
        except Wrong as error:
            yield BadRow(record.line, str(error))
            continue
        number += 1
        yield _row(shaped, key, number)


def sniff_as(path: Path, format: str | None, tables: Tables | None = None) -> Sniffed:
    """As `sniff`, but of the format given, if one is; then without the first rows.

    Raises:
        InputError: as there, or the format is none of ours.
    """
    if format is not None and format not in FORMATS:
        raise InputError(f"{format!r} is no dataset format.", hint=f"Known: {', '.join(FORMATS)}.")
    return sniff(path, tables) if format is None else _as(path, format, tables)


def _as(path: Path, form: str, tables: Tables | None) -> Sniffed:
    """The usual columns of a file whose format is given."""
    records = (item for item in islice(read_records(path, form, tables), LOOKED_AT) if isinstance(item, Record))
    columns = tuple(dict.fromkeys(name for record in records for name in record.values))
    return Sniffed(cast("Format", form), columns, None if form in SHAPES else suggest_mapping(columns))


def _check_mapping(mapping: Mapping[str, str] | None) -> None:
    if mapping is None:
        return
    unknown = sorted(set(mapping) - set(FIELDS))
    if unknown:
        raise InputError(f"{unknown[0]!r} is nothing to map to.", hint=f"Fields: {', '.join(FIELDS)}.")
    if "input" not in mapping:
        raise InputError("No column is the input.", hint="Say which: --map input=COLUMN.")


def _row(shaped: Shaped, key: str, number: int) -> Row:
    return Row(
        key=key,
        input=shaped.input,
        output=shaped.output,
        label=shaped.label,
        group=shaped.group,
        split=shaped.split,
        extra=shaped.extra,
        number=number,
    )


class _Keys:
    """Keys given so far: short hashes, not texts."""

    def __init__(self) -> None:
        self._lines: dict[bytes, int] = {}
        self._copies: dict[bytes, int] = {}

    def known(self, key: str) -> bool:
        """Whether a row has this id."""
        return _digest(key) in self._lines

    def take(self, shaped: Shaped, line: int) -> str:
        """The key of a row.

        Raises:
            Wrong: another row has its id.
        """
        if shaped.id is not None:
            digest = _digest(shaped.id)
            if digest in self._lines:
                raise Wrong(f"the id {shaped.id!r} is that of line {self._lines[digest]}, too")
            self._lines[digest] = line
            return shaped.id
        parts = [shaped.input, shaped.output, shaped.label, shaped.group]
        content = json.dumps(parts).encode()
        key = sha256(content).hexdigest()[:24]
        digest = _digest(key)
        self._copies[digest] = self._copies.get(digest, 0) + 1
        return key if self._copies[digest] == 1 else f"{key}#{self._copies[digest]}"


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()


@dataclass(slots=True)
class Glance:
    """What there is to know about rows at a glance, gathered in passing: lengths in characters, and copies."""

    inputs: array[int] = field(default_factory=lambda: array("L"))
    outputs: array[int] = field(default_factory=lambda: array("L"))
    copies: int = 0
    """Rows whose normalised input an earlier row has."""
    _seen: set[bytes] = field(default_factory=set)

    def add(self, row: Row) -> None:
        """Take a row into account."""
        self.inputs.append(len(row.input))
        self.outputs.append(len(row.output))
        digest = _digest(normalise(row.input))
        self.copies += digest in self._seen
        self._seen.add(digest)

    def facts(self) -> dict[str, Any]:
        """Plain data: `input_chars` and `output_chars` with least, median, p95 and most; `copies`."""
        return {
            "input_chars": _spread(self.inputs),
            "output_chars": _spread(self.outputs),
            "copies": self.copies,
        }


def _spread(lengths: Iterable[int]) -> dict[str, int]:
    ordered = sorted(lengths)
    if not ordered:
        return {}
    last = len(ordered) - 1
    return {"least": ordered[0], "median": ordered[last // 2], "p95": ordered[round(last * 0.95)], "most": ordered[-1]}
