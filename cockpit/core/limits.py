"""How much may be on the wire at once: a limiter for each model at each endpoint. Knows nothing of requests or HTTP."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Outcome = Literal["ok", "busy", "down", "other"]
"""How a request ended, as far as limits care: fine, 429, 5xx or no connection, anything else."""

BACKOFF_BASE_S, BACKOFF_MAX_S = 0.5, 30.0
CUT, COOL_DOWN_S, PAUSE_S = 0.5, 5.0, 10.0
BURST = 0.1
"""The share of a minute's allowance that may be used at once."""


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """What a person knows about an account: requests and tokens per minute, and how many streams at once."""

    rpm: int | None = None
    tpm: int | None = None
    start: int = 8
    max_concurrency: int = 100


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds the server asks to wait, from `retry-after-ms` or `retry-after` (seconds, HTTP date); None if unsaid."""
    known = {name.lower(): value.strip() for name, value in headers.items()}
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(KeyError, ValueError):
            seconds = float(known[name]) * unit
            if math.isfinite(seconds):
                return max(0.0, seconds)
    from email.utils import parsedate_to_datetime

    with suppress(KeyError, ValueError, TypeError):
        date = parsedate_to_datetime(known["retry-after"])
        return max(0.0, ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds())
    return None


def backoff(attempt: int, rng: random.Random) -> float:
    """Seconds to wait before try number `attempt` + 1 (the first try is 1), with jitter of a quarter either way."""
    return min(BACKOFF_MAX_S, BACKOFF_BASE_S * 2.0 ** min(attempt - 1, 16)) * rng.uniform(0.75, 1.25)


class Bucket:
    """A token bucket that never lets more than `per_minute` through in any 60 seconds."""

    def __init__(self, per_minute: float, now: float) -> None:
        self.capacity = max(1.0, per_minute * BURST)
        self.rate = (per_minute - self.capacity + 1.0) / 60.0
        self.level = self.capacity
        self._then = now

    def wait(self, amount: float, now: float) -> float:
        """Seconds until `amount` may be taken; more than a full bucket holds is let through when it is full."""
        self._fill(now)
        lacking = min(amount, self.capacity) - self.level
        return max(0.0, lacking / self.rate) if lacking > 1e-9 else 0.0

    def take(self, amount: float, now: float) -> None:
        """Debit; the level may go below zero."""
        self._fill(now)
        self.level -= amount

    def settle(self, taken: float, used: float) -> None:
        """Replace an estimate by what was really used."""
        self.level = min(self.capacity, self.level + taken - used)

    def _fill(self, now: float) -> None:
        self.level = min(self.capacity, self.level + (now - self._then) * self.rate)
        self._then = max(self._then, now)


class Adaptive:
    """How many at once: doubles a round while all is well, halves on a 429, then grows by one a round."""

    def __init__(self, start: int, maximum: int) -> None:
        self.maximum = max(1, maximum)
        self.limit = float(min(max(1, start), self.maximum))
        self.epoch = 0
        """The number of cuts so far. A 429 for a request sent before the last cut says nothing new."""
        self._slow_start = True
        self._quiet_until = -math.inf
        self._cut_at = -math.inf

    def ok(self, active: int, now: float) -> None:
        """A request was let in while `active` were on the wire; a limit that is far from reached is not raised."""
        if now < self._quiet_until:
            return
        if self._slow_start and 2 * active >= int(self.limit):
            self.limit = min(float(self.maximum), self.limit + 1)
        elif not self._slow_start and active + 1 >= int(self.limit):
            self.limit = min(float(self.maximum), self.limit + 1 / self.limit)

    def busy(self, epoch: int, now: float) -> None:
        """A 429 to a request that was sent after `epoch` cuts."""
        self._slow_start = False
        self._quiet_until = max(self._quiet_until, now + COOL_DOWN_S)
        if epoch < self.epoch or now < self._cut_at + COOL_DOWN_S:
            return
        self.limit = max(1.0, self.limit * CUT)
        self.epoch += 1
        self._cut_at = now

    def down(self, now: float) -> None:
        """The server is in trouble: no growth for a while."""
        self._quiet_until = max(self._quiet_until, now + PAUSE_S)


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to send one request."""

    tokens: float
    epoch: int


