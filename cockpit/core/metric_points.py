"""Numbers that a job wrote down as it went: values that every reader of a metrics format returns. Reads no format."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

STEP_NAMES = ("step", "global_step", "_step", "iteration", "iter", "it", "batch", "update")
"""Names under which a record says where it stands, the surest first; an epoch alone is used where there is none."""
EPOCH_NAMES = ("epoch",)
TIME_NAMES = ("time", "timestamp", "_timestamp", "wall_time", "ts")
"""Names of a moment in seconds since 1970; anything else under them is an ordinary number."""
QUIET_NAMES = frozenset(
    {"_runtime", "_wandb", "max_steps", "total_steps", "max_step", "num_train_epochs", "pid", "rank"}
)
"""Numbers that say nothing about how the work goes."""
DEEPEST = 16
"""Objects within objects that names are made of."""
_EARLIEST, _LATEST = 946_684_800.0, 4_102_444_800.0  # 2000 and 2100: what can be a moment in seconds


@dataclass(frozen=True, slots=True)
class Point:
    """One value of one metric: `step` as the job counts, `time` in seconds since 1970; None where not said."""

    name: str
    value: float
    step: float | None = None
    time: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job says it is: `done` of `total`, in its own unit."""

    done: float
    total: float
    unit: str = "step"


@dataclass(frozen=True, slots=True)
class Read:
    """What was found in a part of a file, and where reading goes on: a record that is not whole yet is read next time.

    `problem` says in words why the rest of the file cannot be read; empty while all is well.
    """

    points: tuple[Point, ...] = ()
    offset: int = 0
    progress: Progress | None = None
    problem: str = ""


def number(value: Any) -> float | None:
    """A value as a number: no booleans, no texts; NaN and infinity stay what they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def points_of(record: Mapping[str, Any]) -> tuple[Point, ...]:
    """The metrics in one record of names and values; nested objects give names with a slash between."""
    flat = dict(_flat(record))
    step = next((flat[name] for name in (*STEP_NAMES, *EPOCH_NAMES) if name in flat), None)
    moment = next((flat[name] for name in TIME_NAMES if name in flat and _EARLIEST < flat[name] < _LATEST), None)
    return tuple(
        Point(name, value, step, moment)
        for name, value in flat.items()
        if name not in STEP_NAMES and name not in QUIET_NAMES and not (name in TIME_NAMES and value == moment)
    )


def progress_of(record: Mapping[str, Any]) -> Progress | None:
    """How far a record says the job is, if it names both where it stands and where the end is."""
    step = next((number(record.get(name)) for name in STEP_NAMES if name in record), None)
    names = ("max_steps", "total_steps", "max_step", "num_steps")
    total = next((found for name in names if (found := number(record.get(name))) is not None), None)
    if step is None or total is None or not 0 <= step <= total or total == 0 or math.isinf(total):
        return None
    return Progress(step, total)


def _flat(record: Mapping[str, Any], before: str = "", deep: int = 0) -> Iterable[tuple[str, float]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            if deep < DEEPEST:
                yield from _flat(value, f"{before}{name}/", deep + 1)
        elif (found := number(value)) is not None:
            yield f"{before}{name}", found
