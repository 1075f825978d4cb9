"""What the import screen shows, as rows and sentences. Pure: what was read comes in; no widget, no store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from cockpit.core.datasets import FIELDS
from cockpit.core.examples import Row
from cockpit.screens.datasets_words import keyed
from cockpit.screens.words import count, one_line, plural
from widgets.choice_list import Choice
from widgets.row_list import ListColumn, ListRow

if TYPE_CHECKING:
    from cockpit.core.dataset_formats import BadRow
    from cockpit.dataset_files import Imported
    from cockpit.screens.datasets_import_source import Flight, Source

COLUMNS = (ListColumn("field", 7), ListColumn("column", 26), ListColumn("its first value", quiet=True))
WIDE = (
    ListColumn("line", 7, right=True, quiet=True),
    ListColumn("input"),
    ListColumn("output", 24),
    ListColumn("label", 12),
    ListColumn("split", 9, quiet=True),
    ListColumn("group", 10, quiet=True),
)
NARROW = (ListColumn("line", 7, right=True, quiet=True), ListColumn("input"), ListColumn("answer", 18))
BAD = (ListColumn("line", 7, right=True, quiet=True), ListColumn("why it cannot be used"))
EMPTY = (
    "JSONL, JSON, CSV, TSV, Parquet, a Hugging Face folder, OpenAI chat, Inspect, lm-eval, Inverse Scaling …",
    "i, then type a path; tab completes it. What becomes what is shown here before anything is stored.",
)
EMPTY_NARROW = ("i, then type a path; tab completes it.", "What becomes what is shown here before anything is stored.")
SHORT = 400


def field_rows(source: Source) -> list[ListRow]:
    """Each field with its column and that column's first value."""
    mapping, columns = source.mapping, source.look.columns
    if not source.look.format:
        return []
    if mapping is None:
        says = f"as {source.look.format} says"
        return [ListRow(name, (name, says, ""), "·", "wait", quiet=name not in ("input", "output")) for name in FIELDS]
    rows = []
    for name in FIELDS:
        column = mapping.get(name)
        lacks = column is None and name == "input"
        glyph, tone = ("✗", "error") if lacks else ("✓", "ok") if column is not None else ("·", "wait")
        said = column or ("choose one" if lacks else "–")
        rows.append(ListRow(name, (name, said, one_line(columns.get(column or "", ""))), glyph, tone, quiet=not column))
    return rows


def column_choices(source: Source) -> list[Choice]:
    """Every column with its first value, and none."""
    columns = (Choice(name, name, one_line(value, 60)) for name, value in source.look.columns.items())
    return [Choice("", "no column"), *columns]


def preview_rows(source: Source, *, narrow: bool) -> list[ListRow]:
    """The first rows as they would become, the bad ones with their reason."""
    return [
        _row(at, one, narrow=narrow) if isinstance(one, Row) else bad_row(at, one, preview=True)
        for at, one in enumerate(source.preview.rows)
    ]


def _row(at: int, row: Row, *, narrow: bool) -> ListRow:
    number, input, output = count(row.number), one_line(row.input, SHORT), one_line(row.output, SHORT)
    label = row.label or ""
    if narrow:
        return ListRow(at, (number, input, output or label or "–"), "✓", "ok")
    return ListRow(at, (number, input, output or "–", label or "–", row.split or "–", row.group or "–"), "✓", "ok")


def bad_row(at: int, bad: BadRow, *, preview: bool = False) -> ListRow:
    """A bad row: its line and reason."""
    said = f"bad: {bad.reason}" if preview else bad.reason
    return ListRow(at, (count(bad.line), said), "✗", "error")


def how_words(source: Source) -> Content:
    """The two switches, as they stand."""
    if not source.look.format:
        return Content("")
    bad = "bad rows are left out" if source.skip_bad else "one bad row refuses the file"
    new = "the rows that are new are added to it" if source.extend else "it becomes a new dataset"
    return keyed(("s", bad), ("+", new))


def end_words(source: Source, flight: Flight | None, problem: str) -> tuple[str, str]:
    """The last line and its tone: progress, refusal, what is missing, or that it can be imported."""
    if flight is not None:
        return progress_words(flight), "plain"
    if source.refused is not None and source.refused.bad and source.skip_bad:
        return f"ctrl+j imports the others; {plural(len(source.refused.bad), 'bad row')} will be left out.", "plain"
    if source.refused is not None:
        return refused_words(source.refused), "error"
    if not source.look.path:
        return "", "plain"
    if problem:
        return f"{problem} {source.look.hint}".strip(), "error"
    known_bad = sum(not isinstance(one, Row) for one in source.preview.rows)
    if known_bad and not source.skip_bad:
        return f"{plural(known_bad, 'bad row')} among the first: s leaves bad rows out; ctrl+j lists them all.", "warn"
    return "ctrl+j imports it: every row, or none.", "plain"


def progress_words(flight: Flight) -> str:
    """How far an import is."""
    bad = f", {plural(flight.bad, 'bad row')}" if flight.bad else ""
    speed = f", {count(round(flight.rows / flight.seconds))} rows/s" if flight.rows else ""
    end = "stopping …" if flight.cancel.is_set() else "ctrl+c stops it; nothing is kept then."
    return f"Reading: {plural(flight.rows, 'row')}{bad}{speed}. {end}"


def refused_words(done: Imported) -> str:
    """Why nothing was stored."""
    if done.cancelled:
        return "Stopped; nothing was stored."
    if not done.bad:
        return "Nothing was stored: the file has no usable row."
    return f"{plural(len(done.bad), 'bad row')}; nothing was stored. s, then ctrl+j imports the others."


def done_words(done: Imported, flight: Flight) -> str:
    """What was imported, and how fast."""
    known = f", {plural(done.known, 'row was', 'rows were')} there already" if done.known else ""
    out = f", {plural(len(done.bad), 'bad row')} left out" if done.bad else ""
    speed = count(round((done.rows + done.known) / flight.seconds))
    return f"{plural(done.rows, 'row')} imported into {flight.order.name}{known}{out}; {speed} rows/s."
