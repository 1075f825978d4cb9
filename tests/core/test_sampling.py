"""The engine, against a provider that plays scripts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from cockpit.core.errors import ProviderError, StoreError, UnknownModel
from cockpit.core.limits import Limits, LimitSettings
from cockpit.core.live import LiveRun
from cockpit.core.models import Price
from cockpit.core.ports import Chunk, Request, TokenLogprob, Usage
from cockpit.core.prompts import single
from cockpit.core.runs import Plan
from cockpit.core.samples import Sample, SampleKey
from cockpit.core.sampling import Event, Finished, Retrying, Started, generate
from tests.core.scripted import END, Scripted, Step, finished, plan, start, until

BUSY = ProviderError("rate_limit", "Too many requests.", status=429, retry_after=0.001)
DOWN = ProviderError("server", "Trouble.", status=500, retry_after=0.001)
CUT = ProviderError("cut", "The stream broke off.")
EIGHT = LimitSettings(start=8, max_concurrency=8)
DEAR = Price(input=0.0, output=1_000_000 / 5)
"""An answer of END's five tokens costs a dollar."""


def tasks() -> int:
    return len(asyncio.all_tasks())


async def test_every_sample_comes_once_with_its_evidence() -> None:
    provider = Scripted()
    the_plan = plan(3, "a", "b")
    live = LiveRun(the_plan)
    samples = await finished(start(the_plan, provider, live=live))
    assert {s.key for s in samples} == set(the_plan.keys())
    one = samples[0]
    assert one.text.startswith(one.model)
    assert (one.ended, one.stop_reason, one.usage, one.request_id) == ("ended", "stop", Usage(10, 5), "r")
    assert one.request_hash == the_plan.cache_digest(one.key)
    assert one.request_body == {"model": one.model}
    assert one.ttft_ms is not None and one.latency_ms is not None and one.ttft_ms <= one.latency_ms
    assert one.created_at.endswith("+00:00")
    assert (live.done, live.failed, live.in_flight, live.finished) == (6, 0, 0, True)
    assert live.samples[one.key].text == one.text
    assert live.samples[one.key].tokens == 5


async def test_breadth_first_within_a_model() -> None:
    provider = Scripted()
    the_plan = Plan(single("{{x}}"), plan(1, "a").targets, inputs=({"x": "1"}, {"x": "2"}), n=2)
    await finished(start(the_plan, provider, limits=Limits({"*": LimitSettings(start=1, max_concurrency=1)})))
    assert [r.messages[0].content for r in provider.requests] == ["1", "2", "1", "2"]


async def test_only_what_is_missing_is_sent() -> None:
    provider = Scripted()
    the_plan = plan(10)
    done = {SampleKey(0, 0, i) for i in range(7)}
    samples = await finished(start(the_plan, provider, done=done))
    assert sorted(s.key.index for s in samples) == [7, 8, 9]
    assert len(provider.requests) == 3


async def test_a_long_plan_has_no_more_tasks_than_streams() -> None:
    seen = []

    def script(number: int, request: Request) -> Sequence[Step]:
        seen.append(tasks())
        return (Chunk("x"), 0.0, END)

    provider = Scripted(script)
    settings = Limits({"*": LimitSettings(start=8, max_concurrency=20)})
    assert len(await finished(start(plan(2000), provider, limits=settings))) == 2000
    assert provider.peak <= 20
    assert max(seen) <= 20 + 4
    assert provider.peak > 8, "it grew while all was well"


async def test_streams_that_have_begun_make_room_for_more_before_they_end() -> None:
    gate = asyncio.Event()
    provider = Scripted(lambda *_: (Chunk("x"), gate, END))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(finished(start(plan(64), provider)))
        await until(lambda: provider.active == 64)
        gate.set()
    assert len(task.result()) == 64


async def test_a_slow_model_does_not_hold_up_a_quick_one() -> None:
    gate = asyncio.Event()

    def script(number: int, request: Request) -> Sequence[Step]:
        return (gate, END) if request.model == "slow" else (Chunk("x"), END)

    samples: list[Sample] = []
    async for event in start(plan(50, "slow", "quick"), Scripted(script)):
        if isinstance(event, Finished):
            samples.append(event.sample)
            if sum(s.model == "quick" for s in samples) == 50:
                gate.set()
    assert [s.model for s in samples[:50]] == ["quick"] * 50
    assert len(samples) == 100


