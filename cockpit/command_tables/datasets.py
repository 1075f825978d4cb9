"""The commands of the screens on labelled data: list, rows, import, split, subset, leaks. Data only: no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command

TYPING = frozenset({"dataset_import.start", "dataset_split.apply"})
HIDDEN = frozenset({"dataset_import.column_before", "dataset_import.clear"})
ACTIONS = {
    "dataset_import.column": "column(1)",
    "dataset_import.column_before": "column(-1)",
    "dataset_import.clear": "column(0)",
    "dataset_import.skip": "switch('skip_bad')",
    "dataset_import.extend": "switch('extend')",
    "dataset_import.path": "go('path')",
    "dataset_import.name": "go('name')",
    "dataset_split.stratify": "switch('stratify')",
    "dataset_split.groups": "switch('groups')",
    "dataset_split.anew": "switch('anew')",
    "dataset_split.shares": "go('shares')",
    "dataset_split.seed": "go('seed')",
    "dataset_take.size": "go('n')",
    "dataset_take.seed": "go('seed')",
}


def _table(scope: str, group: str, *rows: tuple[str, str, str, str]) -> tuple[Command, ...]:
    """Rows of (name, keys, title, help); the name is also the action's, where ACTIONS does not say otherwise."""
    return tuple(
        Command(
            f"{scope}.{name}",
            keys,
            title,
            text,
            scope,
            ACTIONS.get(f"{scope}.{name}", name),
            footer=f"{scope}.{name}" not in HIDDEN,
            typing=f"{scope}.{name}" in TYPING,
            group=group,
        )
        for name, keys, title, text in rows
    )


LIST = _table(
    "datasets",
    "Datasets",
    ("add", "a", "Import", "Import labelled rows from a file or folder."),
    ("rows", "r", "Rows", "Look at the rows of this dataset; enter does the same."),
    ("split", "s", "Split", "Put the rows into examples, dev and test, by a seed."),
    ("take", "t", "Subset", "Take a nested subset: to Play's inputs, to examples, to a file."),
    ("leaks", "c", "Leaks", "Check whether rows of one split give away rows of another, and fix it."),
    ("remove", "d", "Remove", "Remove this dataset; says first what was made from it."),
    ("copy", "y", "Copy", "Copy what is said of this dataset as text."),
)

ROWS = _table(
    "dataset_rows",
    "Rows of a dataset",
    ("filter", "slash", "Filter", "Show rows whose texts or label have these words."),
    ("turn", "v", "Split", "Show the rows of the next split, of none, or all."),
    ("keep", "asterisk", "Example", "Make the marked rows, or this one, gold or candidate examples."),
    ("mark_all", "M", "Mark all", "Mark every row that is listed, or unmark all."),
    ("take", "t", "Subset", "Take a nested subset: to Play's inputs, to examples, to a file."),
    ("copy", "y", "Copy", "Copy this row's input and output."),
)

IMPORT = _table(
    "dataset_import",
    "Import a dataset",
    ("start", "ctrl+j,ctrl+enter", "Import", "Import the file as it is shown; all rows or none."),
    ("column", "l,right", "Next column", "Take the next column for this field; h takes the one before."),
    ("column_before", "h,left", "Column before", "Take the column before for this field."),
    ("pick", "enter,c", "Choose column", "Choose the column for this field from a list."),
    ("clear", "x", "No column", "Leave this field empty."),
    ("format", "f", "Format", "Say what the file is, where it was not told right."),
    ("skip", "s", "Skip bad", "Leave out bad rows instead of refusing the file, or refuse it again."),
    ("extend", "plus", "Add to it", "Add the rows that are new to the dataset of that name, or do not."),
    ("path", "i", "File", "Type the file's path; tab completes it."),
    ("name", "n", "Name", "Type the dataset's name."),
)

SPLIT = _table(
    "dataset_split",
    "Split a dataset",
    ("apply", "ctrl+j,ctrl+enter", "Split", "Put the rows into their splits as shown."),
    ("stratify", "b", "By label", "Give each split its exact share of each label, or leave it to chance."),
    ("groups", "o", "Groups", "Keep rows of one group on one side, or part them."),
    ("anew", "a", "Anew", "Split every row anew, or let rows that have a split keep it."),
    ("shares", "i", "Shares", "Type the splits and their shares."),
    ("seed", "s", "Seed", "Type another seed."),
)

TAKE = _table(
    "dataset_take",
    "Subset of a dataset",
    ("to_play", "p", "To Play", "Run Play's prompt over these rows."),
    ("to_examples", "asterisk", "Examples", "Make these rows gold or candidate examples."),
    ("write", "w", "Write", "Write these rows to a file of JSONL."),
    ("turn", "v", "Split", "Take from the next split, or from all rows."),
    ("size", "i", "Size", "Type how many rows."),
    ("seed", "s", "Seed", "Type another seed: another order."),
    ("stratify", "b", "By label", "Keep labels in proportion at every size, or leave it to chance."),
)

LEAKS = _table(
    "dataset_leaks",
    "Leaks of a dataset",
    ("fix", "x", "Fix", "Take the fewest leaking rows out of their split; says which before it does."),
    ("kind", "v", "Kind", "Show leaks of the next kind alone, or all."),
    ("near", "t", "Threshold", "Say from what likeness on two texts are near copies, and check again."),
    ("again", "r", "Check again", "Check the dataset as it is now."),
    ("copy", "y", "Copy", "Copy the leaks that are listed as text."),
)

COMMANDS: tuple[Command, ...] = (*LIST, *ROWS, *IMPORT, *SPLIT, *TAKE, *LEAKS)
