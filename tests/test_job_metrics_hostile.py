"""Metrics files that are torn, damaged, written anew or made by somebody who means harm: reading goes on, and ends."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cockpit import job_metrics
from cockpit.core.metric_points import Point
from cockpit.job_metrics import Kind, Source, named_source, take
from tests.core.test_metric_files import EVENTS, history, wandb_file
from tests.core.test_metric_files import field as packed

LINES = b"".join(b'{"step": %d, "loss": %f, "eval": {"acc": 0.5}}\n' % (i, 1 / (i + 1)) for i in range(12))
LOG = (
    b"".join(b"epoch %d/12 loss=%f acc: 0.5\n" % (i, 1 / (i + 1)) for i in range(6))
    + b"{'loss': 0.5, 'grad_norm': nan, 'epoch': 0.3}\n\x1b[31mstep=3 loss=0.25\x1b[0m\n"
    + b" 40%|####      | 4/10 [00:01<00:02]\r 50%|#####     | 5/10 [00:01<00:01]\n"
)
WANDB = wandb_file([packed(17, b""), *(history(i, loss=1 / (i + 1)) for i in range(12)), packed(18, b"")])
STATE = json.dumps({"global_step": 3, "max_steps": 9, "log_history": [{"loss": 0.5, "step": i} for i in range(4)]})
FILES: dict[Kind, bytes] = {
    "json lines": LINES, "log": LOG, "tensorboard": EVENTS, "wandb": WANDB, "trainer state": STATE.encode(),
}  # fmt: skip
GROWING = ("json lines", "log", "tensorboard", "wandb")
kinds = st.sampled_from(sorted(FILES))
in_place = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def all_of(source: Source, offset: int = 0) -> tuple[list[Point], int]:
    """Everything a source has now, taken as following takes it; fails where that would not end."""
    points: list[Point] = []
    for _ in range(1000):
        found = take(source, offset)
        points.extend(found.points)
        offset = found.offset
        if not found.more:
            return points, offset
    raise AssertionError("it goes on forever")


@in_place
@given(st.sampled_from(GROWING), st.lists(st.integers(0, 2000), max_size=6))
def test_a_file_read_while_it_grows_gives_what_it_gives_when_it_is_whole(
    tmp_path: Path, kind: Kind, cuts: list[int]
) -> None:
    whole, source = FILES[kind], Source(tmp_path / "growing", kind)
    source.path.write_bytes(whole)
    wanted, _ = all_of(source)
    assert len(wanted) >= 8
    found: list[Point] = []
    offset = 0
    for cut in [*sorted(min(cut, len(whole)) for cut in cuts), len(whole)]:
        source.path.write_bytes(whole[:cut])
        more, offset = all_of(source, offset)
        found += more
    assert list(map(repr, found)) == list(map(repr, wanted)), "each once, none left out"


@in_place
@given(kinds, st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=8), st.integers(0, 4000))
def test_damage_is_survived(tmp_path: Path, kind: Kind, flips: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(FILES[kind])
    for at, value in flips:
        data[at % len(data)] = value
    source = Source(tmp_path / "damaged", kind)
    source.path.write_bytes(data[:cut])
    points, offset = all_of(source)
    assert 0 <= offset <= max(cut, len(points))
    assert all(isinstance(point.value, float) and isinstance(point.name, str) for point in points)
    assert all(point.step is None or isinstance(point.step, int | float) for point in points)


@in_place
@given(kinds, st.binary(max_size=400), st.integers(0, 500))
@example("json lines", b"[" * 100_000 + b"\n", 0)
@example("json lines", b'{"a":' * 50_000 + b"\n", 0)
@example("json lines", b'{"step": 1, "loss": 1' + b"0" * 5000 + b"}\n", 0)
@example("json lines", b'{"a":' * 900 + b"1" + b"}" * 900 + b"\n", 0)
@example("trainer state", b'{"log_history": [' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"]}", 0)
@example("log", b"{" + b"'a': [" * 3000 + b"}\n", 0)
@example("log", b"step=" + b"9" * 400 + b" loss=1\n", 0)
@example("log", b"step=1 " + b"a.b-c/" * 3000 + b"=1\n", 0)
@example("log", b"a=" * 9000 + b"\n", 0)
@example("trainer state", b"[" * 100_000, 0)
@example("trainer state", b'{"log_history": [1, null, {"step": {}, "loss": [1]}], "global_step": "x"}', 0)
@example("tensorboard", b"\xff" * 64, 0)
@example("wandb", b":W&B\xbe\xe1\x00" + b"\xff" * 64, 0)
def test_any_bytes_at_all(tmp_path: Path, kind: Kind, data: bytes, offset: int) -> None:
    source = Source(tmp_path / "any", kind)
    source.path.write_bytes(data)
    all_of(source, offset)


def test_one_line_without_an_end_is_passed_over_and_what_follows_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_metrics, "CHUNK", 1000)
    source = named_source(tmp_path / "metrics.jsonl")
    source.path.write_bytes(b"x" * 50_000 + b"\n" + LINES)
    points, offset = all_of(source)
    assert offset == 50_001 + len(LINES)
    assert len({point.step for point in points}) >= 11, "at most the record at the seam is lost"


def database(path: Path, *rows: tuple[Any, Any, Any]) -> Source:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE metrics (id INTEGER PRIMARY KEY, run_name, step, metrics)")
        db.executemany("INSERT INTO metrics (run_name, step, metrics) VALUES (?, ?, ?)", rows)
        db.commit()
    return named_source(path)


def test_a_row_of_trackio_that_is_none_hides_no_other(tmp_path: Path) -> None:
    good = '{"loss": 0.5}'
    bad = [("a", 2, "{"), ("a", 3, None), ("a", 4, b"\xff\xfe"), ("a", "x", good), ("a", 6, "[" * 9000), (None, 7, 3.5)]
    rows = [("a", 1, good), *bad, ("a", 8, good)]
    source = database(tmp_path / "p.db", *rows)
    found = take(source)
    assert [(point.name, point.value, point.step) for point in found.points] == [
        ("a/loss", 0.5, 1), ("a/loss", 0.5, None), ("a/loss", 0.5, 8),
    ]  # fmt: skip
    assert found.offset == 8 and take(source, 8).points == ()


def test_another_table_or_a_locked_or_torn_database_says_so_and_keeps_its_place(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as db:
        db.execute("CREATE TABLE something (x)")
    assert take(named_source(tmp_path / "other.db"), 3).offset == 3
    assert take(named_source(tmp_path / "other.db")).problem
    whole = database(tmp_path / "w.db", *(("a", i, '{"loss": 1}') for i in range(500))).path.read_bytes()
    for cut in range(0, len(whole), 1777):
        (tmp_path / "torn.db").write_bytes(whole[:cut])
        found = take(named_source(tmp_path / "torn.db"), 2)
        assert found.offset >= 2


MAKERS: dict[str, Callable[[Path], None]] = {
    "a folder": lambda path: path.mkdir(),
    "nothing": lambda path: None,
    "a link to itself": lambda path: path.symlink_to(path),
}


@pytest.mark.parametrize("what", MAKERS)
@pytest.mark.parametrize("kind", sorted(FILES))
def test_what_is_no_file_says_so(tmp_path: Path, kind: Kind, what: str) -> None:
    path = tmp_path / "it"
    MAKERS[what](path)
    found = take(Source(path, kind), 5)
    assert (found.points, found.offset) == ((), 5) and found.problem and math.isfinite(found.offset)