async def test_a_429_is_retried_as_the_server_asked_and_counted_down() -> None:
    provider = Scripted(lambda number, _: (BUSY,) if number <= 2 else (Chunk("x"), END))
    the_plan = plan(1)
    live = LiveRun(the_plan)
    events: list[Event] = []
    async for event in start(the_plan, provider, live=live, clock=lambda: 100.0):
        events.append(event)
        if isinstance(event, Retrying):
            one = live.samples[event.key]
            assert one.retry_at == pytest.approx(100 + event.wait_s)
            assert (one.state, one.retry_reason) == ("retrying", "Too many requests.")
            assert 0.001 <= event.wait_s <= 0.0011
    assert [type(e) for e in events] == [Started, Retrying, Retrying, Finished]
    assert [e.attempt for e in events if isinstance(e, Retrying)] == [2, 3]
    last = events[-1]
    assert isinstance(last, Finished)
    assert (last.sample.text, last.sample.attempts, last.sample.error) == ("x", 3, None)


async def test_a_storm_of_429_cuts_once_and_loses_nothing() -> None:
    limits = Limits({"*": LimitSettings(start=64)})

    def script(number: int, request: Request) -> Sequence[Step]:
        return (0.0, BUSY) if number <= 64 else (Chunk("x"), END)

    samples = await finished(start(plan(64), Scripted(script), limits=limits))
    assert all(s.ok for s in samples) and len(samples) == 64
    assert limits.limiter("here", "m", "fake").limit == 32


async def test_retries_end_and_the_failure_belongs_to_its_sample() -> None:
    provider = Scripted(lambda number, request: (DOWN,) if request.params.seed == 1 else (Chunk("x"), END))
    the_plan = plan(3, max_retries=2)
    seeded = the_plan.targets[0].params.with_value("seed", 0)
    the_plan = replace(the_plan, targets=(replace(the_plan.targets[0], params=seeded),))
    samples = {s.key.index: s for s in await finished(start(the_plan, provider))}
    failed = samples[1]
    assert failed.error is not None
    assert (failed.ended, failed.error.kind, failed.error.status, failed.attempts) == ("error", "server", 500, 3)
    assert samples[0].ok and samples[2].ok


async def test_what_cannot_succeed_is_not_retried() -> None:
    provider = Scripted(lambda *_: (ProviderError("bad_request", "No.", status=400),))
    (sample,) = await finished(start(plan(1), provider))
    assert len(provider.requests) == 1
    assert sample.error is not None and sample.error.kind == "bad_request"
    assert sample.cost_usd == 0.0


async def test_a_wait_longer_than_the_deadline_is_not_begun() -> None:
    long = ProviderError("rate_limit", "Quota used up.", retry_after=3600.0)
    before = time.monotonic()
    samples = await finished(start(plan(5, deadline_s=5.0), Scripted(lambda *_: (long,))))
    assert time.monotonic() - before < 2
    assert all(s.error is not None and s.error.kind == "rate_limit" for s in samples)
    assert samples[0].error is not None and "3600 s" in samples[0].error.hint


async def test_a_refused_key_stops_its_own_column_after_the_first_answers() -> None:
    provider = Scripted(
        lambda number, request: (0.0, ProviderError("auth", "Key refused.")) if request.model == "a" else (END,)
    )
    samples = await finished(start(plan(100, "a", "b"), provider))
    assert len(samples) == 200
    assert Counter(s.model for s in samples if s.ok) == {"b": 100}
    assert Counter(r.model for r in provider.requests)["a"] <= 8
    assert all(s.error is not None and s.error.kind == "auth" for s in samples if s.model == "a")


async def test_an_unknown_provider_is_its_columns_failure() -> None:
    def providers(name: str) -> Any:
        raise UnknownModel("There is no provider 'fake'.", hint="Known: local.")

    the_plan = plan(1)
    events = generate(the_plan, providers, live=LiveRun(the_plan), limits=Limits())
    (sample,) = await finished(events)
    assert sample.error is not None and (sample.error.kind, sample.error.hint) == ("not_found", "Known: local.")


