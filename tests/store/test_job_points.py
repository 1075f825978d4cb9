"""Every metric point is kept, once, and read back quickly; a file that was written anew begins again."""

from __future__ import annotations

import time
from typing import Any

from cockpit.core.jobs import JobSpec
from cockpit.core.metric_points import Point
from cockpit.job_series import curves, names_of
from cockpit.store import job_points, jobs, projects
from cockpit.store.db import Store
from cockpit.store.jobs import NewJob


def a_job(store: Store) -> int:
    def make(db: Any) -> int:
        spec = JobSpec(("true",), "/")
        return jobs.add_job(db, projects.ensure_project(db, "p"), NewJob("u" * 16, "j", spec, "local"))

    return store.write_now(make)


def test_points_come_back_in_order_across_parts(store: Store) -> None:
    job = a_job(store)
    points = [Point("loss", 1 / (at + 1), float(at), 1e9 + at) for at in range(5000)]
    for at in range(0, 5000, 700):
        store.write_now(lambda db, part=points[at : at + 700]: job_points.add_points(db, job, "/m.jsonl", part))
    found = job_points.points_of(store.read(), job, "loss")
    assert list(found.values) == [point.value for point in points]
    assert list(found.steps) == [point.step for point in points]
    assert job_points.metric_names(store.read(), [job])[job] == {"loss": 5000}
    assert job_points.source_of(store.read(), job, "loss") == "/m.jsonl"


def test_a_file_is_believed_before_a_log_and_one_written_anew_begins_again(store: Store) -> None:
    job = a_job(store)
    logged = [Point("loss", 9.0, float(at)) for at in range(10)]
    store.write_now(lambda db: job_points.add_points(db, job, "/x/log", logged))
    store.write_now(lambda db: job_points.add_points(db, job, "/m.jsonl", [Point("loss", 1.0, 0.0)]))
    assert list(job_points.points_of(store.read(), job, "loss").values) == [1.0]
    store.write_now(lambda db: job_points.forget_points(db, job, "/m.jsonl"))
    assert len(job_points.points_of(store.read(), job, "loss")) == 10
    assert len(job_points.points_of(store.read(), job, "nothing")) == 0


def test_a_metric_without_steps_is_drawn_against_its_order(store: Store) -> None:
    job = a_job(store)
    store.write_now(lambda db: job_points.add_points(db, job, "/m", [Point("loss", 1.0), Point("loss", 0.5)]))
    (found,) = curves(store.read(), [job], names_of(store.read(), [job]))
    assert (list(found.xs), list(found.ys), found.across) == ([0, 1], [1.0, 0.5], "point")


def test_a_hundred_thousand_points_are_read_in_a_blink_and_appended_cheaply(store: Store) -> None:
    job = a_job(store)
    points = [Point("loss", 0.5, float(at), 1e9 + at) for at in range(100_000)]
    store.write_now(lambda db: job_points.add_points(db, job, "/m", points))
    taken = []
    for _ in range(3):
        begin = time.perf_counter()
        (found,) = curves(store.read(), [job], ["loss"])
        taken.append(time.perf_counter() - begin)
    assert len(found.ys) == 100_000
    assert min(taken) < 0.05
    begin = time.perf_counter()
    for at in range(20):
        store.write_now(lambda db, at=at: job_points.add_points(db, job, "/m", [Point("loss", 0.1, 1e5 + at, 2e9)]))
    assert time.perf_counter() - begin < 2.0
