"""What one wire protocol does that the others do not."""

from __future__ import annotations

import asyncio
import socket

import pytest

from cockpit.core.catalog import Catalog
from cockpit.core.errors import UnknownModel
from cockpit.core.models import Price, cost_usd
from cockpit.core.ports import Request, Usage
from cockpit.core.prompts import Message
from cockpit.core.samples import read_ended
from cockpit.core.settings import ServerSettings
from cockpit.providers import ProviderRegistry
from cockpit.providers.answer import Answer
from cockpit.providers.anthropic import MessagesReader
from cockpit.providers.errors import Place
from cockpit.providers.local import LocalChat
from cockpit.providers.openai_chat import ChatReader
from tests.fake_provider import KEY, FakeProvider, text_model
from tests.providers.conftest import Asker, collect


def asker(registry: ProviderRegistry, name: str) -> Asker:
    return Asker(registry, name)


async def test_chat_cannot_tell_a_stop_string_from_an_end(chat: Asker) -> None:
    got = await chat(text_model("one two three"), stop=(" two",))
    assert got.text == "one"
    assert got.end.stop_reason == "stop"
    assert (got.end.stop, got.end.stop_known) == (None, False)
    assert read_ended(got.end, (" two",)) == "unknown"


@pytest.mark.parametrize("server", ["vllm", "sglang", "llamacpp"])
@pytest.mark.parametrize("shape", ["", "json"])
async def test_servers_that_tell_are_believed(chat: Asker, server: str, shape: str) -> None:
    parts = [server, *([shape] if shape else [])]
    hit = await chat(text_model("one two three", *parts), stop=(" three",))
    assert (hit.end.stop, hit.end.stop_known) == (" three", True)
    ended = await chat(text_model("one two three", *parts), stop=("four",))
    assert (ended.end.stop, ended.end.stop_known) == (None, True)
    assert read_ended(ended.end, ("four",)) == "ended"


async def test_anthropic_tells_which_stop_was_hit(registry: ProviderRegistry, fake: FakeProvider) -> None:
    got = await asker(registry, "anthropic")(text_model("one two three"), stop=(" two", "x"))
    assert (got.text, got.end.stop, got.end.stop_reason) == ("one", " two", "stop_sequence")
    assert fake.requests[-1].body["stop_sequences"] == [" two", "x"]


async def test_an_anthropic_answer_cut_short_has_no_output_count(registry: ProviderRegistry) -> None:
    got = await asker(registry, "anthropic")("fake-cut-tok10")
    assert got.text
    assert got.usage.input_tokens
    assert got.usage.output_tokens is None


def test_anthropic_counts_said_twice_keep_their_cached_part() -> None:
    reader = MessagesReader(Request("anthropic", "", "m", ()), Place("anthropic", ""))
    first = {"input_tokens": 5, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 7, "output_tokens": 1}
    last = {"input_tokens": 5, "output_tokens": 20}
    reader.read([{"type": "message_start", "message": {"usage": first}}])
    usage = reader.read([{"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": last}]).usage
    assert usage == Usage(102, 20, None, 90)
    assert cost_usd(usage, Price(3.0, 15.0, 0.3)) == pytest.approx((12 * 3 + 90 * 0.3 + 20 * 15) / 1e6)


async def test_anthropic_versions_and_keys(registry: ProviderRegistry, fake: FakeProvider) -> None:
    anthropic = asker(registry, "anthropic")
    old = anthropic.provider.wire(anthropic.request("claude-sonnet-4-5", temperature=0.3))
    new = anthropic.provider.wire(anthropic.request("claude-opus-5-5"))
    assert old.headers["anthropic-version"] == "2023-06-01"
    assert old.headers["x-api-key"] == "$ANTHROPIC_API_KEY"
    assert "authorization" not in old.headers
    assert old.body["temperature"] == 0.3
    assert new.headers["anthropic-version"] == "2026-10-21"
    assert new.headers["authorization"] == "Bearer $ANTHROPIC_API_KEY"
    assert "x-api-key" not in new.headers
    assert new.body["max_tokens"] == Catalog.load().capabilities("anthropic", "claude-opus-5-5").default_max_tokens


