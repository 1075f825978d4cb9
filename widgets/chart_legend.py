"""The lines under a chart: each series' sign, name and exact value at the cursor. Nothing is drawn to scale here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from rich.cells import cell_len

from widgets.chart_data import Level, Line
from widgets.chart_picture import glyph, hue, label_text
from widgets.chart_scale import number

NAME = 28
"""The most cells of a name."""
SHORT = 9
"""Names are not cut to so few for want of rows."""
GAP = 3

Piece = tuple[str, str]
"""Text and the name of its style."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One series or level: its sign in its style, its name, its value and what more there is to say of it."""

    sign: str
    style: str
    name: str
    value: str
    more: str = ""

    def width(self, names: int, values: int) -> int:
        """Cells it takes where names and values are this wide."""
        return 2 + names + 1 + values + (1 + cell_len(self.more) if self.more else 0)


def entries(
    lines: Sequence[Line], shown: Sequence[Line], levels: Sequence[Level], x: float | None, *, percent: bool = False
) -> list[Entry]:
    """What to say of each series at x: the value as given, its interval, and where the nearest x is another one.

    Args:
        lines: as given; `shown` as drawn (smoothed), said beside the value where they differ.
    """
    found = [
        Entry(glyph(at), hue(at), label_text(line.name, NAME), *_said(line, shown[at], x, percent))
        for at, line in enumerate(lines)
    ]
    return found + [
        Entry("┄", "level", label_text(level.name, NAME), number(level.y, percent=percent)) for level in levels
    ]


def _said(line: Line, shown: Line, x: float | None, percent: bool) -> tuple[str, str]:
    at = line.nearest(x) if x is not None else None
    if at is None:
        return "–", "no numbers yet"
    value = line.ys[at]
    if isnan(value):
        return "–", "none here" if line.xs[at] == x else f"none near, at {number(line.xs[at])}"
    more = []
    if line.has_intervals and not isnan(line.low[at]) and not isnan(line.high[at]):
        more.append(f"({_end(line.low[at], percent)} … {_end(line.high[at], percent)})")
    if shown is not line:
        more.append(f"smoothed {number(shown.ys[at], percent=percent)}")
    if line.xs[at] != x:
        more.append(f"at {number(line.xs[at])}")
    return number(value, percent=percent), " ".join(more)


def _end(value: float, percent: bool) -> str:
    return number(value, percent=True) if percent else f"{value:,.4g}"


@dataclass(frozen=True, slots=True)
class Legend:
    """The widths that hold wherever the cursor is, so that nothing jumps while it moves."""

    names: int
    values: int
    wide: int

    @classmethod
    def of(cls, samples: Sequence[Sequence[Entry]], width: int, most: int) -> Legend:
        """Widths for entries as they are at several xs, in so many cells; names are cut where rows would not do."""
        for names in range(NAME, SHORT, -1):
            made = cls._of(samples, width, names)
            if made.needs(len(samples[0]), width) <= most:
                return made
        return cls._of(samples, width, NAME)

    @classmethod
    def _of(cls, samples: Sequence[Sequence[Entry]], width: int, longest: int) -> Legend:
        every = [one for found in samples for one in found]
        names = max((cell_len(one.name) for one in every), default=0)
        values = max((cell_len(one.value) for one in every), default=0)
        names = max(min(names, longest, width - 3 - values), 3)
        return cls(names, values, min(max((one.width(names, values) for one in every), default=0), width))

    def needs(self, count: int, width: int) -> int:
        """Rows that so many entries take."""
        return -(-count // self._across(width))

    def rows(self, found: Sequence[Entry], width: int, most: int) -> list[list[Piece]]:
        """The entries in columns, in at most so many rows; what has no room is counted in words."""
        rows = min(self.needs(len(found), width), most)
        room = self._across(width) * rows
        if rows < 1:
            return []
        kept = found if len(found) <= room else found[: room - 1]
        cells = [self._pieces(one) for one in kept]
        if len(kept) < len(found):
            cells.append([(label_text(f"… and {len(found) - len(kept)} more", self.wide).ljust(self.wide), "quiet")])
        return [_row(cells[row::rows]) for row in range(rows)]

    def _across(self, width: int) -> int:
        return max((width + GAP) // (self.wide + GAP), 1)

    def _pieces(self, one: Entry) -> list[Piece]:
        name = label_text(one.name, self.names)
        name += " " * (self.names - cell_len(name))
        rest = max(self.wide - 3 - self.names - self.values, 0)
        more = label_text(f" {one.more}" if one.more else "", rest)
        return [
            (f"{one.sign} ", one.style),
            (f"{name} ", "text"),
            (one.value.rjust(self.values), "value"),
            (more + " " * (rest - cell_len(more)), "quiet"),
        ]


def _row(cells: Sequence[list[Piece]]) -> list[Piece]:
    pieces: list[Piece] = []
    for at, cell in enumerate(cells):
        pieces += [(" " * GAP, ""), *cell] if at else cell
    return pieces
