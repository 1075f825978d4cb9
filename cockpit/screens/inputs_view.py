"""What an inputs file holds against what a prompt asks for. Reads the one file it is given; no widget."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.core.dataset_refs import is_ref
from cockpit.core.errors import InputError
from cockpit.core.inputs import JSON_SUFFIXES, SEPARATORS, parse_inputs

if TYPE_CHECKING:
    from cockpit.store.db import Store

Row = Mapping[str, str]
MAX_BAD = 50
SUFFIXES = frozenset({*JSON_SUFFIXES, *SEPARATORS})


@dataclass(frozen=True, slots=True)
class InputsCheck:
    """A file as read: its rows, how its columns meet the variables, and what is wrong with it in words."""

    path: str
    rows: tuple[Row, ...] = ()
    columns: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Variables that no row has."""
    unused: tuple[str, ...] = ()
    """Columns that no variable asks for."""
    bad: tuple[str, ...] = ()
    """Rows that cannot be used, each with its reason; the first MAX_BAD of them."""
    bad_rows: frozenset[int] = field(default_factory=frozenset)
    """Indexes in `rows` that lack a variable."""

    @property
    def usable(self) -> bool:
        """Whether every row can be sent."""
        return bool(self.rows) and not self.missing and not self.bad


def check_inputs(path: str, variables: Sequence[str]) -> InputsCheck:
    """Read a file and hold it against the variables; nothing is raised, what is wrong is listed."""
    where = Path(path).expanduser()
    try:
        data = where.read_bytes()
    except OSError as error:
        return InputsCheck(path, bad=(f"Cannot read it: {error.strerror or error}.",))
    suffix = where.suffix.lower()
    try:
        rows = parse_inputs(data, suffix, name=where.name)
    except InputError as error:
        return InputsCheck(path, bad=tuple(bad_lines(data, suffix)) or (error.sentence(),))
    return against(path, rows, variables)


def check_named(store: Store, project: str, path: str, variables: Sequence[str]) -> InputsCheck:
    """As `check_inputs`, where a text such as 'dataset:qa/dev?n=300&seed=0' means rows of one of the project's."""
    if not is_ref(path):
        return check_inputs(path, variables)
    from cockpit.dataset_inputs import read_dataset_inputs

    try:
        return against(path, read_dataset_inputs(store, project, path), variables)
    except InputError as error:
        return InputsCheck(path, bad=(error.sentence(),))


def against(path: str, rows: tuple[Row, ...], variables: Sequence[str]) -> InputsCheck:
    """Rows held against the variables of a prompt."""
    columns: dict[str, None] = {}
    for row in rows:
        for name in row:
            columns.setdefault(name)
    missing = tuple(name for name in variables if name not in columns)
    here = [name for name in variables if name in columns]
    lacking = {at: [name for name in here if name not in row] for at, row in enumerate(rows)}
    lacking = {at: names for at, names in lacking.items() if names}
    bad = [f"Row {at + 1} has no {', '.join(names)}." for at, names in list(lacking.items())[:MAX_BAD]]
    unused = tuple(name for name in columns if name not in variables)
    return InputsCheck(path, rows, tuple(columns), missing, unused, tuple(bad), frozenset(lacking))


def bad_lines(data: bytes, suffix: str) -> list[str]:
    """Every malformed row of a file, not only the first, with its number and reason."""
    text = data.decode("utf-8-sig", "replace")
    found = _bad_json(text) if suffix in JSON_SUFFIXES else _bad_csv(text, SEPARATORS.get(suffix, ","))
    return found[:MAX_BAD]


def _bad_json(text: str) -> list[str]:
    found: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if len(found) == MAX_BAD:
            break
        if line.strip():
            try:
                parse_inputs(line.encode("utf-8", "surrogatepass"), ".jsonl", name="x")
            except InputError as error:
                found.append(f"Row {number}: {error.message.partition(': ')[2] or error.message}")
    return found


def _bad_csv(text: str, separator: str) -> list[str]:
    found: list[str] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    header = 0
    try:
        for number, cells in enumerate(reader, 1):
            header = header or len(cells)
            if cells and len(cells) != header:
                found.append(f"Row {number}: {len(cells)} fields where the header has {header}.")
    except csv.Error as error:
        found.append(f"Row {reader.line_num}: {error}.")
    return found


def complete_path(text: str, suffixes: Collection[str] = SUFFIXES) -> tuple[str, list[str]]:
    """The path completed as far as it is certain, and the names it may go on with: folders, and files that end so."""
    folder, _, stem = text.rpartition("/")
    base = Path(f"{folder}/" if "/" in text else ".").expanduser()
    try:
        with os.scandir(base) as entries:
            names = sorted(
                _shown(entry) for entry in entries if entry.name.startswith(stem) and _fits(entry, stem, suffixes)
            )
    except OSError:
        return text, []
    if not names:
        return text, []
    common = _common(names)
    return (f"{folder}/{common}" if "/" in text else common), names


def _common(names: Sequence[str]) -> str:
    """What all names begin with, character by character; names are sorted, so the two ends tell."""
    first, last = names[0], names[-1]
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:same]


def _shown(entry: os.DirEntry[str]) -> str:
    return f"{entry.name}/" if entry.is_dir() else entry.name


def _fits(entry: os.DirEntry[str], stem: str, suffixes: Collection[str]) -> bool:
    if entry.name.startswith(".") and not stem.startswith("."):
        return False
    return entry.is_dir() or Path(entry.name).suffix.lower() in suffixes


def columns_text(check: InputsCheck, variables: Sequence[str]) -> str:
    """How variables and columns meet, on one line."""
    met = " ".join(f"{'✗' if name in check.missing else '✓'} {{{{{name}}}}}" for name in variables)
    unused = f"   not asked for: {', '.join(check.unused)}" if check.unused else ""
    return (met or "The prompt has no {{variables}}: every row would be the same request.") + unused
