"""The inside of one column of the sample wall, drawn line by line; it keeps nothing but what it last laid out."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Protocol

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from widgets.tones import Styles
from widgets.visible import NEWLINE_MARK, fit
from widgets.wall_cells import MOVING, CellLines, WallCell, lead_of
from widgets.wall_layout import Slot, WallPlan

CROWD = 16
"""With more samples than this streaming on screen, each is drawn on every second update only."""
BEATS = 2
SILENCE_S = 0.1


class Wall(Protocol):
    """What a column asks of its wall."""

    plan: WallPlan
    styles_of: Styles
    marked: set[Hashable]
    cursor: tuple[int, int]

    def cells_of(self, column: int) -> Sequence[WallCell]:
        """The samples of a column."""


class ColumnView(Widget):
    """Draws the samples of one column; a change repaints the lines that differ, up to where they differ."""

    def __init__(self, wall: Wall) -> None:
        super().__init__()
        self.column = -1
        self._wall = wall
        self._laid: dict[int, CellLines] = {}
        self._late: set[int] = set()
        self._beat = 0
        self._catch_up: Timer | None = None
        self._lead_width = 0

    def attend(self, column: int) -> None:
        """Draw another column from now on."""
        if column != self.column:
            self.column = column
            self.redraw()

    def redraw(self) -> None:
        """Lay everything out anew."""
        self._laid.clear()
        self._lead_width = 0
        self.refresh()

    def update_rows(self, rows: Iterable[int]) -> None:
        """Repaint what changed in these rows; with many streams, each waits for its beat."""
        cells = self._wall.cells_of(self.column)
        plan = self._wall.plan
        count = len(cells)
        due = {row for row in rows if plan.slot_of(row, count) is not None} | self._late
        self._late = set()
        if len(due) * len(plan.boxes) > CROWD:
            self._beat = (self._beat + 1) % BEATS
            self._late = {row for row in due if row % BEATS != self._beat and self._is_flowing(row, cells)}
            self._expect_silence()
        self._repaint_changed(due - self._late)

    def _repaint_changed(self, rows: Iterable[int]) -> None:
        cells = self._wall.cells_of(self.column)
        regions: list[Region] = []
        for row in rows:
            slot = self._wall.plan.slot_of(row, len(cells))
            if slot is not None and row < len(cells):
                regions.extend(self._changed(row, cells[row], slot))
        if regions:
            self.refresh(*regions)

    def _expect_silence(self) -> None:
        """See to it that those that wait are drawn even if no further update comes."""
        if self._catch_up is not None:
            self._catch_up.reset()
        elif self._late:
            self._catch_up = self.set_timer(SILENCE_S, self._draw_late)

    def _is_flowing(self, row: int, cells: Sequence[WallCell]) -> bool:
        laid = self._laid.get(row)
        return laid is not None and cells[row].tone in MOVING and laid.lead == lead_of(cells[row])

    def _draw_late(self) -> None:
        """No update came after the last beat: draw those that waited for it."""
        self._catch_up = None
        late, self._late = self._late, set()
        self._repaint_changed(late)

    def repaint_row(self, row: int) -> None:
        """Repaint one sample (the cursor or a mark came or went)."""
        slot = self._wall.plan.slot_of(row, len(self._wall.cells_of(self.column)))
        if slot is not None:
            self.refresh(Region(0, slot.y, self.size.width, slot.lines))

    def render_line(self, y: int) -> Strip:
        """One line of the sample that owns it; lines between samples are empty."""
        width = self.size.width
        cells = self._wall.cells_of(self.column)
        found = self._wall.plan.row_at(y, len(cells))
        if found is None or found[0] >= len(cells):
            return Strip.blank(width, self._wall.styles_of("text"))
        row, slot = found
        laid = self._lines(row, cells[row], slot)
        return self._draw(row, cells[row], laid, y - slot.y)

    @property
    def lead_width(self) -> int:
        """Cells before the text: bar, label, space, glyph, space."""
        if not self._lead_width:
            cells = self._wall.cells_of(self.column)
            longest = max((cell_len(cells[at].label) for at in (0, len(cells) - 1)), default=1) if cells else 1
            self._lead_width = min(longest, 6) + 4
        return self._lead_width

    def _lines(self, row: int, cell: WallCell, slot: Slot) -> CellLines:
        laid = self._laid.get(row)
        if laid is None:
            laid = self._laid[row] = CellLines()
        laid.update(cell, max(self.size.width - self.lead_width - 1, 1), slot.lines)
        return laid

    def _changed(self, row: int, cell: WallCell, slot: Slot) -> list[Region]:
        width = self.size.width
        laid = self._laid.get(row)
        if laid is None:
            return [Region(0, slot.y, width, slot.lines)]
        lines, note, lead = laid.lines, laid.note_from, laid.lead
        if not laid.update(cell, max(width - self.lead_width - 1, 1), slot.lines):
            return []
        if lead[2:] != laid.lead[2:]:
            return [Region(0, slot.y, width, slot.lines)]
        regions = [] if lead == laid.lead else [Region(0, slot.y, self.lead_width, 1)]
        for at in range(max(len(lines), len(laid.lines))):
            was = lines[at] if at < len(lines) else ""
            now = laid.lines[at] if at < len(laid.lines) else ""
            if was != now or (note <= at) != (laid.note_from <= at):
                reach = self.lead_width + max(cell_len(was), cell_len(now))
                regions.append(Region(0, slot.y + at, min(reach, width), 1))
        return regions

    def _draw(self, row: int, cell: WallCell, laid: CellLines, line: int) -> Strip:
        styles = self._wall.styles_of
        is_here = self._wall.cursor == (self.column, row)
        ground = self._ground(is_here)
        base = styles("text", ground)
        text = laid.lines[line] if line < len(laid.lines) else ""
        width, gutter = self.size.width, self.lead_width
        segments = self._lead(cell, line, is_here, gutter, base)
        if line >= laid.note_from:
            segments.append(Segment(text, styles(cell.tone if cell.tone != "ok" else "quiet", ground)))
        elif not line and cell.flags and text.startswith(cell.flags):
            segments.append(Segment(cell.flags, styles("mark", ground)))
            segments.extend(_marked(text[len(cell.flags) :], base, styles("quiet", ground)))
        elif cell.tone in {"wait", "cancel"}:
            segments.append(Segment(text, styles("quiet", ground)))
        else:
            segments.extend(_marked(text, base, styles("quiet", ground)))
        room = width - gutter - cell_len(text)
        if room > 0:
            segments.append(Segment(" " * room, base))
        return Strip(Segment.simplify(segments), width) if room >= 0 else Strip(segments).crop(0, width)

    def _ground(self, is_here: bool) -> str:
        """The cursor's background, where there is another sample to tell it from."""
        return "cursor" if is_here and len(self._wall.cells_of(self.column)) > 1 else ""

    def _lead(self, cell: WallCell, line: int, is_here: bool, gutter: int, base: Style) -> list[Segment]:
        styles = self._wall.styles_of
        ground = self._ground(is_here)
        if line == 0 and cell.key in self._wall.marked:
            bar = Segment("◆", styles("mark", ground))
        else:
            bar = Segment("▎", styles("bar", ground)) if is_here else Segment(" ", base)
        if line:
            return [bar, Segment(" " * (gutter - 1), base)]
        label = fit(cell.label, gutter - 4).rjust(gutter - 4)
        name = "quiet" if not is_here else "text"
        return [bar, Segment(f"{label} ", styles(name, ground)), Segment(f"{cell.glyph} ", styles(cell.tone, ground))]


def _marked(text: str, base: Style, quiet: Style) -> list[Segment]:
    """The text with its line-end marks kept quiet."""
    if NEWLINE_MARK not in text:
        return [Segment(text, base)] if text else []
    segments: list[Segment] = []
    for at, piece in enumerate(text.split(NEWLINE_MARK)):
        if at:
            segments.append(Segment(NEWLINE_MARK, quiet))
        if piece:
            segments.append(Segment(piece, base))
    return segments