async def test_anthropic_system_prefill_and_effort(registry: ProviderRegistry) -> None:
    anthropic = asker(registry, "anthropic")
    request = anthropic.request("claude-opus-4-6", system="S", prefill="P", reasoning_effort="low")
    body = anthropic.provider.wire(request).body
    assert body["system"] == "S"
    assert body["messages"][-1] == {"role": "assistant", "content": "P"}
    assert body["output_config"] == {"effort": "low"}
    off = anthropic.provider.wire(anthropic.request("claude-opus-4-6", reasoning_effort="none")).body
    assert off["thinking"] == {"type": "disabled"}
    assert "output_config" not in off


@pytest.mark.parametrize("name", ["openai", "openai-responses"])
@pytest.mark.parametrize("model", ["fake-tok3", "fake-tok3-json"])
async def test_logprobs(registry: ProviderRegistry, name: str, model: str) -> None:
    got = await asker(registry, name)(model, logprobs=2)
    assert len(got.logprobs) == 3
    assert "".join(row.token for row in got.logprobs) == got.text
    assert got.logprobs[0].logprob == -0.25
    assert len(got.logprobs[0].top) == 2


async def test_responses_body(registry: ProviderRegistry) -> None:
    responses = asker(registry, "openai-responses")
    request = responses.request("gpt-5.4", system="S", max_tokens=5, logprobs=3, reasoning_effort="high")
    body = responses.provider.wire(request).body
    assert body["instructions"] == "S"
    assert body["max_output_tokens"] == 5
    assert (body["include"], body["top_logprobs"]) == (["message.output_text.logprobs"], 3)
    assert body["reasoning"] == {"effort": "high", "summary": "auto"}


async def test_token_limit_field_follows_the_model(chat: Asker) -> None:
    assert chat.provider.wire(chat.request("gpt-5.4", max_tokens=5)).body["max_completion_tokens"] == 5
    assert chat.provider.wire(chat.request("gpt-4o", max_tokens=5)).body["max_tokens"] == 5


async def test_choices_nobody_asked_for_are_not_ours(chat: Asker) -> None:
    assert "NOT OURS" not in (await chat("fake-choices-tok5")).text


async def test_n_is_never_sent(chat: Asker, fake: FakeProvider) -> None:
    await chat("fake-ignoren-tok3")
    assert "n" not in fake.requests[-1].body


async def test_a_server_without_stream_options_is_met_halfway(chat: Asker, fake: FakeProvider) -> None:
    model = "fake-nostreamoptions-tok3"
    assert (await chat(model)).error is None
    assert (await chat(model)).error is None
    assert ["stream_options" in r.body for r in fake.requests] == [True, False, False]


async def test_an_unsupported_param_is_named_with_the_way_out(chat: Asker) -> None:
    got = await chat("fake-strict", temperature=0.5)
    assert got.error is not None
    assert got.error.kind == "bad_request"
    assert "temperature" in got.error.hint
    assert "catalog.openai.models" in got.error.hint


async def test_close_model_names_are_offered(fake: FakeProvider) -> None:
    catalog = Catalog.load({"openai": {"suggest": ["fake-err404x", "gpt-4o"]}})
    registry = ProviderRegistry({}, fake.env(), catalog)
    got = await Asker(registry, "openai")("fake-err404")
    await registry.aclose()
    assert got.error is not None
    assert "fake-err404x" in got.error.hint
    assert "gpt-4o" not in got.error.hint


async def test_an_end_mark_ends_though_the_connection_stays_open(chat: Asker) -> None:
    async with asyncio.timeout(5):
        got = await chat("fake-lag-tok3")
    assert got.error is None
    assert got.text


@pytest.mark.parametrize("model", ["fake-hang", "fake-stall3"])
async def test_silence_is_a_timeout_and_keeps_the_text(fake: FakeProvider, model: str) -> None:
    quiet = ServerSettings(fake.url, read_timeout=0.3)
    registry = ProviderRegistry({"mine": quiet}, {})
    got = await Asker(registry, "mine")(model)
    await registry.aclose()
    assert got.error is not None
    assert (got.error.kind, got.error.retryable) == ("timeout", True)
    assert bool(got.text) == (model == "fake-stall3")


