"""The Log pane: entries, newest first, and one of them to read, check, trace and edit. It arranges."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from cockpit.core.log_refs import cited
from cockpit.core.report import as_slack
from cockpit.log_drafts import entry_gaps
from cockpit.log_figures import Traced, trace_all
from cockpit.screens.base import PaneScreen
from cockpit.screens.log_edit import LogEditScreen, blank_draft, gap_lines, new_session, write_daily
from cockpit.screens.play_status import top_parts
from cockpit.store.db import Database
from cockpit.store.entry_drafts import OpenDraft, list_drafts
from cockpit.store.log import Entry, days, list_entries, revisions
from cockpit.store.projects import find_project
from widgets.field import Field
from widgets.row_list import ListColumn, ListRow, RowList
from widgets.text_view import TextView
from widgets.top_bar import TopBar

FOOT = (
    *("log.new", "log.edit", "log.filter", "log.check", "log.trace", "log.history", "log.yank", "log.daily"),
    *("log.steps", "log.predictions", "log.slack", "app.palette", "app.help"),
)
MOST = 300
"""Entries that are listed at once; a search finds older ones."""
TYPED_S = 0.1
OPENED = {
    "steps": "cockpit.screens.log_steps:LogStepsScreen",
    "predictions": "cockpit.screens.log_predictions:LogPredictionsScreen",
}
"""Screens opened from here, as module:class."""
NEEDS_ENTRY = frozenset({"show_entry", "yank_entry"})


@dataclass(frozen=True)
class Listed:
    """What the list holds: drafts before entries, and how many entries there are in all."""

    drafts: Sequence[OpenDraft] = ()
    entries: Sequence[Entry] = ()
    total: int = 0


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
        self._listed = Listed()
        self._words = ""
        self._typed: Timer | None = None

    def compose_body(self) -> ComposeResult:
        """Counts, search, list beside the entry."""
        yield TopBar(id="about")
        yield Field("/", id="filter", hint="words, or how they begin")
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

    def refresh_list(self) -> None:
        """Read and show the entries."""
        read: Any = self._read  # A coroutine that is replaced before it starts would be reported as never awaited.
        self.run_worker(read, group="read", exclusive=True, exit_on_error=False)

    async def _read(self) -> None:
        store, project, words = self.services.store, self.cockpit.project, self._words
        self._listed = await asyncio.to_thread(lambda: _read_list(store.read(), project, words))
        self._rows.show([*map(_draft_row, self._listed.drafts), *map(_entry_row, self._listed.entries)])
        shown, total = len(self._listed.entries), self._listed.total
        said = (
            f" {total} {'entry' if total == 1 else 'entries'}"
            if not words
            else f" {shown} of {total} entries say “{words}”"
        )
        more = f", the newest {shown} listed" if shown == MOST and total > MOST else ""
        kept = len(self._listed.drafts)
        unsaved = f"   ✎ {kept} not saved yet" if kept else ""
        self.query_one("#about", TopBar).show([(said + more, "quiet"), (unsaved, "plain")])
        self._look()
        self.refresh_bindings()

    @property
    def _rows(self) -> RowList:
        return self.query_one("#rows", RowList)

    @property
    def _current(self) -> Entry | OpenDraft | None:
        row = self._rows.current
        found: list[Entry | OpenDraft] = [*self._listed.drafts, *self._listed.entries]
        return next((one for one in found if row is not None and _key(one) == row.key), None)

    def _look(self) -> None:
        one = self._current
        if isinstance(one, Entry):
            self._say(f"entry {one.id}", _entry_text(one))
        elif one is not None:
            self._say("a draft, not saved", f"# {one.draft.title or '(no title)'}\n\n{one.draft.body}")
        else:
            self._say("", "")

    def _say(self, title: str, text: str) -> None:
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
            return isinstance(self._current, Entry)
        if action == "edit_entry":
            return self._current is not None
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
        self._look()
        self.refresh_bindings()

    @on(RowList.Opened)
    def _opened(self) -> None:
        if isinstance(self._current, OpenDraft):
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
        self.app.push_screen(LogEditScreen(blank_draft(self.cockpit)))

    def action_edit_entry(self) -> None:
        """Edit the entry, or go on with the draft."""
        one = self._current
        if isinstance(one, Entry):
            kept = next((draft for draft in self._listed.drafts if draft.entry_id == one.id), None)
            one = kept or OpenDraft(new_session(), one.id, one.revision, one.draft, kind=one.kind)
        if one is not None:
            self.app.push_screen(LogEditScreen(one))

    def action_yank_entry(self, form: str) -> None:
        """Copy it as Markdown, or as Slack writes it."""
        if isinstance(one := self._current, Entry):
            text = f"# {one.title}\n\n{one.draft.body}"
            self.cockpit.copy_text(as_slack(text) if form == "slack" else text, f"Entry {one.id} as {form}")

    def action_show_entry(self, name: str) -> None:
        """Show lines about the entry in its place, until the cursor moves; or open a screen."""
        if name == "daily":
            self.app.run_worker(write_daily(self.cockpit), group="write", exit_on_error=False)
        elif name in OPENED:
            module, kind = OPENED[name].split(":")
            self.app.push_screen(getattr(import_module(module), kind)())
        elif isinstance(one := self._current, Entry):
            self.run_worker(self._show_lines(name, one), group="look", exclusive=True, exit_on_error=False)

    async def _show_lines(self, name: str, one: Entry) -> None:
        store, (title, work) = self.services.store, LOOKS[name]
        lines = await asyncio.to_thread(lambda: work(store.read(), one))
        self._say(f"entry {one.id}: {title}", "\n".join(lines))


def trace_lines(found: Sequence[Traced]) -> list[str]:
    """Each figure with its source, and whether the source still says so."""
    lines = []
    for one in found:
        now = f"✗ {one.problem}" if one.figure is None else f"≠ now {one.figure.words()}" if one.changed else "✓"
        lines.append(f"{one.ref.words}  ←  {one.ref.target}  {now}")
    wrong = sum(one.changed or one.figure is None for one in found)
    head = f"{len(found)} figures worked out again, {wrong} of them differ." if found else "It has no figures."
    return [head, "", *lines]


def _check(db: Database, one: Entry) -> list[str]:
    return [text for text, _ in gap_lines(entry_gaps(db, one.draft.body))]


def _trace(db: Database, one: Entry) -> list[str]:
    return trace_lines(trace_all(db, one.draft.body))


def _history(db: Database, one: Entry) -> list[str]:
    lines: list[str] = []
    for edit in reversed(revisions(db, one.id)):
        lines += [
            f"# edit {edit.number}, {edit.at[:16].replace('T', ' ')} UTC: {edit.draft.title}",
            "",
            edit.draft.body,
            "",
        ]
    return lines


LOOKS: Mapping[str, tuple[str, Callable[[Database, Entry], list[str]]]] = {
    "check": ("a stranger would ask", _check),
    "trace": ("where its figures come from", _trace),
    "history": ("every edit, the latest first", _history),
}
"""What can be shown of an entry in its place: a title, and what works the lines out in a thread."""


def _read_list(db: Database, project: str, words: str) -> Listed:
    number = find_project(db, project)
    if number is None:
        return Listed()
    found = list_entries(db, number, limit=MOST, words=words)
    return Listed(list_drafts(db, number), found, sum(days(db, number).values()))


def _key(one: Entry | OpenDraft) -> tuple[str, int | str]:
    return ("entry", one.id) if isinstance(one, Entry) else ("draft", one.session)


def _entry_row(entry: Entry) -> ListRow:
    return ListRow(_key(entry), (entry.draft.day, entry.title, entry.draft.idea))


def _draft_row(kept: OpenDraft) -> ListRow:
    title = kept.draft.title or "(no title)"
    said = f"{title}  · not saved" + (f", of entry {kept.entry_id}" if kept.entry_id else "")
    return ListRow(_key(kept), (kept.draft.day, said, kept.draft.idea), glyph="✎", tone="mark")


def _entry_text(entry: Entry) -> str:
    draft = entry.draft
    facts = [
        draft.day,
        f"revision {entry.revision}",
        *([draft.idea] if draft.idea else []),
        *(f"#{t}" for t in draft.tags),
    ]
    places = ", ".join(f"{kind}:{number}" for kind, number in cited(draft.body))
    cites = f"\n\nCites {places}." if places else ""
    return f"# {entry.title}\n{' · '.join(facts)}\n\n{draft.body}{cites}"
