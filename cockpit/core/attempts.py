"""One try at one sample: chunks merge into it, a `Sample` comes out. No waiting, no retrying, no limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cockpit.core.models import cost_usd
from cockpit.core.ports import Chunk, Request, TokenLogprob, Usage
from cockpit.core.runs import Target
from cockpit.core.samples import Ended, Failure, Sample, SampleKey, read_ended

NEVER_BILLED = frozenset({"no_key", "auth", "not_found", "bad_request", "rate_limit", "connection", "unavailable"})
"""Failures that cost nothing if nothing came back."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request with what its sample remembers about it."""

    request: Request
    digest: str
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Attempt:
    """What one try brought so far. Times are seconds on the clock that stamps chunks as they arrive."""

    started: float
    created_at: str = ""
    parts: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    end: Chunk = field(default_factory=Chunk)
    """Only its stop fields are used."""
    request_id: str | None = None
    body: Mapping[str, Any] | None = None
    """What was sent, where the provider had to change it."""
    first: float | None = None
    last: float | None = None

    def add(self, chunk: Chunk, now: float) -> bool:
        """Merge a chunk that arrived at `now`; whether it brought something to show."""
        self.last = now
        shown = bool(chunk.text or chunk.reasoning)
        if chunk.text:
            self.parts.append(chunk.text)
        if chunk.reasoning:
            self.reasoning.append(chunk.reasoning)
        if shown and self.first is None:
            self.first = now
        if chunk.logprobs:
            self.logprobs.extend(chunk.logprobs)
        if chunk.usage is not None:
            self.usage = merge_usage(self.usage, chunk.usage)
        if chunk.request_id is not None:
            self.request_id = chunk.request_id
        if chunk.body is not None:
            self.body = chunk.body
        if chunk.stop_reason is not None or chunk.stop is not None or chunk.stop_known or chunk.refused:
            self._add_end(chunk)
        return shown

    @property
    def ttft_ms(self) -> float | None:
        """Milliseconds to the first text or reasoning."""
        return _ms(self.started, self.first)

    def size(self) -> int:
        """Characters so far, reasoning included."""
        return sum(map(len, self.parts)) + sum(map(len, self.reasoning))

    def _add_end(self, chunk: Chunk) -> None:
        end = self.end
        end.stop_reason = end.stop_reason if chunk.stop_reason is None else chunk.stop_reason
        end.stop = end.stop if chunk.stop is None else chunk.stop
        end.stop_known = end.stop_known or chunk.stop_known
        end.refused = end.refused or chunk.refused


def merge_usage(old: Usage, new: Usage) -> Usage:
    """Counts reported later stand; counts not reported again stay."""
    if old == Usage():
        return new
    return Usage(
        old.input_tokens if new.input_tokens is None else new.input_tokens,
        old.output_tokens if new.output_tokens is None else new.output_tokens,
        old.reasoning_tokens if new.reasoning_tokens is None else new.reasoning_tokens,
        old.cached_tokens if new.cached_tokens is None else new.cached_tokens,
    )


def to_sample(
    attempt: Attempt,
    *,
    run_id: int,
    key: SampleKey,
    target: Target,
    outgoing: Outgoing | None,
    attempts: int,
    failure: Failure | None = None,
    cancelled: bool = False,
) -> Sample:
    """The sample that an attempt has become, whole, failed or cancelled."""
    ended: Ended = read_ended(attempt.end, target.params.stop)
    if failure:
        ended = "error"
    elif cancelled:
        ended = "cancelled"
    return Sample(
        run_id=run_id,
        key=key,
        model=target.name,
        text="".join(attempt.parts),
        reasoning="".join(attempt.reasoning),
        stop_reason=attempt.end.stop_reason,
        ended=ended,
        stop=attempt.end.stop,
        usage=attempt.usage,
        ttft_ms=attempt.ttft_ms,
        latency_ms=_ms(attempt.started, attempt.last),
        cost_usd=_cost(attempt, target, failure, attempts),
        error=failure,
        request_hash=outgoing.digest if outgoing else "",
        request_body=_body(attempt, outgoing),
        left_out=target.left_out,
        request_id=attempt.request_id,
        attempts=attempts,
        logprobs=tuple(attempt.logprobs),
        created_at=attempt.created_at,
    )


def from_cache(sample: Sample, *, run_id: int, key: SampleKey, target: Target) -> Sample:
    """An earlier answer to the same request, as a sample of this run. It cost nothing this time."""
    return replace(
        sample, run_id=run_id, key=key, model=target.name, cached=True, cost_usd=0.0, id=None, left_out=target.left_out
    )


def _ms(start: float, end: float | None) -> float | None:
    return None if end is None else round((end - start) * 1000, 3)


def _body(attempt: Attempt, outgoing: Outgoing | None) -> dict[str, Any]:
    """The JSON that was sent last."""
    if attempt.body is not None:
        return dict(attempt.body)
    return outgoing.body if outgoing else {}


def _cost(attempt: Attempt, target: Target, failure: Failure | None, attempts: int) -> float | None:
    nothing_came = attempt.first is None and attempt.usage == Usage()
    if nothing_came and (attempts == 0 or (failure is not None and failure.kind in NEVER_BILLED)):
        return 0.0
    return cost_usd(attempt.usage, target.price)
