"""How busy machines were: the share of a time in which a job ran, and why not in the rest. Spans in, shares out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
HALF = 0.5
"""Half of the time is the line to stay above."""
SHORTEST = timedelta(minutes=5)
"""Gaps below this are not worth a line."""
Why = Literal["the queue was empty", "jobs waited, and none could start"]


@dataclass(frozen=True, slots=True)
class Worked:
    """A time in which a job ran, or waited. `certain` is whether its end is known and not only guessed."""

    start: datetime
    end: datetime
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which none ran, and why."""

    start: datetime
    end: datetime
    why: Why


@dataclass(frozen=True, slots=True)
class Busy:
    """A stretch of time: its share with a job running, the share in which that is not known, gaps, a strip.

    The strip has one share for each of its equal parts, oldest first.
    """

    start: datetime
    end: datetime
    share: float
    unknown: float
    gaps: tuple[Gap, ...]
    strip: tuple[float, ...]


def busy(ran: Iterable[Worked], waited: Sequence[Worked], start: datetime, end: datetime, *, parts: int = 48) -> Busy:
    """How busy the time from start to end was.

    Args:
        ran: when jobs ran; one whose end is not known is not certain, from when it was last seen.
        waited: when jobs stood in a queue.
    """
    every = list(ran)
    sure = _merged([(w.start, w.end) for w in every if w.certain], start, end)
    whole = _merged([(w.start, w.end) for w in every], start, end)
    total = (end - start).total_seconds()
    known, all_of_it = _length(sure) / total, _length(whole) / total
    gaps = tuple(
        Gap(low, high, _why(waited, low, high)) for low, high in _holes(whole, start, end) if high - low >= SHORTEST
    )
    step = (end - start) / parts
    strip = tuple(
        _length(_merged(whole, start + at * step, start + (at + 1) * step)) / step.total_seconds()
        for at in range(parts)
    )
    return Busy(start, end, known, all_of_it - known, gaps, strip)


def gap_words(gap: Gap) -> str:
    """'idle 01:10–08:40: the queue was empty', with the days where they matter."""
    low, high = gap.start.astimezone(), gap.end.astimezone()
    days = f"{low:%d %b} " if low.date() != high.date() else ""
    return f"idle {days}{low:%H:%M}–{high:%H:%M}: {gap.why}"


def header_words(found: Busy) -> str:
    """The figure that every pane's header shows: '▲ busy 71% of 24 h', with ▼ below the half."""
    sign = "▲" if found.share >= HALF else "▼"
    more = " +?" if found.unknown >= 0.005 else ""
    return f"{sign} busy {found.share:.0%}{more} of 24 h"


def _why(waited: Sequence[Worked], low: datetime, high: datetime) -> Why:
    """What most of a gap was: jobs waiting, or nothing to do."""
    stood = _length(_merged([(w.start, w.end) for w in waited], low, high))
    return "jobs waited, and none could start" if stood > (high - low).total_seconds() / 2 else "the queue was empty"


def _merged(
    spans: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Spans cut to a stretch, overlapping ones joined, in order."""
    cut = sorted((max(low, start), min(high, end)) for low, high in spans if high > start and low < end)
    found: list[tuple[datetime, datetime]] = []
    for low, high in cut:
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def _holes(
    spans: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    edges = [start, *(edge for span in spans for edge in span), end]
    return [(low, high) for low, high in zip(edges[::2], edges[1::2], strict=True) if high > low]


def _length(spans: Iterable[tuple[datetime, datetime]]) -> float:
    return sum((high - low).total_seconds() for low, high in spans)
