"""A Static that shows text as it is; no markup is ever parsed here."""

from __future__ import annotations

from textual.content import Content
from textual.visual import VisualType
from textual.widgets._static import Static

from widgets.visible import visible


class Plain(Static):
    """Text that may come from anywhere, shown harmlessly."""

    def __init__(
        self, text: str | Content = "", *, name: str | None = None, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(_content(text), markup=False, name=name, id=id, classes=classes)

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show other text; pass layout=False where the size cannot change."""
        super().update(_content(content) if isinstance(content, str) else content, layout=layout)


def _content(text: str | Content) -> Content:
    return Content(visible(text)) if isinstance(text, str) else text
