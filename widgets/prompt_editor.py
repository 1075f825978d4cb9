"""The prompt editor: text, highlighted variables, and the two states typing and moving; it sends nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import TextArea

from widgets.visible import visible


class _OneForOne(dict[int, str]):
    """Marks of one character for one, since the editor counts columns in its own text."""

    def __missing__(self, code: int) -> str:
        mark = visible(chr(code))
        mark = self[code] = mark if len(mark) == 1 else "\ufffd"
        return mark


_ONE_FOR_ONE = _OneForOne({0x09: "\t"})
VARIABLE = re.compile(r"\{\{[^{}\n]*\}\}")


class PromptEditor(TextArea):
    """A text area where escape leaves typing, and i or enter comes back to it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape", "leave_typing", "Move", show=False, id="editor.leave", tooltip="Stop typing; letters command"
        ),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"editor--variable"}
    DEFAULT_CSS = """
    PromptEditor { border: round $foreground 22%; background: $surface; color: $foreground; padding: 0 1; }
    PromptEditor:focus { border: round $accent; }
    PromptEditor > .editor--variable { color: $text-accent; }
    PromptEditor > .text-area--cursor-line { background: $surface; }
    """
    typing: reactive[bool] = reactive(False, bindings=True)

    @dataclass
    class LeftTyping(Message):
        """Escape was pressed: letters are commands again."""

        editor: PromptEditor

        @property
        def control(self) -> PromptEditor:
            return self.editor

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(text, soft_wrap=True, tab_behavior="focus", id=id, classes=classes)
        # A blink redraws twice a second for ever, over ssh too.
        self.set_reactive(TextArea.cursor_blink, False)

    def start_typing(self) -> None:
        """Take the focus, and the letters."""
        self.typing = True
        self.focus()

    def get_line(self, line_index: int) -> Text:
        """A line of the text, with its variables coloured."""
        line: Text = super().get_line(line_index)
        if not line.plain.isprintable():
            line.plain = line.plain.translate(_ONE_FOR_ONE)
        if "{{" in line.plain:
            found = self.get_component_rich_style("editor--variable", partial=True)
            line.highlight_regex(VARIABLE, Style(color=found.color, bold=True))
        return line

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        return self.typing and super().check_consume_key(key, character)

    async def _on_key(self, event: events.Key) -> None:
        """While moving, letters are left to the screen; Textual calls the base class's handler unless prevented."""
        if self.typing:
            return
        event.prevent_default()
        if event.key in ("i", "enter"):
            event.stop()
            self.typing = True

    def watch_typing(self, typing: bool) -> None:
        """Nothing can be edited while moving."""
        self.read_only = not typing

    def on_focus(self) -> None:
        self.typing = True

    def on_blur(self) -> None:
        self.typing = False

    def action_leave_typing(self) -> None:
        self.typing = False
        self.post_message(self.LeftTyping(self))
