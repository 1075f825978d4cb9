"""What Slurm's commands print, and what it means; the script that is handed to it. Text in, values out: runs nothing.

Its text output is read and never its JSON: `sacct --json` of 22.05 says SUCCESS of jobs that failed, `squeue --json`
ignores its filters, and shapes change between releases. Fields are parted by 0x1F, which no name can hold, and cut off
nowhere.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cockpit.core.jobs import Handle, State

PART = "\x1f"
QUEUE_FIELDS = ("JobID", "ArrayJobID", "State", "Reason", "TimeUsed", "Comment")
QUEUE_FORMAT = ",".join(f"{name}:{PART}" for name in QUEUE_FIELDS)
PAST_FIELDS = ("JobID", "State", "ExitCode", "ElapsedRaw", "Start", "End", "MaxRSS")
COMMENT = "rc:"
"""Before a job's uid in its comment, by which it is found again when the answer to its submission was lost."""
UNREACHABLE = (
    "Unable to contact slurm controller", "Connection refused", "Socket timed out", "Communication connection failure",
    "Zero Bytes were transmitted", "Connection timed out", "Could not resolve hostname", "No route to host",
)  # fmt: skip
"""What Slurm's commands and ssh say when nobody answers."""
STATES: Mapping[str, State] = {
    "PENDING": "queued", "REQUEUED": "queued", "REQUEUE_HOLD": "queued", "REQUEUE_FED": "queued",
    "SPECIAL_EXIT": "queued", "RESV_DEL_HOLD": "queued",
    "CONFIGURING": "starting", "RUNNING": "running", "RESIZING": "running", "SIGNALING": "running",
    "STAGE_OUT": "ending", "COMPLETING": "ending", "SUSPENDED": "paused", "STOPPED": "paused",
    "COMPLETED": "finished", "FAILED": "failed", "BOOT_FAIL": "failed", "NODE_FAIL": "failed",
    "CANCELLED": "killed", "PREEMPTED": "killed", "REVOKED": "killed", "TIMEOUT": "timed out",
    "DEADLINE": "timed out", "OUT_OF_MEMORY": "out of memory",
}  # fmt: skip
"""Slurm's states (slurm.schedmd.com/squeue.html, JOB STATE CODES) → ours."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One job, or one task of an array, as a command printed it. Times are seconds since 1970."""

    id: str
    raw: str
    """Slurm's own words: state, and the reason where there is one."""
    state: State | None
    uid: str = ""
    elapsed_s: float | None = None
    exit_code: int | None = None
    signal: int | None = None
    started: float | None = None
    ended: float | None = None
    max_rss_kb: int | None = None


def read_queue(text: str) -> list[Seen]:
    """`squeue -h -t all --array -O QUEUE_FORMAT`."""
    found = []
    for line in text.splitlines():
        parts = [part.strip() for part in line.split(PART)]
        if len(parts) < len(QUEUE_FIELDS):
            continue
        number, array, state, reason, used, comment = parts[: len(QUEUE_FIELDS)]
        raw = f"{state} ({reason})" if reason not in ("", "None", "N/A") else state
        uid = comment.removeprefix(COMMENT) if comment.startswith(COMMENT) else ""
        job = array if array.isdecimal() and array != number else number
        found.append(Seen(job, raw, state_of(state), uid, seconds(used)))
    return found


def read_past(text: str) -> list[Seen]:
    """`sacct -n -X -P --delimiter=PART -o PAST_FIELDS`, with times in seconds since 1970."""
    found = []
    for line in text.splitlines():
        parts = line.split(PART)
        if len(parts) < len(PAST_FIELDS):
            continue
        number, state, code, elapsed, start, end, rss = (part.strip() for part in parts[: len(PAST_FIELDS)])
        exit_code, signal = codes(code)
        found.append(
            Seen(
                number.split("_")[0], state, state_of(state), "", seconds(elapsed), exit_code, signal,
                _moment(start), _moment(end), _kilobytes(rss),
            )
        )  # fmt: skip
    return found


def read_one(text: str) -> Seen | None:
    """`scontrol show job ID -o`; None where it shows none."""
    fields = dict(word.split("=", 1) for word in text.split() if "=" in word)
    if "JobState" not in fields:
        return None
    exit_code, signal = codes(fields.get("ExitCode", ""))
    state, reason = fields["JobState"], fields.get("Reason", "None")
    raw = f"{state} ({reason})" if reason not in ("", "None") else state
    number = fields.get("ArrayJobId") or fields.get("JobId", "")
    return Seen(
        number, raw, state_of(state), "", seconds(fields.get("RunTime", "")), exit_code, signal,
        _moment(fields.get("StartTime", "")), _moment(fields.get("EndTime", "")),
    )  # fmt: skip


