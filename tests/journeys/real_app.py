"""The real app on a pseudo-terminal, as a process of its own: keys go in, raw bytes come out and are kept."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[2]
LIMIT_S = 12.0
# The terminal must be the process's own, or closing it would not hang up.
START = (
    "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "from cockpit.__main__ import main\n"
    "sys.exit(main(sys.argv[1:]))"
)
SEQUENCES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP[^\x1b]*\x1b\\|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()][0-9A-B]|\x1b[=>78cDEHMNOZ]"
)


def wait_for(condition: Callable[[], object]) -> None:
    """Ask again and again until it is so."""
    ends = time.monotonic() + LIMIT_S
    never = threading.Event()
    while not condition():
        assert time.monotonic() < ends
        never.wait(0.02)


def size_free(env: Mapping[str, str]) -> dict[str, str]:
    """Without the size that a test runner tells its workers; the terminal's own counts."""
    return {name: value for name, value in env.items() if name not in ("COLUMNS", "LINES")}


class RealApp:
    """`cockpit WORDS` on a terminal of 160 × 45; a context manager that leaves no process."""

    def __init__(self, env: Mapping[str, str], *words: str, limits: str = "") -> None:
        self._master, slave = os.openpty()
        termios.tcsetwinsize(slave, (45, 160))
        self.process = subprocess.Popen(
            [sys.executable, "-c", limits + START, *words],
            cwd=ROOT, env={**size_free(env), "TERM": "xterm-256color", "LANG": "C.UTF-8"}, stdin=slave, stdout=slave,
            stderr=slave, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self._raw = bytearray()
        self._news = threading.Condition()
        self._leaving = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def raw(self) -> bytes:
        """Every byte the app has written."""
        with self._news:
            return bytes(self._raw)

    @property
    def text(self) -> str:
        """What it wrote, without control sequences."""
        return SEQUENCES.sub("", self.raw.decode("utf-8", "replace"))

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait until it is so; looked at whenever the app writes, and now and then."""
        ends = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < ends, f"never happened: {what}\n{self.text[-3000:]}"
            with self._news:
                self._news.wait(0.02)

    def until_text(self, text: str) -> None:
        """Wait until it has written this."""
        self.until(lambda: text in self.text, text)

    def until_ready(self) -> None:
        """Wait until the prompt's editor has the keyboard."""
        self.until_text("✎ typing")

    def escape(self) -> None:
        """From typing to moving; a letter sent with the escape would be alt and that letter."""
        before = len(self.text)
        self.press("\x1b")
        self.until(lambda: "moving" in self.text[before:], "moving")

    def quit(self) -> int:
        """ctrl+q, again if it asks because something runs; the exit status."""
        self.press("\x11")
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(0.5)
        self.press("\x11")
        return self.wait()

    def hang_up(self) -> int:
        """Close the terminal, as a lost ssh connection does; the exit status."""
        # A terminal with a reader in it is not closed.
        self._leaving.set()
        self._reader.join(LIMIT_S)
        os.close(self._master)
        self._master = -1
        return self.process.wait(LIMIT_S)

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(LIMIT_S)

    def wait(self) -> int:
        """The exit status, once it has ended by itself and all it wrote is read."""
        status = self.process.wait(LIMIT_S)
        self._reader.join(LIMIT_S)
        return status

    def __enter__(self) -> RealApp:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.kill()
        self._reader.join(LIMIT_S)
        if self._master >= 0:
            os.close(self._master)

    def _read(self) -> None:
        while not self._leaving.is_set():
            if not select.select([self._master], [], [], 0.1)[0]:
                continue
            try:
                piece = os.read(self._master, 1 << 16)
            except OSError:
                piece = b""
            with self._news:
                self._raw += piece
                self._news.notify_all()
            if not piece:
                return
