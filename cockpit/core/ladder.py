"""The ladder of methods an idea climbs, and how far it got. Counts in, rungs out: what is not known is not guessed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from cockpit.core.prompts import EXAMPLES, VARIABLE, Version

RungName = Literal["zero-shot", "few-shot", "many-shot", "best-of-N", "finetune", "RL"]
RUNGS: tuple[RungName, ...] = ("zero-shot", "few-shot", "many-shot", "best-of-N", "finetune", "RL")


@dataclass(frozen=True, slots=True)
class Work:
    """What one run did for its idea."""

    rung: RungName
    samples: int
    """Whole answers."""
    shots: int | None = None
    """Examples in the prompt, where that is known."""


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


def rung_of(version: Version) -> RungName:
    """The rung of a run by its prompt alone: few-shot if an examples block is sent, else zero-shot.

    Earlier turns of a conversation are not counted as examples: from outside they cannot be told apart.
    """
    used = any(match[1] == EXAMPLES for text in version.texts() for match in VARIABLE.finditer(text))
    return "few-shot" if used and version.examples.strip() else "zero-shot"


def climb(work: Iterable[Work]) -> tuple[Rung, ...]:
    """All six rungs, bottom first, with what was done on each."""
    done = list(work)
    top = max((RUNGS.index(one.rung) for one in done if one.samples), default=-1)
    return tuple(_rung(name, [one for one in done if one.rung == name], at < top) for at, name in enumerate(RUNGS))


def _rung(name: RungName, work: list[Work], below: bool) -> Rung:
    samples = sum(one.samples for one in work)
    shots = [one.shots for one in work if one.shots is not None]
    return Rung(name, len(work), samples, max(shots, default=None), skipped=below and samples == 0)
