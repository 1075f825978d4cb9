"""A provider that plays scripts, for what the engine must do whatever the wire protocol."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from cockpit.core.limits import Limits, LimitSettings
from cockpit.core.live import LiveRun
from cockpit.core.models import Price
from cockpit.core.ports import Chunk, ModelInfo, Request, Usage, Wire
from cockpit.core.prompts import single
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import Sample, SampleKey
from cockpit.core.sampling import Event, Finished, generate

END = Chunk(usage=Usage(10, 5), stop_reason="stop", request_id="r")
Step = Chunk | Exception | float | asyncio.Event
Script = Callable[[int, Request], Sequence[Step]]


def answer(number: int, request: Request) -> Sequence[Step]:
    return (Chunk(text=f"{request.model} {number}"), END)


@dataclass
class Scripted:
    """Plays `script(number of the request, request)`: chunks, errors to raise, seconds or events to wait for."""

    script: Script = answer
    name: str = "fake"
    endpoint: str = "here"
    requests: list[Request] = field(default_factory=list)
    active: int = 0
    peak: int = 0
    closed: int = 0

    def wire(self, request: Request) -> Wire:
        return Wire("POST", "http://here", {}, {"model": request.model})

    async def ready(self, model: str) -> None:
        """There is nothing to load."""

    async def stream(self, request: Request) -> AsyncIterator[Chunk]:
        self.requests.append(request)
        self.active += 1
        self.peak = max(self.peak, self.active)
        try:
            for step in self.script(len(self.requests), request):
                if isinstance(step, Chunk):
                    yield step
                elif isinstance(step, Exception):
                    raise step
                elif isinstance(step, asyncio.Event):
                    await step.wait()
                else:
                    await asyncio.sleep(step)
        finally:
            self.active -= 1
            self.closed += 1

    async def models(self) -> Sequence[ModelInfo]:
        return []

    async def aclose(self) -> None:
        return None


def plan(n: int = 1, *models: str, price: Price | None = None, **settings: Any) -> Plan:
    """A plan over models of the scripted provider."""
    targets = tuple(Target(m, "fake", m, "here", price=price) for m in models or ("m",))
    return Plan(single("Say hi."), targets, n=n, **settings)


def start(
    plan: Plan,
    provider: Scripted,
    *,
    live: LiveRun | None = None,
    limits: Limits | None = None,
    done: Collection[SampleKey] = (),
    **more: Any,
) -> AsyncIterator[Event]:
    return generate(
        plan,
        lambda _: provider,
        live=live or LiveRun(plan),
        limits=limits or Limits({"*": LimitSettings()}),
        done=done,
        rng=random.Random(1),
        **more,
    )


async def finished(events: AsyncIterator[Event]) -> list[Sample]:
    return [event.sample async for event in events if isinstance(event, Finished)]


async def until(condition: Callable[[], bool], limit_s: float = 5.0) -> None:
    """Let the loop run until a condition holds."""
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)
