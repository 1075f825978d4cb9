"""The footer: keys and what they do, on one line (or two); it binds nothing."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from widgets.tones import Styles, component_classes
from widgets.visible import fit, visible

Key = tuple[str, str]
"""The key as a person reads it, and what it does in a word or two."""


class KeyBar(Widget):
    """Keys in the order of their weight; those that do not fit give way to the last one ("F1 keys")."""

    COMPONENT_CLASSES = component_classes("keys", ("key", "label", "note"))
    DEFAULT_CSS = """
    KeyBar { height: 1; width: 1fr; padding: 0 1; background: $panel; color: $text-muted; }
    KeyBar > .keys--key { color: $text-accent; }
    KeyBar > .keys--label { color: $text-muted; }
    KeyBar > .keys--note { color: $foreground; }
    """

    def __init__(
        self, keys: Sequence[Key] = (), *, note: str = "", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._keys = _clean(keys)
        self._note = visible(note, newlines="mark")
        self._styles_of = Styles(self, "keys")

    def show(self, keys: Sequence[Key] | None = None, *, note: str | None = None) -> None:
        """Show other keys, or another note at the left; what is left out stays."""
        new = (
            self._keys if keys is None else _clean(keys),
            self._note if note is None else visible(note, newlines="mark"),
        )
        if new != (self._keys, self._note):
            self._keys, self._note = new
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def render_line(self, y: int) -> Strip:
        """The keys that this line has room for."""
        width = self.size.width
        note = fit(self._note, width) if y == 0 else ""
        room = width - cell_len(note) - (2 if note else 0)
        lines = key_lines(self._keys, [room] + [width] * (self.size.height - 1))
        keys = lines[y] if y < len(lines) else ()
        used = keys_width(keys)
        segments = [Segment(note, self._styles_of("note"))] if note else []
        segments.append(Segment(" " * (width - cell_len(note) - used), self._styles_of("label")))
        for at, (key, label) in enumerate(keys):
            segments.append(Segment(("  " if at else "") + key, self._styles_of("key")))
            segments.append(Segment(f" {label}", self._styles_of("label")))
        return Strip([segment for segment in segments if segment.text], width)


def _clean(keys: Sequence[Key]) -> tuple[Key, ...]:
    return tuple((visible(key, newlines="mark"), visible(label, newlines="mark")) for key, label in keys)


def keys_width(keys: Sequence[Key]) -> int:
    """How many cells these keys take on a line."""
    return sum(cell_len(key) + 1 + cell_len(label) for key, label in keys) + 2 * max(len(keys) - 1, 0)


def key_lines(keys: Sequence[Key], rooms: Sequence[int]) -> list[tuple[Key, ...]]:
    """The keys shared out over lines of the given widths; the last key is always kept if it fits at all."""
    lines: list[tuple[Key, ...]] = []
    rest = list(keys)
    for at, room in enumerate(rooms):
        is_last = at == len(rooms) - 1
        line = rest
        count = len(rest)
        while line and keys_width(line) > room:
            count -= 1
            line = [*rest[: count - 1], rest[-1]] if is_last and count > 0 else rest[: max(count, 0)]
        if count <= 0:
            line = []
        lines.append(tuple(line))
        rest = rest[len(line) :] if not is_last else []
    return lines
