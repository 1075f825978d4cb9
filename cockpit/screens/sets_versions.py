"""The versions of a set: what changed from one to the next, and which to restore. It saves nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.core.example_block import render_block
from cockpit.core.examples import ExampleSet
from cockpit.screens import sets_words as words
from cockpit.screens.dialogs import ShowText
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.sets_draft import Change, changes
from cockpit.screens.sets_read import project_of
from cockpit.screens.stops_lines import Lines
from cockpit.screens.words import plural
from cockpit.store import sets
from widgets.row_list import RowList

if TYPE_CHECKING:
    from cockpit.services import Services

NARROW_BELOW = 110
COMPARED = 50
"""Newest versions whose changes are worked out for the list; of older ones, when they are looked at."""


class SetVersionsScreen(OpenedScreen[ExampleSet | None]):
    """A set's versions, newest first, each against the one before it; leaves with the one to restore.

    Args:
        now: the set as it is being edited, to compare with.
    """

    scope: ClassVar[str] = "set_versions"
    pane_title: ClassVar[str] = "Versions"

    def __init__(self, services: Services, name: str, now: ExampleSet) -> None:
        super().__init__(services)
        self._set_name, self._now = name, now
        self._rows: list[sets.VersionRow] = []
        self._known: dict[int, ExampleSet] = {}
        self._changed: dict[int, str] = {}
        self._to_now = False

    def compose_body(self) -> ComposeResult:
        """The list over what changed."""
        with Vertical(classes="body"):
            rows = RowList(words.VERSIONS, id="rows", classes="box short", empty=("Reading …",))
            rows.border_title = "versions"
            yield rows
            changed = Lines(id="changed", classes="box tall")
            yield changed

    def on_mount(self) -> None:
        """Read the list, then what changed."""
        self.rows.focus()
        self.run_worker(self._begin(), group="begin", exit_on_error=False)

    def on_resize(self, event: events.Resize) -> None:
        """Fewer columns where there is less room."""
        self.call_after_refresh(self._show)

    @property
    def rows(self) -> RowList:
        """The versions."""
        return self.query_one("#rows", RowList)

    def _read_rows(self) -> list[sets.VersionRow]:
        db = self.services.store.read()
        return sets.list_set_versions(db, project_of(db, self.cockpit.project), self._set_name)

    def _read_changes(self) -> dict[int, str]:
        return {row.number: words.change_words(self._found(row.number)) for row in self._rows[:COMPARED]}

    def _version(self, number: int) -> ExampleSet:
        if number not in self._known:
            row = next(row for row in self._rows if row.number == number)
            self._known[number] = sets.get_set_version(self.services.store.read(), row.id)
        return self._known[number]

    def _found(self, number: int, *, to_now: bool = False) -> list[Change]:
        """What changed from the version before this one to it, or from it to the set as it is now."""
        if to_now:
            return changes(self._version(number), self._now)
        before = self._version(number - 1) if number > 1 else ExampleSet(self._set_name)
        return changes(before, self._version(number))

    async def _begin(self) -> None:
        self._rows = await asyncio.to_thread(self._read_rows)
        self._show()
        self._look()
        self._changed = await asyncio.to_thread(self._read_changes)
        self._show()

    def _show(self) -> None:
        if not self.is_attached:
            return
        narrow = self.size.width < NARROW_BELOW
        kept = [column for column in words.VERSIONS if column.title != "saved" or not narrow]
        now = self.services.clock()
        self.rows.columns = tuple(kept)
        self.rows.show(
            [words.version_row(row, self._changed.get(row.number, ""), now, narrow=narrow) for row in self._rows]
        )
        self.head((self._set_name, "plain"), (plural(len(self._rows), "version"), "quiet"))

    @property
    def _number(self) -> int | None:
        row = self.rows.current
        return row.key if row is not None and isinstance(row.key, int) else None

    @on(RowList.Moved)
    @work(group="compare", exclusive=True, exit_on_error=False)
    async def _look(self) -> None:
        number = self._number
        if number is None:
            return
        found = await asyncio.to_thread(lambda: self._found(number, to_now=self._to_now))
        if number != self._number:
            return
        before = f"from v{number - 1} to v{number}" if number > 1 else f"v{number} began with"
        against = f"from v{number} to the set as it is now" if self._to_now else before
        box = self.query_one("#changed", Lines)
        box.border_title = plain_title(against)
        box.show(words.change_lines(found))

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_act("restore")

    def action_act(self, name: str) -> None:
        """Carry out a command of this screen."""
        if self._number is not None:
            self.run_worker(self._do(name, self._number), group="do", exit_on_error=False)

    async def _do(self, name: str, number: int) -> None:
        match name:
            case "restore":
                self.dismiss(await asyncio.to_thread(self._version, number))
            case "against":
                self._to_now = not self._to_now
                self._look()
            case "sent":
                found = await asyncio.to_thread(self._version, number)
                title = f"{self._set_name} v{number}: {words.template_words(found.template)}"
                text = render_block(found.examples, found.template)
                await self.app.push_screen_wait(ShowText(title, text))
            case _:
                self.cockpit.copy_text(self.query_one("#changed", Lines).text, "Changes")
