"""From a plan to a stream of events: which samples are sent, when, and when no more are. How one is sent: `sending`."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from cockpit.core.attempts import Attempt, from_cache, to_sample
from cockpit.core.clock import utc_now
from cockpit.core.errors import CockpitError
from cockpit.core.limits import Limiter, Limits
from cockpit.core.live import LiveRun
from cockpit.core.pipes import Pipe, flow
from cockpit.core.ports import Provider
from cockpit.core.runs import Plan
from cockpit.core.samples import Failure, Sample, SampleKey
from cockpit.core.sending import Event, Finished, Renderer, Retrying, Sender, Started
from cockpit.core.spending import Ledger

__all__ = ["Event", "Finished", "Retrying", "Started", "generate"]

Cached = Callable[[list[tuple[str, int]]], dict[tuple[str, int], Sample]]
Keep = Callable[[Sample], None]
Room = Callable[[], Awaitable[None]]

BATCH = 256
"""Keys looked up in the cache at once."""
SMALL_BATCH = 16
"""Up to so many are looked up on the event loop: an indexed read is quicker than a thread."""
HOPELESS = frozenset({"no_key", "auth", "not_found", "unavailable"})
"""Failures that every further request of the column would share."""


def generate(
    plan: Plan,
    providers: Callable[[str], Provider],
    *,
    live: LiveRun,
    limits: Limits,
    cached: Cached | None = None,
    done: Collection[SampleKey] = (),
    keep: Keep | None = None,
    room: Room | None = None,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = utc_now,
    rng: random.Random | None = None,
) -> AsyncIterator[Event]:
    """Send what is missing of a plan and yield what happens; everything also folds into `live`.

    Closing or cancelling the iterator cancels every stream; `live.cancel()` does too, and lets the iterator end by
    itself. Samples that the cap or a cancel kept from being sent have no event.

    Args:
        cached: answers to earlier requests, asked for many (digest, index) pairs at once, maybe from a thread.
        done: samples not to send.
        keep: called with each finished sample at once, also for those cancelled when the iterator closes.
        room: awaited while what is on its way and what is not saved yet (`live.unsaved`) are together as many as may
            be on the wire: so a crash never costs more answers than that.
        clock: seconds, monotonic; stamps chunks as they arrive.
        now: the time of day, for `created_at`.

    Raises:
        StoreError: from `cached`.
    """
    source = random.Random() if rng is None else rng

    async def work(pipe: Pipe[Event]) -> None:
        renderer = Renderer(plan, providers)
        sender = Sender(plan, live, providers, renderer, pipe.put, clock, now, source)
        known = None if plan.fresh else cached
        await Flight(sender, pipe, limits, cached=known, done=frozenset(done), keep=keep, room=room).run()

    return flow(work)


@dataclass(slots=True)
class Lane:
    """The columns that share a limiter, and how many of their samples have a task."""

    limiter: Limiter
    targets: list[int]
    tasks: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def keys(self, plan: Plan) -> Iterator[SampleKey]:
        """The lane's share of the plan's keys, in the plan's order."""
        for index in range(plan.n):
            for row in range(len(plan.inputs)):
                for target in self.targets:
                    yield SampleKey(target, row, index)


