"""A part of screens that shows a job's log, read by places in it and followed. What a line means is the core's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.core.errors import JobError
from cockpit.core.log_errors import is_error
from cockpit.core.log_text import pieces
from cockpit.job_log import LogLine, LogReader
from cockpit.store import job_marks
from cockpit.store.jobs import get_job
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
