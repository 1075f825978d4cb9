"""Saving and searching: rows a second through the writer, and search over a million samples while typing."""

from __future__ import annotations

import os
import random
import tempfile
import time
from pathlib import Path

from benchmarks.report import Row, median, percentile
from cockpit.core.ports import Usage
from cockpit.core.prompts import single
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import Sample, SampleKey
from cockpit.store import projects, runs, samples, search
from cockpit.store.db import Store, open_store

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
"""Samples to search; a smaller number makes a quick look."""
SAVED = 6000
WORDS = 30_000


def run() -> list[Row]:
    """Rows saved per second into an empty database; search, listing and opening at ROWS samples."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "big.db")
        dice = random.Random(5)
        began = time.perf_counter()
        _save(store, dice, SAVED, one_by_one=True)
        saved_per_s = SAVED / (time.perf_counter() - began)
        while (have := _count(store)) < ROWS:
            _save(store, dice, min(20_000, ROWS - have), one_by_one=False)
        store.close()
        return [
            Row("samples saved, each posted alone", saved_per_s, "/s", 3000, at_least=True, note="indexed for search"),
            *_reads(Path(folder) / "big.db", dice),
        ]


def _word(dice: random.Random) -> str:
    """Zipf-like: a few words everywhere, most of them rare."""
    return f"w{int(WORDS ** dice.random()):x}"


def _sample(dice: random.Random, run_id: int, index: int) -> Sample:
    text = " ".join(_word(dice) for _ in range(70))
    return Sample(
        run_id, SampleKey(0, 0, index), "fake:bench", text, stop_reason="stop", ended="ended", usage=Usage(20, 70),
        ttft_ms=120.0, latency_ms=900.0, cost_usd=0.001, request_hash=f"{run_id}", request_body={"model": "bench"},
        created_at="2026-01-01T00:00:00Z",
    )  # fmt: skip


def _save(store: Store, dice: random.Random, count: int, *, one_by_one: bool) -> None:
    plan = Plan(single("go"), (Target("fake:bench", "fake", "bench", "http://127.0.0.1"),), n=count)
    project = store.write_now(lambda db: projects.ensure_project(db, "bench"))
    run_id = store.write_now(lambda db: runs.create_run(db, plan, project_id=project))
    made = [_sample(dice, run_id, index) for index in range(count)]
    if one_by_one:
        for sample in made:
            store.post(lambda db, sample=sample: samples.add_sample(db, sample))
    else:
        store.post(lambda db: [samples.add_sample(db, sample) for sample in made])
    store.write_now(lambda db: runs.finish_run(db, run_id))


def _count(store: Store) -> int:
    return int(store.read().execute("SELECT max(id) FROM sample").fetchone()[0] or 0)


def _reads(path: Path, dice: random.Random) -> list[Row]:
    began = time.perf_counter()
    store = open_store(path)
    opened = (time.perf_counter() - began) * 1000
    db = store.read()
    typed = []
    for _ in range(150):
        word = _word(dice)
        for end in range(2, len(word) + 1):
            began = time.perf_counter()
            search.search(db, word[:end], 50)
            typed.append((time.perf_counter() - began) * 1000)
    listed = []
    for _ in range(20):
        began = time.perf_counter()
        runs.list_runs(db, 1, 50)
        listed.append((time.perf_counter() - began) * 1000)
    store.close()
    return [
        Row(
            f"search while typing, {ROWS:,} samples, p99",
            percentile(typed, 0.99),
            "ms",
            50,
            note=f"{len(typed)} queries",
        ),
        Row("the same, median", median(typed), "ms"),
        Row("list of runs", median(listed), "ms"),
        Row("open the database", opened, "ms"),
    ]
