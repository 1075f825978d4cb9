"""What to try next after a run, by rule and with its reason. Facts in, proposals out; a person has the last word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, log2, sqrt

from cockpit.core.figures import Figure

ENOUGH = 10
"""Answers from which a share says something."""
CUT_SHARE = 0.1
WIDE = 0.1
"""Half an interval, as a share, that leaves a question open."""
AIM = 300
SPREAD_SHARE = 0.5
"""Share of a score's variance between answers to the same input from which picking among answers pays."""


@dataclass(frozen=True, slots=True)
class Result:
    """What is known of one run.

    Attributes:
        answers: whole answers; `stops_hit` of them ended at a stop string, `cut` by their length.
        has_stops: a stop string was asked for.
        scores: input → the scores of its answers, by the metric with the most scores.
        mean: that metric's mean with its interval.
        gain: what examples gained over a run without, in pairs of inputs; None where there is no such pair.
    """

    run_id: int
    answers: int
    stops_hit: int = 0
    cut: int = 0
    has_stops: bool = False
    scores: Mapping[int, Sequence[float]] | None = None
    mean: Figure | None = None
    gain: Figure | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """An experiment that a rule proposes, with its reason; `bits` is what it would tell, None where unknown."""

    rule: str
    title: str
    why: str
    rung: str = ""
    bits: float | None = None


def propose(result: Result) -> list[Proposal]:
    """What the rules propose after a run; none where nothing stands out."""
    return [found for rule in RULES for found in rule(result)]


def spread(scores: Mapping[int, Sequence[float]]) -> float | None:
    """The share of a score's variance that lies between answers to the same input; None without any variance.

    The mean variance within inputs over itself plus the variance of the inputs' means, less what chance adds to those
    (one-way analysis of variance, Searle, Casella and McCulloch 1992, §3.6).
    """
    groups = [values for values in scores.values() if len(values) > 1]
    if len(groups) < 2:
        return None
    within = fsum(_variance(values) for values in groups) / len(groups)
    means = [fsum(values) / len(values) for values in groups]
    size = len(groups) / fsum(1 / len(values) for values in groups)
    between = max(_variance(means) - within / size, 0.0)
    return within / (within + between) if within + between > 0 else None


def _variance(values: Sequence[float]) -> float:
    mean = fsum(values) / len(values)
    return fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _stop_never_hit(one: Result) -> Iterator[Proposal]:
    if one.has_stops and one.answers >= ENOUGH and one.stops_hit == 0:
        why = f"stop never hit in {one.answers} of {one.answers}"
        yield Proposal("stop-never-hit", f"Check the stop string of run {one.run_id}", why)


def _cut_by_length(one: Result) -> Iterator[Proposal]:
    if one.answers >= ENOUGH and one.cut >= CUT_SHARE * one.answers:
        why = f"{one.cut} of {one.answers} answers were cut by their length"
        yield Proposal("cut", f"Run {one.run_id} again with more max tokens, or ask for less", why)


def _wide_interval(one: Result) -> Iterator[Proposal]:
    mean = one.mean
    if mean is None or mean.unit != "share" or mean.low is None or mean.high is None or not mean.n:
        return
    half = (mean.high - mean.low) / 2
    if half > WIDE and mean.n < AIM:
        then = half * sqrt(mean.n / AIM)
        why = f"n = {mean.n}, interval ± {100 * half:.0f}: {AIM} would give ± {100 * then:.0f}"
        yield Proposal("wide", f"Sample run {one.run_id} up to {AIM}", why, bits=round(log2(half / then), 1))


def _examples_helped(one: Result) -> Iterator[Proposal]:
    gain = one.gain
    if gain is not None and gain.low is not None and gain.high is not None and gain.low > 0:
        half = 100 * (gain.high - gain.low) / 2
        why = f"few-shot helped {100 * gain.value:.0f} ± {half:.0f} points over {gain.n} inputs"
        yield Proposal("few-shot-helped", f"Try many-shot after run {one.run_id}", why, rung="many-shot")


def _answers_differ(one: Result) -> Iterator[Proposal]:
    share = spread(one.scores or {})
    if share is not None and share > SPREAD_SHARE:
        why = f"variance between samples dominates: {100 * share:.0f} % of it lies between answers to the same input"
        title = f"Best-of-8 on run {one.run_id}'s prompt, before finetuning"
        yield Proposal("answers-differ", title, why, rung="best-of-N")


RULES: tuple[Callable[[Result], Iterator[Proposal]], ...] = (
    _stop_never_hit, _cut_by_length, _wide_interval, _examples_helped, _answers_differ,
)  # fmt: skip
