"""Jobs on this machine: each under a supervisor of its own, asked by files and locks alone. Holds no state."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from cockpit.backends import job_proof as proof
from cockpit.backends.base import FileLog
from cockpit.core.errors import JobError
from cockpit.core.job_evidence import Facts, read
from cockpit.core.jobs import CERTAIN, LOCAL, Handle, Observation

SUPERVISOR = Path(__file__).with_name("supervisor.py")
START_S = 30.0
"""How long a start may take before it is left to be observed."""
TAIL_BYTES = 8192
GONE_S = 0.05
KILL_TRIES = 100


class LocalBackend:
    """This machine. What runs goes on whatever happens to the program that started it."""

    name = LOCAL
    queues = False
    here = True
    every_s = 0.0

    async def submit(self, job: Handle) -> str:
        """Start the job's supervisor; it returns when the command runs, or is known not to.

        A command that is not there is a job that failed, not an error here.

        Raises:
            JobError: it could not be started: no room, no such directory to write to.
        """
        return await asyncio.to_thread(self._submit, job)

    async def observe(self, jobs: Sequence[Handle]) -> list[Observation]:
        """What each job's folder shows now; some 0.1 ms a job."""
        return await asyncio.to_thread(lambda: [look(job) for job in jobs])

    async def kill(self, job: Handle, grace_s: float) -> None:
        """Ask the supervisor to end the job. Where that one died, it is done from here, and waited for.

        Raises:
            JobError: it has ended, or cannot be reached.
        """
        await asyncio.to_thread(self._kill, job, grace_s)

    async def pause(self, job: Handle) -> None:
        """Stop the job's processes (SIGSTOP). Its time limit stands still meanwhile, its memory stays taken.

        Raises:
            JobError: it does not run.
        """
        await asyncio.to_thread(self._hold, job, paused=True)

    async def resume(self, job: Handle) -> None:
        """Let its processes go on.

        Raises:
            JobError: it does not run.
        """
        await asyncio.to_thread(self._hold, job, paused=False)

    def logs(self, job: Handle) -> FileLog:
        """Its stdout and stderr in one file."""
        return FileLog(Path(job.folder, "log"))

    async def aclose(self) -> None:
        """Nothing to close."""

    def _submit(self, job: Handle) -> str:
        folder = Path(job.folder)
        if proof.get(job.folder, "start.json") is None and not proof.held(f"{job.folder}/sup.lock"):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                proof.put(job.folder, "spec.json", _order(job))
            except OSError as error:
                raise _not_started(error.strerror or str(error), job) from error
            _launch(job)
        start = proof.get(job.folder, "start.json") or {}
        return f"{start.get('host', '')}:{start.get('pid', '')}" if start else ""

    def _kill(self, job: Handle, grace_s: float) -> None:
        seen = _alive(job)
        try:
            proof.put(job.folder, "kill.json", {"at": time.time(), "grace_s": grace_s})
        except OSError as error:
            if not _wake(job):
                raise JobError(f"Job {job.job} cannot be told to end: {error.strerror or error}.") from error
        if seen.state == "orphaned":
            _end_orphan(job, grace_s)
        else:
            _wake(job)

    def _hold(self, job: Handle, *, paused: bool) -> None:
        seen = _alive(job)
        try:
            proof.put(job.folder, "held.json", {"at": time.time(), "paused": paused})
        except OSError as error:
            raise JobError(f"Job {job.job} cannot be told: {error.strerror or error}.") from error
        if seen.state == "orphaned":
            _signal_orphan(job, signal.SIGSTOP if paused else signal.SIGCONT)
        else:
            _wake(job)
        wanted = "paused" if paused else "running"
        for _ in range(KILL_TRIES):
            if seen.state == "orphaned" or _stopped(job) == paused or look(job).state not in ("paused", "running"):
                return
            time.sleep(0.02)
        raise JobError(f"Job {job.job} was told, and is not seen to be {wanted} yet.", hint="Look again in a moment.")


def look(job: Handle) -> Observation:
    """What a job's folder shows now."""
    facts = _facts(job)
    if facts.exit is None and not facts.sup_lock and facts.start is not None:
        # Its supervisor may have come, or written the end and left, between two looks at one folder.
        facts = _facts(job)
    return read(job.job, facts)


def _facts(job: Handle) -> Facts:
    """Locks first, then records: who holds no lock any more has written what it was going to write."""
    folder = job.folder
    sup, held = proof.held(f"{folder}/sup.lock"), proof.held(f"{folder}/job.lock")
    now = Facts(time.time(), proof.clock(), proof.boot_id(), os.uname().nodename, trouble=_trouble(folder))
    if now.trouble:
        return now
    start, record = proof.get(folder, "start.json"), proof.get(folder, "exit.json")
    alive = bool(
        start and start.get("boot") == now.boot and start["mark"] and proof.start_mark(start["pid"]) == start["mark"]
    )
    log_bytes, log_at = _log(folder)
    failed = record is not None and record.get("exit_code") not in (0, None)
    return replace(
        now, start=start, exit=record, kill=proof.get(folder, "kill.json"), held=proof.get(folder, "held.json"),
        sup_lock=sup, job_lock=held, alive=alive, age_s=_age(folder), log_bytes=log_bytes, log_at=log_at,
        tail=_tail(folder) if failed else "",
    )  # fmt: skip


