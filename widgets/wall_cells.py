"""What the sample wall shows, as plain values, and how a sample's text becomes lines; nothing is drawn here."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from widgets.visible import NEWLINE_MARK, fit, head_visible, visible, wrap, wrap_offsets

_NEWLINES = re.compile("\n{2,}|^\n+")
_SEAM = 16
NO_NOTE = 1_000
LOUD = frozenset({"error", "retry"})
"""Tones whose note says more than the text does."""
MOVING = frozenset({"stream"})
"""Tones whose text is still growing: its tail is shown."""


@dataclass(frozen=True, slots=True)
class WallCell:
    """One sample: who it is, how it stands, and its text as it came (hostile, of any length)."""

    key: Hashable
    label: str
    glyph: str
    tone: str
    text: str = ""
    note: str = ""
    flags: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class WallColumn:
    """One model: a title, a short status ("5/8  71 tok/s") and its samples, top to bottom."""

    title: str
    status: str = ""
    cells: Sequence[WallCell] = ()
    tone: str = ""


class CellLines:
    """The lines of one sample in its slot, kept between frames so that a frame costs only what is new."""

    __slots__ = ("_anchor", "_height", "_key", "_length", "_seam", "_width", "lead", "lines", "note_from")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.note_from = NO_NOTE
        """The first line of the note; NO_NOTE where there is none."""
        self.lead: tuple[object, ...] = ()
        """What stands before the text, as it was last drawn."""
        self._key: tuple[object, ...] = ()
        self._anchor = 0
        self._length = -1
        self._seam = ""
        self._width = self._height = 0

    def update(self, cell: WallCell, width: int, height: int) -> bool:
        """Lay the sample out anew if anything changed; whether it did."""
        key = (cell.version, cell.note, *lead_of(cell), len(cell.text), cell.text[-_SEAM:], width, height)
        if key == self._key:
            return False
        self._key = key
        self.lead = lead_of(cell)
        if cell.tone in MOVING and cell.text:
            self.lines = self._tail(cell.text, width, height)
            self.note_from = NO_NOTE
        else:
            self._length = -1
            self.lines, self.note_from = settled_lines(cell, width, height)
        return True

    def _tail(self, text: str, width: int, height: int) -> list[str]:
        """The growing end of the text; it moves up by half the slot at a time, so most frames change one line."""
        if not self._continues(text, width, height):
            self._anchor = _tail_start(text, width, height)
        self._length, self._seam = len(text), text[-_SEAM:]
        self._width, self._height = width, height
        piece = text[self._anchor :]
        shown = _squeeze(visible(piece)) if height > 1 else visible(piece, newlines="mark")
        spans = wrap_offsets(shown, width, 4 * height + 4)
        if len(spans) > height:
            keep = 1 if height <= 3 else height // 2
            start = spans[-keep][0]
            self._anchor += _source_index(piece, shown, start)
            spans = [span for span in spans if span[0] >= start]
        return [shown[start:end] for start, end in spans]

    def _continues(self, text: str, width: int, height: int) -> bool:
        old = self._length
        return (
            0 <= old <= len(text)
            and (width, height) == (self._width, self._height)
            and len(text) - self._anchor <= 3 * width * height
            and text[max(old - _SEAM, 0) : old] == self._seam
        )


def lead_of(cell: WallCell) -> tuple[object, ...]:
    """What of a sample shows outside its lines of text."""
    return cell.label, cell.glyph, cell.tone, cell.flags, cell.key


def settled_lines(cell: WallCell, width: int, height: int) -> tuple[list[str], int]:
    """The head of a sample that does not grow, with its note, and where the note begins."""
    note = head_visible(cell.note, 400, newlines="mark")
    flags = f"{cell.flags} " if cell.flags else ""
    if not cell.text:
        lines = wrap(flags + note, width, height)
        return lines, 0 if note else NO_NOTE
    if height == 1:
        if note and cell.tone in LOUD:
            return [fit(flags + note, width)], 0
        return [fit(flags + head_visible(cell.text, 2 * width, newlines="mark"), width)], NO_NOTE
    rows = height - bool(note)
    lines = _head(flags, cell.text, width, rows)
    if not note:
        return lines, NO_NOTE
    return [*lines, fit(note, width)], len(lines)


def _head(flags: str, text: str, width: int, height: int) -> list[str]:
    piece = text[: 2 * width * height + height]
    is_whole = len(piece) == len(text)
    ending = len(piece) - len(piece.rstrip("\n")) if is_whole else 0
    shown = _squeeze(visible(piece[: len(piece) - ending])) + NEWLINE_MARK * min(ending, width)
    lines = wrap(flags + shown, width, height + 1)
    if len(lines) > height or not is_whole:
        lines = lines[:height]
        lines[-1] = fit(lines[-1] + " …", width)
    return lines


def _squeeze(shown: str) -> str:
    """Empty lines take no room: they become marks at the end of the line before. The length stays the same."""
    if "\n" not in shown:
        return shown

    def marks(found: re.Match[str]) -> str:
        size = found.end() - found.start()
        return NEWLINE_MARK * size if found.start() == 0 else NEWLINE_MARK * (size - 1) + "\n"

    return _NEWLINES.sub(marks, shown)


def _tail_start(text: str, width: int, height: int) -> int:
    """Where to begin a tail that nearly fills the slot, at a word where one begins nearby."""
    room = max(width * height - width // 2 - 4, 8)
    if len(text) <= room:
        return 0
    start = len(text) - room
    space = text.find(" ", start, start + 24)
    return space + 1 if space >= 0 else start


def _source_index(piece: str, shown: str, index: int) -> int:
    """The place in the source of a place in what is shown, where marks may be longer than what they stand for."""
    if len(piece) == len(shown):
        return index
    return bisect_left(range(len(piece)), index, key=lambda size: len(visible(piece[:size])))
