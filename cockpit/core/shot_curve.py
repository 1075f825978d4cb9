"""What examples do to a score: against their number, one left out, their order. Scores in, plain data out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum, sqrt
from typing import Literal

from cockpit.core.paired import Paired, cochran_q, holm, mcnemar, paired_difference, t_quantile
from cockpit.core.stats import clustered

MARGIN = 0.05
"""Change of a score below which an example is said to only cost, where the interval lies wholly within it."""
Scores = Mapping[str, Sequence[float]]
"""Input's key → the scores of its answers, none for those without one."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean score with its 95 % interval (None where none can be had), over `inputs` and their `n` answers."""

    value: float
    low: float | None
    high: float | None
    inputs: int
    n: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What it took: dollars and mean input tokens a request, None where not known; answers that have no score."""

    cost_usd: float | None = None
    input_tokens: float | None = None
    unscored: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """One number of examples. `effect` is its score less that of the fewest examples, over the inputs that both have.

    `p` is McNemar's, None where scores are other than zeros and ones or inputs have several answers; `p_holm` is it
    adjusted for the points of the curve being several.
    """

    k: int
    mean: Mean | None
    effect: Paired | None = None
    p: float | None = None
    p_holm: float | None = None
    spent: Spent = Spent()


@dataclass(frozen=True, slots=True)
class Curve:
    """Score against the number of examples.

    `best` has the highest mean, the fewest examples of equals; `enough` is the fewest examples that are not clearly
    worse than the best; both None where nothing was scored.
    """

    points: tuple[Point, ...]
    best: int | None = None
    enough: int | None = None


Reading = Literal["helps", "hurts", "only costs", "unclear"]


@dataclass(frozen=True, slots=True)
class Part:
    """One example of a set: `effect` is the score with it less the score without it."""

    place: int
    effect: Paired | None
    reading: Reading
    tokens: float | None = None
    """Input tokens that it takes in each request."""


@dataclass(frozen=True, slots=True)
class OrderPoint:
    """One order of the same examples, by its seed."""

    seed: int
    mean: Mean | None


@dataclass(frozen=True, slots=True)
class Orders:
    """How much a score depends on the order: over the orders, its extremes and standard deviation.

    `p` is Cochran's, of every order being as good; None where scores are other than zeros and ones, or there is one
    order. `noise` is the standard deviation that orders would show which make no difference.
    """

    points: tuple[OrderPoint, ...]
    low: float | None
    high: float | None
    deviation: float | None
    noise: float | None
    p: float | None
    inputs: int


def ks(most: int) -> tuple[int, ...]:
    """0, 1, 2, 4, 8 … and `most` itself.

    Raises:
        ValueError: fewer than none.
    """
    if most < 0:
        raise ValueError(f"{most} is no number of examples")
    found, k = [0], 1
    while k < most:
        found.append(k)
        k *= 2
    return (*found, most) if most else (0,)


def mean_of(scores: Scores) -> Mean | None:
    """The mean of the answers' scores; None where there are none.

    Of zeros and ones the interval is Wilson's, inputs being clusters (`stats.clustered`); else Student's over clusters
    with the standard error of `paired.paired_difference`.
    """
    groups = [list(values) for values in scores.values() if values]
    flat = [value for values in groups for value in values]
    if not flat:
        return None
    value = fsum(flat) / len(flat)
    if all(score in (0.0, 1.0) for score in flat):
        rate = clustered([(int(sum(values)), len(values)) for values in groups])
        return Mean(value, rate.low, rate.high, len(groups), len(flat))
    sums = [fsum(score - value for score in values) for values in groups]
    if len(groups) < 2 or not any(sums):
        return Mean(value, None, None, len(groups), len(flat))
    error = sqrt(fsum(part * part for part in sums) * len(groups) / (len(groups) - 1)) / len(flat)
    half = t_quantile(0.975, len(groups) - 1) * error
    return Mean(value, value - half, value + half, len(groups), len(flat))


def compare(scores: Scores, base: Scores) -> Paired | None:
    """Scores less those of `base` on the inputs that have both, each input's mean; None without such an input."""
    a, b = _both(scores, base)
    return paired_difference(a, b) if a else None