async def test_nothing_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    registry = ProviderRegistry({"mine": ServerSettings(url)}, {})
    got = await Asker(registry, "mine")("m")
    await registry.aclose()
    assert got.error is not None
    assert got.error.kind == "connection"
    assert url in got.error.hint


async def test_no_such_host() -> None:
    registry = ProviderRegistry({"mine": ServerSettings("http://no-such-host.invalid/v1")}, {})
    got = await Asker(registry, "mine")("m")
    await registry.aclose()
    assert got.error is not None
    assert got.error.kind == "connection"
    assert "no-such-host.invalid" in got.error.message or "no-such-host" in got.error.hint


async def test_a_web_page_is_no_answer(fake: FakeProvider) -> None:
    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"<html><title>Welcome</title><script>x()</script></html>"
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/html\r\n\r\n" + body)
        writer.close()

    server = await asyncio.start_server(page, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    registry = ProviderRegistry({"mine": ServerSettings(url)}, {})
    got = await Asker(registry, "mine")("m")
    await registry.aclose()
    server.close()
    assert got.error is not None
    assert got.error.kind == "protocol"
    assert "Welcome" in got.error.message
    assert "/v1" in got.error.hint


async def test_no_key_is_said_before_anything_is_sent() -> None:
    registry = ProviderRegistry({}, {})
    for name, variable in (("openai", "OPENAI_API_KEY"), ("anthropic", "ANTHROPIC_API_KEY")):
        assert not registry.has_key(name)
        assert registry.key_hint(name) == f"set {variable}"
        got = await Asker(registry, name)("gpt-4o")
        assert got.error is not None
        assert got.error.kind == "no_key"
        assert variable in got.error.hint
    await registry.aclose()


async def test_a_key_with_a_stray_newline_still_works(fake: FakeProvider) -> None:
    registry = ProviderRegistry({}, fake.env(f" {KEY}\n"))
    assert (await Asker(registry, "openai")("fake-tok1")).error is None
    assert fake.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    await registry.aclose()


async def test_a_key_that_no_header_can_hold_is_an_error_in_words(fake: FakeProvider) -> None:
    registry = ProviderRegistry({}, fake.env("sk-\u201cquoted\u201d\nkey"))
    got = await Asker(registry, "openai")("fake-tok1")
    await registry.aclose()
    assert got.error is not None
    assert "OPENAI_API_KEY" in got.error.hint
    assert "quoted" not in got.error.sentence()


async def test_configured_servers_with_headers_from_the_environment(fake: FakeProvider) -> None:
    settings = ServerSettings(
        f"{fake.url}/?api-version=1",
        key_env="MINE_KEY",
        headers={"X-Team": "blue", "X-Api-Token": "tok-literal-secret", "X-Org": "$ORG"},
    )
    env = {"MINE_KEY": "mine-secret-1", "ORG": "org-secret-2"}
    registry = ProviderRegistry({"mine": settings}, env)
    mine = Asker(registry, "mine")
    assert (await mine("fake-tok1")).error is None
    sent = fake.requests[-1].headers
    assert (sent["authorization"], sent["x-org"], sent["x-team"]) == ("Bearer mine-secret-1", "org-secret-2", "blue")
    assert sent["x-api-token"] == "tok-literal-secret"
    shown = repr(mine.provider.wire(mine.request("m")))
    assert not any(secret in shown for secret in ("mine-secret-1", "org-secret-2", "tok-literal-secret"))
    await registry.aclose()


async def test_credentials_in_a_url_are_not_stored() -> None:
    registry = ProviderRegistry({"mine": ServerSettings("http://me:pw@host:1/v1/?key=abc")}, {})
    assert registry.endpoint("mine") == "http://host:1/v1"
    await registry.aclose()


async def test_base_urls_of_both_spellings_and_key_less_servers() -> None:
    for url in ("http://h:1", "http://h:1/v1", "http://h:1/v1/"):
        registry = ProviderRegistry({}, {"ANTHROPIC_BASE_URL": url, "OPENAI_BASE_URL": "http://h:2/v1"})
        assert registry.endpoint("anthropic") == "http://h:1/v1"
        assert registry.has_key("openai")


async def test_unknown_providers_get_a_hint() -> None:
    registry = ProviderRegistry({}, {})
    with pytest.raises(UnknownModel, match="opneai") as caught:
        registry.get("opneai")
    assert "openai" in caught.value.hint


async def test_a_second_event_loop_gets_its_own_connections(fake_process: object) -> None:
    env = fake_process.env()  # type: ignore[attr-defined]

    def in_a_loop_of_its_own(registry: ProviderRegistry) -> str:
        async def once() -> str:
            text = (await Asker(registry, "openai")("fake-tok3")).text
            await registry.aclose()
            return text

        return asyncio.run(once())

    registry = ProviderRegistry({}, env)
    texts = [await asyncio.to_thread(in_a_loop_of_its_own, registry) for _ in range(2)]
    assert all(texts)
    assert (await Asker(registry, "openai")("fake-tok3")).error is None
    await registry.aclose()


async def test_proxies_of_the_environment_are_used(fake: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", fake.url.removesuffix("/v1"))
    registry = ProviderRegistry({"far": ServerSettings("http://far.invalid/v1")}, {})
    assert (await Asker(registry, "far")("fake-tok1")).error is None
    assert fake.requests[-1].headers["host"].startswith("far.invalid")
    await registry.aclose()


async def test_no_proxy_stands_between_us_and_our_own_child(
    fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    chat = LocalChat("local", ServerSettings(fake.url), {}, Catalog.load(), key_required=False)
    got = await collect(chat, Request("local", "local", "fake-tok1", (Message("user", "hi"),)))
    await chat.aclose()
    assert got.error is None


def test_what_came_with_a_broken_event_is_kept() -> None:
    place = Place("openai", "")
    answer = Answer(ChatReader(Request("openai", "", "m", ()), place), "text/event-stream", place)
    chunk = answer.take(b'data: {"choices":[{"delta":{"content":"kept"}}]}\n\ndata: {broken\n\n')
    assert chunk is not None and chunk.text == "kept"
    assert answer.failure is not None and answer.failure.kind == "protocol"


def test_thinking_that_only_the_total_counts_is_output() -> None:
    reader = ChatReader(Request("gemini", "", "m", ()), Place("gemini", ""))
    for total, output in ((110, 100), (30, 20), (None, 20), (25, 20)):
        counts = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": total}
        assert reader.read([{"choices": [], "usage": counts}]).usage == Usage(10, output)


async def test_a_header_whose_variable_is_not_set_is_said(fake: FakeProvider) -> None:
    settings = ServerSettings(fake.url, headers={"x-org": "$ORG", "x-org-id": "$ORG_ID"})
    for env, missing in (({"ORG": "o1-secret"}, "ORG_ID"), ({"ORG_ID": "o2-secret"}, "ORG")):
        registry = ProviderRegistry({"mine": settings}, env)
        got = await Asker(registry, "mine")("fake-tok1")
        await registry.aclose()
        assert got.error is not None
        assert got.error.kind == "no_key"
        assert got.error.hint == f"Set {missing}."
    registry = ProviderRegistry({"mine": settings}, {"ORG": "o1-secret", "ORG_ID": "o2-secret"})
    assert (await Asker(registry, "mine")("fake-tok1")).error is None
    await registry.aclose()
    sent = fake.requests[-1].headers
    assert (sent["x-org"], sent["x-org-id"]) == ("o1-secret", "o2-secret")


async def test_a_model_that_thinks_may_be_silent_for_longer(fake: FakeProvider) -> None:
    catalog = Catalog.load({"mine": {"models": {"fake-ttft600*": {"reasoning_effort": True}}}})
    registry = ProviderRegistry({"mine": ServerSettings(fake.url, read_timeout=0.3)}, {}, catalog)
    assert (await Asker(registry, "mine")("fake-ttft600-tok3")).error is None
    await registry.aclose()


async def test_the_request_as_shown_names_the_key_even_before_there_is_one() -> None:
    registry = ProviderRegistry({}, {})
    wire = registry.get("openai").wire(Asker(registry, "openai").request("gpt-4o"))
    assert wire.headers["authorization"] == "Bearer $OPENAI_API_KEY"
