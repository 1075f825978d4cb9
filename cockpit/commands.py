"""The command registry: bindings, key bar, palette, help and documentation all come from it. No Textual here."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.command_tables import (
    app,
    datasets,
    dialogs,
    examples,
    fill,
    jobs,
    keep,
    log,
    play,
    sets,
    stops,
    tokens,
)
from cockpit.command_tables.command import Command
from cockpit.keymap import Keymap

__all__ = ["COMMANDS", "Command", "by_id", "for_scope", "key_table"]

COMMANDS: tuple[Command, ...] = (
    *play.COMMANDS,
    *fill.COMMANDS,
    *dialogs.COMMANDS,
    *stops.COMMANDS,
    *tokens.COMMANDS,
    *examples.COMMANDS,
    *keep.COMMANDS,
    *sets.COMMANDS,
    *datasets.COMMANDS,
    *jobs.COMMANDS,
    *log.COMMANDS,
    *app.COMMANDS,
)
_BY_ID = {command.id: command for command in COMMANDS}
_BY_SCOPE: dict[str, tuple[Command, ...]] = {
    scope: tuple(command for command in COMMANDS if command.scope == scope)
    for scope in dict.fromkeys(command.scope for command in COMMANDS)
}


def for_scope(scope: str) -> tuple[Command, ...]:
    """The commands of a scope, in the registry's order; none for an unknown scope."""
    return _BY_SCOPE.get(scope, ())


def by_id(command_id: str) -> Command:
    """The command of that id; KeyError if there is none."""
    return _BY_ID[command_id]


def key_table(keymap: Keymap | None = None) -> str:
    """Every command with its keys, as Markdown tables by group: what the README shows."""
    keymap = keymap or Keymap()
    groups: dict[str, list[Command]] = {}
    for command in COMMANDS:
        groups.setdefault(command.group or command.scope, []).append(command)
    return "\n\n".join(_group_table(group, commands, keymap) for group, commands in groups.items())


def _group_table(group: str, commands: Iterable[Command], keymap: Keymap) -> str:
    rows = [
        f"| {_key_cells(keymap.all_shown(command))} | {command.title} | {_cell(command.help)} | `{command.id}` |"
        for command in commands
    ]
    return "\n".join([f"**{group}**", "", "| keys | name | what it does | id |", "|---|---|---|---|", *rows])


def _key_cells(keys: str) -> str:
    return " ".join(f"<kbd>{_cell(key)}</kbd>" for key in keys.split()) or "–"


def _cell(text: str) -> str:
    """Text that ends no table cell and is no HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;")