def _both(scores: Scores, base: Scores) -> tuple[list[float], list[float]]:
    keys = [key for key, values in scores.items() if values and base.get(key)]
    return [_mean(scores[key]) for key in keys], [_mean(base[key]) for key in keys]


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def curve(by_k: Mapping[int, Scores], spent: Mapping[int, Spent] | None = None) -> Curve:
    """The curve through the scores at each k; effects are over the smallest k."""
    order = sorted(by_k)
    costs = spent or {}
    base = by_k[order[0]] if order else {}
    points = [
        Point(
            k=k,
            mean=mean_of(by_k[k]),
            effect=compare(by_k[k], base) if k != order[0] else None,
            p=_p(by_k[k], base) if k != order[0] else None,
            spent=costs.get(k, Spent()),
        )
        for k in order
    ]
    tested = [at for at, point in enumerate(points) if point.p is not None]
    adjusted = holm([point.p for point in points if point.p is not None])
    for at, p in zip(tested, adjusted, strict=True):
        points[at] = replace(points[at], p_holm=p)
    scored = [(point.k, point.mean.value) for point in points if point.mean is not None]
    if not scored:
        return Curve(tuple(points))
    best = min(scored, key=lambda pair: (-pair[1], pair[0]))[0]
    return Curve(tuple(points), best, _enough(by_k, [k for k, _ in scored], best))


def _p(scores: Scores, base: Scores) -> float | None:
    a, b = _both(scores, base)
    if not a or any(len(values) > 1 for side in (scores, base) for values in side.values()) or not _binary(a, b):
        return None
    return mcnemar(sum(x > y for x, y in zip(a, b, strict=True)), sum(x < y for x, y in zip(a, b, strict=True)))


def _binary(*sides: Sequence[float]) -> bool:
    return all(value in (0.0, 1.0) for side in sides for value in side)


def _enough(by_k: Mapping[int, Scores], order: Sequence[int], best: int) -> int:
    for k in order:
        found = compare(by_k[k], by_k[best])
        if k == best or (found is not None and found.low is not None and found.reading != "lower"):
            return k
    return best


def parts(
    whole: Scores,
    without: Sequence[Scores],
    tokens: Sequence[float | None] | None = None,
    *,
    margin: float = MARGIN,
) -> tuple[Part, ...]:
    """What each example does: scores with all of them against scores without this one, example by example."""
    sizes = list(tokens) if tokens is not None else [None] * len(without)
    found = [compare(whole, one) for one in without]
    return tuple(
        Part(place, effect, _reading(effect, margin), size)
        for place, (effect, size) in enumerate(zip(found, sizes, strict=True), 1)
    )


def _reading(effect: Paired | None, margin: float) -> Reading:
    if effect is None or effect.low is None or effect.high is None:
        return "unclear"
    if effect.reading != "unclear":
        return "helps" if effect.reading == "higher" else "hurts"
    return "only costs" if -margin <= effect.low and effect.high <= margin else "unclear"


def orders(by_seed: Mapping[int, Scores]) -> Orders:
    """What the order of the same examples does, over the inputs that were scored in every order."""
    shared = [key for key in next(iter(by_seed.values()), {}) if all(scores.get(key) for scores in by_seed.values())]
    points = tuple(OrderPoint(seed, mean_of(scores)) for seed, scores in by_seed.items())
    rows = [[_mean(scores[key]) for scores in by_seed.values()] for key in shared]
    if not rows:
        return Orders(points, None, None, None, None, None, 0)
    means = [_mean(column) for column in zip(*rows, strict=True)]
    if len(means) < 2:
        return Orders(points, means[0], means[0], None, None, None, len(shared))
    p = cochran_q(rows)[1] if _binary(*rows) else None
    return Orders(points, min(means), max(means), _deviation(means), _noise(rows, means), p, len(shared))


def _deviation(values: Sequence[float]) -> float:
    middle = _mean(values)
    return sqrt(fsum((value - middle) ** 2 for value in values) / (len(values) - 1))


def _noise(rows: Sequence[Sequence[float]], means: Sequence[float]) -> float | None:
    """The residual of the two-way table without its rows' and columns' means, as the deviation of a column's mean."""
    n, ways = len(rows), len(means)
    if n < 2:
        return None
    grand = _mean(means)
    residual = fsum(
        (value - _mean(row) - mean + grand) ** 2 for row in rows for value, mean in zip(row, means, strict=True)
    )
    return sqrt(residual / ((n - 1) * (ways - 1)) / n)
