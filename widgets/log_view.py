"""A window on a long text that is read in parts: coloured lines, a cursor, wrapping. It knows no file and reads none.

Whoever owns it gives it the lines around the cursor and is told when the cursor comes near their ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from widgets.line_view import LineView
from widgets.tones import Styles, component_classes
from widgets.visible import visible

NEAR = 60
"""Lines from an end at which more are asked for."""
STEP = 16
"""Cells of one step to the side."""
_COLOURS = ("red", "green", "yellow", "blue", "magenta", "cyan")
"""Colours of a terminal's own that the theme has for words; black and white are the theme's plain text."""
Piece = tuple[str, str]
Edge = Literal["before", "after", "first", "last"]


@dataclass(frozen=True, slots=True)
class ViewLine:
    """A line: where it is in the text, its pieces as (text, look), and what stands in the margin beside it."""

    key: int
    pieces: tuple[Piece, ...]
    margin: str = ""
    tone: str = ""
    """'error' or 'mark' lights the whole line's margin."""

    @property
    def text(self) -> str:
        """Its words."""
        return "".join(text for text, _ in self.pieces)


class LogView(LineView):
    """Lines of a log with a cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,right", "aside(1)", "Right", show=False, id="log.right", tooltip="See what is further right"),
        Binding("h,left", "aside(-1)", "Left", show=False, id="log.left", tooltip="Back to the left"),
    ]
    COMPONENT_CLASSES = component_classes(
        "log", ("text", "margin", "mark", "error", "cursor", "bar", "hit", "empty", *_COLOURS)
    )
    DEFAULT_CSS = """
    LogView { background: $background; color: $foreground; }
    LogView > .log--text { color: $foreground; }
    LogView > .log--margin, LogView > .log--empty { color: $text-muted; }
    LogView > .log--mark { color: $text-accent; }
    LogView > .log--error { color: $text-error; }
    LogView > .log--cursor { background: $boost; }
    LogView:focus > .log--cursor { background: $accent 14%; }
    LogView > .log--bar { color: $text-muted; }
    LogView:focus > .log--bar { color: $text-accent; }
    LogView > .log--red { color: $text-error; }
    LogView > .log--green { color: $text-success; }
    LogView > .log--yellow { color: $text-warning; }
    LogView > .log--blue { color: $text-primary; }
    LogView > .log--magenta { color: $text-secondary; }
    LogView > .log--cyan { color: $text-accent; }
    LogView > .log--hit { background: $warning 45%; color: $foreground; text-style: bold; }
    """

    @dataclass
    class Wanted(Message):
        """More lines are wanted: those before the first or after the last, or the text's first or last ones."""

        view: LogView
        edge: Edge

        @property
        def control(self) -> LogView:
            return self.view

    @dataclass
    class Moved(Message):
        """The cursor came to another line."""

        view: LogView

        @property
        def control(self) -> LogView:
            return self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: list[ViewLine] = []
        self.cursor = 0
        self.wraps = False
        self.at_end = True
        """The cursor is on the text's last line, and goes with it."""
        self.words = ""
        """What is lit wherever it stands."""
        self._left = 0
        self._rows: list[tuple[int, int, int]] = []
        """On screen rows: line, first cell, whether it goes on."""
        self._empty: tuple[str, ...] = ()
        self._styles_of = Styles(self, "log")

    @property
    def current(self) -> ViewLine | None:
        """The line under the cursor."""
        return self.lines[self.cursor] if self.cursor < len(self.lines) else None

    def set_empty(self, *lines: str) -> None:
        """What to say while there are no lines."""
        self._empty = lines
        self.refresh()

    def show(self, lines: Sequence[ViewLine], *, at: int | None = None) -> None:
        """Show other lines; the cursor stays on the line that it was on, or goes to the one with key `at`.

        Of lines with the same key the text may have grown: they are drawn anew.
        """
        old = self.current
        wanted = at if at is not None else (old.key if old is not None else None)
        on_row = self.cursor - self.top
        self.lines = list(lines)
        if self.at_end and at is None:
            self.cursor = max(len(self.lines) - 1, 0)
        else:
            keys = [line.key for line in self.lines]
            after = next((i for i, key in enumerate(keys) if wanted is not None and key >= wanted), len(keys) - 1)
            self.cursor = max(after, 0)
        self.top = max(self.cursor - on_row, 0) if at is None else max(self.cursor - self.size.height // 3, 0)
        self._settle()

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in sight. Textual calls the base class's as well."""
        self._settle()

    def line_count(self) -> int:
        return len(self.lines)

    def move_to(self, index: int) -> None:
        """Put the cursor on a line, as far as there are lines; near an end, more are asked for."""
        last = len(self.lines) - 1
        self.cursor = min(max(index, 0), max(last, 0))
        if index < self.cursor or self.cursor < NEAR:
            self.post_message(self.Wanted(self, "before"))
        if index > self.cursor or self.cursor > last - NEAR:
            self.post_message(self.Wanted(self, "after"))
        self.at_end = self.at_end and self.cursor == last
        self._settle()
        self.post_message(self.Moved(self))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def action_scroll_lines(self, lines: int) -> None:
        self.move_to(self.cursor + lines)

    def action_scroll_half(self, halves: int) -> None:
        self.move_to(self.cursor + halves * max(self.size.height // 2, 1))

    def action_scroll_first(self) -> None:
        self.at_end = False
        self.post_message(self.Wanted(self, "first"))

    def action_scroll_last(self) -> None:
        self.at_end = True
        self.post_message(self.Wanted(self, "last"))

    def action_aside(self, steps: int) -> None:
        """To the side, where lines are longer than the window is wide."""
        if not self.wraps:
            self._left = max(self._left + steps * STEP, 0)
            self.refresh()

    def toggle_wrap(self) -> bool:
        """Break long lines, or not; what it is then."""
        self.wraps, self._left = not self.wraps, 0
        self._settle()
        return self.wraps

    def _settle(self) -> None:
        """Have the cursor's line in the window."""
        height = max(self.size.height, 1)
        margin = 0 if self.at_end and self.cursor == len(self.lines) - 1 else min(2, height // 3)
        self.top = min(self.top, max(self.cursor - margin, 0))
        room = height - margin
        rows = 0
        for at in range(self.cursor, self.top - 1, -1):
            rows += self._height(at)
            if rows > room:
                self.top = at + 1
                break
        if not self.wraps:
            self.top = max(min(self.top, len(self.lines) - height), 0) if self.cursor < len(self.lines) else 0
        self._rows = []
        self.refresh()

    def _height(self, at: int) -> int:
        if not self.wraps:
            return 1
        return max(-(-cell_len(visible(self.lines[at].text, newlines="mark")) // max(self.size.width - 3, 1)), 1)

    def render_line(self, y: int) -> Strip:
        """One row of the window."""
        width = self.size.width
        if not self.lines:
            return self._said(y, width)
        if not self.wraps:
            index = self.top + y
            return (
                self._row(index, self._left, width) if index < len(self.lines) else Strip.blank(width, self.rich_style)
            )
        if y == 0 or not self._rows:
            self._rows = self._laid(width)
        if y >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        index, left, first = self._rows[y]
        return self._row(index, left, width, first=bool(first))

    def _laid(self, width: int) -> list[tuple[int, int, int]]:
        rows: list[tuple[int, int, int]] = []
        for at in range(self.top, len(self.lines)):
            for part in range(self._height(at)):
                rows.append((at, part * max(width - 3, 1), part == 0))
            if len(rows) >= self.size.height:
                break
        return rows

    def _row(self, index: int, left: int, width: int, *, first: bool = True) -> Strip:
        line, style = self.lines[index], self._styles_of
        ground = "cursor" if index == self.cursor else ""
        margin = line.margin if first else ""
        lead = [
            Segment("▎" if ground else " ", style("bar", ground)),
            Segment((margin or " ")[:1] + " ", style(line.tone or "margin", ground)),
        ]
        body = Strip(self._segments(line, ground))
        shown = body.crop(left, left + width - 3)
        return Strip([*lead, *shown]).adjust_cell_length(width, style("text", ground))

    def _segments(self, line: ViewLine, ground: str) -> list[Segment]:
        base = self._styles_of("text", ground)
        found: list[Segment] = []
        for text, look in line.pieces:
            found += self._lit(visible(text, newlines="mark"), self._look(look, base, ground), ground)
        return found

    def _look(self, look: str, base: Style, ground: str) -> Style:
        """A piece's look, with the theme's colours for the terminal's own, which may not be readable on it."""
        if not look:
            return base
        words = look.split()
        named = [word.removeprefix("bright_") for word in words]
        tone = next(
            (word for at, word in enumerate(named) if word in _COLOURS and (not at or words[at - 1] != "on")), ""
        )
        kept = " ".join(
            word for at, word in enumerate(words)
            if not ((named[at] == tone or named[at] in ("black", "white")) and (not at or words[at - 1] != "on"))
        )  # fmt: skip
        return (self._styles_of(tone, ground) if tone else base) + _style(kept)

    def _lit(self, text: str, style: Style, ground: str) -> list[Segment]:
        """The text with the words that were searched for lit."""
        words = self.words.lower()
        if not words:
            return [Segment(text, style)]
        found, at, low = [], 0, text.lower()
        while len(low) == len(text) and (hit := low.find(words, at)) >= 0:
            found += [Segment(text[at:hit], style), Segment(text[hit : hit + len(words)], self._styles_of("hit"))]
            at = hit + len(words)
        return [*found, Segment(text[at:], style)]

    def _said(self, y: int, width: int) -> Strip:
        at = y - max((self.size.height - len(self._empty)) // 2, 0)
        text = self._empty[at] if 0 <= at < len(self._empty) else ""
        left = " " * max((width - cell_len(text)) // 2, 0)
        return Strip([Segment(left + text, self._styles_of("empty"))]).adjust_cell_length(width, self.rich_style)


_STYLES: dict[str, Style] = {}


def _style(look: str) -> Style:
    """The style of a look; one that cannot be read is plain."""
    if look not in _STYLES:
        if len(_STYLES) > 4096:
            _STYLES.clear()
        try:
            _STYLES[look] = Style.parse(look)
        except Exception:
            _STYLES[look] = Style()
    return _STYLES[look]
