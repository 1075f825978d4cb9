"""Jobs in the database: exact, appended to, and quick with hundreds of them."""

from __future__ import annotations

import sqlite3
import time
import uuid
from typing import Any

import pytest

from cockpit.core.errors import StoreError
from cockpit.core.job_queue import QueueLimit
from cockpit.core.jobs import After, JobSpec, Observation
from cockpit.store import job_queues, jobs, projects
from cockpit.store.db import Store
from cockpit.store.jobs import NewJob

AT = "2026-01-02T03:04:05.000006+00:00"


def add(store: Store, **more: Any) -> int:
    spec = more.pop("spec", JobSpec(("python", "train.py"), "/work"))
    job = NewJob(uuid.uuid4().hex, more.pop("name", "probe"), spec, "local", **more)
    return store.write_now(lambda db: jobs.add_job(db, projects.ensure_project(db, "refusals"), job))


def see(store: Store, job: int, state: Any, **more: Any) -> bool:
    seen = Observation(job, more.pop("source", "local"), AT, state, **more)
    return store.write_now(lambda db: jobs.observe(db, seen))


def test_a_job_comes_back_as_it_was_asked_for(store: Store) -> None:
    spec = JobSpec(("sh", "-c", "echo \udcff\x1b[2J"), "/w", {"A": "é"}, 2, 60.0, 5.0, 3.0, "m", {"p": "q"})
    first = add(store)
    second = add(
        store, spec=spec, name="näme", queue="big", env={"PATH": "/bin"}, env_from=("HF_TOKEN",),
        after=(After(first, anyhow=True),), values={"lr": "1"}, parent_id=first, parent_how="clone",
    )  # fmt: skip
    row = jobs.get_job(store.read(), second)
    assert (row.spec, row.name, row.queue, row.values) == (spec, "näme", "big", {"lr": "1"})
    assert (row.parent_id, row.parent_how, row.project, row.open, row.gpu_ids) == (first, "clone", "refusals", True, ())
    assert jobs.environment(store.read(), second) == ({"PATH": "/bin"}, ("HF_TOKEN",))
    assert jobs.environment(store.read(), first) == ({}, ())
    assert jobs.afters(store.read(), [first, second]) == {second: (After(first, True),)}
    assert [row.id for row in jobs.list_jobs(store.read())] == [second, first]
    assert [row.id for row in jobs.open_jobs(store.read())] == [first, second]
    with pytest.raises(StoreError, match="no job 99"):
        jobs.get_job(store.read(), 99)
    with pytest.raises(StoreError):
        add(store, after=(After(99),))


def test_an_observation_is_kept_once_and_never_changed(store: Store) -> None:
    job = add(store)
    assert see(store, job, "running", evidence="there")
    assert not see(store, job, "running", evidence="there", elapsed_s=5.0), "time alone is no news"
    assert see(store, job, None, source="you", raw="kill asked")
    assert see(store, job, "running", evidence="there"), "it was seen after that too"
    assert jobs.get_job(store.read(), job).open
    whole = {"exit_code": None, "signal": 9, "evidence": "SIGKILL\x1b", "started": AT, "ended": AT, "elapsed_s": 1.5}
    assert see(store, job, "killed", detail={"max_rss_kb": 3}, **whole)
    last = jobs.observations(store.read(), [job])[job][-1]
    assert last == Observation(job, "local", AT, "killed", detail={"max_rss_kb": 3}, **whole)
    assert not jobs.get_job(store.read(), job).open and jobs.open_jobs(store.read()) == []
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        store.write_now(lambda db: db.execute("UPDATE job_observation SET state = 'finished'"))


def test_what_is_known_may_be_unknown(store: Store) -> None:
    job, other = add(store), add(store)
    assert jobs.known(store.read(), [job, other]) == {}

    def put(db: Any) -> None:
        jobs.put_known(db, job, "progress", {"done": 3, "total": 10, "unit": "step"}, "metrics.jsonl")
        jobs.put_known(db, job, "eta", {"at": AT}, "steps")
        jobs.put_known(db, job, "metrics", {"loss": 0.4}, "metrics.jsonl")
        jobs.put_known(db, other, "metrics", {"loss": 1}, "x")
        jobs.put_known(db, other, "metrics", None, "x")

    store.write_now(put)
    found = jobs.known(store.read(), [job, other])
    assert list(found) == [job]
    assert found[job].progress is not None and found[job].progress.share == 0.3
    assert found[job].progress.source == "metrics.jsonl" and found[job].eta and found[job].eta.source == "steps"
    assert found[job].metrics == {"loss": 0.4} and found[job].usual_gap_s is None


def test_what_many_share_is_stored_once(store: Store) -> None:
    diff = "diff --git\n" * 10_000
    for _ in range(20):
        job = add(store, env={"PATH": "/bin" * 1000})
        store.write_now(
            lambda db, job=job: jobs.put_capture(db, job, "start", {"host": "h"}, diff=diff, packages="a==1")
        )
    found = jobs.captures(store.read(), job)["start"]
    assert (found["host"], found["diff"], found["packages"]) == ("h", diff, "a==1")
    assert store.read().execute("SELECT count(*), sum(length(body)) < 2000 FROM job_text").fetchone() == (3, 1)


def test_queues_and_gpus(store: Store) -> None:
    assert job_queues.limits(store.read()) == {} and job_queues.gpus(store.read()) is None
    store.write_now(lambda db: job_queues.put_limit(db, "big", QueueLimit(3, True)))
    store.write_now(lambda db: job_queues.put_gpus(db, ("0", "2")))
    assert job_queues.limits(store.read()) == {"big": QueueLimit(3, True)}
    assert job_queues.gpus(store.read()) == ("0", "2")


def test_five_hundred_jobs_are_read_at_once(store: Store) -> None:
    def fill(db: Any) -> None:
        project = projects.ensure_project(db, "many")
        for number in range(500):
            spec = JobSpec(("python", f"{number}.py"), "/w")
            job = jobs.add_job(db, project, NewJob(uuid.uuid4().hex, f"job {number}", spec, "local"))
            for state in ("starting", "running", "finished"):
                jobs.observe(db, Observation(job, "local", AT, state))  # type: ignore[arg-type]

    store.write_now(fill)
    before = time.process_time()
    rows = jobs.list_jobs(store.read(), limit=1000)
    seen = jobs.observations(store.read(), [row.id for row in rows])
    assert len(rows) == 500 and all(len(items) == 3 for items in seen.values())
    assert time.process_time() - before < 0.25
