"""The sample wall: all samples of a run, a column per model; it knows nothing of runs, models or providers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.tones import TONES, Styles, component_classes
from widgets.visible import fit, head_visible
from widgets.wall_cells import WallCell, WallColumn
from widgets.wall_column import ColumnView
from widgets.wall_layout import Box, WallPlan, plan_wall

__all__ = ["SampleWall", "WallCell", "WallColumn"]
PARTS = ("border", "border-here", "title", "title-here", "status", "text", "quiet", "cursor", "bar", "empty")


class _WallLayout(Layout):
    """Puts a column view inside each box of the wall's plan."""

    name = "wall"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        assert isinstance(parent, SampleWall)
        views = [child for child in children if isinstance(child, ColumnView)]
        placements: list[WidgetPlacement] = []
        for view, box in zip(views, parent.plan_for(size).boxes, strict=False):
            view.attend(box.column)
            region = Region(box.x + 1, 1, max(box.width - 2, 0), max(size.height - 2, 0))
            placements.append(WidgetPlacement(region, NULL_OFFSET, NULL_SPACING, view))
        return placements


class SampleWall(Widget, can_focus=True):
    """Boxes of samples side by side, paged where they do not fit; streaming samples show their tail, others their head."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(0, 1)", "Down", show=False, id="wall.down", tooltip="To the next sample"),
        Binding("k,up", "move(0, -1)", "Up", show=False, id="wall.up", tooltip="To the sample above"),
        Binding("l,right", "move(1, 0)", "Right", show=False, id="wall.right", tooltip="To the model at the right"),
        Binding("h,left", "move(-1, 0)", "Left", show=False, id="wall.left", tooltip="To the model at the left"),
        Binding("g,home", "end(-1)", "First", show=False, id="wall.first", tooltip="To the first sample"),
        Binding("G,end", "end(1)", "Last", show=False, id="wall.last", tooltip="To the last sample"),
        Binding("ctrl+d,pagedown", "half(1)", "Half down", show=False, id="wall.half_down", tooltip="Half a page down"),
        Binding("ctrl+u,pageup", "half(-1)", "Half up", show=False, id="wall.half_up", tooltip="Half a page up"),
        Binding("space", "mark", "Mark", show=False, id="wall.mark", tooltip="Mark this sample, or unmark it"),
        Binding("enter", "open", "Open", show=False, id="wall.open", tooltip="Open this sample"),
    ]
    COMPONENT_CLASSES = component_classes("wall", (*PARTS, *TONES))
    DEFAULT_CSS = """
    SampleWall { height: 1fr; width: 1fr; background: $surface; color: $foreground; }
    SampleWall ColumnView { background: $surface; color: $foreground; }
    SampleWall > .wall--border { color: $foreground 22%; }
    SampleWall > .wall--border-here { color: $foreground 40%; }
    SampleWall:focus > .wall--border-here { color: $accent; }
    SampleWall > .wall--title { color: $foreground; }
    SampleWall > .wall--title-here { color: $foreground; text-style: bold; }
    SampleWall:focus > .wall--title-here { color: $text-accent; text-style: bold; }
    SampleWall > .wall--text { color: $foreground; }
    SampleWall > .wall--status, SampleWall > .wall--quiet, SampleWall > .wall--wait { color: $text-muted; }
    SampleWall > .wall--cancel, SampleWall > .wall--unknown, SampleWall > .wall--empty { color: $text-muted; }
    SampleWall > .wall--cursor { background: $foreground 6%; }
    SampleWall:focus > .wall--cursor { background: $accent 16%; }
    SampleWall > .wall--bar { color: $text-muted; }
    SampleWall:focus > .wall--bar { color: $accent; }
    SampleWall > .wall--ok { color: $text-success; }
    SampleWall > .wall--stop { color: $text-primary; }
    SampleWall > .wall--cut, SampleWall > .wall--retry { color: $text-warning; }
    SampleWall > .wall--stream, SampleWall > .wall--mark { color: $text-accent; }
    SampleWall > .wall--refuse { color: $text-secondary; }
    SampleWall > .wall--error { color: $text-error; }
    """

    @dataclass
    class Moved(Message):
        """The cursor came to another sample."""

        wall: SampleWall
        key: Hashable

        @property
        def control(self) -> SampleWall:
            return self.wall

    @dataclass
    class Opened(Moved):
        """Enter was pressed on a sample."""

    @dataclass
    class MarksChanged(Message):
        """A sample was marked or unmarked."""

        wall: SampleWall
        marks: frozenset[Hashable]

        @property
        def control(self) -> SampleWall:
            return self.wall

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._default_layout = _WallLayout()
        self.marked: set[Hashable] = set()
        self.cursor = (0, 0)
        """Column and row."""
        self.zoomed = False
        self.plan = WallPlan()
        self.styles_of = Styles(self, "wall")
        self._heads: list[tuple[str, str, str]] = []
        self._cells: list[list[WallCell]] = []
        self._empty: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield from (ColumnView(self) for _ in self.plan.boxes)

    def show(self, columns: Sequence[WallColumn]) -> None:
        """Show these columns in place of all others; the cursor stays on its sample if that is still there."""
        here = self.current
        self._heads = [_head(column.title, column.status, column.tone) for column in columns]
        self._cells = [list(column.cells) for column in columns]
        self.marked &= {cell.key for cells in self._cells for cell in cells}
        if here is None or not self._seek(here):
            self.cursor = self._clamped(*self.cursor)
        self._rearrange()

    def update_cells(self, column: int, changed: Mapping[int, WallCell], status: str | None = None) -> None:
        """Replace samples of a column by their row, and its status, and repaint no more than what then differs."""
        cells = self._cells[column]
        rows = [row for row in changed if 0 <= row < len(cells)]
        old = [cells[row] for row in rows]
        for row in rows:
            cells[row] = changed[row]
        view = self._view(column)
        if view is not None and rows:
            view.update_rows(rows, old)
        title, before, tone = self._heads[column]
        if status is not None and status != before:
            self._heads[column] = _head(title, status, tone)
            box = self.plan.box_of(column)
            if box is not None:
                self.refresh(Region(0, 0, box.x + box.width, 1))

    def set_empty(self, title: str, *lines: str) -> None:
        """What to say while there are no columns."""
        self._empty = (title, *lines)
        self.refresh()

    @property
    def current(self) -> Hashable | None:
        """The key of the sample under the cursor."""
        column, row = self.cursor
        cells = self.cells_of(column)
        return cells[row].key if row < len(cells) else None

    @property
    def current_cell(self) -> WallCell | None:
        """The sample under the cursor."""
        column, row = self.cursor
        cells = self.cells_of(column)
        return cells[row] if row < len(cells) else None

    def cells_of(self, column: int) -> Sequence[WallCell]:
        """The samples of a column, none where there is no such column."""
        return self._cells[column] if 0 <= column < len(self._cells) else ()

    def move_to(self, key: Hashable) -> bool:
        """Put the cursor on a sample by its key; False where there is none."""
        for column, cells in enumerate(self._cells):
            for row, cell in enumerate(cells):
                if cell.key == key:
                    self._go(column, row)
                    return True
        return False

    def clear_marks(self) -> None:
        """Unmark all samples."""
        if self.marked:
            self.marked.clear()
            self._redraw()
            self.post_message(self.MarksChanged(self, frozenset()))

    def toggle_zoom(self) -> None:
        """Give the cursor's column the whole width, or take it back."""
        self.zoomed = not self.zoomed
        self._rearrange()

    def plan_for(self, size: Size) -> WallPlan:
        """The plan for a size; it becomes the current one."""
        counts = [len(cells) for cells in self._cells]
        plan = plan_wall(size.width, size.height, counts, self.cursor, self.plan.first, self.zoomed)
        if plan != self.plan:
            self.plan = plan
            self._redraw()
        return plan

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.styles_of.clear()
        for view in self._views():
            view.refresh()

    def render_line(self, y: int) -> Strip:
        """Borders, and the empty state; the samples are drawn by the column views."""
        width, height = self.size
        if not self.plan.boxes:
            return self._empty_line(y)
        segments: list[Segment] = []
        for box in self.plan.boxes:
            name = "border-here" if box.column == self.cursor[0] else "border"
            if y == 0:
                segments += self._top(box, name)
            elif y == height - 1:
                segments += self._bottom(box, name)
            else:
                edge = Segment("│", self.styles_of(name))
                segments += [edge, Segment(" " * (box.width - 2), self.styles_of("text")), edge]
        return Strip(segments).adjust_cell_length(width, self.styles_of("text"))

    def action_move(self, right: int, down: int) -> None:
        """By so many columns and rows."""
        column, row = self.cursor
        self._go(column + right, row + down)

    def action_end(self, side: int) -> None:
        """To the first (-1) or last (1) sample of the column."""
        self._go(self.cursor[0], 0 if side < 0 else len(self.cells_of(self.cursor[0])) - 1)

    def action_half(self, halves: int) -> None:
        """By half of the samples on screen."""
        column, row = self.cursor
        self._go(column, row + halves * max(len(self.plan.slots) // 2, 1))

    def action_mark(self) -> None:
        """Mark or unmark."""
        key = self.current
        if key is None:
            return
        self.marked ^= {key}
        self._repaint(self.cursor)
        self.post_message(self.MarksChanged(self, frozenset(self.marked)))

    def action_open(self) -> None:
        """Open the sample under the cursor."""
        key = self.current
        if key is not None:
            self.post_message(self.Opened(self, key))
