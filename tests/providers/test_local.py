"""The embedded model, for real: answers, stops, seeds, several at once, and the life of its process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from cockpit.core.samples import read_ended
from cockpit.providers import ProviderRegistry, local_server
from cockpit.providers.local import LocalProvider
from tests.providers.conftest import Asker

try:
    import xllamacpp  # noqa: F401
except ImportError:
    INSTALLED = False
else:
    INSTALLED = local_server.bundled_weights() is not None

needs_model = pytest.mark.skipif(not INSTALLED, reason="THE LOCAL MODEL IS NOT INSTALLED: make run installs it")
COUNT = "Count from 1 to 10, separated by commas."
IT: dict[str, float | int] = {"temperature": 0.0, "max_tokens": 24}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def local(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asker]:
    """One child process for the whole file."""
    registry = ProviderRegistry({}, {"COCKPIT_LOCAL_CACHE": str(tmp_path_factory.mktemp("cache"))})
    yield Asker(registry, "local")
    await registry.aclose()


@pytest.fixture
def provider(local: Asker) -> LocalProvider:
    assert isinstance(local.provider, LocalProvider)
    return local.provider


pytestmark = pytest.mark.asyncio(loop_scope="module")


@needs_model
@pytest.mark.local_model
async def test_it_streams_an_answer_and_says_which_stop_was_hit(local: Asker) -> None:
    got = await local("smollm2", text=COUNT, stop=("zzz", "5"), **IT)
    assert got.error is None
    assert got.text == "1, 2, 3, 4, "
    assert got.chunks > 5
    assert (got.end.stop, got.end.stop_known) == ("5", True)
    assert read_ended(got.end, ("5",)) == "stop"
    assert got.usage.input_tokens
    assert got.usage.output_tokens


@needs_model
@pytest.mark.local_model
async def test_an_end_and_a_limit_are_told_apart(local: Asker) -> None:
    limit = await local("smollm2", text=COUNT, max_tokens=3)
    assert read_ended(limit.end, ("zzz",)) == "length"
    ended = await local("smollm2", text="Say hi", temperature=0.0, max_tokens=200, stop=("zzz",))
    assert read_ended(ended.end, ("zzz",)) == "ended"


@needs_model
@pytest.mark.local_model
async def test_the_same_text_alone_and_together(local: Asker) -> None:
    prompts = [f"Name {n} animals." for n in range(2, 6)]
    alone = [(await local("smollm2", text=p, **IT)).text for p in prompts]
    together = await asyncio.gather(*(local("smollm2", text=p, **IT) for p in prompts))
    assert [g.text for g in together] == alone
    seeded = [(await local("smollm2", text="A word:", temperature=1.0, max_tokens=12, seed=s)).text for s in (1, 2, 1)]
    assert seeded[0] == seeded[2] != seeded[1]


@needs_model
@pytest.mark.local_model
async def test_more_than_its_slots_wait_their_turn(local: Asker) -> None:
    got = await asyncio.gather(*(local("smollm2", text="Hi", max_tokens=4, seed=n) for n in range(12)))
    assert all(g.error is None and g.text for g in got)


@needs_model
@pytest.mark.local_model
async def test_prefill_and_logprobs(local: Asker) -> None:
    got = await local("smollm2", text="The capital of France?", prefill="The capital is", logprobs=2, **IT)
    assert got.text.startswith(" Paris")
    assert "".join(row.token for row in got.logprobs) == got.text
    assert all(len(row.top) == 2 and row.logprob <= 0 for row in got.logprobs)
    bare = await local("smollm2", text="Hi", logprobs=0, max_tokens=2)
    assert bare.logprobs
    assert all(row.top == () for row in bare.logprobs)


@needs_model
@pytest.mark.local_model
async def test_too_long_a_prompt_is_refused_in_words(local: Asker) -> None:
    got = await local("smollm2", text="word " * 5000, **IT)
    assert got.error is not None
    assert got.error.kind == "bad_request"
    assert "context" in got.error.message


@needs_model
@pytest.mark.local_model
async def test_cancelling_frees_the_model_at_once(local: Asker) -> None:
    stream = local.provider.stream(local.request("smollm2", text="Tell a long story.", max_tokens=1500))
    async for _ in stream:
        break
    async with asyncio.timeout(1):
        await stream.aclose()  # type: ignore[attr-defined]
    async with asyncio.timeout(20):
        assert (await local("smollm2", text="Hi", max_tokens=3)).error is None


@needs_model
@pytest.mark.local_model
async def test_its_key_is_nowhere_to_be_read(local: Asker, provider: LocalProvider) -> None:
    await local("smollm2", text="Hi", max_tokens=1)
    assert provider.pid
    child = psutil.Process(provider.pid)
    assert provider._child is not None
    key = provider._child.key
    assert key not in " ".join(child.cmdline())
    assert key not in json.dumps(child.environ())
    wire = provider.wire(local.request("smollm2"))
    assert key not in repr(wire)
    assert "$COCKPIT_LOCAL_KEY" in repr(wire)
    assert local.registry.endpoint("local") == provider.endpoint == "local"
    assert {c.laddr.ip for c in child.net_connections() if c.status == "LISTEN"} == {"127.0.0.1"}


@needs_model
@pytest.mark.local_model
async def test_a_dead_child_is_replaced(local: Asker, provider: LocalProvider) -> None:
    await local("smollm2", text="Hi", max_tokens=1)
    first = provider.pid
    assert first
    os.kill(first, signal.SIGKILL)
    await asyncio.to_thread(psutil.Process(first).wait, 5) if psutil.pid_exists(first) else None
    got = await local("smollm2", text="Hi", max_tokens=1)
    assert got.error is None
    assert provider.pid not in (None, first)


@needs_model
@pytest.mark.local_model
async def test_closing_ends_the_child_and_another_start_is_possible(tmp_path: Path) -> None:
    registry = ProviderRegistry({}, {"COCKPIT_LOCAL_CACHE": str(tmp_path)})
    ask = Asker(registry, "local")
    assert isinstance(ask.provider, LocalProvider)
    got = await asyncio.gather(*(ask("smollm2", max_tokens=1) for _ in range(3)))
    assert [g.error for g in got] == [None] * 3
    pid = ask.provider.pid
    assert pid
    assert (tmp_path / "local-model.json").exists()
    await registry.aclose()
    assert not psutil.pid_exists(pid)


async def test_missing_weights_are_said_with_the_way_out(tmp_path: Path) -> None:
    registry = ProviderRegistry({}, {"COCKPIT_GGUF": str(tmp_path / "none.gguf")})
    got = await Asker(registry, "local")("none")
    await registry.aclose()
    assert got.error is not None
    assert got.error.kind == "unavailable"
    assert "none.gguf" in got.error.message or "runtime" in got.error.message
    assert "pip install" in got.error.hint


@needs_model
@pytest.mark.local_model
async def test_weights_that_are_no_weights(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"not a model")
    registry = ProviderRegistry({}, {"COCKPIT_GGUF": str(broken)})
    got = await Asker(registry, "local")("broken")
    await registry.aclose()
    assert got.error is not None
    assert got.error.kind == "unavailable"


async def test_other_names_are_not_answered() -> None:
    registry = ProviderRegistry({}, {})
    got = await Asker(registry, "local")("llama")
    assert got.error is not None
    assert got.error.kind == "not_found"
    assert "local:smollm2" in got.error.hint
    assert [m.id for m in await registry.get("local").models()] == ["smollm2"]
