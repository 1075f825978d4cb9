"""Which metrics belong in one picture, in training and in testing, and which way is better. Names only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

_PHASES = frozenset({"train", "training", "eval", "val", "valid", "validation", "test", "dev", "heldout", "full"})
_HELD_OUT = _PHASES - {"train", "training", "full"}
_LOWER = ("loss", "perplexity", "ppl", "error", "err", "wer", "cer", "nll", "mse", "mae", "rmse", "kl", "bpb", "bpc")
_HIGHER = ("accuracy", "acc", "f1", "reward", "score", "precision", "recall", "auc", "bleu", "rouge", "exact", "pass")
Better = Literal["lower", "higher"]


def words_of(name: str) -> list[str]:
    """The words of a metric's name: 'eval/loss_full' is eval, loss, full."""
    return [word for word in re.split(r"[^a-z0-9]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()) if word]


def family_of(name: str) -> str:
    """What is measured, whatever it is measured on: 'loss' for 'loss', 'eval_loss' and 'train/loss'."""
    left = [word for word in words_of(name) if word not in _PHASES]
    found = "_".join(left) or name
    return {"acc": "accuracy", "mean_token_accuracy": "accuracy", "token_accuracy": "accuracy"}.get(found, found)


def is_held_out(name: str) -> bool:
    """Whether it is measured on data that is not trained on, by its name."""
    return any(word in _HELD_OUT for word in words_of(name))


def better(name: str) -> Better | None:
    """Which way is better; None where the name does not say."""
    words = words_of(name)
    if any(word in _LOWER for word in words):
        return "lower"
    return "higher" if any(word in _HIGHER for word in words) else None


def families(names: Iterable[str]) -> dict[str, list[str]]:
    """Family → its metrics, the families a person asks for first: loss, accuracy, other known ones, the rest."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(family_of(name), []).append(name)
    return dict(sorted(found.items(), key=lambda item: _rank(item[0])))


def _rank(family: str) -> tuple[int, str]:
    if "loss" in family:
        return (0 if family == "loss" else 2, family)
    if "accuracy" in family:
        return (1 if family == "accuracy" else 2, family)
    return (3 if better(family) else 4, family)
