"""Shows where the tokens of a text begin and end, with a cursor by token; no token is made here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.line_view import LineView
from widgets.token_layout import Row, Spot, TokenLayout
from widgets.token_paint import GUTTER, LEVELS, MARKS, Line, Look, draw
from widgets.tones import Styles, component_classes
from widgets.visible import fit, head_visible

_SHADES = ("even", "odd", *(f"p{level}-{shade}" for level in range(len(LEVELS) + 1) for shade in ("even", "odd")))


class TokenView(Widget, can_focus=True):
    """Any number of tokens in alternating shades, wrapped; only what is on the screen is ever laid out.

    A text of 200,000 tokens costs no more than a short one. What a terminal might obey, or nobody could see, is drawn
    as a mark; bytes of a token that are no whole character are drawn as hex digits.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *LineView.BINDINGS,
        Binding("l,right", "step(1)", "Next", show=False, id="tokens.next", tooltip="To the next token"),
        Binding("h,left", "step(-1)", "Previous", show=False, id="tokens.previous", tooltip="To the token before"),
        Binding("w", "word(1)", "Next word", show=False, id="tokens.word", tooltip="To the next token with a space"),
        Binding("b", "word(-1)", "Word back", show=False, id="tokens.word_back", tooltip="To the one before"),
    ]
    COMPONENT_CLASSES = component_classes("tokens", (*_SHADES, *MARKS, "cursor", "number", "bar", "empty"))
    DEFAULT_CSS = """
    TokenView { width: 1fr; height: 1fr; background: $surface; color: $foreground; }
    TokenView > .tokens--even { background: $foreground 7%; color: $foreground; }
    TokenView > .tokens--odd { background: $primary 32%; color: $foreground; }
    TokenView > .tokens--cursor { background: $foreground 60%; color: $background; text-style: bold; }
    TokenView:focus > .tokens--cursor { background: $accent; color: $background; text-style: bold; }
    TokenView > .tokens--number { color: $text-muted; }
    TokenView > .tokens--bar { color: $text-accent; }
    TokenView > .tokens--empty { color: $text-muted; }
    TokenView > .tokens--error { background: $error 38%; color: $foreground; text-style: bold underline; }
    TokenView > .tokens--warning { background: $warning 32%; color: $foreground; text-style: underline; }
    TokenView > .tokens--note { background: $secondary 34%; color: $foreground; text-style: italic; }
    TokenView > .tokens--stop { background: $success 34%; color: $foreground; text-style: bold; }
    TokenView > .tokens--p0-even { background: $success 10%; color: $foreground; }
    TokenView > .tokens--p0-odd { background: $success 22%; color: $foreground; }
    TokenView > .tokens--p1-even { background: $foreground 6%; color: $foreground; }
    TokenView > .tokens--p1-odd { background: $foreground 16%; color: $foreground; }
    TokenView > .tokens--p2-even { background: $warning 14%; color: $foreground; }
    TokenView > .tokens--p2-odd { background: $warning 26%; color: $foreground; }
    TokenView > .tokens--p3-even { background: $error 14%; color: $foreground; text-style: underline; }
    TokenView > .tokens--p3-odd { background: $error 24%; color: $foreground; text-style: underline; }
    TokenView > .tokens--p4-even { background: $error 32%; color: $foreground; text-style: bold underline; }
    TokenView > .tokens--p4-odd { background: $error 42%; color: $foreground; text-style: bold underline; }
    """

    @dataclass
    class Moved(Message):
        """The cursor came to another token."""

        view: TokenView
        token: int

        @property
        def control(self) -> TokenView:
            return self.view

    def __init__(
        self, *, empty: Sequence[str] = ("No text.",), id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.cursor = 0
        self._layout = TokenLayout(b"", (), ())
        self._marks: Sequence[tuple[int, int, str]] = ()
        self._tones: Sequence[float] | None = None
        self._empty = tuple(empty)
        self._is_numbered = False
        self._top = Spot(0, 0)
        self._column: int | None = None
        self._lines: list[Line] = []
        self._styles_of = Styles(self, "tokens")

    def show(
        self,
        data: bytes,
        ids: Sequence[int],
        ends: Sequence[int],
        *,
        marks: Sequence[tuple[int, int, str]] = (),
        tones: Sequence[float] | None = None,
    ) -> None:
        """Show these tokens: token i is `ids[i]` and covers `data[ends[i-1]:ends[i]]`. Nothing is copied.

        `marks` are ranges of bytes with one of MARKS; a token that a range touches is marked. `tones` are the tokens'
        probabilities (0 to 1): they are coloured by these. The cursor and the window stay at the same byte.
        """
        here = self._layout.start(self.cursor) if self._layout.ends else 0
        self._marks, self._tones = marks, tones
        self._lay_out(TokenLayout(data, ids, ends, width=self._layout.width, is_numbered=self._is_numbered))
        self.cursor = self._layout.token_at(here)
        self._column = None
        self._show_cursor()

    def set_ids(self, on: bool) -> None:
        """Write each token's id under it, or stop that."""
        if on == self._is_numbered:
            return
        self._is_numbered = on
        old = self._layout
        self._lay_out(TokenLayout(old.data, old.ids, old.ends, width=old.width, is_numbered=on))
        self._show_cursor()

    def set_empty(self, *lines: str) -> None:
        """What to say while there are no tokens."""
        self._empty = lines
        self.refresh()

    def move_to(self, token: int) -> None:
        """Put the cursor on a token (the nearest one there is) and scroll it into the window."""
        token = max(min(token, len(self._layout.ends) - 1), 0)
        if token != self.cursor:
            self.cursor = token
            self.post_message(self.Moved(self, token))
        self._show_cursor()

    def move_to_byte(self, byte: int) -> None:
        """Put the cursor on the token that holds a byte."""
        self.move_to(self._layout.token_at(byte))

    def span(self, token: int) -> tuple[int, int]:
        """The bytes that a token covers."""
        return self._layout.start(token), self._layout.ends[token]

    def render_line(self, y: int) -> Strip:
        """One line of the window as it was drawn last."""
        width = self.size.width
        if not self._layout.ends:
            return self._empty_line(y, width)
        if y >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        style = self._styles_of
        segments = [Segment(span.text, style(span.name)) for span in self._lines[y]]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def on_resize(self, event: events.Resize) -> None:
        old = self._layout
        width = max(self.size.width - GUTTER, 1)
        if width != old.width:
            self._lay_out(TokenLayout(old.data, old.ids, old.ends, width=width, is_numbered=self._is_numbered))
        self._lines = []
        self._show_cursor()

    def action_step(self, tokens: int) -> None:
        self._column = None
        self.move_to(self.cursor + tokens)

    def action_word(self, step: int) -> None:
        """To the next token, that way, that begins with a space or stands after a line's end."""
        layout, token = self._layout, self.cursor + step
        while 0 < token < len(layout.ends):
            start = layout.start(token)
            if layout.data[start : start + 1].isspace() or layout.data[start - 1 : start] == b"\n":
                break
            token += step
        self._column = None
        self.move_to(token)

    def action_scroll_lines(self, lines: int) -> None:
        for _ in range(abs(lines)):
            self._step_row(1 if lines > 0 else -1)

    def action_scroll_half(self, halves: int) -> None:
        self.action_scroll_lines(halves * max(self._height() // 2, 1))

    def action_scroll_first(self) -> None:
        self._column = None
        self.move_to(0)

    def action_scroll_last(self) -> None:
        self._column = None
        self.move_to(len(self._layout.ends) - 1)

    def _height(self) -> int:
        """Rows of tokens that the window holds."""
        return max(self.size.height // (2 if self._is_numbered else 1), 1)

    def _lay_out(self, layout: TokenLayout) -> None:
        """Take another layout; the window's first row stays at the same byte."""
        byte = self._layout.row(self._top).start if self._layout.ends else 0
        self._layout = layout
        self._top = layout.spot_of_byte(byte) if layout.ends else Spot(0, 0)

    def _step_row(self, step: int) -> None:
        """To the token above or below, in the column that the cursor came from."""
        layout = self._layout
        if not layout.ends:
            return
        spot = layout.spot_of_token(self.cursor)
        if self._column is None:
            self._column = _column(layout.row(spot), self.cursor)
        while (found := layout.after(spot) if step > 0 else layout.before(spot)) is not None:
            spot = found
            token = _token_near(layout.row(spot), self._column, step, self.cursor)
            if token != self.cursor:
                self.move_to(token)
                return

    def _show_cursor(self) -> None:
        """Scroll as little as needed to have the cursor's row in the window, and draw."""
        layout, height = self._layout, self._height()
        if not layout.ends or not self.size.height:
            self._draw()
            return
        margin = min(2, max(height // 2 - 1, 0))
        spot = layout.spot_of_token(self.cursor)
        low = layout.moved(spot, -margin)
        high = layout.moved(layout.moved(spot, margin), 1 - height)
        if (self._top.block, self._top.row) > (low.block, low.row):
            self._top = low
        elif (self._top.block, self._top.row) < (high.block, high.row):
            self._top = high
        last = layout.moved(self._top, height - 1)
        if layout.after(last) is None:
            self._top = layout.moved(last, 1 - height)
        self._draw()

    def _draw(self) -> None:
        """Draw the window's lines anew and repaint those that changed."""
        lines = self._drawn() if self._layout.ends and self.size.height else []
        old, self._lines = self._lines, lines
        if len(old) != len(lines):
            self.refresh()
            return
        width = self.size.width
        changed = [y for y, line in enumerate(lines) if old[y] != line]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def _drawn(self) -> list[Line]:
        height = self._height()
        look = Look(self.cursor, self._marks, self._tones)
        lines = draw(self._layout, self._top, height + 1, look)
        return lines[: self.size.height]

    def _empty_line(self, y: int, width: int) -> Strip:
        at = y - max((self.size.height - len(self._empty)) // 2, 0)
        if not 0 <= at < len(self._empty):
            return Strip.blank(width, self.rich_style)
        text = fit(head_visible(self._empty[at], 400, newlines="mark"), width)
        left = " " * max((width - cell_len(text)) // 2, 0)
        return Strip([Segment(left + text, self._styles_of("empty"))]).adjust_cell_length(width, self.rich_style)


def _column(row: Row, token: int) -> int:
    """The cell where a token begins in its row."""
    column = 0
    for piece in row.pieces:
        if piece.token == token:
            break
        column += piece.width
    return column


def _token_near(row: Row, column: int, step: int, other: int) -> int:
    """The token at a column of a row, or the nearest one that is not the other, if there is one."""
    left = 0
    found = row.pieces[-1].token
    for piece in row.pieces:
        left += piece.width
        if left > column:
            found = piece.token
            break
    if found != other:
        return found
    return row.pieces[-1].token if step > 0 else row.pieces[0].token
