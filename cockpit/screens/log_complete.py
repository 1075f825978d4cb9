"""Completing what an entry cites while it is typed: candidates beside the text, one key takes one. Looks up, draws."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.content import Content

from cockpit.core.log_refs import Kind, unfinished
from cockpit.screens.text_panel import Said, TextPanel
from cockpit.store.citable import citable
from cockpit.store.projects import find_project

if TYPE_CHECKING:
    from cockpit.screens.log_edit import LogEditScreen

Place = tuple[Kind, str, int]


class Completion:
    """The citation being typed, and what it may mean."""

    def __init__(self, screen: LogEditScreen) -> None:
        self.screen = screen
        self.found: list[tuple[int, str]] = []
        self.chosen = 0
        self._place: Place | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is something to take."""
        return self._place is not None and bool(self.found)

    def look(self) -> None:
        """Look up what is being typed at the cursor, if it is a citation."""
        place = self._here()
        if place != self._place:
            self._place, self.chosen = place, 0
            if place is None:
                self.found = []
                self.show()
            else:
                self.screen.run_worker(self._read(place), group="complete", exclusive=True, exit_on_error=False)

    async def _read(self, place: Place) -> None:
        store, project, (kind, letters, _) = self.screen.services.store, self.screen.cockpit.project, place

        def read() -> list[tuple[int, str]]:
            number = find_project(store.read(), project)
            return [] if number is None else citable(store.read(), number, kind, letters)

        found = await asyncio.to_thread(read)
        if self._place == place and self.screen.is_attached:
            self.found = found
            self.show()

    def step(self) -> None:
        """To the next candidate."""
        self.chosen = (self.chosen + 1) % len(self.found)
        self.show()

    def take(self) -> None:
        """Put the chosen candidate into the text."""
        if self._place is None or not self.found:
            return
        kind, _, start = self._place
        editor, (number, _) = self.screen.body, self.found[self.chosen]
        row, column = editor.cursor_location
        editor.replace(f"{kind}:{number}", (row, start), (row, column))
        self._place, self.found = (kind, str(number), start), []
        self.show()

    def show(self) -> None:
        """Candidates in the place of what a stranger would ask, or that again."""
        panel = self.screen.query_one("#gaps", TextPanel)
        self.screen.refresh_bindings()
        if not self.is_open:
            self.screen.show_gaps()
            return
        assert self._place is not None
        more = ", ctrl+n next" if len(self.found) > 1 else ""
        panel.border_title = Content(f"which {self._place[0]}? tab takes it{more}")
        lines: list[Said] = [
            (f"{'▸' if at == self.chosen else ' '} {number}  {words}", "strong" if at == self.chosen else "")
            for at, (number, words) in enumerate(self.found)
        ]
        panel.show(lines)

    def _here(self) -> Place | None:
        editor = self.screen.body
        row, column = editor.cursor_location
        return unfinished(editor.document.get_line(row)[:column], column) if editor.has_focus else None
