"""Rates with their intervals. Pure arithmetic: no samples, no storage, no words for the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

Z95 = 1.96
"""Two-sided 95 %."""


@dataclass(frozen=True, slots=True)
class Rate:
    """k of n with a 95 % interval; a rate over nothing may be anything from 0 to 1."""

    k: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """k / n; None where n is 0."""
        return self.k / self.n if self.n else None


def wilson(k: int, n: int, *, z: float = Z95) -> Rate:
    """The rate k / n of independent samples, with Wilson's score interval.

    Raises:
        ValueError: k is not within 0 and n.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no rate")
    low, high = _wilson(k / n if n else 0.0, float(n), z)
    # The ends are exact by hand: rounding would leave 1e-17 where the interval touches 0 or 1.
    return Rate(k, n, 0.0 if k == 0 else low, 1.0 if k == n else high)


def clustered(clusters: Sequence[tuple[int, int]], *, z: float = Z95) -> Rate:
    """The rate over samples that come in clusters (several of one input): Wilson's interval at the effective n.

    The effective n follows from how much the clusters differ (Taylor-linearised variance of a ratio), and lies
    between the number of clusters and the number of samples. Where all samples agree, or there is only one cluster,
    nothing can be estimated and each cluster counts as one observation.

    Args:
        clusters: (k, n) of each; empty ones do not count.
    """
    filled = [(k, n) for k, n in clusters if n]
    total_k, total = sum(k for k, _ in filled), sum(n for _, n in filled)
    if len(filled) == total:
        return wilson(total_k, total, z=z)
    share, groups = total_k / total, len(filled)
    effective = float(groups)
    if 0 < total_k < total and groups > 1:
        spread = sum((k - share * n) ** 2 for k, n in filled) * groups / (groups - 1) / total**2
        fewest, most = float(groups), float(total)
        effective = most if spread == 0 else min(most, max(fewest, share * (1 - share) / spread))
    low, high = _wilson(share, effective, z)
    return Rate(total_k, total, 0.0 if total_k == 0 else low, 1.0 if total_k == total else high)


def _wilson(share: float, n: float, z: float) -> tuple[float, float]:
    if n <= 0:
        return 0.0, 1.0
    centre = share + z * z / (2 * n)
    margin = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - margin) / scale), min(1.0, (centre + margin) / scale)
