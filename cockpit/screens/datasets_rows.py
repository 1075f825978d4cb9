"""The rows of a dataset, a page at a time: filter, splits, marks, rows to examples. It holds only what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from cockpit.core.errors import StoreError
from cockpit.screens.opened import ListScreen, plain_title
from cockpit.screens.words import count, one_line, plural
from cockpit.store.dataset_pages import Head, find_numbers, get_row, read_heads
from widgets.field import Field
from widgets.plain import Plain
from widgets.row_list import ListColumn, ListRow, RowList
from widgets.text_view import TextView

if TYPE_CHECKING:
    from cockpit.core.examples import Row
    from cockpit.services import Services
    from cockpit.store.datasets import DatasetRow

NARROW_BELOW = 110
TYPED_S = 0.15
NUMBER = ListColumn("row", 7, right=True, quiet=True)
WIDE = (
    NUMBER,
    ListColumn("input"),
    ListColumn("output", 16),
    ListColumn("label", 10),
    ListColumn("split", 8, quiet=True),
)
NARROW = (NUMBER, ListColumn("input"), ListColumn("answer", 16))
NO_SPLIT = "none"
MOST_EXAMPLES = 10_000


class DatasetRowsScreen(ListScreen[None]):
    """A list of rows under a filter, with the highlighted one whole beside it."""

    scope: ClassVar[str] = "dataset_rows"
    pane_title: ClassVar[str] = "Rows"
    typing_enter: ClassVar[str] = "to the rows"
    typing_escape: ClassVar[str] = "to the rows"
    AUTO_FOCUS = ""
    CSS_PATH = ["opened.tcss", "datasets.tcss"]  # type: ignore[assignment]  # noqa: RUF012

    def __init__(self, services: Services, dataset: DatasetRow) -> None:
        super().__init__(services)
        self._dataset = dataset
        self._turns: tuple[str | None, ...] = (None, *dataset.splits)
        if dataset.splits and sum(dataset.splits.values()) < dataset.n:
            self._turns += (NO_SPLIT,)
        self._turn = 0
        self._numbers: Sequence[int] = range(1, dataset.n + 1)
        self._row: Row | None = None

    def compose_body(self) -> ComposeResult:
        """Filter, rows, the highlighted one."""
        with Vertical(classes="body"):
            yield Field("filter", id="filter", hint="words in the input, the output or the label")
            with Container(classes="split"):
                with Vertical(id="left"):
                    rows = RowList(
                        WIDE,
                        id="rows",
                        classes="box",
                        empty=("No row is like that.", "esc, then / changes the filter."),
                    )
                    rows.border_title = "rows"
                    yield rows
                with Vertical(id="one"):
                    for name in ("input", "output"):
                        text = TextView("", id=name, classes="box")
                        text.border_title = name
                        yield text
                    yield Plain("", id="facts")

    def on_mount(self) -> None:
        """The rows are fetched as they come into view."""
        self.rows.focus()
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        """Fewer columns where there is less room."""
        self.rows.columns = WIDE if self.size.width >= NARROW_BELOW else NARROW
        self.rows.refresh()

    def _show(self) -> None:
        self.rows.show_from(len(self._numbers), self._fetch)
        split = self._turns[self._turn]
        where = {None: "all rows", NO_SPLIT: "rows in no split"}.get(split, f"split {split}")
        self.head((self._dataset.name, "plain"), (where, "quiet"), right=[(self._marked(), "accent")])
        self.rows.border_subtitle = plain_title(plural(len(self._numbers), "row"))
        self._moved()

    def _marked(self) -> str:
        return f"{plural(len(self.rows.marked), 'row')} marked " if self.rows.marked else ""

    def _fetch(self, offset: int, limit: int) -> list[ListRow]:
        heads = read_heads(self.services.store.read(), self._dataset.id, self._numbers[offset : offset + limit])
        narrow = self.rows.columns == NARROW
        return [_list_row(head, narrow=narrow) for head in heads]

    @work(exclusive=True, group="find", exit_on_error=False)
    async def _find(self) -> None:
        """Find the rows of the split and the filter, after a short rest in typing."""
        await asyncio.sleep(TYPED_S)
        words, split = self.query_one("#filter", Field).value, self._turns[self._turn]
        self._numbers = await asyncio.to_thread(self._search, words, split)
        self._show()

    def _search(self, words: str, split: str | None) -> Sequence[int]:
        if not words.strip() and split is None:
            return range(1, self._dataset.n + 1)
        unsplit = split == NO_SPLIT and NO_SPLIT not in self._dataset.splits
        db = self.services.store.read()
        return find_numbers(db, self._dataset.id, split=None if unsplit else split, unsplit=unsplit, words=words)

    @on(Field.Changed, "#filter")
    def _typed(self) -> None:
        self._find()

    @on(Field.Submitted, "#filter")
    def _typed_all(self) -> None:
        self.rows.focus()

    @on(RowList.MarksChanged)
    def _marks_changed(self) -> None:
        self._show_marks()

    def _show_marks(self) -> None:
        self.rows.refresh()
        self._show_head_marks()

    def _show_head_marks(self) -> None:
        from widgets.top_bar import TopBar

        self.query_one("#top-bar", TopBar).show(right=[(self._marked(), "accent")])

    @on(RowList.Moved)
    @work(exclusive=True, group="row", exit_on_error=False)
    async def _moved(self) -> None:
        """The highlighted row, whole."""
        at = self.rows.cursor
        if at >= len(self._numbers):
            self._show_row(None)
            return
        number, store = self._numbers[at], self.services.store
        try:
            row = await asyncio.to_thread(lambda: get_row(store.read(), self._dataset.id, number))
        except StoreError:
            row = None
        self._show_row(row)

    def _show_row(self, row: Row | None) -> None:
        self._row = row
        self.query_one("#input", TextView).show(row.input if row else "")
        self.query_one("#output", TextView).show(row.output if row else "")
        self.query_one("#facts", Plain).update(facts_words(row) if row else "")

    # Actions

    def action_filter(self) -> None:
        """Type words to look for."""
        self.query_one("#filter", Field).focus()

    def action_turn(self) -> None:
        """The next split, none, or all."""
        if len(self._turns) == 1:
            self.notify_plain("It is not split yet: go back with q, s splits it.", timeout=3)
            return
        self._turn = (self._turn + 1) % len(self._turns)
        self._find()

    def action_mark_all(self) -> None:
        """Mark every row listed, or none."""
        marked = self.rows.marked
        if len(self._numbers) > MOST_EXAMPLES and not marked:
            self.notify_plain(f"At most {count(MOST_EXAMPLES)} rows can be marked: filter them, or t takes a subset.")
            return
        everything = set(self._numbers)
        self.rows.marked = set() if marked >= everything else marked | everything
        self._show_marks()

    @work(group="keep", exit_on_error=False)
    async def action_keep(self) -> None:
        """Make the marked rows, or this one, examples."""
        from cockpit.screens.datasets_take import keep_rows

        numbers = sorted(int(str(key)) for key in self.rows.marked)
        if not numbers and self.rows.current is not None:
            numbers = [self._numbers[self.rows.cursor]]
        if numbers:
            store, dataset = self.services.store, self._dataset
            rows = await asyncio.to_thread(lambda: [get_row(store.read(), dataset.id, n) for n in numbers])
            if await keep_rows(self, dataset.name, rows):
                self.rows.clear_marks()
                self._show_marks()

    @work(group="open", exit_on_error=False)
    async def action_take(self) -> None:
        """Take a subset."""
        from cockpit.screens.datasets_take import TakeScreen

        split = self._turns[self._turn]
        start = split if split in self._dataset.splits else None
        await self.app.push_screen_wait(TakeScreen(self.services, self._dataset, split=start))

    def action_copy(self) -> None:
        """Copy this row."""
        if self._row is not None:
            self.cockpit.copy_text(f"{self._row.input}\n\n{self._row.output}", "row")


def _list_row(head: Head, *, narrow: bool) -> ListRow:
    input, label = one_line(head.input), one_line(head.label or "")
    if narrow:
        return ListRow(head.number, (count(head.number), input, label or one_line(head.output)))
    return ListRow(head.number, (count(head.number), input, one_line(head.output), label, head.split or "–"))


def facts_words(row: Row) -> str:
    """What a row has beside its texts."""
    facts = (("label", row.label), ("split", row.split or "none"), ("group", row.group), ("key", row.key))
    said = "   ".join(f"{name} {one_line(value, 60)}" for name, value in facts if value)
    more = ", ".join(f"{name} = {one_line(str(value), 60)}" for name, value in row.extra.items())
    return f"{said}\n{one_line(more, 300)}" if more else said
