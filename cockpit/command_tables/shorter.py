"""The commands of the screens on a prompt's cost and on probabilities. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command


def _table(scope: str, group: str, *rows: tuple[str, str, str, str]) -> tuple[Command, ...]:
    """Rows of (name, keys, title, help), shown in the key bar; the name is also the action's."""
    return tuple(
        Command(f"{scope}.{name}", keys, title, text, scope, name, footer=True, group=group)
        for name, keys, title, text in rows
    )


SHORTER = _table(
    "shorter",
    "Shorter",
    ("order", "o", "Order", "List the parts in the order to drop them, or as they are sent."),
    ("limit", "t", "Try a limit", "Say how many answers another max_tokens would cut, and what it would save."),
    ("use", "u", "Use limit", "Make the limit that was tried, else the one suggested, Play's max_tokens."),
    ("previous", "left_square_bracket,h", "Model before", "The cost with the model before this one."),
    ("next", "right_square_bracket,l", "Model after", "The cost with the model after this one."),
    ("copy", "y", "Copy", "Copy the table and the lengths as text."),
)

LOGPROBS = _table(
    "logprobs",
    "Probabilities",
    ("unlikely", "n", "Unlikely", "To the next token that was less likely than one in ten."),
    ("unlikely_before", "N", "Unlikely before", "To the unlikely token before this one."),
    ("against", "d", "Against", "Choose another sample of the same input, to see where the two part."),
    ("parting", "p", "Parting", "To the first token where the two samples part."),
    ("previous", "left_square_bracket", "Sample before", "The sample of this input before this one."),
    ("next", "right_square_bracket", "Sample after", "The sample of this input after this one."),
    ("copy", "y", "Copy", "Copy the tokens with their probabilities, tab separated."),
)

COMMANDS: tuple[Command, ...] = (*SHORTER, *LOGPROBS)