async def test_a_cut_stream_keeps_its_partial_text() -> None:
    provider = Scripted(lambda *_: (Chunk("half an", usage=Usage(10)), Chunk(" ans"), CUT))
    (sample,) = await finished(start(plan(1, price=DEAR), provider))
    assert sample.error is not None
    assert (sample.text, sample.ended, sample.error.kind) == ("half an ans", "error", "cut")
    assert sample.usage == Usage(10)
    assert sample.cost_usd is None, "what was billed for half an answer is not known"
    assert len(provider.requests) == 1


async def test_the_longest_partial_survives_when_all_retries_fail() -> None:
    scripts: list[Sequence[Step]] = [
        (Chunk("short"), DOWN),
        (Chunk("the longest partial"), DOWN),
        (Chunk("mid one"), DOWN),
        (DOWN,),
    ]
    the_plan = plan(1, max_retries=3)
    live = LiveRun(the_plan)
    (sample,) = await finished(start(the_plan, Scripted(lambda number, _: scripts[number - 1]), live=live))
    assert (sample.text, sample.attempts) == ("the longest partial", 4)
    assert live.samples[sample.key].text == "the longest partial"


async def test_a_retry_shows_the_old_partial_until_it_yields() -> None:
    gate, more = asyncio.Event(), asyncio.Event()
    scripts: list[Sequence[Step]] = [(Chunk("old"), DOWN), (gate, Chunk("new"), more, END)]
    the_plan = plan(1)
    live = LiveRun(the_plan)
    provider = Scripted(lambda number, _: scripts[number - 1])
    one = live.samples[SampleKey(0, 0, 0)]
    async with asyncio.TaskGroup() as group:
        task = group.create_task(finished(start(the_plan, provider, live=live)))
        await until(lambda: len(provider.requests) == 2)
        assert (one.state, one.text) == ("sending", "old")
        gate.set()
        await until(lambda: one.state == "streaming")
        assert one.text == "new"
        more.set()
    assert [s.text for s in task.result()] == ["new"]


async def test_a_hang_ends_at_the_deadline_with_what_came() -> None:
    provider = Scripted(lambda *_: (Chunk("so far"), 1000.0))
    (sample,) = await finished(start(plan(1, deadline_s=0.05), provider))
    assert sample.error is not None
    assert (sample.error.kind, sample.text) == ("timeout", "so far")
    assert provider.closed == 1


async def test_a_bug_in_an_adapter_costs_one_sample_and_tells_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    provider = Scripted(lambda number, _: (ValueError("Bearer sk-secret"),) if number == 1 else (Chunk("x"), END))
    with caplog.at_level(logging.ERROR):
        samples = await finished(start(plan(3), provider))
    (bug,) = [s for s in samples if s.error]
    assert bug.error is not None and (bug.error.kind, bug.error.message) == ("bug", "ValueError in the adapter.")
    assert "ValueError" in caplog.text and "sk-secret" not in caplog.text + repr(samples)


async def test_cancel_keeps_partials_ends_at_once_and_leaves_no_task() -> None:
    the_plan = plan(100, "a", "b")
    live = LiveRun(the_plan)
    provider = Scripted(lambda *_: (Chunk("partial"), 1000.0))
    before = tasks()
    samples: list[Sample] = []
    began = 0.0
    async for event in start(the_plan, provider, live=live, limits=Limits({"*": EIGHT})):
        if isinstance(event, Finished):
            samples.append(event.sample)
        elif provider.active == 16 and not live.cancelled:
            await until(lambda: sum(s.state == "streaming" for s in live.samples.values()) == 16)
            began = time.monotonic()
            live.cancel()
    assert time.monotonic() - began < 0.1
    assert tasks() == before and provider.active == 0
    assert len(samples) == 16
    assert {(s.ended, s.text, s.error) for s in samples} == {("cancelled", "partial", None)}
    assert live.in_flight == 0 and live.finished


@pytest.mark.parametrize("way", ["close", "cancel"])
async def test_leaving_the_iterator_leaves_no_task_and_keeps_what_came(way: str) -> None:
    provider = Scripted(lambda *_: (Chunk("partial"), 1000.0))
    kept: list[Sample] = []
    before = tasks()

    async def use() -> None:
        async with aclosing(start(plan(30), provider, keep=kept.append, limits=Limits({"*": EIGHT}))) as events:  # type: ignore[type-var]
            async for _ in events:
                await until(lambda: provider.active == 8)
                if way == "close":
                    return

    async with asyncio.TaskGroup() as group:
        task = group.create_task(use())
        if way == "cancel":
            await until(lambda: provider.active == 8)
            task.cancel()
    assert tasks() == before and provider.active == 0
    assert len(kept) == 8
    assert all(s.ended == "cancelled" for s in kept)


