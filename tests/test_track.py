"""The writer that people's own scripts import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit import track
from cockpit.core.metric_text import read_json_lines
from tests.backends.jobs import until


class Scalar:
    def item(self) -> float:
        return 0.25


def test_a_record_is_one_line_that_the_reader_understands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(track.FOLDER, str(tmp_path))
    track.log(step=3, max_steps=10, loss=Scalar(), eval={"acc": 0.5})
    track.log(step=4, loss=float("nan"), note="a\nb")
    data = (tmp_path / track.FILE).read_bytes()
    assert data.count(b"\n") == 2
    read = read_json_lines(data)
    assert [(point.name, point.step) for point in read.points] == [("loss", 3.0), ("eval/acc", 3.0), ("loss", 4.0)]
    assert read.points[0].value == 0.25
    assert read.points[0].time is not None
    assert read.progress is not None and read.progress.total == 10


def test_outside_a_job_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(track.FOLDER, raising=False)
    monkeypatch.chdir(tmp_path)
    track.log(step=1, loss=1.0)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_said_once_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(track.FOLDER, str(tmp_path / "gone"))
    for step in range(3):
        track.log(step=step)
    assert capsys.readouterr().err.count("not written") == 1


def test_importing_it_loads_nothing_else_of_cockpit() -> None:
    code = "import sys, cockpit.track; print([name for name in sys.modules if name.startswith('cockpit')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['cockpit', 'cockpit.track']"


def test_points_of_processes_that_write_at_once_do_not_mix(tmp_path: Path) -> None:
    code = "from cockpit.track import log\nfor i in range(300): log(step=i, loss=i / 300, text='x' * 200)"
    env = {track.FOLDER: str(tmp_path), "PATH": ""}
    running = [subprocess.Popen([sys.executable, "-c", code], env=env) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    lines = (tmp_path / track.FILE).read_text().splitlines()
    assert len(lines) == 900
    assert all(json.loads(line)["text"] == "x" * 200 for line in lines)


def test_threads_and_forked_processes_do_not_mix_their_lines(tmp_path: Path) -> None:
    code = """
import os, threading
from cockpit.track import log
def work(who):
    for i in range(200):
        log(step=i, loss=i / 200, who=who, text="y" * 500)
children = []
for number in range(2):
    child = os.fork()
    if child == 0:
        work(f"child {number}")
        os._exit(0)
    children.append(child)
threads = [threading.Thread(target=work, args=(f"thread {n}",)) for n in range(6)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
[os.waitpid(child, 0) for child in children]
"""
    subprocess.run([sys.executable, "-c", code], env={track.FOLDER: str(tmp_path), "PATH": ""}, check=True, timeout=60)
    records = [json.loads(line) for line in (tmp_path / track.FILE).read_text().splitlines()]
    by_writer: dict[str, list[int]] = {}
    for record in records:
        by_writer.setdefault(record["who"], []).append(record["step"])
    assert len(by_writer) == 8 and all(steps == list(range(200)) for steps in by_writer.values())


def test_what_was_logged_before_a_kill_is_there_whole(tmp_path: Path) -> None:
    code = "from cockpit.track import log\nfor i in range(10**9): log(step=i, text='z' * 4000)"
    process = subprocess.Popen([sys.executable, "-c", code], env={track.FOLDER: str(tmp_path), "PATH": ""})
    file = tmp_path / track.FILE
    until(lambda: file.exists() and file.stat().st_size > 1_000_000)
    process.kill()
    process.wait()
    data = file.read_bytes()
    assert data.endswith(b"\n"), "no line is begun and not ended"
    steps = [json.loads(line)["step"] for line in data.splitlines()]
    assert steps == list(range(len(steps)))


def test_a_disk_that_fills_up_costs_one_record_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(track.FOLDER, str(tmp_path))
    track.log(step=1, loss=1.0)
    real = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:20]))
        track.log(step=2, loss=2.0)
        track.log(step=3, loss=3.0)
    assert "disk is full" in capsys.readouterr().err
    track.log(step=4, loss=4.0)
    track.log(step=5, loss=5.0)
    read = read_json_lines((tmp_path / track.FILE).read_bytes())
    assert [point.step for point in read.points] == [1, 4, 5]
