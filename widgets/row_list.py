"""A list of rows in columns, for a hundred thousand rows as for three; it knows nothing of what the rows are."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from widgets.line_view import LineView
from widgets.tones import TONES, Styles, component_classes
from widgets.visible import fit, head_visible, pad

PAGE = 256


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A column: its title, its width in cells (0: a share of what is left), and where its numbers stand."""

    title: str
    width: int = 0
    right: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row: what it stands for, its cells as text, a tone for the glyph before it."""

    key: Hashable
    cells: tuple[str, ...]
    glyph: str = ""
    tone: str = ""
    quiet: bool = False
    """The whole row steps back: what it stands for cannot be used now."""


Fetch = Callable[[int, int], Sequence[ListRow]]
"""offset, limit → rows."""


class RowList(LineView):
    """Rows with a cursor and marks; rows come from a sequence or, page by page, from a function."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", show=False, id="list.open", tooltip="Open this row"),
        Binding("space", "mark", "Mark", show=False, id="list.mark", tooltip="Mark this row, or unmark it"),
    ]
    COMPONENT_CLASSES = component_classes("list", ("title", "row", "quiet", "cursor", "bar", "empty", *TONES))
    DEFAULT_CSS = """
    RowList { height: 1fr; background: $surface; color: $foreground; }
    RowList > .list--title { color: $text-muted; }
    RowList > .list--row { color: $foreground; }
    RowList > .list--quiet, RowList > .list--wait, RowList > .list--cancel { color: $text-muted; }
    RowList > .list--empty, RowList > .list--unknown { color: $text-muted; }
    RowList > .list--cursor { background: $boost; }
    RowList:focus > .list--cursor { background: $accent 18%; }
    RowList > .list--bar { color: $text-muted; }
    RowList:focus > .list--bar { color: $text-accent; }
    RowList > .list--ok { color: $text-success; }
    RowList > .list--stop { color: $text-primary; }
    RowList > .list--cut, RowList > .list--retry { color: $text-warning; }
    RowList > .list--stream, RowList > .list--mark { color: $text-accent; }
    RowList > .list--refuse { color: $text-secondary; }
    RowList > .list--error { color: $text-error; }
    """

    @dataclass
    class Moved(Message):
        """The cursor came to another row."""

        rows: RowList
        key: Hashable
        index: int

        @property
        def control(self) -> RowList:
            return self.rows

    @dataclass
    class Opened(Message):
        """Enter was pressed on a row."""

        rows: RowList
        key: Hashable
        index: int

        @property
        def control(self) -> RowList:
            return self.rows

    @dataclass
    class MarksChanged(Message):
        """A row was marked or unmarked."""

        rows: RowList
        marks: frozenset[Hashable]

        @property
        def control(self) -> RowList:
            return self.rows

    @dataclass
    class Resized(Message):
        """The list is wider, narrower, longer or shorter: other columns may fit."""

        rows: RowList

        @property
        def control(self) -> RowList:
            return self.rows

    def __init__(
        self,
        columns: Sequence[ListColumn] = (),
        rows: Sequence[ListRow] = (),
        *,
        empty: Sequence[str] = (),
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.marked: set[Hashable] = set()
        self.cursor = 0
        self.mark_moves = False
        """Marking a row goes on to the next one."""
        self._rows: Sequence[ListRow] = rows
        self._fetch: Fetch | None = None
        self._pages: dict[int, Sequence[ListRow]] = {}
        self._total = len(rows)
        self._empty = tuple(empty)
        self._styles_of = Styles(self, "list")

    def show(self, rows: Sequence[ListRow], *, keep_cursor: bool = True) -> None:
        """Show these rows; the cursor stays on the row it was on, if that is still there."""
        here = self.current
        self._rows, self._fetch, self._total = rows, None, len(rows)
        self._pages.clear()
        at = next((i for i, row in enumerate(rows) if here is not None and row.key == here.key), None)
        self.cursor = at if keep_cursor and at is not None else min(self.cursor, max(len(rows) - 1, 0))
        if not keep_cursor:
            self.cursor = 0
        self._settle()

    def show_from(self, total: int, fetch: Fetch) -> None:
        """Show total rows that are fetched page by page as they come into view."""
        self._fetch, self._total = fetch, total
        self._pages.clear()
        self.cursor = min(self.cursor, max(total - 1, 0))
        self._settle()

    def set_empty(self, *lines: str) -> None:
        """What to say while there are no rows."""
        self._empty = lines
        self.refresh()

    @property
    def current(self) -> ListRow | None:
        """The row under the cursor."""
        return self.row(self.cursor) if self._total else None

    def row(self, index: int) -> ListRow | None:
        """The row at an index, fetched if need be."""
        if not 0 <= index < self._total:
            return None
        if self._fetch is None:
            return self._rows[index]
        page, at = divmod(index, PAGE)
        if page not in self._pages:
            if len(self._pages) > 16:
                self._pages.clear()
            self._pages[page] = self._fetch(page * PAGE, PAGE)
        rows = self._pages[page]
        return rows[at] if at < len(rows) else None

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in sight. Textual calls the base class's as well."""
        self.show_line(self.cursor + 1)
        self.post_message(self.Resized(self))

    def move_to(self, index: int) -> None:
        """Put the cursor on a row."""
        index = min(max(index, 0), max(self._total - 1, 0))
        if index == self.cursor or not self._total:
            return
        old, self.cursor = self.cursor, index
        self.show_line(index + 1)
        self.repaint_lines(old + 1, index + 1)
        row = self.row(index)
        if row is not None:
            self.post_message(self.Moved(self, row.key, index))

    def line_count(self) -> int:
        return self._total + 1

    def line_strip(self, index: int, width: int) -> Strip:
        return Strip([])

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def action_scroll_lines(self, lines: int) -> None:
        self.move_to(self.cursor + lines)

    def action_scroll_half(self, halves: int) -> None:
        self.move_to(self.cursor + halves * max(self.size.height // 2, 1))

    def action_scroll_first(self) -> None:
        self.move_to(0)

    def action_scroll_last(self) -> None:
        self.move_to(self._total - 1)

    def action_open(self) -> None:
        row = self.current
        if row is not None:
            self.post_message(self.Opened(self, row.key, self.cursor))

    def action_mark(self) -> None:
        row = self.current
        if row is None:
            return
        self.marked ^= {row.key}
        self.repaint_lines(self.cursor + 1)
        self.post_message(self.MarksChanged(self, frozenset(self.marked)))
        if self.mark_moves:
            self.move_to(self.cursor + 1)

    def clear_marks(self) -> None:
        """Unmark all rows."""
        self.marked.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The titles stay on top; the rows scroll under them."""
        width = self.size.width
        if not self._total:
            return self._empty_line(y, width)
        if y == 0 and any(column.title for column in self.columns):
            titles = ListRow(None, tuple(column.title for column in self.columns))
            return self._strip(titles, "", width, name="title")
        index = self.top + y - 1
        row = self.row(index)
        if row is None:
            return Strip.blank(width, self.rich_style)
        lead = ("●" if row.key in self.marked else " ") + row.glyph
        return self._strip(row, lead, width, ground="cursor" if index == self.cursor else "")

    def _strip(self, row: ListRow, lead: str, width: int, *, name: str = "row", ground: str = "") -> Strip:
        style = self._styles_of
        bar = Segment("▎" if ground else " ", style("bar", ground))
        segments = [bar, Segment(pad(lead, 4), style(row.tone or name, ground))]
        for column, wide, text in zip(self.columns, self._widths(width - 5), row.cells, strict=False):
            cell = pad(head_visible(text, 4 * wide, newlines="mark"), wide, right=column.right)
            is_quiet = (column.quiet or row.quiet) and name == "row"
            segments.append(Segment(cell + "  ", style("quiet" if is_quiet else name, ground)))
        return Strip(segments).adjust_cell_length(width, style(name, ground))

    def _widths(self, room: int) -> list[int]:
        fixed = sum(column.width + 2 for column in self.columns)
        shares = sum(not column.width for column in self.columns)
        share = max((room - fixed) // shares, 8) if shares else 0
        return [column.width or share for column in self.columns]

    def _empty_line(self, y: int, width: int) -> Strip:
        at = y - max((self.size.height - len(self._empty)) // 2, 0)
        if not 0 <= at < len(self._empty):
            return Strip.blank(width, self.rich_style)
        text = fit(head_visible(self._empty[at], 400, newlines="mark"), width)
        left = " " * max((width - cell_len(text)) // 2, 0)
        return Strip([Segment(left + text, self._styles_of("empty"))]).adjust_cell_length(width, self.rich_style)

    def _settle(self) -> None:
        self.top = min(self.top, max(self._total + 1 - max(self.size.height, 1), 0))
        self.show_line(self.cursor + 1)
        self.refresh()
