"""Where a model stands that knows nothing: the chance line of a k-way classification. Formulas only; draws nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, log
from typing import Literal

HIDDEN_TOKENS = 2
"""Tokens of a fixed kind that OpenAI's fine-tuning metrics average over beside the label's own (truthful.ai, "OpenAI
finetuning metrics", controlled runs on GPT-4.1; a third party's measurement, not documented by OpenAI)."""
Kind = Literal["label only", "openai"]


@dataclass(frozen=True, slots=True)
class Chance:
    """Loss in nats and accuracy of guessing; `note` says what they rest on."""

    loss: float
    accuracy: float
    note: str


def chance(k: int, kind: Kind = "label only", *, tokens: int = 1, shares: Sequence[float] = ()) -> Chance:
    """The loss and accuracy of a model that only knows how often each of k labels occurs.

    Over the label's tokens alone the loss is H / tokens, with H the entropy of the labels (ln k where they are equally
    frequent): a guess is made at one of the tokens and the others follow from it. The accuracy is the largest share.
    OpenAI reports the mean over the label's tokens and two more that are always right, so the loss is H / (tokens + 2),
    for one token a third of ln k, and the accuracy cannot fall below two thirds.

    Args:
        tokens: of one label.
        shares: of each label; equal where not given.

    Raises:
        ValueError: fewer than two labels, no token, or shares that are not k probabilities.
    """
    if k < 2 or tokens < 1:
        raise ValueError(f"{k} labels of {tokens} tokens are nothing to guess")
    given = list(shares) or [1 / k] * k
    if len(given) != k or any(share < 0 for share in given) or abs(fsum(given) - 1) > 1e-6:
        raise ValueError("the shares of the labels do not add up to 1")
    entropy = -fsum(share * log(share) for share in given if share > 0)
    right = max(given)
    if kind == "label only":
        return Chance(
            entropy / tokens, right / tokens + (tokens - 1) / tokens, f"{k} labels, loss over the label alone"
        )
    total = tokens + HIDDEN_TOKENS
    note = f"{k} labels; OpenAI averages over {HIDDEN_TOKENS} hidden tokens more (measured by others)"
    return Chance(entropy / total, right / total + (total - 1) / total, note)
