"""The commands of the Play pane. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command

Row = tuple[str, str, str, str]
FOOTER = frozenset({"send", "edit", "models", "more", "retry", "yank", "compare", "versions"})
TYPING = frozenset({"send", "turn_up", "turn_down", "newline", "fix", "findings"})


def _table(group: str, part: str, *rows: Row) -> tuple[Command, ...]:
    """Rows of (name, keys, title, help) whose action is a method of a part of the pane, named like the command."""
    return tuple(
        Command(
            f"play.{name}",
            keys,
            title,
            text,
            "play",
            f"{part}('{name}')",
            footer=name in FOOTER,
            typing=name in TYPING,
            group=group,
        )
        for name, keys, title, text in rows
    )


SENDING = _table(
    "Sending",
    "flight",
    ("send", "ctrl+j,ctrl+enter", "Send", "Send to every model, n times; a changed prompt becomes its next version."),
    ("more", "plus", "8 more", "Ask for 8 more of each in the run on the wall."),
    ("retry", "r", "Retry failed", "Send again what failed or was cancelled."),
    ("cancel_one", "x", "Cancel one", "Cancel the sample under the cursor."),
    ("fresh", "R", "Send afresh", "Send without taking answers from the cache."),
    ("predict", "W", "Predict", "Say what you expect of the next run, and how likely: settled once it has ended."),
    ("resume", "U", "Resume", "Send what the newest unfinished run still misses."),
)

WRITING = _table(
    "Writing",
    "write",
    ("edit", "i", "Edit", "Type in the prompt."),
    ("system", "S", "System", "Type in the system prompt."),
    ("prefill", "P", "Prefill", "Type how the answer must begin."),
    ("examples", "E", "Examples block", "Type the examples that {{examples}} in the prompt stands for."),
    ("variable", "V", "Variables", "Type what a {{variable}} stands for."),
    ("params", "p", "Params", "Change temperature, stop strings, n and the like."),
    ("turn_up", "alt+up", "Turn before", "Show the turn before this one."),
    ("turn_down", "alt+down", "Turn after", "Show the turn after this one."),
    ("turn_add", "a", "Add a turn", "Add a turn after this one."),
    ("turn_delete", "D", "Delete turn", "Delete this turn."),
    ("example_1", "A", "First example", "Put the first example prompt in the editor."),
    ("example_2", "B", "Second example", "Put the second example prompt in the editor."),
    ("example_3", "C", "Third example", "Put the third example prompt in the editor."),
    ("newline", "", "New line", "Begin a new line where Enter sends."),
    ("fix", "f,f8", "Fix", "Apply the fix of the finding under the prompt."),
    ("unfix", "Z", "Undo fix", "Put back what the last fix changed."),
)

SHOTS = _table(
    "Examples of a set",
    "go",
    ("fill", "X", "Set of examples", "Choose a set and how much of it is sent, with a dry run of what fits."),
    ("without", "d", "Without the set", "Send no examples of the set any more."),
    ("place", "O", "Examples go here", "Put {{examples}} before the last user text."),
)

CHOOSING = _table(
    "Choosing",
    "go",
    ("models", "m", "Models", "Choose the models."),
    ("idea", "I", "Idea", "Pick or name the idea that sends count for; its ladder is shown."),
    ("versions", "v", "Versions", "List, compare and restore versions."),
    ("sweep", "s", "Sweep", "Make a column for each of several temperatures and such."),
    ("inputs", "u", "Inputs", "Run the prompt over the rows of a file."),
    ("history", "H", "Runs", "Open or resume an earlier run."),
    ("search", "slash", "Search", "Search everything ever sampled."),
    ("name", "N", "Name", "Name the prompt; versions are counted within a name."),
    ("request", "equals_sign", "Request", "Show the exact request before it is sent."),
    ("findings", "F,f9", "Checks", "List all that the checks find in the prompt: go there, fix it, dismiss it."),
    ("stops", "full_stop", "Stop checks", "Check the stop strings against the models, and audit the run."),
    ("tokens", "T", "Tokens", "Show the prompt's tokens, as it will be sent."),
    ("compare", "c", "Compare", "Compare two marked samples, or this one and the next model's."),
    ("earlier", "b", "Against before", "Compare the sample with what the version before answered to the same input."),
    ("converse", "e", "Continue", "Continue the sample as a conversation."),
)

READING = _table(
    "Samples",
    "sample",
    ("focus", "w", "Samples", "Move among the samples."),
    ("yank", "y", "Yank", "Copy the marked samples, or the one under the cursor."),
    ("gold", "asterisk", "Keep", "Keep the marked samples, or this one, as examples: gold, candidate, rejected."),
    ("tag", "t", "Tag", "Tag the sample; the same tag again takes it away."),
    ("note", "n", "Note", "Write a short note on the sample."),
    ("zoom", "z", "Zoom", "Give this model the whole width, or take it back."),
    ("before", "left_square_bracket", "Input before", "Show the samples of the input before."),
    ("after", "right_square_bracket", "Input after", "Show the samples of the input after."),
)

FINDINGS: tuple[Command, ...] = tuple(
    Command(f"findings.{name}", keys, title, text, "findings", action or name, footer=True, group="Checks")
    for name, keys, title, text, action in (
        ("open", "enter", "Go there", "Type at the place in the prompt that the finding is about.", ""),
        ("fix", "f,f8", "Fix", "Apply the highlighted finding's fix.", ""),
        ("dismiss", "x", "Dismiss", "Say this no more of this prompt, or say it again.", "dismiss_finding"),
        ("unfix", "Z", "Undo fix", "Put back what the last fix changed.", ""),
        ("copy", "y", "Copy", "Copy every finding as text.", ""),
    )
)
"""Of the screen that lists what the checks find."""

COMMANDS: tuple[Command, ...] = (*SENDING, *WRITING, *SHOTS, *CHOOSING, *READING, *FINDINGS)
