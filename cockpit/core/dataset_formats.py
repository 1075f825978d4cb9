"""Dataset files to located records, one at a time. What a record means is `dataset_shapes`. No binary tables."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from cockpit.core.errors import InputError

Format = Literal[
    "jsonl", "json", "csv", "tsv", "parquet", "arrow", "openai-chat", "inspect", "lm-eval", "inverse-scaling",
    "matching-behavior", "aichat",
]  # fmt: skip
FORMATS: tuple[Format, ...] = (
    "jsonl", "json", "csv", "tsv", "parquet", "arrow", "openai-chat", "inspect", "lm-eval", "inverse-scaling",
    "matching-behavior", "aichat",
)  # fmt: skip
TABLES: frozenset[str] = frozenset({"parquet", "arrow"})
"""Formats that core cannot read by itself."""

LINE_LIMIT = 32 << 20
"""Bytes that a line, a field or an item may have: what is longer is a broken file, and would fill the memory."""
BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read: the line it begins on (for tables and folders its number), from 1, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """Named values as a file has them, and where it has them."""

    line: int
    values: Mapping[str, Any]


Located = Record | BadRow
Tables = Callable[[Path, str], Iterator[Located]]
"""Reads a format of TABLES; it is handed in, since it needs a package."""


def read_records(path: Path, form: str, tables: Tables | None = None) -> Iterator[Located]:
    """The records of a file in its order; what cannot be read comes as a BadRow and reading goes on where it can.

    Args:
        form: one of FORMATS.
        tables: reads Parquet and Arrow.

    Raises:
        InputError: the file cannot be read at all, or is not of that format.
    """
    if form in TABLES:
        if tables is None:
            raise InputError(f"{path.name}: {form} cannot be read here.")
        yield from tables(path, form)
        return
    try:
        with path.open("rb") as file:
            yield from _reader(file, form)(file)
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror or error}.") from error


def _reader(file: IO[bytes], form: str) -> Callable[[IO[bytes]], Iterator[Located]]:
    head = file.read(BLOCK)
    file.seek(0)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("The file is UTF-16.", hint="Save it as UTF-8.")
    start = head.removeprefix(b"\xef\xbb\xbf")
    file.seek(len(head) - len(start))
    if form in ("csv", "inverse-scaling"):
        return lambda source: _table_text(source, ",")
    if form == "tsv":
        return lambda source: _table_text(source, "\t")
    if form == "aichat":
        return _aichat
    return _json_list if start.lstrip().startswith(b"[") else _json_lines


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines; None for one that is too long."""
    number = 0
    while line := file.readline(LINE_LIMIT):
        number += 1
        if len(line) < LINE_LIMIT or line.endswith(b"\n"):
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(LINE_LIMIT)
        yield number, None


def _json_lines(file: IO[bytes]) -> Iterator[Located]:
    """JSON Lines (jsonlines.org): an object a line; blank lines are skipped and counted."""
    for number, line in _lines(file):
        if line is None:
            yield BadRow(number, f"longer than {LINE_LIMIT >> 20} MB")
        elif line.strip():
            yield _json_record(number, line)


def _json_record(number: int, line: bytes) -> Located:
    try:
        return _record(number, json.loads(line.decode("utf-8"), object_pairs_hook=_unique))
    except UnicodeDecodeError as error:
        return BadRow(number, f"not UTF-8 at byte {error.start + 1}")
    except _Twice as error:
        return BadRow(number, str(error))
    except (ValueError, RecursionError) as error:
        return BadRow(number, _reason(error))


def _record(number: int, value: Any) -> Located:
    return Record(number, value) if isinstance(value, dict) else BadRow(number, "not a JSON object")


