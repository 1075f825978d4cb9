"""The commands of the Play pane. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command


def _play(name: str, keys: str, title: str, text: str, action: str, group: str, *, footer: bool = False) -> Command:
    return Command(f"play.{name}", keys, title, text, "play", action, footer=footer, group=group)


def _typed(name: str, keys: str, title: str, text: str, action: str, group: str, *, footer: bool = False) -> Command:
    return Command(f"play.{name}", keys, title, text, "play", action, footer=footer, typing=True, group=group)


SENDING = (
    _typed(
        "send",
        "ctrl+j,ctrl+enter",
        "Send",
        "Send the prompt to every model, n times; a changed prompt is saved as its next version.",
        "flight('send')",
        "Sending",
        footer=True,
    ),
    _play(
        "more",
        "plus",
        "8 more",
        "Ask for 8 more of each in the run on the wall.",
        "flight('more')",
        "Sending",
        footer=True,
    ),
    _play(
        "retry",
        "r",
        "Retry failed",
        "Send again what failed or was cancelled.",
        "flight('retry')",
        "Sending",
        footer=True,
    ),
    _play("cancel_one", "x", "Cancel one", "Cancel the sample under the cursor.", "flight('cancel_one')", "Sending"),
    _play("fresh", "R", "Send afresh", "Send without taking answers from the cache.", "flight('fresh')", "Sending"),
    _play("resume", "U", "Resume", "Send what an unfinished run still misses.", "flight('resume')", "Sending"),
    _play("request", "equals_sign", "Request", "Show the exact request before sending.", "go('request')", "Sending"),
)

WRITING = (
    _play("edit", "i", "Edit", "Type in the prompt.", "write('prompt')", "Writing", footer=True),
    _play("system", "S", "System", "Type in the system prompt.", "write('system')", "Writing"),
    _play("prefill", "P", "Prefill", "Type how the answer must begin.", "write('prefill')", "Writing"),
    _play("variable", "V", "Variables", "Type what a {{variable}} stands for.", "write('variable')", "Writing"),
    _play("params", "p", "Params", "Change temperature, stop strings, n and the like.", "write('params')", "Writing"),
    _typed("turn_up", "alt+up", "Turn before", "Show the turn before this one.", "write('turn_up')", "Writing"),
    _typed("turn_down", "alt+down", "Turn after", "Show the turn after this one.", "write('turn_down')", "Writing"),
    _play("turn_add", "a", "Add a turn", "Add a turn after this one.", "write('turn_add')", "Writing"),
    _play("turn_delete", "D", "Delete turn", "Delete this turn.", "write('turn_delete')", "Writing"),
    _play(
        "example_1",
        "A",
        "First example",
        "Put the first example prompt in the editor.",
        "write('example_0')",
        "Writing",
    ),
    _play("example_2", "B", "Second example", "Put the second example prompt there.", "write('example_1')", "Writing"),
    _play("example_3", "C", "Third example", "Put the third example prompt there.", "write('example_2')", "Writing"),
    Command(
        "play.newline", "", "New line", "Begin a new line.", "play", "write('newline')", typing=True, group="Writing"
    ),
)

CHOOSING = (
    _play("models", "m", "Models", "Choose the models.", "go('models')", "Choosing", footer=True),
    _play(
        "versions", "v", "Versions", "List, compare and restore versions.", "go('versions')", "Choosing", footer=True
    ),
    _play("sweep", "s", "Sweep", "Make a column for each of several temperatures and such.", "go('sweep')", "Choosing"),
    _play("inputs", "u", "Inputs", "Run the prompt over the rows of a file.", "go('inputs')", "Choosing"),
    _play("history", "H", "Runs", "Open or resume an earlier run.", "go('history')", "Choosing"),
    _play("search", "slash", "Search", "Search everything ever sampled.", "go('search')", "Choosing"),
    _play("prompt_name", "N", "Name", "Name the prompt, or take up another by its name.", "go('name')", "Choosing"),
)

READING = (
    _play("wall", "w", "Samples", "Move among the samples.", "sample('focus')", "Samples"),
    _play("yank", "y", "Yank", "Copy the sample's text.", "sample('yank')", "Samples", footer=True),
    _play("compare", "c", "Compare", "Two marked samples, or this and the next model's.", "go('compare')", "Samples"),
    _play("gold", "asterisk", "Gold", "Mark the sample as an example candidate.", "sample('gold')", "Samples"),
    _play("tag", "t", "Tag", "Tag the sample, or take the tag away.", "sample('tag')", "Samples"),
    _play("note", "n", "Note", "Write a short note on the sample.", "sample('note')", "Samples"),
    _play("converse", "e", "Continue", "Continue the sample as a conversation.", "go('converse')", "Samples"),
    _play("zoom", "z", "Zoom", "Give this model the whole width, or take it back.", "sample('zoom')", "Samples"),
    _play(
        "input_before", "left_square_bracket", "Input before", "Show the input before.", "sample('before')", "Samples"
    ),
    _play("input_after", "right_square_bracket", "Input after", "Show the input after.", "sample('after')", "Samples"),
)

COMMANDS: tuple[Command, ...] = (*SENDING, *WRITING, *CHOOSING, *READING)
