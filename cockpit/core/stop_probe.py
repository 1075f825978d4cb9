"""Telling a stop from an end where an API reports both alike: what to ask again, what the answers prove. Sends nothing.

A model does not know the stop strings it is sent: the server looks for them in what was generated. So an answer with
stop strings is the answer without them, cut at the first one. The probe asks the same again without them, and

- over all answers: the share in which a stop string turns up estimates the share of the stored ones that it ended;
- for one answer: where the same text comes again and a stop string follows it, that is how it ended.

The second needs the same draw again, which only a seed or temperature 0 promise, and no API guarantees.
What APIs report: https://platform.openai.com/docs/api-reference/chat/object (`finish_reason` is "stop" for both).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from cockpit.core.errors import PlanError
from cockpit.core.models import Price
from cockpit.core.params import Params
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import Sample
from cockpit.core.stats import Rate, clustered
from cockpit.core.stop_audit import merged
from cockpit.core.stops import first_stop

MOST = 24
"""Answers asked of each column, unless a person wants more."""
MARGIN = 64
"""Tokens beyond the longest stored answer: room for the stop string to turn up."""
UNKNOWN_LENGTH = 512
"""The token limit where neither the run nor its answers say any length."""

Way = Literal["stop", "ended", "undecided"]


def is_merged(sample: Sample, stops: Sequence[str]) -> bool:
    """Whether this sample ended in a way that its API calls the same as hitting a stop string."""
    return sample.error is None and merged(sample, stops)


@dataclass(slots=True)
class Seen:
    """What one column's stored samples say about what to ask, folded one at a time."""

    merged: int = 0
    n: int = 0
    longest: int | None = None
    """Output tokens of the longest merged answer, as the API counted."""
    rows: Counter[int] = field(default_factory=Counter)
    """Input → merged answers."""
    _input_tokens: int = 0
    _counted: int = 0

    def add(self, sample: Sample, stops: Sequence[str]) -> None:
        """Take in one sample of the column."""
        self.n += 1
        usage = sample.usage
        if usage.input_tokens is not None:
            self._input_tokens += usage.input_tokens
            self._counted += 1
        if is_merged(sample, stops):
            self.merged += 1
            self.rows[sample.key.input] += 1
            if usage.output_tokens is not None:
                self.longest = max(self.longest or 0, usage.output_tokens)

    @property
    def input_tokens(self) -> float | None:
        """Mean input tokens of a request; None where no API told any."""
        return self._input_tokens / self._counted if self._counted else None


def look(plan: Plan, samples: Iterable[Sample]) -> dict[int, Seen]:
    """Fold a run's samples by column: one pass, nothing kept of the texts."""
    found: dict[int, Seen] = {at: Seen() for at in range(len(plan.targets))}
    for sample in samples:
        at = sample.key.target
        if at in found:
            found[at].add(sample, plan.targets[at].params.stop)
    return found


@dataclass(frozen=True, slots=True)
class Asking:
    """One group of columns asked together: everything as in the run, without the stop strings."""

    columns: tuple[int, ...]
    models: tuple[str, ...]
    params: Params
    usd_most: float | None
    """Dollars if every answer is as long as it may be; None where a price or a count is unknown."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What will be sent: `n` answers to each of the inputs `rows` from each group of columns."""

    askings: tuple[Asking, ...]
    rows: tuple[int, ...]
    n: int
    stops: tuple[str, ...]
    repeatable: bool
    """Every column has a seed or temperature 0: the same answers may come again."""
    merged: int
    """Stored samples of which nobody knows whether a stop string ended them."""

    @property
    def requests(self) -> int:
        """How many requests leave."""
        return sum(len(asking.columns) for asking in self.askings) * len(self.rows) * self.n

    @property
    def usd_most(self) -> float | None:
        """Dollars at most; None where any part is unknown."""
        costs = [asking.usd_most for asking in self.askings]
        return None if None in costs else sum(cost for cost in costs if cost is not None)


def is_repeatable(params: Params) -> bool:
    """Whether the same request may bring the same answer, as far as the API keeps its word."""
    return params.seed is not None or params.temperature == 0


