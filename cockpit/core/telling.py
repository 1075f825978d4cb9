"""Which two or three of many samples a reader should see, and why. A rule, so that nobody picks the flattering ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

USUAL = ("ended", "stop")


@dataclass(frozen=True, slots=True)
class Seen:
    """A sample as far as it matters for being chosen; `score` is None where it has none, `verdict` a person's."""

    id: int
    model: str
    ended: str
    length: int
    score: float | None = None
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """A chosen sample and what it stands for."""

    sample: Seen
    why: str


def telling(samples: Sequence[Seen], most: int = 3) -> tuple[Telling, ...]:
    """At most `most` samples: what a person marked, then one wrong and one right, an unusual end, the typical.

    Of several that stand for the same, the one of middle length is taken, the earliest of equals: a choice that does
    not depend on how the text reads.
    """
    chosen: dict[int, Telling] = {}
    for why, found in _reasons(samples):
        left = [one for one in found if one.id not in chosen]
        if left and len(chosen) < most:
            middle = _middle(left)
            chosen[middle.id] = Telling(middle, why)
    return tuple(chosen.values())


def _reasons(samples: Sequence[Seen]) -> Iterator[tuple[str, list[Seen]]]:
    def those(test: Callable[[Seen], bool]) -> list[Seen]:
        return [one for one in samples if test(one)]

    yield "marked gold", those(lambda one: one.verdict == "gold")
    yield "rejected", those(lambda one: one.verdict == "rejected")
    scored = those(lambda one: one.score is not None)
    if scored:
        scores = [one.score or 0.0 for one in scored]
        if min(scores) < max(scores):
            yield f"score {min(scores):g}", those(lambda one: one.score == min(scores))
            yield f"score {max(scores):g}", those(lambda one: one.score == max(scores))
    ends = {one.ended for one in samples}
    for ended in sorted(ends - set(USUAL), key=lambda name: sum(one.ended == name for one in samples)):
        yield f"ended: {ended}", those(lambda one, ended=ended: one.ended == ended)  # type: ignore[misc]
    yield "typical length", those(lambda one: one.ended in USUAL)


def _middle(samples: Sequence[Seen]) -> Seen:
    order = sorted(samples, key=lambda one: (one.length, one.id))
    return order[(len(order) - 1) // 2]
