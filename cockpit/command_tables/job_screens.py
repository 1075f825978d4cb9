"""The commands of the screens opened from the Jobs pane. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command


def _table(scope: str, group: str, *rows: tuple[str, str, str, str]) -> tuple[Command, ...]:
    """Rows of (name, keys, title, help), shown in the key bar; the name is also the action's."""
    return tuple(
        Command(f"{scope}.{name}", keys, title, text, scope, name, footer=True, group=group)
        for name, keys, title, text in rows
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

COMMANDS: tuple[Command, ...] = (*CHARTS,)
