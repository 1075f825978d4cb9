"""How a job usually goes: the gap between two of its writes, and when it will end at its pace. Arithmetic only."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from cockpit.core.metric_points import Point

LATEST = 50
"""Gaps that count: a job that became slower is usual again after as many."""


def usual_gap(points: Sequence[Point], before: float | None = None) -> float | None:
    """The median of seconds between records, by the times that they name; what was known before where they name none.

    A single new record says nothing of gaps: what was known before stands.
    """
    times = sorted({point.time for point in points if point.time is not None})
    gaps = [later - earlier for earlier, later in pairwise(times)][-LATEST:]
    if not gaps:
        return before
    found = median(gaps)
    return found if before is None or len(gaps) >= LATEST // 5 else max(found, before)
