"""What a file would become as examples: read in a thread, held against what is there. Its words; no widget."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.core.dataset_formats import BadRow
from cockpit.core.datasets import sniff_as
from cockpit.core.errors import CockpitError, InputError
from cockpit.core.examples import Example, Verdict
from cockpit.dataset_arrow import read_tables
from cockpit.example_files import Twins, add_all, as_example, file_source, read_file, says_verdicts, twins_of
from cockpit.screens.examples_words import GLYPHS
from cockpit.screens.words import count, one_line, plural
from widgets.row_list import ListColumn, ListRow

if TYPE_CHECKING:
    from cockpit.services import Services

MOST = 20_000
"""Rows that are kept as examples one by one; a longer file is a dataset."""
FIELDS = ("input", "output", "label", "group")
NEXT_TWINS: Mapping[Twins, Twins] = {"answered": "asked", "asked": "none", "none": "answered"}
COLUMNS = (ListColumn("row", 8, right=True, quiet=True), ListColumn("input"), ListColumn("output"))
WIDE = (*COLUMNS, ListColumn("label", 14, quiet=True))
EMPTY = (
    "A file of inputs and the outputs they should have becomes examples:",
    "JSONL, CSV, TSV, chat logs, Inspect, lm-eval, an export of ours. Press i and type its path; tab completes it.",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """How a file is to be read. `mapping` and `form` are None where the file itself says them."""

    path: str = ""
    form: str | None = None
    mapping: Mapping[str, str] | None = None
    verdict: Verdict | None = None
    """None: what a row's own column says, else gold."""
    tags: tuple[str, ...] = ()
    twins: Twins = "answered"
    skip_bad: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it would be imported; `trouble` says why it cannot be."""

    asked: Asked
    form: str = ""
    columns: tuple[str, ...] = ()
    mapping: Mapping[str, str] | None = None
    examples: tuple[Example, ...] = ()
    numbers: tuple[int, ...] = ()
    """Of each example's row among the good ones, from 1."""
    bad: tuple[BadRow, ...] = ()
    left: frozenset[int] = frozenset()
    """Places of the examples that are left out as duplicates."""
    same: frozenset[int] = frozenset()
    """Places of those whose input another has."""
    own_verdicts: bool = False
    trouble: str = ""
    verdicts: Mapping[Verdict, int] = field(default_factory=dict)

    @property
    def takes(self) -> int:
        """How many would be added."""
        return len(self.examples) - len(self.left)

    @property
    def problem(self) -> str:
        """Why nothing can be imported as it is, or nothing."""
        if self.trouble:
            return self.trouble
        if self.bad and not self.asked.skip_bad:
            return f"{plural(len(self.bad), 'row')} cannot be read: mend the file, or leave them out."
        return "" if self.takes else "No row is left to import."


def look(services: Services, project: str, asked: Asked, cancelled: Callable[[], bool]) -> Found:
    """Read a file and hold it against the project's examples; in a thread."""
    if not asked.path.strip():
        return Found(asked)
    try:
        path = Path(asked.path.strip()).expanduser()
        sniffed = sniff_as(path, asked.form, read_tables)
        mapping = sniffed.mapping if asked.mapping is None else asked.mapping
        base = Found(asked, sniffed.format, sniffed.columns, mapping)
    except (CockpitError, OSError, ValueError, RuntimeError) as error:
        return Found(asked, trouble=_said(error))
    try:
        return _read(services, project, replace(base), path, cancelled)
    except (CockpitError, OSError, ValueError) as error:
        return replace(base, trouble=_said(error))


def _said(error: Exception) -> str:
    if isinstance(error, CockpitError):
        hint = "" if error.hint.startswith(("Say which: --", "--")) else error.hint
        return " ".join(part for part in (error.message, hint) if part)
    return f"Cannot read it: {error}"


def _read(services: Services, project: str, base: Found, path: Path, cancelled: Callable[[], bool]) -> Found:
    from cockpit.store import examples, projects

    asked = base.asked
    read = read_file(path, base.form, base.mapping, most=MOST, cancelled=cancelled)
    if read.cut:
        raise InputError(f"More than {count(MOST)} rows: import it as a dataset (D in Examples), and take some of it.")
    made = tuple(as_example(row, file_source(path, row), verdict=asked.verdict, tags=asked.tags) for row in read.rows)
    db = services.store.read()
    project_id = projects.find_project(db, project)
    known = list(examples.iter_examples(db, project_id)) if project_id is not None else []
    verdicts: dict[Verdict, int] = {}
    left = twins_of(known, made, asked.twins)
    for at, one in enumerate(made):
        if at not in left:
            verdicts[one.verdict] = verdicts.get(one.verdict, 0) + 1
    return replace(
        base,
        examples=made,
        numbers=tuple(row.number for row in read.rows),
        bad=read.bad,
        left=left,
        same=twins_of(known, made, "asked"),
        own_verdicts=says_verdicts(read.rows),
        verdicts=verdicts,
    )


