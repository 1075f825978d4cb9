"""Which examples the Examples pane lists: filter, order, rows read as they come into view. Nothing is changed here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from cockpit.core.errors import InputError
from cockpit.core.example_filter import parse_filter
from cockpit.core.examples import VERDICTS, Verdict
from cockpit.screens import examples_words as words
from cockpit.store.example_list import ORDERS, Head, Order, count_verdicts, list_ids, read_heads
from widgets.field import Field
from widgets.row_list import PAGE, ListRow, RowList
from widgets.top_bar import TopBar

if TYPE_CHECKING:
    from cockpit.screens.examples import ExamplesScreen
    from cockpit.store.db import Database


class ExampleList(RowList):
    """A list in which `g` is a verdict, and not the way to the first row: Home is."""

    def on_mount(self) -> None:
        """Leave the letter to the screen, unless a person mapped it to the list."""
        self._bindings.key_to_bindings.pop("g", None)


class Listing:
    """The ids that are listed, and the heads of those that were looked at."""

    def __init__(self, screen: ExamplesScreen) -> None:
        self.screen = screen
        self.text = ""
        """The filter as typed."""
        self.order: Order = "newest"
        self.ids: list[int] = []
        self.verdicts: dict[int, Verdict] = {}
        """Of those that are listed."""
        self.counts: dict[Verdict, int] = dict.fromkeys(VERDICTS, 0)
        self.loaded = False
        self._heads: dict[int, Head] = {}
        self._pages: set[int] = set()
        self._width = 0

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.screen.query_one("#rows", ExampleList)

    @property
    def current(self) -> int | None:
        """The id under the cursor."""
        at = self.rows.cursor
        return self.ids[at] if at < len(self.ids) else None

    @property
    def marked(self) -> list[int]:
        """The marked ones, in the list's order, then those that the filter hides."""
        marks = cast("set[int]", self.rows.marked)
        listed = [one for one in self.ids if one in marks]
        return [*listed, *sorted(marks.difference(listed))]

    @property
    def total(self) -> int:
        """How many the project has."""
        return sum(self.counts.values())

    def head(self, example_id: int) -> Head | None:
        """What the row of an example shows, if it was read."""
        return self._heads.get(example_id)

    def to_json(self) -> dict[str, Any]:
        """What to remember."""
        return {"filter": self.text, "order": self.order, "at": self.current}

    def restore(self, data: Mapping[str, Any]) -> int | None:
        """Take up what `to_json` returned; the id that the cursor was on."""
        self.text = str(data.get("filter") or "")
        order = data.get("order")
        self.order = order if order in ORDERS else "newest"
        self.screen.query_one("#filter", Field).value = self.text
        at = data.get("at")
        return at if isinstance(at, int) else None

    # Reading

    def reload(self, at: int | None = None) -> None:
        """Read the list anew, the cursor on this example or where it is."""
        self.screen.run_worker(partial(self.read, at), group="list", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]

    async def read(self, at: int | None = None) -> None:
        """Read the list in a thread and show it."""
        field = self.screen.query_one("#filter", Field)
        try:
            wanted = parse_filter(self.text)
        except InputError as error:
            field.set_problem(error.sentence())
            return
        field.set_problem("")
        keep = at if at is not None else self.current
        place = self.rows.cursor

        def load(db: Database, project: int) -> tuple[dict[int, Verdict], dict[Verdict, int], dict[int, Head]]:
            found = list_ids(db, project, wanted, self.order)
            ids = list(found)
            near = ids.index(keep) if keep in found else min(place, max(len(ids) - 1, 0))
            first = near // PAGE * PAGE
            return found, count_verdicts(db, project), read_heads(db, ids[first : first + PAGE])

        none: tuple[dict[int, Verdict], dict[Verdict, int], dict[int, Head]] = ({}, dict.fromkeys(VERDICTS, 0), {})
        self.verdicts, self.counts, self._heads = await self.screen.read(load, none)
        self.ids = list(self.verdicts)
        self._pages.clear()
        self.loaded = True
        self.rows.cursor = self.ids.index(keep) if keep in self.verdicts else min(place, max(len(self.ids) - 1, 0))
        self.show()
        self.screen.look.look()

    async def touched(self, ids: Iterable[int]) -> None:
        """These examples changed: read what their rows show, where they are in view, and the counts."""
        changed = [one for one in ids if one in self.verdicts]
        near, rest = [one for one in changed if one in self._heads][:PAGE], changed

        def load(db: Database, project: int) -> tuple[dict[Verdict, int], dict[int, Head]]:
            return count_verdicts(db, project), read_heads(db, near)

        nothing: tuple[dict[Verdict, int], dict[int, Head]] = (self.counts, {})
        self.counts, heads = await self.screen.read(load, nothing)
        for one in rest:
            self._heads.pop(one, None)
        self._heads.update(heads)
        self.verdicts.update({one: head.verdict for one, head in heads.items()})
        self._pages.clear()
        self.show()
        self.screen.look.look()

    def expect(self, ids: Iterable[int], verdict: Verdict) -> None:
        """Show a verdict that is being written: the next key must not wait for the disk."""
        for one in ids:
            if one in self.verdicts:
                self.verdicts[one] = verdict
            if one in self._heads:
                self._heads[one] = replace(self._heads[one], verdict=verdict)
        self.show()

    def to_next(self, ids: Sequence[int]) -> bool:
        """The cursor to the next example that is still to be judged, from the top again after the last."""
        here, skipped = self.rows.cursor, set(ids)
        order = [*range(here + 1, len(self.ids)), *range(here)]
        for at in order:
            if self.verdicts[self.ids[at]] == "candidate" and self.ids[at] not in skipped:
                self.rows.move_to(at)
                return True
        return False

    def go_to(self, example_id: int) -> None:
        """The cursor to an example, if it is listed."""
        if example_id in self.verdicts:
            self.rows.move_to(self.ids.index(example_id))

    # Drawing

    def show(self) -> None:
        """The rows, the counts, what to say where there are none."""
        rows, screen = self.rows, self.screen
        self._width = rows.size.width
        rows.columns = words.columns(self._width)
        rows.marked &= set(self.ids) if not self.text else rows.marked
        if not self.loaded:
            rows.set_empty("")
        elif self.text and self.total:
            rows.set_empty("No example is like that.", "esc shows all of them")
        else:
            rows.set_empty(*words.NO_EXAMPLES)
        rows.show_from(len(self.ids), self._fetch)
        screen.set_class(self.loaded and not self.ids, "-empty")
        self.show_counts()
        screen.refresh_bindings()

    def show_counts(self) -> None:
        """The line over the list."""
        parts = words.count_parts(self.counts, len(self.rows.marked)) if self.total else [("no examples yet", "quiet")]
        said = words.list_parts(len(self.ids), self.total, self.order, self.text) if self.total else []
        self.screen.query_one("#about", TopBar).show(parts, said)
        field = self.screen.query_one("#filter", Field)
        field.display = bool(self.text) or field.has_focus

    def _fetch(self, offset: int, limit: int) -> list[ListRow]:
        ids = self.ids[offset : offset + limit]
        page = offset // PAGE
        if page not in self._pages and any(one not in self._heads for one in ids):
            self._pages.add(page)
            self.screen.call_later(self._want, page)
        width, drafts = self._width, self.screen.write.drafts
        return [
            words.row_of(head, width, unsaved=one in drafts) if (head := self._heads.get(one)) else ListRow(one, ("…",))
            for one in ids
        ]

    def _want(self, page: int) -> None:
        self.screen.run_worker(partial(self._read_page, page), group="pages", exit_on_error=False)  # type: ignore[arg-type]

    async def _read_page(self, page: int) -> None:
        ids = self.ids[page * PAGE : (page + 1) * PAGE]
        heads = await asyncio.to_thread(lambda: read_heads(self.screen.services.store.read(), ids))
        self._heads.update(heads)
        self.rows.show_from(len(self.ids), self._fetch)