def state_of(raw: str) -> State | None:
    """Our word for Slurm's, which may have something behind it ('CANCELLED by 0', 'CANCELLED+'); None: unknown."""
    word = raw.split(" ", maxsplit=1)[0].rstrip("+")
    return STATES.get(word)


def codes(text: str) -> tuple[int | None, int | None]:
    """'7:0' as exit code and signal; the one that says nothing is None."""
    code, _, signal = text.partition(":")
    if not code.isdecimal():
        return None, None
    number = int(signal) if signal.isdecimal() else 0
    return (None, number) if number and not int(code) else (int(code), number or None)


def seconds(text: str) -> float | None:
    """'1-02:03:04', '02:03', '75' in seconds; None for what is no time."""
    days, dash, rest = text.strip().rpartition("-")
    parts = rest.split(":")
    if not all(part.isdecimal() for part in parts) or (dash and not days.isdecimal()) or not text.strip():
        return None
    total = 0
    for part in parts:
        total = total * 60 + int(part)
    return float(total + (int(days) * 86400 if days else 0))


def script(job: Handle, folder: str) -> str:
    """The batch script: it keeps the number that Slurm gave the job and, at its end, the exit code, in its folder.

    The command runs as it was given, in its directory, with the variables that were set for it.
    """
    given = {"COCKPIT_JOB": str(job.job), "COCKPIT_JOB_DIR": folder, "PYTHONUNBUFFERED": "1", **job.spec.set_env}
    here = shlex.quote(folder)
    return "\n".join(
        [
            "#!/bin/sh",
            f"mkdir -p {here}",
            f'printf %s "$SLURM_JOB_ID" > {here}/native',
            *(f"export {name}={shlex.quote(value)}" for name, value in given.items()),
            f"cd {shlex.quote(job.spec.cwd)} || exit 126",
            shlex.join(job.spec.argv),
            "code=$?",
            f"printf %s \"$code\" > {here}/code.$$ && mv {here}/code.$$ {here}/code",
            "exit $code",
            "",
        ]
    )  # fmt: skip


def options(job: Handle, log: str, defaults: Mapping[str, str]) -> list[str]:
    """The words after `sbatch`: what is asked for, then what only Slurm knows; a job's own win over the place's."""
    spec = job.spec
    words = [
        "--parsable", f"--job-name={job.name}", f"--comment={COMMENT}{job.uid}", f"--output={log}",
        "--open-mode=append", "--kill-on-invalid-dep=yes",
    ]  # fmt: skip
    if spec.timeout_s is not None:
        words.append(f"--time={max(math.ceil(spec.timeout_s / 60), 1)}")
    if spec.gpus:
        words.append(f"--gres=gpu:{spec.gpus}")
    for name, value in {**defaults, **spec.options}.items():
        words.append(f"--{name}={value}" if value not in ("", "yes", "true") else f"--{name}")
    return words


def combined(tasks: Sequence[Seen]) -> Seen:
    """An array's tasks as one job: it runs while one does, and ended as its worst task did."""
    if len(tasks) == 1:
        return tasks[0]
    order: tuple[State, ...] = (
        "running", "starting", "ending", "paused", "queued", "out of memory", "failed", "timed out", "killed",
        "finished",
    )  # fmt: skip
    counts: dict[str, int] = {}
    for task in tasks:
        counts[task.raw] = counts.get(task.raw, 0) + 1
    known = [task for task in tasks if task.state in order]
    if not known:
        return tasks[0]
    worst = min(known, key=lambda task: order.index(task.state) if task.state else 0)
    said = ", ".join(f"{n} {raw}" for raw, n in counts.items())
    elapsed = max((task.elapsed_s or 0.0 for task in tasks), default=None)
    return Seen(
        worst.id, f"array of {len(tasks)}: {said}", worst.state, worst.uid, elapsed, worst.exit_code, worst.signal,
        min((task.started for task in tasks if task.started), default=None),
        max((task.ended for task in tasks if task.ended), default=None),
    )  # fmt: skip


def _moment(text: str) -> float | None:
    return float(text) if text.isdecimal() else None


def _kilobytes(text: str) -> int | None:
    units = {"K": 1, "M": 1024, "G": 1024**2, "T": 1024**3}
    number, unit = text.rstrip("KMGT"), text[-1:]
    try:
        return int(float(number) * units.get(unit, 1 / 1024)) if number else None
    except ValueError:
        return None
