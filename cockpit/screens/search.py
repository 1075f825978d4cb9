"""Search everything ever sampled, as you type. What a query means is the store's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.screens.opened import ListScreen
from cockpit.screens.words import GLYPHS, age
from cockpit.store.search import Hit, search
from widgets.field import Field
from widgets.plain import Plain
from widgets.row_list import ListColumn, ListRow, RowList

if TYPE_CHECKING:
    from cockpit.services import Services

LIMIT = 200
REST_S = 0.01
"""How long typing rests before the store is asked."""
WIDE = (
    ListColumn("sample", 8, right=True, quiet=True),
    ListColumn("sent", 10, right=True, quiet=True),
    ListColumn("run", 6, right=True, quiet=True),
    ListColumn("model", 30),
    ListColumn("answer"),
)
NARROW = (ListColumn("run", 6, right=True, quiet=True), ListColumn("model", 16), ListColumn("answer"))
NARROW_BELOW = 100
HINTS = "model:haiku  run:12  ended:refusal  tag:odd  is:gold  “a phrase”"


class SearchScreen(ListScreen[int | None]):
    """Samples that hold every word typed, newest first; the chosen one's id."""

    scope: ClassVar[str] = "search"
    pane_title: ClassVar[str] = "Search"

    def __init__(self, services: Services, project: str = "") -> None:
        super().__init__(services)
        self._project = project
        self._hits: list[Hit] = []
        self._asked = 0

    def compose_body(self) -> ComposeResult:
        """The query over what it finds."""
        with Vertical(classes="body"):
            yield Field("search", id="query", hint="words of any answer or reasoning")
            yield Plain(f"narrow  {HINTS}", id="hints", classes="hint")
            rows = RowList(WIDE, id="rows", classes="box", empty=("Reading…",))
            rows.border_title = "samples"
            yield rows

    def on_mount(self) -> None:
        """The newest samples stand there before anything is typed."""
        self.rows.columns = WIDE if self.size.width >= NARROW_BELOW else NARROW
        self.query_one("#query", Field).focus()
        self._ask("")

    @work(exclusive=True, group="ask", exit_on_error=False)
    async def _ask(self, query: str) -> None:
        """Ask after a short rest; an answer to an older query is dropped."""
        self._asked += 1
        asked = self._asked
        if query:
            await asyncio.sleep(REST_S)
        store = self.services.store
        hits = await asyncio.to_thread(lambda: search(store.read(), query, LIMIT))
        if asked == self._asked:
            self._show(query, hits)

    def _show(self, query: str, hits: list[Hit]) -> None:
        self._hits = hits
        if query.strip():
            self.rows.set_empty("Nothing has all of these words.", "Fewer words, or fewer filters, find more.")
        else:
            self.rows.set_empty("Every answer you sample is kept and can be found here.", "There is none yet.")
        narrow = len(self.rows.columns) == len(NARROW)
        now = self.services.clock()
        rows = []
        for hit in hits:
            glyph, tone, words = GLYPHS.get(hit.ended, ("?", "unknown", ""))
            cells: tuple[str, ...] = (str(hit.run_id), hit.model, hit.snippet or f"({words})")
            if not narrow:
                cells = (str(hit.sample_id), age(hit.created_at, now), *cells)
            rows.append(ListRow(hit.sample_id, cells, glyph, tone))
        here = self.rows.current
        moved = self.rows.cursor > 0 and any(here is not None and row.key == here.key for row in rows)
        self.rows.show(rows, keep_cursor=moved)
        found = f"the newest {LIMIT}" if len(hits) == LIMIT else str(len(hits))
        self.head(right=[(f"{found}, newest first ", "quiet")])

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        self._ask(event.value)

    @on(Field.Submitted)
    def _submitted(self) -> None:
        self.action_open()

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """Leave with the highlighted sample."""
        row = self.rows.current
        if row is not None and isinstance(row.key, int):
            self.dismiss(row.key)

    def action_keep(self) -> None:
        """Ask what to make of the marked samples, or of the highlighted one, as examples."""
        from cockpit.screens.keep_open import ask_keep

        here = self.rows.current
        marked = [hit.sample_id for hit in self._hits if hit.sample_id in self.rows.marked]
        ids = marked or [row.key for row in (here,) if row is not None and isinstance(row.key, int)]

        async def then(changed: bool) -> None:
            if changed and marked:
                self.rows.clear_marks()

        if ids:
            ask_keep(self, ids, then=then)

    def action_edit(self) -> None:
        """Type in the query."""
        self.query_one("#query", Field).focus()

    def action_down(self) -> None:
        """The next match."""
        self.rows.action_scroll_lines(1)

    def action_up(self) -> None:
        """The match above."""
        self.rows.action_scroll_lines(-1)
