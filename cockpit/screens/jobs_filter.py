"""Which jobs are listed and in which order: the filter as a person types it, sorting, sweeps. Pure: no widget."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cockpit.core.job_words import shown
from cockpit.core.jobs import ENDED, LIVE

if TYPE_CHECKING:
    from cockpit.job_views import JobView

Order = Literal["newest", "oldest", "name", "state", "ends first", "longest", "metric"]
ORDERS: Mapping[Order, str] = {
    "newest": "asked for last, first",
    "oldest": "asked for first, first",
    "name": "by name",
    "state": "what needs you first: failed, quiet, running, waiting, finished",
    "ends first": "by when they end",
    "longest": "by how long they took",
    "metric": "by the latest value of the first metric, least first",
}
FIELDS = ("state", "group", "queue", "on", "name", "gpu", "metric")
_WORD = re.compile(r'(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))')
_NEED = ("failed", "out of memory", "killed", "timed out", "lost", "orphaned", "unreachable", "quiet", "running")
GroupKey = tuple[Literal["group"], int]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list: a job, or the head of a sweep with the jobs in it."""

    view: JobView | None = None
    group: int = 0
    members: tuple[JobView, ...] = ()
    inside: bool = False
    """The job stands under its sweep's head."""


def matches(view: JobView, text: str) -> bool:
    """Whether a job is wanted: every word of the filter holds; a word with a minus before it must not."""
    return all(_holds(view, field, word) is not bool(minus) for minus, field, word in _words(text))


def _words(text: str) -> list[tuple[str, str, str]]:
    return [(m[1], m[2] or "", (m[3] if m[3] is not None else m[4]).lower()) for m in _WORD.finditer(text)]


def _holds(view: JobView, field: str, word: str) -> bool:
    row = view.row
    match field:
        case "state":
            broad = (word in ("open", "live") and (view.state in LIVE or view.state == "queued")) or (
                word == "ended" and view.state in ENDED
            )
            return broad or word in shown(view.standing).lower()
        case "group":
            return word in row.group.lower()
        case "queue":
            return word in row.queue.lower()
        case "on":
            return word in row.backend.lower()
        case "name":
            return word in row.name.lower()
        case "gpu":
            return word in row.gpu_ids
        case "metric":
            return any(word in name.lower() for name in view.known.metrics)
    if field:
        word = f"{field}:{word}"
    said = (row.name, row.group, *row.spec.argv, shown(view.standing), view.standing.evidence, str(row.id))
    return any(word in text.lower() for text in said)


def ordered(views: Sequence[JobView], order: Order) -> list[JobView]:
    """The jobs in an order; equals newest first."""
    newest = sorted(views, key=lambda view: -view.row.id)
    key = _KEYS[order]
    return newest if key is None else sorted(newest, key=key)


def lines(views: Sequence[JobView], folded: set[int]) -> list[Line]:
    """The list's lines: a sweep's jobs stand together under its head, where the first of them would stand."""
    members: dict[int, list[JobView]] = {}
    for view in views:
        if view.row.group_id is not None:
            members.setdefault(view.row.group_id, []).append(view)
    found: list[Line] = []
    told: set[int] = set()
    for view in views:
        group = view.row.group_id
        if group is None:
            found.append(Line(view))
        elif group not in told:
            told.add(group)
            mine = sorted(members[group], key=lambda one: one.row.id)
            found.append(Line(None, group, tuple(mine)))
            found += [Line(one, group, inside=True) for one in mine if group not in folded]
    return found


def _state_rank(view: JobView) -> int:
    return _NEED.index(view.state) if view.state in _NEED else len(_NEED) + (view.state in ENDED)


def _ends(view: JobView) -> str:
    eta = view.known.eta
    return view.standing.ended or (eta.at if eta is not None else "~")


def _metric(view: JobView) -> tuple[bool, float]:
    from cockpit.screens.jobs_words import ranked

    values = [value for _, value in ranked(view.known.metrics)[:1] if value is not None]
    return (not values, values[0] if values else 0.0)


_KEYS: Mapping[Order, Callable[[JobView], Any] | None] = {
    "newest": None,
    "oldest": lambda view: view.row.id,
    "name": lambda view: view.row.name.lower(),
    "state": _state_rank,
    "ends first": _ends,
    "longest": lambda view: -(view.standing.elapsed_s or 0.0),
    "metric": _metric,
}
