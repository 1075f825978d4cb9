"""Samples: what one request brought back, and our reading of how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from cockpit.core.errors import FailureKind, ProviderError
from cockpit.core.keys import SampleKey
from cockpit.core.ports import Chunk, TokenLogprob, Usage

__all__ = ["Ended", "Failure", "Sample", "SampleKey"]

Ended = Literal["ended", "stop", "length", "refusal", "filter", "tool", "cancelled", "error", "unknown"]

NATURAL = frozenset({"stop", "end_turn", "eos", "completed", "stop_sequence"})
READINGS: dict[str, Ended] = {
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
    "content_filter": "filter",
    "tool_calls": "tool",
    "function_call": "tool",
    "tool_use": "tool",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a sample has no (whole) answer, in words a person can act on."""

    kind: FailureKind
    message: str
    hint: str = ""
    status: int | None = None

    @classmethod
    def of(cls, error: ProviderError) -> Failure:
        """The part of an error worth keeping."""
        return cls(error.kind, error.message, error.hint, error.status)


@dataclass(frozen=True, slots=True)
class Sample:
    """One finished completion, whole or not, with the evidence about it."""

    run_id: int
    key: SampleKey
    model: str
    """As the person named it: an alias or provider:model."""
    text: str = ""
    reasoning: str = ""
    stop_reason: str | None = None
    ended: Ended = "unknown"
    stop: str | None = None
    usage: Usage = field(default_factory=Usage)
    ttft_ms: float | None = None
    latency_ms: float | None = None
    cost_usd: float | None = None
    """None: the price is unknown. A cached sample cost nothing: 0.0."""
    cached: bool = False
    error: Failure | None = None
    request_hash: str = ""
    request_body: dict[str, Any] = field(default_factory=dict)
    """The JSON that was sent, exactly; never holds a key."""
    left_out: tuple[str, ...] = ()
    request_id: str | None = None
    attempts: int = 1
    logprobs: tuple[TokenLogprob, ...] = ()
    created_at: str = ""
    """ISO 8601, UTC, when the request left."""
    id: int | None = None

    @property
    def ok(self) -> bool:
        """A whole answer, as far as the API lets us know."""
        return self.error is None and self.ended not in ("error", "cancelled")


def read_ended(chunk: Chunk, stops: Sequence[str]) -> Ended:
    """Our reading of a raw stop reason; never stored in its place.

    Args:
        chunk: carries the raw reason and what the API said about stop strings.
        stops: the stop strings that were sent.
    """
    raw = chunk.stop_reason
    if chunk.stop is not None:
        return "stop"
    if raw is None:
        return "unknown"
    if raw in READINGS:
        return READINGS[raw]
    if raw not in NATURAL:
        return "unknown"
    if chunk.refused:
        return "refusal"
    if raw == "stop_sequence":
        return "stop"
    return "unknown" if stops and not chunk.stop_known else "ended"
