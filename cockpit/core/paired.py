"""Measurements of the same things compared: paired differences, McNemar, kappa, Cochran. Numbers in, numbers out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import comb, erfc, exp, fsum, lgamma, log, sqrt
from typing import Literal

from cockpit.core.stats import Z95, wilson

MOVED = 5
"""Clusters that must differ before a t interval is given for zeros and ones; with fewer it is too narrow."""
EXACT_BELOW = 25
"""Discordant pairs up to which McNemar's test is the exact one."""
Method = Literal["t", "score", "none"]


@dataclass(frozen=True, slots=True)
class Paired:
    """The mean of a - b over the same things, with its 95 % interval.

    `low` and `high` are None where no interval can be had (one cluster, or all differences the same number). `n` counts
    pairs, `clusters` what is independent among them. `correlation` is Pearson's between a and b, None where one of them
    is constant; `discordant` counts pairs with a above b and pairs with b above a.
    """

    mean: float
    low: float | None
    high: float | None
    n: int
    clusters: int
    correlation: float | None
    discordant: tuple[int, int]
    method: Method

    @property
    def reading(self) -> Literal["higher", "lower", "unclear"]:
        """What the interval says of a against b."""
        if self.low is not None and self.low > 0:
            return "higher"
        return "lower" if self.high is not None and self.high < 0 else "unclear"


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa of two raters with its 95 % interval, all None where both gave one label alone; n things rated."""

    value: float | None
    low: float | None
    high: float | None
    agreed: int
    n: int


def paired_difference(a: Sequence[float], b: Sequence[float], clusters: Sequence[Hashable] | None = None) -> Paired:
    """The mean difference a - b of scores on the same things, in the scores' own unit.

    The standard error is that of Miller (2024, https://arxiv.org/abs/2411.00640, appendix A): sums of deviations by
    cluster, squared, over n squared, times C / (C - 1); with every pair its own cluster that is the standard deviation
    over the square root of n. The interval is Student's with C - 1 degrees of freedom. Where scores are zeros and ones
    and fewer than 5 clusters differ, it is Newcombe's score interval for paired rates (see `paired_proportions`).

    Args:
        clusters: what each pair belongs to, such as the input that several samples answer; None: each is its own.

    Raises:
        ValueError: no pairs, or sequences of different lengths.
    """
    names = list(range(len(a))) if clusters is None else list(clusters)
    if not a or not len(a) == len(b) == len(names):
        raise ValueError(f"{len(a)} and {len(b)} scores in {len(names)} clusters make no pairs")
    differences = [one - other for one, other in zip(a, b, strict=True)]
    mean = fsum(differences) / len(differences)
    sums: dict[Hashable, list[float]] = {}
    for name, difference in zip(names, differences, strict=True):
        sums.setdefault(name, []).append(difference - mean)
    low, high, method = _interval(mean, [fsum(part) for part in sums.values()], len(a))
    moved = len({name for name, difference in zip(names, differences, strict=True) if difference})
    if moved < MOVED and (table := _table(a, b, names)) is not None:
        low, high = paired_proportions(*table)
        method = "score"
    discordant = (sum(d > 0 for d in differences), sum(d < 0 for d in differences))
    return Paired(mean, low, high, len(a), len(sums), _correlation(a, b), discordant, method)


def _interval(mean: float, sums: Sequence[float], n: int) -> tuple[float | None, float | None, Method]:
    groups = len(sums)
    if groups < 2:
        return None, None, "none"
    error = sqrt(fsum(value * value for value in sums) * groups / (groups - 1)) / n
    if error < 1e-12:
        return None, None, "none"
    half = t_quantile(0.975, groups - 1) * error
    return mean - half, mean + half, "t"


def _table(a: Sequence[float], b: Sequence[float], names: Sequence[Hashable]) -> tuple[int, int, int, int] | None:
    """Clusters by (a, b) as (1, 1), (1, 0), (0, 1), (0, 0); None where one is not of one kind, zeros and ones."""
    found: dict[Hashable, tuple[float, float]] = {}
    for name, one, other in zip(names, a, b, strict=True):
        if one not in (0, 1) or other not in (0, 1) or found.setdefault(name, (one, other)) != (one, other):
            return None
    counts = Counter(found.values())
    return counts[1, 1], counts[1, 0], counts[0, 1], counts[0, 0]


def paired_proportions(both: int, first: int, second: int, neither: int) -> tuple[float, float]:
    """The 95 % interval of the first rate less the second, of counts of things that had both, one alone, or neither.

    Method 10 of Newcombe (1998, Statistics in Medicine 17:2635-2650,
    https://doi.org/10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C): Wilson's intervals of both
    rates, and the correlation between them with a continuity correction.

    Raises:
        ValueError: nothing was counted.
    """
    n = both + first + second + neither
    if n < 1:
        raise ValueError("no pairs were counted")
    one, other = wilson(both + first, n), wilson(both + second, n)
    p, q = (both + first) / n, (both + second) / n
    phi = _phi(both, first, second, neither)
    down, up = p - one.low, other.high - q
    lower = sqrt(max(0.0, down * down - 2 * phi * down * up + up * up))
    down, up = q - other.low, one.high - p
    upper = sqrt(max(0.0, down * down - 2 * phi * down * up + up * up))
    return max(-1.0, p - q - lower), min(1.0, p - q + upper)


def _phi(both: int, first: int, second: int, neither: int) -> float:
    product: float = (both + first) * (second + neither) * (both + second) * (first + neither)
    if not product:
        return 0.0
    top: float = both * neither - first * second
    if top > 0:
        top = max(top - (both + first + second + neither) / 2, 0.0)
    return top / sqrt(product)


def _correlation(a: Sequence[float], b: Sequence[float]) -> float | None:
    mean_a, mean_b = fsum(a) / len(a), fsum(b) / len(b)
    of_a, of_b = fsum((x - mean_a) ** 2 for x in a), fsum((y - mean_b) ** 2 for y in b)
    if not of_a or not of_b:
        return None
    return fsum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True)) / sqrt(of_a * of_b)


def mcnemar(first: int, second: int) -> float:
    """The p value of two rates on the same things being equal, from the two discordant counts.

    Exact binomial below 25 discordant pairs; else chi-squared with Edwards' continuity correction (McNemar 1947,
    https://doi.org/10.1007/BF02295996; Edwards 1948, https://doi.org/10.1007/BF02289261).

    Raises:
        ValueError: a negative count.
    """
    n = first + second
    if first < 0 or second < 0:
        raise ValueError(f"{first} and {second} are no counts")
    if n < EXACT_BELOW:
        return min(1.0, 2 * sum(comb(n, k) for k in range(min(first, second) + 1)) / float(2**n))
    return erfc(sqrt(max(abs(first - second) - 1, 0) ** 2 / n / 2))


def holm(ps: Sequence[float]) -> list[float]:
    """p values adjusted for being several, in their order (Holm 1979, https://www.jstor.org/stable/4615733)."""
    found, largest = [0.0] * len(ps), 0.0
    for rank, at in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[at]))
        found[at] = largest
    return found


def cohen_kappa(a: Sequence[Hashable], b: Sequence[Hashable]) -> Kappa:
    """Agreement of two raters beyond chance (Cohen 1960, https://doi.org/10.1177/001316446002000104).

    The interval is the large-sample one of Fleiss, Cohen and Everitt (1969, https://doi.org/10.1037/h0028106).

    Raises:
        ValueError: sequences of different lengths, or empty ones.
    """
    n = len(a)
    if not n or n != len(b):
        raise ValueError(f"{n} and {len(b)} labels make no pairs")
    agreed = sum(x == y for x, y in zip(a, b, strict=True))
    rows, columns, cells = Counter(a), Counter(b), Counter(zip(a, b, strict=True))
    chance = sum(rows[label] * columns[label] for label in rows) / n**2
    if chance == 1:
        return Kappa(None, None, None, agreed, n)
    share = agreed / n
    kappa = (share - chance) / (1 - chance)
    same = sum(
        cells[x, x] / n * (1 - (rows[x] + columns[x]) / n * (1 - kappa)) ** 2 for x in rows.keys() | columns.keys()
    )
    other = (1 - kappa) ** 2 * sum(m / n * ((columns[x] + rows[y]) / n) ** 2 for (x, y), m in cells.items() if x != y)
    error = sqrt(max(0.0, same + other - (kappa - chance * (1 - kappa)) ** 2) / n) / (1 - chance)
    # All in agreement leaves the formula no spread, and no interval is better than one of no width.
    if error < 1e-12:
        return Kappa(kappa, None, None, agreed, n)
    return Kappa(kappa, max(-1.0, kappa - Z95 * error), min(1.0, kappa + Z95 * error), agreed, n)


def cochran_q(rows: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Cochran's Q and its p value: whether several ways have the same rate on the same things.

    Cochran (1950, https://doi.org/10.1093/biomet/37.3-4.256); chi-squared with one less than the ways. (0, 1) where
    every thing came out alike in every way.

    Args:
        rows: one of zeros and ones for each thing, a number for each way.

    Raises:
        ValueError: fewer than two ways, rows of different lengths, or other numbers.
    """
    ways = len(rows[0]) if rows else 0
    if ways < 2 or any(len(row) != ways for row in rows) or any(value not in (0, 1) for row in rows for value in row):
        raise ValueError("Cochran's Q wants zeros and ones of two or more ways for each thing")
    columns = [sum(column) for column in zip(*rows, strict=True)]
    totals = [sum(row) for row in rows]
    bottom = ways * sum(totals) - sum(total * total for total in totals)
    if not bottom:
        return 0.0, 1.0
    q = (ways - 1) * (ways * sum(c * c for c in columns) - sum(columns) ** 2) / bottom
    return q, chi2_above(q, ways - 1)


def chi2_above(x: float, freedom: int) -> float:
    """The chance that chi-squared is above x: NIST DLMF 8.8.2 from 8.4.6 or e^(-x/2) (https://dlmf.nist.gov/8.8)."""
    if x <= 0:
        return 1.0
    half = x / 2
    shape, total = (1.0, exp(-half)) if freedom % 2 == 0 else (0.5, erfc(sqrt(half)))
    while shape < freedom / 2:
        total += exp(shape * log(half) - half - lgamma(shape + 1))
        shape += 1
    return min(1.0, total)


def t_quantile(share: float, freedom: int) -> float:
    """Student's t below which `share` (0.5 to 1) of it lies, by bisection of the distribution function.

    Raises:
        ValueError: a share not within 0.5 and 1, or no degree of freedom.
    """
    if not 0.5 <= share < 1 or freedom < 1:
        raise ValueError(f"no quantile {share} of Student's t with {freedom} degrees of freedom")
    low, high = 0.0, 2.0
    while 1 - t_above(high, freedom) < share:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - t_above(middle, freedom) < share else (low, middle)
    return (low + high) / 2


def t_above(t: float, freedom: int) -> float:
    """The chance that Student's t is above t >= 0 (Abramowitz and Stegun 1964, 26.7.1)."""
    return _beta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2


def _beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function: NIST DLMF 8.17.22 (https://dlmf.nist.gov/8.17.v), by Lentz's method."""
    if x <= 0 or x >= 1:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, 500):
        step = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / (1 + step * d), 1 + step / c
        found *= d * c
        step = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / (1 + step * d), 1 + step / c
        found *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return front * found
