"""Jobs: what is asked for, what is observed, what is known of the way. Values only: no file, process or database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal[
    "queued",  # waits in a queue: ours, or the backend's
    "starting",  # handed over; the command does not run yet, as far as anybody knows
    "running",
    "quiet",  # running, and silent for longer than is usual
    "paused",
    "ending",  # its process has ended; how is not recorded yet
    "finished",  # exit code 0
    "failed",  # another exit code, or it could not be started
    "killed by you",
    "killed",  # by a signal that was not ours
    "out of memory",  # with a proof in the evidence
    "timed out",  # its own time limit
    "orphaned",  # it runs, and nobody will learn its exit code
    "lost",  # it no longer runs, and nobody learned its exit code
    "unreachable",  # it cannot be asked
    "skipped",  # what it was to run after did not end well
]
"""The word for a job's state; each is a claim that needs evidence."""

ENDED: frozenset[State] = frozenset(
    {"finished", "failed", "killed by you", "killed", "out of memory", "timed out", "lost", "skipped"}
)
"""Nothing runs any more."""
CERTAIN: frozenset[State] = ENDED - {"lost"}
"""How it ended is known; later looks change nothing."""
LIVE: frozenset[State] = frozenset({"starting", "running", "quiet", "paused", "ending", "orphaned", "unreachable"})
"""Holds its place in the queue and its GPUs, for all that is known."""

GRACE_S = 10.0
"""Between the polite and the final signal, unless a job says otherwise."""
QUEUE = "default"
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class After:
    """A job that must end before this one starts: well, or (`anyhow`) in any way."""

    job: int
    anyhow: bool = False


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What a person asked to be run. Times are in seconds; None is no limit, no expectation."""

    argv: tuple[str, ...]
    cwd: str
    set_env: Mapping[str, str] = field(default_factory=dict)
    """Variables given with the job, beside those of the shell it was submitted from."""
    gpus: int = 0
    timeout_s: float | None = None
    grace_s: float = GRACE_S
    expect_s: float | None = None
    metrics: str = "auto"
    """Where metrics are: a path, 'auto' for looking in the job's folder, or empty for nowhere."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What only the backend understands: a Slurm partition, a Ray entry point's resources."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "argv": list(self.argv)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> JobSpec:
        """The spec that `to_json` was asked of; fields of a later version are left out."""
        known = {name: data[name] for name in cls.__slots__ if name in data}
        return cls(**{**known, "argv": tuple(data["argv"])})


@dataclass(frozen=True, slots=True)
class Handle:
    """A job as a backend sees it."""

    job: int
    uid: str
    """Unique for ever and everywhere; submission is idempotent on it."""
    name: str
    spec: JobSpec
    folder: str
    """The job's own directory on this machine, absolute; there from before `submit` on."""
    native: str = ""
    """What the backend calls it; empty before it was submitted."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Its whole environment, but for secrets. Filled for `submit` alone."""
    env_from: tuple[str, ...] = ()
    """Variables that hold secrets: they are taken from the environment at the start, and never stored."""
    gpu_ids: tuple[str, ...] = ()
    then: tuple[tuple[str, ...], ...] = ()
    """Commands to be run after its end, where the backend can."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A dated fact about a job. It is appended and never changed; the state shown is a fold over them."""

    job: int
    source: str
    """Who saw it: 'local', 'slurm', 'you', 'queue' …"""
    at: str
    """When, ISO 8601 in UTC."""
    state: State | None
    """What it shows; None where it is a note that claims no state."""
    raw: str = ""
    """The source's own word."""
    exit_code: int | None = None
    signal: int | None = None
    evidence: str = ""
    """The proof, in words for a person."""
    started: str | None = None
    ended: str | None = None
    elapsed_s: float | None = None
    """By a clock that nobody can set, where there is one."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """Plain data more: 'quiet_s', 'log_bytes', 'pid', 'host', 'max_rss_kb', 'cpu_s', 'env_missing' …"""

    def claims(self) -> tuple[Any, ...]:
        """What makes it worth keeping when the one before claims otherwise. Times that pass by themselves do not."""
        return (self.source, self.state, self.raw, self.exit_code, self.signal, self.evidence, self.started, self.ended)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: `done` of `total` `unit`s; total None is unknown. `source` names where that comes from."""

    done: float
    total: float | None
    unit: str
    source: str

    @property
    def share(self) -> float | None:
        """Between 0 and 1; None where the total is not known."""
        return min(self.done / self.total, 1.0) if self.total else None


@dataclass(frozen=True, slots=True)
class Eta:
    """When it will end by somebody's estimate, and whose."""

    at: str
    source: str


@dataclass(frozen=True, slots=True)
class Known:
    """What readers of metrics found out so far; each part may be unknown."""

    progress: Progress | None = None
    eta: Eta | None = None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    """The latest value of each; None where it was no finite number."""
    metrics_from: str = ""
    """The file that they are from, by its name."""
    offsets: Mapping[str, int] = field(default_factory=dict)
    """How far each file of metrics was read."""
    read_out: bool = False
    """Whether they were read to their ends after the job had ended."""
    usual_gap_s: float | None = None
    """Between two writes of this job, as measured: what makes silence remarkable."""
