"""The versions of a prompt: what changed, why, and what came back of each. What a version is stands in core."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.core.diffs import DiffPart, diff_versions
from cockpit.screens.dialogs import Ask
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.versions_view import READINGS, model_lines, note_cell, tally_cells
from cockpit.screens.words import age, plural
from cockpit.store import prompts
from cockpit.store.tally import TallyRow, version_tally
from widgets.diff_view import DiffView
from widgets.plain import Plain
from widgets.row_list import ListColumn, ListRow, RowList

if TYPE_CHECKING:
    from cockpit.core.prompts import Version
    from cockpit.services import Services

COLUMNS = (
    ListColumn("version", 7),
    ListColumn("made", 10, right=True, quiet=True),
    ListColumn("n", 5, right=True),
    *(ListColumn(glyph, 4, right=True) for glyph, _ in READINGS),
    ListColumn("length", 6, right=True),
    ListColumn("cost", 12, right=True),
    ListColumn("note", quiet=True),
)
NARROW = (COLUMNS[0], ListColumn("n", 5, right=True), *(ListColumn(g, 3, right=True) for g, _ in READINGS), COLUMNS[-1])
NARROW_BELOW = 110


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """A version to put in the editor; `parent_sample` is set where it continues that sample or branches off beside it,
    `send` where it is to be sent at once. `version_id` is None while it is not stored."""

    version_id: int | None
    version: Version
    parent_sample: int | None = None
    send: bool = False


class VersionsScreen(OpenedScreen[VersionChoice | None]):
    """A prompt's versions, newest first, against the editor's text or each other."""

    scope: ClassVar[str] = "versions"
    pane_title: ClassVar[str] = "Versions"

    def __init__(self, services: Services, prompt_id: int, current: Version) -> None:
        super().__init__(services)
        self._prompt_id = prompt_id
        self._current = current
        self._versions: list[prompts.VersionRow] = []
        self._tallies: dict[int, list[TallyRow]] = {}
        self._against_editor = False

    def compose_body(self) -> ComposeResult:
        """The list over the difference."""
        with Vertical(classes="body"):
            empty = ("Every send of a changed prompt makes a version.", "Send once, and the first stands here.")
            rows = RowList(COLUMNS, id="rows", classes="box short", empty=empty)
            rows.border_title = "versions"
            yield rows
            yield Plain("", id="models", classes="said")
            diff = DiffView(id="diff", classes="box tall")
            diff.border_title = "difference"
            yield diff

    def on_mount(self) -> None:
        """Show the list at once, the tallies when they are read."""
        self.rows.columns = COLUMNS if self.size.width >= NARROW_BELOW else NARROW
        self.rows.focus()
        self._read()

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.query_one("#rows", RowList)

    @property
    def _at(self) -> int | None:
        """Where the highlighted version is in the list."""
        return self.rows.cursor if self._versions else None

    @work(exclusive=True, group="read", exit_on_error=False)
    async def _read(self) -> None:
        store = self.services.store
        self._versions = await asyncio.to_thread(lambda: prompts.list_versions(store.read(), self._prompt_id))
        self._show()
        for start in range(0, len(self._versions), 20):
            ids = [row.id for row in self._versions[start : start + 20]]
            self._tallies |= await asyncio.to_thread(self._tally, ids)
            self._show()

    def _tally(self, ids: list[int]) -> dict[int, list[TallyRow]]:
        """In a thread: what came back for these versions."""
        db = self.services.store.read()
        return {version_id: version_tally(db, version_id) for version_id in ids}

    def _show(self) -> None:
        self.rows.show([self._row(row) for row in self._versions])
        here = next((row.number for row in self._versions if row.version == self._current), None)
        words = f"the editor holds v{here}" if here else "the editor holds an unsent change"
        self.head((plural(len(self._versions), "version"), "quiet"), right=[(f"{words} ", "quiet")])
        self._show_difference()

    def _row(self, row: prompts.VersionRow) -> ListRow:
        tally = self._tallies.get(row.id, [])
        cells = tally_cells(tally)
        note = note_cell(row.note, tally)
        name = f"v{row.number}"
        if len(self.rows.columns) == len(NARROW):
            shown = (name, *cells[: 1 + len(READINGS)], note)
        else:
            shown = (name, age(row.created_at, self.services.clock()), *cells, note)
        return ListRow(row.id, shown, "▸" if row.version == self._current else "", "mark")

    @work(exclusive=True, group="diff", exit_on_error=False)
    async def _show_difference(self) -> None:
        at = self._at
        if at is None:
            return
        row = self._versions[at]
        before = self._versions[at + 1] if at + 1 < len(self._versions) else None
        models, lines = self.query_one("#models", Plain), model_lines(self._tallies.get(row.id, []))
        models.display = bool(lines)
        models.update(lines)
        diff = self.query_one("#diff", DiffView)
        if self._against_editor:
            left, right, titles = row.version, self._current, (f"v{row.number}", "the editor's text")
        elif before is not None:
            left, right, titles = before.version, row.version, (f"v{before.number}", f"v{row.number}")
        else:
            left, right, titles = row.version, row.version, (f"v{row.number}, the first", "")
        parts = await asyncio.to_thread(diff_versions, left, right)
        first = before is None and not self._against_editor
        diff.border_subtitle = plain_title("" if first else changed_text(parts))
        diff.show([(part.title, part.lines) for part in parts], titles=titles)

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._show_difference()

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_restore()

    def action_restore(self) -> None:
        """Leave with the highlighted version."""
        at = self._at
        if at is not None:
            self.dismiss(VersionChoice(self._versions[at].id, self._versions[at].version))

    def action_against(self) -> None:
        """Compare with the editor's text, or with the version before."""
        self._against_editor = not self._against_editor
        self._show_difference()

    @work(exit_on_error=False)
    async def action_note(self) -> None:
        """Write down why the highlighted version was made."""
        at = self._at
        if at is None:
            return
        row = self._versions[at]
        title = f"Note on v{row.number}"
        note = await self.app.push_screen_wait(Ask(title, value=row.note, placeholder="why it was made"))
        if note is not None:
            await self.services.store.write(lambda db: prompts.set_note(db, row.id, note.strip()))
            self._read()

    def action_copy(self) -> None:
        """Copy the highlighted version as text."""
        at = self._at
        if at is not None:
            text = "\n\n".join(text for text in self._versions[at].version.texts() if text)
            self.cockpit.copy_text(text, f"v{self._versions[at].number}")


def changed_text(parts: list[DiffPart]) -> str:
    """Which parts differ, in a few words."""
    changed = [part.title for part in parts if part.changed]
    return f"changed: {', '.join(changed)}" if changed else "no difference"
