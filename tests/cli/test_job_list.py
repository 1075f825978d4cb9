"""`cockpit job list` on terminals of any width: one line a job, and its state whole."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
import uuid
from pathlib import Path
from typing import Any

import pytest

from cockpit.core.jobs import JobSpec, Observation
from cockpit.store import jobs, projects
from cockpit.store.db import open_store
from cockpit.store.jobs import NewJob
from tests.cli.conftest import ROOT, Cli
from widgets.visible import visible

AT = "2026-01-02T03:04:05.000006+00:00"
EVIDENCE = "it holds its lock, and its supervisor is there, which is a long way to say that all is as it should be"


def fill(cli: Cli) -> None:
    store = open_store(cli.db)

    def write(db: Any) -> None:
        project = projects.ensure_project(db, "default")
        for number in range(12):
            name = (
                ("train with a very long name of many words " + "字" * 20) if number % 2 else f"\x1b[31mshort{number}"
            )
            made = jobs.add_job(db, project, NewJob(uuid.uuid4().hex[:16], name, JobSpec(("true",), "/"), "local"))
            state: Any = "out of memory" if number % 3 else "finished"
            jobs.observe(db, Observation(made, "local", AT, state, evidence=EVIDENCE, started=AT, ended=AT))

    store.write_now(write)
    store.close()


def on_terminal(cli: Cli, columns: int) -> list[str]:
    """What `job list` writes on a terminal of so many columns."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (40, columns))
    env = {name: value for name, value in cli.env.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen([sys.executable, "-m", "cockpit", "job", "list"], cwd=ROOT, env=env, stdout=slave)
    os.close(slave)
    said = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(master)
    assert process.wait(30) == 0
    return said.decode().replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 119, 120, 160])
def test_a_job_is_one_line_of_the_terminal(cli: Cli, columns: int, tmp_path: Path) -> None:
    from rich.cells import cell_len

    fill(cli)
    lines = on_terminal(cli, columns)
    assert len(lines) == 13, "a head and a line a job"
    assert max(map(cell_len, lines)) <= columns
    assert sum("out of memory" in line for line in lines) == 8, "a state is never cut"
    assert all("\x1b" not in line for line in lines)
    assert ("queue" in lines[0]) == (columns >= 119) and ("for" in lines[0]) == (columns >= 80), lines[0]
    assert "it holds" in lines[1] or columns < 60


def test_what_is_not_on_a_terminal_is_not_cut(cli: Cli) -> None:
    fill(cli)
    done = cli.process("job", "list", COLUMNS="40")
    assert "字" * 10 in done.out and EVIDENCE[:60] in done.out and "queue" in done.out.splitlines()[0]
    assert visible("\x1b[31mshort0") in done.out
