"""One labelled line of text to fill in; what it means is its owner's business."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.line_edit import LineEdit
from widgets.tones import Styles, component_classes
from widgets.visible import fit, head_visible, pad, visible


class Field(Widget, can_focus=True):
    """A label and a line of text that is always ready for typing while it has the focus."""

    typing = True
    COMPONENT_CLASSES = component_classes("field", ("label", "text", "caret", "hint", "problem"))
    DEFAULT_CSS = """
    Field { height: 1; width: 1fr; padding: 0 1; background: $surface; color: $foreground; }
    Field > .field--label { color: $text-muted; }
    Field:focus > .field--label { color: $text-accent; }
    Field > .field--text { color: $foreground; }
    Field > .field--caret { background: $foreground; color: $surface; }
    Field > .field--hint { color: $text-muted; }
    Field > .field--problem { color: $text-error; }
    """

    @dataclass
    class Changed(Message):
        """The text changed."""

        field: Field
        value: str

        @property
        def control(self) -> Field:
            return self.field

    @dataclass
    class Submitted(Message):
        """Enter was pressed."""

        field: Field
        value: str

        @property
        def control(self) -> Field:
            return self.field

    def __init__(
        self,
        label: str = "",
        value: str = "",
        *,
        hint: str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.label = visible(label, newlines="mark")
        self.hint = visible(hint, newlines="mark")
        self.problem = ""
        self._edit = LineEdit.of(value)
        self._styles_of = Styles(self, "field")

    @property
    def value(self) -> str:
        """The text."""
        return self._edit.text

    @value.setter
    def value(self, value: str) -> None:
        self._edit = LineEdit.of(value)
        self.refresh()

    def set_problem(self, problem: str) -> None:
        """Say what is wrong with the text, or "" for nothing."""
        self.problem = visible(problem, newlines="mark")
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def render_line(self, y: int) -> Strip:
        """Label, text with its caret, and a hint or problem."""
        width = self.size.width
        style = self._styles_of
        label = fit(f"{self.label}  ", max(width - 8, 0)) if self.label else ""
        segments = [Segment(label, style("label"))]
        side = self.problem or (self.hint if not self.value or not self.has_focus else "")
        room = width - cell_len(label)
        kept = min(cell_len(side) + 2, room // 2) if side else 0
        segments += caret_segments(self._edit, room - kept, style, has_caret=self.has_focus)
        if kept:
            segments.append(Segment("  " + pad(side, kept - 2), style("problem" if self.problem else "hint")))
        return Strip([segment for segment in segments if segment.text]).adjust_cell_length(width, style("text"))

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and character.isprintable()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            self.post_message(self.Submitted(self, self.value))
        else:
            new = self._edit.press(event.key, event.character)
            if new is None:
                return
            self._change(new)
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        self._change(self._edit.insert(event.text))
        event.stop()

    def _change(self, new: LineEdit) -> None:
        changed = new.text != self._edit.text
        self._edit = new
        self.refresh()
        if changed:
            self.post_message(self.Changed(self, new.text))


def caret_segments(edit: LineEdit, width: int, styles: Styles, *, has_caret: bool) -> list[Segment]:
    """The line in exactly width cells, scrolled so that the caret is in it; styles has text and caret."""
    before, under, after = edit.text[: edit.caret], edit.text[edit.caret : edit.caret + 1], edit.text[edit.caret + 1 :]
    if not has_caret:
        return [Segment(pad(head_visible(edit.text, 4 * width, newlines="mark"), width), styles("text"))]
    left = visible(before[-4 * width :], newlines="mark") if width > 0 else ""
    caret = visible(under, newlines="mark") or " "
    room = width - cell_len(caret)
    while left and cell_len(left) > room:
        left = left[max((cell_len(left) - room) // 2, 1) :]
    right = pad(head_visible(after, 4 * width, newlines="mark"), max(room - cell_len(left), 0))
    return [Segment(left, styles("text")), Segment(caret, styles("caret")), Segment(right, styles("text"))]
