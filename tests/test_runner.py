"""The use cases around a run, with the real providers over loopback and a real database."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cockpit.config import Config
from cockpit.core.errors import PlanError, StoreError
from cockpit.core.limits import Limits, LimitSettings
from cockpit.core.live import LiveRun
from cockpit.core.params import Params
from cockpit.core.prompts import Message, Version, single
from cockpit.core.runs import Plan
from cockpit.core.samples import Sample, SampleKey
from cockpit.core.sampling import Finished
from cockpit.runner import Draft, fly, launch, prepare, resume, top_up
from cockpit.services import Services, close_services, open_services
from cockpit.store import runs, samples
from tests.fake_provider import FakeProvider, text_model


@pytest_asyncio.fixture
async def services(fake: FakeProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Services]:
    for name, value in fake.env().items():
        monkeypatch.setenv(name, value)
    opened = open_services(Config(), tmp_path / "cockpit.db")
    yield opened
    await close_services(opened)


def draft(*models: str, **settings: Any) -> Draft:
    settings.setdefault("version", single("Say hi."))
    return Draft(models=models or ("openai:fake-tok5",), **settings)


async def flown(services: Services, plan: Plan, live: LiveRun, **more: Any) -> list[Sample]:
    return [e.sample async for e in fly(services, plan, live, **more) if isinstance(e, Finished)]


async def sent(services: Services, a_draft: Draft) -> tuple[Plan, LiveRun, list[Sample]]:
    plan, live = await launch(services, a_draft)
    return plan, live, await flown(services, plan, live)


async def test_a_run_is_stored_before_it_is_sent_and_its_samples_before_they_are_told(
    services: Services, fake: FakeProvider, tmp_path: Path
) -> None:
    plan, live = await launch(services, draft("openai:fake-tok5", "anthropic:fake-tok5", n=3))
    assert plan.run_id and fake.total == 0
    other = sqlite3.connect(tmp_path / "cockpit.db")
    assert other.execute("SELECT n FROM run").fetchone() == (3,)
    async for event in fly(services, plan, live):
        if isinstance(event, Finished):
            row = other.execute("SELECT run_id FROM sample WHERE id = ?", (event.sample.id,)).fetchone()
            assert row == (plan.run_id,)
    other.close()
    stored = samples.run_samples(services.store.read(), plan.run_id)
    assert len(stored) == 6 and all(s.ok for s in stored)
    assert {s.key: s.id for s in stored} == live.ids
    assert runs.get_run(services.store.read(), plan.run_id).finished_at is not None


async def test_what_belongs_to_a_run_is_stored_with_it_or_neither_is(services: Services, fake: FakeProvider) -> None:
    def note(db: sqlite3.Connection, run_id: int) -> None:
        db.execute("INSERT INTO setting (key, value) VALUES ('noted', ?)", (str(run_id),))

    def fail(db: sqlite3.Connection, run_id: int) -> None:
        note(db, run_id)
        raise StoreError("There is no such set.")

    with pytest.raises(StoreError):
        await launch(services, draft(), fail)
    assert not runs.list_runs(services.store.read(), 1)
    plan, _ = await launch(services, draft(), note)
    noted = services.store.read().execute("SELECT value FROM setting WHERE key = 'noted'").fetchall()
    assert noted == [(str(plan.run_id),)]


async def test_four_models_by_eight_samples_every_token_arrives(services: Services, fake: FakeProvider) -> None:
    protocols = ("openai", "openai-responses", "anthropic", "openai")
    models = [f"{protocol}:fake-tps100-tok60-ttft{n}" for n, protocol in enumerate(protocols)]
    _, live, found = await sent(services, draft(*models, n=8))
    assert Counter(s.model for s in found) == dict.fromkeys(models, 8)
    assert all(s.ok and s.usage.output_tokens == 60 and len(s.text.split()) == 60 for s in found)
    assert all(s.ttft_ms is not None and s.latency_ms is not None and s.ttft_ms < s.latency_ms for s in found)
    assert fake.max_active == 32 and live.failed == 0


async def test_the_same_again_comes_from_the_cache_and_more_sends_the_difference(
    services: Services, fake: FakeProvider
) -> None:
    await sent(services, draft(n=8))
    _, live, found = await sent(services, draft(n=16))
    assert fake.total == 16
    assert Counter(s.cached for s in found) == {True: 8, False: 8}
    assert all(s.id is not None for s in found) and live.done == 16
    await sent(services, draft(n=2, fresh=True))
    assert fake.total == 18


async def test_top_up_sends_only_the_difference(services: Services, fake: FakeProvider) -> None:
    plan, _, _ = await sent(services, draft("openai:fake-tok5", "openai:fake-err400", n=2))
    before = fake.total
    plan, live, done = await top_up(services, plan.run_id, 3)
    assert (plan.n, live.done, live.total, len(done)) == (5, 4, 10, 4)
    await flown(services, plan, live, done=done)
    assert fake.total == before + 6
    assert len(samples.run_samples(services.store.read(), plan.run_id)) == 10


async def test_resume_sends_failed_ones_again_and_keeps_the_good(services: Services, fake: FakeProvider) -> None:
    plan, live, _ = await sent(services, draft("openai:fake-cut", "openai:fake-tok3", n=2))
    assert live.failed == 2
    plan, live, done = await resume(services, plan.run_id)
    assert done == {SampleKey(1, 0, 0), SampleKey(1, 0, 1)}
    assert plan.targets[0].capabilities == services.catalog.capabilities("openai", "fake-cut")
    found = await flown(services, plan, live, done=done)
    assert {s.model for s in found} == {"openai:fake-cut"}
    assert fake.count("fake-tok3") == 2 and fake.count("fake-cut") == 4


@pytest.mark.parametrize("provider", ["openai", "openai-responses", "anthropic"])
@pytest.mark.parametrize(
    ("model", "kind", "partial"),
    [("fake-cut-tok20", "cut", True), ("fake-stall5", "timeout", True), ("fake-hang", "timeout", False)],
)
async def test_a_broken_stream_keeps_what_came(
    services: Services, provider: str, model: str, kind: str, partial: bool
) -> None:
    _, _, (sample,) = await sent(services, draft(f"{provider}:{model}", deadline_s=0.4))
    assert sample.error is not None
    assert (sample.ended, sample.error.kind, bool(sample.text)) == ("error", kind, partial)
    assert samples.get_sample(services.store.read(), sample.id or 0).sample.text == sample.text


@pytest.mark.parametrize("wait", ["ra30", "rasd"])
async def test_429_is_waited_out(services: Services, fake: FakeProvider, wait: str) -> None:
    model = "fake-err429-2-ra30-tok3" if wait == "ra30" else "fake-err429-1-rad1-tok3"
    _, _, found = await sent(services, draft(f"openai:{model}", n=4))
    assert all(s.ok for s in found)
    assert fake.answered[model] >= 4 and fake.count(model) > 4


async def test_no_key_and_no_network_fail_their_columns_only(
    services: Services, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.delenv("ANTHROPIC_BASE_URL")
    other = open_services(Config(), tmp_path / "other.db")
    _, _, found = await sent(other, draft("anthropic:claude-sonnet-4-5", "openai:fake-tok3", n=5, max_retries=0))
    by_model = {model: [s for s in found if s.model == model] for model in {s.model for s in found}}
    assert all(s.ok for s in by_model["openai:fake-tok3"])
    for one in by_model["anthropic:claude-sonnet-4-5"]:
        assert one.error is not None and one.error.kind == "no_key" and "ANTHROPIC_API_KEY" in str(one.error)
    await close_services(other)


async def test_cancel_is_quick_leaves_no_task_and_stores_partials(services: Services, fake: FakeProvider) -> None:
    await sent(services, draft("openai:fake-tok1"))
    before = len(asyncio.all_tasks())
    plan, live = await launch(services, draft("openai:fake-tps50-tok500", n=8))
    found = []
    began = 0.0
    async for event in fly(services, plan, live):
        if isinstance(event, Finished):
            found.append(event.sample)
        if not live.cancelled:
            async with asyncio.timeout(5):
                while sum(s.state == "streaming" for s in live.samples.values()) < 8:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            live.cancel()
            began = time.monotonic()
            async with asyncio.timeout(0.1):
                while live.in_flight:  # noqa: ASYNC110
                    await asyncio.sleep(0)
    assert began
    stored = samples.run_samples(services.store.read(), plan.run_id)
    assert [s.ended for s in stored] == ["cancelled"] * 8 and all(s.text for s in stored)
    assert {s.id for s in found} == {s.id for s in stored}
    async with asyncio.timeout(2):
        while fake.active or len(asyncio.all_tasks()) > before:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert [r.id for r in runs.unfinished_runs(services.store.read())] == [plan.run_id]


async def test_closing_the_iterator_still_saves_what_came(services: Services) -> None:
    plan, live = await launch(services, draft("openai:fake-tps50-tok500", n=4))
    async with aclosing(fly(services, plan, live)) as events:  # type: ignore[type-var]
        async for _ in events:
            async with asyncio.timeout(5):
                while sum(s.state == "streaming" for s in live.samples.values()) < 4:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            break
    await services.store.flush()
    assert [s.ended for s in samples.run_samples(services.store.read(), plan.run_id)] == ["cancelled"] * 4


async def test_a_database_that_stops_taking_samples_is_told_and_nothing_is_forgotten(services: Services) -> None:
    plan, live = await launch(services, draft("openai:fake-tok5", n=200))
    locker = sqlite3.connect(services.store.path, isolation_level=None)
    broken = "CREATE TRIGGER full BEFORE INSERT ON sample BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
    locker.execute(broken)
    locker.close()
    with pytest.raises(StoreError):
        await flown(services, plan, live)
    whole = [s for s in live.samples.values() if s.sample is not None]
    assert whole and all(s.text for s in whole)
    assert live.halted and live.done < 200, "no more is paid for than can be kept"


def test_prepare_says_everything_that_is_wrong_at_once(tmp_path: Path) -> None:
    services = open_services(Config(), tmp_path / "cockpit.db")
    bad = draft("nowhere:x", "plain", version=single("{{a}}"), inputs=({"a": "1"}, {}, {}), n=0)
    with pytest.raises(PlanError) as error:
        prepare(services, bad)
    for words in ("nowhere", "plain", "n must be", "{{a}} in rows 2, 3"):
        assert words in error.value.message
    with pytest.raises(PlanError, match="nothing to send"):
        prepare(services, draft(version=Version(system="x")))
    services.store.close()


def test_a_sweep_is_columns_beside_each_other(tmp_path: Path) -> None:
    services = open_services(Config(aliases={"small": "openai:fake-x"}), tmp_path / "cockpit.db")
    sweep = {"temperature": (0.0, 1.0), "top_p": (0.5, 1.0)}
    plan = prepare(services, draft("small", "openai:fake-y", sweep=sweep, params=Params(max_tokens=9)))
    assert [t.title for t in plan.targets[:4]] == [
        "small · temperature 0, top_p 0.5",
        "small · temperature 0, top_p 1",
        "small · temperature 1, top_p 0.5",
        "small · temperature 1, top_p 1",
    ]
    assert len(plan.targets) == 8 and plan.targets[1].params == Params(0.0, 1.0, 9)
    services.store.close()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"models": ("anthropic:claude-opus-5", "openai:gpt-5"), "sweep": {"temperature": (0.0, 1.0)}}, "sweep varies"),
        ({"models": ("openai:x", "openai:x")}, "openai:x is there twice"),
        ({"models": ("openai:x", "small")}, "small is the same as openai:x"),
        ({"sweep": {"seed": (1, 1)}}, "there twice"),
        ({"version": single("{{examples}} x"), "inputs": ({"examples": "mine"},)}, "{{examples}}"),
    ],
)
def test_columns_and_inputs_that_would_mislead_are_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    services = open_services(Config(aliases={"small": "openai:x"}), tmp_path / "cockpit.db")
    misleading = replace(draft("openai:x", unsupported="leave out"), **changes)
    with pytest.raises(PlanError) as error:
        prepare(services, misleading)
    assert words in error.value.message
    both = draft("openai:x", "openai-responses:x")
    assert len(prepare(services, both).targets) == 2
    services.store.close()


async def test_seeds_differ_by_sample_and_are_recorded(services: Services, fake: FakeProvider) -> None:
    _, _, found = await sent(services, draft(n=3, params=Params(seed=5)))
    assert sorted(s.request_body["seed"] for s in found) == [5, 6, 7]
    assert len({s.request_hash for s in found}) == 1


async def test_inputs_and_hostile_text_arrive_exactly(services: Services) -> None:
    nasty = "[/] [bold \x1b]52;c;aGk=\x07 \u202eRTL \x00 {{b}}"
    version = Version(messages=(Message("user", "{{a}}"),))
    _, _, found = await sent(services, draft(f"openai:{text_model(nasty)}", version=version, inputs=({"a": nasty},)))
    (sample,) = found
    assert sample.text == nasty
    assert sample.request_body["messages"][0]["content"] == nasty
    assert samples.get_sample(services.store.read(), sample.id or 0).sample.text == nasty


async def test_limits_of_the_config_hold(fake: FakeProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in fake.env().items():
        monkeypatch.setenv(name, value)
    config = Config(limits={"openai:fake-tok3-ttft5": LimitSettings(start=2, max_concurrency=2)})
    services = open_services(config, tmp_path / "cockpit.db")
    await sent(services, draft("openai:fake-tok3-ttft5", n=20))
    assert fake.max_active == 2
    await close_services(services)


def test_opening_loads_nothing_heavy() -> None:
    code = (
        "import cockpit.runner, sys; print([m for m in ('httpx', 'aiohttp', 'openai', 'textual') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_limits_are_kept_between_runs() -> None:
    limits = Limits()
    assert limits.limiter("e", "m", "p") is limits.limiter("e", "m", "p")
