"""The commands of the screens that Play opens. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command


def _table(scope: str, group: str, *rows: tuple[str, str, str, str]) -> tuple[Command, ...]:
    """Rows of (name, keys, title, help), shown in the key bar; the name is also the action's."""
    return tuple(
        Command(f"{scope}.{name}", keys, title, text, scope, name, footer=True, group=group)
        for name, keys, title, text in rows
    )


def _typed(scope: str, name: str, keys: str, title: str, text: str, *, group: str) -> Command:
    """A command that works while a field has the keyboard too."""
    return Command(f"{scope}.{name}", keys, title, text, scope, name, footer=True, typing=True, group=group)


MODELS = _table(
    "models",
    "Models",
    ("choose", "space", "Choose", "Choose the highlighted model, or take it out again."),
    ("accept", "enter", "Done", "Use the chosen models; with none chosen, the highlighted one."),
    ("filter", "slash,i", "Filter or add", "Narrow the list as you type; any provider:model can be added by its name."),
    ("offered", "L", "Ask provider", "Ask the highlighted model's provider which models it offers."),
    ("clear", "x", "Choose none", "Take every model out."),
)

VERSIONS = _table(
    "versions",
    "Versions",
    ("restore", "enter", "Restore", "Put the highlighted version in the editor; nothing is lost."),
    ("note", "n", "Note", "Write down why this version was made."),
    ("against", "d", "Against", "Show the difference from the editor's text, or from the version before it."),
    ("copy", "y", "Copy", "Copy the highlighted version's text."),
)

SAMPLE = _table(
    "sample",
    "Sample",
    ("copy", "y", "Copy", "Copy the text shown."),
    ("gold", "asterisk", "Keep", "Keep the answer as an example: gold, candidate, rejected, edited to gold."),
    ("request", "equals_sign", "Request", "Show the request as it was sent, or the answer again."),
    ("markdown", "m", "Markdown", "Show the answer as Markdown, or as it came."),
    ("previous", "left_square_bracket,h", "Previous", "The sample before this one."),
    ("next", "right_square_bracket,l", "Next", "The sample after this one."),
    ("reasoning", "r", "Reasoning", "Unfold the reasoning that came before the answer, or fold it."),
    ("copy_curl", "Y", "curl", "Copy the request as a curl command, without the key."),
    ("copy_python", "P", "Python", "Copy the request as a Python script, without the key."),
    ("find", "slash", "Find", "Search in the text; n and N step through what is found."),
    ("logprobs", "p", "Probabilities", "How likely each token was, and what else the model might have said."),
    ("tag", "t", "Tag", "Add a tag; a tag it has already is taken away."),
    ("note", "n", "Note", "Write a short note on this sample."),
    ("converse", "e", "Continue", "Continue from this answer as a conversation."),
)

COMPARE = _table(
    "compare",
    "Compare",
    ("swap", "s", "Swap", "Swap left and right."),
    ("whitespace", "w", "White space", "Count differences in white space, or look past them."),
    ("part", "p", "Prompts", "Compare the prompts, or the answers again."),
    ("reasoning", "r", "Reasoning", "Compare the reasoning, or the answers again."),
)

HISTORY = _table(
    "history",
    "Runs",
    ("open", "enter", "Open", "Open the highlighted run in Play."),
    ("resume", "r", "Resume", "Send only what the highlighted run still misses."),
    ("unfinished", "u", "Unfinished", "Show only runs with samples missing, or all of them."),
)

SEARCH = (
    _typed("search", "open", "enter", "Open", "Open the highlighted sample.", group="Search"),
    *_table(
        "search",
        "Search",
        ("edit", "slash,i", "Search", "Type what to search for."),
    ),
    _typed("search", "down", "down,ctrl+n", "Down", "The next match, while typing too.", group="Search"),
    _typed("search", "up", "up", "Up", "The match above, while typing too.", group="Search"),
)

SWEEP = (
    *_table(
        "sweep",
        "Sweep",
        ("choose", "space", "Sweep it", "Sweep the highlighted parameter, or leave it as it is."),
        ("edit", "i", "Values", "Type the values, separated by commas."),
        ("accept", "enter", "Use", "Make one column for each combination."),
        ("clear", "x", "No sweep", "Sweep nothing."),
    ),
)

CONVERSATION = (
    _typed("conversation", "send", "ctrl+j,ctrl+enter", "Send", "Send the turns to here.", group="Turns"),
    *_table(
        "conversation",
        "Turns",
        ("edit", "enter,i", "Edit", "Edit the highlighted turn; the branch you came from stays as it was."),
        ("previous", "left_square_bracket", "Branch before", "The branch before this one, from the same turn."),
        ("next", "right_square_bracket", "Branch after", "The branch after this one, from the same turn."),
        ("child", "l,right", "Continuation", "Follow the highlighted answer's continuation."),
        ("parent", "h,left", "Back", "Go back to the answer that this conversation continued."),
        ("copy", "y", "Copy", "Copy the highlighted turn."),
        ("reset", "u", "Undo edits", "Put every turn back as it was."),
    ),
)

INPUTS = (
    _typed("inputs", "accept", "ctrl+j,ctrl+enter", "Use", "Run the prompt for each row.", group="Inputs"),
    *_table(
        "inputs",
        "Inputs",
        ("edit", "i,slash", "Path", "Type a path; tab completes it."),
        ("clear", "x", "No file", "Use no inputs file."),
    ),
)

# Not in the key bar: ctrl+j stands there, and does the same.
INPUTS_ENTER = Command(
    "inputs.use", "enter", "Use", "Run the prompt for each row.", "inputs", "use", footer=False, group="Inputs"
)

REQUEST = _table(
    "request",
    "Request",
    ("previous", "left_square_bracket,h", "Previous", "The request to the model before this one."),
    ("next", "right_square_bracket,l", "Next", "The request to the model after this one."),
    ("copy", "y", "curl", "Copy the request as a curl command, without the key."),
    ("copy_python", "P", "Python", "Copy the request as a Python script, without the key."),
)

COMMANDS: tuple[Command, ...] = (
    *MODELS,
    *VERSIONS,
    *SAMPLE,
    *COMPARE,
    *HISTORY,
    *SEARCH,
    *SWEEP,
    *CONVERSATION,
    *INPUTS,
    INPUTS_ENTER,
    *REQUEST,
)
