"""What a send will take in tokens and dollars, and how sure that is. Loads no vocabulary, asks no server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from cockpit.core.models import Price
from cockpit.core.prompts import EXAMPLES, Version, fill
from cockpit.core.samples import Sample

if TYPE_CHECKING:
    from cockpit.core.retokenise import LiveTokens
    from cockpit.core.tokens import Tokenizer

CHARS_A_TOKEN = 4
TOKENS_A_MESSAGE = 4
"""What most APIs' templates add to each message."""
LIKELY_OUTPUT = 300
"""Output tokens assumed where no answer was seen; max_tokens caps it."""
MEASURED_ROWS = 200
"""Rows of a large inputs file that are looked at; the rest are taken to be like them."""
COUNTED_CHARS = 1_000_000
"""Characters of further rows that are counted with a tokenizer; the rows after them are taken to be like those."""
LONG_CHARS = 20_000
"""A text from here on is kept cut into tokens, so that an edit costs what it changed."""


@dataclass(frozen=True, slots=True)
class Past:
    """Mean tokens of earlier answers to the same version by one model; None where its API told none."""

    input_tokens: float | None = None
    output_tokens: float | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """Input tokens of one request as a model's tokenizer counts them: the mean over the rows."""

    texts: float
    """Of the texts alone."""
    template: int
    """What the API's template adds around them, roughly: a tokenizer cannot know."""
    exact: bool
    """`texts` is the model's own count, over every row."""
    how: str = ""
    """The tokenizer's name."""


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
    texts: tuple[int, int] | None = None
    """Least and most tokens of the texts over the models, where each was counted exactly; None where any was not."""
    template: int = 0
    """What templates add to `texts`, roughly; `input_tokens` is with it."""


def text_tokens(text: str) -> int:
    """Tokens of a text, roughly: four characters of English are one."""
    return (len(text) + CHARS_A_TOKEN - 1) // CHARS_A_TOKEN


def request_tokens(version: Version, rows: Sequence[Mapping[str, str]]) -> int:
    """Mean input tokens of a request over the rows, roughly; variables without a value count as written."""
    if not rows:
        return 0
    some = rows[:MEASURED_ROWS]
    total = sum(text_tokens(text) + TOKENS_A_MESSAGE for row in some for _, text in request_texts(version, row))
    return round(total / len(some))


def request_texts(version: Version, row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The texts that one request sends, each after its field's name; a variable without a value stays as written."""
    values = {**row, EXAMPLES: version.examples}
    yield from ((name, text) for name, text in _texts(version, values) if text)


def _texts(version: Version, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield "system", fill(version.system, values)
    for at, message in enumerate(version.messages):
        yield f"turn:{at}", message.content if message.raw else fill(message.content, values)
    yield "prefill", fill(version.prefill, values)


class RequestCounter:
    """Counts requests with one tokenizer. Every call blocks for as long as encoding takes; one caller at a time.

    A long text is kept cut into tokens by its field, so that counting it again after an edit costs what changed.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._live: dict[str, LiveTokens] = {}

    def count(self, version: Version, rows: Sequence[Mapping[str, str]], *, exact: bool = True) -> Counted:
        """Mean tokens of a request over the rows.

        Args:
            exact: whether the tokenizer is the model's own; a mean over some of the rows is never exact.
        """
        totals: list[int] = []
        chars = messages = 0
        fields: set[str] = set()
        for row in rows[:MEASURED_ROWS]:
            if chars > COUNTED_CHARS:
                break
            texts = list(request_texts(version, row))
            totals.append(sum(self._count(name, text) for name, text in texts))
            chars += sum(len(text) for _, text in texts)
            messages += len(texts)
            fields.update(name for name, _ in texts)
        self._live = {name: live for name, live in self._live.items() if name in fields}
        seen = max(len(totals), 1)
        whole = exact and self._tokenizer.exact and len(totals) == len(rows)
        return Counted(sum(totals) / seen, round(messages * TOKENS_A_MESSAGE / seen), whole, self._tokenizer.name)

    def _count(self, field: str, text: str) -> int:
        if len(text) < LONG_CHARS or not (self._tokenizer.local and self._tokenizer.boundaries):
            return self._tokenizer.count(text)
        from cockpit.core.retokenise import LiveTokens

        return len(self._live.setdefault(field, LiveTokens(self._tokenizer)).update(text))


def estimate(
    version: Version,
    rows: Sequence[Mapping[str, str]],
    asked: Sequence[Asked],
    n: int,
    past: Mapping[str, Past] | None = None,
    *,
    counted: Mapping[str, Counted] | None = None,
) -> Estimate:
    """What sending `version` over `rows` to each of `asked` n times will take.

    An API's own report of the same version is taken first, then a tokenizer's count, then a guess from the length.

    Args:
        past: by the model's name, from answers to this same version over the same rows.
        counted: by the model's name, of this same version over the same rows.
    """
    seen, counts = past or {}, counted or {}
    known = {a.name: p.input_tokens for a in asked if (p := seen.get(a.name)) and p.input_tokens is not None}
    sizes = {name: count.texts + count.template for name, count in counts.items()} | known
    guess = 0 if all(a.name in sizes for a in asked) and asked else request_tokens(version, rows)
    each = n * len(rows)
    usd: float | None = None
    for column in asked:
        if column.price is not None:
            size = sizes.get(column.name, guess)
            usd = (usd or 0.0) + each * _request_usd(column, column.price, size, seen.get(column.name, Past()))
    best = [sizes[a.name] for a in asked if a.name in sizes]
    texts = _exact_texts(asked, counts) if not known else None
    return Estimate(
        input_tokens=round(fmean(best)) if best else guess,
        requests=each * len(asked),
        usd=usd,
        unpriced=tuple(dict.fromkeys(a.name for a in asked if a.price is None)),
        measured=bool(known) and all(a.name in known for a in asked),
        texts=texts,
        template=max(counts[a.name].template for a in asked) if texts else 0,
    )


def _exact_texts(asked: Sequence[Asked], counts: Mapping[str, Counted]) -> tuple[int, int] | None:
    found = [counts[a.name] for a in asked if a.name in counts]
    if not found or len(found) < len(asked) or not all(count.exact for count in found):
        return None
    return round(min(count.texts for count in found)), round(max(count.texts for count in found))


def _request_usd(column: Asked, price: Price, inputs: float, past: Past) -> float:
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
