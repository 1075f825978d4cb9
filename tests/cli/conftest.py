"""The command line as a real process and in this one, on a database of its own, led to the fake provider."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli.main import run
from tests.fake_provider import FakeProcess

ROOT = Path(__file__).parent.parent.parent


@dataclass
class Done:
    """What a command did."""

    status: int
    out: str
    err: str

    def rows(self) -> list[dict[str, Any]]:
        """Its --json output."""
        return [json.loads(line) for line in self.out.splitlines()]


class Cli:
    """Runs commands with one home directory and one database."""

    def __init__(self, home: Path, env: dict[str, str], capfd: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.db = home / "cockpit.db"
        self.env = env
        self._capfd = capfd

    def __call__(self, *words: str) -> Done:
        """In this process: quick."""
        self._capfd.readouterr()
        status = run(words)
        out, err = self._capfd.readouterr()
        return Done(status, out, err)

    def process(self, *words: str, stdin: bytes | None = None, **env: str) -> Done:
        """In a process of its own, as a person would."""
        done = subprocess.run(
            [sys.executable, "-m", "cockpit", *words],
            cwd=ROOT, env={**self.env, **env}, input=stdin or b"", capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """A process that goes on; the test ends it."""
        command = [sys.executable, "-m", "cockpit", *words]
        return subprocess.Popen(
            command, cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def send(self, *words: str) -> list[dict[str, Any]]:
        """The samples of a send that must succeed."""
        done = self("send", "--json", *words)
        assert done.status == 0, done.err
        return done.rows()


MakeCli = Callable[..., Cli]


@pytest.fixture
def cli(
    tmp_path: Path, fake_process: FakeProcess, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Cli:
    """Commands on an empty database, led to the fake provider."""
    ours = {
        **fake_process.env(),
        "COCKPIT_DB": str(tmp_path / "cockpit.db"),
        "COCKPIT_CONFIG": str(tmp_path / "config.toml"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "HOME": str(tmp_path),
    }
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    return Cli(tmp_path, dict(os.environ), capfd)