class _Twice(Exception):
    """An object that has a name twice: which value counts is nothing to guess."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Twice(f"{twice!r} stands twice in one object")
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at column {error.colno}"
    return "not JSON: nested too deeply" if isinstance(error, RecursionError) else f"not JSON: {error}"


def _json_list(file: IO[bytes]) -> Iterator[Located]:
    """One JSON array, item after item, holding no more than one of them. Nothing can be read after a broken item."""
    decode = json.JSONDecoder(object_pairs_hook=_unique).raw_decode
    items = _Items(file)
    items.skip("[")
    while not items.at("]"):
        line = items.line
        try:
            value = items.take(decode)
        except _Twice as error:
            yield BadRow(line, f"{error}; what follows was not read")
            return
        except (ValueError, RecursionError) as error:
            yield BadRow(line, f"{_reason(error)}; what follows was not read")
            return
        yield _record(line, value)
        if not items.at("]") and not items.skip(","):
            yield BadRow(items.line, "not JSON: no comma or bracket after this item; what follows was not read")
            return


class _Items:
    """A text that is read by pieces and thrown away behind the reader."""

    def __init__(self, file: IO[bytes]) -> None:
        import codecs

        self._file, self._decode = file, codecs.getincrementaldecoder("utf-8")()
        self._text, self._at, self._ended = "", 0, False
        self.line = 1

    def at(self, sign: str) -> bool:
        """Whether the next sign that is not white is this one."""
        while True:
            here = self._at
            while here < len(self._text) and self._text[here] in " \t\r\n":
                here += 1
            self._move(here)
            if here < len(self._text) or not self._more():
                return self._text.startswith(sign, self._at)

    def skip(self, sign: str) -> bool:
        """Pass over a sign, if it is next."""
        found = self.at(sign)
        if found:
            self._move(self._at + 1)
        return found

    def take(self, decode: Callable[[str, int], tuple[Any, int]]) -> Any:
        """The value that is next.

        Raises:
            ValueError: it is no JSON, not UTF-8, or too long.
        """
        self.at("")
        step = BLOCK
        while True:
            try:
                value, end = decode(self._text, self._at)
            except json.JSONDecodeError as error:
                # Cut off, perhaps: only the end of the text read so far can say so.
                if not self._more(step):
                    raise json.JSONDecodeError(error.msg, self._text[self._at :], error.pos - self._at) from None
            else:
                if end < len(self._text) or not self._more(step):
                    self._move(end)
                    return value
            if len(self._text) - self._at > LINE_LIMIT:
                raise ValueError(f"an item longer than {LINE_LIMIT >> 20} MB")
            step *= 2

    def _move(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self, size: int = BLOCK) -> bool:
        if self._ended:
            return False
        data = self._file.read(size)
        self._ended = not data
        self._text = self._text[self._at :] + self._decode.decode(data, final=self._ended)
        self._at = 0
        return not self._ended


NOT_UTF8 = re.compile("[\udc80-\udcff]")


def _table_text(file: IO[bytes], separator: str) -> Iterator[Located]:
    """CSV (RFC 4180) or TSV: the first row names the columns; quotes are strict, so none swallows half the file."""
    before = csv.field_size_limit(LINE_LIMIT)
    try:
        # A byte that is no UTF-8 becomes half a surrogate pair, so that its row alone is bad.
        texts = ((line or b"").decode("utf-8", "surrogateescape") for _, line in _lines(file))
        reader = csv.reader(texts, delimiter=separator, strict=True)
        header: list[str] | None = None
        for line, cells in _cells(reader):
            if isinstance(cells, BadRow):
                if header is None:
                    raise InputError(f"The head of the file cannot be read: {cells.reason}.")
                yield cells
            elif not cells:
                continue
            elif header is None:
                header = _header(cells)
            elif len(cells) != len(header):
                yield BadRow(line, f"{len(cells)} fields where the head has {len(header)}")
            elif any(map(NOT_UTF8.search, cells)):
                yield BadRow(line, "not UTF-8")
            else:
                yield Record(line, dict(zip(header, cells, strict=True)))
    finally:
        csv.field_size_limit(before)


def _cells(reader: Any) -> Iterator[tuple[int, list[str] | BadRow]]:
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, BadRow(line, str(error))


def _header(cells: list[str]) -> list[str]:
    """Column names; one without a name (as an index has that pandas writes) is called by its place.

    Raises:
        InputError: a name stands twice, or is not UTF-8.
    """
    names = [cell.strip() or f"column {at}" for at, cell in enumerate(cells, 1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"The column name {twice[0]!r} stands twice.")
    if any(map(NOT_UTF8.search, names)):
        raise InputError("The column names are not UTF-8.", hint="Save the file as UTF-8.")
    return names


MARK = re.compile(r"^### (INPUT|OUTPUT):[ \t]*\r?$\n?", re.MULTILINE)
FRONT = re.compile(r"\A---[ \t]*\r?\n.*?^---[ \t]*\r?\n", re.MULTILINE | re.DOTALL)


def _aichat(file: IO[bytes]) -> Iterator[Located]:
    """An aichat role (github.com/sigoden/aichat, wiki 'Role Guide'): a prompt, then INPUT and OUTPUT in turns.

    The prompt before them is each record's `system`; front matter between two lines of `---` is left out.
    """
    try:
        text = file.read(LINE_LIMIT + 1).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"The role is not UTF-8 (byte {error.start + 1}).", hint="Save it as UTF-8.") from error
    front = FRONT.match(text)
    start = front.end() if front else 0
    marks = list(MARK.finditer(text, start))
    if not marks or len(text) > LINE_LIMIT:
        raise InputError("This is no aichat role with examples.", hint="It has '### INPUT:' and '### OUTPUT:' lines.")
    system = text[start : marks[0].start()].strip()
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    parts = [
        (text.count("\n", 0, mark.start()) + 1, mark[1], text[mark.end() : end].strip())
        for mark, end in zip(marks, ends, strict=True)
    ]
    for at, (line, kind, said) in enumerate(parts):
        follows = parts[at + 1][1] if at + 1 < len(parts) else ""
        if kind == "INPUT" and follows == "OUTPUT":
            yield Record(line, {"input": said, "output": parts[at + 1][2], "system": system})
        elif kind == "INPUT":
            yield BadRow(line, "an INPUT without its OUTPUT")
        elif at == 0 or parts[at - 1][1] != "INPUT":
            yield BadRow(line, "an OUTPUT without its INPUT")
