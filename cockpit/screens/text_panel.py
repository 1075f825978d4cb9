"""A short text in several tones that scrolls by the keys of every text. What it says is its screen's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from widgets.plain import Plain
from widgets.visible import visible

STYLES = {
    "": "$foreground",
    "quiet": "$foreground 60%",
    "strong": "$text-accent bold",
    "warn": "$text-warning",
    "ok": "$text-success",
    "error": "$text-error",
}
"""Tone → style."""
Said = tuple[str, str]
"""A line's text and its tone."""


class TextPanel(VerticalScroll):
    """Lines, each in one tone."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
        Binding("ctrl+d", "page_down", show=False),
        Binding("ctrl+u", "page_up", show=False),
        Binding("g", "scroll_home", show=False),
        Binding("G", "scroll_end", show=False),
    ]
    DEFAULT_CSS = "TextPanel { scrollbar-size: 0 0; }"

    def compose(self) -> ComposeResult:
        """One text."""
        yield Plain("")

    def show(self, lines: Sequence[Said]) -> None:
        """Show other lines."""
        styled = [Content.styled(visible(text, newlines="mark"), STYLES[tone]) for text, tone in lines]
        self.query_one(Plain).update(Content("\n").join(styled))
