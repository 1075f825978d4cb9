"""The ways a sample's text is shown: as it came, and rendered as Markdown. Nothing is read or stored here."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from widgets.text_view import TextView
from widgets.visible import visible

MARKDOWN_MOST = 100_000
"""Characters beyond which a text stays as it came: Markdown makes a widget of every paragraph."""


class AnswerView(TextView):
    """The text as it came; n and N step through what was searched for, and are the screen's keys otherwise."""

    searched = ""

    def find(self, query: str) -> int:
        """Mark every place of the query, go to the first, and say how many there are."""
        self.searched = query
        return self.search(query)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Stepping means something only after a search."""
        if action == "found" and not self.searched:
            return False
        return super().check_action(action, parameters)


class MarkdownView(VerticalScroll):
    """A text rendered as Markdown once; hostile characters are made visible first, raw HTML stays text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False, id="markdown.down", tooltip="One line down"),
        Binding("k", "scroll_up", "Up", show=False, id="markdown.up", tooltip="One line up"),
        Binding("ctrl+d", "page_down", "Page down", show=False, id="markdown.page_down", tooltip="A page down"),
        Binding("ctrl+u", "page_up", "Page up", show=False, id="markdown.page_up", tooltip="A page up"),
        Binding("g", "scroll_home", "First", show=False, id="markdown.first", tooltip="To the first line"),
        Binding("G", "scroll_end", "Last", show=False, id="markdown.last", tooltip="To the last line"),
    ]

    def __init__(self, text: str, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._source = text

    def compose(self) -> ComposeResult:
        """One Markdown widget."""
        from markdown_it import MarkdownIt
        from textual.widgets import Markdown

        def parser() -> MarkdownIt:
            return MarkdownIt("gfm-like", {"html": False, "linkify": False})

        yield Markdown(visible(self._source), parser_factory=parser, open_links=False)
