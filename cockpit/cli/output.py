"""What commands print. What is not ours is made visible first; JSON is ASCII, so exact and harmless."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from cockpit.core.exports import one_line
from widgets.visible import fit, pad, visible

GLYPHS = {
    "ended": "✓",
    "stop": "■",
    "length": "✂",
    "refusal": "⊘",
    "filter": "⊘",
    "tool": "✓",
    "cancelled": "◌",
    "error": "✗",
    "unknown": "?",
}

LEAST_LAST = 24
"""Cells in which the last column of a table still says something."""


def say(text: str = "", *, keep_newlines: bool = True) -> None:
    """One text for people, with control characters shown and not obeyed."""
    _write(sys.stdout, visible(text, newlines="keep" if keep_newlines else "mark") + "\n")


def emit(value: Any) -> None:
    """One JSON value on one line."""
    _write(sys.stdout, one_line(value) + "\n")


def complain(text: str) -> None:
    """One line on stderr."""
    _write(sys.stderr, f"cockpit: {visible(' '.join(text.split()), newlines='mark')}\n")


def note(text: str) -> None:
    """One line on stderr that is no failure."""
    _write(sys.stderr, visible(text, newlines="mark") + "\n")


def table(
    rows: Iterable[Sequence[str]], *, heads: Sequence[str], right: Sequence[int] = (), widest: int = 60,
    room: int | None = None, spare: Sequence[str] = (),
) -> None:  # fmt: skip
    """Aligned columns under their heads.

    Args:
        right: numbers of the columns aligned right.
        room: cells of a line; None is no limit. Where rows need more, the columns named in `spare` go in that order,
            as far as the last one, which is cut to what is left, has not got `LEAST_LAST` cells.
    """
    lines = [list(heads), *([fit(visible(cell, newlines="mark"), widest) for cell in row] for row in rows)]
    widths = [max(map(cell_width, column)) for column in zip(*lines, strict=True)]
    kept, last = list(range(len(heads))), len(heads) - 1
    if room is not None:
        gone = [heads.index(name) for name in spare]
        while gone and _left(room, kept, widths) < min(LEAST_LAST, widths[last]):
            kept.remove(gone.pop(0))
        widths[last] = min(widths[last], max(0, _left(room, kept, widths)))
    for line in lines:
        cells = (pad(fit(line[i], widths[i]), widths[i], right=i in right) for i in kept if widths[i])
        _write(sys.stdout, "  ".join(cells).rstrip() + "\n")


def room() -> int | None:
    """Cells of a line of the terminal; None where nothing is shown in one, and nothing need be cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _left(room: int, kept: Sequence[int], widths: Sequence[int]) -> int:
    """Cells for the last column beside the others."""
    return room - sum(widths[i] + 2 for i in kept[:-1])


def cell_width(text: str) -> int:
    """Cells that a visible text takes."""
    from rich.cells import cell_len

    return cell_len(text)


def money(usd: float | None) -> str:
    """Dollars with the digits that matter; 'unknown' is not zero."""
    if usd is None:
        return "unknown"
    return f"${usd:.2f}" if usd >= 1 or usd == 0 else f"${usd:.4g}"


def _write(stream: Any, text: str) -> None:
    # A terminal in another encoding shows marks where it lacks a character; nothing fails for that.
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()
