"""A focusable view of many lines that scrolls by keys and draws only what is on screen; lines come from subclasses."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class LineView(Widget, can_focus=True):
    """Scrolling by line, half page, page and end; subclasses say how many lines there are and draw each."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_lines(1)", "Down", show=False, id="view.down", tooltip="One line down"),
        Binding("k,up", "scroll_lines(-1)", "Up", show=False, id="view.up", tooltip="One line up"),
        Binding("ctrl+d", "scroll_half(1)", "Half down", show=False, id="view.half_down", tooltip="Half a page down"),
        Binding("ctrl+u", "scroll_half(-1)", "Half up", show=False, id="view.half_up", tooltip="Half a page up"),
        Binding("pagedown", "scroll_half(2)", "Page down", show=False, id="view.page_down", tooltip="A page down"),
        Binding("pageup", "scroll_half(-2)", "Page up", show=False, id="view.page_up", tooltip="A page up"),
        Binding("g,home", "scroll_first", "First", show=False, id="view.first", tooltip="To the first line"),
        Binding("G,end", "scroll_last", "Last", show=False, id="view.last", tooltip="To the last line"),
    ]

    DEFAULT_CSS = """
    LineView { width: 1fr; height: 1fr; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.top = 0

    def line_count(self) -> int:
        """How many lines there are (at least as many as needed below the window)."""
        raise NotImplementedError

    def line_strip(self, index: int, width: int) -> Strip:
        """Draw one line."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """The line in the window's row y, or nothing below the end."""
        width = self.size.width
        index = self.top + y
        if index >= self.line_count():
            return Strip.blank(width, self.rich_style)
        return self.line_strip(index, width)

    def scroll_top(self, top: int) -> None:
        """Put a line at the window's top, as far as there are lines."""
        last = max(self.line_count() - self.size.height, 0)
        top = min(max(top, 0), last)
        if top != self.top:
            self.top = top
            self.refresh()

    def show_line(self, index: int, *, margin: int = 2) -> None:
        """Scroll as little as needed to have a line in the window."""
        height = self.size.height
        margin = min(margin, max(height // 2 - 1, 0))
        if index < self.top + margin:
            self.scroll_top(index - margin)
        elif index > self.top + height - 1 - margin:
            self.scroll_top(index - height + 1 + margin)

    def repaint_lines(self, *indexes: int) -> None:
        """Repaint these lines only, where they are on screen."""
        size = self.size
        rows = {index - self.top for index in indexes}
        regions = [Region(0, row, size.width, 1) for row in sorted(rows) if 0 <= row < size.height]
        if regions:
            self.refresh(*regions)

    def on_resize(self, event: events.Resize) -> None:
        self.scroll_top(self.top)

    def action_scroll_lines(self, lines: int) -> None:
        self.scroll_top(self.top + lines)

    def action_scroll_half(self, halves: int) -> None:
        self.scroll_top(self.top + halves * max(self.size.height // 2, 1))

    def action_scroll_first(self) -> None:
        self.scroll_top(0)

    def action_scroll_last(self) -> None:
        self.scroll_top(self.line_count())
