"""A token's bytes as text that can be seen: spaces, controls and parts of characters as marks; nothing is laid out."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len

from widgets.visible import aligned, char_width

MOST = 4096
"""Bytes of one token that are drawn; no vocabulary has longer ones, but a token may be made of anything."""
SPACE, NEWLINE, TAB = "·", "↵", "⇥"
_CONTROLS = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI",
    "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
)  # fmt: skip
_NAMES = {
    0x7F: "DEL", 0x85: "NEL", 0xA0: "NBSP", 0xAD: "SHY", 0x034F: "CGJ", 0x061C: "ALM", 0x180E: "MVS",
    0x200B: "ZWSP", 0x200C: "ZWNJ", 0x200D: "ZWJ", 0x200E: "LRM", 0x200F: "RLM", 0x2028: "LS", 0x2029: "PS",
    0x202A: "LRE", 0x202B: "RLE", 0x202C: "PDF", 0x202D: "LRO", 0x202E: "RLO", 0x202F: "NNBSP", 0x2060: "WJ",
    0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI", 0x3000: "IDSP", 0xFE0E: "VS15", 0xFE0F: "VS16",
    0xFEFF: "BOM", 0x00B7: "U+00B7", 0x21B5: "U+21B5", 0x21E5: "U+21E5",
}  # fmt: skip
"""Names of what cannot be seen (Unicode's own abbreviations), and the code of what looks like one of the marks here."""
_MARKS = {
    **{code: f"‹{name}›" for code, name in enumerate(_CONTROLS)},
    **{code: f"‹{name}›" for code, name in _NAMES.items()},
    0x20: SPACE,
    0x0A: NEWLINE,
    0x09: TAB,
}


@lru_cache(32_768)
def shown(part: bytes) -> tuple[str, int]:
    """A token, or the part of one that stands on one line, as text and its width in cells.

    Bytes that are no whole character are written as hex digits; a sign that would join the one before it stands on a
    dotted circle.
    """
    if not part:
        return "∅", 1
    if len(part) > MOST:
        head, _ = shown(part[:MOST])
        text = f"{head}…‹{len(part):,} bytes›"
        return text, cell_len(text)
    if part.isascii():
        text = part.decode("ascii")
        text = text.replace(" ", SPACE) if text.isprintable() else text.translate(_MARKS)
        return text, len(text)
    text = "".join(_pieces(part))
    if char_width(text[0]) == 0:
        text = "◌" + text
    return text, cell_len(text)


def _pieces(part: bytes) -> list[str]:
    """Characters made visible, with stretches of bytes that are none as hex."""
    pieces: list[str] = []
    broken = b""
    while part:
        try:
            good, bad, part = part.decode(), b"", b""
        except UnicodeDecodeError as error:
            good, bad, part = part[: error.start].decode(), part[error.start : error.end], part[error.end :]
        if good:
            pieces += _hex(broken)
            broken = b""
            pieces.append(aligned(good.translate(_MARKS)))
        broken += bad
    return pieces + _hex(broken)


def _hex(broken: bytes) -> list[str]:
    return [f"‹{broken.hex(' ').upper()}›"] if broken else []
