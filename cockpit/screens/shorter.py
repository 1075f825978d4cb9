"""What a prompt's parts cost, which examples to drop first, how long answers get. Nothing is counted or sent here.

To open it: `await open_shorter(screen, draft)` for what Play is about to send (a `cockpit.runner.Draft`), or
`await open_shorter(screen, None, run_id=7)` for a stored run; or push `ShorterScreen(services, draft, run_id=None)`.
It returns None.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from cockpit.core.lengths import suggest
from cockpit.core.shorter import Part
from cockpit.screens import shorter_words as words
from cockpit.screens.dialogs import Ask
from cockpit.screens.draft_params import take_params
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.shorter_read import View, read_view
from cockpit.screens.text_panel import TextPanel
from widgets.plain import Plain
from widgets.row_list import RowList
from widgets.text_view import TextView

if TYPE_CHECKING:
    from cockpit.runner import Draft
    from cockpit.screens.base import PaneScreen
    from cockpit.services import Services

NARROW_BELOW = 110


class ShorterScreen(OpenedScreen[None]):
    """The parts of a prompt by cost beside the lengths of its answers."""

    scope: ClassVar[str] = "shorter"
    pane_title: ClassVar[str] = "Shorter"
    DEFAULT_CSS = """
    ShorterScreen #left { width: 1fr; height: 1fr; }
    ShorterScreen #right { width: 50; height: 1fr; margin-left: 1; }
    ShorterScreen.-narrow #left { height: 3fr; }
    ShorterScreen.-narrow #right { width: 1fr; height: 2fr; margin-left: 0; }
    ShorterScreen.-narrow #part { display: none; }
    """

    def __init__(self, services: Services, draft: Draft | None, *, run_id: int | None = None) -> None:
        super().__init__(services)
        self._draft, self._run_id = draft, run_id
        self._view: View | None = None
        self._column = 0
        self._by_drop = True
        self._limits: list[int] = []
        self._said: list[tuple[str, str]] = []

    def compose_body(self) -> ComposeResult:
        """The parts over the one that is highlighted; the answers' lengths beside them."""
        with Container(classes="body split"):
            with Vertical(id="left"):
                parts = RowList(words.WIDE, id="rows", classes="box tall", empty=("Counting …",))
                parts.border_title = "parts, the first to drop on top"
                yield parts
                yield Plain("", id="about", classes="hint")
                part = TextView("", id="part", classes="box short")
                yield part
            with Vertical(id="right"):
                lengths = TextPanel(id="lengths", classes="box")
                lengths.border_title = "answers"
                yield lengths

    def on_mount(self) -> None:
        """Count and read in a thread."""
        self.rows.focus()
        self._read()

    @on(RowList.Resized, "#rows")
    def _resized(self) -> None:
        """Fewer columns where there is less room."""
        if self._view is not None:
            self.call_after_refresh(self._show)

    @property
    def rows(self) -> RowList:
        """The parts."""
        return self.query_one("#rows", RowList)

    @work(exclusive=True, group="read", exit_on_error=False)
    async def _read(self) -> None:
        self._view = await asyncio.to_thread(read_view, self.services, self._draft, self._run_id)
        self._show()

    def _show(self) -> None:
        view = self._view
        if view is None:
            return
        narrow = self.size.width < NARROW_BELOW
        few = self.rows.size.width < words.WIDE_FROM
        self.rows.columns = words.NARROW if few else words.WIDE
        shown = words.rows(view, self._column, by_drop=self._by_drop, narrow=few)
        self.rows.show(shown)
        by_drop = self._by_drop and any(view.orders)
        self.rows.border_title = "parts, the first to drop on top" if by_drop else "parts, as they are sent"
        counting = view.countings[self._column]
        place = f"{self._column + 1} of {len(view.countings)}   " if len(view.countings) > 1 else ""
        self.rows.border_subtitle = plain_title(words.counting_words(counting))
        here, everything = words.total_words(view, self._column)
        what = f"run {view.planned.run_id}" if view.planned.run_id is not None else "the planned run"
        right = [(f"{everything} ", "quiet")] if everything and not narrow else []
        said = here if narrow else f"{what}: {here}"
        self.head((f"{place}{counting.column.model}", "plain"), (said, "quiet"), right=right)
        self._show_lengths(view)
        self._show_part()

    def _show_lengths(self, view: View) -> None:
        panel = self.query_one("#lengths", TextPanel)
        width = max(panel.content_size.width or 46, 24)
        self._said = words.length_lines(view, self._column, self._limits, width)
        panel.show(self._said)

    @property
    def _part(self) -> Part | None:
        row = self.rows.current
        parts = self._view.parts if self._view is not None else ()
        keys = ((part, (part.section.field, part.section.kind, part.section.label)) for part in parts)
        return next((part for part, key in keys if row is not None and key == row.key), None)

    def _show_part(self) -> None:
        part, text = self._part, self.query_one("#part", TextView)
        if part is None or self._view is None:
            return
        self.query_one("#about", Plain).update(words.said_of(self._view, self._column, part))
        text.border_title = plain_title(part.section.label)
        if text.text != part.section.text:
            text.show(part.section.text)

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._show_part()

    def action_order(self) -> None:
        """In the order to drop, or as sent."""
        self._by_drop = not self._by_drop
        self._show()

    @work(exit_on_error=False)
    async def action_limit(self) -> None:
        """Ask for another limit, and show what it would do."""
        text = await self.app.push_screen_wait(
            Ask("Try a max_tokens", prompt="Nothing is changed or sent.", placeholder="such as 256", check=problem)
        )
        if text:
            self._limits = [int(text.strip())]
            self._show()
            self.query_one("#lengths", TextPanel).scroll_end(animate=False)

    def action_use(self) -> None:
        """Make the limit that was tried, else the one suggested, the draft's max_tokens."""
        limit = self._limits[0] if self._limits else self._suggested()
        if limit is None:
            self.notify_plain("No limit is known yet: t tries one.")
        elif take_params(self.cockpit, max_tokens=limit):
            self.notify_plain(f"max_tokens is {limit} in Play now; nothing is sent.")
        else:
            self.notify_plain("Play has no draft yet.")

    def _suggested(self) -> int | None:
        view = self._view
        lengths = view.lengths.get(view.countings[self._column].column.model, ()) if view is not None else ()
        at = suggest(lengths).at if lengths else None
        return at.max_tokens if at is not None else None

    def action_previous(self) -> None:
        """The model before."""
        self._turn_to(-1)

    def action_next(self) -> None:
        """The model after."""
        self._turn_to(1)

    def _turn_to(self, by: int) -> None:
        count = len(self._view.countings) if self._view is not None else 0
        if count < 2:
            self.notify_plain("There is one model only.", timeout=2)
            return
        self._column = (self._column + by) % count
        self._show()

    def action_copy(self) -> None:
        """Copy the table and the lengths."""
        if self._view is not None:
            shown = words.rows(self._view, self._column, by_drop=self._by_drop, narrow=False)
            self.cockpit.copy_text(words.as_text(self._view, self._column, shown, self._said), "table")


def problem(text: str) -> str:
    """What is wrong with a limit as typed, or nothing."""
    return "" if text.strip().isdecimal() and int(text) > 0 else "A whole number of tokens, such as 256."


async def open_shorter(screen: PaneScreen[None], draft: Draft | None, run_id: int | None = None) -> None:
    """Show it over a screen until the person leaves; call it from a worker.

    Args:
        draft: what is about to be sent; None where a stored run is meant.
        run_id: the stored run.
    """
    await screen.app.push_screen_wait(ShorterScreen(screen.services, draft, run_id=run_id))
