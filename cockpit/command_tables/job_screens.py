"""The commands of the screens opened from the Jobs pane. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command

TYPING = frozenset({"submit", "discard", "next", "before"})
"""Names of commands that work while a line is typed."""


def _table(scope: str, group: str, *rows: tuple[str, str, str, str]) -> tuple[Command, ...]:
    """Rows of (name, keys, title, help), shown in the key bar; the name is also the action's."""
    return tuple(
        Command(f"{scope}.{name}", keys, title, text, scope, name, footer=True, typing=name in TYPING, group=group)
        for name, keys, title, text in rows
    )


NEW = _table(
    "job-new",
    "A new job",
    ("submit", "ctrl+j,ctrl+enter", "Start", "Start the job, or put it into its queue; enter does the same."),
    ("discard", "ctrl+r", "Empty", "Empty every line."),
    ("next", "tab,down", "Next line", "To the next line."),
    ("before", "shift+tab,up", "Line before", "To the line before."),
)


DETAIL = _table(
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

CHARTS = _table(
    "job-charts",
    "Curves of jobs",
    ("left", "m", "Left", "Another quantity in the left picture."),
    ("right", "M", "Right", "Another quantity in the right picture."),
    ("across", "x", "Across", "Against steps, seconds, or the order of the points."),
    ("log_y", "y", "Log y", "Heights on a logarithmic scale, or not."),
    ("log_x", "X", "Log x", "The x axis on a logarithmic scale, or not."),
    ("chance", "c", "Chance", "What guessing among k labels would give, as a line."),
)

LOG = _table(
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

COMPARE = _table(
    "job-compare",
    "Jobs side by side",
    ("order", "s", "Sort", "Sort the jobs by the line under the cursor, the best first."),
    ("charts", "C", "Curves", "Their curves in one picture."),
    ("left", "h,left", "Left", "Jobs further left."),
    ("right", "l,right", "Right", "Jobs further right."),
    ("copy", "y", "Yank", "Copy the table as Markdown."),
)

BUSY = _table("job-busy", "Busy", ("again", "r", "Again", "Read again."))

DIGEST = _table("job-digest", "The digest", ("copy", "y", "Yank", "Copy it as text."))

COMMANDS: tuple[Command, ...] = (*NEW, *DETAIL, *CHARTS, *LOG, *COMPARE, *BUSY, *DIGEST)
