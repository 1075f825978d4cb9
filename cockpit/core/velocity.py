"""How fast a project learns: latency from idea to result, hours worked, weeks. Times in, numbers out; no store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

BREAK = timedelta(minutes=30)
"""A pause longer than this between two things that a person did is not work."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Median hours from an idea to its first result, over `n` ideas that have one; `waiting` have none yet."""

    hours: float | None
    n: int
    waiting: int


@dataclass(slots=True)
class Week:
    """What a week held; `monday` begins it, `days` counts what was done on each of its days."""

    monday: date
    runs: int = 0
    samples: int = 0
    results: int = 0
    bits: float = 0.0
    hours: float = 0.0
    days: list[int] | None = None


def latency(pairs: Iterable[tuple[datetime, datetime | None]]) -> Latency:
    """From when each idea was named to when its first result was there (None: not yet)."""
    every = list(pairs)
    hours = [max((end - start).total_seconds(), 0.0) / 3600 for start, end in every if end is not None]
    return Latency(median(hours) if hours else None, len(hours), len(every) - len(hours))


def hours_by_day(times: Iterable[datetime]) -> dict[date, float]:
    """Hours worked a day, in the zone of the times: the time between things done, breaks left out.

    A lower bound: what is done once, away from anything else, counts as no time at all.
    """
    found: dict[date, float] = {}
    order = sorted(times)
    for before, after in pairwise(order):
        gap = after - before
        if gap <= BREAK and before.date() == after.date():
            found[after.date()] = found.get(after.date(), 0.0) + gap.total_seconds() / 3600
    return found


def weeks_to(today: date, count: int) -> list[Week]:
    """Empty weeks, the oldest first, the last one with today in it."""
    monday = today - timedelta(days=today.weekday())
    return [Week(monday - timedelta(weeks=back), days=[0] * 7) for back in range(count - 1, -1, -1)]


def week_of(weeks: Sequence[Week], day: date) -> Week | None:
    """The week that a day is in, if it is among these."""
    at = (day - weeks[0].monday).days // 7
    return weeks[at] if 0 <= at < len(weeks) else None
