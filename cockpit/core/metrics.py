"""Whether an answer is right: exact, contains, regex, choice, judge. Text in, a number out; asks nobody."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Literal, get_args

from cockpit.core.errors import InputError
from cockpit.core.examples import Row
from cockpit.core.prompts import Version, single, variables

Kind = Literal["exact", "contains", "regex", "choice", "judge"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ANSWER_WORDS = re.compile(r"\b(?:answer|label|choice|option|verdict|category)\b(?:\s+is)?\s*[:=]?\s*", re.IGNORECASE)
OPENING = "([{*_`'\"“‘<"
CLOSING = ")]}*_`'\"”’>.:,;!?"
JUDGE_ANSWERS: Mapping[str, float] = {"yes": 1.0, "no": 0.0}
JUDGE_TEXT = """A task was given to a model. Judge whether its answer is right.

<task>
{{input}}
</task>
<right_answer>
{{gold}}
</right_answer>
<model_answer>
{{answer}}
</model_answer>

Does the model's answer say the same as the right answer? Reply with one word: yes or no."""


@dataclass(frozen=True, slots=True)
class Metric:
    """How answers are scored.

    `pattern` is of regex, `labels` of choice; `any_case` makes small and capital letters the same.
    """

    kind: Kind
    pattern: str = ""
    labels: tuple[str, ...] = ()
    any_case: bool = False

    @property
    def name(self) -> str:
        """What its scores are stored under: different ways of scoring never share a name."""
        parts: list[str] = [self.kind]
        if self.kind == "regex":
            parts.append(self.pattern)
        if self.kind == "choice":
            parts.append("|".join(self.labels))
        return ":".join(parts) + (" (any case)" if self.any_case else "")


@dataclass(frozen=True, slots=True)
class Judge:
    """A prompt by which a model classifies answers into a fixed set; each of them is worth a number."""

    text: str = JUDGE_TEXT
    answers: Mapping[str, float] = field(default_factory=lambda: dict(JUDGE_ANSWERS))

    @property
    def mark(self) -> str:
        """What tells it from the judge that ships: empty, or eight digits of a hash."""
        if (self.text, dict(self.answers)) == (JUDGE_TEXT, JUDGE_ANSWERS):
            return ""
        said = json.dumps([self.text, dict(self.answers)], sort_keys=True)
        return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:8]

    def version(self) -> Version:
        """The prompt to send for each answer; its variables are `input`, `gold`, `answer`.

        Raises:
            InputError: no `{{answer}}` in it, an unknown variable, or fewer than two answers.
        """
        version = single(self.text)
        names = set(variables(version))
        if "answer" not in names:
            raise InputError("The judge's prompt has no {{answer}}.", hint="It stands for the answer to be judged.")
        if unknown := sorted(names - {"input", "gold", "answer"}):
            raise InputError(f"The judge's prompt has {{{{{unknown[0]}}}}}.", hint="It knows input, gold and answer.")
        if len(self.answers) < 2:
            raise InputError("A judge needs two answers or more to choose from.")
        return version

    def read(self, text: str) -> str | None:
        """Which of its answers the judge gave; None where it gave none of them, or several."""
        return read_choice(text, tuple(self.answers))

    def value(self, text: str) -> float | None:
        """What the judge's answer is worth; None where it gave none."""
        found = self.read(text)
        return None if found is None else self.answers[found]


def check(metric: Metric) -> None:
    """See that answers can be scored by it.

    Raises:
        InputError: a regex that is none or missing, or a choice among fewer than two labels.
    """
    if metric.kind == "regex":
        if not metric.pattern:
            raise InputError("A regex metric needs its pattern.")
        _compiled(metric.pattern, metric.any_case)
    if metric.kind == "choice" and len(metric.labels) < 2:
        raise InputError("A choice needs two labels or more.")


def gold(row: Row) -> str | None:
    """The right answer of a row: its output, else its label; None where it has neither."""
    return row.output.strip() or (row.label or "").strip() or None


