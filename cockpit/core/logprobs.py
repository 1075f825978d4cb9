"""How likely a model found its own tokens: probabilities, perplexity, where two samples part. Nothing is drawn here.

A log probability is natural, as the APIs give it. It is the model's own, as far as they say, and not what the
sampling settings (temperature, top_p) made of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, fsum, inf, isnan

from cockpit.core.ports import TokenLogprob
from cockpit.core.tokens import plain_bytes

UNLIKELY = 0.1
"""A token of a lower probability is worth a look: the model found nine in ten more likely."""
_ESCAPED = re.compile(r"(?:bytes:)?((?:\\x[0-9a-fA-F]{2})+)")


@dataclass(frozen=True, slots=True)
class Alternative:
    """A token that might have stood here: its probability, and whether it is the one that does."""

    token: str
    probability: float
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of one position: the alternatives, likeliest first, and how much the rest share.

    `rank` counts from 1 among the alternatives the API named; None where the chosen token is not among them.
    """

    alternatives: tuple[Alternative, ...]
    rank: int | None
    rest: float


@dataclass(frozen=True, slots=True)
class Parting:
    """The first token where two samples differ; a side that ended there has None.

    `left_of_right` is how likely the left sample's model state found the right sample's token, where the API named it
    among the alternatives; `right_of_left` the other way round. Up to here both have said the same, so for one model
    and one prompt the two lists of alternatives should agree.
    """

    index: int
    left: TokenLogprob | None
    right: TokenLogprob | None
    left_of_right: float | None = None
    right_of_left: float | None = None


@dataclass(frozen=True, slots=True)
class Spelled:
    """The tokens as bytes: token i covers `ends[i-1]` to `ends[i]` of `data`.

    `whole` is whether they spell the stored text; a stop string that was cut off the text, or reasoning that was
    taken out, is in the tokens all the same.
    """

    data: bytes
    ends: tuple[int, ...]
    whole: bool


def probability(logprob: float) -> float:
    """e to the log probability, within 0 and 1; OpenAI writes -9999.0 for 'very unlikely', which is 0 here."""
    return 0.0 if isnan(logprob) else min(exp(min(logprob, 0.0)), 1.0)


def perplexity(tokens: Sequence[TokenLogprob]) -> float | None:
    """The exponential of the mean negative log probability, at least 1; None of no tokens, infinite if one had none.

    It is that of the model's own answer, after its prompt: low means that the model was sure, not that it was right.
    Source: Jelinek, Mercer, Bahl and Baker 1977, https://doi.org/10.1121/1.2016299; as defined in
    https://huggingface.co/docs/transformers/perplexity
    """
    if not tokens:
        return None
    mean = -fsum(min(token.logprob, 0.0) for token in tokens) / len(tokens)
    try:
        return exp(mean)
    except OverflowError:
        return inf


def place(token: TokenLogprob) -> Place:
    """The alternatives at one position. The chosen token is among them even where the API left it out.

    `rest` is what is left for all tokens that were not named: rounding in the API can make it a little too small.
    """
    named = dict(token.top)
    named.setdefault(token.token, token.logprob)
    ordered = sorted(named.items(), key=lambda item: -item[1])
    found = tuple(Alternative(text, probability(value), text == token.token) for text, value in ordered)
    listed = [text for text, _ in sorted(token.top, key=lambda item: -item[1])]
    rank = listed.index(token.token) + 1 if token.token in listed else None
    return Place(found, rank, max(0.0, 1.0 - fsum(one.probability for one in found)))


def unlikely(tokens: Sequence[TokenLogprob], below: float = UNLIKELY) -> list[int]:
    """Indexes of the tokens whose probability is less than `below`."""
    return [index for index, token in enumerate(tokens) if probability(token.logprob) < below]


def parting(left: Sequence[TokenLogprob], right: Sequence[TokenLogprob]) -> Parting | None:
    """Where two samples part: the first token that differs, or the end of the shorter; None where both are the same."""
    shorter = min(len(left), len(right))
    at = next((i for i in range(shorter) if left[i].token != right[i].token), shorter)
    if at == len(left) == len(right):
        return None
    one = left[at] if at < len(left) else None
    other = right[at] if at < len(right) else None
    return Parting(at, one, other, _likely(one, other), _likely(other, one))


def _likely(here: TokenLogprob | None, there: TokenLogprob | None) -> float | None:
    """How likely the first position found the second one's token."""
    if here is None or there is None:
        return None
    value = dict(here.top).get(there.token)
    return None if value is None else probability(value)


def spell(text: str, tokens: Sequence[TokenLogprob]) -> Spelled:
    """Where each token lies in the text.

    APIs write a token that is part of a character as `\\xe2\\x80` (or with `bytes:` before it): it is read as
    bytes, and as written where the text has a backslash there. Where the tokens do not
    spell the text, their own spelling is what is laid out.
    """
    data = plain_bytes(text)
    ends: list[int] = []
    at = 0
    pieces: list[bytes] = []
    for token in tokens:
        piece = _piece(data, token.token, at)
        pieces.append(piece)
        at += len(piece)
        ends.append(at)
    spelled = b"".join(pieces)
    return Spelled(spelled, tuple(ends), spelled == data)


def _piece(data: bytes, token: str, at: int) -> bytes:
    """The bytes of a token that begins at byte `at`, if the text is still followed."""
    written = plain_bytes(token)
    escaped = _ESCAPED.fullmatch(token)
    if escaped is None or data.startswith(written, at):
        return written
    return bytes.fromhex(escaped[1].replace("\\x", ""))
