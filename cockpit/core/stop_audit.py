"""How stored answers ended, and what stop strings did or would do to them. Counts and cuts text; sends nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from re import Pattern

from cockpit.core.keys import SampleKey
from cockpit.core.models import Price
from cockpit.core.samples import NATURAL, Ended, Sample
from cockpit.core.stats import Rate, clustered
from cockpit.core.stops import Cut, first_stop, loose, shown

ENDINGS: tuple[Ended, ...] = (
    "ended",
    "stop",
    "length",
    "refusal",
    "filter",
    "tool",
    "cancelled",
    "error",
    "unknown",
)
BROKEN = frozenset({"cancelled", "error"})
EXCERPT = 80
"""Characters of the text after a missed stop string that an audit keeps."""

StopsOf = Callable[[Sample], tuple[str, ...]]
CountTokens = Callable[[str, str], int | None]


@dataclass(frozen=True, slots=True)
class Group:
    """How the samples of one model ended: all of them (`stop` None), or those sent with one stop string."""

    model: str
    stop: str | None
    n: int
    endings: Mapping[Ended, Rate]
    """Every ending, each over all `n`; the counts add up to `n`."""
    hit: Rate
    """Samples that a stop string ended (`stop` None: any; else this one), over those that did not break off.

    Where some are `unclear`, its interval reaches from none of them being hits to all of them.
    """
    unclear: int
    """Samples whose API does not tell whether, or which, stop string was hit."""
    wasted_tokens: int
    """Output tokens of answers cut by length, as the API counted; answers from the cache cost nothing again."""
    wasted_usd: float | None
    """What these tokens cost; None where a price or a count is unknown."""
    uncounted: int
    """Answers cut by length whose tokens the API did not count; they are not in `wasted_tokens`."""
    ignored: int
    """Samples whose text goes on after a stop string that was set."""
    included: int
    """Samples whose text ends with a stop string that was set: the server leaves it in."""

    @property
    def rate(self) -> float | None:
        """The share that was hit; None where that cannot be known."""
        return None if self.unclear else self.hit.value


@dataclass(frozen=True, slots=True)
class Missed:
    """A place in a stored text where a stop string that was set should have cut, and did not."""

    sample_id: int | None
    run_id: int
    key: SampleKey
    model: str
    stop: str
    written: str
    """What stands there: the stop string itself, or how the model wrote it instead."""
    ignored: bool
    """The stop string itself stands there, so the server ignored it."""
    at: int
    """Where it would have cut, in characters."""
    chars_after: int
    """Characters of text after `written`."""
    tokens_after: int | None
    """Tokens of it; None: unknown."""
    after: str
    """The beginning of it."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What the audit found."""

    n: int
    models: tuple[Group, ...]
    stops: tuple[Group, ...]
    missed: tuple[Missed, ...]
    remarks: tuple[str, ...]
    """What must be known to read the numbers, in sentences."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a stored sample would have become under other stop strings."""

    sample_id: int | None
    run_id: int
    key: SampleKey
    model: str
    before_chars: int
    after_text: str
    cut: Cut | None
    was_ended: Ended
    now_ended: Ended
    """'stop' where one cuts; 'unknown' where the stop string that ended it is no longer set: it would have gone on."""
    saved_chars: int


def sent_stops(sample: Sample) -> tuple[str, ...]:
    """The stop strings that were sent for a sample, as its stored request says."""
    found = sample.request_body.get("stop") or sample.request_body.get("stop_sequences") or ()
    listed = [found] if isinstance(found, str) else found
    return tuple(dict.fromkeys(stop for stop in listed if isinstance(stop, str) and stop))


def hit_of(sample: Sample, stops: Sequence[str]) -> str | None:
    """Which stop string ended a sample; '' where one did and the API does not say which, None where none is known."""
    if sample.ended != "stop":
        return None
    if sample.stop is not None:
        return sample.stop
    return stops[0] if len(stops) == 1 else ""


def merged(sample: Sample, stops: Sequence[str]) -> bool:
    """Whether its API uses one word for a natural end and a stop string, so that nobody knows which it was."""
    return sample.ended == "unknown" and bool(stops) and (sample.stop_reason is None or sample.stop_reason in NATURAL)


