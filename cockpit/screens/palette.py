"""The command palette: every command that can be reached now, found by typing. It runs none itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from cockpit.commands import for_scope
from cockpit.screens.base import PaneScreen, is_enabled
from cockpit.screens.pick import Choice, ListDialog

if TYPE_CHECKING:
    from cockpit.app import CockpitApp

_NOT_OFFERED = frozenset({"app.palette", "app.escape", "app.next_part", "app.previous_part"})


@dataclass(frozen=True, slots=True)
class Entry:
    """Something the palette offers: how it is shown, and what runs it."""

    title: str
    help: str
    key: str
    run: Callable[[], Awaitable[Any]]


class Palette(ListDialog[Entry | None]):
    """Pick a command by a few letters of its name or of what it does; the chosen entry, or None."""

    DEFAULT_CSS = """
    Palette { align: center top; }
    Palette > .panel { width: 104; margin-top: 3; }
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        choices = [Choice(str(i), e.title, e.help, e.key) for i, e in enumerate(entries)]
        super().__init__("Commands", choices, keys="↑↓ move · enter run · esc close")
        self._entries = list(entries)

    def accept(self, choice: Choice | None) -> None:
        """The entry under the cursor."""
        if choice is not None:
            self.dismiss(self._entries[int(choice.value)])


def reachable(app: CockpitApp) -> list[Entry]:
    """What can be done from here: the screen's commands that are enabled, then the app's, then the themes."""
    screen = app.screen
    scopes = [screen.scope] if isinstance(screen, PaneScreen) and screen.scope else []
    entries = [entry for scope in [*scopes, "app"] for entry in _scope_entries(app, screen, scope)]
    return [*entries, *_theme_entries(app)]


def _scope_entries(app: CockpitApp, screen: Screen[Any], scope: str) -> list[Entry]:
    node: Any = app if scope == "app" else screen
    return [
        Entry(command.title, command.help, app.keymap.all_shown(command), _runner(node, command.action))
        for command in for_scope(scope)
        if command.id not in _NOT_OFFERED and is_enabled(node, command.action)
    ]


def _runner(node: Any, action: str) -> Callable[[], Awaitable[Any]]:
    async def run() -> None:
        await node.run_action(action)

    return run


def _theme_entries(app: CockpitApp) -> list[Entry]:
    from cockpit.screens.themes import choose_theme

    def runner(name: str) -> Callable[[], Awaitable[Any]]:
        async def run() -> None:
            choose_theme(app, name)

        return run

    return [
        Entry(f"Theme: {name}", "Use these colours from now on.", "", runner(name))
        for name in app.theme_choices
        if name != app.theme
    ]
