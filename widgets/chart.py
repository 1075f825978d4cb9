"""A line chart in the terminal, read with keys. It knows nothing of what its numbers are; it computes no statistics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import isfinite
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events, on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.chart_data import Axes, Intervals, Level, Line, Mark, Series, XScale, line_of, smoothed
from widgets.chart_frame import Cell, Frame, framed
from widgets.chart_legend import Entry, Legend, entries
from widgets.chart_picture import HUES, Picture, label_text
from widgets.chart_scale import Scale, number
from widgets.chart_view import beside, heights, not_above_0, notes, spread, whole_of
from widgets.tones import Styles, component_classes

__all__ = ["Axes", "Chart", "Intervals", "Level", "Mark", "Series", "XScale"]

SMOOTHINGS = (0.0, 0.6, 0.9, 0.97, 0.99)
CLOSEST = 1 / 4096
"""Of the whole axis: nearer than this nothing is zoomed."""
_HUES = [f"{name}{at}{end}" for at in range(HUES) for name, end in (("s", ""), ("s", "-raw"), ("band", ""))]
_COLOURS = ("accent", "warning", "success", "secondary", "error", "primary")


class Chart(Widget, can_focus=True):
    """Series overlaid, with a cursor whose exact values are said in a line for each series."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "step(-1)", "Left", show=False, id="chart.left", tooltip="To the point before"),
        Binding("l,right", "step(1)", "Right", show=False, id="chart.right", tooltip="To the next point"),
        Binding("H,shift+left", "step(-10)", "Far left", show=False, id="chart.far_left", tooltip="Ten points back"),
        Binding("L,shift+right", "step(10)", "Far right", show=False, id="chart.far_right", tooltip="Ten points on"),
        Binding("g,home", "edge(0)", "First", show=False, id="chart.first", tooltip="To the first point"),
        Binding("G,end", "edge(1)", "Last", show=False, id="chart.last", tooltip="To the last point; follow new ones"),
        Binding("plus", "zoom(0.5)", "Nearer", show=False, id="chart.nearer", tooltip="Zoom in at the cursor"),
        Binding("minus", "zoom(2)", "Further", show=False, id="chart.further", tooltip="Zoom out"),
        Binding("0", "whole", "Whole", show=False, id="chart.whole", tooltip="All of it again"),
        Binding("f", "fit", "Fit", show=False, id="chart.fit", tooltip="Fit the heights to what is seen, or back"),
        Binding("s", "smooth", "Smooth", show=False, id="chart.smooth", tooltip="Smooth more, then not at all"),
    ]
    COMPONENT_CLASSES = component_classes("chart", ("text", "value", "quiet", "level", "mark", "cursor", "at", *_HUES))
    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; min-height: 3; background: $surface; color: $foreground; }
    Chart > .chart--text, Chart > .chart--value { color: $foreground; }
    Chart > .chart--quiet, Chart > .chart--level, Chart > .chart--mark { color: $text-muted; }
    Chart > .chart--cursor { background: $boost; }
    Chart:focus > .chart--cursor { background: $accent 18%; }
    Chart > .chart--at { color: $text-muted; }
    Chart:focus > .chart--at { color: $text-accent; }
    """ + "\n".join(
        f"Chart > .chart--s{at} {{ color: $text-{name}; }}\n"
        f"Chart > .chart--s{at}-raw {{ color: $text-{name} 45%; }}\n"
        f"Chart > .chart--band{at} {{ background: $text-{name} 20%; }}"
        for at, name in enumerate(_COLOURS)
    )

    @dataclass
    class Moved(Message):
        """The cursor came to another x."""

        chart: Chart
        x: float

        @property
        def control(self) -> Chart:
            return self.chart

    def __init__(
        self,
        axes: Axes | None = None,
        *,
        empty: Sequence[str] = ("Nothing to draw yet.",),
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.axes = axes or Axes()
        self.smoothing = 0.0
        self._fits = False
        self._empty = tuple(empty)
        self._lines: tuple[Line, ...] = ()
        self._shown: tuple[Line, ...] = ()
        self._left_out = 0
        self._levels: tuple[Level, ...] = ()
        self._marks: tuple[Mark, ...] = ()
        self._whole: Scale | None = None
        self._view: Scale | None = None
        self._x: float | None = None
        self._frame: Frame | None = None
        self._legend: Legend | None = None
        self._strips: list[Strip] | None = None
        self._styles_of = Styles(self, "chart")

    def show(
        self,
        series: Sequence[Series],
        *,
        levels: Sequence[Level] = (),
        marks: Sequence[Mark] = (),
        axes: Axes | None = None,
    ) -> None:
        """Show these series; the cursor and the zoom stay where they were, as far as that is still there.

        A cursor on the last point goes on to the new last one.

        Raises:
            ValueError: a series has not as many xs as ys, lows or highs.
        """
        axes = axes or self.axes
        log_x = axes.x_scale == "log"
        lines = tuple(line_of(one, log_y=axes.log_y, log_x=log_x) for one in series)
        if axes.x_scale != self.axes.x_scale:
            self._view = None
        self.axes, self._lines = axes, lines
        self._left_out = not_above_0(series, axes)
        self._levels = tuple(one for one in levels if isfinite(one.y) and (one.y > 0 or not axes.log_y))
        self._marks = tuple(one for one in marks if isfinite(one.x) and (one.x > 0 or not log_x))
        before, self._whole = self._whole, whole_of(lines, axes)
        if self._view is not None and self._whole is not None:
            same = before is not None and before.places == self._whole.places
            self._view = self._view.within(self._whole) if same else None
        self._smooth()

    def set_empty(self, *lines: str) -> None:
        """What to say while there is nothing to draw."""
        self._empty = lines
        self._forget()

    @property
    def cursor_x(self) -> float | None:
        """The x under the cursor; None while there is nothing."""
        ends = [line.xs[-1] for line in self._lines if line.xs]
        return None if not ends else max(ends) if self._x is None else self._x

    def move_to(self, x: float) -> None:
        """Put the cursor on the point nearest to an x, and have it in view."""
        found = [line.xs[at] for line in self._lines if (at := line.nearest(x)) is not None]
        if found:
            self._go(min(found, key=lambda one: abs(one - x)))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()
        self._strips = None

    def on_resize(self, event: events.Resize) -> None:
        self._forget()

    @on(events.Focus)
    @on(events.Blur)
    def _focus_moved(self) -> None:
        self._redraw()

    def action_step(self, steps: int) -> None:
        """So many points on or back; points that share a column of the picture count as one."""
        x, view = self.cursor_x, self._view or self._whole
        if x is None or view is None:
            return
        for _ in range(abs(steps)):
            x = beside(self._lines, x, view, self.size.width, 1 if steps > 0 else -1)
        self._go(x)

    def action_edge(self, end: int) -> None:
        """To the first or the last point."""
        ends = [line.xs[-1 if end else 0] for line in self._lines if line.xs]
        if ends:
            self._go(max(ends) if end else min(ends))

    def action_zoom(self, factor: float) -> None:
        """See half or twice as much of the x axis, around the cursor."""
        x, whole = self.cursor_x, self._whole
        if x is None or whole is None:
            return
        view = (self._view or whole).zoomed(factor, x)
        wide = whole.high - whole.low
        least = 1.0 if whole.kind == "each" else wide * CLOSEST
        if view.high - view.low >= least:
            self._view = None if view.high - view.low >= wide * (1 - 1e-9) else view.within(whole)
            self._forget()

    def action_whole(self) -> None:
        """The whole x axis again."""
        self._view = None
        self._forget()

    def action_fit(self) -> None:
        """Fit the heights to what is seen, or back to the range that was asked for."""
        self._fits = not self._fits
        self._forget()

    def action_smooth(self) -> None:
        """The next stronger smoothing; after the strongest, none."""
        at = SMOOTHINGS.index(self.smoothing) if self.smoothing in SMOOTHINGS else 0
        self.smoothing = SMOOTHINGS[(at + 1) % len(SMOOTHINGS)]
        self._smooth()

    def render_line(self, y: int) -> Strip:
        if self._strips is None:
            self._strips = self._draw()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    def _smooth(self) -> None:
        if self.smoothing:
            self._shown = tuple(replace(line, ys=smoothed(line.ys, self.smoothing)) for line in self._lines)
        else:
            self._shown = self._lines
        self._forget()

    def _go(self, x: float) -> None:
        last = max((line.xs[-1] for line in self._lines if line.xs), default=x)
        is_new = x != self.cursor_x
        self._x = None if x == last else x
        if self._view is not None and self._whole is not None and not 0 <= self._view.at(x) <= 1:
            half = (self._view.high - self._view.low) / 2
            middle = self._view.measure(x)
            self._view = replace(self._view, low=middle - half, high=middle + half).within(self._whole)
            self._frame = None
        if is_new:
            self._redraw()
            self.post_message(self.Moved(self, x))

    def _forget(self) -> None:
        self._frame, self._legend = None, None
        self._redraw()

    def _redraw(self) -> None:
        self._strips = None
        self.refresh()

    def _draw(self) -> list[Strip]:
        width, height = self.size
        x, whole = self.cursor_x, self._whole
        if x is None or whole is None:
            return self._empty_strips(width, height)
        said = self._said(x)
        most = max((height - 3) // 3, 1)
        if self._legend is None:
            samples = [self._said(one) for one in spread(self._lines)]
            self._legend = Legend.of([said, *samples], width, most)
        below = min(self._legend.needs(len(said), width), most)
        view = self._view or whole
        if self._frame is None:
            self._frame = framed(self._picture(view), width, height - below - 1, self.axes)
        rows = [self._head(view, width)]
        if self._frame is not None:
            rows += self._frame.rows(x)
        else:
            below = max(height - 1, 0)
        rows += [[(text, style, "") for text, style in row] for row in self._legend.rows(said, width, below)]
        return [self._strip(row, width) for row in rows]

    def _said(self, x: float) -> list[Entry]:
        return entries(self._lines, self._shown, self._levels, x, percent=self.axes.percent)

    def _picture(self, view: Scale) -> Picture:
        asked = None if self._fits else self.axes.y_range
        y = heights(self._lines, self._levels, view, self.axes, asked)
        raw = self._lines if self.smoothing else ()
        return Picture(self._shown, raw, self._levels, self._marks, view, y, self.axes.intervals)

    def _head(self, view: Scale, width: int) -> list[Cell]:
        """What the heights are, where the cursor is, and how it is drawn."""
        assert self._whole is not None and self.cursor_x is not None
        x = number(self.cursor_x)
        named = next((text for place, text in self.axes.labels if place == self.cursor_x), "")
        where = f"{label_text(self.axes.x_title, 16) or 'x'} {x if not named else label_text(named, 24)}"
        more = "  ".join([*notes(view, self._whole, self.smoothing, self._left_out), ""])
        right = label_text(more + where, width)
        title = label_text(self.axes.y_title, max(width - cell_len(right) - 2, 0))
        room = max(width - cell_len(title) - cell_len(right), 0)
        quiet = right[: max(len(right) - len(where), 0)]
        return [(title + " " * room + quiet, "quiet", ""), (right[len(quiet) :], "at", "")]

    def _strip(self, cells: Iterable[Cell], width: int) -> Strip:
        styles, segments = self._styles_of, []
        for (style, ground), run in groupby(cells, key=lambda cell: cell[1:]):
            text = "".join(cell[0] for cell in run)
            segments.append(Segment(text, styles(style or "text", ground)))
        return Strip(segments).adjust_cell_length(width, styles("text"))

    def _empty_strips(self, width: int, height: int) -> list[Strip]:
        lines = [label_text(line, width) for line in self._empty]
        blank = [""] * max((height - len(lines)) // 2, 0)
        return [
            self._strip([(" " * max((width - cell_len(line)) // 2, 0) + line, "quiet", "")], width)
            for line in [*blank, *lines]
        ]