class Flight:
    """One run under way. Never more tasks than the limiters let on the wire, however long the plan."""

    def __init__(
        self,
        sender: Sender,
        pipe: Pipe[Event],
        limits: Limits,
        *,
        cached: Cached | None,
        done: Collection[SampleKey],
        keep: Keep | None,
        room: Room | None,
    ) -> None:
        self._sender = sender
        self._plan = sender.plan
        self._live = sender.live
        self._pipe = pipe
        self._cached = cached
        self._done = done
        self._keep_too = keep
        self._room = room
        self._ledger = Ledger(self._plan.cap_usd)
        self._lanes = self._make_lanes(limits)
        self._tasks: dict[SampleKey, asyncio.Task[None]] = {}
        self._skipped: set[SampleKey] = set()
        self._answered: set[int] = set()
        self._hopeless: dict[int, Failure] = {}

    def _make_lanes(self, limits: Limits) -> list[Lane]:
        lanes: dict[Limiter, Lane] = {}
        for number, target in enumerate(self._plan.targets):
            limiter = limits.limiter(target.endpoint, target.model, target.provider)
            lanes.setdefault(limiter, Lane(limiter, [])).targets.append(number)
        return list(lanes.values())

    async def run(self) -> None:
        """Send everything that is to be sent."""
        live = self._live
        live.started = self._sender.clock()
        self._ledger.spent = live.spent_usd
        live.attach(self._cancel)
        try:
            async with asyncio.TaskGroup() as group:
                for lane in self._lanes:
                    group.create_task(self._feed(lane, group))
        finally:
            live.attach(None)
            live.finished = True

    async def _feed(self, lane: Lane, group: asyncio.TaskGroup) -> None:
        """Pull keys and send them, as fast as the lane's limiter lets requests out."""
        keys = (key for key in lane.keys(self._plan) if key not in self._done)
        while batch := list(itertools.islice(keys, BATCH)):
            for key in await self._not_cached(batch):
                if key in self._skipped:
                    continue
                if not await self._may_send(lane, key):
                    return
                failure = self._hopeless.get(key.target)
                if failure is not None:
                    self._keep(self._unsent(key, failure))
                elif key not in self._skipped:
                    self._send(lane, key, group)

    async def _not_cached(self, keys: list[SampleKey]) -> list[SampleKey]:
        """Finish those keys that the cache knows; the others."""
        if self._cached is None:
            return keys
        pairs = {key: (self._digest(key), key.index) for key in keys}
        wanted = list(pairs.values())
        found = self._cached(wanted) if len(wanted) <= SMALL_BATCH else await asyncio.to_thread(self._cached, wanted)
        missing = []
        for key in keys:
            hit = found.get(pairs[key])
            if hit is None or not hit.ok:
                missing.append(key)
            elif not self._live.halted and key not in self._skipped:
                target = self._plan.targets[key.target]
                self._keep(from_cache(hit, run_id=self._plan.run_id, key=key, target=target))
        await self._pipe.room()
        return missing

    def _digest(self, key: SampleKey) -> str:
        """The cache key's first half; of a request that cannot be made, one that nothing has."""
        with suppress(CockpitError):
            return self._sender.renderer.digest(key)
        return ""

    async def _may_send(self, lane: Lane, key: SampleKey) -> bool:
        """Wait until there is room for one more; False if nothing more is to be sent."""
        await self._pipe.room()
        while self._room is not None and self._crowded() and not self._live.halted:
            await self._room()
        while not self._live.halted:
            allowed = True if key.target in self._hopeless else self._affordable(key)
            if allowed is False:
                self._live.capped = True
                return False
            if allowed and lane.tasks < lane.limiter.limit:
                return True
            lane.wake.clear()
            await lane.wake.wait()
        return False

    def _crowded(self) -> bool:
        """Whether a crash now would cost as many answers as may be on the wire; one on the wire costs one at most."""
        unsaved = self._live.unsaved
        return unsaved > 0 and unsaved + len(self._tasks) >= sum(lane.limiter.limit for lane in self._lanes)

    def _affordable(self, key: SampleKey) -> bool | None:
        if self._plan.cap_usd is None:
            return True
        return self._ledger.may(key.target, self._guess(key))

    def _guess(self, key: SampleKey) -> float:
        with suppress(CockpitError):
            return self._ledger.guess(self._plan.targets[key.target], key, self._plan.request(key))
        return 0.0

    def _send(self, lane: Lane, key: SampleKey, group: asyncio.TaskGroup) -> None:
        if self._plan.cap_usd is not None:
            self._ledger.promise(key, self._guess(key))
        lane.tasks += 1
        task = group.create_task(self._sender.send(key, lane.limiter, keep=self._keep, grown=lane.wake.set))
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._sent(lane, key))

    def _sent(self, lane: Lane, key: SampleKey) -> None:
        """The task of a sample has ended."""
        lane.tasks -= 1
        del self._tasks[key]
        self._ledger.drop(key)
        if key in self._skipped and self._live.samples[key].state != "done":
            self._keep(self._unsent(key))
        self._wake()

    def _keep(self, sample: Sample) -> None:
        """A sample is done."""
        self._ledger.settle(sample)
        target = sample.key.target
        if sample.ok:
            self._answered.add(target)
        elif sample.error and sample.error.kind in HOPELESS and target not in self._answered:
            self._hopeless.setdefault(target, sample.error)
        self._live.finish(sample)
        if self._keep_too is not None:
            self._keep_too(sample)
        self._pipe.put(Finished(sample))

    def _unsent(self, key: SampleKey, failure: Failure | None = None) -> Sample:
        """A sample that never left: cancelled, or failed like the others of its column."""
        return to_sample(
            Attempt(0.0, self._sender.now().isoformat()),
            run_id=self._plan.run_id,
            key=key,
            target=self._plan.targets[key.target],
            outgoing=None,
            attempts=0,
            failure=failure,
            cancelled=failure is None,
        )

    def _cancel(self, key: SampleKey | None) -> None:
        """End all streams, or one."""
        if key is None:
            for task in self._tasks.values():
                task.cancel()
            self._wake()
        elif key not in self._skipped:
            self._skipped.add(key)
            task_of_key = self._tasks.get(key)
            if task_of_key is None:
                self._keep(self._unsent(key))
            else:
                task_of_key.cancel()

    def _wake(self) -> None:
        for lane in self._lanes:
            lane.wake.set()
