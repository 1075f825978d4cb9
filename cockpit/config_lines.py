"""On which line of a TOML text a key stands. tomllib does not say; only messages for people depend on this."""

from __future__ import annotations

import re

Path = tuple[str, ...]

NAME = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
DOTTED = rf"{NAME}(?:\s*\.\s*{NAME})*"
SECTION = re.compile(rf"\s*\[\[?\s*({DOTTED})\s*\]")
ENTRY = re.compile(rf"\s*({DOTTED})\s*=")


def index(text: str) -> list[tuple[Path, int]]:
    """Each section and each key with the number of its line, the first being 1."""
    found: list[tuple[Path, int]] = []
    section: Path = ()
    for number, line in enumerate(text.split("\n"), 1):
        if head := SECTION.match(line):
            section = _names(head[1])
            found.append((section, number))
        elif entry := ENTRY.match(line):
            found.append(((*section, *_names(entry[1])), number))
    return found


def find(lines: list[tuple[Path, int]], path: Path) -> int | None:
    """The line of the key itself, or of the longest known table around it, or None."""
    for size in range(len(path), 0, -1):
        for known, number in lines:
            if known == path[:size]:
                return number
    # A table that is only ever written as part of a longer name.
    return next((number for known, number in lines if known[: len(path)] == path), None)


def _names(dotted: str) -> Path:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in re.findall(NAME, dotted))
