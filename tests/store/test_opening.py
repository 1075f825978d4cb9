"""Opening: private, fast, migrated with a backup; what cannot be opened says why and what to do."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cockpit.core.errors import StoreError
from cockpit.store import opening, samples
from cockpit.store.db import check, open_store
from cockpit.store.schema import STEPS, Step
from tests.store.conftest import make_run, sample_of

NEXT = Step(
    "9999_example_only", ("ALTER TABLE run ADD COLUMN colour TEXT", "CREATE TABLE shade (id INTEGER PRIMARY KEY)")
)


def refused(path: Path) -> StoreError:
    with pytest.raises(StoreError) as caught:
        open_store(path)
    assert str(path) in caught.value.message and "\n" not in caught.value.sentence() and caught.value.hint
    return caught.value


def run_sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def filled(path: Path) -> int:
    """A database with one sample, closed again; the sample's id."""
    store = open_store(path)
    run = make_run(store)
    sample_id = store.write_now(lambda db: samples.add_sample(db, sample_of(run, text="from before")))
    store.close()
    return sample_id


def schema_of(path: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT type, name, replace(sql, '\n', ' ') FROM sqlite_schema ORDER BY name").fetchall()


def test_a_new_database_is_for_its_owner_alone(path: Path) -> None:
    store = open_store(path)
    make_run(store)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for name in ("cockpit.db", "cockpit.db-wal", "cockpit.db-shm"):
        assert stat.S_IMODE(path.with_name(name).stat().st_mode) == 0o600
    assert store.read().execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    store.close()


SHIPPED = {
    "0001_first_flight": "e2675a907739e960",
    "0002_examples": "e89de99bb3dbcfb8",
    "0003_jobs": "f0a439c420164f3c",
    "0004_log": "5535a77bc97d6bfa",
    "0005_papers": "769f504f703cc0e3",
}


def test_a_step_that_shipped_never_changes() -> None:
    now = {step.name: hashlib.sha256("\n".join(step.statements).encode()).hexdigest()[:16] for step in STEPS}
    assert {name: now[name] for name in SHIPPED} == SHIPPED
    assert list(now)[: len(SHIPPED)] == list(SHIPPED)


def test_opening_needs_no_heavy_package(path: Path) -> None:
    code = f"""import sys, pathlib
from cockpit.store.db import open_store
for _ in range(2):
    store = open_store(pathlib.Path({str(path)!r}))
    store.read().execute('SELECT 1 FROM run').fetchall()
    store.close()
print(sorted(set(sys.modules) & {{'sqlite_utils', 'click', 'dateutil', 'textual', 'httpx'}}))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_migration_keeps_a_backup_and_all_rows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample_id = filled(path)
    before = schema_of(path)
    monkeypatch.setattr(opening, "STEPS", (*STEPS, NEXT))
    with pytest.raises(StoreError, match="older"):
        open_store(path, read_only=True)
    store = open_store(path)
    assert samples.get_plain(store.read(), sample_id).text == "from before"
    assert store.read().execute("SELECT colour FROM run").fetchall() == [(None,)]
    store.close()
    backup = path.with_name(f"cockpit.db.backup-{len(STEPS)}")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600 and schema_of(backup) == before
    assert [p.name for p in path.parent.glob("*.partial")] == []
    with closing(sqlite3.connect(backup)) as db:
        assert db.execute("SELECT text FROM sample").fetchall() == [("from before",)]
    new = path.with_name("new.db")
    open_store(new).close()
    assert schema_of(new) == schema_of(path), "made new and migrated must be the same"


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(path)
    before = schema_of(path)
    bad = Step("9998_bad", ("CREATE TABLE half (id INTEGER)", "CREATE TABLE half (id INTEGER)"))
    monkeypatch.setattr(opening, "STEPS", (*STEPS, bad))
    refused(path)
    assert schema_of(path) == before


def test_no_migration_without_its_backup(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(path)
    before = schema_of(path)
    path.with_name(f"cockpit.db.backup-{len(STEPS)}").mkdir()
    monkeypatch.setattr(opening, "STEPS", (*STEPS, NEXT))
    assert "backup" in refused(path).message
    assert schema_of(path) == before


def test_an_empty_file_becomes_a_database(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    open_store(path).close()
    assert {f.level for f in check(path)} <= {"ok", "warning"}


def test_a_newer_database_is_left_alone(path: Path) -> None:
    filled(path)
    run_sql(path, "PRAGMA user_version = 99")
    error = refused(path)
    assert "newer" in error.message and "schema 99" in error.message and "Update" in error.hint
    assert [(f.level, f.text) for f in check(path)][-1] == ("error", error.message)


def test_somebody_elses_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    run_sql(path, "CREATE TABLE responses (id TEXT)")
    before = path.read_bytes()
    assert "not one of Cockpit's" in refused(path).message
    assert path.read_bytes() == before


def test_what_is_no_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("These are my notes, at some length. " * 100)
    assert "not a database" in refused(path).message
    assert check(path)[-1].level == "error"


def test_a_damaged_database_is_found_by_doctor(path: Path) -> None:
    filled(path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size // 2))
    findings = [f for f in check(path) if f.level == "error"]
    assert findings and "damaged" in findings[0].text and findings[0].hint
    with path.open("r+b") as file:
        file.truncate(5000)
    assert "damaged" in refused(path).message


def test_doctor_finds_a_search_index_that_lies(path: Path) -> None:
    filled(path)
    run_sql(path, "DROP TRIGGER sample_changed", "UPDATE sample SET text = 'unseen'")
    (finding,) = [f for f in check(path) if f.level == "error"]
    assert finding.what == "search" and "rebuild" in finding.hint


def test_doctor_finds_wrong_counts_and_dangling_rows(path: Path) -> None:
    filled(path)
    run_sql(path, "UPDATE tally SET n = 5", "INSERT INTO tag VALUES (77, 'x', '')")
    assert {f.what for f in check(path) if f.level == "error"} == {"counts", "references"}


def test_doctor_warns_of_a_file_that_others_can_read(path: Path) -> None:
    filled(path)
    path.chmod(0o644)
    assert [f.what for f in check(path) if f.level == "warning"] == ["permissions"]
    assert check(path.with_name("none.db"))[0].level == "ok"


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be opened" in refused(tmp_path / "file" / "cockpit.db").message
    (tmp_path / "dir.db").mkdir()
    assert "cannot be opened" in refused(tmp_path / "dir.db").message


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A directory reachable without root's powers, which this process gives up for a while if it has them."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o777)
    if os.geteuid() == 0:
        os.seteuid(65534)
        yield place
        os.seteuid(0)
    else:
        yield place
    shutil.rmtree(place)


def test_files_that_may_not_be_written(nobody: Path) -> None:
    path = nobody / "data" / "cockpit.db"
    filled(path)
    path.chmod(0o400)
    error = refused(path)
    assert "read-only" in error.message and "chmod" in error.hint
    path.chmod(0o600)
    open_store(path).close()
    path.parent.chmod(0o500)
    assert refused(path).hint
    assert "permission denied" in refused(nobody / "data" / "other.db").message
    path.parent.chmod(0o700)
    open_store(path).close()


def test_a_locked_database_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir()
    run_sql(path, "PRAGMA journal_mode = WAL", "PRAGMA user_version = 0")
    monkeypatch.setattr(opening, "BUSY_S", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "locked" in refused(path).message
    open_store(path).close()


def test_two_processes_may_make_it_at_once(path: Path) -> None:
    code = f"from cockpit.store.db import open_store; import pathlib; open_store(pathlib.Path({str(path)!r})).close()"
    children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    assert {f.level for f in check(path)} == {"ok"}