async def test_one_sample_can_be_cancelled_on_its_way_waiting_or_never() -> None:
    gate = asyncio.Event()
    provider = Scripted(lambda *_: (Chunk("x"), gate, END))
    the_plan = plan(20)
    live = LiveRun(the_plan)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(finished(start(the_plan, provider, live=live, limits=Limits({"*": EIGHT}))))
        await until(lambda: provider.active == 8)
        live.cancel_sample(SampleKey(0, 0, 3))
        live.cancel_sample(SampleKey(0, 0, 19))
        live.cancel_sample(SampleKey(0, 0, 19))
        await until(lambda: live.done == 2)
        gate.set()
    ended = {s.key.index: (s.ended, s.text, s.attempts) for s in task.result()}
    assert ended[3] == ("cancelled", "x", 1)
    assert ended[19] == ("cancelled", "", 0)
    assert len(ended) == 20 and sum(e[0] == "ended" for e in ended.values()) == 18


async def test_a_cancelled_retry_wait_keeps_the_partial() -> None:
    slow = ProviderError("server", "Trouble.", retry_after=100.0)
    the_plan = plan(1)
    live = LiveRun(the_plan)
    samples = []
    async for event in start(the_plan, Scripted(lambda *_: (Chunk("kept"), slow)), live=live):
        if isinstance(event, Retrying):
            live.cancel()
        if isinstance(event, Finished):
            samples.append(event.sample)
    assert [(s.ended, s.text) for s in samples] == [("cancelled", "kept")]


@pytest.mark.parametrize("n", [20, 2000])
async def test_the_cap_is_used_up_and_never_passed(n: int) -> None:
    the_plan = plan(n, price=DEAR, cap_usd=7.0)
    live = LiveRun(the_plan)
    samples = await finished(start(the_plan, Scripted(lambda *_: (Chunk("x"), 0.0, END)), live=live))
    assert len(samples) == 7
    assert live.capped and live.finished
    assert live.spent_usd == pytest.approx(7.0)


async def test_answers_whose_cost_stays_unknown_count_as_guessed() -> None:
    the_plan = plan(20, price=DEAR, cap_usd=3.0)
    limited = replace(the_plan.targets[0], params=the_plan.targets[0].params.with_value("max_tokens", 5))
    the_plan = replace(the_plan, targets=(limited,))
    samples = await finished(start(the_plan, Scripted(lambda *_: (Chunk("x"), CUT))))
    assert [sample.cost_usd for sample in samples] == [None] * 3


async def test_a_resumed_run_counts_what_was_spent_before() -> None:
    the_plan = plan(5, price=Price(0.0, 0.0001), cap_usd=2.0)
    live = LiveRun(the_plan)
    live.load([Sample(0, SampleKey(0, 0, 0), "m", text="x", ended="ended", cost_usd=3.0)])
    assert await finished(start(the_plan, Scripted(), live=live, done={SampleKey(0, 0, 0)})) == []
    assert live.capped


async def test_a_cap_says_which_models_it_cannot_hold() -> None:
    the_plan = plan(3, cap_usd=1.0)
    live = LiveRun(the_plan)
    assert len(await finished(start(the_plan, Scripted(), live=live))) == 3
    assert live.uncapped == ("m",) and live.spent_unknown == 3


async def test_earlier_answers_are_used_and_cost_nothing() -> None:
    the_plan = plan(300)
    old = Sample(1, SampleKey(4, 5, 6), "alias", text="old", ended="ended", cost_usd=1.0, id=9)
    asked: list[int] = []

    def cached(pairs: list[tuple[str, int]]) -> dict[tuple[str, int], Sample]:
        asked.append(len(pairs))
        return {(digest, index): old for digest, index in pairs if index < 290}

    provider = Scripted()
    samples = await finished(start(the_plan, provider, cached=cached))
    hits = [s for s in samples if s.cached]
    assert (len(hits), len(provider.requests), len(samples)) == (290, 10, 300)
    assert {(s.text, s.cost_usd, s.id, s.model) for s in hits} == {("old", 0.0, None, "m")}
    assert {s.key for s in samples} == set(the_plan.keys())
    assert len(asked) == 2, "asked in bulk"
    fresh = plan(3, fresh=True)
    assert not any(s.cached for s in await finished(start(fresh, provider, cached=cached)))


