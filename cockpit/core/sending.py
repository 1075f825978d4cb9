"""Sending one sample: tries, waits between them, the deadline, what is kept of a failure. Not which samples, nor when."""

from __future__ import annotations

import asyncio
import logging
import random
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cockpit.core.attempts import Attempt, Outgoing, to_sample
from cockpit.core.errors import CockpitError, ProviderError, UnknownModel
from cockpit.core.limits import Limiter, Outcome, backoff
from cockpit.core.live import CHARS_A_TOKEN, LiveRun
from cockpit.core.ports import Chunk, Provider, Usage
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import Failure, Sample, SampleKey

log = logging.getLogger(__name__)

USUAL_OUTPUT_TOKENS = 500
"""Assumed of an answer when neither a limit nor an earlier answer says better."""
MEMO = 20_000
"""Rendered requests kept for reuse: bounds memory for plans with very many inputs."""


@dataclass(frozen=True, slots=True)
class Started:
    """The first request of a sample has left."""

    key: SampleKey


@dataclass(frozen=True, slots=True)
class Retrying:
    """A try failed; the next one, number `attempt`, leaves in `wait_s` seconds."""

    key: SampleKey
    wait_s: float
    reason: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A sample is done: whole, failed, cancelled or from the cache."""

    sample: Sample


Event = Started | Retrying | Finished
Emit = Callable[[Event], None]


def utc_now() -> datetime:
    """The time of day, in UTC."""
    return datetime.now(UTC)


class Renderer:
    """The requests of a plan, each rendered once for all samples that share it."""

    def __init__(self, plan: Plan, providers: Callable[[str], Provider]) -> None:
        self._plan = plan
        self._providers = providers
        self._digests: dict[tuple[int, int], str] = {}
        self._outgoing: dict[tuple[int, int], Outgoing] = {}

    def digest(self, key: SampleKey) -> str:
        """The first half of the key's cache key."""
        place = (key.target, key.input)
        digest = self._digests.get(place)
        if digest is None:
            digest = self._plan.cache_digest(key)
            if len(self._digests) < MEMO:
                self._digests[place] = digest
        return digest

    def outgoing(self, key: SampleKey) -> Outgoing:
        """The request of a key, and its body as it goes out."""
        place = (key.target, key.input)
        found = self._outgoing.get(place)
        if found is None:
            target = self._plan.targets[key.target]
            request = self._plan.request(key)
            body = dict(self._providers(target.provider).wire(request).body)
            found = Outgoing(request, self.digest(key), body)
            if target.params.seed is None and len(self._outgoing) < MEMO:
                self._outgoing[place] = found
        return found

    def tokens(self, outgoing: Outgoing) -> int:
        """About how many tokens a request costs in both directions."""
        request = outgoing.request
        chars = len(request.system) + len(request.prefill) + sum(len(m.content) for m in request.messages)
        return chars // CHARS_A_TOKEN + (request.params.max_tokens or USUAL_OUTPUT_TOKENS)


@dataclass(slots=True)
class Trip:
    """One sample on its way, with every try so far."""

    key: SampleKey
    target: Target
    limiter: Limiter
    outgoing: Outgoing | None = None
    attempt: Attempt = field(default_factory=lambda: Attempt(0.0))
    best: Attempt | None = None
    """The failed try that brought most."""
    tries: int = 0

    def keep(self) -> Attempt:
        """The try to be remembered if there is no whole answer."""
        if self.best is None or self.attempt.size() >= self.best.size():
            self.best = self.attempt
        return self.best


@dataclass(frozen=True, slots=True)
class Sender:
    """Takes samples over the wire, one call each; any number at once on one event loop."""

    plan: Plan
    live: LiveRun
    providers: Callable[[str], Provider]
    renderer: Renderer
    emit: Emit
    clock: Callable[[], float]
    now: Callable[[], datetime]
    rng: random.Random

    async def send(self, key: SampleKey, limiter: Limiter) -> Sample:
        """The sample behind a key. Every failure becomes part of it.

        Raises:
            SampleCancelled: the task was cancelled; carries what came until then.
        """
        trip = Trip(key, self.plan.targets[key.target], limiter)
        try:
            trip.outgoing = self.renderer.outgoing(key)
            return await self._within_deadline(trip)
        except asyncio.CancelledError as error:
            raise SampleCancelled(self._sample(trip, cancelled=True)) from error
        except ProviderError as error:
            return self._sample(trip, Failure.of(error))
        except CockpitError as error:
            kind = "not_found" if isinstance(error, UnknownModel) else "bad_request"
            return self._sample(trip, Failure(kind, error.message, error.hint))
        except Exception as error:
            # The message may quote a header: only the type and the place are told.
            name = type(error).__name__
            log.error("%s while sampling %s\n%s", name, trip.target.name, "".join(traceback.format_tb(error.__traceback__)))
            return self._sample(trip, Failure("bug", f"{name} in the adapter.", "The log has the place."))

    async def _within_deadline(self, trip: Trip) -> Sample:
        """Try until there is an answer, a failure for good, or no time left."""
        if trip.limiter.hold_s > self.plan.deadline_s:
            raise _too_long(trip.limiter.hold_s)
        deadline_s = self.plan.deadline_s
        tokens = self.renderer.tokens(trip.outgoing) if trip.outgoing else 0
        grant = await trip.limiter.acquire(tokens)
        ends = self.clock() + deadline_s
        try:
            async with asyncio.timeout(deadline_s) as deadline:
                while True:
                    error = await self._try(trip, grant)
                    if error is None:
                        return self._sample(trip)
                    await self._wait(trip, error, ends)
                    grant = await trip.limiter.acquire(tokens)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise ProviderError("timeout", f"No whole answer within {deadline_s:g} s.") from None