@dataclass(slots=True)
class _Count:
    """One group in the making; per cluster (run and input) it holds counts alone."""

    endings: dict[tuple[int, int], Counter[Ended]] = field(default_factory=dict)
    whole: Counter[tuple[int, int]] = field(default_factory=Counter)
    hits: Counter[tuple[int, int]] = field(default_factory=Counter)
    unclear: Counter[tuple[int, int]] = field(default_factory=Counter)
    tokens: int = 0
    usd: float | None = 0.0
    uncounted: int = 0
    ignored: int = 0
    included: int = 0

    def add(self, sample: Sample, *, hit: bool, unclear: bool, price: Price | None) -> None:
        """Take in one sample."""
        place = (sample.run_id, sample.key.input)
        self.endings.setdefault(place, Counter())[sample.ended] += 1
        if sample.ended not in BROKEN:
            self.whole[place] += 1
            self.hits[place] += hit
            self.unclear[place] += unclear
        if sample.ended == "length" and not sample.cached:
            self._waste(sample.usage.output_tokens, price)

    def _waste(self, tokens: int | None, price: Price | None) -> None:
        if tokens is None:
            self.uncounted += 1
            self.usd = None
            return
        self.tokens += tokens
        if self.usd is not None:
            self.usd = None if price is None else self.usd + tokens * price.output / 1_000_000

    def group(self, model: str, stop: str | None) -> Group:
        """The counts as rates."""
        sizes = {place: sum(counts.values()) for place, counts in self.endings.items()}
        endings = {
            ended: clustered([(counts[ended], sizes[place]) for place, counts in self.endings.items()])
            for ended in ENDINGS
        }
        low = clustered([(self.hits[place], n) for place, n in self.whole.items()])
        high = clustered([(self.hits[place] + self.unclear[place], n) for place, n in self.whole.items()])
        return Group(
            model=model,
            stop=stop,
            n=sum(sizes.values()),
            endings=endings,
            hit=Rate(low.k, low.n, low.low, high.high),
            unclear=self.unclear.total(),
            wasted_tokens=self.tokens,
            wasted_usd=self.usd,
            uncounted=self.uncounted,
            ignored=self.ignored,
            included=self.included,
        )


def audit(
    samples: Iterable[Sample],
    stops_of: StopsOf = sent_stops,
    prices: Mapping[str, Price | None] | None = None,
    count: CountTokens | None = None,
) -> Audit:
    """How samples ended, per model and per stop string, in one pass that keeps counts and no texts.

    Intervals are Wilson's 95 %, with the samples of one input as one cluster (see `stats.clustered`).

    Args:
        samples: in any order; one at a time.
        stops_of: the stop strings that were set for a sample; by default what its stored request says.
        prices: by the samples' own model names; a missing one is unknown.
        count: tokens of a text for a model, for the text after a missed stop string where no logprobs tell.
    """
    models: dict[str, _Count] = {}
    stops: dict[tuple[str, str], _Count] = {}
    missed: list[Missed] = []
    for sample in samples:
        listed = stops_of(sample)
        price = (prices or {}).get(sample.model)
        hit, unknown = hit_of(sample, listed), merged(sample, listed)
        counts = [models.setdefault(sample.model, _Count())]
        counts[0].add(sample, hit=hit is not None, unclear=unknown, price=price)
        for stop in listed:
            one = stops.setdefault((sample.model, stop), _Count())
            one.add(sample, hit=hit == stop, unclear=unknown or hit == "", price=price)
        place = _miss(sample, listed, count)
        if place is not None and place.ignored:
            affected = [*counts, stops[sample.model, place.stop]]
            for group in affected:
                group.ignored += place.chars_after > 0
                group.included += place.chars_after == 0
        if place is not None and (place.chars_after or not place.ignored):
            missed.append(place)
    found = tuple(counted.group(model, None) for model, counted in models.items())
    per_stop = tuple(counted.group(model, stop) for (model, stop), counted in stops.items())
    return Audit(sum(g.n for g in found), found, per_stop, tuple(missed), _remarks(found, per_stop, missed))


@lru_cache(maxsize=256)
def _loose(stop: str) -> Pattern[str] | None:
    return loose(stop)


