"""A database with many samples, built fast and through the real functions, and how it answers.

python -m tests.store.big PATH [SAMPLES]
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import accumulate
from pathlib import Path

from cockpit.core.ports import Usage
from cockpit.core.prompts import single
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import Sample, SampleKey
from cockpit.store import opening, projects, prompts, runs, samples
from cockpit.store.db import Store, open_store
from cockpit.store.search import search

RUN = 1000
"""Samples in a run."""
COMMON = ("the", "of", "and", "to", "a", "in", "is")
NAMES = ("anthropic:one", "openai:two", "local:three", "openai:four")
ENDINGS = ("ended", "stop", "length", "unknown")
WHEN = "2026-01-02T03:04:05.000006+00:00"


def vocabulary(rng: random.Random, size: int = 40_000) -> list[str]:
    """Made-up words, the common ones first."""
    letters = "etaoinshrdlu"
    return [*COMMON, *("".join(rng.choices(letters, k=rng.randint(3, 10))) for _ in range(size))]


def texts(rng: random.Random, words: list[str]) -> Iterator[str]:
    """Endless answers of about 450 characters whose words are distributed as in language."""
    weights = list(accumulate(1 / (rank + 1) for rank in range(len(words))))
    pool = [" ".join(rng.choices(words, cum_weights=weights, k=70)) for _ in range(20_000)]
    while True:
        yield f"{rng.choice(pool)} zz{rng.randrange(100_000)}"


def build(path: Path, n: int = 1_000_000, seed: int = 1) -> None:
    """Make a database of n samples in runs of RUN; about 3 minutes a million."""
    rng = random.Random(seed)
    source = texts(rng, vocabulary(rng))
    open_store(path).close()
    with closing(opening.connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -200000")
        for number in range(n // RUN):
            db.execute("BEGIN IMMEDIATE")
            _run(db, number, source, rng)
            db.execute("COMMIT")


def _run(db: opening.Database, number: int, source: Iterator[str], rng: random.Random) -> None:
    project = projects.ensure_project(db, "big")
    prompt = prompts.ensure_prompt(db, project, f"prompt {number % 20}")
    targets = tuple(Target(name, name.split(":", maxsplit=1)[0], name, "https://example.test") for name in NAMES)
    plan = Plan(single(f"Question {number % 200}"), targets, n=RUN // len(NAMES))
    run = runs.create_run(db, plan, project_id=project, prompt_id=prompt)
    for key in plan.missing(()):
        sample = Sample(
            run,
            key,
            NAMES[key.target],
            text=next(source),
            ended=rng.choice(ENDINGS),
            usage=Usage(100, 70),
            cost_usd=0.001,
            request_hash=f"{number % 200}-{key.target}",
            request_body={"model": NAMES[key.target], "messages": [{"role": "user", "content": "x" * 500}]},
            created_at=WHEN,
        )
        samples.add_sample(db, sample)
    runs.finish_run(db, run)


def search_times(store: Store, queries: int = 2000, seed: int = 2) -> list[float]:
    """Seconds of each of many searches as they happen while typing: growing words, pairs, phrases, filters."""
    rng = random.Random(seed)
    db = store.read()
    words = [w for (text,) in db.execute("SELECT text FROM sample WHERE id % 5000 = 1") for w in text.split()]
    asked: list[str] = []
    while len(asked) < queries:
        one, two = rng.choice(words), rng.choice(words)
        asked += [one[:end] for end in range(1, len(one) + 1)]
        asked += [f"{one} {two[:3]}", f'"{one} {two}"', f"{rng.choice(COMMON)} {two[:4]}", f"model:two {one[:3]}"]
        asked += [f"ended:stop {one}", f"run:{rng.randrange(1, 100)} the", "", f"zz{rng.randrange(100_000)}"]
    return [timed(lambda query=query: search(db, query)) for query in asked]  # type: ignore[misc]


def timed(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def save_rate(store: Store, n: int = 5000, seed: int = 3) -> float:
    """Samples made durable in a second, posted as fast as they come to one run of the database."""
    rng = random.Random(seed)
    source = texts(rng, vocabulary(rng))
    base = store.read().execute("SELECT coalesce(max(idx), 0) + 1 FROM sample WHERE run_id = 1").fetchone()[0]
    ready = [Sample(1, SampleKey(0, 0, base + i), NAMES[0], next(source), ended="ended") for i in range(n)]
    begun = time.perf_counter()
    for sample in ready:
        store.post(lambda db, sample=sample: samples.add_sample(db, sample))  # type: ignore[misc]
    store.write_now(lambda db: None)
    return n / (time.perf_counter() - begun)


def main(path: Path, n: int) -> str:
    """What was measured, in words."""
    if not path.exists():
        build(path, n)
    opened = timed(lambda: open_store(path).close()) * 1e3
    with closing(open_store(path)) as store:
        listed = timed(lambda: runs.list_runs(store.read())) * 1e3
        times = sorted(search_times(store))
        p50, p99 = times[len(times) // 2] * 1e3, times[len(times) * 99 // 100] * 1e3
        rate = save_rate(store)
    return f"open {opened:.1f} ms; runs {listed:.1f} ms; search p50 {p50:.1f}, p99 {p99:.1f} ms; saved {rate:.0f}/s\n"


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000))
