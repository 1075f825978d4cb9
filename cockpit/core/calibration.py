"""How good a person's predictions were: surprise, Brier score, calibration. Arithmetic only; stores nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, log2

from cockpit.core.errors import InputError
from cockpit.core.stats import Rate, wilson

LEAST, MOST = 0.001, 0.999
"""Probabilities that can be given: nobody is certain of an experiment, and certainty would cost infinite bits."""
EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Guess:
    """A probability that something would come true, and whether it did; `group` is the kind of idea it was about."""

    p: float
    happened: bool
    group: str = ""


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of about the same probability: their mean, and the share that came true with its interval."""

    low: float
    high: float
    mean_p: float
    rate: Rate


@dataclass(frozen=True, slots=True)
class Record:
    """A set of predictions that were resolved. Scores are None where there are none.

    `brier` is the mean squared error (0 is perfect, 0.25 is what always saying 50 % gets). `base` is the Brier score of
    always saying the share that came true. `bits` is the sum of surprises, `expected_bits` what the same probabilities
    would cost on average if they were right: much more means overconfidence.
    """

    n: int
    brier: float | None
    base: float | None
    bits: float
    expected_bits: float
    bins: tuple[Bin, ...]

    @property
    def lean(self) -> float | None:
        """Mean probability less the share that came true: above zero is too hopeful."""
        if not self.n:
            return None
        said = fsum(one.mean_p * one.rate.n for one in self.bins)
        return (said - sum(one.rate.k for one in self.bins)) / self.n


def probability(text: str) -> float:
    """A probability as a person types it: 0.7, .7, 70%, 70 %.

    Raises:
        InputError: it is none.
    """
    bare = text.strip()
    share = bare.endswith("%")
    try:
        number = float(bare.removesuffix("%").strip())
    except ValueError:
        raise InputError(f"{text!r} is no probability.", hint="Write 0.7 or 70%.") from None
    return number / 100 if share else number


def split_claim(text: str) -> tuple[str, float]:
    """A prediction in one line as its claim and the probability at its end: 'exact above 60 %: 0.7', 'it helps 70%'.

    Raises:
        InputError: there is no claim, or it does not end in a probability that one can have of an experiment.
    """
    found = re.fullmatch(r"(?s)\s*(.*?)[\s,;:@]+((?:0?\.\d+)|(?:\d{1,2}(?:\.\d+)?\s?%))\s*", text)
    if found is None or not found[1].strip():
        raise InputError("A prediction is a claim and how likely it is.", hint="Write: exact above 60 % 70%")
    p = probability(found[2])
    if not LEAST <= p <= MOST:
        raise InputError(f"From {100 * LEAST:g} % to {100 * MOST:g} %: nobody is certain.")
    return " ".join(found[1].split()), p


def surprise(p: float, happened: bool) -> float:
    """Bits of surprise, −log₂ of the probability that was given to what happened (Shannon 1948).

    Raises:
        ValueError: the probability is not strictly between 0 and 1.
    """
    if not 0 < p < 1:
        raise ValueError(f"{p} is no probability of something uncertain")
    return -log2(p if happened else 1 - p)


def entropy(p: float) -> float:
    """The surprise to be expected of a probability, in bits; 1 for an even chance, 0 for certainty."""
    return 0.0 if p in (0.0, 1.0) else -(p * log2(p) + (1 - p) * log2(1 - p))


def brier(guesses: Sequence[Guess]) -> float | None:
    """The mean squared difference of probability and outcome (Brier 1950, the two-class half); None over nothing."""
    return fsum((one.p - one.happened) ** 2 for one in guesses) / len(guesses) if guesses else None


def record(guesses: Iterable[Guess], edges: Sequence[float] = EDGES) -> Record:
    """Scores and calibration of some predictions; a bin holds what is at or above its lower edge and below its upper
    one, the last its upper edge too."""
    every = list(guesses)
    share = sum(one.happened for one in every) / len(every) if every else 0.0
    return Record(
        len(every),
        brier(every),
        share * (1 - share) if every else None,
        fsum(surprise(one.p, one.happened) for one in every),
        fsum(entropy(one.p) for one in every),
        tuple(_bins(every, edges)),
    )


def by_group(guesses: Iterable[Guess]) -> list[tuple[str, Record]]:
    """Each kind of idea with its own record, the worst Brier score first."""
    groups: dict[str, list[Guess]] = {}
    for one in guesses:
        groups.setdefault(one.group, []).append(one)
    found = [(name, record(items)) for name, items in groups.items()]
    return sorted(found, key=lambda pair: (-(pair[1].brier or 0.0), pair[0]))


def _bins(guesses: Sequence[Guess], edges: Sequence[float]) -> Iterable[Bin]:
    for low, high in pairwise(edges):
        last = high == edges[-1]
        inside = [one for one in guesses if low <= one.p < high or (last and one.p == high)]
        if inside:
            mean = fsum(one.p for one in inside) / len(inside)
            yield Bin(low, high, mean, wilson(sum(one.happened for one in inside), len(inside)))
