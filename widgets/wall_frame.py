"""The boxes around the wall's columns and its empty state, as segments; it keeps nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment

from widgets.tones import Styles
from widgets.visible import aligned, fit, head_visible
from widgets.wall_layout import Box, WallPlan


class Heading(NamedTuple):
    """What stands in a column's top border, already harmless."""

    title: str
    status: str
    tone: str


def heading(title: str, status: str, tone: str) -> Heading:
    """A heading from text of any kind."""
    return Heading(aligned(title[:200], newlines="mark"), aligned(status[:200], newlines="mark"), tone)


def top_border(box: Box, head: Heading, styles: Styles, *, is_here: bool) -> list[Segment]:
    """The top of a box with its title at the left and its status at the right."""
    edge = styles("border-here" if is_here else "border")
    room = box.width - 4
    if room < 4:
        return [Segment("╭" + "─" * (box.width - 2) + "╮", edge)]
    status = head.status
    if cell_len(head.title) + cell_len(status) + 3 > room:
        status = status.partition("  ")[0]
    status = fit(status, max(room - 8, 0))
    title = fit(head.title, room - cell_len(status) - (3 if status else 0))
    line = room - cell_len(title) - cell_len(status) - (2 if status else 0)
    segments = [Segment("╭ ", edge), Segment(title, styles("title-here" if is_here else "title"))]
    segments.append(Segment((" " + "─" * line + " ") if status else " " + "─" * (line + 1), edge))
    if status:
        segments.append(Segment(status, styles(head.tone or "status")))
        segments.append(Segment(" ╮", edge))
    else:
        segments.append(Segment("╮", edge))
    return [segment for segment in segments if segment.text]


def bottom_border(box: Box, plan: WallPlan, rows: int, styles: Styles, *, is_here: bool) -> list[Segment]:
    """The bottom of a box; the first one says which rows are on screen, the last one which page of models."""
    edge = styles("border-here" if is_here else "border")
    shown = len(plan.slots)
    left = (
        f" {plan.first + 1}–{min(plan.first + shown, rows)} of {rows} " if shown < rows and box is plan.boxes[0] else ""
    )
    right = f" ‹ {plan.page + 1}/{plan.pages} › " if plan.pages > 1 and box is plan.boxes[-1] else ""
    line = box.width - 4 - cell_len(left) - cell_len(right)
    if line < 1:
        return [Segment("╰" + "─" * (box.width - 2) + "╯", edge)]
    parts = [("╰─", edge), (left, styles("status")), ("─" * line, edge), (right, styles("status")), ("─╯", edge)]
    return [Segment(text, style) for text, style in parts if text]


def empty_line(y: int, width: int, height: int, lines: Sequence[str], styles: Styles) -> list[Segment]:
    """A line of the empty state: what this is for and which key starts, in the middle of the wall."""
    at = y - max((height - len(lines)) // 2, 0)
    if not 0 <= at < len(lines):
        return []
    text = fit(head_visible(lines[at], 400, newlines="mark"), max(width - 2, 0))
    left = " " * max((width - cell_len(text)) // 2, 0)
    return [Segment(left, styles("text")), Segment(text, styles("title" if at == 0 else "empty"))]
