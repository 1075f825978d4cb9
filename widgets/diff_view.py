"""Shows differences that were worked out elsewhere, side by side or one above the other; it compares nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.strip import Strip

from widgets.line_view import LineView
from widgets.tones import Styles, component_classes
from widgets.visible import pad, visible, wrap_offsets

SIDE_BY_SIDE = 72
MAX_LINE = 20_000
"""A side's line is shown up to this many characters."""


class DiffRow(Protocol):
    """A line of each side (None where a side has none), and the changed stretches in characters."""

    @property
    def op(self) -> str: ...
    @property
    def left(self) -> str | None: ...
    @property
    def right(self) -> str | None: ...
    @property
    def left_spans(self) -> Sequence[tuple[int, int]]: ...
    @property
    def right_spans(self) -> Sequence[tuple[int, int]]: ...


Part = tuple[str, Sequence[DiffRow]]
"""A title ("" for none) and its rows."""
Pieces = list[tuple[str, str]]
"""Text and the name of its style."""


class DiffView(LineView):
    """Differences in parts, each under its title; side by side where there is room for two columns."""

    COMPONENT_CLASSES = component_classes("diff", ("plain", "quiet", "title", "removed", "added", "gone", "new"))
    DEFAULT_CSS = """
    DiffView { height: 1fr; padding: 0 1; background: $surface; color: $foreground; }
    DiffView > .diff--plain { color: $foreground; }
    DiffView > .diff--quiet { color: $text-muted; }
    DiffView > .diff--title { color: $text-accent; text-style: bold; }
    DiffView > .diff--removed { color: $text-error; }
    DiffView > .diff--added { color: $text-success; }
    DiffView > .diff--gone { color: $text-error; background: $error 22%; text-style: underline; }
    DiffView > .diff--new { color: $text-success; background: $success 22%; text-style: underline; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.titles = ("", "")
        self._parts: list[Part] = []
        self._lines: list[Pieces] = []
        self._width = 0
        self._styles_of = Styles(self, "diff")

    def show(self, parts: Sequence[Part], *, titles: tuple[str, str] = ("", "")) -> None:
        """Show these parts; titles head the two sides."""
        self._parts = list(parts)
        self.titles = titles
        self.top = 0
        self._lay_out()

    def line_count(self) -> int:
        return len(self._lines)

    def line_strip(self, index: int, width: int) -> Strip:
        segments = [Segment(text, self._styles_of(name)) for text, name in self._lines[index] if text]
        return Strip(segments).adjust_cell_length(width, self._styles_of("plain"))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def on_resize(self, event: events.Resize) -> None:
        if self.size.width != self._width:
            self._lay_out()

    def _lay_out(self) -> None:
        self._width = width = self.size.width
        if not width:
            return
        is_wide = width >= SIDE_BY_SIDE
        self._lines = _heads(self.titles, width, is_wide=is_wide)
        for title, rows in self._parts:
            if title:
                self._lines.append([(pad(visible(title, newlines="mark"), width), "title")])
            for row in rows:
                self._lines += _beside(row, width) if is_wide else _above(row, width)
        self.top = min(self.top, max(len(self._lines) - 1, 0))
        self.refresh()


def _heads(titles: tuple[str, str], width: int, *, is_wide: bool) -> list[Pieces]:
    left, right = (visible(title, newlines="mark") for title in titles)
    if not left and not right:
        return []
    if is_wide:
        half = (width - 3) // 2
        return [[(pad(left, half), "quiet"), (" │ ", "quiet"), (pad(right, width - half - 3), "quiet")]]
    return [[(pad(f"- {left}", width), "removed")], [(pad(f"+ {right}", width), "added")]]


def _beside(row: DiffRow, width: int) -> list[Pieces]:
    half = (width - 3) // 2
    left = _wrapped(row.left, row.left_spans, half, "gone")
    right = _wrapped(row.right, row.right_spans, width - half - 3, "new")
    sign = {"same": " │ ", "change": " ≠ ", "add": " + ", "remove": " - "}.get(row.op, " │ ")
    lines: list[Pieces] = []
    for at in range(max(len(left), len(right))):
        first = left[at] if at < len(left) else []
        second = right[at] if at < len(right) else []
        room = half - sum(cell_len(text) for text, _ in first)
        name = "quiet" if row.op == "same" or at else "title"
        lines.append([*first, (" " * room, "plain"), (" │ " if at else sign, name), *second])
    return lines


def _above(row: DiffRow, width: int) -> list[Pieces]:
    if row.op == "same":
        return [[("  ", "plain"), *line] for line in _wrapped(row.left, (), width - 2, "plain")]
    gone = _wrapped(row.left, row.left_spans, width - 2, "gone")
    new = _wrapped(row.right, row.right_spans, width - 2, "new")
    return [[("- ", "removed"), *line] for line in gone] + [[("+ ", "added"), *line] for line in new]


def _wrapped(line: str | None, spans: Iterable[tuple[int, int]], width: int, changed: str) -> list[Pieces]:
    """One side's line as wrapped pieces; spans count characters of the source, so marks are made piece by piece."""
    if line is None:
        return []
    shown, marks = "", []
    at = 0
    for start, end in [*spans, (len(line), len(line))]:
        shown += visible(line[at:start][:MAX_LINE], newlines="mark")
        begin = len(shown)
        shown += visible(line[start:end][:MAX_LINE], newlines="mark")
        marks.append((begin, len(shown)))
        at = end
    return [_pieces(shown, first, last, marks, changed) for first, last in wrap_offsets(shown, width, 10**6)]


def _pieces(shown: str, first: int, last: int, marks: Sequence[tuple[int, int]], changed: str) -> Pieces:
    pieces: Pieces = []
    at = first
    for start, stop in marks:
        begin, end = max(start, at), min(stop, last)
        if end > begin:
            pieces += [(shown[at:begin], "plain"), (shown[begin:end], changed)]
            at = end
    return [*pieces, (shown[at:last], "plain")]
