"""Reads themes from TOML files and says what is wrong with those it cannot use; it registers nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

BUILT_IN = Path(__file__).parent
_FIELDS = {field.name: field.type for field in fields(Theme)}
TONES = {
    "tone-ok": "text-success",
    "tone-stop": "text-primary",
    "tone-cut": "text-warning",
    "tone-stream": "text-accent",
    "tone-retry": "text-warning",
    "tone-refuse": "text-secondary",
    "tone-error": "text-error",
    "tone-wait": "text-muted",
    "quiet": "text-muted",
}
"""Names for the states of samples and jobs, and the colour that each has unless a theme says otherwise."""
_REQUIRED = ("name", "primary", "dark")
_NUMBERS = ("luminosity_spread", "text_alpha")


class BadTheme(ValueError):
    """A theme file that cannot be used, and why, in words."""


def load_themes(dirs: Sequence[Path] = ()) -> tuple[dict[str, Theme], list[str]]:
    """The built-in themes and those of dirs by name (later ones win), and a 'file: reason' for each unusable file."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for folder in (BUILT_IN, *dirs):
        try:
            files = sorted(folder.glob("*.toml"))
        except OSError as error:
            problems.append(f"{folder}: {error.strerror or error}")
            continue
        for file in files:
            try:
                theme = read_theme(file)
            except BadTheme as error:
                problems.append(f"{file}: {error}")
            else:
                themes[theme.name] = theme
    return themes, problems


def read_theme(file: Path) -> Theme:
    """One theme from its file; raises BadTheme in words."""
    try:
        with file.open("rb") as stream:
            table = tomllib.load(stream)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadTheme(f"cannot be read: {error}") from error
    return parse_theme(table)


def parse_theme(table: dict[str, Any]) -> Theme:
    """A theme from a TOML table: unknown settings, wrong types and colours that do not parse raise BadTheme."""
    _check_keys(table)
    variables = table.get("variables", {})
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise BadTheme("[variables] must hold text only")
    try:
        theme = Theme(**{**table, "variables": dict(variables)})
        colours = theme.to_color_system().generate()
        for name, value in variables.items():
            if not name.endswith(("-style", "-styles")):
                Color.parse(value)
    except ColorParseError as error:
        raise BadTheme(f"not a colour: {error}") from error
    except (TypeError, ValueError) as error:
        raise BadTheme(str(error)) from error
    for tone, source in TONES.items():
        theme.variables.setdefault(tone, colours[source])
    return theme


def _check_keys(table: dict[str, Any]) -> None:
    unknown = sorted(set(table) - set(_FIELDS))
    if unknown:
        raise BadTheme(f"unknown setting {', '.join(unknown)}")
    missing = [name for name in _REQUIRED if name not in table]
    if missing:
        raise BadTheme(f"{', '.join(missing)} is missing")
    for name, value in table.items():
        if name in ("dark", "ansi"):
            good = isinstance(value, bool)
        elif name in _NUMBERS:
            good = isinstance(value, int | float) and not isinstance(value, bool)
        else:
            good = isinstance(value, dict if name == "variables" else str)
        if not good:
            raise BadTheme(f"{name} has the wrong type")
