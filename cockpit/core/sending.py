"""Sending one sample: tries, waits, the deadline, what is kept of a failure. Which samples, and when: `sampling`."""

from __future__ import annotations

import asyncio
import logging
import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cockpit.core.attempts import Attempt, Outgoing, to_sample
from cockpit.core.errors import CockpitError, FailureKind, ProviderError, UnknownModel
from cockpit.core.limits import Grant, Limiter, Outcome, backoff
from cockpit.core.live import LiveRun, LiveSample
from cockpit.core.ports import Provider, Usage
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import Failure, Sample, SampleKey
from cockpit.core.spending import guess_tokens

log = logging.getLogger(__name__)

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


@dataclass(slots=True)
class Trip:
    """One sample on its way, with every try so far."""

    key: SampleKey
    target: Target
    limiter: Limiter
    grown: Callable[[], None]
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

    async def send(
        self, key: SampleKey, limiter: Limiter, *, keep: Callable[[Sample], None], grown: Callable[[], None]
    ) -> None:
        """Hand the sample behind a key to `keep`, every failure being part of it; call `grown` when the limiter grew.

        Cancelling the task hands over what came until then, if the request had left, and cancels.
        """
        trip = Trip(key, self.plan.targets[key.target], limiter, grown)
        try:
            sample = await self._outcome(trip)
        except asyncio.CancelledError:
            if trip.tries:
                # The end was said already: all that was still awaited is the end of the connection.
                keep(self._sample(trip, cancelled=trip.attempt.end.stop_reason is None))
            raise
        keep(sample)

    async def _outcome(self, trip: Trip) -> Sample:
        """The sample, whole or failed."""
        try:
            trip.outgoing = self.renderer.outgoing(trip.key)
            return await self._within_deadline(trip)
        except ProviderError as error:
            return self._sample(trip, Failure.of(error))
        except CockpitError as error:
            kind: FailureKind = "not_found" if isinstance(error, UnknownModel) else "bad_request"
            return self._sample(trip, Failure(kind, error.message, error.hint))
        except Exception as error:
            # The message may quote a header: only the type and the place are told.
            name = type(error).__name__
            log.error(
                "%s while sampling %s\n%s", name, trip.target.name, "".join(traceback.format_tb(error.__traceback__))
            )
            return self._sample(trip, Failure("bug", f"{name} in the adapter.", "The log has the place."))

    async def _within_deadline(self, trip: Trip) -> Sample:
        """Try until there is an answer, a failure for good, or no time left."""
        deadline_s, hold_s = self.plan.deadline_s, trip.limiter.hold_s
        if hold_s > deadline_s:
            raise _too_long(
                ProviderError("rate_limit", "The server asked to be left alone.", retry_after=round(hold_s))
            )
        tokens = sum(guess_tokens(trip.outgoing.request)) if trip.outgoing else 0
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

    async def _try(self, trip: Trip, grant: Grant) -> ProviderError | None:
        """Send once and read to the end; the error if it failed."""
        trip.tries += 1
        attempt = trip.attempt = Attempt(self.clock(), self.now().isoformat())
        live = self.live.begin(trip.key, attempt.started)
        if trip.tries == 1:
            self.emit(Started(trip.key))
        outcome: Outcome = "other"
        used: int | None = None
        retry_after: float | None = None
        try:
            await self._read(trip, attempt, live)
        except ProviderError as error:
            outcome, retry_after = OUTCOMES.get(error.kind, "other"), error.retry_after
            used = 0 if outcome == "busy" else None
            attempt.request_id = attempt.request_id or error.request_id
            return error
        else:
            outcome, used = "ok", _total(attempt.usage)
            return None
        finally:
            if outcome != "ok" or attempt.last is None:
                attempt.last = self.clock()
            trip.keep()
            trip.limiter.release(grant, outcome, used=used, retry_after=retry_after)

    async def _read(self, trip: Trip, attempt: Attempt, live: LiveSample) -> None:
        assert trip.outgoing is not None
        provider = self.providers(trip.target.provider)
        await provider.ready(trip.target.model)
        attempt.started = self.clock()
        stream = provider.stream(trip.outgoing.request)
        clock, add, fold = self.clock, attempt.add, self.live.fold
        accepted = False
        try:
            async for chunk in stream:
                if not accepted:
                    accepted = True
                    if trip.limiter.accepted():
                        trip.grown()
                if add(chunk, clock()):
                    fold(live, chunk, attempt)
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()

    async def _wait(self, trip: Trip, error: ProviderError, ends: float) -> None:
        """Sleep until the next try.

        Raises:
            ProviderError: the same, if there is to be no next try.
        """
        if not error.retryable or trip.tries > self.plan.max_retries:
            raise error
        wait = backoff(trip.tries, self.rng)
        if error.retry_after is not None:
            # The server's word is the least wait; the jitter keeps a crowd from returning at one instant.
            wait = error.retry_after * (1 + self.rng.uniform(0, 0.1))
        at = self.clock() + wait
        if at > ends:
            raise error if error.retry_after is None else _too_long(error)
        self.live.retry(trip.key, at, error.message)
        self.emit(Retrying(trip.key, wait, error.message, trip.tries + 1))
        await asyncio.sleep(wait)

    def _sample(self, trip: Trip, failure: Failure | None = None, *, cancelled: bool = False) -> Sample:
        return to_sample(
            trip.keep() if failure or cancelled else trip.attempt,
            run_id=self.plan.run_id,
            key=trip.key,
            target=trip.target,
            outgoing=trip.outgoing,
            attempts=trip.tries,
            failure=failure,
            cancelled=cancelled,
        )


OUTCOMES: dict[str, Outcome] = {"rate_limit": "busy", "server": "down", "timeout": "down", "connection": "down"}


def _total(usage: Usage) -> int | None:
    """Tokens in both directions, if both are known."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    return usage.input_tokens + usage.output_tokens


def _too_long(error: ProviderError) -> ProviderError:
    """The server asks for more patience than the deadline has."""
    return ProviderError(
        error.kind,
        error.message,
        hint=f"It asks to wait {error.retry_after:g} s, longer than the deadline of this request. Resume the run then.",
        status=error.status,
        retry_after=error.retry_after,
        request_id=error.request_id,
    )
