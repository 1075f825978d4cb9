"""Named settings in a panel, edited in place; what a value means and whether it is allowed is its owner's business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip

from widgets.line_edit import LineEdit
from widgets.line_view import LineView
from widgets.tones import Styles, component_classes
from widgets.visible import pad, visible


@dataclass(frozen=True, slots=True)
class ParamRow:
    """A setting: its name, its value as text ("" where unset), a warning to show beside it, what may be entered."""

    name: str
    value: str = ""
    warning: str = ""
    hint: str = ""
    label: str = ""


class ParamsPanel(LineView):
    """Settings, one a line, or two side by side where there is room."""

    COMPONENT_CLASSES = component_classes("params", ("name", "value", "unset", "warning", "cursor", "bar", "caret"))

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
        self.editing: LineEdit | None = None
        self._styles_of = Styles(self, "params")

    @property
    def typing(self) -> bool:
        """Whether letters go to a value."""
        return self.editing is not None

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
        row = self._rows[index]
        return Strip([Segment(pad(visible(f"{row.label or row.name} {row.value}"), width), self.rich_style)])
