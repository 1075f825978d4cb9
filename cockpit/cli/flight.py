"""Flies a run for a command: prints each sample as it ends, stops on Ctrl-C, says how it went. Sends nothing itself."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Collection
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cockpit.cli import output
from cockpit.core.exports import sample_json
from cockpit.core.runs import Plan
from cockpit.core.samples import Sample, SampleKey

if TYPE_CHECKING:
    from cockpit.core.live import LiveRun
    from cockpit.services import Services

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Outcome:
    """What a flight came to."""

    wanted: int
    whole: int = 0
    cached: int = 0
    failed: list[Sample] = field(default_factory=list)
    interrupted: int = 0
    """The number of the signal that stopped it, or 0."""
    capped: bool = False

    def status(self) -> int:
        """The exit status."""
        if self.interrupted:
            return 128 + self.interrupted
        return 0 if self.whole == self.wanted else 1


async def fly_and_print(
    services: Services, plan: Plan, live: LiveRun, *, done: Collection[SampleKey] = (), as_json: bool
) -> Outcome:
    """Fly what is missing of a run, printing each sample once it is stored; a first signal cancels and keeps what came.

    Raises:
        StoreError: an answer could not be stored.
    """
    from cockpit.core.sampling import Finished
    from cockpit.runner import fly

    outcome = Outcome(len(plan.missing(done)))
    show = _show_json if as_json else _show_text
    release = _on_signals(live, outcome)
    try:
        async with aclosing(fly(services, plan, live, done=done)) as events:  # type: ignore[type-var]
            async for event in events:
                if isinstance(event, Finished):
                    _count(outcome, event.sample)
                    show(plan, event.sample)
    finally:
        release()
    # What another process has brought since `done` was read is no longer wanted.
    outcome.wanted = outcome.whole + len(outcome.failed) + live.total - live.done
    outcome.capped = live.capped
    return outcome


def _on_signals(live: LiveRun, outcome: Outcome) -> Callable[[], None]:
    """Cancel the run at the first signal, the whole command at the second; the result takes the handlers away."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def stop(number: int) -> None:
        if outcome.interrupted and task is not None:
            task.cancel()
        outcome.interrupted = number
        live.cancel()

    def release() -> None:
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    # Where there are no signal handlers, Ctrl-C ends the command at once; what had ended is stored all the same.
    with suppress(NotImplementedError):
        for number in SIGNALS:
            loop.add_signal_handler(number, stop, number)
    return release


def _count(outcome: Outcome, sample: Sample) -> None:
    if sample.ok:
        outcome.whole += 1
        outcome.cached += sample.cached
    else:
        outcome.failed.append(sample)


def _show_json(plan: Plan, sample: Sample) -> None:
    values = plan.inputs[sample.key.input]
    output.emit(sample_json(sample, values, plan.targets[sample.key.target].label))


def _show_text(plan: Plan, sample: Sample) -> None:
    """The text alone where only one was asked for; else each under a line that says whose it is and how it ended."""
    alone = len(plan.targets) * len(plan.inputs) * plan.n == 1
    if not alone or not sample.ok:
        output.say(headline(plan, sample), keep_newlines=False)
    if sample.text:
        output.say(sample.text)
    if not alone:
        output.say()


def headline(plan: Plan, sample: Sample) -> str:
    """Whose sample it is, how it ended and its numbers, in one line."""
    title = plan.targets[sample.key.target].title
    facts = [f"{output.GLYPHS[sample.ended]} {title}"]
    if len(plan.inputs) > 1:
        facts.append(f"row {sample.key.input + 1}")
    facts.append(str(sample.key.index + 1))
    facts.append(sample.ended if sample.stop is None else f"stop {json.dumps(sample.stop)}")
    if sample.error is not None:
        facts.append(f"{sample.error.kind}: {sample.error.message} {sample.error.hint}".strip())
    if sample.usage.output_tokens is not None:
        facts.append(f"{sample.usage.output_tokens} tok")
    if sample.latency_ms is not None:
        facts.append(f"{sample.latency_ms / 1000:.1f} s")
    if sample.cached:
        facts.append("cached")
    if sample.left_out:
        facts.append(f"left out: {', '.join(sample.left_out)}")
    return "── " + " · ".join(facts)


def conclude(plan: Plan, outcome: Outcome) -> int:
    """Say on one line what went wrong, if anything did; the exit status."""
    status = outcome.status()
    if status == 0:
        return 0
    facts = [f"run {plan.run_id}: {outcome.whole} of {outcome.wanted} ended"]
    unsent = outcome.wanted - outcome.whole - len(outcome.failed)
    if outcome.failed:
        facts.append(f"{len(outcome.failed)} did not ({_reasons(outcome.failed)})")
    if unsent:
        facts.append(f"{unsent} not sent" + (": the spend cap is reached" if outcome.capped else ""))
    output.complain(f"{', '.join(facts)}. To go on: cockpit run resume {plan.run_id}")
    return status


def _reasons(failed: list[Sample]) -> str:
    counts: dict[str, int] = {}
    for sample in failed:
        words = sample.ended if sample.error is None else _words(sample)
        counts[words] = counts.get(words, 0) + 1
    common = sorted(counts.items(), key=lambda pair: -pair[1])[:3]
    return "; ".join(f"{number} × {words}" if number > 1 else words for words, number in common)


def _words(sample: Sample) -> str:
    error = sample.error
    return "" if error is None else f"{error.kind}: {error.message} {error.hint}".strip()
