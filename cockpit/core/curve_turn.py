"""Where a test loss turns up while the accuracy still rises. One rule on two series; it draws nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

SHARE = 0.02
"""How far above its least a smoothed loss must be, as a share of the way it had fallen before."""
WINDOW = 5
"""Points that are averaged; with fewer than three windows nothing is said."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The step of the least loss, and whether the accuracy went on rising from there (None: there is none)."""

    step: float
    accuracy_rises: bool | None

    def words(self) -> str:
        """What the mark says."""
        if self.accuracy_rises is None:
            return "test loss turns up"
        return "test loss up, accuracy still rises" if self.accuracy_rises else "test loss up, accuracy too falls"


def turn(
    loss: tuple[Sequence[float], Sequence[float]], accuracy: tuple[Sequence[float], Sequence[float]] | None = None
) -> Turn | None:
    """Where the loss had its least before it rose for good; None where it did not.

    Both are averaged over WINDOW points. The loss has turned if its last window lies above the least one by more than
    SHARE of what it had fallen from the first to the least, and the least is neither the first nor the last. A rise in
    noise alone is below that on any curve that learned something.

    Args:
        loss: steps and values, in the order of the steps.
        accuracy: the same of an accuracy on the same data.
    """
    steps, values = loss
    means = _means(values)
    if len(values) < 3 * WINDOW:
        return None
    least = min(range(len(means)), key=means.__getitem__)
    fallen = means[0] - means[least]
    if fallen <= 0 or least == len(means) - 1 or means[-1] - means[least] <= SHARE * fallen:
        return None
    step = steps[least + WINDOW // 2]
    return Turn(step, None if accuracy is None else _rises(*accuracy, step))


def _rises(steps: Sequence[float], values: Sequence[float], since: float) -> bool | None:
    """Whether the last window of an accuracy is above the one at a step."""
    if len(values) < 2 * WINDOW:
        return None
    at = min(bisect_right(steps, since), len(values) - WINDOW)
    there = fmean(values[max(at - WINDOW // 2, 0) : at + WINDOW // 2 + 1])
    return fmean(values[-WINDOW:]) > there


def _means(values: Sequence[float]) -> list[float]:
    return [fmean(values[at : at + WINDOW]) for at in range(max(len(values) - WINDOW + 1, 0))]
