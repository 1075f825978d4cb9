"""Rows of results: what, measured, goal, and whether it holds. Formatting only."""

from __future__ import annotations

import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `goal` is the largest (or, for rates, the least) value that is good enough."""

    what: str
    value: float
    unit: str
    goal: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def verdict(self) -> str:
        """holds, misses, or nothing where there is no goal."""
        if self.goal is None:
            return ""
        good = self.value >= self.goal if self.at_least else self.value <= self.goal
        return "holds" if good else "misses"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies (nearest rank, linear between)."""
    ordered = sorted(values)
    at = (len(ordered) - 1) * share
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def markdown(sections: Sequence[tuple[str, Sequence[Row]]]) -> str:
    """All results as Markdown tables."""
    lines = [f"Python {platform.python_version()}, {sys.platform}, {datetime.now(UTC):%Y-%m-%d}.", ""]
    for title, rows in sections:
        lines += [f"### {title}", "", "| what | measured | goal | | note |", "|---|---|---|---|---|"]
        for row in rows:
            sign = "≥" if row.at_least else "≤"
            goal = f"{sign} {row.goal:g} {row.unit}" if row.goal is not None else ""
            lines.append(f"| {row.what} | {row.value:,.4g} {row.unit} | {goal} | {row.verdict} | {row.note} |")
        lines.append("")
    return "\n".join(lines)
