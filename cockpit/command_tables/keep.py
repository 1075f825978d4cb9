"""The commands of keeping samples as examples, and of their files. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command


def _keep(name: str, keys: str, title: str, text: str, *, action: str = "", typing: bool = False) -> Command:
    return Command(
        f"keep.{name}", keys, title, text, "keep", action or name, footer=True, typing=typing, group="Keeping a sample"
    )


DIALOG: tuple[Command, ...] = (
    _keep("gold", "g,enter", "Gold", "Keep it as gold: an answer to show a model.", action="judge('gold')"),
    _keep("candidate", "c", "Candidate", "Keep it to be judged later.", action="judge('candidate')"),
    _keep("rejected", "x", "Reject", "Keep it as what a model must not say.", action="judge('rejected')"),
    _keep("edit", "e", "Edit to gold", "Type what the answer should have been, and keep that as gold."),
    _keep("reason", "r", "Reason", "Type why, before you judge."),
    _keep("away", "0,u", "Take away", "Take it out of the examples."),
    _keep("back", "Z", "Undo", "Take back what this dialog did last."),
    _keep("other", "s", "The other", "Keep the other of the two samples."),
    _keep("save", "ctrl+j,ctrl+enter", "Save", "Keep the edited answer as gold.", typing=True),
)
"""Of the dialog that `*` opens."""

_HELP = {
    "search": ("Search", "Keep the marked samples, or the highlighted one, as examples."),
    "compare": ("Compare", "Keep one of the two answers as an example."),
    "stops": ("Stops", "Keep the highlighted sample as an example."),
    "logprobs": ("Probabilities", "Keep this sample as an example."),
    "conversation": ("Turns", "Keep the highlighted answer as an example."),
    "tokens": ("What is shown", "Keep the shown sample as an example."),
}
PLACES: tuple[Command, ...] = tuple(
    Command(
        f"{scope}.keep",
        "asterisk",
        "Keep",
        text,
        scope,
        "go('keep')" if scope == "tokens" else "keep",
        footer=scope != "tokens",
        group=group,
    )
    for scope, (group, text) in _HELP.items()
)
"""Where a sample is shown, beside Play and the sample's own screen."""


def _file(
    scope: str, group: str, *rows: tuple[str, str, str, str], typing: frozenset[str] = frozenset({"write"})
) -> tuple[Command, ...]:
    """Rows of (name, keys, title, help), shown in the key bar; the name is also the action's."""
    return tuple(
        Command(f"{scope}.{name}", keys, title, text, scope, name, footer=True, typing=name in typing, group=group)
        for name, keys, title, text in rows
    )


EXPORT = _file(
    "example_export",
    "Exporting examples",
    ("write", "ctrl+j,ctrl+enter", "Write", "Write the file; one that is there is replaced only if you say so."),
    ("path", "i", "File", "Type the file's path; tab completes it."),
    ("verdicts", "v", "Which", "Gold alone, gold and candidates, or all of them."),
    ("system", "p", "System", "Type a system prompt for every line of a chat format."),
    ("a_set", "s", "A set", "Export a set in its order, or the examples you came from."),
    ("copy", "y", "Copy", "Copy the file's text."),
)

IMPORT = _file(
    "example_import",
    "Importing examples",
    ("write", "ctrl+j,ctrl+enter", "Import", "Add the rows as examples: all of them, or none."),
    ("path", "i,slash", "File", "Type the file's path; tab completes it."),
    ("columns", "m", "Columns", "Say which column is the input, the output, the label."),
    ("form", "f", "Format", "Read the file as another format."),
    ("verdict", "v", "Verdict", "Which verdict the rows get, or that their own column says it."),
    ("tags", "t", "Tags", "Tags that every one of them gets."),
    ("twins", "d", "Duplicates", "Leave out rows whose input and output, or input alone, is there; or none."),
    ("skip", "x", "Skip bad", "Leave out the rows that cannot be read, or refuse the file for them."),
    ("only", "o", "Only trouble", "List only rows that are bad or left out, or all of them."),
)

COMMANDS: tuple[Command, ...] = (*DIALOG, *PLACES, *EXPORT, *IMPORT)
