"""Where the boxes and samples of the wall stand, worked out from sizes alone; nothing is drawn or kept here."""

from __future__ import annotations

from dataclasses import dataclass

MIN_WIDTH = 28
MAX_LINES = 8
MANY_COLUMNS = 9
MANY_ROWS = 40


@dataclass(frozen=True, slots=True)
class Box:
    """A column on screen: which, and the cells its box covers, border included."""

    column: int
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a sample stands inside its box (below the top border), and how many lines of text it has."""

    y: int
    lines: int


@dataclass(frozen=True, slots=True)
class WallPlan:
    """The page of columns on screen and the slots of their samples, the same in every column but those of one."""

    boxes: tuple[Box, ...] = ()
    page: int = 0
    pages: int = 1
    height: int = 0
    first: int = 0
    """The first row on screen."""
    slots: tuple[Slot, ...] = ()

    def box_of(self, column: int) -> Box | None:
        """The box of a column, if it is on screen."""
        return next((box for box in self.boxes if box.column == column), None)

    def slot_of(self, row: int, count: int = 0) -> Slot | None:
        """The slot of a row, if it is on screen; the only one of a column (count 1) has the whole height."""
        if count == 1:
            return Slot(0, self.height) if row == 0 else None
        at = row - self.first
        return self.slots[at] if 0 <= at < len(self.slots) else None

    def row_at(self, y: int, count: int = 0) -> tuple[int, Slot] | None:
        """The row that owns a line of the inside, and its slot; of a column with count samples."""
        if count == 1:
            return (0, Slot(0, self.height)) if 0 <= y < self.height else None
        for at, slot in enumerate(self.slots):
            if slot.y <= y < slot.y + slot.lines:
                return self.first + at, slot
        return None


def plan_wall(
    size: tuple[int, int], counts: list[int], cursor: tuple[int, int], *, first: int = 0, zoomed: bool = False
) -> WallPlan:
    """The plan for a wall of this size whose columns have these many samples, with the cursor in view."""
    width, height = size
    if not counts or width < 4 or height < 3:
        return WallPlan()
    boxes, page, pages = _boxes(width, len(counts), cursor[0], zoomed)
    inside = height - 2
    rows = max(counts)
    is_dense = len(counts) >= MANY_COLUMNS or rows > MANY_ROWS
    if rows > inside:
        first = min(max(first, cursor[1] - inside + 1), cursor[1], rows - inside)
        return WallPlan(boxes, page, pages, inside, max(first, 0), tuple(Slot(y, 1) for y in range(inside)))
    slots = tuple(Slot(y, 1) for y in range(rows)) if is_dense else _slots(inside, rows)
    return WallPlan(boxes, page, pages, inside, 0, slots)


def _boxes(width: int, count: int, current: int, zoomed: bool) -> tuple[tuple[Box, ...], int, int]:
    per_page = 1 if zoomed else max(width // MIN_WIDTH, 1)
    pages = -(-count // per_page)
    per_page = -(-count // pages)
    page = current // per_page
    shown = range(page * per_page, min((page + 1) * per_page, count))
    base, extra = divmod(width, len(shown))
    boxes: list[Box] = []
    x = 0
    for at, column in enumerate(shown):
        wide = base + (at < extra)
        boxes.append(Box(column, x, wide))
        x += wide
    return tuple(boxes), page, pages


def _slots(inside: int, rows: int) -> tuple[Slot, ...]:
    """The samples share the height; where there is plenty, an empty line parts them."""
    if not rows:
        return ()
    most = MAX_LINES if rows > 2 else inside
    base, extra = divmod(inside, rows)
    gap = 1 if base >= 4 and rows > 1 else 0
    slots: list[Slot] = []
    y = 0
    for row in range(rows):
        lines = min(base + (row < extra) - gap, most)
        slots.append(Slot(y, lines))
        y += lines + gap
    return tuple(slots)