def _trouble(folder: str) -> str:
    """Why a folder cannot be read; empty if it can, or was never made."""
    try:
        with os.scandir(folder):
            return ""
    except FileNotFoundError:
        if Path(folder).parent.is_dir():
            return f"its folder {folder} is not there: removed, or never made"
        return f"{Path(folder).parent} is not there; is a disk missing?"
    except OSError as error:
        return f"its folder {folder} cannot be read: {error.strerror}"


def _age(folder: str) -> float | None:
    with suppress(OSError):
        return max(time.time() - Path(folder).stat().st_mtime, 0.0)
    return None


def _log(folder: str) -> tuple[int | None, float | None]:
    try:
        facts = Path(folder, "log").stat()
    except OSError:
        return None, None
    return facts.st_size, facts.st_mtime


def _tail(folder: str) -> str:
    with suppress(OSError), Path(folder, "log").open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - TAIL_BYTES, 0))
        return file.read(TAIL_BYTES).decode("utf-8", "replace")
    return ""


def _order(job: Handle) -> dict[str, Any]:
    """What the supervisor reads."""
    spec = job.spec
    added = {"COCKPIT_JOB": str(job.job), "COCKPIT_JOB_DIR": job.folder, "PWD": spec.cwd}
    if job.gpu_ids:
        added["CUDA_VISIBLE_DEVICES"] = ",".join(job.gpu_ids)
    return {
        "uid": job.uid, "argv": list(spec.argv), "cwd": spec.cwd,
        # Python holds back output to a file, and a log that is followed would be minutes behind.
        "env": {"PYTHONUNBUFFERED": "1", **job.env, **spec.set_env, **added},
        "env_from": list(job.env_from), "timeout_s": spec.timeout_s, "grace_s": spec.grace_s,
        "then": [list(argv) for argv in job.then],
    }  # fmt: skip


def _launch(job: Handle) -> None:
    """Start a supervisor and wait for its word that the command runs.

    Raises:
        JobError: its word is that it does not.
    """
    read_end, write_end = os.pipe()
    command = [sys.executable, "-I", "-S", str(SUPERVISOR), job.folder, str(write_end)]
    try:
        # Not a fork of this process, which has threads; what starts here leaves at once and the supervisor stays.
        child = subprocess.Popen(
            command, pass_fds=[write_end], start_new_session=True, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        os.close(read_end)
        raise _not_started(error.strerror or str(error), job) from error
    finally:
        os.close(write_end)
    try:
        answer = _answer(read_end)
        child.wait()
    finally:
        os.close(read_end)
    if answer is None:
        return
    if "error" in answer:
        raise _not_started(answer["error"], job)


def _answer(descriptor: int) -> dict[str, Any] | None:
    """The supervisor's word; None if it gave none in time, or died: the folder will show what became of it."""
    text, end = b"", time.monotonic() + START_S
    while (left := end - time.monotonic()) > 0:
        if not select.select([descriptor], [], [], left)[0]:
            break
        part = os.read(descriptor, 65536)
        if not part:
            break
        text += part
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _alive(job: Handle) -> Observation:
    """What a job that is to be told something shows.

    Raises:
        JobError: nobody is there to be told.
    """
    seen = look(job)
    if seen.state in CERTAIN or seen.state in ("lost", "unreachable"):
        raise JobError(f"Job {job.job} is {seen.state}: {seen.evidence}.")
    return seen


def _wake(job: Handle) -> bool:
    """Tell the supervisor to look for requests now; it does so by itself every few seconds. Whether it was there."""
    start = proof.get(job.folder, "start.json")
    if start is None or start.get("boot") != proof.boot_id() or proof.start_mark(start["sup_pid"]) != start["sup_mark"]:
        return False
    with suppress(OSError):
        os.kill(start["sup_pid"], signal.SIGUSR1)
        return True
    return False


def _signal_orphan(job: Handle, number: signal.Signals) -> None:
    """Signal what is left of a job without a supervisor; never a process that is not proved to be its own."""
    start = proof.get(job.folder, "start.json") or {}
    ours = start.get("boot") == proof.boot_id() and start["mark"] and proof.start_mark(start["pid"]) == start["mark"]
    proof.signal_all(start["pid"] if ours else None, f"{job.folder}/job.lock", number)


def _end_orphan(job: Handle, grace_s: float) -> None:
    _signal_orphan(job, signal.SIGTERM)
    _signal_orphan(job, signal.SIGCONT)
    end = time.monotonic() + grace_s
    while look(job).state == "orphaned" and time.monotonic() < end:
        time.sleep(GONE_S)
    for _ in range(KILL_TRIES):
        if look(job).state != "orphaned":
            return
        _signal_orphan(job, signal.SIGKILL)
        time.sleep(GONE_S)
    raise JobError(
        f"Job {job.job} does not end, not even by SIGKILL.", hint="It may hang in a device or a network disk."
    )


def _stopped(job: Handle) -> bool:
    """Whether the job's own process is stopped, as the kernel says; where it does not, what was asked for."""
    start = proof.get(job.folder, "start.json") or {}
    try:
        text = Path(f"/proc/{start.get('pid')}/stat").read_text("utf-8", "replace")
        return text.rpartition(")")[2].split()[0] in "Tt"
    except (OSError, IndexError):
        return bool((proof.get(job.folder, "held.json") or {}).get("paused"))


def _not_started(reason: str, job: Handle) -> JobError:
    return JobError(f"Job {job.job} could not be started: {reason}.", hint="Nothing of it ran.")
