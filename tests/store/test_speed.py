"""What must not grow with the number of samples: which rows a list or a search touches, told by SQLite's own plan."""

from __future__ import annotations

from pathlib import Path

from cockpit.store import prompts, runs, tally
from cockpit.store.db import Store, check, open_store
from tests.store import big


def plans(store: Store, statements: list[str]) -> str:
    db = store.read()
    return "\n".join(str(row[3]) for sql in statements for row in db.execute(f"EXPLAIN QUERY PLAN {sql}"))


def test_lists_and_tallies_read_no_sample(store: Store) -> None:
    seen: list[str] = []
    db = store.read()
    db.set_trace_callback(seen.append)
    runs.list_runs(db, 1)
    runs.unfinished_runs(db, 1)
    prompts.version_tally(db, 1)
    tally.project_work(db, 1)
    db.set_trace_callback(None)
    plan = plans(store, [sql for sql in seen if sql.startswith("SELECT")])
    assert "sample" not in plan and "SCAN tally" not in plan and "SCAN run" not in plan.replace("SCAN run_", "")


def test_a_larger_database_answers_and_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "big.db"
    big.build(path, 4000)
    store = open_store(path)
    assert [row.total for row in runs.list_runs(store.read(), 1, 10)] == [big.RUN] * 4
    assert all(row.done == row.total for row in runs.list_runs(store.read(), 1, 10))
    assert sorted(big.search_times(store, 200))[100] < 0.05
    assert big.save_rate(store, 500) > 100
    store.close()
    assert {finding.level for finding in check(path)} == {"ok"}
