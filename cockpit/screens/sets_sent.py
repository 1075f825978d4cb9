"""The preview of a set as it is sent, and the tokens behind it, counted in a thread. It changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING

from cockpit.screens import sets_words as words
from cockpit.screens.sets_count import Counted, Counter, Stopped
from cockpit.screens.sets_draft import Item, State
from cockpit.screens.stops_lines import Lines

if TYPE_CHECKING:
    from cockpit.screens.base import PaneScreen

REST_S = 0.05
"""A pause in changing after which the whole is counted."""


class SentView(Lines):
    """Lines of the block; those of the highlighted example have a bar before them."""

    def show_set(self, state: State, cursor: int, *, marks: bool) -> None:
        """Show a set with the highlighted example on top, as far as there is text below it."""
        self.show(words.sent_lines(state, cursor, marks=marks), keep_place=True)
        if not self.line_count():
            return
        first = next((at for at, row in enumerate(self._rows) if row and row[0][0] == words.BAR), 0)
        last = next((at for at in range(len(self._rows) - 1, -1, -1) if self._rows[at][0][0] == words.BAR), first)
        if first < self.top or last >= self.top + self.size.height:
            self.scroll_top(first)


class Counting:
    """Counts the newest state in a thread; an older count is given up, and never shown for a newer state."""

    def __init__(self, screen: PaneScreen[None], said: Callable[[], None]) -> None:
        self._screen, self._said = screen, said
        self._counter: Counter | None = None
        self._stop = Event()
        self._each: dict[str, dict[int, int]] = {}
        self._exact: dict[str, bool] = {}
        self._for: State | None = None
        self._template: object = None
        self.counted: tuple[Counted, ...] = ()

    def want(self, models: tuple[str, ...], state: State) -> None:
        """Count this state, in place of what is being counted."""
        self.stop()
        self._stop = Event()
        if self._template != state.template:
            self._each.clear()
        self._for = None
        self._screen.run_worker(self._count(models, state, self._stop), group="count", exit_on_error=False)

    def stop(self) -> None:
        """Nobody waits for the count any more."""
        self._stop.set()

    @property
    def fresh(self) -> tuple[Counted, ...]:
        """Counts of the state that was asked for last; none while it is being counted."""
        return self.counted if not self._stop.is_set() and self._for is not None else ()

    async def _count(self, models: tuple[str, ...], state: State, stop: Event) -> None:
        await asyncio.sleep(REST_S)
        if stop.is_set():
            return
        if self._counter is None:
            self._counter = Counter(self._screen.services)
        try:
            found = await asyncio.to_thread(self._counter.count, models, state.examples, state.template, stop.is_set)
        except Stopped:
            return
        if stop.is_set():
            return
        self.counted, self._for, self._template = found, state, state.template
        for one in found:
            self._exact[one.model] = one.exact
            self._each[one.model] = {item.key: n for item, n in zip(state.items, one.each, strict=False)}
        self._said()

    def tokens(self, item: Item, at: int) -> str:
        """An example's tokens for the model in this place, as the list shows them."""
        if at >= len(self.counted):
            return "…" if not self.counted else ""
        one = self.counted[at]
        if one.problem:
            return "?"
        n = self._each.get(one.model, {}).get(item.key)
        return "…" if n is None else words.about(n, exact=one.exact)
