"""What the screens opened from a pane share: look, heading, a list with its filter. No use case lives here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.content import Content

from cockpit.command_tables.command import Command
from cockpit.commands import by_id, for_scope
from cockpit.screens.base import PaneScreen, Result
from widgets.row_list import RowList
from widgets.top_bar import BarPart, TopBar
from widgets.visible import visible

if TYPE_CHECKING:
    from cockpit.services import Services

FIRST = 3
"""A screen's own keys that stand before the way back."""


class OpenedScreen(PaneScreen[Result]):
    """A screen over a pane; `escape` in the moving state, or q, leaves it."""

    CSS_PATH = "opened.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    typing_enter: ClassVar[str] = ""
    """What enter does in this screen's line of text, where no command says so."""
    typing_escape: ClassVar[str] = "to the list"
    """What escape does while typing."""

    def __init__(self, services: Services | None = None) -> None:
        super().__init__()
        self._given = services

    @property
    def services(self) -> Services:
        """Those it was given, else the app's."""
        return self._given if self._given is not None else self.cockpit.services

    def footer_commands(self) -> list[Command]:
        """The screen's own keys, most wanted first, and the way back where no narrow bar cuts it off."""
        self.footer_labels = {"app.escape": self.typing_escape if self.typing else "back"}
        own = [command for command in for_scope(self.scope) if command.footer]
        back, rest = by_id("app.escape"), [by_id("app.palette"), by_id("app.help")]
        if not self.typing:
            return [*own[:FIRST], back, *own[FIRST:], *rest]
        enter = Command(f"{self.scope}.typed", "enter", self.typing_enter, "", self.scope, "", typing=True)
        return [*([enter] if self.typing_enter else []), *own, back, *rest]

    def head(self, *left: BarPart, right: Sequence[BarPart] = ()) -> None:
        """Show what this screen is about in its top bar."""
        name: list[BarPart] = [(f" {self.pane_title}", "name")]
        self.query_one("#top-bar", TopBar).show([*name, *((f"   {text}", style) for text, style in left)], list(right))


class ListScreen(OpenedScreen[Result]):
    """A list under a line of text that narrows it: arrows move in the list while typing too."""

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.query_one("#rows", RowList)

    def stop_typing(self) -> None:
        """The list takes the keyboard."""
        self.rows.focus()

    def on_key(self, event: events.Key) -> None:
        """Up and down, which mean nothing in one line of text, belong to the list."""
        if self.typing and event.key in ("up", "down"):
            self.rows.action_scroll_lines(1 if event.key == "down" else -1)
            event.stop()


def plain_title(text: str) -> Content:
    """A border title that no markup parser sees."""
    return Content(visible(text, newlines="mark"))
