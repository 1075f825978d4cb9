"""Panes, and the commands that work everywhere. Data only: a new pane is one line in PANES."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.command_tables.command import Command


@dataclass(frozen=True, slots=True)
class Pane:
    """A place in the app: its mode's name and where its screen's class is found, as 'module:Class'."""

    number: int
    id: str
    title: str
    key: str
    path: str


PANES: tuple[Pane, ...] = (Pane(1, "play", "Play", "f2", "cockpit.screens.play:PlayScreen"),)


def _pane_command(pane: Pane) -> Command:
    return Command(
        id=f"app.{pane.id}",
        keys=f"{pane.key},{pane.number}",
        title=pane.title,
        help=f"Go to the {pane.title} pane.",
        scope="app",
        action=f"pane('{pane.id}')",
        typing=True,
        group="Panes",
    )


COMMANDS: tuple[Command, ...] = (
    *(_pane_command(pane) for pane in PANES),
    Command(
        "app.palette",
        "ctrl+p",
        "Commands",
        "Find any command by name and run it.",
        "app",
        "palette",
        footer=True,
        typing=True,
        group="Everywhere",
    ),
    Command(
        "app.help",
        "f1,question_mark",
        "Keys",
        "Show every key that works here.",
        "app",
        "help",
        footer=True,
        typing=True,
        group="Everywhere",
    ),
    Command(
        "app.jump",
        "ctrl+o",
        "Jump",
        "Put a letter on each part of the screen; press it to go there.",
        "app",
        "jump",
        typing=True,
        group="Everywhere",
    ),
    Command(
        "app.next_part", "tab", "Next part", "Move to the next part of the screen.", "app", "focus_next", group="Moving"
    ),
    Command(
        "app.previous_part",
        "shift+tab",
        "Previous part",
        "Move to the previous part of the screen.",
        "app",
        "focus_previous",
        group="Moving",
    ),
    Command(
        "app.escape",
        "escape",
        "Moving",
        "Stop typing, so that letters are commands; on a screen opened from a pane, go back.",
        "app",
        "escape",
        group="Moving",
    ),
    Command(
        "app.editor",
        "ctrl+e",
        "Editor",
        "Edit the text you are typing in $VISUAL or $EDITOR.",
        "app",
        "editor",
        typing=True,
        group="Everywhere",
    ),
    Command(
        "app.cancel",
        "ctrl+c",
        "Cancel",
        "Cancel what is running on this screen; never quits.",
        "app",
        "cancel",
        typing=True,
        group="Everywhere",
    ),
    Command("app.theme", "", "Theme", "Choose the colours, with a live preview.", "app", "theme", group="Everywhere"),
    Command("app.leave", "q", "Leave", "Go back; from a pane, quit.", "app", "leave", group="Everywhere"),
    Command(
        "app.quit",
        "ctrl+q",
        "Quit",
        "Quit; asks first only if something is running.",
        "app",
        "quit",
        typing=True,
        group="Everywhere",
    ),
)
