"""Panes, and the commands that work everywhere. Data only: a new pane is one line in PANES."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.command_tables.command import Command


@dataclass(frozen=True, slots=True)
class Pane:
    """A place in the app: its mode's name, and where its screen's class is found, as 'module:Class'."""

    number: int
    id: str
    title: str
    key: str
    path: str


PANES: tuple[Pane, ...] = (
    Pane(1, "play", "Play", "f2", "cockpit.screens.play:PlayScreen"),
    Pane(2, "examples", "Examples", "f3", "cockpit.screens.examples:ExamplesScreen"),
    Pane(4, "jobs", "Jobs", "f5", "cockpit.screens.jobs:JobsScreen"),
    Pane(5, "tokens", "Tokens", "f6", "cockpit.screens.tokens:TokensScreen"),
    Pane(6, "log", "Log", "f7", "cockpit.screens.log:LogScreen"),
)


def pane_command(pane: Pane) -> Command:
    """The command that goes to a pane: by its function key always, by its number while moving."""
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


def _app(name: str, keys: str, title: str, text: str, action: str = "", *, typing: bool = True) -> Command:
    """An app-wide command, carried out by the function of its name in `screens/shell.py` unless it says otherwise."""
    return Command(
        id=f"app.{name}",
        keys=keys,
        title=title,
        help=text,
        scope="app",
        action=action or f"do('{name}')",
        footer=name in ("palette", "help"),
        typing=typing,
        group="Everywhere",
    )


def _list(name: str, keys: str, title: str, text: str) -> Command:
    """A key of every list and text, carried out by the widget that has the keyboard."""
    return Command(id=name, keys=keys, title=title, help=text, scope="list", action="", group="Lists and texts")


def _chart(name: str, keys: str, title: str, text: str) -> Command:
    """A key of every chart, carried out by the chart that has the keyboard."""
    return Command(f"chart.{name}", keys, title, text, "chart", "", group="Charts")


EVERYWHERE: tuple[Command, ...] = (
    _app(
        "escape",
        "escape",
        "Stop typing",
        "Leave the text field; on a screen opened from a pane, go back.",
        typing=False,
    ),
    _app("next_part", "tab", "Next part", "Move to the next part of the screen.", "focus_next", typing=False),
    _app("previous_part", "shift+tab", "Part before", "Move to the part before.", "focus_previous", typing=False),
    _app("jump", "ctrl+o", "Jump", "Put a letter on each part of the screen; press it to go there."),
    _app("editor", "ctrl+e", "Editor", "Edit the text you are typing in $VISUAL or $EDITOR."),
    _app("write", "ctrl+l", "Log this", "Write an entry of the research log about what is in front of you."),
    _app("cancel", "ctrl+c", "Cancel", "Cancel what runs on this screen, or copy what is selected; never quits."),
    _app("theme", "", "Theme", "Choose the colours, with a live preview.", typing=False),
    _app("notifications", "", "Notifications", "Ring and notify when a long run ends, or do not.", typing=False),
    _app("ask_first", "", "Ask before runs", "Ask for a prediction before each run, or do not.", typing=False),
    _app(
        "mode", "", "Mode", "Explore, execute or write: what the header reminds you of in this project.", typing=False
    ),
    _app("leave", "q", "Leave", "Go back; from a pane, quit.", typing=False),
    _app("quit", "ctrl+q", "Quit", "Quit; asks first only if something is running.", "quit"),
    _app("palette", "ctrl+p", "Commands", "Find any command by name and run it."),
    _app("help", "f1,question_mark", "Keys", "Show every key that works here."),
)

LISTS: tuple[Command, ...] = (
    _list("view.down", "j,down", "Down", "One line down."),
    _list("view.up", "k,up", "Up", "One line up."),
    _list("view.half_down", "ctrl+d", "Half down", "Half a page down."),
    _list("view.half_up", "ctrl+u", "Half up", "Half a page up."),
    _list("view.page_down", "pagedown", "Page down", "A page down."),
    _list("view.page_up", "pageup", "Page up", "A page up."),
    _list("view.first", "g,home", "First", "To the first line."),
    _list("view.last", "G,end", "Last", "To the last line."),
    _list("list.open", "enter", "Open", "Open the row."),
    _list("list.mark", "space", "Mark", "Mark the row, or unmark it."),
)

CHARTS: tuple[Command, ...] = (
    _chart("left", "h,left", "Left", "To the point before; the values there stand below."),
    _chart("right", "l,right", "Right", "To the next point."),
    _chart("far_left", "H,shift+left", "Far left", "Ten points back."),
    _chart("far_right", "L,shift+right", "Far right", "Ten points on."),
    _chart("first", "g,home", "First", "To the first point."),
    _chart("last", "G,end", "Last", "To the last point; the cursor then follows new ones."),
    _chart("nearer", "plus", "Nearer", "See half as much of the x axis, around the cursor."),
    _chart("further", "minus", "Further", "See twice as much of it."),
    _chart("whole", "0", "Whole", "See all of it again."),
    _chart("fit", "f", "Fit", "Fit the heights to what is seen, or back to the range asked for."),
    _chart("smooth", "s", "Smooth", "Smooth more (exponential moving average), then not at all."),
)

COMMANDS: tuple[Command, ...] = (*(pane_command(pane) for pane in PANES), *EVERYWHERE, *LISTS, *CHARTS)
