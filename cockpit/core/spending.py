"""The spend cap of one run: what is spent, what is on its way, whether one more request may leave. Only arithmetic."""

from __future__ import annotations

from cockpit.core.models import cost_usd
from cockpit.core.ports import Request, Usage
from cockpit.core.runs import Target
from cockpit.core.samples import Sample, SampleKey

EPSILON_USD = 1e-9
USUAL_OUTPUT_TOKENS = 500
"""Assumed of an answer when neither a limit nor an earlier answer says better."""
CHARS_A_TOKEN = 4


def guess_tokens(request: Request) -> tuple[int, int]:
    """About how many tokens a request has, and at most or usually how many its answer."""
    chars = len(request.system) + len(request.prefill) + sum(len(m.content) for m in request.messages)
    return chars // CHARS_A_TOKEN + 1, request.params.max_tokens or USUAL_OUTPUT_TOKENS


class Ledger:
    """Dollars spent and promised. Where an answer's cost stays unknown, the guess made for it counts."""

    def __init__(self, cap_usd: float | None) -> None:
        self.cap_usd = cap_usd
        self.spent = 0.0
        self._promised: dict[SampleKey, float] = {}
        self._known: dict[int, tuple[int, float]] = {}

    def guess(self, target: Target, key: SampleKey, request: Request) -> float:
        """What this sample will cost: the mean of its column so far, else by its length; 0 where no price is known."""
        count, total = self._known.get(key.target, (0, 0.0))
        if count:
            return total / count
        return cost_usd(Usage(*guess_tokens(request)), target.price) or 0.0

    def may(self, target: int, guess: float) -> bool | None:
        """Whether a request of a column, of that cost, may leave: yes, no, or None for not before others have ended."""
        if self.cap_usd is None:
            return True
        promised = sum(self._promised.values())
        if self.spent + promised + guess <= self.cap_usd + EPSILON_USD:
            return True
        if self._promised:
            return None
        # A first guess may be far too high: one request alone finds out, and is all that can pass the cap.
        return target not in self._known and self.spent < self.cap_usd

    def promise(self, key: SampleKey, guess: float) -> None:
        """A request leaves."""
        self._promised[key] = guess

    def drop(self, key: SampleKey) -> None:
        """The request ended without a sample."""
        self._promised.pop(key, None)

    def settle(self, sample: Sample) -> None:
        """A sample is done."""
        guess = self._promised.pop(sample.key, 0.0)
        self.spent += guess if sample.cost_usd is None else sample.cost_usd
        if sample.ok and not sample.cached and sample.cost_usd is not None:
            count, total = self._known.get(sample.key.target, (0, 0.0))
            self._known[sample.key.target] = (count + 1, total + sample.cost_usd)
