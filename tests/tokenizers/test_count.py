"""Tokens of a whole request: asked of the server that would answer it, else counted here, and which of them it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_asyncio

from cockpit.config import Config
from cockpit.core.catalog import Catalog
from cockpit.core.errors import UnknownModel
from cockpit.core.params import Params
from cockpit.core.prompts import Message, Version, single
from cockpit.core.settings import ServerSettings
from cockpit.providers import ProviderRegistry
from cockpit.services import Services
from cockpit.tokenizers.count import Session, chat_template, count_request
from cockpit.tokenizers.registry import Tokenizers
from tests.fake_provider import KEY, FakeProvider

TALK = Version(
    system="Be brief.",
    messages=(Message("user", "one two"), Message("assistant", "three"), Message("user", "four five six")),
    prefill="seven",
)
Make = Callable[..., Session]


@pytest_asyncio.fixture
async def session(fake: FakeProvider, tmp_path: Path) -> AsyncIterator[Make]:
    """Services without a store, led to the fake; `env` is what the environment has."""
    made: list[ProviderRegistry] = []

    def make(**env: str) -> Session:
        config = Config(servers={"mine": ServerSettings(fake.url)}, aliases={"short": "openai:gpt-4o"})
        registry = ProviderRegistry(config.servers, env, Catalog.load())
        made.append(registry)
        tokenizers = Tokenizers(Catalog.load(), config.servers, tmp_path, {})
        return SimpleNamespace(config=config, providers=registry, tokenizers=tokenizers)

    yield make
    for registry in made:
        await registry.aclose()


async def test_claude_is_counted_by_anthropic_where_there_is_a_key(session: Make, fake: FakeProvider) -> None:
    services = session(**fake.env())
    params = Params(max_tokens=5, stop=("x",), temperature=0.5)
    count = await count_request(services, "anthropic:claude-opus-4-5", TALK, params)
    assert (count.tokens, count.exact, count.how) == (9, True, "count_tokens")
    (asked,) = fake.counted
    assert set(asked.body) == {"model", "system", "messages"}
    assert asked.body["messages"][-1] == {"role": "assistant", "content": "seven"}
    assert asked.headers["x-api-key"] == KEY
    assert not fake.requests


async def test_the_responses_api_counts_its_own_requests(session: Make, fake: FakeProvider) -> None:
    services = session(**fake.env())
    params = Params(max_tokens=5, reasoning_effort="low")
    count = await count_request(services, "openai-responses:gpt-5", TALK, params)
    assert (count.tokens, count.exact, count.how) == (9, True, "count_tokens")
    (asked,) = fake.counted
    assert set(asked.body) == {"model", "instructions", "input", "reasoning"}
    assert not fake.requests


async def test_without_a_key_claude_is_estimated_and_nobody_is_asked(session: Make, fake: FakeProvider) -> None:
    env = {name: value for name, value in fake.env().items() if not name.endswith("KEY")}
    services = session(**{**env, "ANTHROPIC_BASE_URL": "https://api.anthropic.com"})
    count = await count_request(services, "anthropic:claude-opus-4-5", TALK, Params())
    assert not count.exact
    assert "estimate" in count.how
    assert count.error
    assert not fake.counted
    assert not fake.requests


async def test_a_count_that_fails_falls_back_and_says_why(session: Make, fake: FakeProvider) -> None:
    services = session(**fake.env())
    count = await count_request(services, "anthropic:fake-err401", TALK, Params())
    assert not count.exact
    assert count.tokens > 0
    assert "did not count" in count.error
    assert KEY not in count.error


async def test_a_server_like_llamacpp_renders_and_counts_exactly(session: Make, fake: FakeProvider) -> None:
    services = session()
    count = await count_request(services, "mine:fake-count", TALK, Params(stop=("x",)))
    assert (count.tokens, count.exact) == (14, True)
    assert [asked.path for asked in fake.counted] == ["/apply-template", "/tokenize"]
    assert fake.counted[1].body["parse_special"] is True
    rendered = await chat_template(services, "mine:fake-count", TALK)
    assert rendered is not None
    assert rendered.text.startswith("[system] Be brief. [user] one two")
    assert rendered.exact


async def test_a_server_like_vllm_counts_messages(session: Make, fake: FakeProvider) -> None:
    services = session()
    for _ in range(2):
        count = await count_request(services, "mine:fake-countvllm", TALK, Params())
        assert (count.tokens, count.exact) == (14, True)
    assert [asked.path for asked in fake.counted] == ["/apply-template", "/tokenize", "/tokenize"]


async def test_a_server_that_cannot_count_is_asked_once(session: Make, fake: FakeProvider) -> None:
    services = session()
    for _ in range(3):
        count = await count_request(services, "mine:fake-tok5", TALK, Params())
        assert not count.exact
        assert "no tokenizer is known" in count.how
    assert [asked.path for asked in fake.counted] == ["/apply-template", "/tokenize"]
    assert await chat_template(services, "mine:fake-tok5", TALK) is None


async def test_openais_own_host_is_never_asked_to_count(session: Make) -> None:
    services = session(OPENAI_API_KEY="sk-nobody")
    count = await count_request(services, "short", single("one two three"), Params())
    assert (count.tokens, count.exact, count.how) == (3 + 4 + 3, False, "o200k_base")
    assert "cookbook" in count.error
    rendered = await chat_template(services, "short", replace(TALK, prefill=""))
    assert rendered is not None
    assert not rendered.exact
    assert rendered.text.startswith("<|im_start|>system<|im_sep|>Be brief.<|im_end|><|im_start|>user")
    assert rendered.text.endswith("four five six<|im_end|><|im_start|>assistant<|im_sep|>")


async def test_gpt_oss_is_shown_in_harmony(session: Make) -> None:
    rendered = await chat_template(session(OPENAI_API_KEY="sk-nobody"), "openai:gpt-oss-20b", TALK)
    assert rendered is not None
    assert rendered.text == (
        "<|start|>developer<|message|># Instructions\n\nBe brief.<|end|><|start|>user<|message|>one two<|end|>"
        "<|start|>assistant<|channel|>final<|message|>three<|end|><|start|>user<|message|>four five six<|end|>"
        "<|start|>assistant<|channel|>final<|message|>seven"
    )


async def test_a_name_that_leads_nowhere_is_refused(session: Make) -> None:
    with pytest.raises(UnknownModel):
        await count_request(session(), "nonsense", TALK, Params())
    with pytest.raises(UnknownModel):
        await count_request(session(), "nobody:model", TALK, Params())


def test_the_programs_own_services_can_count(tmp_path: Path) -> None:
    """What the screens hand over is what counting asks for; a person's tokenizers are beside the config."""
    services = Services(Config(path=tmp_path / "config.toml"), store=None)  # type: ignore[arg-type]
    session: Session = services
    (tmp_path / "tokenizers").mkdir()
    (tmp_path / "tokenizers" / "m.json").write_text("{}")
    assert session.tokenizers is services.tokenizers
    assert services.tokenizers.choose("x:m").exact
