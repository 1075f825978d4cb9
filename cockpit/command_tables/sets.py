"""The commands of the screens of example sets and of whether they help. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command

Row = tuple[str, str, str, str]


def _table(scope: str, group: str, *rows: Row) -> tuple[Command, ...]:
    """Rows of (name, keys, title, help); the action is `act` with the name."""
    return tuple(
        Command(f"{scope}.{name}", keys, title, text, scope, f"act('{name}')", footer=True, group=group)
        for name, keys, title, text in rows
    )


SETS = _table(
    "sets",
    "Sets",
    ("edit", "e,enter", "Edit", "Change the set: its examples, their order, the template."),
    ("new", "n", "New", "Name a new set and fill it."),
    ("use", "p", "To Play", "Have Play send the whole set, at its newest version."),
    ("fill", "F", "Fill", "Choose how much of the set Play sends, with a dry run."),
    ("curve", "C", "Does it help?", "Score against the number of examples of this set."),
    ("finetune", "T", "Finetune", "Finetune a model on this set: file checked, cost estimated, ladder asked."),
    ("versions", "V", "Versions", "What changed from version to version; restore one."),
    ("copy", "y", "Yank", "Copy the block as it is sent."),
    ("spaces", "v", "Spaces", "Show spaces and ends of lines in the preview, or do not."),
    ("discard", "Z", "Discard", "Forget the unsaved changes of the set."),
)

SET = _table(
    "set",
    "One set",
    ("add", "a", "Add", "Choose examples to add from those that are not in the set; typing narrows the list."),
    ("down", "J,shift+down", "Move down", "Move the marked examples, or this one, a place down."),
    ("up", "K,shift+up", "Move up", "Move the marked examples, or this one, a place up."),
    ("save", "w", "Save", "Save the set as a new version; earlier ones stay as they are."),
    ("use", "p", "To Play", "Have Play send the whole set; what is not saved is saved first, if you say so."),
    ("remove", "d", "Remove", "Take the marked examples, or this one, out of the set; they stay examples."),
    ("undo", "u", "Undo", "Take back the last change, one step at a time."),
    ("redo", "U", "Redo", "Make the change again that was taken back."),
    ("kind", "t", "Template", "Choose how an example is written: pairs, turns, xml or custom."),
    ("edit", "i,e", "Edit template", "Type the template's labels, separator or body."),
    ("spaces", "v", "Spaces", "Show spaces and ends of lines in the preview, or do not."),
    ("move_to", "m", "Move to", "Move the marked examples, or this one, to a place by its number."),
    ("shuffle", "s", "Shuffle", "Put the set in the order of a seed: the same on any machine."),
    ("add_gold", "A", "Add gold", "Add every gold example that is not in the set."),
    ("versions", "V", "Versions", "What changed from version to version; restore one."),
    ("renew", "r", "Take edits", "Take the texts of examples that were edited since they were put in."),
    ("read", "o,enter", "Read", "Read this example whole."),
    ("model_before", "left_square_bracket", "Model before", "Show each example's tokens for the model before."),
    ("model_after", "right_square_bracket", "Model after", "Show each example's tokens for the next model."),
    ("mark_all", "M", "Mark all", "Mark every example of the set, or unmark all."),
    ("copy", "y", "Yank", "Copy the block as it is sent."),
    ("discard", "Z", "Discard", "Back to the version that was saved last; u brings the changes back."),
)

VERSIONS = _table(
    "set_versions",
    "Versions of a set",
    (
        "restore",
        "enter,r",
        "Restore",
        "Put this version in the place of what is being edited; w saves it as a new one.",
    ),
    ("against", "d", "Against", "Compare with the version before it, or with the set as it is now."),
    ("sent", "b", "Block", "Read the block as this version sends it."),
    ("copy", "y", "Yank", "Copy what changed as text."),
)


def _curve(name: str, keys: str, title: str, text: str, *, footer: bool = True) -> Command:
    return Command(f"curve.{name}", keys, title, text, "curve", name, footer=footer, group="Does it help?")


CURVE: tuple[Command, ...] = (
    _curve("send", "ctrl+j,ctrl+enter", "Run", "Send what is planned, score it, and draw it as it comes."),
    _curve("ask", "a", "Settings", "Back to what is asked; a narrow terminal hides it while there are numbers."),
    _curve("curve", "c", "Curve", "Score against k = 0, 1, 2, 4, 8 … examples."),
    _curve("each", "w", "Each one", "What each example does: the score with it less the score without it."),
    _curve("orders", "o", "Orders", "What the order of the same examples does to the score."),
    _curve("earlier", "e", "Earlier", "Open an earlier experiment with its numbers as they were stored."),
    _curve("use", "p", "Into Play", "Have Play send with the best number of examples."),
    _curve("model_before", "left_square_bracket", "Model before", "The numbers of the model before.", footer=False),
    _curve("model_after", "right_square_bracket", "Model after", "The numbers of the model after.", footer=False),
    _curve("copy", "y", "Copy", "Copy the table as text.", footer=False),
)

COMMANDS: tuple[Command, ...] = (*SETS, *SET, *VERSIONS, *CURVE)
