"""What came back, counted: samples in, counts by how they ended, lengths, cost, rates out. Reads no database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from cockpit.core.samples import Ended, Sample
from cockpit.core.stats import Rate, clustered

G = TypeVar("G", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Tally:
    """One group of samples."""

    n: int
    """All of them, failed ones too."""
    whole: int
    """Those with a whole answer: what rates and lengths are over."""
    counts: Mapping[Ended, int]
    mean_chars: float | None
    """Of whole answers; None where there are none."""
    mean_output_tokens: float | None
    """Of whole answers whose count is known."""
    tokens_known: int
    cost_usd: float
    """The sum of the known costs, failed samples included."""
    cost_unknown: int
    """Samples whose cost is not known: with any, the sum is a lower bound."""
    cached: int
    clusters: Mapping[tuple[int, int], Counter[Ended]]
    """Whole answers by (run, input): several answers to one input are not independent."""

    def rate(self, *ended: Ended) -> Rate:
        """The share of whole answers that ended in one of these ways, clustered by input where there are several.

        Answers to one single input are draws of that input alone, and count as independent.
        """
        groups = [(sum(c[name] for name in ended), c.total()) for c in self.clusters.values()]
        if len(groups) == 1:
            (k, n) = groups[0]
            groups = [(1, 1)] * k + [(0, 1)] * (n - k)
        return clustered(groups)


def by_model(sample: Sample) -> str:
    """The usual grouping: the model as the person named it."""
    return sample.model


def tally(samples: Iterable[Sample], group: Callable[[Sample], G]) -> dict[G, Tally]:
    """Samples counted by group, groups in order of first appearance."""
    groups: dict[G, list[Sample]] = defaultdict(list)
    for sample in samples:
        groups[group(sample)].append(sample)
    return {key: count(found) for key, found in groups.items()}


def count(samples: Iterable[Sample]) -> Tally:
    """One group of samples, counted."""
    found = list(samples)
    whole = [sample for sample in found if sample.ok]
    clusters: dict[tuple[int, int], Counter[Ended]] = defaultdict(Counter)
    for sample in whole:
        clusters[sample.run_id, sample.key.input][sample.ended] += 1
    tokens = [s.usage.output_tokens for s in whole if s.usage.output_tokens is not None]
    return Tally(
        n=len(found),
        whole=len(whole),
        counts=dict(Counter(sample.ended for sample in found)),
        mean_chars=_mean([len(sample.text) for sample in whole]),
        mean_output_tokens=_mean(tokens),
        tokens_known=len(tokens),
        cost_usd=sum(sample.cost_usd or 0.0 for sample in found),
        cost_unknown=sum(sample.cost_usd is None for sample in found),
        cached=sum(sample.cached for sample in found),
        clusters=dict(clusters),
    )


def _mean(values: list[int]) -> float | None:
    return sum(values) / len(values) if values else None
