"""What stands on each line of a token view: texts and names of styles; no colour is chosen here."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from widgets.token_layout import Row, Spot, TokenLayout

MARKS = {"error": "!", "warning": "?", "stop": "■", "note": "•", "section": "§"}
"""Tones of marks, worst first, and the sign beside the row that one begins in; a section has the sign alone."""
LEVELS = (0.9, 0.5, 0.1, 0.01)
"""Where a probability falls into the next level: level 0 from 0.9 up, level 4 below 0.01."""
GUTTER = 2
"""Cells at the left: the cursor's row, and the sign of a mark."""
_RANK = {tone: rank for rank, tone in enumerate(MARKS)}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a line: its text and the name of its style."""

    text: str
    name: str


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be seen beside the tokens themselves."""

    cursor: int
    marks: Sequence[tuple[int, int, str]]
    tones: Sequence[float] | None


def draw(layout: TokenLayout, top: Spot, height: int, look: Look) -> list[Line]:
    """The lines from a row on: one for each row, two where ids are written."""
    spot: Spot | None = top
    rows: list[Row] = []
    while spot is not None and len(rows) < height:
        rows.append(layout.row(spot))
        spot = layout.after(spot)
    end = len(layout.data) + 1 if spot is None else layout.row(spot).start
    tones, signs = _marked(layout, rows, end, look.marks)
    lines: list[Line] = []
    for at, row in enumerate(rows):
        names = [_name(piece.token, look, tones) for piece in row.pieces]
        has_cursor = "cursor" in names
        lead = Span(("▎" if has_cursor else " ") + signs.get(at, " "), "bar")
        lines.append((lead, *(Span(piece.text, name) for piece, name in zip(row.pieces, names, strict=True))))
        if layout.is_numbered:
            lines.append((Span(lead.text[0] + " ", "bar"), *_numbers(layout, row, look.cursor)))
    return lines


def _numbers(layout: TokenLayout, row: Row, cursor: int) -> list[Span]:
    """Each token's id under its first piece."""
    spans = []
    for piece in row.pieces:
        is_first = layout.start(piece.token) >= row.start
        text = str(layout.ids[piece.token]) if is_first else ""
        spans.append(Span(text.ljust(piece.width)[: piece.width], "bar" if piece.token == cursor else "number"))
    return spans


def _name(token: int, look: Look, marked: dict[int, str]) -> str:
    if token == look.cursor:
        return "cursor"
    tone = marked.get(token)
    if tone is not None:
        return tone
    shade = "odd" if token % 2 else "even"
    if look.tones is None or token >= len(look.tones):
        return shade
    chance = look.tones[token]
    is_known = 0 <= chance <= 1
    return f"p{sum(chance < level for level in LEVELS)}-{shade}" if is_known else shade


def _marked(
    layout: TokenLayout, rows: Sequence[Row], end: int, marks: Sequence[tuple[int, int, str]]
) -> tuple[dict[int, str], dict[int, str]]:
    """For the window: the worst tone of each marked token, and of the marks that begin in each row its sign."""
    tones: dict[int, str] = {}
    begun: dict[int, str] = {}
    starts = [row.start for row in rows]
    here = [mark for mark in marks if mark[0] < end and mark[1] >= starts[0]] if rows else []
    first, last = (rows[0].pieces[0].token, rows[-1].pieces[-1].token) if here else (0, 0)
    for start, stop, tone in sorted(here, key=lambda mark: _RANK.get(mark[2], len(_RANK)), reverse=True):
        if tone not in MARKS:
            continue
        if start >= starts[0]:
            begun[bisect_right(starts, start) - 1] = MARKS[tone]
        if tone != "section":
            low, high = layout.token_at(start), layout.token_at(max(stop - 1, start))
            tones |= dict.fromkeys(range(max(low, first), min(high, last) + 1), tone)
    return tones, begun
