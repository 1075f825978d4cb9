"""Choosing colours: the theme at start, the picker with its preview, what is remembered. Themes themselves are data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.screens.pick import Choice, ListDialog

if TYPE_CHECKING:
    from cockpit.app import CockpitApp

DEFAULT = "cockpit-dark"
_SETTING = "theme"


def start_theme(app: CockpitApp) -> list[str]:
    """Register the themes and put on the one that holds; what is wrong with any, in words.

    A theme picked in the app holds until the configuration names another one than it did then.
    """
    from cockpit.paths import themes_dir
    from themes import load_themes

    config = app.services.config
    themes, problems = load_themes([themes_dir(config.path)])
    for theme in themes.values():
        app.register_theme(theme)
    picked = app.get_setting(_SETTING)
    name = config.theme
    if isinstance(picked, dict) and picked.get("config") == config.theme and picked.get("name") in themes:
        name = picked["name"]
    if name not in themes:
        problems.append(f"theme: there is no {name!r}; there are {', '.join(themes)}.")
        name = DEFAULT if DEFAULT in themes else next(iter(themes), "textual-dark")
    app.theme_choices = tuple(themes)
    app.theme = name
    return problems


def choose_theme(app: CockpitApp, name: str) -> None:
    """Put a theme on and remember it."""
    app.theme = name
    app.put_setting(_SETTING, {"name": name, "config": app.services.config.theme})


class ThemePicker(ListDialog[str | None]):
    """The themes; the one under the cursor is on while the dialog is open."""

    DEFAULT_CSS = """
    ThemePicker { align: right middle; background: transparent; }
    ThemePicker > .panel { width: 44; margin-right: 4; }
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
