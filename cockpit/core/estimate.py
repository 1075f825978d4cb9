"""What a send will take in tokens and dollars. Guesses, to be shown as such; nothing is counted here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from cockpit.core.models import Price
from cockpit.core.prompts import EXAMPLES, Version, fill
from cockpit.core.samples import Sample

CHARS_A_TOKEN = 4
TOKENS_A_MESSAGE = 4
"""What most APIs' templates add to each message."""
LIKELY_OUTPUT = 300
"""Output tokens assumed where no answer was seen; max_tokens caps it."""
MEASURED_ROWS = 200
"""Rows of a large inputs file that are looked at; the rest are taken to be like them."""


@dataclass(frozen=True, slots=True)
class Past:
    """Mean tokens of earlier answers to the same version by one model; None where its API told none."""

    input_tokens: float | None = None
    output_tokens: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One column to estimate: the model's name, its price if known, its max_tokens if set."""

    name: str
    price: Price | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """One send: input tokens of one request, requests in all, dollars of those whose price is known."""

    input_tokens: int
    requests: int
    usd: float | None
    """None: not one price is known."""
    unpriced: tuple[str, ...] = ()
    """Models whose price is unknown: `usd` is without them."""
    measured: bool = False
    """The input tokens are what an API reported for this very version."""


def text_tokens(text: str) -> int:
    """Tokens of a text, roughly: four characters of English are one."""
    return (len(text) + CHARS_A_TOKEN - 1) // CHARS_A_TOKEN


def request_tokens(version: Version, rows: Sequence[Mapping[str, str]]) -> int:
    """Mean input tokens of a request over the rows, roughly; variables without a value count as written."""
    if not rows:
        return 0
    some = rows[:MEASURED_ROWS]
    texts = [text for text in version.texts() if text]
    total = 0
    for row in some:
        values = {**row, EXAMPLES: version.examples}
        total += sum(text_tokens(fill(text, values)) + TOKENS_A_MESSAGE for text in texts)
    return round(total / len(some))


def estimate(
    version: Version,
    rows: Sequence[Mapping[str, str]],
    asked: Sequence[Asked],
    n: int,
    past: Mapping[str, Past] | None = None,
) -> Estimate:
    """What sending `version` over `rows` to each of `asked` n times will take.

    Args:
        past: by the model's name, from answers to this same version over the same rows.
    """
    guess = request_tokens(version, rows)
    seen = past or {}
    known = [p.input_tokens for a in asked if (p := seen.get(a.name)) and p.input_tokens is not None]
    each = n * len(rows)
    usd: float | None = None
    for column in asked:
        if column.price is not None:
            usd = (usd or 0.0) + each * _request_usd(column, column.price, guess, seen.get(column.name, Past()))
    return Estimate(
        input_tokens=round(fmean(known)) if known else guess,
        requests=each * len(asked),
        usd=usd,
        unpriced=tuple(dict.fromkeys(a.name for a in asked if a.price is None)),
        measured=bool(known) and len(known) == len(asked),
    )


def _request_usd(column: Asked, price: Price, guess: int, past: Past) -> float:
    inputs = guess if past.input_tokens is None else past.input_tokens
    likely = LIKELY_OUTPUT if past.output_tokens is None else past.output_tokens
    output = likely if column.max_tokens is None else min(likely, column.max_tokens)
    return (inputs * price.input + output * price.output) / 1_000_000


def learn(samples: Sequence[Sample]) -> dict[str, Past]:
    """Mean tokens by model of whole answers; those from the cache count too, since the request was the same."""
    by_model: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.ok:
            by_model.setdefault(sample.model, []).append(sample)
    return {name: Past(_mean_input(group), _mean_output(group)) for name, group in by_model.items()}


def _mean_input(samples: Sequence[Sample]) -> float | None:
    known = [s.usage.input_tokens for s in samples if s.usage.input_tokens is not None]
    return fmean(known) if known else None


def _mean_output(samples: Sequence[Sample]) -> float | None:
    known = [s.usage.output_tokens for s in samples if s.usage.output_tokens is not None]
    return fmean(known) if known else None
