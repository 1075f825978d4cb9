"""What the sample wall shows, as plain values, and how a sample's text becomes lines; nothing is drawn here."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from widgets.visible import NEWLINE_MARK, aligned, char_width, fit, wrap, wrap_offsets

_NEWLINES = re.compile("\n{2,}|^\n+")
_SEAM = 16
_NOTE_LIMIT = 2_000
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

    __slots__ = ("_anchor", "_cell", "_key", "_length", "_seam", "_size", "lead", "lines", "note_from")

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
        self._cell: WallCell | None = None
        self._size = (0, 0)

    def update(self, cell: WallCell, width: int, height: int) -> bool:
        """Lay the sample out anew if anything changed; whether it did."""
        size = (width, height)
        if cell is self._cell and size == self._size:
            return False
        key = (cell.version, cell.note, *lead_of(cell), len(cell.text), cell.text[-_SEAM:], size)
        self._cell = cell
        if key == self._key:
            return False
        if size != self._size:
            self._length = -1
        self._key, self._size = key, size
        self.lead = lead_of(cell)
        if cell.tone in MOVING and cell.text:
            self.lines = self._tail(cell.text, width, height)
            self.note_from = NO_NOTE
        else:
            self._length = -1
            self.lines, self.note_from = settled_lines(cell, width, height)
        return True

    def _tail(self, text: str, width: int, height: int) -> list[str]:
        """The growing end of the text; it moves by a part of the slot at a time, so most frames change one line."""
        if not self._continues(text, width, height):
            self._anchor = _tail_start(text, width, height)
        self._length, self._seam = len(text), text[-_SEAM:]
        piece = text[self._anchor :]
        if height == 1:
            shown = aligned(piece, newlines="mark")
            start = _last_words(shown, width)
            spans = [(start, len(shown))]
        else:
            shown = _squeeze(aligned(piece))
            spans = wrap_offsets(shown, width, 4 * height + 4)
            start = spans[-kept_lines(height)][0] if len(spans) > height else 0
            spans = [span for span in spans if span[0] >= start]
        if start:
            self._anchor += _source_index(piece, shown, start)
        return [shown[begin:end] for begin, end in spans]

    def _continues(self, text: str, width: int, height: int) -> bool:
        old = self._length
        return (
            0 <= old <= len(text)
            and len(text) - self._anchor <= 3 * width * height
            and text[max(old - _SEAM, 0) : old] == self._seam
        )


def kept_lines(height: int) -> int:
    """How many lines, the newest included, a full tail keeps when it moves up: more than half of them."""
    return height // 2 + 1


def lead_of(cell: WallCell) -> tuple[object, ...]:
    """What of a sample shows outside its lines of text."""
    return cell.label, cell.glyph, cell.tone, cell.flags, cell.key


def settled_lines(cell: WallCell, width: int, height: int) -> tuple[list[str], int]:
    """The head of a sample that does not grow, with its note, and where the note begins."""
    note = aligned(cell.note[:_NOTE_LIMIT], newlines="mark")
    flags = f"{cell.flags} " if cell.flags else ""
    if not cell.text:
        return _wrap_cut(flags + note, width, height), 0 if note else NO_NOTE
    if height == 1:
        if note and cell.tone in LOUD:
            return [fit(flags + note, width)], 0
        return [fit(flags + aligned(cell.text[: 2 * width], newlines="mark"), width)], NO_NOTE
    under = _wrap_cut(note, width, height - 1 if cell.tone in LOUD else 1) if note else []
    lines = _head(flags, cell.text, width, height - len(under))
    return [*lines, *under], len(lines) if under else NO_NOTE


def _wrap_cut(text: str, width: int, height: int) -> list[str]:
    """Visible text in up to height lines, with an ellipsis where it was cut."""
    lines = wrap(text, width, height + 1)
    if len(lines) > height:
        lines = [*lines[: height - 1], fit(lines[height - 1] + " …", width)]
    return lines


def _head(flags: str, text: str, width: int, height: int) -> list[str]:
    piece = text[: 2 * width * height + height]
    is_whole = len(piece) == len(text)
    ending = len(piece) - len(piece.rstrip("\n")) if is_whole else 0
    shown = _squeeze(aligned(piece[: len(piece) - ending])) + NEWLINE_MARK * min(ending, width)
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


def _last_words(shown: str, width: int) -> int:
    """Where a one-line tail begins: at 0 while it fits, else so that a third of the width is free, at a word."""
    if len(shown) <= width and cell_len(shown) <= width:
        return 0
    room = max(width - width // 3, 1)
    start = max(len(shown) - room, 0)
    while cell_len(shown[start:]) > room:
        start += max((cell_len(shown[start:]) - room) // 2, 1)
    space = shown.find(" ", start - 1, start + width // 4) if start else -1
    start = space + 1 if 0 <= space < len(shown) - 1 else start
    while start < len(shown) and char_width(shown[start]) == 0:
        start += 1
    return start


def _source_index(piece: str, shown: str, index: int) -> int:
    """The place in the source of a place in what is shown, where marks may be longer than what they stand for."""
    if len(piece) == len(shown):
        return index
    return bisect_left(range(len(piece)), index, key=lambda size: len(aligned(piece[:size])))
