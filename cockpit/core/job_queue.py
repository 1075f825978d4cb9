"""The queue's next step: which waiting jobs start, which never will, why the others wait. Pure; it starts nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cockpit.core.jobs import ENDED, After, State

SLOTS = 1
"""How many jobs a queue runs at once until somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that waits, in the order of the queue."""

    job: int
    queue: str
    gpus: int = 0
    after: tuple[After, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What a job that is not known to have ended takes up."""

    job: int
    queue: str
    gpu_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueLimit:
    """How a queue is set: how many at once, and whether it starts any at all."""

    slots: int = SLOTS
    paused: bool = False


@dataclass(slots=True)
class Decision:
    """What to do now. `start`: job → the GPUs it gets. `skip` and `wait`: job → the reason in words."""

    start: dict[int, tuple[str, ...]] = field(default_factory=dict)
    skip: dict[int, str] = field(default_factory=dict)
    wait: dict[int, str] = field(default_factory=dict)


def decide(
    waiting: Sequence[Waiting],
    taken: Sequence[Taken],
    states: Mapping[int, State],
    limits: Mapping[str, QueueLimit],
    gpu_ids: Sequence[str],
) -> Decision:
    """The step. A job for which there are too few GPUs holds back later ones that want any, so that it gets its turn.

    Args:
        states: of every job that a waiting one is to run after; one that is missing there was removed.
        gpu_ids: all of this machine's, as CUDA_VISIBLE_DEVICES names them.
    """
    decision = Decision()
    counts: dict[str, int] = {}
    for item in taken:
        counts[item.queue] = counts.get(item.queue, 0) + 1
    used = {gpu for item in taken for gpu in item.gpu_ids}
    free = [gpu for gpu in gpu_ids if gpu not in used]
    blocked = 0
    for job in waiting:
        limit = limits.get(job.queue, QueueLimit())
        verdict, reason = _dependencies(job, states, decision.skip)
        if verdict == "never":
            decision.skip[job.job] = reason
        elif verdict == "wait":
            decision.wait[job.job] = reason
        elif limit.paused:
            decision.wait[job.job] = f"queue {job.queue} is paused"
        elif counts.get(job.queue, 0) >= limit.slots:
            decision.wait[job.job] = f"queue {job.queue} runs {limit.slots} at a time"
        elif job.gpus and blocked:
            decision.wait[job.job] = f"job {blocked} is before it and waits for GPUs"
        elif job.gpus > len(free):
            blocked = job.job
            decision.wait[job.job] = f"needs {job.gpus} GPUs, {len(free)} of {len(gpu_ids)} free"
        else:
            counts[job.queue] = counts.get(job.queue, 0) + 1
            decision.start[job.job] = tuple(free[: job.gpus])
            free = free[job.gpus :]
    return decision


def _dependencies(job: Waiting, states: Mapping[int, State], skipped: Mapping[int, str]) -> tuple[str, str]:
    """'ready', 'wait' or 'never', and why."""
    for after in job.after:
        state: State | None = "skipped" if after.job in skipped else states.get(after.job)
        if state is None and not after.anyhow:
            return "never", f"it was to run after job {after.job}, which is not there"
        if state is None or state == "finished" or (after.anyhow and state in ENDED):
            continue
        if state in ENDED:
            return "never", f"it was to run after job {after.job} had finished, and that one is {state}"
        return "wait", f"runs after job {after.job}, which is {state}"
    return "ready", ""


def between(places: Sequence[float], index: int) -> float:
    """A place for something put at an index (0: first) of an ordered list of the other places."""
    if not places:
        return 1.0
    if index <= 0:
        return places[0] - 1.0
    if index >= len(places):
        return places[-1] + 1.0
    return (places[index - 1] + places[index]) / 2
