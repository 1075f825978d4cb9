"""Named settings in a panel, edited in place; what a value means and whether it is allowed is its owner's business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from widgets.field import caret_segments
from widgets.line_edit import LineEdit
from widgets.line_view import LineView
from widgets.tones import Styles, component_classes
from widgets.visible import fit, head_visible, pad, visible


@dataclass(frozen=True, slots=True)
class ParamRow:
    """A setting: its name, its value as text ("" where unset), a warning to show beside it, what may be entered."""

    name: str
    value: str = ""
    warning: str = ""
    hint: str = ""
    label: str = ""


class ParamsPanel(LineView):
    """Settings, one a line; enter edits the value in place, enter takes it, escape leaves it as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,i", "edit", "Edit", show=False, id="params.edit", tooltip="Edit this setting"),
    ]
    COMPONENT_CLASSES = component_classes("params", ("name", "text", "unset", "warning", "cursor", "bar", "caret"))
    DEFAULT_CSS = """
    ParamsPanel { height: 1fr; background: $surface; color: $foreground; }
    ParamsPanel > .params--name, ParamsPanel > .params--unset { color: $text-muted; }
    ParamsPanel > .params--text { color: $foreground; }
    ParamsPanel > .params--warning { color: $text-warning; }
    ParamsPanel:focus > .params--cursor { background: $accent 16%; }
    ParamsPanel > .params--bar { color: $accent; }
    ParamsPanel > .params--caret { background: $accent; color: $background; }
    """

    @dataclass
    class Changed(Message):
        """A value was entered."""

        panel: ParamsPanel
        name: str
        text: str

        @property
        def control(self) -> ParamsPanel:
            return self.panel

    def __init__(self, rows: Sequence[ParamRow] = (), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows = tuple(rows)
        self.cursor = 0
        self._editing: LineEdit | None = None
        self._styles_of = Styles(self, "params")

    @property
    def editing(self) -> LineEdit | None:
        """The value being entered."""
        return self._editing

    @editing.setter
    def editing(self, edit: LineEdit | None) -> None:
        began_or_ended = (edit is None) != (self._editing is None)
        self._editing = edit
        if began_or_ended:
            self.refresh_bindings()

    @property
    def typing(self) -> bool:
        """Whether letters go to a value."""
        return self._editing is not None

    def show(self, rows: Sequence[ParamRow]) -> None:
        """Show these settings; the cursor stays."""
        self._rows = tuple(rows)
        self.cursor = min(self.cursor, max(len(rows) - 1, 0))
        self.refresh()

    def move_to_name(self, name: str) -> None:
        """Put the cursor on a setting."""
        self.cursor = next((i for i, row in enumerate(self._rows) if row.name == name), self.cursor)
        self.refresh()

    def line_count(self) -> int:
        return len(self._rows)

    def line_strip(self, index: int, width: int) -> Strip:
        row, styles = self._rows[index], self._styles_of
        is_here = index == self.cursor and self.has_focus
        ground = "cursor" if is_here else ""
        names = max((cell_len(each.label or each.name) for each in self._rows), default=0)
        name = pad(head_visible(row.label or row.name, 200, newlines="mark"), min(names, width // 2))
        segments = [
            Segment("▎" if is_here else " ", styles("bar", ground)),
            Segment(f"{name} ", styles("name", ground)),
        ]
        room = width - 2 - cell_len(name)
        if is_here and self.editing is not None:
            segments += caret_segments(self.editing, room, styles, has_caret=True)
            return Strip(segments).adjust_cell_length(width, styles("text"))
        value = fit(head_visible(row.value, 4 * max(room, 1), newlines="mark") or "–", room)
        segments.append(Segment(value, styles("text" if row.value else "unset", ground)))
        warning = visible(row.warning, newlines="mark")
        side = (
            f"  ⚠ {warning}" if warning else f"  {visible(row.hint, newlines='mark')}" if is_here and row.hint else ""
        )
        side = fit(side, room - cell_len(value))
        segments.append(Segment(side, styles("warning" if warning else "unset", ground)))
        return Strip(segments).adjust_cell_length(width, styles("text", ground))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return self.typing and character is not None and character.isprintable()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.editing = None
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        if self.editing is None:
            return
        if event.key == "enter":
            self._take()
        elif event.key == "escape":
            self.editing = None
        else:
            new = self.editing.press(event.key, event.character)
            if new is None:
                return
            self.editing = new
        event.stop()
        event.prevent_default()
        self.repaint_lines(self.cursor)

    def on_paste(self, event: events.Paste) -> None:
        if self.editing is not None:
            self.editing = self.editing.insert(event.text)
            self.repaint_lines(self.cursor)
            event.stop()

    def action_scroll_lines(self, lines: int) -> None:
        self._go(self.cursor + lines)

    def action_scroll_half(self, halves: int) -> None:
        self._go(self.cursor + halves * max(self.size.height // 2, 1))

    def action_scroll_first(self) -> None:
        self._go(0)

    def action_scroll_last(self) -> None:
        self._go(len(self._rows) - 1)

    def action_edit(self) -> None:
        """Begin editing the value under the cursor."""
        if self._rows:
            self.editing = LineEdit.of(self._rows[self.cursor].value)
            self.repaint_lines(self.cursor)

    def _go(self, index: int) -> None:
        if self.editing is not None:
            return
        old, self.cursor = self.cursor, min(max(index, 0), max(len(self._rows) - 1, 0))
        self.show_line(self.cursor, margin=0)
        self.repaint_lines(old, self.cursor)

    def _take(self) -> None:
        row, edit = self._rows[self.cursor], self.editing
        self.editing = None
        if edit is not None and edit.text != row.value:
            self.post_message(self.Changed(self, row.name, edit.text))
