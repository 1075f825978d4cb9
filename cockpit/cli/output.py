"""What commands print. What is not ours is made visible first; JSON is ASCII, so exact and harmless."""

from __future__ import annotations

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


def table(rows: Iterable[Sequence[str]], *, heads: Sequence[str], right: Sequence[int] = (), widest: int = 60) -> None:
    """Aligned columns under their heads; `right` are the numbers of columns aligned right."""
    cells = [[fit(visible(cell, newlines="mark"), widest) for cell in row] for row in rows]
    widths = [max(cell_width(row[i]) for row in [list(heads), *cells]) for i in range(len(heads))]
    for row in [list(heads), *cells]:
        line = "  ".join(pad(cell, widths[i], right=i in right) for i, cell in enumerate(row))
        _write(sys.stdout, line.rstrip() + "\n")


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
