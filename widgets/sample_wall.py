"""The sample wall: all samples of a run, a column per model; it knows nothing of runs, models or providers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, WidgetPlacement
from textual.layouts.vertical import VerticalLayout
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.tones import TONES, Styles, component_classes
from widgets.wall_cells import WallCell, WallColumn
from widgets.wall_column import ColumnView
from widgets.wall_frame import Heading, bottom_border, empty_line, heading, top_border
from widgets.wall_layout import WallPlan, plan_wall

__all__ = ["SampleWall", "WallCell", "WallColumn"]
PARTS = ("border", "border-here", "title", "title-here", "status", "text", "quiet", "cursor", "bar", "empty")


class _WallLayout(VerticalLayout):
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
    """Boxes of samples side by side, paged where they do not fit; streams show their tail, others their head."""

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
        self._heads: list[Heading] = []
        self._cells: list[list[WallCell]] = []
        self._empty: tuple[str, ...] = ()
        self._made: list[ColumnView] = []

    def show(self, columns: Sequence[WallColumn]) -> None:
        """Show these columns in place of all others; the cursor stays on its sample if that is still there."""
        here = self.current
        self._heads = [heading(column.title, column.status, column.tone) for column in columns]
        self._cells = [list(column.cells) for column in columns]
        self.marked &= {cell.key for cells in self._cells for cell in cells}
        self.cursor = (here is not None and _find(self._cells, here)) or self._clamped(*self.cursor)
        self._rearrange()

    def update_cells(self, column: int, changed: Mapping[int, WallCell], status: str | None = None) -> None:
        """Replace samples of a column by their row, and its status, and repaint no more than what then differs."""
        cells = self._cells[column]
        rows = [row for row in changed if 0 <= row < len(cells)]
        for row in rows:
            cells[row] = changed[row]
        for view in self._views(column):
            view.update_rows(rows)
        title, before, tone = self._heads[column]
        if status is not None and status != before:
            self._heads[column] = heading(title, status, tone)
            box = self.plan.box_of(column)
            if box is not None:
                self.refresh(Region(0, 0, box.x + box.width, 1))

    def set_empty(self, title: str, *lines: str) -> None:
        """What to say while there are no columns."""
        if self._empty != (title, *lines):
            self._empty = (title, *lines)
            self.refresh()

    @property
    def current(self) -> Hashable | None:
        """The key of the sample under the cursor."""
        cell = self.current_cell
        return cell.key if cell else None

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
        found = _find(self._cells, key)
        if found:
            self._go(*found)
        return found is not None

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
        self.plan = self._plan(size, self.cursor)
        return self.plan

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.styles_of.clear()
        for view in self._views():
            view.refresh()

    def render_line(self, y: int) -> Strip:
        """Borders, and the empty state; the samples are drawn by the column views."""
        width, height = self.size
        styles, plan = self.styles_of, self.plan
        segments: list[Segment] = []
        if not plan.boxes:
            segments = empty_line(y, width, height, self._empty, styles)
        for box in plan.boxes:
            is_here = box.column == self.cursor[0]
            if y == 0:
                segments += top_border(box, self._heads[box.column], styles, is_here=is_here)
            elif y == height - 1:
                segments += bottom_border(box, plan, len(self._cells[box.column]), styles, is_here=is_here)
            else:
                edge = Segment("│", styles("border-here" if is_here else "border"))
                segments += [edge, Segment(" " * (box.width - 2), styles("text")), edge]
        return Strip(segments).adjust_cell_length(width, styles("text"))

    def on_resize(self, event: events.Resize) -> None:
        """Another size may show more columns."""
        self._rearrange()

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
        for view in self._views(self.cursor[0]):
            view.repaint_row(self.cursor[1])
        self.post_message(self.MarksChanged(self, frozenset(self.marked)))

    def action_open(self) -> None:
        """Open the sample under the cursor."""
        key = self.current
        if key is not None:
            self.post_message(self.Opened(self, key))

    def _go(self, column: int, row: int) -> None:
        old, new = self.cursor, self._clamped(column, row)
        if new == old:
            return
        self.cursor = new
        if self._plan(self.size, new) != self.plan:
            self._rearrange()
        else:
            for at_column, at_row in (old, new):
                for view in self._views(at_column):
                    view.repaint_row(at_row)
            if old[0] != new[0]:
                self.refresh()
        cell = self.current_cell
        if cell is not None:
            self.post_message(self.Moved(self, cell.key))

    def _clamped(self, column: int, row: int) -> tuple[int, int]:
        column = min(max(column, 0), max(len(self._cells) - 1, 0))
        return column, min(max(row, 0), max(len(self.cells_of(column)) - 1, 0))

    def _plan(self, size: Size, cursor: tuple[int, int]) -> WallPlan:
        counts = [len(cells) for cells in self._cells]
        return plan_wall(size, counts, cursor, first=self.plan.first, zoomed=self.zoomed)

    def _views(self, column: int | None = None) -> list[ColumnView]:
        """The views on screen, or the one of a column if it is there."""
        shown = zip(self._made, self.plan.boxes, strict=False)
        return [view for view, _ in shown if column is None or view.column == column]

    def _rearrange(self) -> None:
        """Boxes may have come, gone or moved: plan anew, and have a view for each."""
        if not self.is_mounted:
            return
        plan = self.plan_for(self.size)
        missing = [ColumnView(self) for _ in range(len(plan.boxes) - len(self._made))]
        if missing:
            self._made += missing
            self.mount_all(missing)
        self._redraw()

    def _redraw(self) -> None:
        for view in self._views():
            view.redraw()
        self.refresh(layout=True)


def _find(columns: Sequence[Sequence[WallCell]], key: Hashable) -> tuple[int, int] | None:
    places = ((c, r) for c, cells in enumerate(columns) for r, cell in enumerate(cells) if cell.key == key)
    return next(places, None)
