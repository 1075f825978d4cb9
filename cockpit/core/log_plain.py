"""Markdown of ours as a terminal shows it: figures as words, tables aligned. Text in, text out; looks nothing up."""

from __future__ import annotations

import re
import unicodedata

from cockpit.core.log_refs import refs

_UNWRITABLE = re.compile(r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")


def writable(text: str) -> str:
    """The text with a sign for what neither HTML nor XML can hold: controls, lone surrogates, noncharacters."""
    return _UNWRITABLE.sub("\ufffd", text)


def as_read(text: str) -> str:
    """The text with each link of ours as its words alone, and tables with their columns under each other."""
    parts, end = [], 0
    for ref in refs(text):
        if text[ref.start : ref.end].startswith(("[", "![")):
            parts += [text[end : ref.start], ref.words]
            end = ref.end
    lines = "".join([*parts, text[end:]]).split("\n")
    found: list[str] = []
    at = 0
    while at < len(lines):
        if at + 1 < len(lines) and "|" in lines[at] and "|" in lines[at + 1] and _is_rule(lines[at + 1]):
            last = at + 2
            while last < len(lines) and "|" in lines[last] and lines[last].strip():
                last += 1
            found += _table(lines[at:last])
            at = last
        else:
            found.append(re.sub(r"\\([\\`*_\[\]#|])", r"\1", lines[at]))
            at += 1
    return "\n".join(found)


def _is_rule(line: str) -> bool:
    # Longer than any table's: on hostile blanks the pattern would take the square of their number.
    return len(line) < 1000 and _RULE.match(line) is not None


def _table(lines: list[str]) -> list[str]:
    rows = [_cells(line) for line in lines]
    right = [cell.endswith(":") and not cell.startswith(":") for cell in rows[1]]
    count = max(len(row) for row in rows)
    rows = [row + [""] * (count - len(row)) for row in (rows[0], *rows[2:])]
    widths = [max(_width(row[at]) for row in rows) for at in range(count)]
    shown = []
    for row in rows:
        cells = []
        for at, cell in enumerate(row):
            blank = " " * (widths[at] - _width(cell))
            cells.append(blank + cell if at < len(right) and right[at] else cell + blank)
        shown.append("  ".join(cells).rstrip())
    return [shown[0], "─" * min(sum(widths) + 2 * (count - 1), 200), *shown[1:]]


def _cells(line: str) -> list[str]:
    bare = line.strip().removeprefix("|")
    bare = bare.removesuffix("|") if not bare.endswith("\\|") else bare
    return [re.sub(r"\\([\\`*_\[\]#|])", r"\1", cell.strip()) for cell in re.split(r"(?<!\\)\|", bare)]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