class Limiter:
    """Hands out grants, first come first served, for one model at one endpoint."""

    def __init__(self, settings: LimitSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._adaptive = Adaptive(settings.start, settings.max_concurrency)
        now = clock()
        self._requests = Bucket(settings.rpm, now) if settings.rpm else None
        self._tokens = Bucket(settings.tpm, now) if settings.tpm else None
        self._line = asyncio.Lock()
        self._changed = asyncio.Event()
        self._waiting = 0
        self.active = 0
        self.hold_until = -math.inf
        """Monotonic time before which the server asked to be left alone."""

    @property
    def limit(self) -> int:
        """How many may be on the wire now."""
        return int(self._adaptive.limit)

    @property
    def hold_s(self) -> float:
        """Seconds that the server still wants to be left alone."""
        return max(0.0, self.hold_until - self._clock())

    async def acquire(self, tokens: float = 0.0) -> Grant:
        """Wait for leave to send a request of about `tokens` tokens."""
        if not self._waiting and self._wait(tokens) == 0:
            return self._take(tokens)
        self._waiting += 1
        try:
            async with self._line:
                while (wait := self._wait(tokens)) > 0:
                    self._changed.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(None if wait == math.inf else wait):
                            await self._changed.wait()
                return self._take(tokens)
        finally:
            self._waiting -= 1

    def accepted(self) -> bool:
        """A request was let in: its answer begins. Whether more may be on the wire now than before.

        Growth need not wait for long answers to end, since a 429 comes before the first byte.
        """
        before = self.limit
        self._adaptive.ok(self.active, self._clock())
        if self.limit == before:
            return False
        self._changed.set()
        return True

    def release(
        self, grant: Grant, outcome: Outcome, *, used: int | None = None, retry_after: float | None = None
    ) -> None:
        """Give a grant back with how it went: `used` tokens settle the guess, `retry_after` seconds hold everyone."""
        now = self._clock()
        self.active -= 1
        if outcome == "busy":
            self._adaptive.busy(grant.epoch, now)
        elif outcome == "down":
            self._adaptive.down(now)
        if self._tokens and used is not None:
            self._tokens.settle(grant.tokens, used)
        if retry_after:
            self.hold_until = max(self.hold_until, now + retry_after)
        self._changed.set()

    def _take(self, tokens: float) -> Grant:
        now = self._clock()
        self.active += 1
        if self._requests:
            self._requests.take(1.0, now)
        if self._tokens:
            self._tokens.take(tokens, now)
        return Grant(tokens, self._adaptive.epoch)

    def _wait(self, tokens: float) -> float:
        """Seconds to wait; infinity until something is released."""
        if self.active >= self.limit:
            return math.inf
        now = self._clock()
        wait = max(0.0, self.hold_until - now)
        if self._requests:
            wait = max(wait, self._requests.wait(1.0, now))
        if self._tokens:
            wait = max(wait, self._tokens.wait(tokens, now))
        return wait


BUILT_IN: Mapping[str, LimitSettings] = {"local": LimitSettings(start=8, max_concurrency=8)}
"""The embedded model answers this many at once; more would only wait in its own queue."""


class Limits:
    """The limiters of the whole program: what one run learns, the next one knows."""

    def __init__(
        self, settings: Mapping[str, LimitSettings] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = {**BUILT_IN, **(settings or {})}
        self._clock = clock
        self._limiters: dict[tuple[str, str], Limiter] = {}

    def limiter(self, endpoint: str, model: str, provider: str = "") -> Limiter:
        """The limiter for a model; settings are found by 'provider:model', provider, endpoint, or '*'."""
        key = (endpoint, model)
        if key not in self._limiters:
            names = (f"{provider}:{model}", provider, endpoint, "*")
            found = next((self._settings[name] for name in names if name in self._settings), LimitSettings())
            self._limiters[key] = Limiter(found, self._clock)
        return self._limiters[key]
