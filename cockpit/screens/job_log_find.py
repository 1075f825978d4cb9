"""Getting about in a log: words, errors, marks, a share of it; saving it. The reading is `job_log`'s."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.core.errors import CockpitError
from cockpit.core.job_words import clock, size
from cockpit.core.log_text import plain
from cockpit.job_log import LogLine, save_log
from cockpit.screens.dialogs import Ask
from cockpit.screens.pick import Choice, Pick
from cockpit.store import job_marks

if TYPE_CHECKING:
    from cockpit.screens.job_log import JobLogScreen


class Finding:
    """Where to go in a log, and the log as a file."""

    def __init__(self, screen: JobLogScreen) -> None:
        self.screen = screen

    def words(self, *, backwards: bool, here: bool = False) -> None:
        """To a line with the words that are searched for, up or down from the cursor, or on its own line (`here`)."""
        words, part = self.screen.part.view.words, self.screen.part
        if not words:
            self.screen.action_search()
            return
        line = part.view.current
        start = 0 if line is None else line.key if (backwards or here) else line.key + 1
        reader = part.reader
        if reader is not None:
            where = "up" if backwards else "down"
            found = partial(reader.find, words, start, backwards=backwards)
            self.jump(found, "searching …", f"not found further {where}")

    async def first_error(self) -> int | None:
        """Where the log's first error line begins."""
        reader = self.screen.part.reader
        return None if reader is None else await reader.find_error()

    async def next_error(self) -> int | None:
        """Where the next error line after the cursor begins."""
        reader, lines = self.screen.part.reader, self.screen.part.view
        line = lines.current
        if reader is None or line is None:
            return None
        after = lines.lines[lines.cursor + 1].key if lines.cursor + 1 < len(lines.lines) else line.key + 1
        return await reader.find_error(after)

    def jump(self, finding: Callable[[], Awaitable[int | None]], doing: str, nothing: str) -> None:
        """Look for a place in the background and go there; a newer search replaces an older one."""
        self.screen.say(doing)

        async def go() -> None:
            try:
                place = await finding()
            except CockpitError as error:
                self.screen.say(error.sentence())
                return
            self.screen.say("" if place is not None else nothing)
            if place is not None:
                await self.screen.part.to_place(place)

        self.screen.run_worker(go(), group="find", exclusive=True, exit_on_error=False)

    async def choose_mark(self) -> None:
        """Choose a mark and go there."""
        found = job_marks.marks_of(self.screen.desk.store.read(), self.screen.job)
        if not found:
            self.screen.say("no marks yet: m puts one here, with the time")
            return
        choices = [Choice(str(mark.place), clock(mark.at), await self._said_at(mark.place)) for mark in found]
        chosen = await self.screen.app.push_screen_wait(Pick("Marks", choices))
        if chosen is not None:
            await self.screen.part.to_place(int(chosen))

    async def _said_at(self, place: int) -> str:
        reader = self.screen.part.reader
        lines: Sequence[LogLine] = [] if reader is None else await reader.after(place, 1)
        return plain(lines[0].data)[:60] if lines else ""

    async def ask_share(self) -> None:
        """Ask for a share of the log and go there."""
        text = await self.screen.app.push_screen_wait(
            Ask("Go to", prompt="A share of the log in per cent.", placeholder="50", check=_share_problem)
        )
        reader = self.screen.part.reader
        if text and reader is not None:
            offset = int(self.screen.part.size_now * float(text.rstrip("% ")) / 100)
            await self.screen.part.to_place(await reader.line_at(offset))

    async def ask_save(self) -> None:
        """Ask for a file and write the log there."""
        name = f"job-{self.screen.job}.log"
        text = await self.screen.app.push_screen_wait(
            Ask(
                "Save the log",
                prompt="A new file; 'colours' behind it keeps the colours.",
                value=str(Path.cwd() / name),
            )
        )
        reader = self.screen.part.reader
        if not text or reader is None:
            return
        colours = text.endswith(" colours")
        path = _path(text.removesuffix(" colours"))
        self.screen.say(f"writing {path.name} …")
        written = await save_log(reader, path, colours=colours)
        self.screen.say(f"{size(written)} written to {path}")


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _share_problem(text: str) -> str:
    try:
        return "" if 0 <= float(text.rstrip("% ")) <= 100 else "From 0 to 100."
    except ValueError:
        return "A number from 0 to 100."
