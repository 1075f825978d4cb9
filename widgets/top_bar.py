"""One line of styled segments, left and right; it knows no key and no pane."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from widgets.tones import Styles, component_classes
from widgets.visible import fit, visible

BarPart = tuple[str, str]
"""Text and the name of its style."""
NAMES = ("plain", "name", "quiet", "on", "accent", "ok", "warn", "error")


class TopBar(Widget):
    """A one-line bar: what is left stays, what is right gives way when the line is narrow."""

    COMPONENT_CLASSES = component_classes("bar", NAMES)
    DEFAULT_CSS = """
    TopBar { height: 1; width: 1fr; padding: 0 1; background: $panel; color: $foreground; }
    TopBar > .bar--plain { color: $foreground; }
    TopBar > .bar--name { color: $foreground; text-style: bold; }
    TopBar > .bar--quiet { color: $text-muted; }
    TopBar > .bar--on { color: $text-accent; text-style: bold; }
    TopBar > .bar--accent { color: $text-accent; }
    TopBar > .bar--ok { color: $text-success; }
    TopBar > .bar--warn { color: $text-warning; }
    TopBar > .bar--error { color: $text-error; }
    """

    def __init__(
        self,
        left: Sequence[BarPart] = (),
        right: Sequence[BarPart] = (),
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._left = _clean(left)
        self._right = _clean(right)
        self._styles_of = Styles(self, "bar")

    def show(self, left: Sequence[BarPart] | None = None, right: Sequence[BarPart] | None = None) -> None:
        """Show other parts; a side left out stays as it is, and nothing is drawn if nothing changed."""
        new = (self._left if left is None else _clean(left), self._right if right is None else _clean(right))
        if new != (self._left, self._right):
            self._left, self._right = new
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def render_line(self, y: int) -> Strip:
        """The whole bar is one line."""
        if y:
            return Strip.blank(self.size.width, self.rich_style)
        return Strip(bar_segments(self._left, self._right, self.size.width, self._styles_of), self.size.width)


def bar_segments(left: Sequence[BarPart], right: Sequence[BarPart], width: int, styles: Styles) -> list[Segment]:
    """Both sides on one line of exactly width cells; the right side loses its first parts before the left is cut."""
    kept = list(right)
    used = sum(cell_len(text) for text, _ in left)
    while kept and used + sum(cell_len(text) for text, _ in kept) + 1 > width and used <= width:
        kept.pop(0)
    segments: list[Segment] = []
    room = width
    for text, name in left:
        kept_text = fit(text, room)
        room -= cell_len(kept_text)
        segments.append(Segment(kept_text, styles(name or "plain")))
    gap = room - sum(cell_len(text) for text, _ in kept)
    if gap > 0:
        segments.append(Segment(" " * gap, styles("plain")))
    if gap >= 0:
        segments.extend(Segment(text, styles(name or "plain")) for text, name in kept)
    else:
        segments.append(Segment(" " * room, styles("plain")))
    return [segment for segment in segments if segment.text]


def _clean(parts: Sequence[BarPart]) -> tuple[BarPart, ...]:
    return tuple((visible(text, newlines="mark"), name) for text, name in parts)
