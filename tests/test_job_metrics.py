"""Metrics files on a disk, found and followed while a job writes them."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cockpit import job_metrics
from cockpit.core.metric_points import Point
from cockpit.job_metrics import Source, find_sources, named_source, take
from tests.core.test_metric_files import EVENTS, history, wandb_file


def line(step: int, **values: float) -> str:
    return json.dumps({"step": step, **values}) + "\n"


def test_every_kind_is_found_in_the_jobs_folders_and_the_log_is_last(tmp_path: Path) -> None:
    names = {
        "out/runs/events.out.tfevents.1.host": "tensorboard",
        "wandb/offline-run-1/run-1.wandb": "wandb",
        "out/checkpoint-10/trainer_state.json": "trainer state",
        "metrics.jsonl": "json lines",
        "trackio/demo.db": "trackio",
    }
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "metrics.jsonl").write_text("x")
    log = tmp_path / "job.log"
    found = find_sources([tmp_path, tmp_path], log=log)
    assert {source.path: source.kind for source in found[:-1]} == {tmp_path / n: kind for n, kind in names.items()}
    assert found[-1] == Source(log, "log")


def test_files_of_an_earlier_job_and_of_earlier_checkpoints_are_left_out(tmp_path: Path) -> None:
    old = tmp_path / "metrics.jsonl"
    old.write_text(line(1, loss=1))
    os.utime(old, (1_000, 1_000))
    for at, name in enumerate(("checkpoint-10", "checkpoint-9")):
        (tmp_path / name).mkdir()
        state = tmp_path / name / "trainer_state.json"
        state.write_text("{}")
        os.utime(state, (3_000 - at, 3_000 - at))
    found = find_sources([tmp_path], since=2_000)
    assert [source.path.parent.name for source in found] == ["checkpoint-10"]


def test_a_growing_file_gives_each_record_once_and_a_new_one_begins_again(tmp_path: Path) -> None:
    source = Source(tmp_path / "metrics.jsonl", "json lines")
    source.path.write_text(line(1, loss=1.0) + '{"step": 2, "lo')
    first = take(source)
    source.path.write_text(line(1, loss=1.0) + line(2, loss=0.5))
    second = take(source, first.offset)
    assert first.points + second.points == (Point("loss", 1.0, 1.0), Point("loss", 0.5, 2.0))
    assert take(source, second.offset).points == ()
    source.path.write_text(line(1, loss=9.0))
    assert take(source, second.offset).points == (Point("loss", 9.0, 1.0),)


def test_a_file_larger_than_a_chunk_is_taken_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_metrics, "CHUNK", 1_000)
    source = Source(tmp_path / "metrics.jsonl", "json lines")
    source.path.write_text(line(0, loss=0.0) + "x" * 5_000 + "\n" + "".join(line(i, loss=i) for i in range(1, 200)))
    points: list[Point] = []
    offset, more = 0, True
    while more:
        taken = take(source, offset)
        points.extend(taken.points)
        offset, more = taken.offset, taken.more
    assert [point.step for point in points] == [float(i) for i in range(200)]


def test_binary_formats_are_read_from_the_disk(tmp_path: Path) -> None:
    events, wandb = tmp_path / "events.out.tfevents.1", tmp_path / "run-1.wandb"
    events.write_bytes(EVENTS)
    wandb.write_bytes(wandb_file([history(1, loss=0.5), b"\x92\x01\x02\x08\x07"]))
    assert len(take(named_source(events)).points) == 20
    taken = take(named_source(wandb))
    assert [point.name for point in taken.points] == ["loss", "eval/acc"]
    assert taken.exit_code == 7


def test_trackios_database_by_rows(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE metrics (id INTEGER PRIMARY KEY, run_name TEXT, step INTEGER, metrics TEXT)")
        db.executemany(
            "INSERT INTO metrics (run_name, step, metrics) VALUES ('a', ?, ?)",
            [(1, b'{"loss": 0.5}'), (2, '{"loss": 0.4}')],
        )
        db.commit()
    first = take(named_source(path))
    assert first.points == (Point("a/loss", 0.5, 1.0), Point("a/loss", 0.4, 2.0))
    assert take(named_source(path), first.offset).points == ()


def test_a_trainers_state_is_continued_by_its_records(tmp_path: Path) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps({"log_history": [{"loss": 0.5, "step": 1}]}))
    first = take(named_source(path))
    path.write_text(json.dumps({"log_history": [{"loss": 0.5, "step": 1}, {"loss": 0.4, "step": 2}]}))
    assert take(named_source(path), first.offset).points == (Point("loss", 0.4, 2.0),)


def test_a_file_that_is_gone_keeps_its_place_and_says_so(tmp_path: Path) -> None:
    taken = take(Source(tmp_path / "metrics.jsonl", "json lines"), 12)
    assert (taken.points, taken.offset) == ((), 12)
    assert "metrics.jsonl" in taken.problem
    broken = tmp_path / "x.db"
    broken.write_text("no database at all, but long enough to be looked at")
    assert take(named_source(broken)).problem


async def test_two_who_read_at_once_take_everything_in_once(tmp_path: Path) -> None:
    """A supervisor's step and a command look at the same job at the same moment."""
    from cockpit.core.job_state import Standing
    from cockpit.core.jobs import JobSpec, Known
    from cockpit.job_follow import put_found, read_on
    from cockpit.job_views import JobView
    from cockpit.store import job_points, jobs, projects
    from cockpit.store.db import Database, open_store
    from cockpit.store.jobs import NewJob

    store = open_store(tmp_path / "x.db")

    def add(db: Database) -> int:
        spec = JobSpec(("true",), str(tmp_path))
        return jobs.add_job(db, projects.ensure_project(db, "p"), NewJob("u" * 16, "j", spec, "local"))

    job = store.write_now(add)
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "loss": 2}\n{"step": 2, "loss": 1}\n')
    view = JobView(jobs.get_job(store.read(), job), Standing("finished", started="2026-01-01T00:00:00+00:00"), Known())
    found = [read_on(view, tmp_path) for _ in range(2)]
    for one in found:
        assert one is not None
        store.write_now(lambda db, one=one: put_found(db, job, one))
    assert list(job_points.points_of(store.read(), job, "loss").values) == [2.0, 1.0]
    store.close()