def add(db: sqlite3.Connection, project: str, found: Found) -> list[int]:
    """Add what was found, in one transaction: the ids. Duplicates are looked for again."""
    from cockpit.store import projects

    added, _ = add_all(db, projects.ensure_project(db, project), found.examples, found.asked.twins)
    return added


def rows_of(found: Found, *, only_trouble: bool, wide: bool) -> list[ListRow]:
    """The file's rows: bad ones first, each with its reason, then the others as examples."""
    tone = "cut" if found.asked.skip_bad else "error"
    rows = [ListRow(f"bad {at}", _bad_cells(one, wide), "▲", tone) for at, one in enumerate(found.bad)]
    for at, one in enumerate(found.examples):
        if only_trouble and at not in found.left and one.answer:
            continue
        glyph, tone, _ = GLYPHS[one.verdict]
        said = one_line(one.output) or (f"({one.label})" if one.label else "(no output, no label)")
        cells = (str(found.numbers[at]), one_line(one.input), said)
        glyph, tone = ("=", "wait") if at in found.left else (glyph, tone if one.answer else "cut")
        rows.append(ListRow(at, (*cells, one.label or "") if wide else cells, glyph, tone, quiet=at in found.left))
    return rows


def _bad_cells(bad: BadRow, wide: bool) -> tuple[str, ...]:
    return (f"line {bad.line}", f"not read: {bad.reason}", "") + (("",) if wide else ())


def how_words(found: Found) -> str:
    """The format and which column is what."""
    if not found.form:
        return ""
    if found.mapping is None:
        return f"read as {found.form}"
    met = "   ".join(f"{name} ← {found.mapping[name]}" for name in FIELDS if name in found.mapping)
    rest = [name for name in found.columns if name not in found.mapping.values()]
    kept = f"   other columns: {', '.join(rest)}" if rest else ""
    return f"read as {found.form}   {met or 'no column is the input: m says which'}{kept}"


def plan_words(found: Found) -> str:
    """What would be added."""
    if not found.form or found.trouble:
        return ""
    asked = found.asked
    names = ", ".join(f"{GLYPHS[verdict][0]} {count(n)} {verdict}" for verdict, n in found.verdicts.items())
    whose = "as the file says" if asked.verdict is None and found.own_verdicts else "v changes that"
    tags = f", tagged {', '.join(asked.tags)}" if asked.tags else ""
    return f"{plural(found.takes, 'example')} to add{tags}: {names or 'none'} ({whose})"


def trouble_words(found: Found) -> str:
    """Duplicates and rows without an output, in words."""
    asked, parts = found.asked, []
    if found.same:
        n = len(found.same)
        what = {
            "answered": f"; {count(len(found.left))} with the same output too left out",
            "asked": " left out",
            "none": " added again",
        }[asked.twins]
        parts.append(f"= {plural(n, 'row')} with an input that is there already{what} (d changes that)")
    empty = sum(not one.answer for one in found.examples)
    if empty:
        parts.append(f"▲ {plural(empty, 'row')} with neither output nor label: m says which column is the output")
    if found.bad:
        how = "left out (x takes that back)" if asked.skip_bad else "nothing is imported with them: x leaves them out"
        parts.append(f"▲ {plural(len(found.bad), 'row')} cannot be read; {how}")
    return "\n".join(parts)


def columns_for(found: Found, name: str) -> Sequence[tuple[str, str]]:
    """The columns that a field may be, each with what the file has there."""
    taken = {column: one for one, column in (found.mapping or {}).items() if one != name}
    return [(column, f"now the {taken[column]}" if column in taken else "") for column in found.columns]


def with_column(found: Found, name: str, column: str) -> Mapping[str, str]:
    """The mapping with a field's column changed; '' takes it away. A column is one field's alone."""
    mapping = {one: at for one, at in (found.mapping or {}).items() if one != name and at != column}
    return {**mapping, name: column} if column else mapping
