"""Writing: grouped, durable, in order; trouble loses nothing and is told once."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cockpit.core.errors import StoreError
from cockpit.store import opening, samples, settings
from cockpit.store.db import Database, Store, open_store
from tests.store.conftest import make_run, sample_of


def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    event = threading.Event()
    while not true():
        assert time.monotonic() < end, "it never came true"
        event.wait(0.005)


def put(key: str, value: Any = 1) -> Callable[[Database], None]:
    return lambda db: settings.put(db, key, value)


def keys(store: Store) -> list[str]:
    return [row[0] for row in store.read().execute("SELECT key FROM setting ORDER BY key")]


async def test_a_write_is_durable_when_it_returns(store: Store) -> None:
    assert await store.write(lambda db: db.execute("SELECT 41 + 1").fetchone()[0]) == 42
    await store.write(put("a"))
    assert keys(store) == ["a"]


async def test_posts_are_grouped_and_flushed_in_order(store: Store) -> None:
    commits: list[str] = []
    order: list[int] = []

    def one(db: Database, i: int) -> None:
        order.append(i)
        db.execute("INSERT INTO setting VALUES (?, ?)", (f"{i:04}", "1"))

    await store.write(lambda db: db.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None))
    for i in range(1000):
        store.post(lambda db, i=i: one(db, i))
    await store.flush()
    assert len(keys(store)) == 1000 and order == list(range(1000)) and store.unsaved == 0
    assert len(commits) < 100


async def test_a_post_becomes_durable_by_itself(store: Store) -> None:
    store.post(put("alone"))
    await asyncio.to_thread(until, lambda: keys(store) == ["alone"])


async def test_one_failing_write_takes_nothing_with_it(store: Store) -> None:
    told: list[str] = []
    store.on_problem = told.append

    def half(db: Database) -> None:
        settings.put(db, "half", 1)
        raise ValueError("no such thing")

    store.post(put("before"))
    store.post(half)
    store.post(put("after"))
    await store.flush()
    assert keys(store) == ["after", "before"]
    assert told == ["A result could not be saved: ValueError: no such thing"] and store.problem == told[0]
    with pytest.raises(ValueError, match="no such thing"):
        await store.write(half)
    assert "half" not in keys(store)


async def test_a_request_looked_up_by_a_failed_write_is_not_remembered(store: Store) -> None:
    run = make_run(store)
    one = sample_of(run, request_hash="h", request_body={"a": 1})

    def fails(db: Database) -> None:
        samples.add_sample(db, one)
        raise ValueError("later")

    with pytest.raises(ValueError, match="later"):
        await store.write(fails)
    sample_id = await store.write(lambda db: samples.add_sample(db, one))
    assert samples.get_plain(store.read(), sample_id).request_body == {"a": 1}


async def test_a_listener_that_fails_does_not_stop_saving(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    def fails(_: object) -> None:
        raise RuntimeError("nobody listens any more")

    store.on_problem = fails
    store.post(fails)
    await store.flush()
    await store.write(put("on"))
    assert keys(store) == ["on"] and "on_problem failed" in caplog.text


async def test_a_cancelled_caller_does_not_take_its_write_back(store: Store) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(db: Database) -> None:
        begun.set()
        go.wait(10)
        settings.put(db, "kept", 1)

    async with asyncio.timeout(10):
        waiting = asyncio.gather(store.write(slow), return_exceptions=True)
        await asyncio.to_thread(begun.wait, 10)
        waiting.cancel()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await store.flush()
    assert keys(store) == ["kept"]


async def test_a_full_disk_keeps_everything_and_is_told_once(store: Store) -> None:
    told: list[str] = []
    store.on_problem = told.append
    db = await store.write(lambda db: db)
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages + 1}")
    for i in range(20):
        store.post(put(f"{i:02}", "x" * 4000))
    await asyncio.to_thread(until, lambda: store.problem)
    with pytest.raises(StoreError, match="full"):
        await store.write(put("refused"))
    assert store.unsaved == 20 and keys(store) == [] and len(told) == 1 and "full" in told[0]
    db.execute("PRAGMA max_page_count = 1000000")
    await asyncio.to_thread(until, lambda: not store.unsaved)
    assert keys(store) == [f"{i:02}" for i in range(20)] and store.problem is None and len(told) == 1


async def test_ids_of_a_group_that_was_rolled_back_are_not_remembered(store: Store) -> None:
    run_id = make_run(store)
    db = await store.write(lambda db: db)
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages + 1}")
    saved: list[int] = []

    def save(db: Database, i: int) -> None:
        body = {"model": "m", "messages": ["x" * 4000 * i]}
        one = sample_of(run_id, i, request_hash=f"hash {i}", request_body=body)
        saved.append(samples.add_sample(db, one))

    for i in range(4):
        store.post(lambda db, i=i: save(db, i))
    await asyncio.to_thread(until, lambda: store.problem)
    store.post(put("other", "x"))
    db.execute("PRAGMA max_page_count = 1000000")
    await asyncio.to_thread(until, lambda: not store.unsaved)
    found = samples.run_samples(store.read(), run_id)
    assert [len(one.request_body["messages"][0]) for one in found] == [0, 4000, 8000, 12000]
    assert store.problem is None


async def test_a_lock_held_elsewhere_is_waited_out(store: Store) -> None:
    await store.write(lambda db: db.execute("PRAGMA busy_timeout = 20"))
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store.post(put("patient"))
    with pytest.raises(StoreError, match="locked") as caught:
        await store.write(put("refused"))
    assert caught.value.hint and store.problem and store.unsaved == 1
    other.execute("ROLLBACK")
    other.close()
    await asyncio.to_thread(until, lambda: keys(store) == ["patient"])
    assert store.problem is None


def test_closing_saves_what_is_queued_and_folds_the_log(path: Path) -> None:
    store = open_store(path)
    for i in range(300):
        store.post(put(f"{i:04}"))
    store.close()
    store.close()
    assert not path.with_name("cockpit.db-wal").exists()
    with pytest.raises(StoreError, match="closed"):
        store.post(put("late"))
    with pytest.raises(StoreError, match="closed"):
        store.read()
    again = open_store(path)
    assert len(keys(again)) == 300
    again.close()


def test_closing_says_what_could_not_be_saved(path: Path) -> None:
    store = open_store(path)
    store.write_now(lambda db: db.execute("PRAGMA busy_timeout = 20"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store.post(put("a"))
    store.post(put("b"))
    with pytest.raises(StoreError, match=r"2 results could not be saved.*locked"):
        store.close()
    other.close()


def test_every_thread_reads_on_its_own_connection_and_cannot_write(store: Store) -> None:
    found: list[Database] = []
    thread = threading.Thread(target=lambda: found.extend((store.read(), store.read())))
    thread.start()
    thread.join()
    assert found[0] is found[1] and found[0] is not store.read() and store.read() is store.read()
    with pytest.raises(sqlite3.OperationalError):
        store.read().execute("DELETE FROM setting")


def test_a_store_opened_for_reading_refuses_to_write(store: Store) -> None:
    store.write_now(put("a"))
    other = open_store(store.path, read_only=True)
    assert keys(other) == ["a"]
    with pytest.raises(StoreError, match="reading only"):
        other.post(put("b"))
    other.close()


def test_the_writer_syncs_every_commit(store: Store) -> None:
    assert store.write_now(lambda db: db.execute("PRAGMA synchronous").fetchone()[0]) == 2
    with closing(opening.connect(store.path, read_only=True)) as db:
        assert db.execute("PRAGMA foreign_keys").fetchone()[0] == 1
