"""How many requests may be on the wire, and when."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.limits import (
    COOL_DOWN_S,
    PAUSE_S,
    Adaptive,
    Bucket,
    Limiter,
    Limits,
    LimitSettings,
    backoff,
    retry_after_seconds,
)
from tests.core.scripted import until

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "50", "retry-after": "9"}, 0.05),
        ({"Retry-After": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 90.0),
        ({"Retry-After": format_datetime(NOW - timedelta(seconds=90), usegmt=True)}, 0.0),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "Wed, 02 Jan 2030 03:04:15"}, 10.0),
        ({"retry-after-ms": "x", "retry-after": "4"}, 4.0),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers, NOW) == seconds


@given(st.integers(1, 10_000), st.integers())
def test_backoff_grows_and_stays_bounded(attempt: int, seed: int) -> None:
    wait = backoff(attempt, random.Random(seed))
    assert 0.375 <= wait <= 37.5


@given(st.integers(1, 600), st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_a_bucket_never_lets_more_than_its_rate_through_in_any_minute(rpm: int, gaps: list[float]) -> None:
    bucket, now, sent = Bucket(rpm, 0.0), 0.0, []
    for gap in gaps:
        now += gap
        now += bucket.wait(1, now)
        bucket.take(1, now)
        sent.append(now)
    for at in sent:
        assert sum(at <= other < at + 59.999 for other in sent) <= rpm


@given(st.floats(10, 1e6), st.lists(st.tuples(st.floats(0, 5), st.floats(0, 2e6), st.floats(0, 2e6)), max_size=50))
def test_a_bucket_always_gives_in_the_end_and_never_overflows(
    tpm: float, steps: list[tuple[float, float, float]]
) -> None:
    bucket, now = Bucket(tpm, 0.0), 0.0
    for gap, guess, used in steps:
        now += gap
        now += bucket.wait(guess, now)
        assert bucket.wait(guess, now) < 1e-3
        bucket.take(guess, now)
        bucket.settle(guess, used)
        assert bucket.level <= bucket.capacity
        now += bucket.wait(0, now)


def test_what_was_really_used_is_what_counts() -> None:
    bucket = Bucket(600, 0.0)
    bucket.take(60, 0.0)
    bucket.settle(60, 10)
    assert bucket.wait(50, 0.0) == 0
    bucket.settle(0, 50)
    assert bucket.wait(50, 0.0) > 0


@given(
    st.integers(1, 50),
    st.integers(1, 200),
    st.lists(st.tuples(st.sampled_from(["ok", "busy", "down"]), st.floats(0, 20), st.integers(0, 3))),
)
def test_the_limit_stays_between_one_and_its_maximum(start: int, top: int, steps: list[tuple[str, float, int]]) -> None:
    adaptive, now = Adaptive(start, top), 0.0
    for outcome, gap, back in steps:
        now += gap
        before = adaptive.limit
        if outcome == "busy":
            adaptive.busy(adaptive.epoch - back, now)
            assert adaptive.limit <= before
        elif outcome == "down":
            adaptive.down(now)
            assert adaptive.limit == before
        else:
            adaptive.ok(int(before), now)
            assert before <= adaptive.limit <= before + 1
        assert 1 <= adaptive.limit <= top


def clean_round(adaptive: Adaptive, now: float) -> None:
    active = int(adaptive.limit)
    for _ in range(active):
        adaptive.ok(active, now)


def test_it_doubles_at_first_and_creeps_after_a_429() -> None:
    adaptive = Adaptive(8, 100)
    clean_round(adaptive, 0)
    clean_round(adaptive, 0)
    assert adaptive.limit == 32
    for _ in range(32):
        adaptive.busy(0, 1)
    assert adaptive.limit == 16, "a burst of 429 cuts once"
    adaptive.busy(0, 100)
    assert adaptive.limit == 16, "a late 429 to a request from before the cut says nothing new"
    clean_round(adaptive, 101)
    assert adaptive.limit == 16, "no growth while it cools down"
    clean_round(adaptive, 100 + COOL_DOWN_S)
    assert 16.5 < adaptive.limit <= 17
    adaptive.busy(adaptive.epoch, 200)
    assert 8 <= adaptive.limit < 9


def test_trouble_at_the_server_pauses_growth_without_a_cut() -> None:
    adaptive = Adaptive(8, 100)
    adaptive.down(0)
    clean_round(adaptive, 1)
    assert adaptive.limit == 8
    clean_round(adaptive, 1 + PAUSE_S)
    assert adaptive.limit == 16


def test_a_limit_that_was_never_reached_is_not_raised() -> None:
    adaptive = Adaptive(8, 100)
    for _ in range(100):
        adaptive.ok(3, 0)
    assert adaptive.limit == 8


@given(st.integers(1, 8), st.lists(st.sampled_from(["ok", "busy", "down", "cancel"]), max_size=60))
def test_never_more_on_the_wire_than_the_limit_and_nobody_waits_for_ever(start: int, ends: list[str]) -> None:
    async def run() -> None:
        limiter = Limiter(LimitSettings(start=start, max_concurrency=16))

        async def one(end: str) -> None:
            grant = await limiter.acquire()
            if end == "ok":
                limiter.accepted()
            assert limiter.active <= 16
            await asyncio.sleep(0)
            limiter.release(grant, "other" if end == "cancel" else end)  # type: ignore[arg-type]

        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            for end in ends:
                task = group.create_task(one(end))
                if end == "cancel":
                    task.cancel()
        assert limiter.active == 0

    asyncio.run(run())


async def test_everyone_waits_as_long_as_the_server_asked() -> None:
    now = [0.0]
    limiter = Limiter(LimitSettings(), clock=lambda: now[0])
    limiter.release(await limiter.acquire(), "busy", retry_after=60)
    assert limiter.hold_s == 60
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(limiter.acquire())
        await asyncio.sleep(0)
        assert not waiting.done()
        now[0] = 61.0
        limiter.release(limiter._take(0), "other")
        await until(waiting.done)


async def test_what_one_run_learns_the_next_one_knows() -> None:
    limits = Limits({"fake:small": LimitSettings(start=2), "fake": LimitSettings(start=3)})
    assert limits.limiter("here", "small", "fake").limit == 2
    assert limits.limiter("here", "other", "fake").limit == 3
    assert limits.limiter("here", "small", "fake") is limits.limiter("here", "small", "fake")
    assert limits.limiter("there", "small", "x").limit == LimitSettings().start


@pytest.mark.parametrize(("settings", "tokens"), [(LimitSettings(rpm=60), 0.0), (LimitSettings(tpm=60), 1.0)])
async def test_a_minutes_allowance_is_waited_for(settings: LimitSettings, tokens: float) -> None:
    now = [0.0]
    limiter = Limiter(settings, lambda: now[0])
    grants = [await limiter.acquire(tokens) for _ in range(6)]
    async with asyncio.TaskGroup() as group:
        seventh = group.create_task(limiter.acquire(tokens))
        for seconds, through in ((0.0, False), (0.5, False), (2.0, True)):
            now[0] += seconds
            limiter.release(grants.pop(), "ok")
            for _ in range(5):
                await asyncio.sleep(0)
            assert seventh.done() == through


async def test_tokens_that_were_guessed_and_not_used_are_given_back() -> None:
    limiter = Limiter(LimitSettings(tpm=1000), lambda: 0.0)
    limiter.release(await limiter.acquire(100.0), "ok", used=10)
    async with asyncio.timeout(1.0):
        await limiter.acquire(80.0)


async def test_a_5xx_keeps_the_limit_where_it_is_for_a_while() -> None:
    now = [0.0]
    limiter = Limiter(LimitSettings(start=2), lambda: now[0])
    await limiter.acquire()
    limiter.release(await limiter.acquire(), "down")
    now[0] = PAUSE_S / 2
    assert (limiter.accepted(), limiter.limit) == (False, 2)
    now[0] = PAUSE_S + 1
    assert (limiter.accepted(), limiter.limit) == (True, 3)
