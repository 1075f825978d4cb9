"""A terminal program in a pseudo terminal, with the times at which bytes leave it. Measures; judges nothing."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import termios
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

ESCAPE = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[ -/]*[0-~]"
)
LETTERS = "αβγδεζηθικλμνξοπρστυφχψωΓΔΘΛΞΠΣΦΨΩбвгджзийклпфцчшщъыьэюяБГДЖЗИЙЛФЦЧШЩЪЫЬЭЮЯ"
"""Never part of the program's own text, so that the first one seen after a key is that key's."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a stretch of time cost: CPU as a share of one core, bytes per second to the terminal."""

    cpu: float
    bytes_per_s: float
    seconds: float


class Terminal:
    """One program under a pty of 200 × 50; a thread stamps what it writes."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self.seen: list[tuple[float, bytes]] = []
        self.news = threading.Condition()
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
            full = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
            os.execvpe(command[0], list(command), full)
        self.process = psutil.Process(self.pid)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            with self.news:
                self.seen.append((time.monotonic(), data))
                self.news.notify_all()
            if not data:
                return

    def send(self, keys: str) -> float:
        """Press keys; returns when (monotonic seconds)."""
        now = time.monotonic()
        os.write(self.fd, keys.encode())
        return now

    def wait(self, text: str, *, since: int = 0, timeout: float = 30.0) -> float:
        """When the text was written, in monotonic seconds, counted from chunk number `since`.

        Raises:
            TimeoutError: it did not come; the message has the end of what did.
        """
        goal, end, tail, at = text.encode(), time.monotonic() + timeout, b"", since
        with self.news:
            while True:
                while at < len(self.seen):
                    stamp, data = self.seen[at]
                    at += 1
                    tail = (tail + data)[-200_000:]
                    if goal in ESCAPE.sub(b"", tail):
                        return stamp
                left = end - time.monotonic()
                if left <= 0 or (self.seen and not self.seen[-1][1]):
                    raise TimeoutError(f"{text!r} was not seen; the end: {ESCAPE.sub(b'', tail)[-600:]!r}")
                self.news.wait(min(left, 0.5))

    def first_paint(self) -> float:
        """Seconds from start to the first visible character."""
        while True:
            with self.news:
                for stamp, data in self.seen:
                    if ESCAPE.sub(b"", data).strip():
                        return stamp - self.started
                self.news.wait(5)

    def key_latencies(self, count: int, *, gap: float = 0.07) -> list[float]:
        """Type letters one by one; for each, milliseconds until it was on the screen."""
        found = []
        for letter in LETTERS[:count]:
            at = len(self.seen)
            pressed = self.send(letter)
            found.append((self.wait(letter, since=at, timeout=10) - pressed) * 1000)
            time.sleep(gap)
        return found

    def cpu_seconds(self) -> float:
        """User and system time of the process alone; children are other programs (the local model)."""
        spent = self.process.cpu_times()
        return float(spent.user + spent.system)

    @contextlib.contextmanager
    def cost(self) -> Iterator[list[Cost]]:
        """Measure what happens inside the block; the one result is appended when it ends."""
        out: list[Cost] = []
        cpu, start, at = self.cpu_seconds(), time.monotonic(), len(self.seen)
        yield out
        seconds = time.monotonic() - start
        written = sum(len(data) for _, data in self.seen[at:])
        out.append(Cost((self.cpu_seconds() - cpu) / seconds, written / seconds, seconds))

    def memory_mib(self) -> float:
        """Resident memory of the process."""
        return float(self.process.memory_info().rss) / 2**20

    def quit(self, keys: str, timeout: float = 10.0) -> float:
        """Press the keys that end it; seconds until it was gone."""
        pressed = self.send(keys)
        try:
            self.process.wait(timeout)
        except psutil.TimeoutExpired:
            self.close()
            raise TimeoutError("the program did not end") from None
        return time.monotonic() - pressed

    def close(self) -> None:
        """End it by process id, children first, if it still runs."""
        with contextlib.suppress(psutil.Error):
            for child in self.process.children(recursive=True):
                child.send_signal(signal.SIGTERM)
            self.process.kill()
            self.process.wait(5)
        with contextlib.suppress(OSError):
            os.close(self.fd)


def database_env(folder: Path) -> dict[str, str]:
    """An environment in which Cockpit touches nothing but the folder, and has no key but a false one."""
    return {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_STATE_HOME": str(folder / "state"),
        "COCKPIT_DB": str(folder / "cockpit.db"),
        "OPENAI_API_KEY": "sk-fake",
    }
