"""What of the lines is in view: both axes fitted, the next point beside the cursor. Draws nothing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from widgets.chart_data import Axes, Level, Line, Series, known
from widgets.chart_scale import MOST_PLACES, Scale, number, x_scale, y_scale

SAMPLES = 24
"""Points of a line looked at to learn how wide its values are written."""


def whole_of(lines: Sequence[Line], axes: Axes) -> Scale | None:
    """The x axis that shows everything; None where no line has a point."""
    ends = [x for line in lines if line.xs for x in (line.xs[0], line.xs[-1])]
    if not ends:
        return None
    # Many points cannot have a place each; their distinct xs are then not worth finding.
    few = all(len(line.xs) <= MOST_PLACES for line in lines)
    places = sorted({x for line in lines for x in line.xs}) if few else range(MOST_PLACES + 1)
    return x_scale(axes.x_scale, ends, places)


def heights(
    lines: Sequence[Line], levels: Sequence[Level], view: Scale, axes: Axes, asked: tuple[float, float] | None
) -> Scale:
    """The y axis: the range asked for, else what is in view with its intervals, and the levels."""
    if asked is not None:
        bare = Scale("log" if axes.log_y else "linear", 0, 1)
        return Scale(bare.kind, bare.measure(asked[0]), bare.measure(asked[1]))
    values = [y for line in lines for y in _seen(line, view, axes)]
    values = values or [y for line in lines for y in known(line.ys)] or [1.0]
    return y_scale(axes.log_y, [*values, *(level.y for level in levels)])


def _seen(line: Line, view: Scale, axes: Axes) -> list[float]:
    """The least and most in view."""
    start, end = line.span(view.bound(0), view.bound(1))
    found = line.drawn(start, end)
    ends = [min(found), max(found)] if found else []
    if line.has_intervals and axes.intervals != "none":
        lows = known(line.low[start:end])
        highs = known(line.high[start:end])
        ends += [min(lows)] if lows else []
        ends += [max(highs)] if highs else []
    return ends


def beside(lines: Sequence[Line], x: float, view: Scale, columns: int, direction: int) -> float:
    """The next point's x in a direction; where points crowd, the next that falls into another column."""
    crowd = max((end - start for line in lines for start, end in [line.span(view.bound(0), view.bound(1))]), default=0)
    bound = x
    if crowd > columns:
        bound = view.value(view.measure(x) + direction * (view.high - view.low) / max(columns, 1))
    found = [y for line in lines if (y := _next(line.xs, x, bound, direction)) is not None]
    if not found:
        return x
    return min(found) if direction > 0 else max(found)


def _next(xs: Sequence[float], x: float, bound: float, direction: int) -> float | None:
    if direction > 0:
        at = max(bisect_right(xs, x), bisect_left(xs, bound))
        if at < len(xs):
            return xs[at]
        return xs[-1] if xs and xs[-1] > x else None
    at = min(bisect_left(xs, x), bisect_right(xs, bound)) - 1
    if at >= 0:
        return xs[at]
    return xs[0] if xs and xs[0] < x else None


def spread(lines: Sequence[Line]) -> list[float]:
    """Some xs of every line, evenly over its points."""
    return [
        line.xs[at]
        for line in lines
        if line.xs
        for at in {round(step * (len(line.xs) - 1) / (SAMPLES - 1)) for step in range(SAMPLES)}
    ]


def not_above_0(series: Iterable[Series], axes: Axes) -> int:
    """How many points a logarithmic axis cannot show."""
    if not axes.log_y and axes.x_scale != "log":
        return 0
    return sum(
        (axes.log_y and y <= 0) or (axes.x_scale == "log" and x <= 0)
        for one in series
        for x, y in zip(one.xs, one.ys, strict=True)
    )


def notes(view: Scale, whole: Scale, smoothing: float, left_out: int) -> list[str]:
    """What a reader must know of how it is drawn: how near, how smoothed, what is missing."""
    found = []
    near = (whole.high - whole.low) / (view.high - view.low)
    if near > 1 + 1e-9:
        found.append(f"zoom ×{number(round(near, 1))}")
    if smoothing:
        found.append(f"smoothed: EMA {smoothing:g}")
    if left_out:
        found.append(f"{left_out:,} not above 0 left out: log axis")
    return found
