"""The dry run of the Fill screen as it goes: one at a time, in a thread, of the newest choice. Draws nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

from cockpit.commands import by_id
from cockpit.core.ladder import uses_examples
from cockpit.core.wish import Wish
from cockpit.screens.base import keymap_of
from cockpit.screens.fill_choose import Wanted
from cockpit.screens.fill_read import Asked, Dry, Page, dry_run, list_sets, page, windows_known, with_inputs
from cockpit.screens.words import plural

if TYPE_CHECKING:
    from cockpit.choosing import Chosen
    from cockpit.core.draft import PlayDraft
    from cockpit.screens.fill import FillScreen
    from cockpit.store.sets import SetRow

NAMED = 12
"""Examples that are named where some are left out."""


class Counting:
    """What is wanted, and what the last dry run made of it."""

    def __init__(self, screen: FillScreen, draft: PlayDraft) -> None:
        self.screen = screen
        self.draft = draft
        self.wanted: Wanted | None = None
        self.sets: list[SetRow] = []
        self.dry: Dry | None = None
        self.at = 0
        """The input whose examples are shown, from 0."""
        self.running = False
        self.cancelled = False
        self._pages: dict[int, Page] = {}
        self._drop_leaks = False
        self._stop = Event()

    @property
    def chosen(self) -> Chosen | None:
        """What the last dry run chose."""
        return self.dry.chosen if self.dry is not None else None

    @property
    def page(self) -> Page | None:
        """The counts of the input that is shown."""
        return self._pages.get(self.at)

    @property
    def several(self) -> bool:
        """Whether inputs have examples of their own."""
        return self.chosen is not None and len(self.chosen.given) > 1

    @property
    def set_size(self) -> int | None:
        """How many examples of the set may be chosen."""
        if self.dry is None or self.dry.of is None or self.wanted is None:
            return None
        return len(self.dry.of.examples) - len(self.wanted.wish.without)

    @property
    def shown_count(self) -> int | None:
        """How many examples the last dry run chose."""
        page, chosen = self.page, self.chosen
        return None if page is None or chosen is None or self.running else len(page.tokens)

    @property
    def lacks_place(self) -> bool:
        """Whether the set's block has no place in the prompt."""
        of = self.dry.of if self.dry is not None else None
        return of is not None and of.template.kind != "turns" and not uses_examples(self.draft.version())

    # Beginning, again, and the end

    async def begin(self, set_name: str | None) -> None:
        """Read the sets; begin with the one that is named, else the draft's, else the one changed last."""
        screen, shots = self.screen, self.draft.shots
        self.sets = await asyncio.to_thread(list_sets, screen.services, screen.cockpit.project)
        self.draft = await asyncio.to_thread(with_inputs, screen.services, screen.cockpit.project, self.draft)
        names = [row.name for row in self.sets]
        if shots is not None and shots.name in names and set_name in (None, shots.name):
            self.take(Wanted(shots.name, shots.number, shots.wish))
        elif names:
            known = windows_known(screen.services, self.draft.models)
            name = set_name if set_name in names and set_name is not None else names[0]
            self.take(Wanted(name, None, Wish(k="fit" if known else "all")))
        else:
            screen.show()

    def take(self, wanted: Wanted, *, drop_leaks: bool = False) -> None:
        """Count with another choice; what is being counted is given up.

        Args:
            drop_leaks: leave the examples out that leak.
        """
        same = self.wanted is not None and (wanted.name, wanted.number) == (self.wanted.name, self.wanted.number)
        self.dry = self.dry if same else None
        self.wanted, self._drop_leaks = wanted, drop_leaks
        self._start(self._count(self._renewed(), wanted))

    def turn(self, by: int) -> None:
        """Show the examples of another input."""
        chosen = self.chosen
        if chosen is None or self.running or len(chosen.given) < 2:
            return
        self.at = (self.at + by) % len(chosen.given)
        if self.page is not None:
            self.screen.show()
        else:
            self._start(self._read(self._renewed()))

    def cancel(self) -> None:
        """Give the count up."""
        self._stop.set()
        self.cancelled, self.running = self.running, False

    def _renewed(self) -> Event:
        self._stop.set()
        self._stop = Event()
        return self._stop

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self.running, self.cancelled = True, False
        self.screen.show()
        self.screen.run_worker(work, group="count", exclusive=True, exit_on_error=False)

    # In the worker

    async def _count(self, stop: Event, wanted: Wanted) -> None:
        from cockpit.choosing import Stopped

        try:
            dry = await asyncio.to_thread(dry_run, self.screen.services, self._asked(wanted), stop.is_set)
        except Stopped:
            return
        if stop.is_set():
            return
        self.dry, self._pages = dry, {}
        self.at = min(self.at, len(dry.chosen.given) - 1) if dry.chosen is not None else 0
        if self._drop_leaks:
            self._drop_leaks = False
            self.wanted = wanted.with_wish(dry.wish)
            self._say_dropped(dry)
        await self._read(stop)

    async def _read(self, stop: Event) -> None:
        from cockpit.choosing import Stopped

        if self.chosen is not None and self.page is None:
            try:
                found = await asyncio.to_thread(page, self.chosen, self.at, stop.is_set)
            except Stopped:
                return
            if stop.is_set():
                return
            self._pages[found.at] = found
        self.running = False
        self.screen.show()

    def _asked(self, wanted: Wanted) -> Asked:
        from cockpit.screens.tokens_play import sending_draft

        draft = self.draft
        request = replace(sending_draft(self.screen.cockpit, draft), version=draft.version(), inputs=draft.rows())
        return Asked(draft, request, wanted.name, wanted.number, wanted.wish, self._drop_leaks)

    def _say_dropped(self, dry: Dry) -> None:
        back = keymap_of(self.screen.app).shown(by_id("fill.take_back"))
        named = ", ".join(f"#{place}" for place in dry.dropped[:NAMED]) + (" …" if len(dry.dropped) > NAMED else "")
        said = f"{plural(len(dry.dropped), 'example')} left out: {named}. {back} takes them back."
        self.screen.notify_plain(said if dry.dropped else "None of them leaks.")
