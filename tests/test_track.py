"""The writer that people's own scripts import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit import track
from cockpit.core.metric_text import read_json_lines


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
