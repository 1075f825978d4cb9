"""What can be shown of an entry in its place: what is missing, every edit, its pictures drawn. Lines; no widget."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from math import isfinite

from cockpit.core.figures import Figure
from cockpit.core.log_plain import as_read
from cockpit.core.log_refs import Ref, refs
from cockpit.log_charts import by_model
from cockpit.log_drafts import entry_gaps
from cockpit.screens.log_edit import gap_lines
from cockpit.screens.log_list import entry_text
from cockpit.store.job_points import points_of
from cockpit.store.log import Entry, backlinks, revisions

BAR = 24
"""Cells of a bar from 0 to the highest value."""
LABEL = 22
HEIGHTS = "▁▂▃▄▅▆▇█"
CURVE = 60
"""Cells of a curve."""


def check(db: sqlite3.Connection, one: Entry) -> list[str]:
    """What a stranger would miss."""
    return [text for text, _ in gap_lines(entry_gaps(db, one.draft.body))]


def history(db: sqlite3.Connection, one: Entry) -> list[str]:
    """Every edit, the latest first."""
    lines: list[str] = []
    for edit in reversed(revisions(db, one.id)):
        head = f"# edit {edit.number}, {edit.at[:16].replace('T', ' ')} UTC: {edit.draft.title}"
        lines += [head, "", edit.draft.body, ""]
    return lines


def whole(db: sqlite3.Connection, one: Entry) -> str:
    """The entry with its pictures drawn, and where it is cited."""
    return as_read(drawn(db, entry_text(one, [citing.id for citing in backlinks(db, "entry", one.id)])))


def drawn(db: sqlite3.Connection, text: str) -> str:
    """A Markdown text with every picture of ours drawn beneath its line; what cannot be drawn is left as it is."""
    for ref in reversed([ref for ref in refs(text) if ref.picture]):
        lines = picture(db, ref)
        if lines:
            end = text.find("\n", ref.end)
            end = len(text) if end < 0 else end
            text = text[:end] + "\n\n" + "\n".join(f"    {line}" for line in lines) + "\n" + text[end:]
    return text


def picture(db: sqlite3.Connection, ref: Ref) -> list[str]:
    """One picture as lines of cells: bars of a metric by model, or a job's metric over its steps."""
    if ref.kind == "job" and (name := ref.option("chart")):
        points = points_of(db, ref.id, name)
        return curve_lines(points.steps, points.values)
    if ref.kind == "run" and ref.option("chart") == "score":
        return bar_lines(by_model(db, ref.id, ref.option("score")))
    return []


def bar_lines(rows: list[tuple[str, Figure]]) -> list[str]:
    """A bar a row with its interval as a whisker, then its words."""
    if not rows:
        return []
    share = all(figure.unit == "share" for _, figure in rows)
    top = 1.0 if share else max(*(figure.high or figure.value for _, figure in rows), 1e-12)
    wide = min(max(len(label) for label, _ in rows), LABEL)

    def at(value: float) -> int:
        return round(BAR * min(max(value / top, 0.0), 1.0))

    lines = []
    for label, figure in rows:
        cells = list("█" * at(figure.value) + "·" * (BAR - at(figure.value)))
        if figure.low is not None and figure.high is not None:
            for place in range(at(figure.low), min(at(figure.high) + 1, BAR)):
                cells[place] = "▓" if place < at(figure.value) else "░"
        name = " ".join(label.split())
        name = name if len(name) <= wide else name[: wide - 1] + "…"
        lines.append(f"{name.ljust(wide)} {''.join(cells)} {figure.words()}")
    return [*lines, f"{' ' * wide} ▓░ 95 % interval"]


def curve_lines(steps: Sequence[float], values: Sequence[float]) -> list[str]:
    """A curve in one line of heights, each cell the mean of its stretch, with its ends in words."""
    known = [(step, value) for step, value in zip(steps, values, strict=True) if isfinite(value)]
    if len(known) < 2:
        return []
    low, high = min(value for _, value in known), max(value for _, value in known)
    cells = min(CURVE, len(known))
    heights = []
    for cell in range(cells):
        part = known[cell * len(known) // cells : (cell + 1) * len(known) // cells]
        mean = sum(value for _, value in part) / len(part)
        heights.append(HEIGHTS[round((mean - low) / ((high - low) or 1.0) * (len(HEIGHTS) - 1))])
    first, last = known[0], known[-1]
    return [
        "".join(heights),
        f"from {first[1]:.4g} at step {first[0]:g} to {last[1]:.4g} at step {last[0]:g}; "
        f"lowest {low:.4g}, highest {high:.4g}, {len(known)} points",
    ]


LOOKS: Mapping[str, tuple[str, Callable[[sqlite3.Connection, Entry], list[str]]]] = {
    "check": ("a stranger would ask", check),
    "history": ("every edit, the latest first", history),
}
"""A title, and what works the lines out in a thread."""
