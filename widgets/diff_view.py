"""Shows differences that were worked out elsewhere, side by side or one above the other; it compares nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from textual.strip import Strip

from widgets.line_view import LineView


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


class DiffView(LineView):
    """Differences in parts, each under its title."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._parts: list[Part] = []
        self.titles = ("", "")

    def show(self, parts: Sequence[Part], *, titles: tuple[str, str] = ("", "")) -> None:
        """Show these parts; titles head the two sides."""
        self._parts = list(parts)
        self.titles = titles
        self.top = 0
        self.refresh()

    def line_count(self) -> int:
        return sum(len(rows) + bool(title) for title, rows in self._parts)

    def line_strip(self, index: int, width: int) -> Strip:
        return Strip.blank(width, self.rich_style)
