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
_REGION_A = 0x1F1E6
_VARIATION = re.compile("(?<=[#*0-9\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff])[\ufe0e\ufe0f]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_DISPUTED = {0x302E, 0x302F, 0x3164, 0xFFA0, 0x16FF0, 0x16FF1}.union(
    range(0x2630, 0x2638), range(0x268A, 0x2690), range(0x3248, 0x3250), range(0x4DC0, 0x4E00)
).union(range(0x1D300, 0x1D357), range(0x1D360, 0x1D379))
"""Signs that some terminals draw one cell wide and others two, or not at all."""
_COMBINING = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_PILED = re.compile(f"([{_COMBINING}]{{{MAX_COMBINING}}})([{_COMBINING}]+)")


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
    if _REGION_A <= code < _REGION_A + 26:
        return f"‹{chr(ord('A') + code - _REGION_A)}›"
    if char.isprintable() and not _is_modifier(code, char):
        return char
    if unicodedata.category(char) == "Zs":
        return char if char in _KEPT_SPACES else "⍽"
    return f"‹U+{code:04X}›"


def _is_modifier(code: int, char: str) -> bool:
    """Printable, but terminals disagree about how wide it makes what comes before it."""
    return (
        0xFE00 <= code <= 0xFE0F
        or 0xE0100 <= code <= 0xE01EF
        or 0x1F3FB <= code <= 0x1F3FF
        or 0x1160 <= code <= 0x11FF
        or 0xD7B0 <= code <= 0xD7FF
        or (unicodedata.category(char) in ("Me", "Mn") and char_width(char) != 0)
        or unicodedata.category(char) == "Me"
        or code in _DISPUTED
    )


def _flag(found: re.Match[str]) -> str:
    return "‹" + "".join(chr(ord("A") + ord(char) - _REGION_A) for char in found.group()) + "›"


def _piled(found: re.Match[str]) -> str:
    return f"{found.group(1)}‹+{len(found.group(2))}›"


@lru_cache(4096)
def char_width(char: str) -> int:
    """How many cells one character takes."""
    return cell_len(char)


class _Aligned(_Marks):
    """Marks spacing vowel signs too, of which terminals disagree whether they take a cell."""

    def __missing__(self, code: int) -> str:
        if unicodedata.category(chr(code)) == "Mc":
            mark = self[code] = f"‹U+{code:04X}›"
            return mark
        return super().__missing__(code)


_KEEP = _Marks({0x0A: "\n", 0x09: TAB_MARK})
_MARK = _Marks({0x0A: NEWLINE_MARK, 0x09: TAB_MARK})
_KEEP_ALIGNED = _Aligned(_KEEP)
_MARK_ALIGNED = _Aligned(_MARK)


def visible(text: str, *, newlines: Newlines = "keep") -> str:
    """The text with every character that a terminal might obey, or that a person could not see, shown as a mark."""
    return _translated(text, _KEEP if newlines == "keep" else _MARK)


def aligned(text: str, *, newlines: Newlines = "keep") -> str:
    """Visible text for where something stands at its right: what terminals disagree about is marked as well."""
    return _translated(text, _KEEP_ALIGNED if newlines == "keep" else _MARK_ALIGNED)


def _translated(text: str, table: _Marks) -> str:
    if text.isascii():
        return text if text.isprintable() else text.translate(table)
    text = _FLAG.sub(_flag, _PILED.sub(_piled, _VARIATION.sub("", text)))
    return text.translate(table)


def head_visible(text: str, n: int, *, newlines: Newlines = "keep") -> str:
    """The first n characters, made visible; the rest of the text is never touched."""
    return visible(text[:n], newlines=newlines)


def tail_visible(text: str, n: int, *, newlines: Newlines = "keep") -> str:
    """The last n characters, made visible; the rest of the text is never touched."""
    return visible(text[-n:] if n else "", newlines=newlines)


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
