"""Charts of a report as SVG that stands inside a page: bars with intervals, a curve. Numbers in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isfinite

from cockpit.core.figures import Figure

WIDTH, LEFT, ROW, HEIGHT = 720, 220, 34, 260
MOST_POINTS = 400
"""Points of a curve that are drawn; between them the lowest and highest of each stretch are kept."""


def bars(title: str, rows: Sequence[tuple[str, Figure]]) -> str:
    """A bar a row with its 95 % interval and its words; empty where there are no rows.

    Shares are drawn from 0 to 100 %, other numbers from 0 to the highest end of an interval.
    """
    if not rows:
        return ""
    share = all(figure.unit == "share" for _, figure in rows)
    ends = [max(figure.value, figure.high if figure.high is not None else 0.0) for _, figure in rows]
    top = 1.0 if share else max(*ends, 1e-12)
    room = WIDTH - LEFT - 210

    def at(value: float) -> float:
        return LEFT + room * min(max(value / top, 0.0), 1.0)

    parts = []
    for index, (label, figure) in enumerate(rows):
        y = ROW * index + 8
        parts.append(f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end">{_text(label)}</text>')
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{at(figure.value) - LEFT:.1f}" height="20" opacity=".45"/>')
        if figure.low is not None and figure.high is not None:
            low, high, middle = at(figure.low), at(figure.high), y + 10
            parts.append(f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {y + 4}v12M{high:.1f} {y + 4}v12"/>')
        parts.append(f'<text x="{LEFT + room + 12}" y="{y + 15}">{_text(figure.words())}</text>')
    return _whole(title, ROW * len(rows) + 8, parts)


def curve(title: str, xs: Sequence[float], ys: Sequence[float]) -> str:
    """A curve with its ends written at the axes; empty with fewer than two finite points."""
    known = [(x, y) for x, y in zip(xs, ys, strict=True) if isfinite(x) and isfinite(y)]
    if len(known) < 2:
        return ""
    points = _thinned(known)
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    wide, tall = (right - left) or 1.0, (high - low) or 1.0
    room, down = WIDTH - 90, HEIGHT - 40
    path = "L".join(f"{80 + room * (x - left) / wide:.1f} {10 + down * (high - y) / tall:.1f}" for x, y in points)
    parts = [f'<path d="M{path}"/>', f'<path d="M80 10V{10 + down}H{80 + room}" opacity=".4"/>']
    parts += [f'<text x="72" y="{y}" text-anchor="end">{_text(f"{value:.4g}")}</text>'
              for y, value in ((16, high), (10 + down, low))]  # fmt: skip
    parts += [f'<text x="{x}" y="{HEIGHT - 8}" text-anchor="{anchor}">{_text(f"{value:g}")}</text>'
              for x, value, anchor in ((80, left, "start"), (80 + room, right, "end"))]  # fmt: skip
    return _whole(title, HEIGHT, parts)


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if len(points) <= MOST_POINTS:
        return points
    size = -(-len(points) // (MOST_POINTS // 2 - 1))
    found: list[tuple[float, float]] = []
    for start in range(0, len(points), size):
        stretch = points[start : start + size]
        ends = {min(stretch, key=lambda one: one[1]), max(stretch, key=lambda one: one[1])}
        found += [one for one in stretch if one in ends]
    return [points[0], *found, points[-1]]


def _whole(title: str, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{_text(title)}">{"".join(parts)}</svg>'
    )  # fmt: skip


def _text(text: str) -> str:
    return escape(text if len(text) <= 40 else text[:39] + "…")
