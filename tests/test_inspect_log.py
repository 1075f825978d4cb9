"""Inspect followed: `.eval` logs whole, growing, torn and hostile; its control socket, and whom it is asked of."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit import inspect_files
from cockpit.core.metric_inspect import points_of_log, progress_of_log, progress_of_tasks
from cockpit.inspect_live import Server, control_folder, logs_of, servers_of, tasks_of
from cockpit.job_metrics import Source, find_sources, named_source, take
from tests.backends.jobs import end_everything, until
from tests.cli.conftest import Cli, cli
from tests.inspect_log import SERVER, header, start, summary, tasks, write_log

__all__ = ["cli"]

VALUES = ["C", "I", "C", "P"]
SUMMARIES = [summary(number, value) for number, value in enumerate(VALUES, 1)]


def log(path: Path, done: int, *, ended: bool = False) -> Source:
    parts = [(f"_journal/summaries/{n}.json", [one]) for n, one in enumerate(SUMMARIES[:done], 1)]
    last = [("header.json", header(start(4), 4, accuracy=0.625, stderr=0.1))] if ended else []
    write_log(path, ("_journal/start.json", start(4)), ("samples/1_epoch_1.json", {}), *parts, *last)
    return named_source(path)


def test_a_growing_log_gives_each_mean_once_and_ends_with_its_own_result(tmp_path: Path) -> None:
    path = tmp_path / "probe.eval"
    first = take(log(path, 0))
    assert (first.points, first.offset, first.problem) == ((), 0, "")
    assert first.progress is not None and (first.progress.done, first.progress.total) == (0, 4)
    assert first.progress.unit == "sample"
    two = take(log(path, 2))
    assert [(p.name, p.value, p.step) for p in two.points] == [("match/accuracy", 1.0, 1), ("match/accuracy", 0.5, 2)]
    assert take(named_source(path), two.offset).points == (), "what did not change is not read again"
    rest = take(log(path, 4, ended=True), two.offset)
    assert [(p.name, round(p.value, 3), p.step) for p in rest.points] == [
        ("match/accuracy", 0.667, 3), ("match/accuracy", 0.625, 4), ("match/accuracy", 0.625, 4),
        ("match/stderr", 0.1, 4),
    ]  # fmt: skip
    assert rest.progress is not None and rest.progress.done == rest.progress.total
    assert all(p.time is not None for p in rest.points) and rest.offset == 6
    anew = take(log(path, 1), rest.offset)
    assert anew.anew and len(anew.points) == 1, "another log under the same name begins again"


def test_it_is_found_beside_the_others_and_an_export_of_ours_is_read_too(tmp_path: Path) -> None:
    log(tmp_path / "a.eval", 1)
    with zipfile.ZipFile(tmp_path / "b.eval", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps(header(start(2), 2, accuracy=1.0)))
        archive.writestr("summaries.json", json.dumps([summary(1, True), summary(2, 1)]))
    sources = find_sources([tmp_path])
    assert [(one.path.name, one.kind) for one in sources] == [("a.eval", "inspect"), ("b.eval", "inspect")]
    found = take(sources[1])
    assert [(p.name, p.value) for p in found.points] == [("match/accuracy", 1.0)] * 3
    assert found.progress is not None and found.progress.done == 2


def test_a_torn_log_keeps_its_place_and_is_read_when_it_is_whole(tmp_path: Path) -> None:
    source = log(tmp_path / "probe.eval", 4)
    whole = source.path.read_bytes()
    for cut in range(0, len(whole), 37):
        source.path.write_bytes(whole[:cut])
        torn = take(source, 1)
        assert (torn.points, torn.offset) == ((), 1) and torn.problem, cut
    source.path.write_bytes(whole)
    assert len(take(source, 1).points) == 3


@given(st.data())
def test_damage_anywhere_ends_nothing(data: st.DataObject) -> None:
    path = Path(os.environ["PYTEST_EVAL"])
    whole = bytearray(log(path, 3, ended=True).path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(whole))
    inspect_files._read.clear()
    found = take(named_source(path), 1)
    assert (found.offset == 1) if found.problem else (found.offset >= 0)


@pytest.fixture(autouse=True)
def place_of_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_EVAL", str(tmp_path / "damaged.eval"))


def test_a_member_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect_files, "LARGEST", 100_000)
    bomb = b"[" + b" " * 10_000_000 + b"]"
    honest = write_log(tmp_path / "a.eval", ("_journal/start.json", start(1)), ("_journal/summaries/1.json", bomb))
    assert "more than is read" in take(named_source(honest)).problem or "bytes" in take(named_source(honest)).problem
    lying = write_log(
        tmp_path / "b.eval", ("_journal/start.json", start(1)), ("_journal/summaries/1.json", bomb), size=9
    )
    found = take(named_source(lying))
    assert found.points == () and "not what the directory says" in found.problem


def test_without_the_unpacker_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(inspect_files, "import_module", none)
    assert "Zstandard" in take(log(tmp_path / "a.eval", 1)).problem


def test_what_is_done_again_counts_once_and_grades_of_other_kinds_are_read() -> None:
    again = [summary(1, "I"), summary(1, "C"), summary(2, {"a": 0.5, "b": "x"}), summary(1, "C", epoch=2)]
    points = points_of_log(start(2, epochs=2, metric="inspect_ai/stderr"), again, None)
    assert [(p.name, p.value, p.step) for p in points] == [
        ("match/mean", 0.0, 1), ("match/mean", 1.0, 1), ("match/a/mean", 0.5, 1), ("match/mean", 1.0, 2),
    ]  # fmt: skip
    progress = progress_of_log(start(2, epochs=2), again)
    assert progress is not None and (progress.done, progress.total) == (3, 4)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["eval", "dataset", "samples", "sample_ids", "scorers", "metrics", "name", "value", "scores",
                         "results", "config", "epochs", "id", "match", "completed_at", "total", "completed"]),
        inner, max_size=5),
    max_leaves=20,
)  # fmt: skip
objects = st.dictionaries(st.sampled_from(["eval", "scores", "results", "stats", "samples", "id"]), json_values)


@given(objects, st.lists(objects, max_size=4), objects)
def test_no_shape_of_json_ends_reading(one: dict[str, Any], many: list[dict[str, Any]], last: dict[str, Any]) -> None:
    points_of_log(one, many, last)
    progress = progress_of_log(one, many)
    assert progress is None or progress.done <= progress.total
    progress, figures = progress_of_tasks(many)
    assert progress is None or progress.done <= progress.total
    logs_of(many)
    assert all(isinstance(value, float) for value in figures.values())


# --- the control socket ---


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Path]:
    folder = Path("/tmp", f"i{os.getpid()}")  # A socket's path has at most 107 bytes.
    folder.mkdir(mode=0o700)
    yield folder
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


@pytest.fixture
def job_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "job"
    folder.mkdir()
    return folder


@pytest.fixture
def inspect(control: Path, job_folder: Path, tmp_path: Path) -> Iterator[int]:
    env = {**os.environ, "COCKPIT_JOB_DIR": str(job_folder)}
    said = tasks(tmp_path / "logs" / "p.eval", total=30, completed=6, errored=1, in_flight=3)
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(control), said], env=env)
    try:
        until(lambda: list(control.glob("*.json")))
        yield process.pid
    finally:
        process.kill()
        process.wait()


def test_a_running_inspect_is_asked_if_the_job_started_it(
    control: Path, job_folder: Path, inspect: int, tmp_path: Path
) -> None:
    (server,) = servers_of(job_folder, control)
    assert server.pid == inspect
    told = tasks_of(server)
    assert told is not None
    progress, figures = progress_of_tasks(told)
    assert progress is not None and (progress.done, progress.total, progress.unit) == (7, 30, "sample")
    assert figures == {"samples failed": 1, "samples under way": 3, "tokens per second": 70.8}
    assert logs_of(told) == [tmp_path / "logs" / "p.eval"]
    assert servers_of(tmp_path / "another", control) == [], "another job's is not this one's"


def test_a_socket_that_another_process_holds_is_not_asked(control: Path, job_folder: Path, inspect: int) -> None:
    (server,) = servers_of(job_folder, control)
    assert tasks_of(Server(os.getpid(), server.socket)) is None
    assert tasks_of(Server(inspect, control / "nothing")) is None


@pytest.mark.parametrize("said", ["{", "[]" * 40_000, '{"pid": 1}', '{"pid": "x", "socket_path": 3}', "[" * 5000])
def test_what_else_lies_in_the_folder_is_passed_over(control: Path, job_folder: Path, said: str) -> None:
    control.joinpath(f"{os.getpid()}.json").write_text(said)
    control.joinpath("notes.json").write_text("{}")
    assert servers_of(job_folder, control) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT ROOT: files of another user cannot be made")
def test_a_folder_or_file_of_another_user_is_not_believed(control: Path, job_folder: Path, inspect: int) -> None:
    (path,) = control.glob("*.json")
    os.chown(path, 12345, 12345)
    assert servers_of(job_folder, control) == []
    os.chown(path, 0, 0)
    os.chown(control, 12345, 12345)
    assert servers_of(job_folder, control) == []
    os.chown(control, 0, 0)
    assert servers_of(job_folder, control)


def test_where_it_announces_itself() -> None:
    if sys.platform == "linux":
        assert control_folder({"XDG_DATA_HOME": "/d"}) == Path("/d/inspect_ai/control")
        assert control_folder({"HOME": "/h"}) == Path("/h/.local/share/inspect_ai/control")
    assert logs_of([{"log_location": "s3://b/x.eval"}, {"log_location": "file:///a%20b/x.eval"}]) == [
        Path("/a b/x.eval")
    ]


# --- through a job ---


def test_a_job_that_runs_inspect_is_followed_through_its_socket_and_to_the_end_of_its_log(
    cli: Cli, control: Path, tmp_path: Path
) -> None:
    data = control.parent / f"{control.name}-data"
    place, gate = tmp_path / "logs" / "p.eval", tmp_path / "gate"
    place.parent.mkdir()
    write_log(place, ("_journal/start.json", start(4)))
    served = SERVER.replace(
        "server.serve_forever(0.05)", "server.timeout = 0.05\n    while not gate(): server.handle_request()"
    )
    code = f"import os\ngate = lambda: os.path.exists({str(gate)!r})\n{served}\nwhole.unlink(); place.unlink()"
    said = tasks(place, total=4, completed=1, in_flight=2)
    words = ("job", "run", "--env", f"XDG_DATA_HOME={data}", "--", sys.executable, "-c", code)
    try:
        assert cli(*words, str(data / "inspect_ai" / "control"), said).status == 0
        until(lambda: seen(cli)["progress"] is not None)
        row = seen(cli)
        assert row["progress"] == {
            "done": 1, "total": 4, "unit": "sample", "share": 0.25, "source": "the running Inspect",
        }  # fmt: skip
        assert row["metrics"] == {"samples failed": 0, "samples under way": 2, "tokens per second": 70.8}
        assert row["metrics_from"] == "the running Inspect" and "sample 1 of 4" in row["eta"]["source"]
        log(place, 4, ended=True)
        gate.touch()
        until(lambda: seen(cli)["state"] == "finished")
        row = seen(cli)
        assert row["metrics"] == {"match/accuracy": 0.625, "match/stderr": 0.1} and row["metrics_from"] == "p.eval"
        assert row["progress"]["done"] == 4
        points = cli("job", "metrics", "1", "--name", "match/accuracy", "--json").rows()
        assert [(point["step"], round(point["value"], 3)) for point in points] == [
            (1, 1.0), (2, 0.5), (3, 0.667), (4, 0.625), (4, 0.625),
        ]  # fmt: skip
    finally:
        list(end_everything(Path(f"{cli.db}.jobs")))
        shutil.rmtree(data, ignore_errors=True)


def seen(cli: Cli) -> dict[str, Any]:
    (row,) = cli("job", "list", "--json").rows()
    return row
