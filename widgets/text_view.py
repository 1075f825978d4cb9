"""Reads a long text: wrapped as far as it is looked at, searched, never obeyed; nothing is edited here."""

from __future__ import annotations

import re
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from widgets.line_view import LineView
from widgets.tones import Styles, component_classes
from widgets.visible import visible, wrap_offsets

CHUNK = 20_000
_STRONG = re.compile(r"\*\*[^*]+\*\*|`[^`]+`")


class TextView(LineView):
    """A text of any size; with markdown=True its headings, code and emphasis are coloured, line by line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "found(1)", "Next", show=False, id="text.next", tooltip="To the next place found"),
        Binding("N", "found(-1)", "Previous", show=False, id="text.previous", tooltip="To the place found before"),
    ]
    COMPONENT_CLASSES = component_classes("text", ("plain", "heading", "code", "strong", "found", "here"))
    DEFAULT_CSS = """
    TextView { height: 1fr; padding: 0 1; background: $surface; color: $foreground; }
    TextView > .text--plain { color: $foreground; }
    TextView > .text--heading { color: $text-accent; text-style: bold; }
    TextView > .text--code { color: $text-primary; }
    TextView > .text--strong { color: $foreground; text-style: bold; }
    TextView > .text--found { background: $warning 30%; }
    TextView > .text--here { background: $accent; color: $background; }
    """

    def __init__(
        self, text: str = "", *, markdown: bool = False, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.text = text
        self.markdown = markdown
        self.query_text = ""
        self._styles_of = Styles(self, "text")
        self._shown = ""
        self._read = 0
        self._rows: list[tuple[int, int, bool]] = []
        self._width = 0
        self._is_code = False
        self._found: list[int] = []
        self._here = -1

    def show(self, text: str, *, markdown: bool | None = None) -> None:
        """Show another text from its beginning; a search starts anew."""
        self.text = text
        self.markdown = self.markdown if markdown is None else markdown
        self.top = 0
        self._forget(self.size.width)
        self._found, self._here, self.query_text = [], -1, ""
        self.refresh()

    def search(self, query: str) -> int:
        """Mark where the query occurs (case ignored), go to the first from here on, and say how many there are."""
        self._read_to(len(self.text) + 1)
        self.query_text = visible(query)
        pattern = re.compile(re.escape(self.query_text), re.IGNORECASE)
        self._found = [found.start() for found in pattern.finditer(self._shown)] if query else []
        self._here = -1
        if self._found:
            start = self._rows[self.top][0] if self.top < len(self._rows) else 0
            self._here = next((at for at, place in enumerate(self._found) if place >= start), 0) - 1
            self.action_found(1)
        self.refresh()
        return len(self._found)

    @property
    def place(self) -> tuple[int, int]:
        """Which of the places found is the current one (from 1; 0: none), and how many there are."""
        return self._here + 1, len(self._found)

    def line_count(self) -> int:
        """Lines wrapped so far: always some more than the window shows, if there are more."""
        self._read_to_row(self.top + 2 * max(self.size.height, 1))
        return len(self._rows)

    def line_strip(self, index: int, width: int) -> Strip:
        start, end, is_code = self._rows[index]
        text = self._shown[start:end]
        styles = self._styles_of
        if is_code or (self.markdown and text.startswith("```")):
            spans = [(0, len(text), "code")]
        elif self.markdown and re.match(r"#{1,6} ", text):
            spans = [(0, len(text), "heading")]
        else:
            spans = _emphasis(text) if self.markdown else [(0, len(text), "plain")]
        segments: list[Segment] = []
        for first, last, name in spans:
            segments += self._with_found(text, start, first, last, name)
        return Strip(segments).adjust_cell_length(width, styles("plain"))

    def scroll_top(self, top: int) -> None:
        self._read_to_row(top + 2 * max(self.size.height, 1))
        super().scroll_top(top)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def on_resize(self, event: events.Resize) -> None:
        if self.size.width != self._width:
            place = self._rows[self.top][0] if self.top < len(self._rows) else 0
            self._forget(self.size.width)
            self.top = self._row_of(place) if place else 0
        self.refresh()

    def action_scroll_last(self) -> None:
        self._read_to(len(self.text) + 1)
        super().action_scroll_last()

    def action_found(self, step: int) -> None:
        """To the next or previous place found, around the end."""
        if self._found:
            self._here = (self._here + step) % len(self._found)
            self.show_line(self._row_of(self._found[self._here]), margin=3)
            self.refresh()

    def _forget(self, width: int) -> None:
        self._width, self._rows, self._shown, self._read, self._is_code = max(width, 1), [], "", 0, False

    def _row_of(self, place: int) -> int:
        while self._read < len(self.text) and len(self._shown) <= place:
            self._read_to(self._read + CHUNK)
        return next((at for at in range(len(self._rows) - 1, -1, -1) if self._rows[at][0] <= place), 0)

    def _read_to_row(self, row: int) -> None:
        while len(self._rows) <= row and (self._read < len(self.text) or not self._rows):
            self._read_to(self._read + CHUNK)

    def _read_to(self, end: int) -> None:
        """Wrap the source up to about end; the last line so far is wrapped again, since it may go on."""
        if self._rows and self._read >= len(self.text):
            return
        end = min(max(end, self._read), len(self.text))
        self._shown += visible(self.text[self._read : end])
        self._read = end
        start = 0
        if self._rows:
            start, _, self._is_code = self._rows.pop()
        for first, last in wrap_offsets(self._shown, self._width or max(self.size.width, 1), 10**9, start):
            is_fence = self.markdown and self._shown.startswith("```", first)
            self._rows.append((first, last, self._is_code))
            if is_fence:
                self._is_code = not self._is_code

    def _with_found(self, text: str, offset: int, first: int, last: int, name: str) -> list[Segment]:
        style = self._styles_of(name)
        if not self._found:
            return [Segment(text[first:last], style)] if last > first else []
        size = len(self.query_text)
        here = self._found[self._here] if self._here >= 0 else -1
        segments: list[Segment] = []
        at = first
        for found in re.finditer(re.escape(self.query_text), text[first:last], re.IGNORECASE):
            begin = first + found.start()
            segments.append(Segment(text[at:begin], style))
            mark = self._styles_of("here") if offset + begin == here else self._styles_of(name, "found")
            segments.append(Segment(text[begin : begin + size], mark))
            at = begin + size
        segments.append(Segment(text[at:last], style))
        return [segment for segment in segments if segment.text]


def _emphasis(text: str) -> list[tuple[int, int, str]]:
    spans: list[tuple[int, int, str]] = []
    at = 0
    for found in _STRONG.finditer(text):
        spans.append((at, found.start(), "plain"))
        spans.append((found.start(), found.end(), "code" if found.group()[0] == "`" else "strong"))
        at = found.end()
    return [*spans, (at, len(text), "plain")]
