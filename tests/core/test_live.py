"""What screens read while a run is under way."""

from __future__ import annotations

from cockpit.core.attempts import Attempt
from cockpit.core.errors import ProviderError
from cockpit.core.live import LiveRun
from cockpit.core.ports import Chunk
from cockpit.core.samples import Failure, Sample, SampleKey
from tests.core.scripted import plan

KEY = SampleKey(0, 0, 0)


def arrive(live: LiveRun, attempt: Attempt, text: str) -> None:
    chunk = Chunk(text)
    attempt.add(chunk, 1.5)
    live.fold(live.samples[KEY], chunk, attempt)


def test_what_changed_is_told_once() -> None:
    live = LiveRun(plan(2))
    assert live.take_dirty() == set()
    live.begin(KEY, 1.0)
    assert live.take_dirty() == {KEY}
    assert live.take_dirty() == set()
    version = live.samples[KEY].version
    attempt = Attempt(1.0)
    arrive(live, attempt, "Hello")
    arrive(live, attempt, " there")
    one = live.samples[KEY]
    assert (one.text, one.state, one.ttft_ms) == ("Hello there", "streaming", 500.0)
    assert one.version == version + 2 and live.take_dirty() == {KEY}
    arrive(live, attempt, "!")
    assert one.text == "Hello there!" and attempt.parts == ["Hello there!"]


def test_counts_hold_through_failure_and_another_try() -> None:
    live = LiveRun(plan(3))
    live.begin(KEY, 1.0)
    assert (live.total, live.in_flight, live.done) == (3, 1, 0)
    failure = Failure.of(ProviderError("server", "Trouble."))
    live.finish(Sample(0, KEY, "m", ended="error", error=failure, cost_usd=None))
    assert (live.in_flight, live.done, live.failed, live.spent_unknown) == (0, 1, 1, 1)
    live.begin(KEY, 2.0)
    assert (live.in_flight, live.done, live.failed, live.spent_unknown) == (1, 0, 0, 0)
    live.finish(Sample(0, KEY, "m", text="x", ended="ended", cost_usd=0.5))
    assert (live.in_flight, live.done, live.failed, live.spent_usd) == (0, 1, 0, 0.5)


def test_earlier_samples_are_put_in_with_their_ids() -> None:
    live = LiveRun(plan(2))
    live.load([Sample(1, KEY, "m", text="x", ended="ended", id=7), Sample(1, SampleKey(9, 9, 9), "m")])
    assert (live.done, live.ids, live.samples[KEY].text) == (1, {KEY: 7}, "x")


def test_a_cancel_before_the_start_holds() -> None:
    live = LiveRun(plan(2))
    live.cancel()
    live.cancel_sample(KEY)
    assert live.cancelled and live.halted
