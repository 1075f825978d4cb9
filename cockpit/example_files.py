"""Files of labelled data as examples: read, held against what is there, added whole. Formats are the core's."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from cockpit.core.dataset_formats import BadRow
from cockpit.core.examples import VERDICTS, Example, Row, Source, Verdict
from cockpit.dataset_files import read_rows
from cockpit.store import examples as stored

Twins = Literal["none", "answered", "asked"]
"""Which rows are left out: none; those with the input and answer of another example; those with its input."""


@dataclass(frozen=True, slots=True)
class FileRows:
    """What is in a file. `cut`: it has more rows than were read."""

    rows: tuple[Row, ...]
    bad: tuple[BadRow, ...]
    cut: bool = False


def read_file(
    path: Path,
    form: str | None = None,
    mapping: Mapping[str, str] | None = None,
    *,
    most: int | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> FileRows:
    """The rows of a file, good and bad apart; at most `most` of them together.

    Raises:
        InputError: it cannot be read at all, or no column is the input.
    """
    rows: list[Row] = []
    bad: list[BadRow] = []
    found = read_rows(path, form, mapping)
    for row in islice(found, most):
        if isinstance(row, BadRow):
            bad.append(row)
        else:
            rows.append(row)
        if cancelled():
            break
    return FileRows(tuple(rows), tuple(bad), most is not None and next(found, None) is not None)


def file_source(path: Path, row: Row) -> Source:
    """Where a file's row is from."""
    return Source("file", {"path": path.name, "line": row.number, "row": row.key})


def as_example(row: Row, source: Source, *, verdict: Verdict | None = None, tags: Sequence[str] = ()) -> Example:
    """A row as an example. What an export of ours says of it beside its texts is taken up.

    Args:
        verdict: None: the row's own, where it has one, else gold.
        tags: for it, beside its own.
    """
    own = {**_inner(row.extra.get("metadata")), **row.extra}
    said = own.get("verdict")
    found: Verdict = next((one for one in VERDICTS if one == said), "gold")
    return Example(
        input=row.input,
        output=row.output,
        label=row.label,
        verdict=verdict if verdict is not None else found,
        reason=_text(own.get("reason")),
        note=_text(own.get("note")),
        tags=tuple(dict.fromkeys([*_tags(own.get("tags")), *tags])),
        group=row.group,
        source=source,
    )


def says_verdicts(rows: Iterable[Row]) -> bool:
    """Whether any row brings a verdict of its own."""
    return any({**_inner(row.extra.get("metadata")), **row.extra}.get("verdict") in VERDICTS for row in rows)


def twins_of(known: Iterable[Example], found: Sequence[Example], leave: Twins) -> frozenset[int]:
    """Which of the new examples (by their place) are left out, since one that is there or comes before is the same."""
    if leave == "none":
        return frozenset()

    def key(one: Example) -> tuple[bytes, str]:
        return stored.input_key(one.input), one.answer.strip() if leave == "answered" else ""

    seen = {key(one) for one in known}
    out = set()
    for at, one in enumerate(found):
        if (mine := key(one)) in seen:
            out.add(at)
        seen.add(mine)
    return frozenset(out)


def add_all(
    db: sqlite3.Connection, project_id: int, found: Sequence[Example], leave: Twins = "none"
) -> tuple[list[int], int]:
    """Add examples, in one transaction of the caller's: the ids, and how many have the input of another."""
    known = list(stored.iter_examples(db, project_id))
    same, out = twins_of(known, found, "asked"), twins_of(known, found, leave)
    added = [stored.add_example(db, project_id, one) for at, one in enumerate(found) if at not in out]
    return added, len(same)


def _inner(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _tags(value: Any) -> list[str]:
    """Tags as a list, or as the JSON text of one, as our CSV has them; what is neither is none of ours."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
