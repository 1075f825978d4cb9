"""What the list of versions shows: tallies added up and put into columns. Pure: values in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cockpit.screens.words import money, one_line, plural, short_count


class Tally(Protocol):
    """What came back from one model for one version."""

    @property
    def model(self) -> str: ...
    @property
    def n(self) -> int: ...
    @property
    def mean_chars(self) -> float | None: ...
    @property
    def cost_usd(self) -> float | None: ...
    @property
    def cost_unknown(self) -> int: ...


READINGS = (
    ("✓", ("ended",)),
    ("■", ("stop",)),
    ("✂", ("length",)),
    ("⊘", ("refusal", "filter")),
    ("✗", ("error", "cancelled")),
    ("?", ("unknown", "tool")),
)
"""The columns of a tally: a glyph, and the readings that it counts."""


def reading_counts(rows: Sequence[Tally]) -> list[int]:
    """Over all models, how many samples each glyph stands for."""
    return [sum(getattr(row, name) for row in rows for name in names) for _, names in READINGS]


def mean_length(rows: Sequence[Tally]) -> float | None:
    """Mean characters of a whole answer over all models, weighted by their answers."""
    known = [(row.mean_chars, _whole(row)) for row in rows if row.mean_chars is not None]
    whole = sum(n for _, n in known)
    return sum(mean * n for mean, n in known) / whole if whole else None


def _whole(row: Tally) -> int:
    failed: int = getattr(row, "error", 0) + getattr(row, "cancelled", 0)
    return row.n - failed


def total_cost(rows: Sequence[Tally]) -> str:
    """The sum of known costs; '+ ?' where some are unknown."""
    known = [row.cost_usd for row in rows if row.cost_usd is not None]
    unknown = any(row.cost_unknown for row in rows)
    if not known:
        return "?" if unknown else "–"
    return money(sum(known)) + (" + ?" if unknown else "")


def scores_text(rows: Sequence[Tally]) -> str:
    """Each metric's mean over all models, with its n."""
    sums: dict[str, tuple[int, float]] = {}
    for row in rows:
        for name, (n, mean) in getattr(row, "scores", {}).items():
            before = sums.get(name, (0, 0.0))
            sums[name] = (before[0] + n, before[1] + n * mean)
    return "  ".join(f"{name} {total / n:.3g} (n {n})" for name, (n, total) in sums.items() if n)


def tally_cells(rows: Sequence[Tally]) -> tuple[str, ...]:
    """n, one count a reading, mean length, cost: blank where nothing was sampled."""
    if not rows:
        return ("–", *("" for _ in READINGS), "", "")
    length = mean_length(rows)
    counts = [short_count(n) if n else "·" for n in reading_counts(rows)]
    cost = total_cost(rows)
    return (short_count(sum(row.n for row in rows)), *counts, "–" if length is None else f"{length:.0f}", cost)


def note_cell(note: str, rows: Sequence[Tally]) -> str:
    """The note, and scores where there are some."""
    return "   ".join(part for part in (one_line(note), scores_text(rows)) if part)


def model_lines(rows: Sequence[Tally], limit: int = 4) -> str:
    """What came back per model, one line each; empty where there is nothing to tell apart."""
    if len(rows) < 2:
        return ""
    lines = []
    for row in rows[:limit]:
        counts = [f"{glyph}{n}" for (glyph, _), n in zip(READINGS, reading_counts([row]), strict=True) if n]
        length = f"{row.mean_chars:.0f} characters" if row.mean_chars is not None else ""
        parts = (f"{row.model}", f"n {row.n}", " ".join(counts), length, total_cost([row]), scores_text([row]))
        lines.append("   ".join(part for part in parts if part))
    if len(rows) > limit:
        lines.append(f"and {plural(len(rows) - limit, 'more model')}")
    return "\n".join(lines)
