"""The commands of the screens on stop strings, on cost and on probabilities. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command

GROUP = "Stops"


def _stops(
    name: str, keys: str, title: str, text: str, *, action: str = "", typing: bool = False, footer: bool = True
) -> Command:
    return Command(f"stops.{name}", keys, title, text, "stops", action or name, footer, typing, GROUP)


HISTORY = Command(
    "history.stops",
    "s",
    "Stops",
    "How the highlighted run's samples ended, and what its stop strings missed.",
    "history",
    "stops",
    footer=True,
    group="Runs",
)


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

COMMANDS: tuple[Command, ...] = (
    _stops("checks", "c", "Checks", "Check each stop string against each model.", action="view('checks')"),
    _stops("audit", "a", "Audit", "How the stored samples ended, and what stops missed.", action="view('audit')"),
    _stops(
        "apply", "p", "Apply", "What other stop strings would have made of the stored samples.", action="view('apply')"
    ),
    _stops("edit", "i,slash", "Type stops", "Type the stop strings to check and to apply."),
    _stops("use", "ctrl+j,ctrl+enter", "To Play", "Put these stop strings into Play's draft.", typing=True),
    _stops("open", "enter", "Open", "Open the highlighted sample.", footer=False),
    _stops("probe", "P", "Probe", "Ask again without stop strings, to tell a stop from an end where the API does not."),
    _stops("only", "x", "Only cut", "Show only samples that the stop strings would have cut, or all."),
    _stops("copy", "y", "Copy", "Copy what is shown as text."),
    HISTORY,
    *SHORTER,
    *LOGPROBS,
)
