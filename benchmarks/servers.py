"""The fake provider as a process of its own, on loopback, stopped by process id."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def fake_server() -> Iterator[str]:
    """The base URL of a running fake provider."""
    command = [sys.executable, "-m", "tests.fake_provider", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        _answers(url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str, limit: float = 10.0) -> None:
    end = time.monotonic() + limit
    while True:
        try:
            stats(url)
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def stats(url: str) -> Any:
    """What the server has seen."""
    with urllib.request.urlopen(f"{url}/stats", timeout=5) as reply:
        return json.load(reply)
