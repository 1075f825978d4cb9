"""The fold: what may be said of a job, from everything that was ever observed of it. It looks at nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cockpit.core.jobs import CERTAIN, ENDED, Observation, State

QUIET_FLOOR_S = 600.0
"""Silence is nothing to remark on before this, whatever is usual."""
QUIET_TIMES = 10.0
"""How many usual gaps of a job make it quiet."""
REQUEUED = "requeued"
"""The raw word of an observation after which nothing said before counts: the job waits again."""
KILL_ASKED = "kill asked"
"""The raw word of the note that a person asked for the end."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a job stands, and why that can be said."""

    state: State
    exit_code: int | None = None
    signal: int | None = None
    evidence: str = ""
    source: str = ""
    started: str | None = None
    ended: str | None = None
    elapsed_s: float | None = None
    """Since its start or over its whole life; None where nobody knows."""
    quiet_s: float | None = None
    """At least so long nothing was written; None where nobody knows or nothing runs."""
    heard_s: float | None = None
    """Since something was last learned of it."""
    before: State | None = None
    """For 'unreachable': what it was when something was last learned."""
    kill_asked: str | None = None
    """When a person asked for its end."""
    remains: bool = False
    """It has ended, and something it started still runs."""
    raw: str = ""
    """The source's own word."""


def fold(observations: Sequence[Observation], now: datetime, *, usual_gap_s: float | None = None) -> Standing:
    """How a job stands by its observations in the order they were made; none at all is a job that waits.

    An end whose manner is known is final. 'lost' and 'unreachable' give way to whatever is learned later.

    Args:
        now: for how long nothing was heard or written.
        usual_gap_s: between two writes of this job, where somebody has measured it.
    """
    latest: Observation | None = None
    heard: Observation | None = None
    asked: str | None = None
    for item in observations:
        if item.raw == REQUEUED:
            latest, heard, asked = item, item, None
        elif item.raw == KILL_ASKED:
            asked = item.at
        elif item.state is not None and not (latest is not None and latest.state in CERTAIN):
            latest = item
            heard = item if item.state != "unreachable" else heard
        elif latest is not None and item.state == latest.state:
            latest = heard = item  # The same end, with what is known of it now.
    if latest is None or latest.state is None:
        return Standing("queued", kill_asked=asked)
    return _standing(latest, heard, asked, now, usual_gap_s)


def _standing(
    latest: Observation, heard: Observation | None, asked: str | None, now: datetime, gap_s: float | None
) -> Standing:
    assert latest.state is not None
    age = max((now - datetime.fromisoformat(latest.at)).total_seconds(), 0.0)
    heard_s = None if heard is None else max((now - datetime.fromisoformat(heard.at)).total_seconds(), 0.0)
    facts = heard or latest
    state, evidence = latest.state, latest.evidence
    if state == "lost" and asked is not None:
        state = "killed by you"
        evidence = f"you asked for its end, and it is gone; how it ended is not known ({evidence})"
    over = state in ENDED
    elapsed = facts.elapsed_s if over or facts.elapsed_s is None else facts.elapsed_s + age
    quiet = latest.detail.get("quiet_s")
    quiet_s = None if over or not isinstance(quiet, int | float) else float(quiet) + age
    if state == "running" and quiet_s is not None and quiet_s >= quiet_after(gap_s):
        state = "quiet"
        evidence = f"{evidence}; nothing written for {int(quiet_s // 60)} min"
    return Standing(
        state, latest.exit_code, latest.signal, evidence, latest.source, facts.started,
        latest.ended if over else None, elapsed, quiet_s, heard_s,
        heard.state if state == "unreachable" and heard is not None else None, asked,
        bool(latest.detail.get("remains")) and over, latest.raw,
    )  # fmt: skip


def quiet_after(usual_gap_s: float | None) -> float:
    """Seconds of silence from which a running job is called quiet."""
    return QUIET_FLOOR_S if usual_gap_s is None else max(QUIET_FLOOR_S, QUIET_TIMES * usual_gap_s)
