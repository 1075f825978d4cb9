"""The commands of the Jobs pane. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command

Row = tuple[str, str, str, str]


def _table(group: str, part: str, *rows: Row) -> tuple[Command, ...]:
    """Rows of (name, keys, title, help) whose action is a method of a part of the pane, named like the command."""
    return tuple(
        Command(f"jobs.{name}", keys, title, text, "jobs", f"in_part('{part}', '{name}')", footer=True, group=group)
        for name, keys, title, text in rows
    )


LISTING = _table(
    "Jobs",
    "listing",
    ("filter", "slash", "Filter", "Show some: words, state:failed, group:lr, queue:q, on:slurm, -state:finished."),
    ("cycle", "v", "Show", "Show what has not ended alone, what failed, or all."),
    ("sort", "s", "Sort", "Choose the order of the list."),
    ("fold", "z", "Fold", "Fold a sweep to one line, or unfold it."),
    ("fold_all", "Z", "Fold all", "Fold every sweep, or unfold all."),
    ("clear", "escape", "Back", "Back to the list; there, unmark all, then take the filter away."),
)

DOING = _table(
    "One job, or the marked ones",
    "do",
    ("kill", "x", "End", "End the marked jobs, or this one, and all that they started: politely, then for sure."),
    ("pause", "p", "Pause", "Stop this job for a while, or let it go on."),
    ("restart", "r", "Restart", "Run the command again at once, as a new job; what still runs is ended first."),
    ("requeue", "R", "Requeue", "Put an ended job at the end of the queue again."),
    ("earlier", "K", "Earlier", "One place earlier in the queue."),
    ("later", "J", "Later", "One place later in the queue."),
    ("queues", "Q", "Queues", "How many run at once, which GPUs they may take, pause a queue."),
    ("yank", "y", "Yank", "Copy the command of this job."),
)

OPENING = _table(
    "From the jobs",
    "go",
    ("new", "n", "New", "Start a job, or a sweep of them."),
    ("clone", "c", "Clone", "A new job like this one, with something changed."),
    ("log", "o", "Log", "The log: follow, search, first error, marks."),
    ("charts", "C", "Charts", "The curves of the marked jobs, or of this one, in one picture."),
    ("compare", "M", "Compare", "What differs between the marked jobs: arguments, code, metrics."),
    ("busy", "B", "Busy", "When the machines worked and when they stood idle, and why."),
    ("finetune", "T", "Finetune", "Finetune a model on an example set: file checked, cost estimated, ladder asked."),
    ("digest", "D", "Digest", "What ended in the last day, and what to look at first."),
)

COMMANDS: tuple[Command, ...] = (*LISTING, *DOING, *OPENING)
