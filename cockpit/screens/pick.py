"""Choosing from a list that typing narrows: one, or several. It knows nothing of what is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding

from cockpit.screens.base import ModalPane, Result, panel
from widgets.choice_list import Choice, ChoiceList
from widgets.field import Field
from widgets.plain import Plain

__all__ = ["Choice", "ListDialog", "Pick", "PickMany"]

LONGEST_LIST = 18
"""Rows a list shows before it scrolls."""
ROWS_BESIDE_LIST = 8


class ListDialog(ModalPane[Result]):
    """A field over a list. Subclasses say in `accept` what the chosen row means."""

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("down,ctrl+n", "move(1)", "down", id="dialog.down", priority=True),
        Binding("up,ctrl+p", "move(-1)", "up", id="dialog.up", priority=True),
        Binding("pagedown,ctrl+d", "page(1)", "page down", id="dialog.page_down", priority=True),
        Binding("pageup,ctrl+u", "page(-1)", "page up", id="dialog.page_up", priority=True),
    )
    DEFAULT_CSS = """
    ListDialog > .panel { width: 90; max-height: 100%; padding: 0 1; }
    ListDialog Field { height: 1; background: $surface; margin: 0; padding: 0 1; }
    ListDialog .rule { height: 1; color: $panel-lighten-2; hatch: "─" $panel-lighten-1; }
    ListDialog .said { color: $text-muted; height: auto; padding: 0 1; margin-top: 1; }
    """

    def __init__(
        self, title: str, choices: Sequence[Choice], *, hint: str = "", keys: str = "", marks: bool = False
    ) -> None:
        super().__init__()
        self._title, self._hint = title, hint
        self._keys = keys or "↑↓ move · enter choose · esc cancel"
        self._field = _MarkingField("›", hint="type to narrow") if marks else Field("›", hint="type to narrow")
        self.list = ChoiceList(choices, marks=marks)

    def compose(self) -> ComposeResult:
        """Field, list, and a sentence."""
        with panel(self._title, self._keys):
            yield self._field
            yield Plain("", classes="rule")
            yield self.list
            if self._hint:
                yield Plain(self._hint, classes="said")

    def on_mount(self) -> None:
        """Ready for typing."""
        self._field.focus()

    def on_resize(self, event: events.Resize) -> None:
        """As many rows as there are, as far as the terminal has room for them beside the rest of the panel."""
        room = event.size.height - ROWS_BESIDE_LIST - (2 if self._hint else 0)
        self.list.styles.height = max(min(len(self.list.choices), LONGEST_LIST, room), 1)

    def on_field_changed(self, event: Field.Changed) -> None:
        """Narrow to what matches."""
        event.stop()
        self.list.narrow(event.value)
        self.moved()

    def on_field_submitted(self, event: Field.Submitted) -> None:
        """Accept the row under the cursor."""
        event.stop()
        self.accept(self.list.current)

    def accept(self, choice: Choice | None) -> None:
        """The person pressed enter; `choice` is None where nothing matches."""
        raise NotImplementedError

    def moved(self) -> None:
        """The cursor is on another row; dialogs with a preview override it."""

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self.list.move(rows)
        self.moved()

    def action_page(self, pages: int) -> None:
        """Move the cursor by half of what is seen."""
        self.list.move(pages * max(self.list.size.height // 2, 1), wrap=False)
        self.moved()


class _MarkingField(Field):
    """A field to which space is no character, so that it can mark."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key != "space" and super().check_consume_key(key, character)


class Pick(ListDialog[str | None]):
    """One of many: its value, or None if dismissed."""

    def __init__(self, title: str, choices: Sequence[Choice], *, selected: str | None = None, hint: str = "") -> None:
        super().__init__(title, choices, hint=hint)
        if selected is not None:
            self.list.select(selected)

    def accept(self, choice: Choice | None) -> None:
        """The value of the row under the cursor; nothing happens where nothing matches."""
        if choice is not None:
            self.dismiss(choice.value)


class PickMany(ListDialog[list[str] | None]):
    """Any number of many, in the list's order; None if dismissed. With no marks, enter takes the row in front."""

    KEYS: ClassVar[tuple[Binding, ...]] = (
        *ListDialog.KEYS,
        Binding("space", "mark", "mark", id="dialog.mark", priority=True),
    )

    def __init__(self, title: str, choices: Sequence[Choice], *, marked: Sequence[str] = (), hint: str = "") -> None:
        keys = "↑↓ move · space mark · enter accept · esc cancel"
        super().__init__(title, choices, hint=hint, keys=keys, marks=True)
        self.list.marked = set(marked)

    def action_mark(self) -> None:
        """Mark, and move on."""
        self.list.toggle()
        self.list.move(1, wrap=False)

    def accept(self, choice: Choice | None) -> None:
        """The marked values."""
        marked = [c.value for c in self.list.choices if c.value in self.list.marked]
        if marked or choice is not None:
            self.dismiss(marked or [choice.value] if choice is not None else marked)
