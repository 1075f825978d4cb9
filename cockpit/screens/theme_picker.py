"""Choosing colours with a live preview. What is remembered of the choice is kept in `themes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.screens.pick import Choice, ListDialog
from cockpit.screens.themes import choose_theme

if TYPE_CHECKING:
    from cockpit.app import CockpitApp


class ThemePicker(ListDialog[str | None]):
    """The themes; the one under the cursor is on while the dialog is open."""

    DEFAULT_CSS = """
    ThemePicker { align: right middle; background: transparent; }
    ThemePicker > .panel { width: 50; margin-right: 4; }
    """

    def __init__(self, app: CockpitApp) -> None:
        choices = [Choice(name, name, _kind(app, name)) for name in app.theme_choices]
        super().__init__("Theme", choices, keys="↑↓ preview · enter keep · esc as before")
        self._before = app.theme
        self.list.select(app.theme)

    def moved(self) -> None:
        """Preview."""
        if self.list.current is not None:
            self.app.theme = self.list.current.value

    def accept(self, choice: Choice | None) -> None:
        """Keep and remember."""
        if choice is not None:
            choose_theme(self.cockpit, choice.value)
            self.dismiss(choice.value)

    def action_leave(self) -> None:
        """As it was."""
        self.app.theme = self._before
        self.dismiss(None)


def _kind(app: CockpitApp, name: str) -> str:
    theme = app.get_theme(name)
    return "" if theme is None else "dark" if theme.dark else "light"
