"""The theme at start, and what is remembered of a person's choice. Themes are data; the picker is elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from themes import load_themes
from themes.loader import BUILT_IN, BadTheme, read_theme

if TYPE_CHECKING:
    from textual.theme import Theme

    from cockpit.app import CockpitApp

DEFAULT = "cockpit-dark"
_SETTING = "theme"


def start_theme(app: CockpitApp) -> None:
    """Put on the theme that holds. Only its own file is read: the others can wait until the screen is drawn.

    A theme picked in the app holds until the configuration names another one than it did then.
    """
    wanted = _wanted(app)
    theme = _read(app, wanted) or _read(app, DEFAULT)
    if theme is not None:
        app.register_theme(theme)
        # Textual applies the theme when the app starts; its watcher before that would style everything twice.
        app.set_reactive(type(app).theme, theme.name)


def load_all(app: CockpitApp) -> list[str]:
    """Register every theme, built-in and the person's own; what is wrong with any or the one asked for, in words."""
    from cockpit.paths import themes_dir

    themes, problems = load_themes([themes_dir(app.services.config.path)])
    for theme in themes.values():
        if theme.name != app.theme:
            app.register_theme(theme)
    app.theme_choices = tuple(themes)
    wanted = _wanted(app)
    if wanted in themes and wanted != app.theme:
        app.theme = wanted
    named = app.services.config.theme
    if named not in themes:
        problems.append(f"theme: there is no {named!r}; there are {', '.join(themes)}.")
    return problems


def choose_theme(app: CockpitApp, name: str) -> None:
    """Put a theme on and remember it."""
    app.theme = name
    app.put_setting(_SETTING, {"name": name, "config": app.services.config.theme})


def _wanted(app: CockpitApp) -> str:
    named = app.services.config.theme
    picked = app.get_setting(_SETTING)
    if isinstance(picked, dict) and picked.get("config") == named and isinstance(picked.get("name"), str):
        return str(picked["name"])
    return named


def _read(app: CockpitApp, name: str) -> Theme | None:
    """A theme from the file of its name, the person's own before the built-in one; None if there is no good one."""
    from cockpit.paths import themes_dir

    for folder in (themes_dir(app.services.config.path), BUILT_IN):
        file = folder / f"{name}.toml"
        try:
            if file.parent == folder and file.is_file() and (theme := read_theme(file)).name == name:
                return theme
        except (BadTheme, OSError, ValueError):
            continue
    return None