def score(metric: Metric, text: str, row: Row) -> float | None:
    """1 where an answer is right, 0 where it is not, None where the row does not say what is right.

    exact: the right answer and nothing else but white space around it. contains: it stands in the text, not as part
    of a longer word. regex: the first group of the first match is the right answer; a pattern without a group is right
    where it matches, whatever the row says. choice: the one label that the text gives (see `read_choice`) is the row's.

    Raises:
        InputError: as `check`; or a metric that needs a model to say.
    """
    if metric.kind == "judge":
        raise InputError("A judge's score needs the judge's answer.")
    right = gold(row)
    if metric.kind == "regex":
        return _by_regex(metric, text, right)
    if metric.kind == "choice":
        return _by_choice(metric, text, row)
    if right is None:
        return None
    said, wanted = (text, right) if not metric.any_case else (text.casefold(), right.casefold())
    if metric.kind == "exact":
        return float(said.strip() == wanted)
    return float(_stands_in(wanted, said))


def _by_regex(metric: Metric, text: str, right: str | None) -> float | None:
    pattern = _compiled(metric.pattern, metric.any_case)
    found = pattern.search(text)
    if not pattern.groups:
        return float(found is not None)
    if right is None:
        return None
    if found is None:
        return 0.0
    said = (found[1] or "").strip()
    return float(said.casefold() == right.casefold() if metric.any_case else said == right)


def _by_choice(metric: Metric, text: str, row: Row) -> float | None:
    known = {label.casefold(): label for label in metric.labels}
    right = next(
        (known[g.strip().casefold()] for g in (row.label, row.output) if (g or "").strip().casefold() in known and g),
        None,
    )
    return None if right is None else float(read_choice(text, metric.labels) == right)


def read_choice(text: str, labels: Sequence[str]) -> str | None:
    """The one label that a text gives as its answer; None where it gives none, or it cannot be told which.

    In turn: the text begins with it; it stands behind the last 'answer', 'answer is', 'answer:' or the like; it is the
    only label in the text. Labels are found in any case and not as part of a word; a single letter inside a sentence
    counts only as a capital that brackets or a mark set off, as in '(B)' or 'B.', since A and I are words.
    """
    begun = _label_at(text.strip(), labels)
    if begun is not None:
        return begun
    for mark in reversed(list(ANSWER_WORDS.finditer(text))):
        named = _label_at(text[mark.end() :], labels)
        if named is not None:
            return named
    found = [label for label in labels if _label_pattern(label).search(text)]
    longest = [label for label in found if not any(_covers(other, label, text) for other in found if other != label)]
    return longest[0] if len(longest) == 1 else None


def _label_at(text: str, labels: Sequence[str]) -> str | None:
    """The label that a text begins with, marks and brackets aside; the longest of several."""
    begun = text.lstrip().lstrip(OPENING).casefold()
    for label in sorted(labels, key=len, reverse=True):
        wanted = label.casefold()
        if begun.startswith(wanted) and not _joined(begun, len(wanted)):
            single_word = len(label) == 1 and begun[1:2] == " " and begun[2:3].isalpha()
            if not single_word:
                return label
    return None


def _joined(text: str, at: int) -> bool:
    """Whether the sign at that place goes on with the word before it."""
    return at < len(text) and (text[at].isalnum() or text[at] in "_-'’") and text[at - 1].isalnum()


def _covers(longer: str, label: str, text: str) -> bool:
    """Whether every place where a label stands is inside a longer one."""
    if len(longer) <= len(label) or label.casefold() not in longer.casefold():
        return False
    return _label_pattern(label).search(_label_pattern(longer).sub(" ", text)) is None


@lru_cache(maxsize=256)
def _label_pattern(label: str) -> re.Pattern[str]:
    if len(label) == 1 and label.isalpha():
        capital = re.escape(label.upper())
        return re.compile(rf"(?<![\w'’]){capital}(?=[{re.escape(CLOSING)}])(?!['’]\w)|(?<=[(\[*]){capital}(?!\w)")
    return re.compile(_bounded(label), re.IGNORECASE)


@lru_cache(maxsize=1024)
def _bounded(text: str) -> str:
    before = r"(?<!\w)" if text[:1].isalnum() else ""
    after = r"(?!\w)" if text[-1:].isalnum() else ""
    return before + re.escape(text) + after


def _stands_in(wanted: str, text: str) -> bool:
    return re.search(_bounded(wanted), text) is not None


@lru_cache(maxsize=64)
def _compiled(pattern: str, any_case: bool) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE if any_case else 0)
    except re.error as error:
        raise InputError(f"{pattern!r} is no regular expression: {error}.") from error
