"""A log's bytes as lines: colours kept as words, other control sequences taken out. Reads no file, draws nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

_CSI = r"\x1b\[[0-?]*[ -/]*[@-~]"
_STRING = r"\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"
_ESCAPE = re.compile(rf"{_CSI}|{_STRING}|\x1b[ -/]*[0-~]?|\x9b[0-?]*[ -/]*[@-~]?")
_SGR = re.compile(r"(?:\x1b\[|\x9b)([0-9;:]*)m")
_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
Piece = tuple[str, str]
"""A text and its look in words such as 'bold red'; empty for the plain one."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the escape sequences so far have set (ECMA-48, Select Graphic Rendition)."""

    colour: str = ""
    ground: str = ""
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False

    def words(self) -> str:
        """As a style is written: 'bold red on blue'."""
        found = [name for name in ("bold", "dim", "italic", "underline", "reverse") if getattr(self, name)]
        found += [self.colour] * bool(self.colour) + [f"on {self.ground}"] * bool(self.ground)
        return " ".join(found)


def pieces(data: bytes) -> list[Piece]:
    """One line of a log as pieces of one look each.

    Bytes that are no UTF-8 become the mark for them. A carriage return starts the line over, as a progress bar means
    it: what was written last stands. A colour ends with its line.
    """
    text = data.decode("utf-8", "replace").rstrip("\r\n")
    if "\x1b" not in text and "\x9b" not in text:
        return [(_last_state(text), "")]
    found: list[Piece] = []
    look, at = Look(), 0
    for match in _ESCAPE.finditer(text):
        if match.start() > at:
            found.append((text[at : match.start()], look.words()))
        at = match.end()
        sgr = _SGR.fullmatch(match[0])
        if sgr is not None:
            look = _changed(look, sgr[1])
    found.append((text[at:], look.words()))
    return _from_last_return(found)


def plain(data: bytes) -> str:
    """One line of a log without colours."""
    return "".join(text for text, _ in pieces(data))


def plain_lines(data: bytes) -> list[str]:
    """All lines of a text without colours."""
    lines = data.split(b"\n")
    return [plain(line) for line in (lines[:-1] if lines[-1] == b"" else lines)]


def _last_state(text: str) -> str:
    if "\r" not in text:
        return text
    kept = [part for part in text.split("\r") if part.strip()]
    return kept[-1] if kept else ""


def _from_last_return(found: list[Piece]) -> list[Piece]:
    """The pieces after the last carriage return that is followed by anything to be seen."""
    whole = "".join(text for text, _ in found)
    if "\r" not in whole:
        return [piece for piece in found if piece[0]] or [("", "")]
    kept = _last_state(whole)
    start = whole.rindex(kept) if kept else len(whole)
    left: list[Piece] = []
    at = 0
    for text, look in found:
        part = text[max(start - at, 0) : max(start + len(kept) - at, 0)]
        at += len(text)
        if part:
            left.append((part, look))
    return left or [("", "")]


@lru_cache(maxsize=512)
def _changed(look: Look, codes: str) -> Look:
    numbers = [int(code) if code.isdecimal() and len(code) < 4 else -1 for code in re.split("[;:]", codes or "0")]
    while numbers:
        code = numbers.pop(0)
        if code in (38, 48):
            colour = _extended(numbers)
            look = replace(look, colour=colour) if code == 38 else replace(look, ground=colour)
        else:
            look = _set(look, code)
    return look


def _set(look: Look, code: int) -> Look:
    simple = {
        0: Look(), 1: replace(look, bold=True), 2: replace(look, dim=True), 3: replace(look, italic=True),
        4: replace(look, underline=True), 7: replace(look, reverse=True),
        22: replace(look, bold=False, dim=False), 23: replace(look, italic=False), 24: replace(look, underline=False),
        27: replace(look, reverse=False), 39: replace(look, colour=""), 49: replace(look, ground=""),
    }  # fmt: skip
    if code in simple:
        return simple[code]
    for first, prefix in ((30, ""), (90, "bright_")):
        if first <= code < first + 8:
            return replace(look, colour=prefix + _COLOURS[code - first])
        if first + 10 <= code < first + 18:
            return replace(look, ground=prefix + _COLOURS[code - first - 10])
    return look


def _extended(numbers: list[int]) -> str:
    """The colour of '5;n' or '2;r;g;b', taken off the numbers; none where it is malformed."""
    kind = numbers.pop(0) if numbers else -1
    if kind == 5 and numbers:
        n = numbers.pop(0)
        return f"color({n})" if 0 <= n < 256 else ""
    if kind == 2 and len(numbers) >= 3:
        rgb = [numbers.pop(0) for _ in range(3)]
        return "#" + "".join(f"{part:02x}" for part in rgb) if all(0 <= part < 256 for part in rgb) else ""
    return ""
