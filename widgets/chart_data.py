"""What a chart shows, as values: series, reference lines, marks, axes. Nothing is laid out or drawn here."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite, isnan, nan
from typing import Literal

XScale = Literal["linear", "log", "each"]
Intervals = Literal["bars", "bands", "none"]


@dataclass(frozen=True, slots=True)
class Series:
    """One line: as many ys as xs, in any order; low and high, where given, are the interval at each x. NaN is a gap."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal reference line, such as chance."""

    name: str
    y: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line at an x, with a name."""

    x: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Axes:
    """How the numbers are laid out.

    `x_scale` "each" gives every distinct x the same room (k = 0, 1, 2, 4, 8 …). `y_range` fixes what is in view, such
    as 0 to 1 for rates; None fits what is seen. `labels` stand under the x axis in place of numbers: (x, text).
    `percent` writes y as per cent.
    """

    x_title: str = ""
    y_title: str = ""
    x_scale: XScale = "linear"
    log_y: bool = False
    y_range: tuple[float, float] | None = None
    labels: Sequence[tuple[float, str]] = ()
    percent: bool = False
    intervals: Intervals = "bars"


@dataclass(frozen=True, slots=True)
class Line:
    """A series made ready: by x, what has no finite x left out, what is not finite a gap; `low`, `high` full or empty.

    `whole` says that no y is a gap, so that the least of a stretch can be taken without looking at each.
    """

    name: str
    xs: list[float]
    ys: list[float]
    low: list[float]
    high: list[float]
    whole: bool

    @property
    def has_intervals(self) -> bool:
        """Whether any interval is known."""
        return bool(self.low)

    def span(self, low: float, high: float) -> tuple[int, int]:
        """Where the points within two xs begin and end."""
        return bisect_left(self.xs, low), bisect_right(self.xs, high)

    def nearest(self, x: float) -> int | None:
        """The point whose x is nearest, the last of several; None where there are none."""
        if not self.xs:
            return None
        after = bisect_right(self.xs, x)
        if after == 0:
            return bisect_right(self.xs, self.xs[0]) - 1
        if after == len(self.xs) or x - self.xs[after - 1] <= self.xs[after] - x:
            return after - 1
        return bisect_right(self.xs, self.xs[after]) - 1

    def drawn(self, start: int, end: int) -> list[float]:
        """The ys of a stretch that are not gaps."""
        ys = self.ys[start:end]
        return ys if self.whole else known(ys)


def known(ys: Sequence[float]) -> list[float]:
    """Those that are not gaps."""
    return [y for y in ys if not isnan(y)]


def line_of(series: Series, *, log_y: bool = False, log_x: bool = False) -> Line:
    """A series made ready; on a log axis what is not above 0 is a gap (y) or left out (x).

    Raises:
        ValueError: xs, ys, low and high are not equally many.
    """
    xs, ys = [float(x) for x in series.xs], _values(series.ys, log_y)
    bounds = [_values(ends, log_y) for ends in (series.low, series.high)]
    if (
        len(xs) != len(ys)
        or any(ends and len(ends) != len(xs) for ends in bounds)
        or bool(bounds[0]) != bool(bounds[1])
    ):
        raise ValueError(f"series {series.name!r}: xs, ys, low and high are not equally many")
    kept: Sequence[int] = range(len(xs))
    if not all(map(isfinite, xs)) or (log_x and xs and min(xs) <= 0):
        kept = [at for at in kept if isfinite(xs[at]) and (xs[at] > 0 or not log_x)]
    if any(xs[a] > xs[b] for a, b in pairwise(kept)):
        kept = sorted(kept, key=xs.__getitem__)
    if not isinstance(kept, range):
        xs, ys = [xs[at] for at in kept], [ys[at] for at in kept]
        bounds = [[ends[at] for at in kept] if ends else [] for ends in bounds]
    return Line(series.name, xs, ys, bounds[0], bounds[1], whole=all(map(isfinite, ys)))


def _values(values: Sequence[float], is_log: bool) -> list[float]:
    made = [float(y) for y in values]
    if not all(map(isfinite, made)) or (is_log and made and min(made) <= 0):
        return [y if isfinite(y) and (y > 0 or not is_log) else nan for y in made]
    return made


def smoothed(ys: Sequence[float], weight: float) -> list[float]:
    """The exponential moving average, freed of its pull towards 0 at the start; gaps stay gaps and weigh nothing.

    m_t = w m_(t-1) + (1 - w) y_t, shown as m_t / (1 - w^t): Kingma and Ba 2015 (arXiv:1412.6980), section 3, as
    TensorBoard does it.
    """
    mean, left = 0.0, 1.0
    out = []
    for y in ys:
        if isnan(y):
            out.append(nan)
            continue
        mean += (1 - weight) * (y - mean)
        left *= weight
        out.append(mean / (1 - left))
    return out
