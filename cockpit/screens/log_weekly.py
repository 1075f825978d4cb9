"""Preparing the weekly meeting: which results, in which order, questions, minutes; then present, write or save it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from cockpit.core.errors import InputError
from cockpit.core.log_plain import as_read
from cockpit.core.log_query import Query
from cockpit.core.report import Slide, as_markdown, as_marp
from cockpit.log_charts import bars_in, charts_in
from cockpit.log_drafts import local_day
from cockpit.meeting import LEAST, MOST, Meeting, keep, kept, slides
from cockpit.report_html import deck
from cockpit.report_pptx import as_pptx
from cockpit.screens.changing_list import ChangingList
from cockpit.screens.dialogs import Ask, Choice, Confirm, Pick
from cockpit.screens.log_looks import drawn
from cockpit.screens.log_trace import LogTraceScreen
from cockpit.screens.present import PresentScreen
from cockpit.screens.text_panel import Said, TextPanel
from cockpit.screens.words import plural
from cockpit.store.log import Draft, Head, add_entry, list_heads
from widgets.row_list import ListColumn, ListRow, RowList

WEEK, LONGER = 6, 90
FORMS = (
    Choice("html", "HTML", "one file with its own player; offline, prints a slide a page"),
    Choice("marp", "Marp", "Markdown for Marp"),
    Choice("md", "Markdown", "one document"),
    Choice("pptx", "PowerPoint", "with its own tables and charts; needs the extra `pptx`"),
)
SUFFIX = {"html": "html", "marp": "md", "md": "md", "pptx": "pptx"}


class LogWeeklyScreen(ChangingList[Head]):
    """Results beside the agenda that they make."""

    scope: ClassVar[str] = "log-weekly"
    pane_title: ClassVar[str] = "Weekly meeting"
    DEFAULT_CSS = """
    LogWeeklyScreen #work { layout: horizontal; height: 1fr; }
    LogWeeklyScreen #left { width: 3fr; height: 1fr; }
    LogWeeklyScreen #right { width: 2fr; height: 1fr; }
    LogWeeklyScreen.-narrow #work { layout: vertical; }
    LogWeeklyScreen.-narrow #left, LogWeeklyScreen.-narrow #right { width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.meeting = Meeting()
        self._days = WEEK

    def compose_body(self) -> ComposeResult:
        """The list beside the agenda."""
        columns = (ListColumn("", 3, right=True), ListColumn("day", 10, quiet=True), ListColumn("result"))
        empty = ("Entries of the week become the meeting's results.", "o also lists older ones.")
        with Horizontal(id="work"):
            with Vertical(id="left"):
                yield RowList(columns, empty=empty, id="rows", classes="box tall")
            with Vertical(id="right"):
                yield TextPanel(id="agenda", classes="box")

    def on_mount(self) -> None:
        """Show what was left."""
        self.query_one("#rows").border_title = Content("results")
        self.query_one("#agenda").border_title = Content("agenda")
        self.query_one("#rows").focus()
        self.change()

    def read_items(self, db: sqlite3.Connection, project: int) -> list[Head]:
        """Chosen entries in their order, then the others, the newest first."""
        self.meeting = kept(db, self.cockpit.project)
        since = local_day(self.services.clock() - timedelta(days=self._days))
        heads = {head.id: head for head in list_heads(db, project) if head.kind == "note"}
        recent = [head for head in list_heads(db, project, Query(since=since)) if head.id in heads]
        chosen = [heads[one] for one in self.meeting.chosen if one in heads]
        return [*chosen, *(head for head in recent if head.id not in self.meeting.chosen)]

    def key_of(self, item: Head) -> int:
        """Its number."""
        return item.id

    def show_items(self, items: Sequence[Head]) -> None:
        """A row an entry, and the agenda."""
        rows, chosen = self.query_one("#rows", RowList), self.meeting.chosen
        rows.marked = set(chosen)
        rows.show([_row(head, chosen) for head in items])
        how = f"{len(chosen)} chosen" if chosen else "none chosen: all of the week"
        self.head((how, "plain"), (f"{self.meeting.minutes} minutes", "quiet"), ("space chooses", "quiet"))
        self.run_worker(self._agenda(), group="agenda", exclusive=True, exit_on_error=False)

    async def _agenda(self) -> None:
        found = await self._slides()
        lines: list[Said] = [(found[0].title, "strong"), ("", "")]
        for at, one in enumerate((one for one in found if one.minutes), 1):
            lines.append((f"{one.minutes:3d} min  {at}. {one.title}", ""))
        lines += [("", ""), (plural(len(found), "slide"), "quiet")]
        lines += [(f"? {one}", "quiet") for one in self.meeting.questions]
        if self.is_attached:
            self.query_one("#agenda", TextPanel).show(lines)

    async def _slides(self) -> Sequence[Slide]:
        store, project, now = self.services.store, self.cockpit.project, self.services.clock()
        return await asyncio.to_thread(lambda: slides(store.read(), project, now, self.meeting))

    def _keep(self, meeting: Meeting) -> None:
        self.meeting, project = meeting, self.cockpit.project
        self.change(lambda db, _: keep(db, project, meeting))

    # Commands

    @on(RowList.MarksChanged)
    def _marked(self, event: RowList.MarksChanged) -> None:
        chosen = [one for one in self.meeting.chosen if one in event.marks]
        chosen += [head.id for head in self.items if head.id in event.marks and head.id not in chosen]
        self._keep(replace(self.meeting, chosen=tuple(chosen)))

    def action_earlier(self) -> None:
        """One place up."""
        self._move(-1)

    def action_later(self) -> None:
        """One place down."""
        self._move(1)

    def _move(self, by: int) -> None:
        here, order = self.current, list(self.meeting.chosen)
        if here is not None and here.id in order:
            at = order.index(here.id)
            order.insert(min(max(at + by, 0), len(order) - 1), order.pop(at))
            self._keep(replace(self.meeting, chosen=tuple(order)))

    def action_older(self) -> None:
        """List older entries too, or no more."""
        self._days = LONGER if self._days == WEEK else WEEK
        self.change()

    def action_trace(self) -> None:
        """Where every figure of the slides comes from."""
        self.run_worker(self._trace(), group="do", exclusive=True, exit_on_error=False)

    async def _trace(self) -> None:
        found = await self._slides()
        self.app.push_screen(LogTraceScreen("the meeting", "\n\n".join(one.body for one in found)))

    async def action_meet(self, name: str) -> None:
        """What asks: minutes, a question, presenting, writing, saving."""
        work = {"question": self._question, "minutes": self._minutes, "present": self._present,
                "write": self._write, "save": self._save}[name]  # fmt: skip
        self.run_worker(work(), group="do", exclusive=True, exit_on_error=False)

    async def _question(self) -> None:
        known = self.meeting.questions
        asked = "Where their input is wanted. One a line of the list; an empty line takes the last one away."
        said = await self.app.push_screen_wait(Ask("A question", prompt=asked))
        if said is not None:
            self._keep(replace(self.meeting, questions=(*known, said.strip()) if said.strip() else known[:-1]))

    async def _minutes(self) -> None:
        said = await self.app.push_screen_wait(
            Ask("Minutes", prompt="Of the whole meeting.", value=str(self.meeting.minutes), check=_minutes_problem)
        )
        if said is not None:
            self._keep(replace(self.meeting, minutes=int(said)))

    async def _present(self) -> None:
        store = self.services.store
        found = await self._slides()
        shown = await asyncio.to_thread(lambda: [as_read(drawn(store.read(), one.body)) for one in found])
        await self.app.push_screen_wait(PresentScreen(found, time.monotonic, shown))

    async def _write(self) -> None:
        form = await self.app.push_screen_wait(Pick("Write the meeting", FORMS))
        if form is None:
            return
        path = Path.cwd() / f"weekly-{local_day(self.services.clock())}.{SUFFIX[form]}"
        said = await self.app.push_screen_wait(Ask("Into which file", value=str(path)))
        if said is None or not said.strip():
            return
        path = _file(said)
        over = f"{path} is there already."
        if await asyncio.to_thread(path.exists) and not await self.app.push_screen_wait(
            Confirm("Write over it?", over, yes="write over", no="keep it")
        ):
            return
        found, store = await self._slides(), self.services.store
        data = await asyncio.to_thread(lambda: _data(form, found, store.read()))
        try:
            await asyncio.to_thread(path.write_bytes, data)
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}.") from error
        self.notify_plain(f"Written to {path}.")

    async def _save(self) -> None:
        found, now = await self._slides(), self.services.clock()
        draft = Draft(found[0].title, as_markdown(found), local_day(now))
        await self.changed(lambda db, project: add_entry(db, project, draft, kind="weekly"))
        self.notify_plain("Saved as an entry of the log.")


def _file(said: str) -> Path:
    return Path(said.strip()).expanduser()


def _data(form: str, found: Sequence[Slide], db: sqlite3.Connection) -> bytes:
    body = "\n\n".join(one.body for one in found)
    if form == "pptx":
        return as_pptx(found, bars_in(db, body))
    if form == "html":
        text = deck(found[0].title, found, charts_in(db, body))
    else:
        text = as_marp(found) if form == "marp" else as_markdown(found)
    return text.encode("utf-8", "replace")


def _row(head: Head, chosen: Sequence[int]) -> ListRow:
    place = f"{chosen.index(head.id) + 1}." if head.id in chosen else ""
    return ListRow(head.id, (place, head.day, head.title))


def _minutes_problem(text: str) -> str:
    bare = text.strip()
    return "" if bare.isdecimal() and LEAST <= int(bare) <= MOST else f"A whole number from {LEAST} to {MOST}."
