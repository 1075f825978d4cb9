"""Every key that works here, on one screen. What the keys do is not described here but in the command registry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding

from cockpit.commands import for_scope
from cockpit.keymap import Keymap, display
from cockpit.screens.base import ModalPane, PaneScreen
from widgets.chart import Chart
from widgets.field import Field
from widgets.key_bar import KeyBar
from widgets.key_sheet import KeyLine, KeySection, KeySheet
from widgets.top_bar import TopBar

if TYPE_CHECKING:
    from cockpit.app import CockpitApp
    from cockpit.command_tables.command import Command

_KEYS = (("j k", "scroll"), ("/", "search"), ("esc", "close"))


class HelpScreen(ModalPane[None]):
    """The keys in groups; `/` narrows them."""

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("slash", "search", "search", id="help.search"),
        Binding("q,f1,question_mark", "leave", "close", id="help.close"),
    )
    DEFAULT_CSS = """
    HelpScreen { align: left top; background: $background; layout: vertical; }
    HelpScreen Field { display: none; background: $boost; margin: 1 1 0 1; width: 1fr; }
    HelpScreen Field.shown { display: block; }
    HelpScreen KeySheet { padding: 1 2 0 2; }
    """

    def __init__(self, place: str, sections: Iterable[KeySection]) -> None:
        super().__init__()
        self._place = place
        self._field = Field("/", hint="a key, a name, a word")
        self._sheet = KeySheet(tuple(sections))

    def compose(self) -> ComposeResult:
        """Bar, field, sheet, bar."""
        note = "letters are commands while no text field has the keyboard (esc leaves it)"
        yield TopBar([(" keys", "name"), (f"  {self._place}", "quiet")], [(note, "quiet")])
        yield self._field
        yield self._sheet
        yield KeyBar(_KEYS)

    def on_mount(self) -> None:
        """Ready for scrolling."""
        self._sheet.focus()

    def action_search(self) -> None:
        """Type to narrow."""
        self._field.add_class("shown")
        self._field.focus()

    def on_field_changed(self, event: Field.Changed) -> None:
        """Narrow."""
        event.stop()
        self._sheet.narrow(event.value)

    def on_field_submitted(self, event: Field.Submitted) -> None:
        """Back to scrolling what was found."""
        event.stop()
        self._sheet.focus()

    def action_leave(self) -> None:
        """Out of the search first, then out of the help."""
        if self._field.has_class("shown"):
            self._field.value = ""
            self._field.remove_class("shown")
            self._sheet.narrow("")
            self._sheet.focus()
        else:
            self.dismiss(None)


def help_for(app: CockpitApp) -> HelpScreen:
    """The help for the screen in front: its commands, those of charts where it has any, of lists, and the app's."""
    screen = app.screen
    scope = screen.scope if isinstance(screen, PaneScreen) else ""
    place = screen.pane_title if isinstance(screen, PaneScreen) else ""
    scopes = [name for name in (scope, "chart" if screen.query(Chart) else "", "list", "app") if name]
    commands = [command for name in scopes for command in for_scope(name)]
    return HelpScreen(place or scope, sections(commands, app.keymap))


def sections(commands: Iterable[Command], keymap: Keymap) -> list[KeySection]:
    """The commands that have a key, by group in the order of the registry."""
    groups: dict[str, list[KeyLine]] = {}
    for command in commands:
        keys = " ".join(display(key) for key in keymap.of(command))
        if keys:
            groups.setdefault(command.group or command.scope, []).append(KeyLine(keys, command.title, command.help))
    return [KeySection(title, tuple(lines)) for title, lines in groups.items()]
