"""`cockpit keys`: the app's keys as they hold with the config, from the command registry."""

from __future__ import annotations

import click

from cockpit.cli import output
from cockpit.cli.context import Context, as_json, pass_context


@click.command("keys")
@click.option("--markdown", is_flag=True, help="Print tables for a document.")
@as_json
@pass_context
def keys_command(ctx: Context, markdown: bool, as_json: bool) -> int:
    """Every key of the app, by screen. In the config, [keys] maps a command's id to other keys."""
    from cockpit.commands import COMMANDS, key_table
    from cockpit.keymap import merge

    keymap = merge(COMMANDS, ctx.config.keys, ctx.config.key_preset)
    if markdown:
        output.say(key_table(keymap))
        return 0
    if as_json:
        for command in COMMANDS:
            output.emit({"id": command.id, "scope": command.scope, "keys": list(keymap.of(command)),
                         "title": command.title, "help": command.help, "typing": command.typing})  # fmt: skip
    else:
        rows = [(c.scope, keymap.all_shown(c) or "palette", c.title, c.id, c.help) for c in COMMANDS]
        output.table(rows, heads=("where", "keys", "name", "id", "what"), widest=90)
    for problem in keymap.problems:
        output.note(problem)
    return 0
