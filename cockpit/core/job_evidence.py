"""What a job's folder shows, read as an observation. Pure: whoever looks hands in what was found.

The order of trust: the exit record, which whoever waited for the job wrote once; then locks, which the kernel drops by
itself; then a process id whose start the kernel confirms for this start of the machine. A bare process id is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cockpit.core.job_words import clock, iso, signal_name, size, span
from cockpit.core.jobs import Observation, State

Record = Mapping[str, Any]
NEVER_STARTED = "never started"
"""Raw word: it is proved that the command never ran."""
STARTING_S = 30.0
"""So long a folder without a lock may be one whose supervisor is on its way."""
JUMP_S = 5.0
"""Wall clock against the machine's own: from here on somebody moved the clock."""
OOM_LINE = re.compile(
    r"CUDA out of memory|torch\.(cuda\.)?OutOfMemoryError|^MemoryError\b|numpy.*ArrayMemoryError|std::bad_alloc"
    r"|RESOURCE_EXHAUSTED: (Out of memory|OOM)|HIP out of memory|^Out of memory"
)
OOM_LINES = 3
"""Only an error among the last lines is taken for the cause; earlier ones may have been survived."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found at one moment."""

    wall: float
    """The time of day, in seconds since 1970."""
    clock: float
    """Seconds since the machine started."""
    boot: str
    host: str
    start: Record | None = None
    exit: Record | None = None
    kill: Record | None = None
    held: Record | None = None
    sup_lock: bool = False
    job_lock: bool = False
    alive: bool = False
    """The process of the start record is there: number, start mark and boot id agree."""
    age_s: float | None = None
    """Since the folder was made ready; None where that is not known."""
    log_bytes: int | None = None
    log_at: float | None = None
    """When the log was last written, in seconds since 1970."""
    tail: str = ""
    """The log's last lines; needed only for a job that failed."""
    trouble: str = ""
    """Why the folder cannot be read, if it cannot."""


def read(job: int, facts: Facts, source: str = "local") -> Observation:
    """What the facts show of a job."""
    state, raw, evidence = _ended(facts) if facts.exit is not None else _unended(facts)
    start, record = facts.start or {}, facts.exit or {}
    detail: dict[str, Any] = {"log_bytes": facts.log_bytes}
    detail |= {k: start[k] for k in ("pid", "host", "env_missing") if start.get(k)}
    detail |= {k: record[k] for k in ("max_rss_kb", "cpu_s", "paused_s") if record.get(k) is not None}
    if facts.exit is not None:
        detail["remains"] = facts.job_lock
    elif state == "running":
        detail["quiet_s"] = _quiet(facts)
    return Observation(
        job, source, iso(facts.wall), state, raw, record.get("exit_code"), record.get("signal"), evidence,
        iso(start["started"]) if start else None, iso(record["ended"]) if record else None, _elapsed(facts), detail,
    )  # fmt: skip


def _unended(facts: Facts) -> tuple[State, str, str]:
    """State, raw word and evidence of a job that left no exit record."""
    start = facts.start
    if facts.trouble:
        return "unreachable", "", facts.trouble
    if start is None:
        return _unstarted(facts)
    if start.get("host") not in (None, "", facts.host) and start.get("boot") != facts.boot:
        return "unreachable", "", f"it runs on {start['host']}, and this is {facts.host}: look there"
    if start.get("boot") and facts.boot and start["boot"] != facts.boot:
        return _gone(facts, "the machine was started anew since: it cannot run any more, and left no exit record")
    there = facts.job_lock or facts.alive
    if facts.sup_lock and there:
        return _running(facts)
    if facts.sup_lock:
        return "ending", "", "its process has ended; its supervisor is still writing down how"
    if there:
        lock = "its lock is held" if facts.job_lock else f"process {start['pid']} is there since its start"
        return "orphaned", "", f"its supervisor died; {lock}, so it runs; its exit code cannot be learned"
    return _gone(facts, "its supervisor died before it did, so its exit code is not known; nothing of it runs")


def _unstarted(facts: Facts) -> tuple[State, str, str]:
    if facts.sup_lock or facts.job_lock:
        return "starting", "", "its supervisor is there; the command does not run yet"
    if facts.age_s is not None and facts.age_s < STARTING_S:
        return "starting", "", "handed to a supervisor just now"
    return "lost", NEVER_STARTED, "the command never ran: its supervisor ended before it could start it"


