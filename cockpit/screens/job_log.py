"""The log of a job: a part that reads it by places in it, and the screen around it. What a line means is the core's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.core.errors import CockpitError, JobError
from cockpit.core.job_words import clock, size
from cockpit.core.log_errors import is_error
from cockpit.core.log_text import pieces, plain
from cockpit.job_log import LogLine, LogReader, save_log
from cockpit.screens.base import PaneScreen
from cockpit.screens.dialogs import Ask
from cockpit.screens.opened import OpenedScreen
from cockpit.screens.pick import Choice, Pick
from cockpit.store import job_marks
from cockpit.store.jobs import get_job
from widgets.field import Field
from widgets.log_view import LogView, ViewLine

if TYPE_CHECKING:
    from cockpit.job_runner import JobDesk

WINDOW = 400
"""Lines that are read at a time."""
KEPT = 4 * WINDOW
"""Lines that are held; those far from the cursor are let go."""


class LogPart(Vertical):
    """A job's log, followed while the cursor is on its last line."""

    DEFAULT_CSS = """
    LogPart { height: 1fr; }
    LogPart > LogView { height: 1fr; }
    """

    def __init__(self, desk: JobDesk, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._desk = desk
        self.job = 0
        self.reader: LogReader | None = None
        self.size_now = 0
        self._lines: list[LogLine] = []
        self._marks: dict[int, str] = {}

    def compose(self) -> ComposeResult:
        """The window."""
        yield LogView(classes="box")

    @property
    def view(self) -> LogView:
        """The window."""
        return self.query_one(LogView)

    def show_job(self, job_id: int) -> None:
        """Another job's log, from its end."""
        self.job, self._lines = job_id, []
        self.view.at_end = True
        self.run_worker(self._open(), group="log", exclusive=True, exit_on_error=False)

    def follow(self) -> None:
        """Take in what was written since, if the end is what is looked at."""
        if self.reader is not None:
            self.run_worker(self._follow(), group="log-follow", exclusive=True, exit_on_error=False)

    async def _open(self) -> None:
        row = get_job(self._desk.store.read(), self.job)
        source = self._desk.backends.get(row.backend).logs(self._desk.handle(row))
        if source is None:
            self.reader = None
            self.view.set_empty("This place keeps no log.")
            self.view.show([])
            return
        self.reader = LogReader(source)
        self._marks = {mark.place: mark.note for mark in job_marks.marks_of(self._desk.store.read(), self.job)}
        await self.to_end()

    async def to_end(self) -> None:
        """The last lines."""
        assert self.reader is not None
        try:
            self.size_now = await self.reader.size()
            self._lines = await self.reader.before(self.size_now, WINDOW)
        except JobError as error:
            self.view.set_empty(error.sentence())
        else:
            self.view.set_empty("Nothing written yet.")
        self.view.at_end = True
        self._draw()

    async def to_place(self, place: int) -> None:
        """The lines around the one that begins at a place, with the cursor on it."""
        assert self.reader is not None
        before = await self.reader.before(place, WINDOW // 2)
        self._lines = [*before, *await self.reader.after(place, WINDOW)]
        self.view.at_end = False
        self._draw(at=place)

    async def _follow(self) -> None:
        reader = self.reader
        assert reader is not None
        try:
            now = await reader.size()
        except JobError:
            return
        if now == self.size_now:
            return
        shrunk, self.size_now = now < self.size_now, now
        if not self.view.at_end and not shrunk:
            self.post_message(LogView.Moved(self.view))
            return
        last = self._lines[-1] if self._lines else None
        if shrunk or last is None or now - last.end > WINDOW * 1024:
            await self.to_end()
            return
        more = await reader.after(last.start, KEPT)
        self._lines = [*self._lines[:-1], *more][-KEPT:]
        self._draw()

    async def more(self, edge: str) -> None:
        """Lines before the first or after the last, or the log's first or last ones."""
        reader = self.reader
        if reader is None:
            return
        if edge == "last":
            await self.to_end()
        elif edge == "first":
            await self.to_place(0)
        elif edge == "before" and self._lines and self._lines[0].start > 0:
            self._lines = [*await reader.before(self._lines[0].start, WINDOW), *self._lines][:KEPT]
            self._draw()
        elif edge == "after" and self._lines and self._lines[-1].end < self.size_now:
            last = self._lines[-1]
            self._lines = [*self._lines[:-1], *await reader.after(last.start, WINDOW)][-KEPT:]
            self._draw()

    def _draw(self, at: int | None = None) -> None:
        self.view.show([self._line(line) for line in self._lines], at=at)
        self.post_message(LogView.Moved(self.view))

    def _line(self, line: LogLine) -> ViewLine:
        if line.start in self._marks:
            margin, tone = "◆", "mark"
        else:
            margin, tone = ("✗", "error") if is_error(line.data) else ("", "")
        return ViewLine(line.start, tuple(pieces(line.data)), margin, tone)

    @on(LogView.Wanted)
    def _wanted(self, event: LogView.Wanted) -> None:
        event.stop()
        self.run_worker(self.more(event.edge), group=f"log-{event.edge}", exclusive=True, exit_on_error=False)

    @property
    def place(self) -> int:
        """Where the line under the cursor begins."""
        line = self.view.current
        return 0 if line is None else line.key

    def chosen_text(self) -> str:
        """The line under the cursor, plain."""
        line = self.view.current
        return "" if line is None else line.text

    async def mark(self, note: str) -> None:
        """Put a mark with the time on the line under the cursor, or take it away."""
        place = self.place
        if place in self._marks:
            await self._desk.store.write(lambda db: job_marks.drop_mark(db, self.job, place))
            del self._marks[place]
        else:
            await self._desk.store.write(lambda db: job_marks.add_mark(db, self.job, place, note))
            self._marks[place] = note
        self._draw(at=place)


class JobLogScreen(OpenedScreen[None]):
    """The whole screen for one log."""

    scope: ClassVar[str] = "job-log"
    pane_title: ClassVar[str] = "Log"
    typing_enter: ClassVar[str] = "find"
    typing_escape: ClassVar[str] = "to the log"
    DEFAULT_CSS = """
    JobLogScreen #search { height: 1; display: none; padding: 0 1; background: $background; }
    """

    def __init__(self, job_id: int, name: str, desk: JobDesk) -> None:
        super().__init__()
        self._job, self._name, self._desk = job_id, name, desk
        self._said = ""

    def compose_body(self) -> ComposeResult:
        """A line to search in, and the log."""
        yield Field("/", id="search", hint="words to find")
        yield LogPart(self._desk, id="log")

    @property
    def part(self) -> LogPart:
        """The log."""
        return self.query_one("#log", LogPart)

    def on_mount(self) -> None:
        """Begin at the end, and follow."""
        self.part.show_job(self._job)
        self.part.view.focus()
        self.set_interval(0.5, self.part.follow)

    def stop_typing(self) -> None:
        """The log takes the keyboard."""
        self.part.view.focus()
        field = self.query_one("#search", Field)
        field.display = bool(field.value)

    @on(LogView.Moved)
    def _moved(self) -> None:
        part, now = self.part, self.part.size_now
        share = f"{100 * part.place / now:.0f}%" if now else ""
        end = "following" if part.view.at_end else share
        wrapped = "   wrapped" if part.view.wraps else ""
        self.head((f"job {self._job}  {self._name}", "plain"), (f"{size(now)}   {end}{wrapped}", "quiet"),
                  right=[(self._said, "warn")] if self._said else [])  # fmt: skip

    def say(self, text: str) -> None:
        """What was found, or was not."""
        self._said = text
        self._moved()

    # Commands

    def action_search(self) -> None:
        """Type what to find."""
        field = self.query_one("#search", Field)
        field.display = True
        field.focus()

    def on_field_submitted(self, event: Field.Submitted) -> None:
        """Find it, from the cursor on."""
        self.part.view.words = event.value
        self.stop_typing()
        if event.value:
            self._find(backwards=False, here=True)

    def action_next_hit(self) -> None:
        """To the next line with the words."""
        self._find(backwards=False)

    def action_previous_hit(self) -> None:
        """To the line before with the words."""
        self._find(backwards=True)

    def action_error(self) -> None:
        """To the log's first error."""
        self._jump(self._first_error(), "looking for the first error …", "no error found")

    def action_next_error(self) -> None:
        """To the next error after the cursor."""
        self._jump(self._next_error(), "looking …", "no error further down")

    def _find(self, *, backwards: bool, here: bool = False) -> None:
        words, part = self.part.view.words, self.part
        if not words:
            self.action_search()
            return
        line = part.view.current
        start = 0 if line is None else line.key if (backwards or here) else line.key + 1
        reader = part.reader
        if reader is not None:
            where = "up" if backwards else "down"
            self._jump(reader.find(words, start, backwards=backwards), "searching …", f"not found further {where}")

    async def _first_error(self) -> int | None:
        reader = self.part.reader
        return None if reader is None else await reader.find_error()

    async def _next_error(self) -> int | None:
        reader, lines = self.part.reader, self.part.view
        line = lines.current
        if reader is None or line is None:
            return None
        after = lines.lines[lines.cursor + 1].key if lines.cursor + 1 < len(lines.lines) else line.key + 1
        return await reader.find_error(after)

    def _jump(self, finding: object, doing: str, nothing: str) -> None:
        self.say(doing)

        async def go() -> None:
            try:
                place = await finding  # type: ignore[misc]
            except CockpitError as error:
                self.say(error.sentence())
                return
            self.say("" if place is not None else nothing)
            if place is not None:
                await self.part.to_place(place)

        self.run_worker(go(), group="find", exclusive=True, exit_on_error=False)

    def cancel_running(self) -> None:
        """Stop a search."""
        self.workers.cancel_group(self, "find")
        self.say("search stopped")

    async def action_mark(self) -> None:
        """A mark with the time on this line."""
        await self.part.mark("")

    def action_marks(self) -> None:
        """Choose a mark to go to."""
        self.run_worker(self._choose_mark(), group="marks", exit_on_error=False)

    async def _choose_mark(self) -> None:
        found = job_marks.marks_of(self._desk.store.read(), self._job)
        if not found:
            self.say("no marks yet: m puts one here, with the time")
            return
        choices = [Choice(str(mark.place), clock(mark.at), await self._said_at(mark.place)) for mark in found]
        chosen = await self.app.push_screen_wait(Pick("Marks", choices))
        if chosen is not None:
            await self.part.to_place(int(chosen))

    async def _said_at(self, place: int) -> str:
        reader = self.part.reader
        lines: Sequence[LogLine] = [] if reader is None else await reader.after(place, 1)
        return plain(lines[0].data)[:60] if lines else ""

    def action_wrap(self) -> None:
        """Break long lines, or not."""
        self.part.view.toggle_wrap()
        self._moved()

    def action_go_to(self) -> None:
        """To a place by its share of the log."""
        self.run_worker(self._ask_share(), group="share", exit_on_error=False)

    async def _ask_share(self) -> None:
        text = await self.app.push_screen_wait(
            Ask("Go to", prompt="A share of the log in per cent.", placeholder="50", check=_share_problem)
        )
        reader = self.part.reader
        if text and reader is not None:
            offset = int(self.part.size_now * float(text.rstrip("% ")) / 100)
            await self.part.to_place(await reader.line_at(offset))

    def action_copy(self) -> None:
        """Copy this line."""
        self.cockpit.copy_text(self.part.chosen_text(), "Line")

    def action_save(self) -> None:
        """Write the log to a file."""
        self.run_worker(self._ask_save(), group="save", exit_on_error=False)

    async def _ask_save(self) -> None:
        name = f"job-{self._job}.log"
        text = await self.app.push_screen_wait(
            Ask(
                "Save the log",
                prompt="A new file; 'colours' behind it keeps the colours.",
                value=str(Path.cwd() / name),
            )
        )
        reader = self.part.reader
        if not text or reader is None:
            return
        colours = text.endswith(" colours")
        path = _path(text.removesuffix(" colours"))
        self.say(f"writing {path.name} …")
        written = await save_log(reader, path, colours=colours)
        self.say(f"{size(written)} written to {path}")


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _share_problem(text: str) -> str:
    try:
        return "" if 0 <= float(text.rstrip("% ")) <= 100 else "From 0 to 100."
    except ValueError:
        return "A number from 0 to 100."


async def open_log(screen: PaneScreen, job_id: int) -> None:
    """Show the log of a job."""
    desk = screen.cockpit.job_watch.desk
    row = await asyncio.to_thread(lambda: get_job(desk.store.read(), job_id))
    await screen.app.push_screen(JobLogScreen(job_id, row.name, desk))
