"""The commands of the Examples pane. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command

Row = tuple[str, str, str, str]
TYPING = frozenset({"save"})


def _table(group: str, part: str, *rows: Row) -> tuple[Command, ...]:
    """Rows of (name, keys, title, help) whose action is a method of a part of the pane, named like the command."""
    return tuple(
        Command(
            f"examples.{name}",
            keys,
            title,
            text,
            "examples",
            f"in_part('{part}', '{name}')",
            footer=True,
            typing=name in TYPING,
            group=group,
        )
        for name, keys, title, text in rows
    )


JUDGING = _table(
    "Judging",
    "judge",
    ("gold", "g", "Gold", "Make the marked examples, or this one, gold and go to the next to judge. Home: first line."),
    ("candidate", "c", "Candidate", "Make the marked examples, or this one, candidates: still to be judged."),
    ("rejected", "x", "Reject", "Reject the marked examples, or this one, and go to the next to judge."),
    ("reason", "r", "Reason", "Say why the marked examples, or this one, have their verdict."),
    ("reason_last", "R", "Reason of last", "Say why what you judged last got its verdict."),
    ("tags", "t", "Tags", "Change the tags of the marked examples, or of this one."),
    ("note", "n", "Note", "Write a note on the marked examples, or on this one."),
    ("label", "l", "Label", "Change the label of the marked examples, or of this one."),
    ("group", "T", "Group", "Tie examples together that must stay on one side of a split."),
    ("remove", "d", "Remove", "Remove the marked examples, or this one; u brings them back."),
    ("undo", "u", "Undo", "Take back the last change: verdicts, edits, removals, one step at a time."),
    ("redo", "U", "Redo", "Carry out again what was taken back."),
)

WRITING = _table(
    "Writing examples",
    "write",
    ("add", "a", "Add", "Write an example by hand: its input, its output, a label if it has one."),
    ("edit_input", "i", "Edit input", "Edit this example, beginning with its input."),
    ("edit", "e", "Edit output", "Edit this example, beginning with its output."),
    ("save", "ctrl+j,ctrl+enter", "Save", "Save the example; after a new one, begin the next."),
    ("discard", "Z", "Discard", "Throw away the unsaved text of this example, or of the new one."),
)

LISTING = _table(
    "The list",
    "narrow",
    ("filter", "slash", "Filter", "Show some: words, is:gold, tag:hard, label:yes, group:a, from:row, -tag:easy."),
    ("cycle", "v", "Show", "Show candidates, gold, rejected or duplicates alone, or all."),
    ("sort", "s", "Sort", "Choose the order of the list."),
    ("mark_all", "M", "Mark all", "Mark every example that is listed, or unmark all."),
    ("clear", "escape", "Back", "Back to the list; there, unmark all, then take the filter away."),
)

LOOKING = _table(
    "This example",
    "look",
    ("model_of", "m", "Model", "Choose the model whose tokens are counted."),
    ("history", "H", "Edits", "What this example said before each of its edits."),
    ("source", "o", "Source", "Open the sample that this example came from."),
    ("yank", "y", "Yank", "Copy this example's input and output."),
)

OPENING = _table(
    "From the examples",
    "go",
    ("sets", "S", "Sets", "Named, ordered sets of examples; those marked here can be added."),
    ("fill", "F", "Fill", "Choose which examples go into Play's prompt, as many as fit."),
    ("datasets", "D", "Datasets", "Labelled data: import, split, check for leaks."),
    ("curve", "C", "Does it help?", "Score against the number of examples, and which of them help."),
    ("export", "X", "Export", "Write the marked examples, or all that are listed, to a file."),
    ("import_from", "I", "Import", "Read examples from a file."),
)

NEXT = Command(
    "examples.next", "tab", "Next part", "Move to the next part, or field.", "examples", "step(1)", group="The list"
)
BEFORE = Command(
    "examples.before",
    "shift+tab",
    "Part before",
    "Move to the part, or field, before.",
    "examples",
    "step(-1)",
    group="The list",
)

COMMANDS: tuple[Command, ...] = (*JUDGING, *WRITING, *LISTING, *LOOKING, *OPENING, NEXT, BEFORE)
