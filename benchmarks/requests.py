"""CPU per request: our adapter and engine against the vendors' clients, each in a fresh process, in the same run."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.report import Row, median

REQUESTS, AT_ONCE, ROUNDS = 600, 50, 3
MODEL = "fake-tok100"
One = Callable[[], Awaitable[int]]


def run(url: str) -> list[Row]:
    """Milliseconds of client CPU for one streamed answer of 100 tokens."""
    clients = ("adapter", "engine", "saved", "openai", "anthropic")
    results = {name: [_measure(name, url) for _ in range(ROUNDS)] for name in clients}
    cpu = {name: median([r["cpu_ms"] for r in rounds]) for name, rounds in results.items()}
    rate = median([r["per_s"] for r in results["saved"]])
    return [
        Row("adapter: CPU a streamed answer", cpu["adapter"], "ms", 1.0),
        Row("with the engine", cpu["engine"], "ms"),
        Row("with the engine and every answer saved", cpu["saved"], "ms"),
        Row("answers saved per second of one core", 1000 / cpu["saved"], "/s", 1500, at_least=True),
        Row("answers saved per second, wall clock", rate, "/s", note="the server shares the machine"),
        Row("the openai package", cpu["openai"], "ms", note=f"{cpu['openai'] / cpu['adapter']:.1f} × the adapter"),
        Row(
            "the anthropic package",
            cpu["anthropic"],
            "ms",
            note=f"{cpu['anthropic'] / cpu['adapter']:.1f} × the adapter",
        ),
    ]


def _measure(client: str, url: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.requests", client, url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"{client}: {done.stderr[-800:]}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


async def _many(one: One, count: int) -> None:
    """`count` calls, AT_ONCE in flight; every answer must be whole."""
    left = iter(range(count))

    async def worker() -> None:
        for _ in left:
            length = await one()
            if length < 100:
                raise RuntimeError(f"a broken answer of {length} characters")

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(worker())


async def _timed(many: Callable[[int], Awaitable[None]]) -> dict[str, float]:
    await many(AT_ONCE * 2)
    cpu, wall = time.process_time(), time.perf_counter()
    await many(REQUESTS)
    wall = time.perf_counter() - wall
    return {"cpu_ms": (time.process_time() - cpu) * 1000 / REQUESTS, "per_s": REQUESTS / wall}


async def _adapter(url: str) -> dict[str, float]:
    from cockpit.core.params import Params
    from cockpit.core.ports import Request
    from cockpit.core.prompts import Message
    from cockpit.core.settings import ServerSettings
    from cockpit.providers.registry import ProviderRegistry

    registry = ProviderRegistry({"fake": ServerSettings(f"{url}/v1")}, os.environ)
    provider = registry.get("fake")
    request = Request("fake", provider.endpoint, MODEL, (Message("user", "go"),), params=Params(max_tokens=200))

    async def one() -> int:
        return sum([len(chunk.text) async for chunk in provider.stream(request)])

    try:
        return await _timed(lambda count: _many(one, count))
    finally:
        await registry.aclose()


async def _flights(url: str, *, saved: bool) -> dict[str, float]:
    from cockpit import runner
    from cockpit.config import Config
    from cockpit.core.limits import Limits
    from cockpit.core.live import LiveRun
    from cockpit.core.params import Params
    from cockpit.core.prompts import single
    from cockpit.core.sampling import generate
    from cockpit.core.settings import ServerSettings
    from cockpit.services import close_services, open_services

    with tempfile.TemporaryDirectory() as folder:
        config = Config(servers={"fake": ServerSettings(f"{url}/v1")})
        services = open_services(config, Path(folder) / "bench.db")

        async def many(count: int) -> None:
            draft = runner.Draft(single("go"), (f"fake:{MODEL}",), Params(max_tokens=200), count, fresh=True)
            if saved:
                plan, live = await runner.launch(services, draft)
                async for _ in runner.fly(services, plan, live):
                    pass
            else:
                plan = runner.prepare(services, draft)
                live = LiveRun(plan)
                async for _ in generate(plan, services.providers.get, live=live, limits=Limits({})):
                    pass
            if live.failed or live.done != count:
                raise RuntimeError(f"{live.failed} failed, {live.done} of {count} done")

        try:
            return await _timed(many)
        finally:
            await close_services(services)


async def _openai(url: str) -> dict[str, float]:
    import openai

    client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-fake", max_retries=0)

    async def one() -> int:
        stream = await client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "go"}], max_tokens=200, stream=True
        )
        return sum([len(chunk.choices[0].delta.content or "") async for chunk in stream if chunk.choices])

    return await _timed(lambda count: _many(one, count))


async def _anthropic(url: str) -> dict[str, float]:
    import anthropic

    client = anthropic.AsyncAnthropic(base_url=url, api_key="sk-fake", max_retries=0)

    async def one() -> int:
        async with client.messages.stream(
            model=MODEL, messages=[{"role": "user", "content": "go"}], max_tokens=200
        ) as stream:
            return sum([len(text) async for text in stream.text_stream])

    return await _timed(lambda count: _many(one, count))


def main() -> None:
    """Measure one client and print its figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("client", choices=("adapter", "engine", "saved", "openai", "anthropic"))
    parser.add_argument("url")
    asked = parser.parse_args()
    work = {
        "adapter": lambda: _adapter(asked.url),
        "engine": lambda: _flights(asked.url, saved=False),
        "saved": lambda: _flights(asked.url, saved=True),
        "openai": lambda: _openai(asked.url),
        "anthropic": lambda: _anthropic(asked.url),
    }[asked.client]
    print(json.dumps(asyncio.run(work())))


if __name__ == "__main__":
    main()
