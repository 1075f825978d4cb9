"""The model picker: what can be asked, what each takes and costs, which key is missing. Nothing is sent from here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.core.catalog import Catalog
from cockpit.core.errors import CockpitError
from cockpit.screens.models_view import ModelRow, addable, matching, model_row, model_rows
from cockpit.screens.opened import ListScreen
from cockpit.screens.words import plural
from widgets.field import Field
from widgets.plain import Plain
from widgets.row_list import ListColumn, ListRow, RowList

if TYPE_CHECKING:
    from cockpit.services import Services

WIDE = (
    ListColumn("model"),
    ListColumn("context", 7, right=True),
    ListColumn("$ a million in / out", 20, right=True),
    ListColumn("what it takes", quiet=True),
)
NARROW = (ListColumn("model"), ListColumn("$ in / out", 14, right=True), ListColumn("", 24, quiet=True))
NARROW_BELOW = 100
PATIENCE_S = 30.0
"""How long a provider may take to say what it offers."""


class ModelPicker(ListScreen[tuple[str, ...] | None]):
    """Choose models by name; None leaves the choice as it was."""

    scope: ClassVar[str] = "models"
    pane_title: ClassVar[str] = "Models"
    typing_enter: ClassVar[str] = "choose it"

    def __init__(self, services: Services, chosen: tuple[str, ...] = ()) -> None:
        super().__init__(services)
        self._chosen = list(dict.fromkeys(chosen))
        self._all: list[ModelRow] = []
        self._catalog: Catalog | None = None
        self._offered: dict[str, tuple[str, ...]] = {}
        """What each provider that was asked said it offers."""

    def compose_body(self) -> ComposeResult:
        """The filter over the models, and what is chosen."""
        with Vertical(classes="body centre"):
            yield Field("filter", id="query", classes="list", hint="or type any provider:model")
            rows = RowList(WIDE, id="rows", classes="box list", empty=("Reading the table of models…",))
            rows.border_title = "models"
            yield rows
            yield Plain("", id="said", classes="said list")
            yield Plain("", id="asked", classes="said list")

    def on_mount(self) -> None:
        """Read the table of models off the loop, then show it."""
        self.rows.focus()
        self.rows.columns = WIDE if self.size.width >= NARROW_BELOW else NARROW
        self._read()

    @work(exit_on_error=False)
    async def _read(self) -> None:
        config = self.services.config
        self._catalog = await asyncio.to_thread(lambda: self.services.catalog)
        self._all = model_rows(self._catalog, self.services.providers, config.aliases, self._chosen, self._offered)
        self.rows.marked.update(self._chosen)
        self._show()

    @work(exclusive=True, group="ask", exit_on_error=False)
    async def _ask(self, name: str) -> None:
        """Ask a provider what it offers; say what came of it."""
        asked = self.query_one("#asked", Plain)
        asked.update(f"Asking {name} what it offers…")
        try:
            provider = await asyncio.to_thread(self.services.providers.get, name)
            async with asyncio.timeout(PATIENCE_S):
                models = [model.id for model in await provider.models()]
        except CockpitError as error:
            asked.update(f"{name} did not say what it offers: {error.sentence()}")
            return
        except TimeoutError:
            asked.update(f"{name} did not say what it offers within {PATIENCE_S:g} s.")
            return
        self._offered[name] = tuple(models)
        before = {row.name for row in self._all}
        await self._read().wait()
        new = sum(row.name not in before for row in self._all)
        asked.update(f"{name} offers {plural(len(models), 'model')}, {new or 'none'} of them new here.")

    def _show(self) -> None:
        query = self.query_one("#query", Field).value.strip()
        found = matching(self._all, query)
        new = addable(query, self._all, self.services.config.aliases) if self._catalog else ""
        rows = [self._row(row) for row in found]
        if new and self._catalog:
            row = model_row(new, self._catalog, self.services.providers, self.services.config.aliases)
            rows.insert(0, self._row(row, glyph="+"))
        self.rows.set_empty("No model has that in its name.", "Type it whole, as provider:model, to add it.")
        self.rows.show(rows)
        self._say()

    def _row(self, row: ModelRow, glyph: str = "") -> ListRow:
        name = f"{row.name} → {row.stands_for}" if row.stands_for else row.name
        note = row.missing or (f"offered · {row.takes}" if row.offered else row.takes)
        tone = "cancel" if row.missing else "mark" if glyph else "ok"
        glyph = glyph or ("–" if row.missing else "✓")
        cells: tuple[str, ...] = (name, row.context, row.price, note)
        if len(self.rows.columns) == len(NARROW):
            cells = (name, row.price, note)
        return ListRow(row.name, cells, glyph, tone, quiet=bool(row.missing))

    def _say(self) -> None:
        names = ", ".join(self._chosen) or "none; enter takes the highlighted one"
        dated = f"   prices of {self._catalog.prices_dated}" if self._catalog and self._catalog.prices_dated else ""
        self.query_one("#said", Plain).update(f"chosen {len(self._chosen)}   {names}")
        self.head(right=[(f"{len(self._all)} models{dated} ", "quiet")])

    @on(Field.Changed)
    def _filter(self) -> None:
        self._show()

    @on(Field.Submitted)
    def _picked(self) -> None:
        """Enter while filtering chooses the highlighted model and goes back to the list."""
        row = self.rows.current
        if row is not None and row.key not in self.rows.marked:
            self.rows.marked.add(row.key)
            self._take(frozenset(self.rows.marked))
        self.query_one("#query", Field).value = ""
        self._show()
        self.rows.focus()

    @on(RowList.MarksChanged)
    def _marked(self, event: RowList.MarksChanged) -> None:
        self._take(event.marks)

    def _take(self, marks: frozenset[object]) -> None:
        """Keep the order in which models were chosen; a name that was typed joins the list."""
        self._chosen = [name for name in self._chosen if name in marks]
        self._chosen += [str(name) for name in marks if name not in self._chosen]
        known = {row.name for row in self._all}
        if self._catalog:
            new: Sequence[str] = [name for name in self._chosen if name not in known]
            aliases = self.services.config.aliases
            self._all[:0] = [model_row(name, self._catalog, self.services.providers, aliases) for name in new]
        self._say()

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_accept()

    def action_choose(self) -> None:
        """Choose the highlighted model, or no longer."""
        self.rows.action_mark()

    def action_offered(self) -> None:
        """Ask the highlighted model's provider what it offers."""
        row = self.rows.current
        provider = next((found.provider for found in self._all if row is not None and found.name == row.key), "")
        if provider:
            self._ask(provider)

    def action_filter(self) -> None:
        """Type to narrow the list."""
        self.query_one("#query", Field).focus()

    def action_clear(self) -> None:
        """Choose none."""
        self.rows.clear_marks()
        self._take(frozenset())

    def action_accept(self) -> None:
        """Leave with the chosen models, or the highlighted one."""
        row = self.rows.current
        if not self._chosen and row is not None:
            self._chosen = [str(row.key)]
        self.dismiss(tuple(self._chosen))
