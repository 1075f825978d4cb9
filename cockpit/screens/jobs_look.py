"""What the Jobs pane shows of the job under the cursor: facts, and the end of its log. Changes nothing."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from cockpit.core.errors import CockpitError
from cockpit.screens import jobs_words as words
from cockpit.screens.opened import plain_title
from cockpit.screens.text_panel import Said, TextPanel

if TYPE_CHECKING:
    from cockpit.job_views import JobView
    from cockpit.screens.jobs import JobsScreen

TAIL_BYTES = 16_384
"""Bytes at the log's end that are read for its last lines."""


class Looking:
    """The side of the pane."""

    def __init__(self, screen: JobsScreen) -> None:
        self.screen = screen
        self._tail: tuple[int, int] = (0, -1)
        """The job whose log's end is shown, and the log's size then."""

    def look(self) -> None:
        """Show the job under the cursor."""
        view = self.screen.listing.current
        screen = self.screen
        screen.set_class(view is None, "-empty")
        if view is None:
            return
        facts = screen.query_one("#facts", TextPanel)
        facts.border_title = plain_title(f"job {view.row.id}  {view.row.name}")
        facts.show(words.facts(view, screen.services.clock()))
        if screen.query_one("#tail").display:
            screen.run_worker(partial(self._read_tail, view), group="tail", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]

    async def _read_tail(self, view: JobView) -> None:
        desk = self.screen.job_watch.desk
        try:
            source = desk.backends.get(view.row.backend).logs(desk.handle(view.row))
            if source is None:
                self._say_tail([("This place keeps no log.", "quiet")])
                return
            size = await source.size()
            if (view.row.id, size) == self._tail:
                return
            data = await source.read(max(size - TAIL_BYTES, 0), TAIL_BYTES)
        except CockpitError as error:
            self._say_tail([(error.sentence(), "warn")])
            return
        height = max(self.screen.query_one("#tail").size.height, 3)
        lines = await asyncio.to_thread(last_lines, data, height, whole=size <= TAIL_BYTES)
        self._tail = (view.row.id, size)
        self._say_tail([(line, "") for line in lines] or [("Nothing written yet.", "quiet")])

    def _say_tail(self, lines: list[Said]) -> None:
        self.screen.query_one("#tail", TextPanel).show(lines)


def last_lines(data: bytes, most: int, *, whole: bool) -> list[str]:
    """The last lines of a log's end as text, without colours; of a line that was written over, its last state."""
    from cockpit.core.log_text import plain_lines

    lines = plain_lines(data)
    return lines[0 if whole else 1 :][-most:]
