"""The commands that narrow, sort, mark and clear the Examples pane's list. What is listed is `examples_list`'s."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cockpit.screens import examples_words as words
from cockpit.store.example_list import ORDERS
from widgets.field import Field

if TYPE_CHECKING:
    from textual.timer import Timer

    from cockpit.screens.examples import ExamplesScreen

TYPED_S = 0.12
"""A pause in typing after which the filter is tried."""
SHOWN = ("", "is:candidate", "is:gold", "is:rejected", "is:duplicate")
_IS = re.compile(r"-?is:\S*\s*")


class Narrowing:
    """Which of the examples are wanted, and which are marked."""

    def __init__(self, screen: ExamplesScreen) -> None:
        self.screen = screen
        self.listing = screen.listing
        self._typed: Timer | None = None

    def typed(self, text: str) -> None:
        """The filter is being typed."""
        self.listing.text = text
        if self._typed is not None:
            self._typed.stop()
        self._typed = self.screen.set_timer(TYPED_S, self.listing.reload)

    def filter(self) -> None:
        """Type the filter."""
        field = self.screen.query_one("#filter", Field)
        field.display = True
        field.focus()

    def show_only(self, text: str) -> None:
        """Another filter, at once."""
        self.listing.text = text
        self.screen.query_one("#filter", Field).value = text
        self.listing.reload()

    def cycle(self) -> None:
        """The next of the verdicts alone, then all again."""
        found = _IS.search(self.listing.text)
        now = found.group().strip() if found else ""
        after = SHOWN[(SHOWN.index(now) + 1) % len(SHOWN)] if now in SHOWN else SHOWN[1]
        self.show_only(f"{after} {_IS.sub('', self.listing.text)}".strip())

    async def sort(self) -> None:
        """Choose the order."""
        from cockpit.screens.pick import Choice, Pick

        choices = [Choice(order, words.ORDER_WORDS[order]) for order in ORDERS]
        picked = await self.screen.cockpit.push_screen_wait(Pick("Order", choices, selected=self.listing.order))
        if picked in ORDERS:
            self.listing.order = picked
            self.listing.reload()

    def mark_all(self) -> None:
        """Mark what is listed; if all of it is marked, nothing."""
        rows, listed = self.listing.rows, set(self.listing.ids)
        rows.marked = rows.marked - listed if listed <= rows.marked else rows.marked | listed
        rows.refresh()
        self.listing.show_counts()

    @property
    def can_clear(self) -> bool:
        """Whether escape has anything to do."""
        return not self.listing.rows.has_focus or bool(self.listing.rows.marked) or bool(self.listing.text)

    def clear(self) -> None:
        """Back to the list; there, unmark, then show all."""
        rows = self.listing.rows
        if not rows.has_focus:
            rows.focus()
        elif rows.marked:
            rows.clear_marks()
            self.listing.show_counts()
        else:
            self.show_only("")
