"""What the provider tests share: a registry that leads to the fake, and a way to collect an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from cockpit.core.errors import ProviderError
from cockpit.core.params import Params
from cockpit.core.ports import Chunk, Provider, Request, TokenLogprob, Usage
from cockpit.core.prompts import Message
from cockpit.providers import ProviderRegistry
from tests.fake_provider import FakeProvider


@dataclass
class Got:
    """Everything that one request brought."""

    text: str = ""
    reasoning: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()
    usage: Usage = field(default_factory=Usage)
    end: Chunk = field(default_factory=Chunk)
    request_id: str | None = None
    error: ProviderError | None = None
    chunks: int = 0


async def collect(provider: Provider, request: Request) -> Got:
    """Fold a stream; an error is part of the result."""
    got = Got()
    try:
        async for chunk in provider.stream(request):
            got.chunks += 1
            got.text += chunk.text
            got.reasoning += chunk.reasoning
            got.logprobs += chunk.logprobs
            got.usage = chunk.usage or got.usage
            got.request_id = chunk.request_id or got.request_id
            chunk.refused = chunk.refused or got.end.refused
            if chunk.stop_reason or chunk.refused:
                got.end = chunk
    except ProviderError as error:
        got.error = error
    return got


class Asker:
    """Asks one provider of a registry for models by name."""

    def __init__(self, registry: ProviderRegistry, name: str) -> None:
        self.registry = registry
        self.name = name
        self.provider = registry.get(name)

    def request(self, model: str, *, system: str = "", prefill: str = "", text: str = "hi", **params: Any) -> Request:
        turns = (Message("user", text),)
        endpoint = self.registry.endpoint(self.name)
        return Request(self.name, endpoint, model, turns, system, prefill, Params(**params))

    async def __call__(self, model: str, **more: Any) -> Got:
        return await collect(self.provider, self.request(model, **more))


@pytest_asyncio.fixture
async def registry(fake: FakeProvider) -> AsyncIterator[ProviderRegistry]:
    made = ProviderRegistry({}, fake.env())
    yield made
    await made.aclose()


@pytest.fixture(params=["openai", "openai-responses", "anthropic"])
def ask(request: pytest.FixtureRequest, registry: ProviderRegistry) -> Asker:
    """One asker per wire protocol."""
    return Asker(registry, request.param)


@pytest.fixture
def chat(registry: ProviderRegistry) -> Asker:
    return Asker(registry, "openai")
