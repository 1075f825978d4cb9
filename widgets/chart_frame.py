"""Puts a picture into its frame: the ticks, the axis, the labels under it, and the cursor's column. No keys here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from widgets.chart_canvas import DOTS_X, DOTS_Y, Canvas
from widgets.chart_data import Axes
from widgets.chart_picture import Picture, label_text
from widgets.chart_scale import tick_texts, ticks

Cell = tuple[str, str, str]
"""A character, the name of its style, and of its ground."""
LEAST_ROWS, LEAST_COLUMNS = 3, 12
"""Of the picture itself; with less only the legend is shown."""
TICK_ROOM = 2
"""Cells between two labels under the axis."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A drawn picture with what stands around it; `left` cells are before the picture."""

    picture: Picture
    canvas: Canvas
    left: int
    gutter: tuple[str, ...]
    axis: str
    labels: str

    def column(self, x: float) -> int | None:
        """The column of the picture that an x falls into; None out of view."""
        column = round(self.picture.place(self.canvas, x)) // DOTS_X
        return column if 0 <= column < self.canvas.width else None

    def rows(self, x: float | None) -> list[list[Cell]]:
        """Every row as cells, with the cursor at x."""
        at = self.column(x) if x is not None else None
        found = []
        for row, tick in enumerate(self.gutter):
            cells = self.canvas.row(row)
            if at is not None:
                char, style, _ = cells[at]
                cells[at] = (char, style, "cursor")
            found.append([(tick, "quiet", ""), *cells])
        axis: list[Cell] = [(self.axis, "quiet", "")]
        if at is not None:
            split = self.left + at
            axis = [(self.axis[:split], "quiet", ""), ("▲", "at", ""), (self.axis[split + 1 :], "quiet", "")]
        return [*found, axis, [(self.labels, "quiet", "")]]


def framed(picture: Picture, width: int, height: int, axes: Axes) -> Frame | None:
    """A picture drawn into so many cells, its axis and labels included; None where they are too few."""
    rows = height - 2
    if rows < LEAST_ROWS:
        return None
    heights = ticks(picture.y, max(round(rows / 2.5), 2))
    texts = tick_texts(heights, percent=axes.percent)
    title = label_text(axes.x_title, max(width // 6, 1))
    wide = max([len(text) for text in texts] + [cell_len(title)], default=0)
    left = wide + 2
    if width - left < LEAST_COLUMNS:
        return None
    canvas = picture.draw(width - left, rows)
    gutter = [" " * wide + " │"] * rows
    for value, text in zip(heights, texts, strict=True):
        row = round((1 - picture.y.at(value)) * (canvas.down - 1)) // DOTS_Y
        if 0 <= row < rows:
            gutter[row] = f"{text.rjust(wide)} ┤"
    axis, labels = _under(picture, canvas, axes)
    head = " " * (wide - cell_len(title)) + title
    return Frame(picture, canvas, left, tuple(gutter), " " * (wide + 1) + "└" + axis, head + "  " + labels)


def _under(picture: Picture, canvas: Canvas, axes: Axes) -> tuple[str, str]:
    """The axis with its ticks, and the labels below: as many as stand clear of each other."""
    found = _labels(picture, canvas, axes)
    axis, line = ["─"] * canvas.width, ""
    for column, text in found:
        axis[column] = "┬"
        start = min(max(column - cell_len(text) // 2, 0), canvas.width - cell_len(text))
        if start >= 0 and (not line or start >= cell_len(line) + TICK_ROOM):
            line += " " * (start - cell_len(line)) + text
    return "".join(axis), line + " " * (canvas.width - cell_len(line))


def _labels(picture: Picture, canvas: Canvas, axes: Axes) -> list[tuple[int, str]]:
    values: Sequence[float]
    if axes.labels:
        pairs = sorted((float(x), label_text(text, 24)) for x, text in axes.labels if x > 0 or picture.x.kind != "log")
    else:
        values = ticks(picture.x, max(canvas.width // 12, 2))
        pairs = list(zip(values, tick_texts(values), strict=True))
    placed = [(round(picture.place(canvas, x)) // DOTS_X, text) for x, text in pairs]
    return [(column, text) for column, text in placed if 0 <= column < canvas.width]
