"""Where a number falls on an axis, which ticks it gets and how they are written. Nothing is drawn here."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, isfinite, isnan, log10

from widgets.chart_data import XScale

MOST_PLACES = 400
"""Distinct xs that get the same room each; with more they would be less than a dot wide."""


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis: `low` and `high` are what is in view, in the scale's own measure (numbers, logarithms, or places)."""

    kind: XScale
    low: float
    high: float
    places: tuple[float, ...] = ()

    def measure(self, value: float) -> float:
        """A number in the scale's own measure."""
        if self.kind == "log":
            return log10(value)
        if self.kind == "each":
            return self._place(value)
        return value

    def value(self, measure: float) -> float:
        """The number that has a measure; of places, the one nearest."""
        if self.kind == "log":
            return float(10**measure)
        if self.kind == "each":
            return self.places[min(max(round(measure), 0), len(self.places) - 1)]
        return measure

    def at(self, value: float) -> float:
        """How far along the view a number is: 0 at its low end, 1 at its high end, beyond either outside."""
        return (self.measure(value) - self.low) / (self.high - self.low)

    def bound(self, share: float) -> float:
        """The number at a share of the view, for finding points by; of places it may lie between two."""
        measure = self.low + share * (self.high - self.low)
        if self.kind != "each":
            return self.value(measure)
        below = min(max(floor(measure), 0), len(self.places) - 1)
        if measure <= 0 or below == len(self.places) - 1:
            return self.places[below] + (measure - below)
        return self.places[below] + (measure - below) * (self.places[below + 1] - self.places[below])

    def zoomed(self, factor: float, middle: float) -> Scale:
        """The view made `factor` times as wide, as near as can be around a number."""
        share = min(max(self.at(middle), 0.0), 1.0)
        wide = (self.high - self.low) * factor
        low = self.measure(middle) - share * wide
        return replace(self, low=low, high=low + wide)

    def within(self, whole: Scale) -> Scale:
        """The view pushed back into another one."""
        wide = min(self.high - self.low, whole.high - whole.low)
        low = min(max(self.low, whole.low), whole.high - wide)
        return replace(self, low=low, high=low + wide)

    def _place(self, value: float) -> float:
        at = bisect_left(self.places, value)
        if at < len(self.places) and self.places[at] == value:
            return float(at)
        if at == 0:
            return value - self.places[0]
        if at == len(self.places):
            return at - 1 + value - self.places[-1]
        return at - 1 + (value - self.places[at - 1]) / (self.places[at] - self.places[at - 1])


def x_scale(kind: XScale, values: Sequence[float], places: Sequence[float]) -> Scale:
    """The axis that shows all of these numbers; `places` are the distinct ones, for "each"."""
    if kind == "each" and 0 < len(places) <= MOST_PLACES:
        return Scale("each", -0.5, len(places) - 0.5, tuple(places))
    made = "log" if kind == "log" else "linear"
    return _fitted(made, min(values), max(values), 0.02 if len(places) <= MOST_PLACES else 0.0)


def y_scale(log: bool, values: Sequence[float]) -> Scale:
    """The axis that shows all of these numbers with a little room around."""
    return _fitted("log" if log else "linear", min(values), max(values), 0.06)


def _fitted(kind: str, low: float, high: float, room: float) -> Scale:
    bare = Scale("log" if kind == "log" else "linear", 0, 1)
    low, high = bare.measure(low), bare.measure(high)
    wide = high - low
    if not isfinite(wide):
        low, high, wide = low / 4, high / 4, high / 4 - low / 4
    pad = wide * room if wide > abs(high) * 1e-12 else max(abs(high) * 0.1, 0.3 if kind == "log" else 0.5)
    return replace(bare, low=low - pad, high=high + pad)


def ticks(scale: Scale, most: int) -> list[float]:
    """At most so many round numbers in view, lowest first: steps of 1, 2 or 5; powers of ten on a log axis."""
    if most < 1:
        return []
    if scale.kind == "each":
        first, last = max(ceil(scale.low), 0), min(floor(scale.high), len(scale.places) - 1)
        return list(scale.places[first : last + 1])
    if scale.kind == "log":
        found = _powers(scale, most)
        if len(found) >= 2:
            return found
        return [float(10**scale.low), float(10**scale.high)] if not found and most > 1 else found
    return _round(scale.low, scale.high, most)


def _round(low: float, high: float, most: int) -> list[float]:
    step = 10.0 ** floor(log10((high - low) / most))
    for factor in (1, 2, 5, 10, 20, 50):
        first, last = ceil(low / (step * factor) - 1e-9), floor(high / (step * factor) + 1e-9)
        if last - first + 1 <= most:
            # The product of whole numbers first: 3 * 0.1 is not 0.3.
            return [_clean(at * factor, step) for at in range(first, last + 1)]
    return []


def _clean(times: int, step: float) -> float:
    power = round(log10(step))
    return times * 10.0**power if power >= 0 else times / 10.0**-power


def _powers(scale: Scale, most: int) -> list[float]:
    first, last = ceil(scale.low - 1e-9), floor(scale.high + 1e-9)
    if last - first + 1 > most:
        every = ceil((last - first + 1) / most)
        return [10.0**power for power in range(first, last + 1) if power % every == 0]
    for factors in ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 5), (1, 3)):
        fine = [factor * 10.0**power for power in range(first - 1, last + 1) for factor in factors]
        fine = [value for value in fine if scale.low <= log10(value) <= scale.high]
        if len(fine) <= most:
            return fine
    return [10.0**power for power in range(first, last + 1)]


def tick_texts(values: Sequence[float], *, percent: bool = False) -> list[str]:
    """Ticks written alike: with the digits that tell them apart, thousands grouped, large and small ones with e."""
    shown = [value * 100 for value in values] if percent else list(values)
    sizes = [abs(value) for value in shown if value]
    if sizes and (max(sizes) >= 1e7 or max(sizes) < 1e-3):
        return [f"{value:.3g}" for value in shown]
    digits = next((n for n in range(7) if all(_is_close(value, round(value, n)) for value in shown)), 7)
    if digits > 3 and len(sizes) > 1 and max(sizes) / min(sizes) >= 100:
        return [number(value) for value in shown]
    return [f"{value:,.{digits}f}" for value in shown]


def _is_close(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b))


def number(value: float, *, percent: bool = False) -> str:
    """One number, exact to six digits, thousands grouped."""
    if percent:
        return f"{value * 100:.1f} %"
    return f"{value:,.6g}" if not isnan(value) else "–"
