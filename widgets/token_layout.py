"""Where the tokens of a text stand when wrapped to a width, worked out near what is looked at; nothing is drawn."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from widgets.token_shown import shown
from widgets.visible import cut_at

BLOCK = 1024
"""Tokens of one long line that are laid out together; the row at a block's end may be short."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A token, or the part of one that stands in a row; the text fills its width."""

    token: int
    text: str
    width: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row on the screen: the byte where it begins and its pieces."""

    start: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A row's place: the byte where its block begins, and which of the block's rows it is."""

    block: int
    row: int


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch that is laid out by itself: a line of the text, or a part of a long one."""

    rows: tuple[Row, ...]
    end: int


class TokenLayout:
    """Rows of tokens by place. A newline ends a row; a row ends before the token that does not fit."""

    def __init__(
        self, data: bytes, ids: Sequence[int], ends: Sequence[int], *, width: int = 80, is_numbered: bool = False
    ) -> None:
        self.data = data
        self.ids = ids
        self.ends = ends
        self.width = max(width, 1)
        self.is_numbered = is_numbered
        self._blocks: dict[int, Block] = {}

    def start(self, token: int) -> int:
        """The byte where a token begins."""
        return self.ends[token - 1] if token else 0

    def token_at(self, byte: int) -> int:
        """The token that holds a byte; the last one for a byte after the end, 0 where there is none."""
        return max(min(bisect_right(self.ends, byte), len(self.ends) - 1), 0)

    def row(self, spot: Spot) -> Row:
        """The row at a place."""
        return self._block(spot.block).rows[spot.row]

    def spot_of_byte(self, byte: int) -> Spot:
        """The place of the row that a byte stands in; of the last row for a byte after the end."""
        byte = max(min(byte, len(self.data) - 1), 0)
        start = self._block_start(byte)
        rows = self._block(start).rows
        at = next((i for i in range(len(rows) - 1, 0, -1) if rows[i].start <= byte), 0)
        while at and rows[at - 1].start == rows[at].start:
            at -= 1
        return Spot(start, at)

    def spot_of_token(self, token: int) -> Spot:
        """The place of the row where a token begins."""
        return self.spot_of_byte(self.start(token))

    def after(self, spot: Spot) -> Spot | None:
        """The place of the next row; None at the end."""
        block = self._block(spot.block)
        if spot.row + 1 < len(block.rows):
            return Spot(spot.block, spot.row + 1)
        return Spot(block.end, 0) if block.end < len(self.data) else None

    def before(self, spot: Spot) -> Spot | None:
        """The place of the row before; None at the beginning."""
        if spot.row:
            return Spot(spot.block, spot.row - 1)
        if not spot.block:
            return None
        start = self._block_start(spot.block - 1)
        return Spot(start, len(self._block(start).rows) - 1)

    def moved(self, spot: Spot, rows: int) -> Spot:
        """The place so many rows on (back, if negative), as far as there are rows."""
        step = self.after if rows > 0 else self.before
        for _ in range(abs(rows)):
            found = step(spot)
            if found is None:
                break
            spot = found
        return spot

    def _block_start(self, byte: int) -> int:
        line = self.data.rfind(b"\n", 0, byte) + 1
        first = bisect_right(self.ends, line)
        parts = (bisect_right(self.ends, byte) - first) // BLOCK
        return self.ends[first + parts * BLOCK - 1] if parts else line

    def _block(self, start: int) -> Block:
        block = self._blocks.get(start)
        if block is None:
            if len(self._blocks) > 2000:
                self._blocks.clear()
            block = self._blocks[start] = self._laid(start)
        return block

    def _laid(self, start: int) -> Block:
        """One line from a byte on, or as much of it as a block holds."""
        data, ends = self.data, self.ends
        token = bisect_right(ends, start)
        stop = min(token + BLOCK, len(ends))
        rows: list[Row] = []
        pieces: list[Piece] = []
        room = self.width
        begin = at = start
        while token < stop:
            end = ends[token]
            newline = data.find(b"\n", at, end)
            text, width = shown(data[at : newline + 1 if newline >= 0 else end])
            if self.is_numbered:
                needed = len(str(self.ids[token])) + 1
                text, width = text + " " * (needed - width), max(width, needed)
            if width > room and pieces:
                rows.append(Row(begin, tuple(pieces)))
                begin, pieces, room = at, [], self.width
            if width > self.width:
                *parts, (text, width) = _split(text, self.width)
                rows += [Row(begin, (Piece(token, *part),)) for part in parts]
            pieces.append(Piece(token, text, width))
            room -= width
            if newline >= 0:
                at = newline + 1
                break
            at = end
            token += 1
        rows.append(Row(begin, tuple(pieces)))
        return Block(tuple(rows), at)


def _split(text: str, width: int) -> list[tuple[str, int]]:
    """A text that is wider than a row, in parts of a row's width."""
    parts: list[tuple[str, int]] = []
    while text:
        cut = max(cut_at(text, 0, width), 1)
        part, text = text[:cut], text[cut:]
        wide = cell_len(part)
        parts.append((part, wide) if not text else (part + " " * (width - wide), width))
    return parts
