"""What the kernel and a job's folder can prove: locks, identities of processes, memory kills. Standard library alone.

Shared by the supervisor, which runs isolated, and by those who read its folder. Decides nothing.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from typing import Any


def clock() -> float:
    """Seconds since the machine started, suspension included where the system counts it; no clock setting moves it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def boot_id() -> str:
    """What tells this start of the machine from any other; empty where the system has no such thing."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return _asked("sysctl", "-n", "kern.boottime")


def start_mark(pid: int) -> str:
    """When a process started, as the kernel counts it; with the boot id it names one process for ever. Empty: gone.

    A process that has ended and is not reaped yet counts as gone.
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            words = file.read().rpartition(")")[2].split()
        return "" if words[0] in "ZXx" else words[19]
    except (OSError, IndexError):
        return "" if os.path.exists("/proc/self/stat") else _asked("ps", "-o", "lstart=", "-p", str(pid))


def _asked(*argv: str) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return " ".join(done.stdout.decode("utf-8", "replace").split())


def put(folder: str, name: str, value: Any) -> None:
    """Write a JSON file whole or not at all, durably.

    Raises:
        OSError: it could not be written; what stood there stands.
    """
    partial = f"{folder}/.{name}.tmp"
    with open(partial, "w", encoding="utf-8") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, f"{folder}/{name}")
    sync(folder)


def get(folder: str, name: str) -> Any:
    """A JSON file's content; None where there is none to be read."""
    try:
        with open(f"{folder}/{name}", encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def sync(folder: str) -> None:
    """Make a folder's entries durable, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def held(path: str) -> bool:
    """Whether any process holds the lock. Looking leaves nothing changed."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
    finally:
        os.close(descriptor)
    return False


def holders(path: str) -> list[int]:
    """The processes that have the file open, as far as this user may see them (Linux); this one is not among them."""
    try:
        wanted = os.stat(path)
        pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return []
    return [pid for pid in pids if pid != os.getpid() and _holds(pid, wanted)]


def _holds(pid: int, wanted: os.stat_result) -> bool:
    with suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                if os.path.samestat(os.stat(f"/proc/{pid}/fd/{name}"), wanted):
                    return True
    return False


def signal_all(group: int | None, lock: str, number: int) -> None:
    """Signal a group whose leader is known to be there (None: it is not), and others that have the job's lock."""
    if group is not None:
        with suppress(OSError):
            os.killpg(group, number)
    for pid in holders(lock):
        with suppress(OSError):
            descriptor = os.pidfd_open(pid)
            try:
                # The process behind the descriptor cannot become another one; the one behind the number could have.
                if _holds(pid, os.stat(lock)) and os.getpgid(pid) != group:
                    signal.pidfd_send_signal(descriptor, number)
            finally:
                os.close(descriptor)


def oom_counters(pid: int) -> dict[str, int]:
    """A process's memory groups → how many processes of each the kernel has killed for lack of memory."""
    found = {}
    with suppress(OSError), open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        for line in file.read().splitlines():
            _, kinds, path = line.split(":", 2)
            if kinds == "memory":
                tries = [f"/sys/fs/cgroup/memory{path}/memory.oom_control", "/sys/fs/cgroup/memory/memory.oom_control"]
            elif kinds == "":
                tries = [f"{root}{path}/memory.events" for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")]
            else:
                continue
            for name in tries:
                with suppress(OSError, ValueError), open(name, encoding="ascii") as counters:
                    numbers = dict(entry.split() for entry in counters.read().splitlines())
                    if "oom_kill" in numbers:
                        found[os.path.dirname(name)] = int(numbers["oom_kill"])
                        break
    return found


def kernel_oom(pid: int, since: float) -> str:
    """The kernel log's line that says this process was killed for lack of memory; empty where there is none to be read.

    Args:
        since: seconds on the kernel's monotonic clock; earlier lines are about an earlier process of that number.
    """
    try:
        descriptor = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return ""
    found = ""
    try:
        for _ in range(100_000):
            try:
                record = os.read(descriptor, 16384).decode("utf-8", "replace")
            except BrokenPipeError:
                continue
            head, _, text = record.partition(";")
            if float(head.split(",")[2]) / 1e6 >= since and re.search(rf"Killed process {pid}\b", text):
                found = text.splitlines()[0]
    except (OSError, ValueError, IndexError):
        return found
    finally:
        os.close(descriptor)
    return found


def oom_delta(before: dict[str, int], after: dict[str, int]) -> dict[str, Any] | None:
    """Which counter grew; its `before` is None where nobody looked at the start, as the job moved to that group."""
    for group, n in after.items():
        if n > before.get(group, 0):
            return {"group": group, "before": before.get(group), "after": n}
    return None