async def test_a_cache_that_cannot_be_read_is_told() -> None:
    def broken(_: list[tuple[str, int]]) -> dict[tuple[str, int], Sample]:
        raise StoreError("The database is damaged.")

    before = tasks()
    with pytest.raises(StoreError, match="damaged"):
        await finished(start(plan(3), Scripted(), cached=broken))
    assert tasks() == before


async def test_a_slow_reader_does_not_pile_up_cached_answers() -> None:
    old = Sample(1, SampleKey(0, 0, 0), "m", text="old", ended="ended")
    asked: list[int] = []

    def cached(pairs: list[tuple[str, int]]) -> dict[tuple[str, int], Sample]:
        asked.append(len(pairs))
        return dict.fromkeys(pairs, old)

    async with aclosing(start(plan(20_000), Scripted(), cached=cached)) as events:  # type: ignore[type-var]
        await anext(events)
        for _ in range(200):
            await asyncio.sleep(0)
        assert sum(asked) <= 2048


async def test_reasoning_logprobs_and_usage_are_merged_over_chunks() -> None:
    script = (
        Chunk(usage=Usage(input_tokens=7), request_id="id"),
        Chunk(reasoning="think "),
        Chunk(reasoning="more", logprobs=(TokenLogprob("a", -1.0),)),
        Chunk("a", logprobs=(TokenLogprob("b", -2.0),)),
        Chunk("b", stop="\n\n", stop_reason="stop_sequence"),
        Chunk(usage=Usage(output_tokens=3)),
    )
    (sample,) = await finished(start(plan(1), Scripted(lambda *_: script)))
    assert (sample.reasoning, sample.text, sample.usage) == ("think more", "ab", Usage(7, 3))
    assert [t.token for t in sample.logprobs] == ["a", "b"]
    assert (sample.ended, sample.stop, sample.stop_reason) == ("stop", "\n\n", "stop_sequence")
    assert sample.request_id == "id"


async def test_what_was_whole_when_cancelled_is_a_whole_answer() -> None:
    the_plan = plan(1)
    live = LiveRun(the_plan)
    samples: list[Sample] = []
    async for event in start(the_plan, Scripted(lambda *_: (Chunk("all"), END, 1000.0)), live=live):
        if isinstance(event, Finished):
            samples.append(event.sample)
        else:
            await until(lambda: live.samples[SampleKey(0, 0, 0)].tokens > 0)
            await asyncio.sleep(0)
            live.cancel()
    assert [(s.ended, s.text, s.ok) for s in samples] == [("ended", "all", True)]


async def test_loading_before_and_waiting_after_an_answer_are_not_its_time() -> None:
    now = [0.0]

    class Slow(Scripted):
        async def ready(self, model: str) -> None:
            now[0] += 100.0

    async def closing() -> None:
        now[0] += 1000.0

    def script(number: int, request: Request) -> Sequence[Step]:
        now[0] += 1.0
        return (Chunk("a"), END)

    provider = Slow(script)
    stream = provider.stream

    async def with_a_slow_end(request: Request) -> AsyncIterator[Chunk]:
        async for chunk in stream(request):
            yield chunk
        await closing()

    provider.stream = with_a_slow_end  # type: ignore[method-assign]
    (sample,) = await finished(start(plan(1), provider, clock=lambda: now[0]))
    assert (sample.ttft_ms, sample.latency_ms) == (1000.0, 1000.0)


async def test_times_are_those_of_the_try_that_answered() -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 1.0
        return now[0]

    (sample,) = await finished(start(plan(1), Scripted(lambda *_: (Chunk("a"), Chunk("b"), END)), clock=clock))
    assert sample.ttft_ms is not None and sample.latency_ms is not None
    assert 0 < sample.ttft_ms < sample.latency_ms
    for a, b in pairwise([0.0, sample.ttft_ms, sample.latency_ms]):
        assert b > a
