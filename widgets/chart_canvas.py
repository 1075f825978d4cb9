"""A grid of braille dots, characters and grounds that lines are drawn on. No numbers' meaning and no Textual here."""

from __future__ import annotations

from math import ceil, floor

DOTS_X, DOTS_Y = 2, 4
"""Dots of a braille sign, across and down (Unicode 16, section 21.1)."""
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_RUNS = tuple(
    tuple(tuple(sum(bits[first : last + 1]) for last in range(DOTS_Y)) for first in range(DOTS_Y)) for bits in _BITS
)
"""side, first dot, last dot → the sign's bits."""


class Canvas:
    """`width` × `height` cells, each of 2 × 4 dots; every dot, character and ground carries the name of a style.

    Dots are counted from the top left. What lies outside is not drawn.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(width, 1), max(height, 1)
        self.across, self.down = self.width * DOTS_X, self.height * DOTS_Y
        self._masks = [0] * (self.width * self.height)
        self._owners = [""] * (self.width * self.height)
        self._chars: dict[int, tuple[str, str]] = {}
        self._grounds: dict[int, str] = {}

    def run(self, x: int, top: float, bottom: float, style: str) -> None:
        """The dots of one column between two heights, either way round."""
        if not 0 <= x < self.across:
            return
        if top > bottom:
            top, bottom = bottom, top
        if bottom < -0.5 or top > self.down - 0.5:
            return
        first, last = round(max(top, 0)), round(min(bottom, self.down - 1))
        column, runs = x // DOTS_X, _RUNS[x % DOTS_X]
        for row in range(first // DOTS_Y, last // DOTS_Y + 1):
            at = row * self.width + column
            start = max(first - row * DOTS_Y, 0)
            end = min(last - row * DOTS_Y, DOTS_Y - 1)
            self._masks[at] |= runs[start][end]
            self._owners[at] = style

    def segment(self, x0: float, y0: float, x1: float, y1: float, style: str) -> None:
        """A straight line between two places, x0 ≤ x1; only the columns in view are walked."""
        if round(x0) == round(x1):
            self.run(round(x1), y0, y1, style)
            return
        slope = (y1 - y0) / (x1 - x0)
        for x in range(max(ceil(x0 - 0.5), 0), min(floor(x1 + 0.5), self.across - 1) + 1):
            left, right = max(x - 0.5, x0), min(x + 0.5, x1)
            start, end = y0 + slope * (left - x0), y0 + slope * (right - x0)
            # Half a dot shorter at the far end: the next column draws that dot.
            shorter = 0.5 if end > start else -0.5
            self.run(x, start, end - shorter if abs(end - start) > 1 else (start + end) / 2, style)

    def put(self, column: int, row: int, text: str, style: str) -> None:
        """Characters of one cell each, over whatever is there."""
        for at, char in enumerate(text, column):
            if 0 <= at < self.width and 0 <= row < self.height:
                self._chars[row * self.width + at] = (char, style)

    def is_free(self, column: int, row: int, width: int) -> bool:
        """Whether these cells are in view, and without dots and characters."""
        if not (0 <= row < self.height and column >= 0 and column + width <= self.width):
            return False
        cells = range(row * self.width + column, row * self.width + column + width)
        return not any(self._masks[at] or at in self._chars for at in cells)

    def fill_free(self, column: int, row: int, char: str, style: str) -> None:
        """A character where nothing is yet."""
        if self.is_free(column, row, 1):
            self.put(column, row, char, style)

    def ground(self, column: int, top: float, bottom: float, name: str) -> None:
        """Colour the cells of a column between two heights in dots, where no other ground is."""
        if bottom < -0.5 or top > self.down - 0.5 or not 0 <= column < self.width:
            return
        first, last = round(max(top, 0)), round(min(bottom, self.down - 1))
        for row in range(first // DOTS_Y, last // DOTS_Y + 1):
            self._grounds.setdefault(row * self.width + column, name)

    def row(self, row: int) -> list[tuple[str, str, str]]:
        """A row's cells: character, style, ground."""
        cells = []
        for at in range(row * self.width, (row + 1) * self.width):
            char, style = self._chars.get(at) or (
                (chr(0x2800 + self._masks[at]), self._owners[at]) if self._masks[at] else (" ", "")
            )
            cells.append((char, style, self._grounds.get(at, "")))
        return cells
