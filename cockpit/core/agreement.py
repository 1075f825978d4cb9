"""A metric beside a person's own labels of the same answers. Values in, agreement out; no file and no database here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from cockpit.core.errors import InputError
from cockpit.core.paired import Kappa, cohen_kappa

WORTH: Mapping[str, float] = {
    **dict.fromkeys(("right", "correct", "yes", "true", "gold", "pass"), 1.0),
    **dict.fromkeys(("wrong", "incorrect", "no", "false", "rejected", "fail"), 0.0),
}
"""What a person's words are worth beside a score, where the metric has no words of its own."""
SAMPLE, KEY, MODEL = "sample", "key", "model"
LABELS = ("verdict", "label", "score")
"""Columns that hold the label, the first that is there."""
MOST_CATEGORIES = 10
"""Distinct values up to which each is a category of its own; beyond, 0.5 parts right from wrong."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A metric beside a person's labels. `counts` is (metric, person) → answers.

    `apart` are the samples that they differ on.
    """

    kappa: Kappa
    counts: Mapping[tuple[str, str], int]
    apart: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a row of a label file can name: a sample, and the key and model it answers for."""

    sample: int
    key: str
    model: str


@dataclass(frozen=True, slots=True)
class Labels:
    """What a file says of a run's answers: sample → worth; `strangers` are rows that name no answer of the run."""

    said: Mapping[int, float]
    strangers: int = 0


def worth(label: str, words: Mapping[str, float] | None = None) -> float | None:
    """What a label is worth: by the metric's own words, then as a number, then by `WORTH`; None: not known."""
    text = label.strip().casefold()
    own = {word.casefold(): value for word, value in (words or {}).items()}
    if text in own:
        return own[text]
    try:
        number = float(text)
    except ValueError:
        return WORTH.get(text)
    return number if isfinite(number) else None


def read_labels(
    rows: Sequence[Mapping[str, str]], answers: Sequence[Answer], words: Mapping[str, float] | None = None
) -> Labels:
    """The labels of a file's rows, by sample. A row without a label (an empty one) says nothing.

    A row names its answer by `sample`, or by the input's `key` and, where several models answered it, `model`.

    Raises:
        InputError: a column is missing, a label is no known word or number, or a key has several answers; with the row.
    """
    column = next((name for name in LABELS if rows and name in rows[0]), None)
    if column is None or not rows or not {SAMPLE, KEY} & rows[0].keys():
        raise InputError(
            "The labels need a column sample (or key) and a column label.",
            hint="`cockpit run export RUN` has each sample's number.",
        )
    by_sample = {answer.sample: answer for answer in answers}
    by_key: dict[str, list[Answer]] = {}
    for answer in answers:
        by_key.setdefault(answer.key, []).append(answer)
    said: dict[int, float] = {}
    strangers = 0
    for number, row in enumerate(rows, 1):
        text = row.get(column, "")
        if not text.strip():
            continue
        value = worth(text, words)
        if value is None:
            known = ", ".join(words or ("right", "wrong"))
            raise InputError(f"Row {number}: {text[:40]!r} is no label.", hint=f"Use {known}, or a number.")
        found = _found(row, number, by_sample, by_key)
        if found is None:
            strangers += 1
        elif said.setdefault(found, value) != value:
            raise InputError(f"Row {number}: sample {found} is labelled twice, differently.")
    return Labels(said, strangers)


def _found(
    row: Mapping[str, str], number: int, by_sample: Mapping[int, Answer], by_key: Mapping[str, Sequence[Answer]]
) -> int | None:
    """The sample that a row is about; None where the run has no such answer."""
    named = row.get(SAMPLE, "").strip()
    if named:
        if not named.isdecimal():
            raise InputError(f"Row {number}: {named[:40]!r} is no sample's number.")
        return int(named) if int(named) in by_sample else None
    several = list(by_key.get(row.get(KEY, ""), ()))
    model = row.get(MODEL, "").strip()
    if model:
        several = [one for one in several if one.model == model]
    if len(several) > 1:
        raise InputError(
            f"Row {number}: {len(several)} answers have the key {row.get(KEY, '')[:40]!r}.",
            hint="Name the sample's number in a column sample.",
        )
    return several[0].sample if several else None


def agreement_of(scores: Mapping[int, float], said: Mapping[int, float]) -> Agreement | None:
    """Cohen's kappa (`paired.cohen_kappa`) of a metric and a person on the answers that both valued; None without any.

    With up to `MOST_CATEGORIES` distinct values each is a category of its own (1 is called right, 0 wrong); with more,
    0.5 or more counts as right.
    """
    both = [sample for sample in said if sample in scores]
    if not both:
        return None
    values = {value for sample in both for value in (scores[sample], said[sample])}
    fine = len(values) <= MOST_CATEGORIES
    told, person = ([_category(side[sample], fine) for sample in both] for side in (scores, said))
    pairs = list(zip(told, person, strict=True))
    counts = dict(sorted(Counter(pairs).items()))
    apart = tuple(sample for sample, (one, other) in zip(both, pairs, strict=True) if one != other)
    return Agreement(cohen_kappa(told, person), counts, apart)


def _category(value: float, fine: bool) -> str:
    if not fine:
        return "right" if value >= 0.5 else "wrong"
    return {1.0: "right", 0.0: "wrong"}.get(value, f"{value:g}")
