"""Draws lines, intervals, reference lines and points on a canvas to scale. Which keys change what is the chart's."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from rich.cells import cell_len

from widgets.chart_canvas import DOTS_X, DOTS_Y, Canvas
from widgets.chart_data import Intervals, Level, Line, Mark, known
from widgets.chart_scale import Scale
from widgets.visible import aligned, fit

GLYPHS = "●◆▲■▼✚◉"
HUES = 6
"""Colours; with one glyph more than colours, 42 series are all told apart."""
DENSE = 2
"""Points per column of dots above which only the least and the most of each column are drawn."""


def glyph(index: int) -> str:
    """The sign of a series, so that colour is never needed to tell it."""
    return GLYPHS[index % len(GLYPHS)]


def hue(index: int) -> str:
    """The style of a series."""
    return f"s{index % HUES}"


def label_text(text: str, width: int) -> str:
    """A name from anywhere as one harmless line of at most so many cells."""
    return fit(aligned(text[: 4 * width], newlines="mark"), width)


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn: lines as shown (smoothed or not), the unsmoothed beneath them where there are, and both scales."""

    lines: Sequence[Line]
    raw: Sequence[Line]
    levels: Sequence[Level]
    marks: Sequence[Mark]
    x: Scale
    y: Scale
    intervals: Intervals

    def draw(self, width: int, height: int) -> Canvas:
        """On a canvas of so many cells."""
        canvas = Canvas(width, height)
        for at, line in enumerate(self.lines):
            if line.has_intervals and self.intervals != "none":
                (self._bars if self._has_bars(canvas, line) else self._bands)(canvas, line, at)
        for at, line in enumerate(self.raw):
            self._line(canvas, line, 0, f"{hue(at)}-raw")
        for at, line in enumerate(self.lines):
            self._line(canvas, line, self.shift(canvas, at), hue(at))
        for at, line in enumerate(self.lines):
            self._glyphs(canvas, line, at)
        self._levels(canvas)
        self._marks(canvas)
        return canvas

    def place(self, canvas: Canvas, x: float) -> float:
        """The dot across that an x has."""
        return self.x.at(x) * (canvas.across - 1)

    def shift(self, canvas: Canvas, index: int) -> int:
        """Dots a series stands beside its x, so that series at the same places do not hide each other's intervals."""
        if self.x.kind != "each" or len(self.lines) < 2:
            return 0
        room = canvas.width / (self.x.high - self.x.low)
        step = 2 if room >= 2 * len(self.lines) + 1 else 1 if room >= len(self.lines) + 1 else 0
        return round((index - (len(self.lines) - 1) / 2) * step) * DOTS_X

    def _down(self, canvas: Canvas, y: float) -> float:
        return (1 - self.y.at(y)) * (canvas.down - 1)

    def _seen(self, line: Line) -> tuple[int, int]:
        return line.span(self.x.bound(0), self.x.bound(1))

    def _line(self, canvas: Canvas, line: Line, shift: int, style: str) -> None:
        start, end = self._seen(line)
        if end - start > DENSE * canvas.across:
            self._dense(canvas, line, start, end, style)
            return
        before: tuple[float, float] | None = None
        for at in range(max(start - 1, 0), min(end + 1, len(line.xs))):
            y = line.ys[at]
            if isnan(y):
                before = None
                continue
            here = (self.place(canvas, line.xs[at]) + shift, self._down(canvas, y))
            canvas.segment(*(before or here), *here, style)
            before = here

    def _dense(self, canvas: Canvas, line: Line, start: int, end: int, style: str) -> None:
        before: tuple[int, float] | None = None
        for column, first, last in self._columns(canvas, line, start, end):
            if first == last:
                continue
            ys = line.drawn(first, last)
            if not ys:
                before = None
                continue
            head, tail, least, most = (self._down(canvas, y) for y in (ys[0], ys[-1], min(ys), max(ys)))
            if before is not None:
                canvas.segment(*before, column, head, style)
            canvas.run(column, most, least, style)
            before = (column, tail)

    def _columns(self, canvas: Canvas, line: Line, start: int, end: int) -> list[tuple[int, int, int]]:
        """Each column of dots, and where its points begin and end."""
        found, first = [], start
        for column in range(canvas.across):
            edge = self.x.bound((column + 0.5) / (canvas.across - 1))
            last = bisect_left(line.xs, edge, first, end) if column < canvas.across - 1 else end
            found.append((column, first, last))
            first = last
        return found

    def _has_bars(self, canvas: Canvas, line: Line) -> bool:
        start, end = self._seen(line)
        return self.intervals == "bars" and end - start <= canvas.width // 3

    def _bars(self, canvas: Canvas, line: Line, index: int) -> None:
        shift = self.shift(canvas, index)
        for at in range(*self._seen(line)):
            low, high = line.low[at], line.high[at]
            if isnan(low) or isnan(high):
                continue
            x = round(self.place(canvas, line.xs[at]) + shift)
            top, bottom = self._down(canvas, high), self._down(canvas, low)
            canvas.run(x, top, bottom, hue(index))
            for side in (x - 1, x + 1):
                canvas.run(side, top, top, hue(index))
                canvas.run(side, bottom, bottom, hue(index))

    def _bands(self, canvas: Canvas, line: Line, index: int) -> None:
        start, end = self._seen(line)
        name = f"band{index % HUES}"
        if end - start > canvas.across:
            for column, first, last in self._columns(canvas, line, start, end):
                lows = known(line.low[first:last])
                highs = known(line.high[first:last])
                if lows and highs:
                    canvas.ground(column // DOTS_X, self._down(canvas, max(highs)), self._down(canvas, min(lows)), name)
            return
        first = max(start - 1, 0)
        for at in range(first, min(end + 1, len(line.xs))):
            self._band(canvas, line, max(at - 1, first), at, name)

    def _band(self, canvas: Canvas, line: Line, a: int, b: int, name: str) -> None:
        """The ground between two neighbouring points."""
        tops = [self._down(canvas, line.high[at]) for at in (a, b)]
        bottoms = [self._down(canvas, line.low[at]) for at in (a, b)]
        if any(isnan(edge) for edge in (*tops, *bottoms)):
            return
        left, right = self.place(canvas, line.xs[a]), self.place(canvas, line.xs[b])
        for column in range(max(int(left) // DOTS_X, 0), min(int(right) // DOTS_X, canvas.width - 1) + 1):
            share = (column * DOTS_X + 0.5 - left) / (right - left) if right > left else 1.0
            share = min(max(share, 0.0), 1.0)
            top, bottom = (edges[0] + share * (edges[1] - edges[0]) for edges in (tops, bottoms))
            canvas.ground(column, top, bottom, name)

    def _glyphs(self, canvas: Canvas, line: Line, index: int) -> None:
        """A sign at each point, or at every so many columns where there are too many."""
        start, end = self._seen(line)
        count = end - start
        chosen: Sequence[int] = range(start, end)
        if count > canvas.width // 3:
            apart = max(canvas.width // 6, 8)
            places = range(3 + 4 * index % apart, canvas.width, apart)
            xs = [self.x.bound(place / max(canvas.width - 1, 1)) for place in places]
            chosen = [at for x in xs if (at := line.nearest(x)) is not None and start <= at < end]
        for at in chosen:
            if not isnan(line.ys[at]):
                x = round(self.place(canvas, line.xs[at]) + self.shift(canvas, index))
                y = round(self._down(canvas, line.ys[at]))
                canvas.put(x // DOTS_X, y // DOTS_Y, glyph(index), hue(index))

    def _levels(self, canvas: Canvas) -> None:
        for level in self.levels:
            row = round(self._down(canvas, level.y)) // DOTS_Y
            for column in range(canvas.width):
                canvas.fill_free(column, row, "┄", "level")
            name = label_text(level.name, canvas.width // 3)
            wide = cell_len(name)
            spots = [(column, near) for near in (row - 1, row + 1) for column in (canvas.width - wide - 1, 1)]
            spot = next((spot for spot in spots if 0 <= row < canvas.height and canvas.is_free(*spot, wide)), None)
            if spot is not None and wide == len(name):
                canvas.put(*spot, name, "level")

    def _marks(self, canvas: Canvas) -> None:
        for mark in self.marks:
            column = round(self.place(canvas, mark.x)) // DOTS_X
            if not 0 <= column < canvas.width:
                continue
            for row in range(canvas.height):
                canvas.fill_free(column, row, "┊", "mark")
            name = label_text(mark.name, canvas.width // 3)
            wide = cell_len(name)
            spots = [(at, row) for row in range(min(3, canvas.height)) for at in (column + 1, column - wide)]
            spot = next((spot for spot in spots if canvas.is_free(*spot, wide)), None)
            if spot is not None and wide == len(name):
                canvas.put(*spot, name, "mark")