def plan_probe(
    plan: Plan,
    seen: Mapping[int, Seen],
    prices: Mapping[int, Price | None] | None = None,
    *,
    most: int = MOST,
) -> Probe:
    """What to ask so that ends can be told from stops in a run.

    Args:
        seen: by column, from `look`.
        prices: by column, where known.
        most: answers asked of each column.

    Raises:
        PlanError: there is nothing to tell apart.
    """
    columns = [at for at, one in seen.items() if one.merged]
    if not columns:
        raise PlanError(
            "There is nothing to probe: no sample here ended in a way that could be either.",
            hint="A probe is for APIs that report a hit stop string and a natural end alike.",
        )
    rows = _spread(sorted({row for at in columns for row in seen[at].rows}), most)
    repeatable = all(is_repeatable(plan.targets[at].params) for at in columns)
    each = max(most // len(rows), 1)
    groups: dict[Params, list[int]] = {}
    for at in columns:
        groups.setdefault(plan.targets[at].params, []).append(at)
    n = min(each, plan.n) if repeatable else each
    known = prices or {}
    askings = []
    for params, group in groups.items():
        limit = _limit(params, [seen[one].longest for one in group])
        costs = [_most_usd(known.get(one), seen[one].input_tokens, limit) for one in group]
        usd = None if None in costs else len(rows) * n * sum(cost for cost in costs if cost is not None)
        names = tuple(plan.targets[one].name for one in group)
        askings.append(Asking(tuple(group), names, replace(params, stop=(), max_tokens=limit), usd))
    stops = tuple(dict.fromkeys(stop for at in columns for stop in plan.targets[at].params.stop))
    return Probe(tuple(askings), rows, n, stops, repeatable, sum(seen[at].merged for at in columns))


def _spread(rows: Sequence[int], most: int) -> tuple[int, ...]:
    """At most `most` of the rows, evenly over all."""
    if len(rows) <= most:
        return tuple(rows)
    return tuple(rows[round(i * (len(rows) - 1) / max(most - 1, 1))] for i in range(most))


def _limit(params: Params, longest: Sequence[int | None]) -> int:
    """Output tokens of one answer: enough for a stop string to turn up, never more than the run's own limit."""
    known = [tokens for tokens in longest if tokens is not None]
    room = MARGIN + max((len(stop.encode("utf-8", "replace")) for stop in params.stop), default=0)
    limit = max(known) + room if known else params.max_tokens or UNKNOWN_LENGTH
    return limit if params.max_tokens is None else min(limit, params.max_tokens)


def _most_usd(price: Price | None, input_tokens: float | None, limit: int) -> float | None:
    if price is None or input_tokens is None:
        return None
    return (input_tokens * price.input + limit * price.output) / 1_000_000


def sends(probe: Probe) -> str:
    """What leaves, in a sentence."""
    models = list(dict.fromkeys(name for asking in probe.askings for name in asking.models))
    limits = sorted({asking.params.max_tokens or 0 for asking in probe.askings})
    rows = f"{len(probe.rows)} inputs" if len(probe.rows) != 1 else "1 input"
    limit = f"{limits[0]}" if len(limits) == 1 else f"{limits[0]} to {limits[-1]}"
    return (
        f"Sends {probe.requests} requests: {rows} × {probe.n} to {', '.join(models)}, as the run had them but without "
        f"stop strings, each at most {limit} tokens."
    )


def proves(probe: Probe) -> tuple[str, ...]:
    """What the answers will show and what they will not, a sentence each."""
    one = (
        "Its seed or temperature 0 may bring the same answers again: where one does, that sample is settled."
        if probe.repeatable
        else "It settles no single sample: without a seed or temperature 0 each answer is another draw."
    )
    return (
        "Shows: the share of answers that a stop string ends, with an interval, since a stop string cuts an answer "
        "and does not change it.",
        one,
        "Does not show: what the model of that day did, if the one behind the name has changed since.",
    )


# Reading what came back


def is_evidence(asked: Target, about: Target) -> bool:
    """Whether a column without stop strings shows what one with them would have said, had it none.

    Everything but stop strings, seed and logprobs must be the same, and its token limit no larger: what came after
    the limit of the other was never generated there.
    """
    if asked.params.stop or not about.params.stop:
        return False
    if (asked.provider, asked.model, asked.endpoint) != (about.provider, about.model, about.endpoint):
        return False
    mine, theirs = asked.params.max_tokens, about.params.max_tokens
    if theirs is not None and (mine is None or mine > theirs):
        return False
    aside = {"stop": (), "max_tokens": None, "seed": None, "logprobs": None}
    return replace(asked.params, **aside) == replace(about.params, **aside)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer without stop strings: to which input of the audited run, its index, and how it would have ended."""

    row: int
    index: int
    text: str
    """What the stop strings would have left of it."""
    way: Way
    stop: str | None = None


def read_answer(sample: Sample, row: int, stops: Sequence[str]) -> Answer | None:
    """What an answer of the probe would have been with the stop strings; None for one that failed."""
    if not sample.ok:
        return None
    cut = first_stop(sample.text, stops)
    if cut is not None:
        return Answer(row, sample.key.index, sample.text[: cut.at], "stop", cut.stop)
    way: Way = "ended" if sample.ended == "ended" else "undecided"
    return Answer(row, sample.key.index, sample.text, way)


@dataclass(frozen=True, slots=True)
class Settled:
    """One stored sample that the probe says something about.

    `sure` where the request could be repeated and its answer came again; else the same text came in another draw.
    """

    sample_id: int | None
    way: Way
    stop: str | None
    sure: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a probe shows about one column."""

    model: str
    n: int
    """Answers that came back whole."""
    stopped: Rate
    """Of those that came to an end: a stop string would have ended it. Clustered by input."""
    by_stop: tuple[tuple[str, Rate], ...]
    undecided: int
    """Cut by the token limit before either, refused or filtered."""
    merged: int
    """Stored samples of the column whose end the API does not tell."""
    settled: tuple[Settled, ...]
    repeatable: bool
    run_ids: tuple[int, ...] = ()
    """The runs that the answers are from."""


class Weighing:
    """Holds a probe's answers for one column, and is shown the stored samples one at a time.

    Args:
        model: the column's name; stops: those it was sent; repeatable: see `is_repeatable`.
    """

    def __init__(self, model: str, stops: Sequence[str], answers: Iterable[Answer], *, repeatable: bool) -> None:
        self.model = model
        self.stops = tuple(stops)
        self.repeatable = repeatable
        self._answers = list(answers)
        self._by_text: dict[tuple[int, str], list[Answer]] = {}
        for answer in self._answers:
            self._by_text.setdefault((answer.row, answer.text), []).append(answer)
        self._merged = 0
        self._settled: list[Settled] = []

    def add(self, sample: Sample) -> None:
        """Take in one stored sample of the column."""
        if not is_merged(sample, self.stops):
            return
        self._merged += 1
        same = self._by_text.get((sample.key.input, sample.text), [])
        if self.repeatable:
            same = [answer for answer in same if answer.index == sample.key.index]
        ways = {(answer.way, answer.stop) for answer in same if answer.way != "undecided"}
        if len(ways) == 1:
            way, stop = next(iter(ways))
            self._settled.append(Settled(sample.id, way, stop, self.repeatable))

    def evidence(self, run_ids: Sequence[int] = ()) -> Evidence:
        """What all of it shows."""
        decided = [answer for answer in self._answers if answer.way != "undecided"]
        return Evidence(
            model=self.model,
            n=len(self._answers),
            stopped=_rate(decided, None),
            by_stop=tuple((stop, _rate(decided, stop)) for stop in self.stops),
            undecided=len(self._answers) - len(decided),
            merged=self._merged,
            settled=tuple(self._settled),
            repeatable=self.repeatable,
            run_ids=tuple(run_ids),
        )


def _rate(answers: Sequence[Answer], stop: str | None) -> Rate:
    """The share that a stop string ended (any, where `stop` is None), clustered by input."""
    clusters: dict[int, list[int]] = {}
    for answer in answers:
        counts = clusters.setdefault(answer.row, [0, 0])
        counts[0] += answer.way == "stop" and (stop is None or answer.stop == stop)
        counts[1] += 1
    return clustered([(k, n) for k, n in clusters.values()])
