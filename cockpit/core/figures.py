"""What a figure in the log says: a number with its n and interval, in words that are stable. Looks nothing up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from cockpit.core.paired import Paired
from cockpit.core.shot_curve import Mean
from cockpit.core.stats import Rate

Unit = Literal["share", "points", "number", "usd", "count"]
MINUS = "−"


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % interval (None where there is none) over `n` things called `of`.

    A unit 'share' is between 0 and 1 and shown in per cent; 'points' is a difference of shares.
    """

    value: float
    unit: Unit
    low: float | None = None
    high: float | None = None
    n: int | None = None
    of: str = ""
    label: str = ""
    """What it measures: 'exact', 'loss'."""

    def words(self) -> str:
        """As it stands in a text: '71 % [62, 79], n = 128'."""
        say = _SAYERS[self.unit]
        text = say(self.value)
        if self.low is not None and self.high is not None:
            text += f" [{_bare(say(self.low))}, {_bare(say(self.high))}]"
        if self.n is not None:
            text += f", n = {self.n}" + (f" {self.of}" if self.of else "")
        return text


def of_rate(rate: Rate, label: str = "") -> Figure | None:
    """A rate as a figure; None over nothing."""
    return None if rate.value is None else Figure(rate.value, "share", rate.low, rate.high, rate.n, label=label)


def of_mean(mean: Mean, label: str = "", *, share: bool) -> Figure:
    """A mean score as a figure; `share` where every score is 0 or 1. Where inputs have several answers, it says so."""
    n, of = (mean.n, "") if mean.n == mean.inputs else (mean.n, f"on {mean.inputs} inputs")
    return Figure(mean.value, "share" if share else "number", mean.low, mean.high, n, of, label)


def of_effect(effect: Paired, label: str = "", *, share: bool) -> Figure:
    """A paired difference as a figure, over the inputs that both have."""
    return Figure(effect.mean, "points" if share else "number", effect.low, effect.high, effect.n, "pairs", label=label)


def _percent(value: float) -> str:
    return f"{_short(100 * value)} %"


def _points(value: float) -> str:
    return f"{'+' if value > 0 else ''}{_short(100 * value)} points"


def _short(share: float) -> str:
    """Per cent with the digits that matter: one more below ten, where that says more."""
    return _signed(share, 0 if abs(share - round(share)) < 0.05 or abs(share) >= 10 else 1)


def _number(value: float) -> str:
    if not isfinite(value):
        return "not finite"
    return f"{value:.4g}".replace("-", MINUS)


def _usd(value: float) -> str:
    return f"${value:,.2f}" if value >= 0.01 or value == 0 else f"${value:.2g}"


def _count(value: float) -> str:
    return f"{round(value):,}".replace(",", " ")


def _signed(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.replace("-", MINUS) if float(text) else text.lstrip("-")


def _bare(text: str) -> str:
    return text.removesuffix(" %").removesuffix(" points")


_SAYERS: dict[Unit, Callable[[float], str]] = {
    "share": _percent,
    "points": _points,
    "number": _number,
    "usd": _usd,
    "count": _count,
}
