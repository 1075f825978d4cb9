"""Jobs end to end: a real training followed to its end, apps and terminals that go away meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.app import CockpitApp
from cockpit.config import Config
from cockpit.screens.job_charts import JobCharts, JobChartsScreen
from cockpit.screens.jobs import JobsScreen
from cockpit.services import Services, close_services
from cockpit.store.db import open_store
from tests.backends.jobs import end_everything, until
from tests.cli.conftest import Cli
from tests.journeys.conftest import OpenApp
from tests.journeys.real_app import ROOT
from tests.screens.test_jobs import rows, seen
from tests.screens.test_jobs import state as state_in

TRAINING = Path(__file__).with_name("training.py")
NAMES = ("loss", "eval_loss", "eval_accuracy")
JOBS = "\x1b[15~"
"""The key F5."""


@pytest.fixture
def job(cli: Cli) -> Iterator[Cli]:
    yield cli
    cli("job", "queue", "default", "--pause")
    list(end_everything(Path(f"{cli.db}.jobs")))


def state(cli: Cli) -> dict[str, Any]:
    (row,) = cli.process("job", "list", "--json").rows()
    return row


def written(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def train(cli: Cli, tmp_path: Path) -> tuple[Path, Path]:
    """Start the training; its own record, and what it waits for in the middle."""
    pytest.importorskip("sklearn", reason="NO SCIKIT-LEARN: that a real training is followed is not tested")
    own, gate = tmp_path / "own.jsonl", tmp_path / "gate"
    env = ("--env", f"PYTHONPATH={ROOT}")
    done = cli.process("job", "run", "--name", "digits", *env, "--", sys.executable, str(TRAINING), str(own), str(gate))
    assert done.status == 0, done.err
    return own, gate


def printed(cli: Cli, name: str) -> list[tuple[float, float]]:
    return [(row["step"], row["value"]) for row in cli.process("job", "metrics", "1", "--name", name, "--json").rows()]


async def test_the_curve_of_a_real_training_grows_and_ends_with_the_numbers_of_its_own_file(
    job: Cli, tmp_path: Path
) -> None:
    own, gate = train(job, tmp_path)
    services = Services(Config(path=tmp_path / "none.toml"), open_store(job.db))
    app = CockpitApp(services, state_dir=tmp_path / "state")
    try:
        async with app.run_test(size=(150, 40)) as pilot:
            await pilot.press("f5")
            await seen(pilot, lambda: isinstance(app.screen, JobsScreen) and rows(app))
            half = lambda: app.job_watch.views[0].known.metrics.get("loss") == written(own)[5]["loss"]  # noqa: E731
            await seen(pilot, lambda: len(written(own)) == 6 and half())
            assert state_in(app) == "running"
            progress = app.job_watch.views[0].known.progress
            assert progress is not None and (progress.done, progress.total) == (6, 12)
            await pilot.press("C")
            await seen(pilot, lambda: isinstance(app.screen, JobChartsScreen))
            part = app.screen.query_one(JobCharts)

            def drawn() -> dict[str, list[tuple[float, float]]]:
                curves = [one for both in part.loaded.curves for one in both]
                return {one.metric: list(zip(one.xs, one.ys, strict=True)) for one in curves}

            await seen(pilot, lambda: len(drawn().get("loss", ())) == 6)
            gate.touch()
            await seen(pilot, lambda: len(drawn()["loss"]) == 12)
            await seen(pilot, lambda: app.job_watch.views[0].state == "finished")
            for name in NAMES:
                assert drawn()[name] == [(line["step"], line[name]) for line in written(own)], name
    finally:
        await close_services(services)
    for name in NAMES:
        assert printed(job, name) == [(line["step"], line[name]) for line in written(own)], name
    final = state(job)
    assert final["metrics"] == {name: written(own)[-1][name] for name in NAMES}
    assert final["metrics"]["eval_accuracy"] > 0.85, "it learned"


def test_the_training_goes_on_while_apps_are_killed_and_the_next_one_tells_its_end(
    job: Cli, open_app: OpenApp, tmp_path: Path
) -> None:
    own, gate = train(job, tmp_path)
    with open_app() as app:
        app.press(JOBS)
        app.until_text("digits")
        app.until(lambda: "running" in app.text and len(written(own)) == 6, "half of the way")
        app.kill()
    gate.touch()
    until(lambda: len(written(own)) == 12)
    with open_app() as app:
        app.press(JOBS)
        app.until_text("finished")
        app.quit()
    for name in NAMES:
        assert printed(job, name) == [(line["step"], line[name]) for line in written(own)], name


def session(job: Cli, tmp_path: Path) -> list[str]:
    """The app in a tmux server of its own."""
    if not shutil.which("tmux"):
        pytest.skip("NO TMUX: that jobs outlive the server they were started in is not tested")
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    env = {**job.env, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    app = [sys.executable, "-m", "cockpit"]
    size = ["-x", "150", "-y", "40", "-c", str(ROOT)]
    subprocess.run([*tmux, "new-session", "-d", *size, *app], env=env, check=True, timeout=30)
    return tmux


def screen(tmux: list[str]) -> str:
    return subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True, check=True, timeout=30).stdout


def typed(tmux: list[str], *keys: str) -> None:
    subprocess.run([*tmux, "send-keys", *keys], check=True, timeout=30)


@pytest.mark.tmux
def test_a_job_started_in_the_pane_outlives_its_tmux_server(job: Cli, open_app: OpenApp, tmp_path: Path) -> None:
    tmux, gate = session(job, tmp_path), tmp_path / "gate"
    os.mkfifo(gate)
    try:
        until(lambda: "typing" in screen(tmux))
        typed(tmux, "F5")
        until(lambda: "Jobs" in screen(tmux) and "typing" not in screen(tmux))
        typed(tmux, "n")
        until(lambda: "what will be run" in screen(tmux))
        typed(tmux, "-l", f"sh -c 'read code < {gate}; exit $code'")
        until(lambda: "exit $code" in screen(tmux))
        typed(tmux, "Enter")
        until(lambda: "running" in screen(tmux))
    finally:
        subprocess.run([*tmux, "kill-server"], check=True, timeout=30)
    until(lambda: subprocess.run([*tmux, "ls"], capture_output=True, check=False, timeout=30).returncode)
    assert state(job)["state"] == "running"
    gate.write_text("5\n")
    until(lambda: state(job)["state"] == "failed")
    with open_app() as app:
        app.press(JOBS)
        app.until_text("failed (5)")
        app.quit()
    assert state(job)["exit_code"] == 5


def test_a_job_that_prints_what_terminals_obey_is_seen_and_harms_nothing(
    job: Cli, open_app: OpenApp, tmp_path: Path
) -> None:
    bad = b"\x1b]0;owned\x07\x1b[2J\x1b[?1049l\x1bP\xff\xfe\xc3( [bold]markup[/] \x9b31m end\n"
    code = f"import os; os.write(1, {bad!r} * 50); raise SystemExit(3)"
    job("job", "run", "--name", "\x1b]0;name\x07[red]x", "--", sys.executable, "-c", code)
    until(lambda: state(job)["state"] == "failed")
    with open_app() as app:
        app.press(JOBS)
        app.until_text("failed (3)")
        app.press("o")
        app.until_text("markup")
        assert b"owned\x07" not in app.raw and b"0;name\x07" not in app.raw and b"\x9b31m" not in app.raw
        app.quit()
        assert app.raw.count(b"\x1b[?1049l") == 1, "the one with which the app itself leaves"
