"""The ladder of methods an idea climbs, and how far it got. Counts in, rungs out: what is not known is not guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cockpit.core.prompts import EXAMPLES, ROW_EXAMPLES, VARIABLE, Version, variables

if TYPE_CHECKING:
    from cockpit.core.paired import Paired
    from cockpit.core.shot_curve import Scores

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
class Gain:
    """What the best number of examples on a rung did for one model: `effect` is its score less that without examples.

    It is the best of the `tried` numbers of examples on this rung, and its interval is not widened for that choice.
    """

    k: int
    effect: Paired
    metric: str
    model: str
    models: int = 1
    """Models that were measured; `model` has the highest score of them."""
    tried: int = 1


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
    gain: Gain | None = None
    """What its examples did, where a curve was measured."""

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


def climb(work: Iterable[Work], gains: Mapping[RungName, Gain] | None = None) -> tuple[Rung, ...]:
    """All six rungs, bottom first, with what was done on each and what it brought."""
    done, known = list(work), gains or {}
    top = max((RUNGS.index(one.rung) for one in done if one.samples), default=-1)
    return tuple(
        _rung(name, [one for one in done if one.rung == name], at < top, known.get(name))
        for at, name in enumerate(RUNGS)
    )


def _rung(name: RungName, work: list[Work], below: bool, gain: Gain | None) -> Rung:
    samples = sum(one.samples for one in work)
    shots = [one.shots for one in work if one.shots is not None]
    runs = sum(one.runs for one in work)
    return Rung(name, runs, samples, max(shots, default=None), skipped=below and samples == 0, gain=gain)


def gains_of(metric: str, by_model: Mapping[str, Mapping[int, Scores]]) -> dict[RungName, Gain]:
    """What examples did on the few-shot and the many-shot rung, from one curve's scores.

    On each rung: the model and the number of examples with the highest mean score (the fewest examples of equals),
    against the same model without examples on the same inputs (`shot_curve.compare`).

    Args:
        by_model: model → number of examples → input's key → scores; only models with 0 among the numbers count.
    """
    from cockpit.core.shot_curve import compare, mean_of

    found: dict[RungName, Gain] = {}
    rungs: tuple[RungName, RungName] = ("few-shot", "many-shot")
    measured = {model: by_k for model, by_k in by_model.items() if 0 in by_k}
    for name in rungs:
        ranked = []
        for model, by_k in measured.items():
            ks = [k for k in by_k if k and (k <= MOST_FEW_SHOTS) == (name == "few-shot")]
            means = [(mean.value, -k) for k in ks if (mean := mean_of(by_k[k])) is not None]
            if means:
                ranked.append((*max(means), model, len(means)))
        if not ranked:
            continue
        _, less, model, tried = max(ranked, key=lambda one: one[:2])
        effect = compare(measured[model][-less], measured[model][0])
        if effect is not None:
            found[name] = Gain(-less, effect, metric, model, len(ranked), tried)
    return found
