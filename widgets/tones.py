"""Tones shared by the widgets: their names, default colours and Rich styles; no widget is defined here."""

from __future__ import annotations

from collections.abc import Iterable

from rich.style import Style
from textual.widget import Widget

TONES = ("ok", "stop", "cut", "stream", "retry", "refuse", "error", "wait", "cancel", "mark", "unknown")


class Styles:
    """A widget's component styles as full Rich styles, looked up by short name and kept until the theme changes."""

    def __init__(self, widget: Widget, prefix: str) -> None:
        self._widget = widget
        self._prefix = prefix
        self._made: dict[tuple[str, str], Style] = {}

    def clear(self) -> None:
        """Forget everything (the theme or the style sheet changed)."""
        self._made.clear()

    def __call__(self, name: str, ground: str = "") -> Style:
        """The style of a component, on the background of another one where given."""
        key = (name, ground)
        style = self._made.get(key)
        if style is None:
            style = self._made[key] = self._make(name, ground)
        return style

    def _make(self, name: str, ground: str) -> Style:
        style = self._component(name)
        if ground:
            style += Style(bgcolor=self._component(ground).bgcolor)
        return style

    def _component(self, name: str) -> Style:
        return self._widget.get_component_rich_style(f"{self._prefix}--{name}")


def component_classes(prefix: str, names: Iterable[str]) -> set[str]:
    """The COMPONENT_CLASSES of a widget whose styles are looked up by short names."""
    return {f"{prefix}--{name}" for name in names}
