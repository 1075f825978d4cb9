"""One job's supervisor: `python -I -S supervisor.py FOLDER FD`, of the standard library alone. It opens no database.

It holds `sup.lock`; the job and all that it starts hold `job.lock`; the kernel lets go of both by itself. A start is on
the disk (`start.json`) before the command runs. An end is written once (`exit.json`, its room reserved at the start and
renamed into place). So whoever reads the folder can tell what happened, whichever process was killed and when.
FD gets one JSON object: the start record, or `{"error": …}`.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from cockpit.backends import job_proof as proof
else:
    # Isolated, nothing is on the path but the standard library: the one neighbour is found by this file's own folder.
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import job_proof as proof

    del sys.path[0]

ROOM = 4096
"""Bytes reserved for the exit record, so that a disk that fills up meanwhile cannot lose an exit code."""
LOOK_S = 10.0
"""How often requests are looked for even if no signal came."""
UNKILLABLE_S = 5.0
"""How long after SIGKILL what is left of a job is waited for: another user's process, or one stuck in the kernel."""
RETRY_S = (0.2, 30.0)
NO_COMMAND = 127
LOCK_TRIES = 100
LOCK_FD = 100
"""Scripts use small descriptors for their own files (`exec 3>log`), and would drop the lock with them."""


class Supervisor:
    """Starts one command, carries out requests about it, and writes down its end."""

    def __init__(self, folder: str, spec: dict[str, Any]) -> None:
        self.folder, self.spec = folder, spec
        self.lock = f"{folder}/job.lock"
        self.pid = 0
        self.began = 0.0
        self.kernel_began = time.monotonic()
        self.why = ""
        self.sent: list[str] = []
        self.stop_at: float | None = None
        self.paused_at: float | None = None
        self.paused_s = 0.0
        self.oom: dict[str, int] = {}
        self.failure = ""
        self.killed_at: float | None = None
        self.ended = self.wall = 0.0
        self.reaped: tuple[int, Any] | None = None

    def start(self) -> dict[str, Any]:
        """Start the command; the start record, which is on the disk before the command runs.

        Raises:
            OSError: it did not start, and never will from this folder's present state.
        """
        log = os.open(f"{self.folder}/log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        lock = _take(self.lock)
        self._reserve()
        gate, failed = os.pipe(), os.pipe()
        self.oom = proof.oom_counters(os.getpid())
        began, wall = proof.clock(), time.time()
        pid = os.fork()
        if pid == 0:
            os.close(gate[1])
            _become(self.spec, log, lock, gate[0], failed[1])
        os.close(lock)
        os.close(gate[0])
        os.close(failed[1])
        self.pid, self.began = pid, began
        with suppress(OSError):
            os.setpgid(pid, pid)
        record = self._record(wall)
        try:
            proof.put(self.folder, "start.json", record)
        except OSError:
            os.close(gate[1])  # The command waits at the gate, and leaves when nobody opens it.
            os.waitpid(pid, 0)
            raise
        os.write(gate[1], b"1")
        os.close(gate[1])
        self.failure = _read_all(failed[0])
        if self.failure:
            os.write(log, f"cockpit: {self.failure}\n".encode("utf-8", "replace"))
        os.close(log)
        return {**record, "failed": self.failure}

    def _record(self, wall: float) -> dict[str, Any]:
        me = os.getpid()
        return {
            "pid": self.pid, "mark": proof.start_mark(self.pid), "sup_pid": me, "sup_mark": proof.start_mark(me),
            "boot": proof.boot_id(), "host": os.uname().nodename, "started": wall, "clock": self.began,
            "env_missing": [name for name in self.spec.get("env_from", ()) if name not in os.environ],
        }  # fmt: skip

    def _reserve(self) -> None:
        descriptor = os.open(f"{self.folder}/.exit.tmp", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, b" " * ROOM)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def wait(self) -> None:
        """Return when the command has ended, and everything it started too if it was to be stopped."""
        ears = _ears()
        while not (self._ended() and not (self.why and self._remains())):
            if not self.ended:
                self._obey()
            if self.stop_at is not None and proof.clock() >= self.stop_at:
                self._signal(signal.SIGKILL)
                self.killed_at = self.killed_at or proof.clock()
                self.stop_at = proof.clock() + 1.0
            pause = min(LOOK_S, *(max(at - proof.clock(), 0.0) for at in self._dates()), 0.05 if self.ended else LOOK_S)
            select.select([ears], [], [], pause)
            with suppress(BlockingIOError):
                os.read(ears, 4096)

    def _ended(self) -> bool:
        """Whether the command has ended. Where the system can, it is not reaped yet: its number stays its own."""
        if not self.ended:
            if hasattr(os, "waitid"):
                over = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
            else:
                pid, status, used = os.wait4(self.pid, os.WNOHANG)
                over = pid != 0
                self.reaped = (status, used) if over else None
            if over:
                self.ended, self.wall = proof.clock(), time.time()
        return bool(self.ended)

    def _remains(self) -> bool:
        """Whether something the job started is still there and may yet go."""
        given_up = self.killed_at is not None and proof.clock() > self.killed_at + UNKILLABLE_S
        return not given_up and proof.held(self.lock)

    def _dates(self) -> list[float]:
        return [at for at in (self.stop_at, self._deadline()) if at is not None] or [proof.clock() + LOOK_S]

    def _deadline(self) -> float | None:
        limit = self.spec.get("timeout_s")
        if limit is None or self.why or self.paused_at is not None:
            return None
        return self.began + float(limit) + self.paused_s

    def _obey(self) -> None:
        """Carry out what was asked for since the last look, and the time limit."""
        if self.why:
            return
        deadline = self._deadline()
        if (kill := proof.get(self.folder, "kill.json")) is not None:
            self._stop("killed", float(kill.get("grace_s", 10.0)))
        elif deadline is not None and proof.clock() >= deadline:
            self._stop("timeout", float(self.spec.get("grace_s", 10.0)))
        else:
            self._hold(bool((proof.get(self.folder, "held.json") or {}).get("paused")))

    def _hold(self, wanted: bool) -> None:
        if wanted and self.paused_at is None:
            self._signal(signal.SIGSTOP)
            self.paused_at = proof.clock()
        elif not wanted and self.paused_at is not None:
            self._signal(signal.SIGCONT)
            self.paused_s += proof.clock() - self.paused_at
            self.paused_at = None

    def _stop(self, why: str, grace_s: float) -> None:
        self.why = why
        self._signal(signal.SIGTERM)
        # A stopped process gets the request only when it goes on.
        self._signal(signal.SIGCONT)
        self.stop_at = proof.clock() + grace_s

    def _signal(self, number: signal.Signals) -> None:
        if number.name not in self.sent:
            self.sent.append(number.name)
        proof.signal_all(self.pid, self.lock, number)

    def end(self) -> dict[str, Any]:
        """Reap the command and write its end down, however long the disk makes that take; the record."""
        counters = proof.oom_counters(self.pid)
        if self.why:
            with suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        status, used = self.reaped or os.wait4(self.pid, 0)[1:]
        code = os.waitstatus_to_exitcode(status)
        number = -code if code < 0 else None
        kernel = proof.kernel_oom(self.pid, self.kernel_began) if number == signal.SIGKILL else ""
        unit = 1 if sys.platform == "linux" else 1024
        if self.paused_at is not None:
            self.paused_s += self.ended - self.paused_at
        record = {
            "exit_code": None if number else code, "signal": number, "ended": self.wall,
            "elapsed_s": self.ended - self.began,
            "paused_s": self.paused_s, "why": self.why, "sent": self.sent, "failed": self.failure[:500],
            "max_rss_kb": used.ru_maxrss // unit, "cpu_s": used.ru_utime + used.ru_stime,
            "oom_group": proof.oom_delta(self.oom, counters), "oom_kernel": kernel[:500],
        }  # fmt: skip
        self._write(record)
        return record

    def _write(self, record: dict[str, Any]) -> None:
        """Into the reserved room, then under its name. The knowledge is in this process alone until that succeeds."""
        text = json.dumps(record).encode("ascii").ljust(ROOM)
        pause = RETRY_S[0]
        while True:
            try:
                descriptor = os.open(f"{self.folder}/.exit.tmp", os.O_WRONLY | os.O_CREAT, 0o600)
                try:
                    os.pwrite(descriptor, text, 0)
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
                os.replace(f"{self.folder}/.exit.tmp", f"{self.folder}/exit.json")
                proof.sync(self.folder)
                return
            except OSError:
                if not os.path.isdir(self.folder):
                    return
                time.sleep(pause)
                pause = min(pause * 2, RETRY_S[1])


def _become(spec: dict[str, Any], log: int, lock: int, gate: int, failed: int) -> None:
    """In the child: become the command once the gate opens. Never returns."""
    try:
        os.setpgid(0, 0)
        if not os.read(gate, 1):
            os._exit(0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        with suppress(OSError):
            lock = fcntl.fcntl(lock, fcntl.F_DUPFD, LOCK_FD)
        os.set_inheritable(lock, True)
        for number in ("SIGHUP", "SIGTERM", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGPIPE", "SIGXFSZ", "SIGCHLD"):
            signal.signal(getattr(signal, number), signal.SIG_DFL)
        env = dict(spec["env"])
        env.update({name: os.environ[name] for name in spec.get("env_from", ()) if name in os.environ})
        os.chdir(spec["cwd"])
        os.execvpe(spec["argv"][0], spec["argv"], env)
    except OSError as error:
        what = error.filename if isinstance(error.filename, str) else spec["argv"][0]
        os.write(failed, f"{what}: {error.strerror}".encode("utf-8", "replace"))
    except BaseException as error:
        os.write(failed, f"{type(error).__name__}: {error}".encode("utf-8", "replace"))
    os._exit(NO_COMMAND)


def _ears() -> int:
    """A descriptor that can be read when a signal has come. What ends other programs does not end this one."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGUSR1):
        signal.signal(number, lambda *_: None)
    return read


def _read_all(descriptor: int) -> str:
    text = b""
    while part := os.read(descriptor, 4096):
        text += part
    os.close(descriptor)
    return text.decode("utf-8", "replace")


def _detach(folder: str) -> None:
    """Become nobody's child, in nobody's way: an end of the terminal, the app or tmux is nothing to this process."""
    if os.fork():
        os._exit(0)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    own = os.open(f"{folder}/supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for standard, descriptor in enumerate((null, null, own)):
        os.dup2(descriptor, standard)
    os.chdir("/")


def _locked(folder: str) -> int:
    """The descriptor that holds `sup.lock`, until this process ends.

    Raises:
        OSError: another supervisor has this folder, or had it.
    """
    descriptor = _take(f"{folder}/sup.lock")
    if os.path.exists(f"{folder}/start.json"):
        raise FileExistsError(errno.EEXIST, "this job has been started before", f"{folder}/start.json")
    return descriptor


def _take(path: str) -> int:
    """A descriptor that holds the lock of a file. Somebody who only looks holds a shared one for a moment.

    Raises:
        OSError: another process has it for good.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    for left in range(LOCK_TRIES, -1, -1):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            if not left:
                raise
            time.sleep(0.02)
    return descriptor


def _afterwards(spec: dict[str, Any]) -> None:
    """Start what is to run after the job (the queue's next step). Its failure is not this job's."""
    for argv in spec.get("then", ()):
        with suppress(OSError):
            subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)


def main(folder: str, reply: int) -> None:
    """Supervise one job from its start to its record."""
    try:
        spec = proof.get(folder, "spec.json")
        if spec is None:
            raise FileNotFoundError(errno.ENOENT, "no readable job", f"{folder}/spec.json")
        _detach(folder)
        lock = _locked(folder)
        os.set_inheritable(reply, False)
        supervisor = Supervisor(folder, spec)
        answer = supervisor.start()
    except OSError as error:
        _answer(reply, {"error": f"{error.filename or folder}: {error.strerror or error}"})
        os._exit(1)
    _answer(reply, answer)
    supervisor.wait()
    supervisor.end()
    _afterwards(spec)
    os.close(lock)


def _answer(reply: int, value: dict[str, Any]) -> None:
    with suppress(OSError):
        os.write(reply, json.dumps(value).encode("ascii"))
    os.close(reply)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