def _miss(sample: Sample, stops: Sequence[str], count: CountTokens | None) -> Missed | None:
    """Where the first stop string that was set, or a variant of one, stands in the text."""
    text = sample.text
    cut = first_stop(text, stops)
    if cut is not None:
        return _missed(sample, cut.stop, cut.stop, cut.at, count)
    matches = [(match, stop) for stop in stops if (found := _loose(stop)) and (match := found.search(text))]
    if not matches:
        return None
    match, stop = min(matches, key=lambda pair: (pair[0].end(), pair[0].start()))
    return _missed(sample, stop, match[0], match.start(), count)


def _missed(sample: Sample, stop: str, written: str, at: int, count: CountTokens | None) -> Missed:
    after = sample.text[at + len(written) :]
    tokens = _tokens_from(sample, at + len(written))
    if tokens is None and count is not None and after:
        tokens = count(sample.model, after)
    return Missed(
        sample_id=sample.id,
        run_id=sample.run_id,
        key=sample.key,
        model=sample.model,
        stop=stop,
        written=written,
        ignored=written == stop,
        at=at,
        chars_after=len(after),
        tokens_after=tokens if after else 0,
        after=after[:EXCERPT],
    )


def _tokens_from(sample: Sample, at: int) -> int | None:
    """Tokens that begin at or after a character, by the sample's logprobs; None where they do not tile its text."""
    tokens = [token.token for token in sample.logprobs]
    if not tokens or "".join(tokens) != sample.text:
        return None
    begun, later = 0, 0
    for token in tokens:
        later += begun >= at
        begun += len(token)
    return later


def _remarks(models: Sequence[Group], stops: Sequence[Group], missed: Sequence[Missed]) -> tuple[str, ...]:
    said = []
    for group in models:
        if group.unclear:
            said.append(
                f"{group.model}: {group.unclear} of {group.n} either ended by themselves or hit a stop string: its API "
                "says the same for both, so they count as unknown. A probe (the same again without stop strings) tells."
            )
        if group.ignored:
            said.append(f"{group.model}: {group.ignored} of {group.n} go on after a stop string that was sent.")
        if group.included:
            said.append(f"{group.model}: {group.included} of {group.n} end with the stop string itself, left in.")
        if group.uncounted:
            said.append(f"{group.model}: {group.uncounted} answers cut by length have no token count.")
    for group in stops:
        if group.stop is not None and not group.hit.k and not group.unclear:
            said.append(f"{group.model}: {shown(group.stop)} was never hit in {group.hit.n} answers.")
    forms = Counter((miss.model, miss.stop, miss.written) for miss in missed if not miss.ignored)
    for (model, stop, written), n in forms.most_common():
        said.append(f"{model}: {n} wrote {shown(written)} where {shown(stop)} was to stop them.")
    return tuple(said)


def apply(samples: Iterable[Sample], stops: Sequence[str], stops_of: StopsOf = sent_stops) -> Iterator[Applied]:
    """What every stored sample would have become under these stop strings, without sampling again.

    A text that another stop string or a limit cut short stays as short as it is: nothing can be put back.

    Args:
        samples: in any order; one at a time.
        stops: in place of those that were set.
        stops_of: the stop strings that were set for a sample.

    Raises:
        InputError: a stop string is empty.
    """
    for sample in samples:
        cut = first_stop(sample.text, stops)
        text = sample.text if cut is None else sample.text[: cut.at]
        saved = len(sample.text) - len(text)
        now = "stop" if cut is not None else _still(sample, stops, stops_of(sample))
        yield Applied(
            sample_id=sample.id,
            run_id=sample.run_id,
            key=sample.key,
            model=sample.model,
            before_chars=len(sample.text),
            after_text=text,
            cut=cut,
            was_ended=sample.ended,
            now_ended=now,
            saved_chars=saved,
        )


def _still(sample: Sample, stops: Sequence[str], sent: Sequence[str]) -> Ended:
    """How a sample that no new stop string cuts would have ended."""
    if sample.ended != "stop":
        return sample.ended
    hit = hit_of(sample, sent)
    kept = hit in stops if hit else bool(sent) and set(sent) <= set(stops)
    return "stop" if kept else "unknown"
