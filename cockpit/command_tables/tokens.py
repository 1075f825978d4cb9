"""The commands of the Tokens pane. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command

Row = tuple[str, str, str, str]
FOOTER = frozenset({"model", "beside", "ids", "scratch", "file", "fix", "edit", "stops", "template", "shorter"})


def _table(group: str, part: str, *rows: Row) -> tuple[Command, ...]:
    """Rows of (name, keys, title, help) whose action is a method of a part of the pane, named like the command."""
    return tuple(
        Command(f"tokens.{name}", keys, title, text, "tokens", f"{part}('{name}')", footer=name in FOOTER, group=group)
        for name, keys, title, text in rows
    )


LOOKING = _table(
    "Tokens",
    "look",
    ("model", "m", "Model", "Choose the model, or the encoding, whose tokens are shown."),
    ("beside", "v", "Beside", "Show a second tokenizer beside the first, or take it away."),
    ("ids", "d", "Ids", "Show each token's id, or hide the ids."),
    ("template", "t", "Template", "Show the prompt as the chat template renders it, with its special tokens."),
    ("ask", "r", "Ask server", "Let the provider count the whole request, where it can."),
    ("before", "left_square_bracket", "Input before", "Fill the prompt from the input before."),
    ("after", "right_square_bracket", "Input after", "Fill the prompt from the input after."),
    ("yank", "y", "Yank", "Copy the text that is shown."),
    ("yank_ids", "Y", "Yank ids", "Copy the token ids as a JSON list."),
)

CHOOSING = _table(
    "What is shown",
    "go",
    ("prompt", "p", "Prompt", "Show Play's prompt as it will be sent."),
    ("scratch", "i", "Scratch", "Type or paste any text and watch its tokens."),
    ("file", "f", "File", "Show a file; tab completes its path."),
    ("sample", "s,slash", "Sample", "Find a stored sample and show its answer."),
)

ACTING = _table(
    "Checks",
    "go",
    ("edit", "e,enter", "Edit in Play", "Go to Play's editor, to the place under the cursor."),
    ("fix", "x", "Fix", "Apply the highlighted finding's fix to Play's draft."),
    ("undo", "u", "Undo fix", "Put the draft back as it was before the last fix."),
    ("stops", "S", "Stops", "Check the stop strings against the models, and audit stored samples."),
    ("shorter", "c", "Shorter", "What each part costs over the planned run, and what to drop first."),
    ("logprobs", "L", "Logprobs", "How likely each token of the shown sample was."),
)

COMMANDS: tuple[Command, ...] = (*LOOKING, *CHOOSING, *ACTING)
