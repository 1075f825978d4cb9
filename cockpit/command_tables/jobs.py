"""The commands of the Jobs pane and of the screens opened from it. Data only: no Textual, no behaviour."""

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

TYPING = frozenset({"submit", "discard", "next", "before"})
"""Names of commands that work while a line is typed."""


def _screen_table(scope: str, group: str, *rows: tuple[str, str, str, str]) -> tuple[Command, ...]:
    """Rows of (name, keys, title, help), shown in the key bar; the name is also the action's."""
    return tuple(
        Command(f"{scope}.{name}", keys, title, text, scope, name, footer=True, typing=name in TYPING, group=group)
        for name, keys, title, text in rows
    )


NEW = _screen_table(
    "job-new",
    "A new job",
    ("submit", "ctrl+j,ctrl+enter", "Start", "Start the job, or put it into its queue; enter does the same."),
    ("discard", "ctrl+r", "Empty", "Empty every line."),
    ("next", "tab,down", "Next line", "To the next line."),
    ("before", "shift+tab,up", "Line before", "To the line before."),
)


DETAIL = _screen_table(
    "job-detail",
    "One job",
    ("log", "o", "Log", "The log on the whole screen: search, first error, marks."),
    ("charts", "C", "Curves", "The curves on the whole screen: zoom, smoothing, exact values."),
    ("kill", "x", "End", "End this job and all that it started."),
    ("restart", "r", "Restart", "Run the command again, as a new job."),
    ("diff", "d", "Diff", "The changes that were not committed when it started."),
    ("quantity", "m", "Quantity", "Another quantity in the left picture."),
    ("chance", "c", "Chance", "What guessing among k labels would give, as a line."),
    ("copy", "y", "Yank", "Copy the command."),
)

CHARTS = _screen_table(
    "job-charts",
    "Curves of jobs",
    ("left", "m", "Left", "Another quantity in the left picture."),
    ("right", "M", "Right", "Another quantity in the right picture."),
    ("across", "x", "Across", "Against steps, seconds, or the order of the points."),
    ("log_y", "y", "Log y", "Heights on a logarithmic scale, or not."),
    ("log_x", "X", "Log x", "The x axis on a logarithmic scale, or not."),
    ("chance", "c", "Chance", "What guessing among k labels would give, as a line."),
)

LOG = _screen_table(
    "job-log",
    "The log of a job",
    ("search", "slash", "Find", "Find words, from here on; what stands around them stays."),
    ("next_hit", "n", "Next", "To the next line with the words."),
    ("previous_hit", "N", "Before", "To the line before with the words."),
    ("error", "e", "First error", "To the first line that says that something went wrong."),
    ("next_error", "E", "Next error", "To the next such line below."),
    ("wrap", "w", "Wrap", "Break long lines, or not; h and l go sideways."),
    ("mark", "m", "Mark", "Put a mark with the time on this line, or take it away."),
    ("marks", "apostrophe", "Marks", "Go to a mark."),
    ("go_to", "percent_sign", "Go to", "Go to a place by its share of the log."),
    ("copy", "y", "Yank", "Copy this line."),
    ("save", "S", "Save", "Write the log to a new file."),
)

COMPARE = _screen_table(
    "job-compare",
    "Jobs side by side",
    ("order", "s", "Sort", "Sort the jobs by the line under the cursor, the best first."),
    ("charts", "C", "Curves", "Their curves in one picture."),
    ("left", "h,left", "Left", "Jobs further left."),
    ("right", "l,right", "Right", "Jobs further right."),
    ("copy", "y", "Yank", "Copy the table as Markdown."),
)

BUSY = _screen_table("job-busy", "Busy", ("again", "r", "Again", "Read again."))

DIGEST = _screen_table("job-digest", "The digest", ("copy", "y", "Yank", "Copy it as text."))

SCREENS: tuple[Command, ...] = (*NEW, *DETAIL, *CHARTS, *LOG, *COMPARE, *BUSY, *DIGEST)

COMMANDS: tuple[Command, ...] = (*LISTING, *DOING, *OPENING, *SCREENS)
