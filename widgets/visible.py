"""Hostile text made harmless and honest, and cut into lines that fit; no Textual and no styling here."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from rich.cells import cell_len

Newlines = Literal["keep", "mark"]
NEWLINE_MARK = "↵"
TAB_MARK = "→"
MAX_COMBINING = 4

_KEPT_SPACES = "\u3000"
_VARIATION = re.compile("(?<=[^\x00-\x22\x24-\x29\x2b-\x2f\x3a-\x7f])[\ufe0e\ufe0f]")
_PILED = re.compile("([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{%d})" % MAX_COMBINING)


class _Marks(dict[int, str]):
    """A translation table that works out each character's mark when it is first met."""

    def __missing__(self, code: int) -> str:
        mark = self[code] = _mark(code)
        return mark


def _mark(code: int) -> str:
    char = chr(code)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if char.isprintable() and not 0xFE00 <= code <= 0xFE0F and not 0xE0100 <= code <= 0xE01EF:
        return char
    if unicodedata.category(char) == "Zs":
        return char if char in _KEPT_SPACES else "⍽"
    return f"‹U+{code:04X}›"


_KEEP = _Marks({0x0A: "\n", 0x09: TAB_MARK})
_MARK = _Marks({0x0A: NEWLINE_MARK, 0x09: TAB_MARK})


def visible(text: str, *, newlines: Newlines = "keep") -> str:
    """The text with every character that a terminal might obey, or that a person could not see, shown as a mark."""
    table = _KEEP if newlines == "keep" else _MARK
    if text.isascii():
        return text if text.isprintable() else text.translate(table)
    text = _VARIATION.sub("", text)
    return text.translate(table)


def head_visible(text: str, n: int, *, newlines: Newlines = "keep") -> str:
    """The first n characters, made visible; the rest of the text is never touched."""
    return visible(text[:n], newlines=newlines)


def tail_visible(text: str, n: int, *, newlines: Newlines = "keep") -> str:
    """The last n characters, made visible; the rest of the text is never touched."""
    return visible(text[-n:] if n else "", newlines=newlines)


@lru_cache(4096)
def char_width(char: str) -> int:
    """How many cells one character takes."""
    return cell_len(char)


def fit(text: str, width: int, *, end: str = "…") -> str:
    """Visible one-line text cut to at most width cells, with an ellipsis where it was cut."""
    if width <= 0:
        return ""
    if len(text) <= width and text.isascii():
        return text
    if len(text) <= 4 * width and cell_len(text) <= width:
        return text
    return text[: cut_at(text, 0, width - cell_len(end))] + end


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Visible one-line text cut or filled with spaces to exactly width cells."""
    text = fit(text, width)
    room = " " * (width - cell_len(text))
    return room + text if right else text + room


def cut_at(text: str, start: int, width: int) -> int:
    """The index after the longest stretch from start that fits in width cells (never less than start)."""
    end = min(len(text), start + max(width, 0))
    piece = text[start:end]
    if piece.isascii():
        return end
    while end > start and cell_len(text[start:end]) > width:
        over = cell_len(text[start:end]) - width
        end -= max(1, over // 2)
    while end < len(text) and char_width(text[end]) == 0 and end - start < 4 * width:
        end += 1
    return end


def wrap_offsets(text: str, width: int, limit: int, start: int = 0) -> list[tuple[int, int]]:
    """Where up to limit lines of visible text begin and end when wrapped at words to width cells."""
    lines: list[tuple[int, int]] = []
    width = max(width, 1)
    length = len(text)
    while len(lines) < limit and start <= length:
        newline = text.find("\n", start, start + 4 * width + 1)
        stop = length if newline < 0 else newline
        end = min(stop, max(cut_at(text, start, width), start + 1))
        if end >= stop:
            lines.append((start, stop))
            if newline < 0:
                break
            start = stop + 1
            continue
        space = text.rfind(" ", start + 1, end + 1)
        if space > start and text[end] != " ":
            lines.append((start, space))
            start = space + 1
        else:
            lines.append((start, end))
            start = end + 1 if text[end] == " " else end
    return lines


def wrap(text: str, width: int, limit: int) -> list[str]:
    """Up to limit lines of visible text, each at most width cells, broken at words where possible."""
    return [text[start:end] for start, end in wrap_offsets(text, width, limit)]
