"""One sample on the whole screen: what is shown of it, what is copied, what is marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.core.live import LiveSample
from cockpit.core.ports import Chunk
from cockpit.core.samples import SampleKey
from cockpit.screens.sample import SampleAction, SampleScreen
from cockpit.screens.sample_facts import FactsPanel
from cockpit.screens.sample_texts import MarkdownView
from cockpit.screens.sample_view import facts, step
from cockpit.services import Services
from cockpit.store import samples
from tests.screens.opened_host import HOSTILE, NOW, HostApp, World, fill, make_services, sample_of, until
from widgets.plain import Plain
from widgets.text_view import TextView


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path, env={"OPENAI_API_KEY": "sk-secret-value"})


def with_text(services: Services, world: World, text: str, model: str = "") -> int:
    found = (samples.get_plain(services.store.read(), i) for i in world.sample_ids)
    return next(s.id or 0 for s in found if s.text == text and model in s.model)


def shown(app: HostApp) -> str:
    return app.screen.query_one("#text", TextView).text


async def test_hostile_text_is_shown_and_copied_exactly(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    target = with_text(services, world, HOSTILE)
    app = HostApp(services, tmp_path, lambda s: SampleScreen(s, target, None, world.sample_ids))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.screen.query("#text") and shown(app) == HOSTILE)
        await pilot.press("y")
        assert app.yanked == [HOSTILE]


async def test_brackets_step_through_the_neighbours(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    ids = world.sample_ids
    texts = [samples.get_plain(services.store.read(), i).text for i in ids]
    first = next(i for i in range(len(ids) - 1) if texts[i] and texts[i + 1] and texts[i] != texts[i + 1])
    app = HostApp(services, tmp_path, lambda s: SampleScreen(s, ids[first], None, ids))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("#text") and shown(app) == texts[first])
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: shown(app) == texts[first + 1])
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: shown(app) == texts[first])


async def test_reasoning_is_folded_until_asked_for(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    rows = (samples.get_plain(services.store.read(), i) for i in world.sample_ids)
    sample = next(s for s in rows if s.reasoning)
    app = HostApp(services, tmp_path, lambda s: SampleScreen(s, sample.id))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("#text") and shown(app) == sample.text)
        reasoning = app.screen.query_one("#reasoning", TextView)
        assert not reasoning.display
        await pilot.press("r")
        await until(pilot, lambda: reasoning.display and reasoning.text == sample.reasoning)


async def test_the_request_is_copied_as_curl_without_the_key(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    target = with_text(services, world, "ANSWER", "openai")
    app = HostApp(services, tmp_path, lambda s: SampleScreen(s, target))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("#text") and shown(app) == "ANSWER")
        await pilot.press("Y")
        await pilot.press("equals_sign")
        await until(pilot, lambda: "messages" in shown(app))
        assert "curl" in app.yanked[0]
        assert "$OPENAI_API_KEY" in app.yanked[0]
        assert "sk-secret-value" not in app.yanked[0] + shown(app)
        assert "Is the reply a refusal?" in app.yanked[0], "the stored body is what is copied"


async def test_gold_tag_and_note_are_stored(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    target = world.sample_ids[0]
    app = HostApp(services, tmp_path, lambda s: SampleScreen(s, target))
    row = lambda: samples.get_sample(services.store.read(), target)  # noqa: E731
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("#text") and shown(app))
        for key, verdict in (("g", "gold"), ("0", None)):
            await pilot.press("asterisk")
            await until(pilot, lambda: app.screen.is_modal)
            await pilot.press(key)
            await until(pilot, lambda: not app.screen.is_modal and row().verdict == verdict)  # noqa: B023
        for key, word in (("t", "odd"), ("n", "why")):
            await pilot.press(key)
            await until(pilot, lambda: app.screen.is_modal)
            await pilot.press(*word, "enter")
            await until(pilot, lambda: not app.screen.is_modal)
        await until(pilot, lambda: row().tags == ("odd",) and row().note == "why")
        await pilot.press("e")
        await until(pilot, lambda: app.results)
        assert app.results == [SampleAction("continue", target)]


async def test_a_failed_sample_says_why_and_what_to_do(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    rows = (samples.get_plain(services.store.read(), i) for i in world.sample_ids)
    failed = next(s.id for s in rows if s.error)
    app = HostApp(services, tmp_path, lambda s: SampleScreen(s, failed))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("#text") and "Too many requests." in shown(app))
        words = str(app.screen.query_one(FactsPanel).query_one(Plain).content)
        assert "failed: rate limit" in words
        assert "HTTP 429" in shown(app)


async def test_a_streaming_sample_grows_and_then_shows_its_facts(services: Services, tmp_path: Path) -> None:
    key = SampleKey(0, 0, 0)
    live = LiveSample(key)
    live.state = "streaming"
    app = HostApp(services, tmp_path, lambda s: SampleScreen(s, None, live))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("#text"))
        for piece in ("Hel", "lo"):
            live.parts.append(Chunk(text=piece).text)
            live.version += 1
        await until(pilot, lambda: shown(app) == "Hello")
        live.sample = sample_of(1, key, "Hello.", ended="length", stop_reason="length")
        live.version += 1
        await until(pilot, lambda: shown(app) == "Hello.")
        assert "cut off" in str(app.screen.query_one(FactsPanel).query_one(Plain).content)


async def test_markdown_is_rendered_and_hostile_text_survives_it(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    target = with_text(services, world, HOSTILE)
    app = HostApp(services, tmp_path, lambda s: SampleScreen(s, target))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.screen.query("#text") and shown(app))
        await pilot.press("m")
        await until(pilot, lambda: app.screen.query(MarkdownView) and not app.screen.query_one("#text").display)
        await pilot.press("m")
        await until(pilot, lambda: not app.screen.query(MarkdownView) and app.screen.query_one("#text").display)
        await pilot.press("y")
        assert app.yanked == [HOSTILE]


async def test_finding_steps_with_n_and_gives_n_back(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    target = with_text(services, world, "REFUSAL")
    app = HostApp(services, tmp_path, lambda s: SampleScreen(s, target))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("#text") and shown(app))
        await pilot.press("slash")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press(*"fus", "enter")
        await until(pilot, lambda: not app.screen.is_modal and "1 found" in subtitle(app))
        await pilot.press("n")
        await pilot.pause()
        assert not app.screen.is_modal, "n steps through what was found"


def subtitle(app: HostApp) -> str:
    return str(app.screen.query_one("#text").border_subtitle)


def test_unknown_is_said_and_never_zero() -> None:
    sample = sample_of(1, SampleKey(0, 0, 0), "x", cost_usd=None, latency_ms=None, ttft_ms=None)
    known = {fact.name: fact.value for fact in facts(sample, n=1, inputs=1, now=NOW)}
    assert known["cost"] == "unknown"
    assert known["speed"] == "unknown"
    assert known["stop reason"] == '"stop"', "raw, as the API spelled it"


def test_stepping_ends_at_the_ends() -> None:
    assert step((4, 5), 5, 1) is None
    assert step((4, 5), 5, -1) == 4
    assert step((), 5, 1) is None
