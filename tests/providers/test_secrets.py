"""What may be seen and stored of a request: placeholders for keys, nothing of a password, the body as it was sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.config import Config
from cockpit.core.errors import ProviderError
from cockpit.core.ports import Request
from cockpit.core.prompts import Message, single
from cockpit.core.sampling import Finished
from cockpit.core.settings import ServerSettings
from cockpit.providers.registry import ProviderRegistry
from cockpit.runner import Draft, fly, launch
from cockpit.services import close_services, open_services
from tests.fake_provider import FakeProvider

REQUEST = Request("box", "http://box", "m", (Message("user", "hi"),))


@pytest.mark.parametrize(("provider", "header", "shown"), [
    ("openai", "authorization", "Bearer $OPENAI_API_KEY"),
    ("openai-responses", "authorization", "Bearer $OPENAI_API_KEY"),
    ("anthropic", "x-api-key", "$ANTHROPIC_API_KEY"), ("box", "authorization", None),
])  # fmt: skip
def test_the_key_has_its_placeholder_even_where_none_is_set(provider: str, header: str, shown: str | None) -> None:
    box = {"box": ServerSettings("http://127.0.0.1:9/v1")}
    env = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    assert ProviderRegistry(box, env).get(provider).wire(REQUEST).headers.get(header) == shown


async def test_without_a_key_a_server_that_wants_none_gets_none(fake: FakeProvider) -> None:
    registry = ProviderRegistry({}, {"OPENAI_BASE_URL": fake.url})
    request = Request("openai", fake.url, "fake-tok2", (Message("user", "hi"),))
    assert "".join([chunk.text async for chunk in registry.get("openai").stream(request)])
    assert "authorization" not in fake.requests[0].headers
    await registry.aclose()


async def test_a_password_in_an_address_is_neither_shown_nor_sent() -> None:
    url = "http://user:hunter22@127.0.0.1:9/v1?api-version=7&code=hunter33"
    provider = ProviderRegistry({"box": ServerSettings(url)}, {}).get("box")
    wire = provider.wire(REQUEST)
    assert wire.url == "http://…@127.0.0.1:9/v1/chat/completions?api-version=7&code=…"
    assert provider.endpoint == "http://127.0.0.1:9/v1"
    with pytest.raises(ProviderError, match="user or password") as caught:
        await anext(aiter(provider.stream(REQUEST)))
    assert "hunter" not in caught.value.sentence()
    await provider.aclose()


async def test_the_body_that_is_kept_is_the_one_that_was_sent_last(
    fake: FakeProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in fake.env().items():
        monkeypatch.setenv(name, value)
    services = open_services(Config(), tmp_path / "cockpit.db")
    plan, live = await launch(services, Draft(single("hi"), ("openai:fake-nostreamoptions-tok3",), n=12))
    found = [event.sample async for event in fly(services, plan, live) if isinstance(event, Finished)]
    assert len(found) == 12
    assert all(sample.ok and "stream_options" not in sample.request_body for sample in found)
    await close_services(services)
