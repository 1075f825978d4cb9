"""Jobs on a Slurm cluster, through its own commands: here, or behind ssh. What their text means is `slurm_text`'s."""

from __future__ import annotations

import asyncio
import os
import shlex
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cockpit.backends import job_proof as proof
from cockpit.backends import slurm_text as text
from cockpit.backends.base import FileLog, LogSource
from cockpit.backends.slurm_text import PART, Seen
from cockpit.core.errors import JobError, Unreachable
from cockpit.core.jobs import ENDED, Handle, Observation, State

PATIENCE_S = 20.0
"""How long one of Slurm's commands may take."""
TAIL_BYTES = 16_384
_MEMORY = ("exceeded memory limit", "oom-kill", "oom_kill", "Out Of Memory", "Killed process")
_SSH = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ControlMaster=auto", "-o", "ControlPersist=60")


class SlurmBackend:
    """One cluster.

    Jobs of the same Unix user only. Its folder for a job (log, number, exit code) is the one of this machine, which has
    to be on a disk that the nodes see; behind ssh it is `folder` on the cluster.

    Args:
        host: where the commands are, as ssh knows it; empty for this machine.
        folder: behind ssh, where jobs' folders are made; '~' is not expanded by Slurm, so it begins with '/'.
        options: what every job is submitted with, such as {'partition': 'gpu', 'account': 'nlp'}.
        ssh: the words that begin a connection.
    """

    name = "slurm"
    queues = True
    every_s = 5.0

    def __init__(
        self, *, host: str = "", folder: str = "", options: Mapping[str, str] | None = None, ssh: str = "ssh",
        patience_s: float = PATIENCE_S,
    ) -> None:  # fmt: skip
        if host and not folder.startswith("/"):
            raise JobError("A cluster behind ssh needs a folder there.", hint='Set folder = "/home/me/cockpit-jobs".')
        self._host, self._folder, self._patience_s = host, folder, patience_s
        self._options = {name: str(value) for name, value in (options or {}).items()}
        self._ssh = (*shlex.split(ssh), *_SSH)
        self.here = not host
        """Jobs write into `Handle.folder` of this machine."""

    async def submit(self, job: Handle) -> str:
        """Hand a job to `sbatch`, unless one with its uid is there already; Slurm's number for it.

        Raises:
            Unreachable: the controller, or the host, does not answer.
            JobError: Slurm refuses it; its own words.
        """
        known = await self._number(job)
        if known:
            return known
        folder = self._place(job)
        words = ["sbatch", *text.options(job, f"{folder}/log", self._options)]
        if not self.here:
            await self._run(["mkdir", "-p", folder])
        code, out, err = await self._run(words, text.script(job, folder), self._environment(job))
        if code:
            raise JobError(_said(err) or f"sbatch ended with {code}.")
        return out.strip().split(";")[0]

    async def observe(self, jobs: Sequence[Handle]) -> list[Observation]:
        """One `squeue` for all; `sacct` and `scontrol` for those that it no longer knows."""
        try:
            queue = text.read_queue(await self._queue())
            seen = {job.uid: _in_queue(job, queue) for job in jobs}
            left = [job for job in jobs if _needs_more(seen[job.uid])]
            past = await self._past([job.native for job in left if job.native]) if left else {}
            for job in left:
                seen[job.uid] = await self._ended(job, past.get(job.native), seen[job.uid])
            return [await self._observation(job, seen[job.uid]) for job in jobs]
        except JobError as error:
            return [Observation(job.job, self.name, _now(), "unreachable", evidence=error.sentence()) for job in jobs]

    async def kill(self, job: Handle, grace_s: float) -> None:
        """`scancel`: SIGTERM, and after the cluster's own KillWait SIGKILL; with no grace at all SIGKILL at once.

        Raises:
            JobError: Slurm refuses, or does not answer.
        """
        number = job.native or await self._number(job)
        if not number:
            raise JobError(f"Slurm knows no job {job.job}.")
        proof.put(job.folder, "kill.json", {"at": time.time(), "grace_s": grace_s})
        await self._order("scancel", *([] if grace_s else ["--signal=KILL", "--full"]), number)

    async def pause(self, job: Handle) -> None:
        """Hold a job that waits, suspend one that runs (which clusters allow operators only).

        Raises:
            JobError: Slurm refuses, or does not answer.
        """
        await self._hold(job, "hold", "suspend")

    async def resume(self, job: Handle) -> None:
        """Take the hold off, or let it go on.

        Raises:
            JobError: Slurm refuses, or does not answer.
        """
        await self._hold(job, "release", "resume")

    def logs(self, job: Handle) -> LogSource:
        """Its stdout and stderr in one file."""
        return FileLog(Path(job.folder, "log")) if self.here else _FarLog(self, f"{self._place(job)}/log")

    async def aclose(self) -> None:
        """Nothing to close: each command is a process of its own."""

    async def check(self) -> str:
        """The version of the Slurm that answers, for `cockpit doctor`.

        Raises:
            JobError: none does.
        """
        code, out, err = await self._run(["sinfo", "--version"])
        if code:
            raise JobError(_said(err) or f"sinfo ended with {code}.")
        await self._queue()
        return out.strip()

    # --- asking ---

    async def _queue(self) -> str:
        code, out, err = await self._run(["squeue", "-h", "-t", "all", "--array", "--me", "-O", text.QUEUE_FORMAT])
        if code:
            raise JobError(_said(err) or f"squeue ended with {code}.")
        return out

    async def _number(self, job: Handle) -> str:
        """Slurm's number for a job's uid; empty where it was never submitted."""
        mine = next((one for one in text.read_queue(await self._queue()) if one.uid == job.uid), None)
        return mine.id if mine is not None else await self._read(job, "native")

    async def _past(self, numbers: Sequence[str]) -> dict[str, Seen]:
        """What accounting knows; nothing where there is none."""
        words = ["sacct", "-n", "-X", "-P", f"--delimiter={PART}", "-j", ",".join(numbers)]
        code, out, _ = await self._run([*words, "-o", ",".join(text.PAST_FIELDS)]) if numbers else (0, "", "")
        tasks: dict[str, list[Seen]] = {}
        for one in text.read_past(out) if not code else []:
            tasks.setdefault(one.id, []).append(one)
        return {number: text.combined(found) for number, found in tasks.items()}

    async def _ended(self, job: Handle, past: Seen | None, queued: Seen | None) -> Seen | None:
        """The fullest account of a job that is no longer waiting or running; None where there is none."""
        if past is not None and past.state in ENDED:
            return past
        if job.native:
            code, out, _ = await self._run(["scontrol", "show", "job", "-o", job.native])
            tasks = [one for line in out.splitlines() if (one := text.read_one(line)) is not None] if not code else []
            if tasks:
                return text.combined(tasks)
        return queued or past

    async def _observation(self, job: Handle, seen: Seen | None) -> Observation:
        at = _now()
        if seen is None:
            return await self._forgotten(job, at)
        state, evidence = await self._judged(job, seen)
        started = seen.started
        if started is None and seen.elapsed_s is not None and state not in ("queued", *ENDED):
            started = round(time.time() - seen.elapsed_s)
        ended = seen.ended if state in ENDED else None
        return Observation(
            job.job, self.name, at, state, seen.raw, seen.exit_code if state in ENDED else None,
            seen.signal if state in ENDED else None, evidence, _iso(started), _iso(ended or _last(state)),
            seen.elapsed_s, {"native": seen.id, **({"max_rss_kb": seen.max_rss_kb} if seen.max_rss_kb else {})},
        )  # fmt: skip

    async def _judged(self, job: Handle, seen: Seen) -> tuple[State | None, str]:
        """Our word, and the proof: Slurm's own, and the log's where memory was the cause and Slurm cannot tell."""
        said = f"Slurm says {seen.raw}"
        asked = proof.get(job.folder, "kill.json") is not None
        if seen.state == "killed" and asked:
            return "killed by you", f"{said}; you asked for its end"
        if seen.state in ("failed", "killed") and seen.signal == 9:
            line = await self._memory_line(job)
            if line:
                return "out of memory", f"{said}; its log says: {line}"
        if seen.state == "failed" and seen.exit_code is None and seen.signal is not None:
            return ("killed by you", f"{said}; you asked for its end") if asked else ("killed", said)
        if seen.state is None:
            return "unreachable", f"{said}, a state that Cockpit does not know"
        code = "" if seen.exit_code is None else f", exit code {seen.exit_code}"
        return seen.state, said + (code if seen.state in ENDED else "")

    async def _memory_line(self, job: Handle) -> str:
        try:
            source = self.logs(job)
            size = await source.size()
            tail = (await source.read(max(size - TAIL_BYTES, 0), TAIL_BYTES)).decode("utf-8", "replace")
        except JobError:
            return ""
        return next((line.strip() for line in tail.splitlines() if any(word in line for word in _MEMORY)), "")

    async def _forgotten(self, job: Handle, at: str) -> Observation:
        """Slurm knows nothing of it: never submitted, or ended so long ago that only its own folder tells how."""
        code = await self._read(job, "code")
        if code.isdecimal():
            state: State = "finished" if code == "0" else "failed"
            said = f"Slurm has forgotten it; its own record says exit code {code}"
            return Observation(job.job, self.name, at, state, exit_code=int(code), evidence=said, ended=at)
        if not job.native and not await self._read(job, "native"):
            return Observation(job.job, self.name, at, "starting", evidence="Slurm does not know of it yet")
        return Observation(job.job, self.name, at, "lost", evidence="Slurm has forgotten it, and it left no exit code")

    # --- doing ---

    async def _hold(self, job: Handle, waiting: str, running: str) -> None:
        number = job.native or await self._number(job)
        seen = _in_queue(job, text.read_queue(await self._queue()))
        if seen is None:
            raise JobError(f"Slurm does not know job {number} any more.")
        await self._order("scontrol", waiting if seen.state == "queued" else running, number)

    async def _order(self, *words: str) -> None:
        code, _, err = await self._run(list(words))
        if code:
            raise JobError(_said(err) or f"{words[0]} ended with {code}.")

    def _place(self, job: Handle) -> str:
        return job.folder if self.here else f"{self._folder.rstrip('/')}/{job.uid}"

    async def _read(self, job: Handle, name: str) -> str:
        """A small file of the job's folder; empty where it is not there."""
        path = f"{self._place(job)}/{name}"
        if self.here:
            data = await FileLog(Path(path)).read(0, 64)
            return data.decode("ascii", "replace").strip()
        code, out, _ = await self._run(["head", "-c", "64", path])
        return "" if code else out.strip()

    def _environment(self, job: Handle) -> dict[str, str] | None:
        """What `sbatch` hands on: the shell's variables, secret ones too; behind ssh only what is set for the job."""
        if not self.here:
            return None
        secret = {name: os.environ[name] for name in job.env_from if name in os.environ}
        return {**job.env, **secret}

    async def _run(
        self, words: Sequence[str], given: str = "", env: Mapping[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Run a command here or there: its exit code, output and complaints.

        Raises:
            Unreachable: it does not answer in time, or says that nobody does; it is not installed.
        """
        code, out, err = await self._process(words, given.encode(), env)
        said = err.decode("utf-8", "replace")
        if (code == 255 and not self.here) or (code and any(word in said for word in text.UNREACHABLE)):
            raise Unreachable(f"{self._host or 'Slurm'} does not answer: {_said(said)}")
        return code, out.decode("utf-8", "replace"), said

    async def _process(
        self, words: Sequence[str], given: bytes, env: Mapping[str, str] | None
    ) -> tuple[int, bytes, bytes]:
        fixed = {"LC_ALL": "C.UTF-8", "SLURM_TIME_FORMAT": "%s"}
        whole = list(words)
        if not self.here:
            line = shlex.join(["env", *(f"{name}={value}" for name, value in fixed.items()), *words])
            whole = [*self._ssh, self._host, "--", line]
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *whole, stdin=pipe, stdout=pipe, stderr=pipe, env={**os.environ, **(env or {}), **fixed}
            )
        except OSError as error:
            raise Unreachable(f"{whole[0]} cannot be run: {error.strerror}.") from error
        try:
            async with asyncio.timeout(self._patience_s):
                out, err = await process.communicate(given)
        except TimeoutError:
            process.kill()
            await process.wait()
            where = f" on {self._host}" if self._host else ""
            raise Unreachable(f"{words[0]}{where} did not answer within {self._patience_s:g} s.") from None
        return process.returncode or 0, out, err

    async def read_far(self, words: Sequence[str]) -> bytes:
        """What a command prints there, as bytes.

        Raises:
            JobError: it does not answer.
        """
        code, out, err = await self._process(words, b"", None)
        if code == 255:
            raise Unreachable(f"{self._host} does not answer: {_said(err.decode('utf-8', 'replace'))}")
        return out if not code else b""


class _FarLog:
    """A log on the cluster, read through ssh by its bytes."""

    path: Path | None = None

    def __init__(self, place: SlurmBackend, path: str) -> None:
        self._place, self._path = place, path

    async def size(self) -> int:
        """Bytes there now."""
        out = (await self._place.read_far(["stat", "-c", "%s", self._path])).strip()
        return int(out) if out.isdigit() else 0

    async def read(self, offset: int, n: int) -> bytes:
        """Up to `n` bytes from an offset; empty at the end."""
        line = f"tail -c +{offset + 1} {shlex.quote(self._path)} 2>/dev/null | head -c {n}"
        return await self._place.read_far(["sh", "-c", line])


def _in_queue(job: Handle, queue: Sequence[Seen]) -> Seen | None:
    tasks = [one for one in queue if one.uid == job.uid or (job.native and one.id == job.native)]
    return text.combined(tasks) if tasks else None


def _needs_more(seen: Seen | None) -> bool:
    """Whether the queue's list does not say how it ended, or does not know it."""
    return seen is None or seen.state is None or seen.state in ENDED


def _said(err: str) -> str:
    """Slurm's or ssh's own words, on one line."""
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    return " ".join(lines)[:400]


def _last(state: State | None) -> float | None:
    return time.time() if state in ENDED else None


def _iso(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
