"""The Log pane: entries, newest first, and one of them to read, check, trace and edit. It arranges."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from cockpit.command_tables.app import PANES
from cockpit.command_tables.command import Command
from cockpit.commands import by_id
from cockpit.log_drafts import local_day
from cockpit.screens.base import PaneScreen
from cockpit.screens.log_do import do, edit
from cockpit.screens.log_edit import blank_draft, write_daily
from cockpit.screens.log_list import Key, Listed, about_parts, day_parts, read_listed
from cockpit.screens.log_looks import whole
from cockpit.screens.play_status import top_parts
from cockpit.store.entry_drafts import OpenDraft
from cockpit.store.log import Entry, get_entry
from widgets.field import Field
from widgets.row_list import ListColumn, RowList
from widgets.text_view import TextView
from widgets.top_bar import TopBar

FOOT = (
    *("log.new", "log.edit", "log.filter", "log.check", "log.trace", "log.history", "log.yank", "log.daily"),
    *("log.steps", "log.predictions", "log.weekly", "log.pace", "log.papers", "log.slack", "app.palette", "app.help"),
)
TYPED_S = 0.1
HINT = "words  idea:x  tag:x  model:x  kind:daily  since:2026-11  cites:run:12"
OPENED = {
    "steps": "cockpit.screens.log_steps:LogStepsScreen",
    "weekly": "cockpit.screens.log_weekly:LogWeeklyScreen",
    "pace": "cockpit.screens.log_pace:LogPaceScreen",
    "papers": "cockpit.screens.log_papers:LogPapersScreen",
    "predictions": "cockpit.screens.log_predictions:LogPredictionsScreen",
}
"""Screens opened from here, as module:class."""
NEEDS_ENTRY = frozenset({"show_entry", "yank_entry"})


class LogScreen(PaneScreen[None]):
    """The research log: a list, and beside it an entry."""

    scope: ClassVar[str] = "log"
    pane_title: ClassVar[str] = "Log"
    AUTO_FOCUS = "#rows"
    DEFAULT_CSS = """
    LogScreen #about, LogScreen #filter { height: 1; background: $background; padding: 0 1; }
    LogScreen #filter { display: none; }
    LogScreen #work { layout: horizontal; height: 1fr; }
    LogScreen .box {
        border: round $foreground 22%; background: $background; padding: 0 1; border-title-color: $text-muted;
    }
    LogScreen .box:focus { border: round $accent; border-title-color: $text-accent; border-title-style: bold; }
    LogScreen #rows { width: 2fr; height: 1fr; padding: 0; }
    LogScreen #entry { width: 3fr; height: 1fr; }
    LogScreen.-narrow #work { layout: vertical; }
    LogScreen.-narrow #rows, LogScreen.-narrow #entry { width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
        self.listed = Listed()
        self._words = ""
        self._typed: Timer | None = None
        self._want: Key | None = None

    def compose_body(self) -> ComposeResult:
        """Counts, search, list beside the entry."""
        yield TopBar(id="about")
        yield Field("/", id="filter", hint=HINT)
        with Horizontal(id="work"):
            columns = (ListColumn("day", 10, quiet=True), ListColumn("entry"), ListColumn("idea", 14, quiet=True))
            empty = ("The log keeps what experiments taught.", "ctrl+l anywhere writes about what is in front; n here.")
            yield RowList(columns, empty=empty, id="rows", classes="box")
            yield TextView(markdown=True, id="entry", classes="box")

    def on_mount(self) -> None:
        """Name the parts."""
        self.query_one("#rows").border_title = Content("entries")

    def on_screen_resume(self) -> None:
        """Read the list again: entries are written from everywhere. Textual calls this beside the base's own."""
        panes = [(pane.number, pane.title) for pane in PANES]
        bar = self.query_one("#top-bar", TopBar)
        bar.show(top_parts(self.cockpit.project, panes, self.pane_title, self.cockpit.badge))
        self.refresh_list()

    def refresh_list(self, want: Key | None = None) -> None:
        """Read and show the entries; the cursor goes to a wanted one, else stays."""
        self._want = want or self._want
        read: Any = self._read  # A coroutine that is replaced before it starts would be reported as never awaited.
        self.run_worker(read, group="read", exclusive=True, exit_on_error=False)

    async def _read(self) -> None:
        store, project, words = self.services.store, self.cockpit.project, self._words
        here = self._want or self._here
        self.listed = await asyncio.to_thread(lambda: read_listed(store.read(), project, words))
        at = None if here is None else self.listed.place(here)
        self._want = None
        if at is not None:
            self._rows.cursor = at
        self._rows.show_from(len(self.listed), self.listed.rows)
        if at is not None:
            self._rows.show_line(at + 1)
        self._moved()

    @property
    def _rows(self) -> RowList:
        return self.query_one("#rows", RowList)

    @property
    def _here(self) -> Key | None:
        row = self._rows.current
        return None if row is None else row.key  # type: ignore[return-value]

    async def whole(self) -> Entry | OpenDraft | None:
        """What is under the cursor, with its text."""
        here, store = self._here, self.services.store
        if here is None or here[0] == "draft":
            return None if here is None else self.listed.draft(here[1])
        number = int(here[1])
        return await asyncio.to_thread(lambda: get_entry(store.read(), number))

    async def _look(self) -> None:
        store, one = self.services.store, await self.whole()
        if isinstance(one, Entry):
            text = await asyncio.to_thread(lambda: whole(store.read(), one))
            self.say(f"entry {one.id}", text)
        elif one is not None:
            self.say("a draft, not saved", f"# {one.draft.title or '(no title)'}\n\n{one.draft.body}")
        else:
            self.say("", "")
        day = "" if one is None else one.draft.day
        strip = day_parts(self.listed.days, local_day(self.services.clock()), day)
        self.query_one("#about", TopBar).show(about_parts(self.listed), strip)

    def say(self, title: str, text: str) -> None:
        """Show a text beside the list."""
        view = self.query_one("#entry", TextView)
        view.border_title = Content(title)
        view.show(text)

    # What the app asks

    def footer_commands(self) -> list[Command]:
        """The pane's keys, or those of typing."""
        if self.typing:
            return [by_id(name) for name in ("app.escape", "app.palette", "app.help")]
        return [by_id(name) for name in FOOT]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that mean something now."""
        if action in NEEDS_ENTRY and not (parameters and parameters[0] in ("daily", *OPENED)):
            return self._here is not None and self._here[0] == "entry"
        if action == "edit_entry":
            return self._here is not None
        if action == "clear_entry":
            return not self.typing and bool(self._words)
        return super().check_action(action, parameters)

    def stop_typing(self) -> None:
        """The list takes the keyboard."""
        self._rows.focus()
        self.query_one("#filter").display = bool(self._words)

    def jump_targets(self) -> Mapping[str, Widget]:
        """A letter for each part."""
        return {"l": self._rows, "e": self.query_one("#entry")}

    # Messages and actions

    def on_field_changed(self, event: Field.Changed) -> None:
        """Search while typing."""
        self._words = event.value
        if self._typed is not None:
            self._typed.stop()
        self._typed = self.set_timer(TYPED_S, self.refresh_list)

    @on(Field.Submitted)
    def _submitted(self) -> None:
        self.stop_typing()

    @on(RowList.Moved)
    def _moved(self) -> None:
        look: Any = self._look
        self.run_worker(look, group="look", exclusive=True, exit_on_error=False)
        self.refresh_bindings()

    @on(RowList.Opened)
    def _opened(self) -> None:
        if self._here is not None and self._here[0] == "draft":
            self.action_edit_entry()
        else:
            self.query_one("#entry").focus()

    def action_filter_entry(self) -> None:
        """Search."""
        field = self.query_one("#filter", Field)
        field.display = True
        field.focus()

    def action_clear_entry(self) -> None:
        """Show all again."""
        self._words = self.query_one("#filter", Field).value = ""
        self.stop_typing()
        self.refresh_list()

    def action_new_entry(self) -> None:
        """Write an entry from nothing."""
        edit(self, blank_draft(self.cockpit))

    def action_edit_entry(self) -> None:
        """Edit the entry, or go on with the draft."""
        self.run_worker(do(self, "edit"), group="do", exclusive=True, exit_on_error=False)

    def action_yank_entry(self, form: str) -> None:
        """Copy it as Markdown or as Slack writes it, or post it."""
        self.run_worker(
            do(self, "post" if form == "post" else "yank", form), group="do", exclusive=True, exit_on_error=False
        )

    def action_show_entry(self, name: str) -> None:
        """Show lines about the entry in its place, until the cursor moves; or open a screen."""
        if name == "daily":
            self.app.run_worker(write_daily(self.cockpit), group="write", exit_on_error=False)
        elif name in OPENED:
            module, kind = OPENED[name].split(":")
            self.app.push_screen(getattr(import_module(module), kind)())
        else:
            self.run_worker(do(self, "show", name), group="do", exclusive=True, exit_on_error=False)
