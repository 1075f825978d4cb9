"""What a command is: one thing a person can do with a key. Data only: no Textual, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A key, its name and its help, and the action that the screen of its scope must have."""

    id: str
    """Scope and name, such as 'play.send': what the configuration calls it."""
    keys: str
    """Default keys, separated by commas; the first is the one shown. Empty: reachable through the palette only."""
    title: str
    """A word or two for the key bar."""
    help: str
    """One sentence."""
    scope: str
    """'app', or the scope of the screen whose `action_<action>` it calls."""
    action: str
    footer: bool = False
    typing: bool = False
    """Works while a text field has the keyboard too (by those of its keys that are not plain characters)."""
    group: str = ""
    """Heading in the help."""
