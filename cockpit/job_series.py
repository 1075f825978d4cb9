"""The curves of jobs, ready to be drawn or printed: read from the database, laid on one axis. Draws nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isnan
from typing import Literal

from cockpit.core.chance import Chance, chance
from cockpit.core.chance import Kind as ChanceKind
from cockpit.core.curve_turn import Turn, turn
from cockpit.core.metric_families import family_of, is_held_out
from cockpit.store import job_points, jobs
from cockpit.store.job_points import Points

Across = Literal["step", "time", "point"]
ACROSS: tuple[Across, ...] = ("step", "time", "point")
CHANCE = "chance"


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric of one job: as many xs as ys, in the order written. `across` is what the xs are."""

    job: int
    metric: str
    xs: Sequence[float]
    ys: Sequence[float]
    across: Across


def curve(db: sqlite3.Connection, job_id: int, metric: str, across: Across = "step") -> Curve:
    """A metric of a job against steps, seconds since its first point, or the points' order.

    Where steps or times were not written, it is against the order, and says so in `across`.
    """
    points = job_points.points_of(db, job_id, metric)
    xs = _xs(points, across)
    if xs is None:
        return Curve(job_id, metric, range(len(points)), points.values, "point")
    return Curve(job_id, metric, xs, points.values, across)


def curves(
    db: sqlite3.Connection, job_ids: Sequence[int], metrics: Sequence[str], across: Across = "step"
) -> list[Curve]:
    """These metrics of these jobs, as far as they have them."""
    names = job_points.metric_names(db, job_ids)
    return [curve(db, job, metric, across) for job in job_ids for metric in metrics if metric in names[job]]


def names_of(db: sqlite3.Connection, job_ids: Sequence[int]) -> list[str]:
    """Every metric that one of the jobs has, in order of first appearance."""
    return list(dict.fromkeys(name for names in job_points.metric_names(db, job_ids).values() for name in names))


def turn_of(found: Sequence[Curve], accuracies: Sequence[Curve]) -> Turn | None:
    """Where the held-out loss of one job turns up; None where it does not, or nothing is held out."""
    loss = next((one for one in found if is_held_out(one.metric) and family_of(one.metric) == "loss"), None)
    if loss is None:
        return None
    same = (one for one in accuracies if one.job == loss.job and is_held_out(one.metric))
    accuracy = next((one for one in same if family_of(one.metric) == "accuracy"), None)
    return turn(_known(loss), None if accuracy is None else _known(accuracy))


def put_chance(db: sqlite3.Connection, job_ids: Sequence[int], k: int | None, kind: ChanceKind = "label only") -> None:
    """Remember how many labels jobs choose among; None forgets it."""
    for job_id in job_ids:
        jobs.put_known(db, job_id, CHANCE, None if k is None else {"k": k, "kind": kind}, "you")


def chance_of(db: sqlite3.Connection, job_ids: Sequence[int]) -> Chance | None:
    """The chance line of these jobs; None where nobody said how many labels there are, or they differ."""
    said = {job: jobs.fact(db, job, CHANCE) for job in job_ids}
    values = {(one["k"], one["kind"]) for one in said.values() if isinstance(one, Mapping)}
    if len(values) != 1 or None in said.values():
        return None
    k, kind = values.pop()
    return chance(int(k), kind)


def _known(one: Curve) -> tuple[list[float], list[float]]:
    pairs = [(x, y) for x, y in zip(one.xs, one.ys, strict=True) if isfinite(x) and isfinite(y)]
    return [x for x, _ in pairs], [y for _, y in pairs]


def _xs(points: Points, across: Across) -> Sequence[float] | None:
    if across == "step" and len(points) and not any(map(isnan, points.steps)):
        return points.steps
    if across == "time" and len(points) and not any(map(isnan, points.times)):
        first = points.times[0]
        return [at - first for at in points.times]
    return None
