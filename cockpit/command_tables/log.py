"""The commands of the Log pane and of the screen that edits an entry. Data only: no Textual, no behaviour."""

from __future__ import annotations

from cockpit.command_tables.command import Command

SHOWN = frozenset({"check", "trace", "history"})
"""Commands that show something about the entry in its place."""


def _pane(name: str, keys: str, title: str, text: str) -> Command:
    action = f"show_entry('{name}')" if name in SHOWN else f"{name}_entry"
    return Command(f"log.{name}", keys, title, text, "log", action, footer=True, group="Log")


def _edit(name: str, keys: str, title: str, text: str) -> Command:
    return Command(
        f"log-edit.{name}", keys, title, text, "log-edit", name, footer=True, typing=True, group="Writing an entry"
    )


COMMANDS: tuple[Command, ...] = (
    _pane("new", "n", "New", "Write an entry about nothing in particular; ctrl+l writes about what is in front."),
    _pane("edit", "e", "Edit", "Edit this entry; every edit is kept."),
    _pane("check", "c", "Check", "Would a stranger understand it? What is missing, and what the database can fill in."),
    _pane("trace", "t", "Trace", "Work out every figure of the entry again from the samples and metrics it cites."),
    _pane("history", "h", "History", "Every edit of this entry, the latest first."),
    _pane("yank", "y", "Yank", "Copy the entry as Markdown."),
    _pane("filter", "slash", "Search", "Show the entries that say these words."),
    _pane("clear", "escape", "All", "Back to the list; there, take the search away."),
    _edit("submit", "ctrl+j,ctrl+enter", "Save", "Save the entry."),
    _edit("fill", "ctrl+g", "Fill in", "Put what a stranger would miss and the database knows into the entry."),
    _edit("discard", "ctrl+r", "Throw away", "Throw this draft away; what was saved before stays."),
)
