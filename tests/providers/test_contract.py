"""What every wire protocol must do alike, tried against the fake over loopback."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest

from cockpit.core.samples import read_ended
from tests.fake_provider import HOSTILE, KEY, FakeProvider, text_model
from tests.providers.conftest import Asker, collect

PROTOCOLS = ("openai", "openai-responses", "anthropic")


async def until(condition: object, seconds: float = 3.0) -> None:
    """Wait for a condition, with a limit."""
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the fake's counters are plain numbers
            await asyncio.sleep(0.005)


async def test_a_stream_arrives_whole_with_counts_and_a_natural_end(ask: Asker) -> None:
    got = await ask(text_model("Hello, wörld 漢字 👩‍🔬"))
    assert got.error is None
    assert got.text == "Hello, wörld 漢字 👩‍🔬"
    assert got.usage.input_tokens is not None
    assert got.usage.output_tokens is not None
    assert read_ended(got.end, ()) == "ended"
    assert got.request_id


@pytest.mark.parametrize("model", ["fake-slowdrip", "fake-crlf-tok20", "fake-lastdata-tok20", "fake-json-tok20"])
async def test_the_shape_of_the_bytes_does_not_change_the_answer(ask: Asker, model: str) -> None:
    plain = await ask("fake-tok20", seed=7) if ask.name == "openai" else await ask(text_model("w x y", "tok20"))
    odd = await ask(model, seed=7) if ask.name == "openai" else await ask(text_model("w x y", *model.split("-")[1:]))
    assert odd.error is None
    assert odd.text == plain.text
    assert odd.end.stop_reason == plain.end.stop_reason


@pytest.mark.parametrize(
    ("flag", "ended", "raw"),
    [
        ("length", "length", {"length", "max_output_tokens", "max_tokens"}),
        ("refusal", "refusal", {"refusal", "stop", "completed"}),
        ("filter", "filter", {"content_filter"}),
    ],
)
async def test_raw_reasons_are_kept_and_read(ask: Asker, flag: str, ended: str, raw: set[str]) -> None:
    if (ask.name, flag) == ("anthropic", "filter"):
        pytest.skip("the messages API has no filter reason")
    got = await ask(f"fake-{flag}-tok5")
    assert got.error is None
    assert got.end.stop_reason in raw
    assert read_ended(got.end, ()) == ended
    assert got.text


async def test_a_refusal_is_our_reading_and_the_raw_reason_stays(ask: Asker) -> None:
    said = {"openai": "stop", "openai-responses": "completed", "anthropic": "refusal"}[ask.name]
    got = await ask("fake-refusal-tok5")
    assert (got.end.stop_reason, read_ended(got.end, ("x",))) == (said, "refusal")


async def test_token_limit_is_sent_and_met(ask: Asker) -> None:
    got = await ask("fake-tok50", max_tokens=4)
    assert read_ended(got.end, ()) == "length"
    assert got.usage.output_tokens == 4


async def test_thinking_is_kept_apart_from_the_answer(ask: Asker) -> None:
    for shape in ("fake-reasoning-tok3", "fake-reasoning-tok3-json"):
        got = await ask(shape)
        assert got.reasoning == "Let me think first."
        assert "think first" not in got.text


async def test_nothing_is_sent_that_was_not_set(ask: Asker, fake: FakeProvider) -> None:
    await ask("fake-tok1")
    known = {"model", "messages", "input", "stream", "stream_options", "max_tokens"}
    assert set(fake.requests[-1].body) <= known
    if ask.name != "anthropic":
        assert "max_tokens" not in fake.requests[-1].body


async def test_the_wire_shown_is_the_body_sent_and_holds_no_key(ask: Asker, fake: FakeProvider) -> None:
    settings = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 9, "reasoning_effort": "low"}
    request = ask.request("fake-tok1", system="Be brief.", prefill="Sure", text='h\u00e9 \ud83d \0 "q"', **settings)
    got = await collect(ask.provider, request)
    assert got.error is None
    wire = ask.provider.wire(request)
    sent = fake.requests[-1]
    assert sent.body == wire.body
    assert wire.url.endswith(sent.path)
    assert KEY not in json.dumps([wire.url, dict(wire.headers), wire.body])
    shown = {
        name: value.replace("$OPENAI_API_KEY", KEY).replace("$ANTHROPIC_API_KEY", KEY)
        for name, value in wire.headers.items()
    }
    assert {name: sent.headers[name] for name in shown} == shown
    assert sent.headers["accept-encoding"] == "identity"


async def test_hostile_text_arrives_exactly(ask: Asker) -> None:
    assert (await ask("fake-hostile")).text == HOSTILE


async def test_bad_bytes_are_shown_and_harm_nothing_else(ask: Asker) -> None:
    got = await ask("fake-badutf8-tok20")
    assert got.error is None
    assert "\ufffd" in got.text
    assert read_ended(got.end, ()) == "ended"


async def test_a_huge_reply_arrives(ask: Asker) -> None:
    got = await ask("fake-huge")
    assert len(got.text) == 8 * 1024 * 1024 + len("huge ")


@pytest.mark.parametrize(
    ("model", "kind", "retryable"),
    [
        ("fake-err400", "bad_request", False),
        ("fake-err401", "auth", False),
        ("fake-err403", "auth", False),
        ("fake-err404", "not_found", False),
        ("fake-err408", "timeout", True),
        ("fake-err409", "bad_request", True),
        ("fake-err429", "rate_limit", True),
        ("fake-err500", "server", True),
        ("fake-err502-html", "server", True),
        ("fake-err503-plain", "server", True),
        ("fake-err529-bare", "server", True),
        ("fake-err422-string", "bad_request", False),
        ("fake-redirect", "bad_request", False),
    ],
)
async def test_errors_have_a_kind_and_words_and_never_the_key(
    ask: Asker, model: str, kind: str, retryable: bool
) -> None:
    got = await ask(model)
    assert got.error is not None
    assert (got.error.kind, got.error.retryable) == (kind, retryable)
    assert 3 < len(got.error.message) <= 300
    said = repr(got.error) + str(got.error) + got.error.sentence()
    assert KEY not in said
    assert "<" not in said.replace("<class", "")


async def test_a_refused_key_names_its_variable(ask: Asker) -> None:
    got = await ask("fake-err401")
    assert got.error is not None
    assert "API_KEY" in got.error.hint


@pytest.mark.parametrize(("form", "seconds"), [("ra250", 0.25), ("ras3", 3.0), ("rad9", 9.0)])
async def test_retry_after_in_every_form(ask: Asker, form: str, seconds: float) -> None:
    got = await ask(f"fake-err429-{form}")
    assert got.error is not None
    assert got.error.retry_after == pytest.approx(seconds, abs=2 if form.startswith("rad") else 0.01)
    assert datetime.now(UTC)


async def test_fails_then_answers(ask: Asker, fake: FakeProvider) -> None:
    model = "fake-err503-2-tok3"
    errors = [(await ask(model)).error for _ in range(3)]
    assert [e.kind if e else None for e in errors] == ["server", "server", None]
    assert fake.count(model) == 3


@pytest.mark.parametrize("model", ["fake-cut-tok40", "fake-eof-tok40"])
async def test_a_cut_stream_keeps_its_text(ask: Asker, model: str) -> None:
    got = await ask(model)
    assert got.error is not None
    assert got.error.kind == "cut"
    assert not got.error.retryable
    assert got.text


async def test_an_error_inside_the_stream_keeps_the_text_before_it(ask: Asker) -> None:
    got = await ask("fake-midfail-tok40")
    assert got.error is not None
    assert got.error.kind == "server"
    assert "overloaded" in got.error.message
    assert got.text


async def test_an_answer_without_counts_has_unknown_ones(ask: Asker) -> None:
    got = await ask("fake-nousage-tok3")
    assert got.error is None
    assert (got.usage.input_tokens, got.usage.output_tokens) == (None, None)


async def test_closing_the_iterator_closes_the_connection(ask: Asker, fake: FakeProvider) -> None:
    stream = ask.provider.stream(ask.request("fake-tps50-tok5000"))
    first = await anext(aiter(stream))
    assert first is not None
    await stream.aclose()  # type: ignore[attr-defined]
    await until(lambda: fake.gone == 1 and fake.active == 0)


async def test_cancelling_closes_the_connection_and_leaves_no_task(ask: Asker, fake: FakeProvider) -> None:
    task = asyncio.ensure_future(ask("fake-hang"))
    await until(lambda: fake.active == 1)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    await until(lambda: fake.gone == 1)
    others = [t for t in asyncio.all_tasks() if t is not asyncio.current_task() and "fake_provider" not in repr(t)]
    assert others == []


async def test_connections_are_used_again(ask: Asker, fake: FakeProvider) -> None:
    for _ in range(5):
        assert (await ask("fake-tok3")).error is None
    assert fake.connections == 1


async def test_hundreds_at_once(ask: Asker, fake: FakeProvider) -> None:
    got = await asyncio.gather(*(ask("fake-tok10-ttft600") for _ in range(250)))
    assert all(g.error is None for g in got)
    assert fake.max_active > 200  # a client's usual limit is 100


async def test_models_are_listed_newest_first(ask: Asker) -> None:
    listed = await ask.provider.models()
    assert [m.id for m in listed][:1] != []
    assert {"fake-tok20", "fake-auto"} <= {m.id for m in listed}
