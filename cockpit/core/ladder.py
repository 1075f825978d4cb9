"""The ladder of methods an idea climbs, and how far it got. Counts in, rungs out: what is not known is not guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from cockpit.core.prompts import EXAMPLES, ROW_EXAMPLES, VARIABLE, Version, variables

RungName = Literal["zero-shot", "few-shot", "many-shot", "best-of-N", "finetune", "RL"]
RUNGS: tuple[RungName, ...] = ("zero-shot", "few-shot", "many-shot", "best-of-N", "finetune", "RL")
MOST_FEW_SHOTS = 10
"""Examples that a person writes by hand; more is many-shot."""
_BLANK_LINES = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Work:
    """What one run, or several of the same kind, did for their idea."""

    rung: RungName
    samples: int
    """Whole answers."""
    shots: int | None = None
    """Examples in the prompt, where that is known."""
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of an idea's ladder."""

    name: RungName
    runs: int = 0
    samples: int = 0
    shots: int | None = None
    """The most examples tried, where known."""
    skipped: bool = False
    """Nothing was done here, but something was further up: worth a reason."""

    @property
    def done(self) -> bool:
        """Whether anything came back on this rung."""
        return self.samples > 0


def uses_examples(version: Version) -> bool:
    """Whether the version has a place that its examples block fills."""
    return any(match[1] == EXAMPLES for text in version.open_texts() for match in VARIABLE.finditer(text))


def shots_of(version: Version, *, continued: bool = False) -> int | None:
    """How many examples are sent with the prompt; None where there are some that cannot be told apart.

    They are the answered turns before the last one, and the parts of the examples block between blank lines. A block
    of each input's own is not in the version, so that its examples cannot be counted here.

    Args:
        continued: the turns are a conversation with the model, so none of them is an example.
    """
    if ROW_EXAMPLES in variables(version):
        return None
    turns = 0 if continued else sum(m.role == "assistant" for m in version.messages[:-1])
    block = version.examples.strip()
    if not block or not uses_examples(version):
        return turns
    parts = len(_BLANK_LINES.split(block))
    return turns + parts if parts > 1 or "\n" not in block else None


def rung_of(version: Version, *, continued: bool = False) -> RungName:
    """The rung of a run by its prompt alone: zero-shot without examples, many-shot with more than ten.

    Best-of-N, finetune and RL are named by the work that picks or trains: asking n times is none of them.
    """
    shots = shots_of(version, continued=continued)
    if shots == 0:
        return "zero-shot"
    return "few-shot" if shots is None or shots <= MOST_FEW_SHOTS else "many-shot"


def work_of(version: Version, samples: int, *, continued: bool = False, runs: int = 1) -> Work:
    """What runs of one version did."""
    rung = rung_of(version, continued=continued)
    return Work(rung, samples, shots_of(version, continued=continued) or None, runs)


def climb(work: Iterable[Work]) -> tuple[Rung, ...]:
    """All six rungs, bottom first, with what was done on each."""
    done = list(work)
    top = max((RUNGS.index(one.rung) for one in done if one.samples), default=-1)
    return tuple(_rung(name, [one for one in done if one.rung == name], at < top) for at, name in enumerate(RUNGS))


def _rung(name: RungName, work: list[Work], below: bool) -> Rung:
    samples = sum(one.samples for one in work)
    shots = [one.shots for one in work if one.shots is not None]
    runs = sum(one.runs for one in work)
    return Rung(name, runs, samples, max(shots, default=None), skipped=below and samples == 0)