def _running(facts: Facts) -> tuple[State, str, str]:
    held = facts.held or {}
    if held.get("paused"):
        return "paused", "", f"paused by you at {clock(iso(held['at']))}"
    if facts.kill is not None:
        return "running", "stopping", f"you asked for its end at {clock(iso(facts.kill['at']))}; it still runs"
    proof = "it holds its lock" if facts.job_lock else f"process {(facts.start or {})['pid']} is there since its start"
    return "running", "", f"{proof}, and its supervisor is there"


def _gone(facts: Facts, reason: str) -> tuple[State, str, str]:
    if facts.kill is not None:
        asked = clock(iso(facts.kill["at"]))
        return "killed by you", "", f"you asked for its end at {asked}; {reason}"
    return "lost", "", reason


def _ended(facts: Facts) -> tuple[State, str, str]:
    """State, raw word and evidence by the exit record."""
    record = facts.exit or {}
    state, evidence = _manner(record, facts.tail)
    notes = [evidence]
    if facts.job_lock:
        notes.append("something it started still runs")
    if (jump := _jump(facts)) is not None:
        way = "forward" if jump > 0 else "back"
        notes.append(f"the clock was set {way} by {span(abs(jump))} meanwhile")
    return state, record.get("why") or "", "; ".join(notes)


def _manner(record: Record, tail: str) -> tuple[State, str]:
    code, number, why = record.get("exit_code"), record.get("signal"), record.get("why")
    how = signal_name(number) if number else f"exit code {code}"
    sent = " and ".join(s for s in record.get("sent", ()) if s in ("SIGTERM", "SIGKILL"))
    if why == "killed":
        return "killed by you", f"you asked for its end; it was sent {sent}, and ended with {how}"
    if why == "timeout":
        return "timed out", f"its time limit passed; it was sent {sent}, and ended with {how}"
    if record.get("failed"):
        return "failed", f"the command could not be started: {record['failed']}"
    if number == 9 or code == 137:
        return _killed(record, how)
    if number:
        return "killed", f"{how}, not sent from here"
    if code == 0:
        return "finished", how
    if line := oom_line(tail):
        return "out of memory", f"{how}; proof: its log ends with {line!r}"
    if proof := _group(record):
        return "failed", f"{how}; {proof}"
    return "failed", how


def _killed(record: Record, how: str) -> tuple[State, str]:
    """SIGKILL from somewhere: lack of memory where that can be shown, else only what is known."""
    if kernel := record.get("oom_kernel"):
        return "out of memory", f"{how}; proof: the kernel's log says {kernel!r}"
    if proof := _group(record):
        return "out of memory", f"{how}; proof: {proof}"
    peak = f"; peak memory {size(record['max_rss_kb'] * 1024)}" if record.get("max_rss_kb") else ""
    state: State = "killed" if record.get("signal") else "failed"
    return state, f"{how}, not sent from here; by whom or why is not known{peak}"


def _group(record: Record) -> str:
    group = record.get("oom_group")
    if not group:
        return ""
    before = "it is not known how many before it joined" if group["before"] is None else f"{group['before']} before"
    return f"its memory group {group['group']} counts {group['after']} killed for lack of memory ({before})"


def oom_line(tail: str) -> str:
    """The line among a log's last ones that says memory ran out; empty if none does."""
    lines = [line.strip() for line in tail.splitlines() if line.strip()][-OOM_LINES:]
    return next((line[:200] for line in reversed(lines) if OOM_LINE.search(line)), "")


def _elapsed(facts: Facts) -> float | None:
    if facts.exit is not None:
        return float(facts.exit["elapsed_s"])
    if facts.start is None:
        return None
    if facts.start.get("boot") == facts.boot:
        return max(facts.clock - float(facts.start["clock"]), 0.0)
    return None


def _jump(facts: Facts) -> float | None:
    """By how much the clock was set since the start, in seconds; None where it was not, or that is not known."""
    start, record = facts.start, facts.exit
    if start is None:
        return None
    if record is not None:
        jump = (record["ended"] - start["started"]) - record["elapsed_s"]
    elif start.get("boot") == facts.boot:
        jump = (facts.wall - start["started"]) - (facts.clock - start["clock"])
    else:
        return None
    return float(jump) if abs(jump) > JUMP_S else None


def _quiet(facts: Facts) -> float | None:
    """For how long at least nothing was written. If the clock was set meanwhile, the shorter of what may be true."""
    if facts.log_at is None or facts.start is None:
        return None
    silent = facts.wall - max(facts.log_at, float(facts.start["started"]) if not facts.log_bytes else facts.log_at)
    jump = _jump(facts) or 0.0
    return max(min(silent, silent - jump), 0.0)
