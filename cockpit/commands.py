"""The command registry: bindings, key bar, palette, help and documentation all come from it. No Textual here."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec

from cockpit.command_tables.command import Command

__all__ = ["COMMANDS", "Command", "by_id", "for_scope", "key_table"]

_TABLES = ("app", "play", "dialogs")


def _assemble() -> Iterable[Command]:
    for table in _TABLES:
        name = f"cockpit.command_tables.{table}"
        if find_spec(name) is not None:
            yield from import_module(name).COMMANDS


COMMANDS: tuple[Command, ...] = tuple(_assemble())


def for_scope(scope: str) -> tuple[Command, ...]:
    """The commands of a scope, in registry order."""
    return tuple(command for command in COMMANDS if command.scope == scope)


def by_id(command_id: str) -> Command:
    """The command of that id; KeyError if there is none."""
    for command in COMMANDS:
        if command.id == command_id:
            return command
    raise KeyError(command_id)


def key_table() -> str:
    """The keys of every scope, as Markdown."""
    rows = [f"| {c.scope} | {c.keys} | {c.title} | {c.help} |" for c in COMMANDS]
    return "\n".join(["| where | keys | name | what |", "|---|---|---|---|", *rows])
