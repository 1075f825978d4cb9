"""What `cockpit doctor` looks at in a database file. Reads only; mends nothing."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from cockpit.core.errors import StoreError
from cockpit.store import opening, trouble
from cockpit.store.db import Finding
from cockpit.store.schema import STEPS

LOW_DISK = 200 * 1024 * 1024
"""Bytes free below which doctor warns."""
COUNTS = """SELECT run_id, target, ended, failed, count(*) FROM sample GROUP BY 1, 2, 3, 4
    EXCEPT SELECT run_id, target, ended, failed, n FROM tally"""


def examine(path: Path) -> list[Finding]:
    """Everything found about the file, the worst not first: in the order it was looked at."""
    try:
        if not path.exists():
            return [Finding("ok", "database", f"{path} does not exist yet; it is made at the first start.")]
        findings = [*_outside(path)]
    except OSError as error:
        told = trouble.unreachable(path, error)
        return [Finding("error", "database", told.message, told.hint)]
    try:
        with closing(opening.connect(path, read_only=True)) as db:
            findings += _inside(db, path)
    except StoreError as error:
        findings.append(Finding("error", "database", error.message, error.hint))
    except sqlite3.Error as error:
        told = trouble.sentence(error, path)
        findings.append(Finding("error", "database", told.message, told.hint))
    return findings


def _outside(path: Path) -> Iterator[Finding]:
    """The file as the system sees it."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        yield Finding("warning", "permissions", f"Others can read {path} (mode {mode:o}).", f"chmod 600 {path}")
    else:
        yield Finding("ok", "permissions", f"Only you can read {path}.")
    free, size = shutil.disk_usage(path.parent).free, path.stat().st_size
    text = f"{free / 1e9:.1f} GB free; the database has {size / 1e6:.1f} MB."
    low = free < max(LOW_DISK, size // 10)
    yield Finding("warning" if low else "ok", "disk", text, "Free some space." if low else "")


def _inside(db: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    """The content, from the cheapest check to the dearest."""
    version = opening.checked_version(db, path)
    old = version < len(STEPS)
    hint = "It is brought up to date, with a backup, at the next start." if old else ""
    yield Finding("warning" if old else "ok", "schema", f"Schema {version} of {len(STEPS)}.", hint)
    bad = [str(row[0]) for row in db.execute("PRAGMA integrity_check(20)")]
    if bad != ["ok"]:
        told = trouble.damaged(path)
        yield Finding("error", "integrity", f"{told.message} {bad[0]}", told.hint)
        return
    yield Finding("ok", "integrity", "Every page and index is whole.")
    orphans = db.execute("PRAGMA foreign_key_check").fetchall()
    text = f"{len(orphans)} rows point at rows that are gone." if orphans else "Every reference leads somewhere."
    yield Finding("error" if orphans else "ok", "references", text, "Put back a backup." if orphans else "")
    if not old:
        yield _counts(db)
        yield from _search_index(path)


def _counts(db: sqlite3.Connection) -> Finding:
    wrong = len(db.execute(COUNTS).fetchall())
    if wrong:
        return Finding(
            "error", "counts", f"{wrong} counts of runs do not agree with their samples.", "Put back a backup."
        )
    return Finding("ok", "counts", "The counts of every run agree with its samples.")


def _search_index(path: Path) -> Iterator[Finding]:
    """FTS5's own check is spelled as an insert, so it runs in a transaction of a writing connection and is undone."""
    for name in ("prompt_fts", "sample_fts"):
        with closing(opening.connect(path)) as db:
            try:
                db.execute("BEGIN IMMEDIATE")
                db.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)")
                yield Finding("ok", "search", f"The index {name} agrees with its texts.")
            except sqlite3.DatabaseError as error:
                yield _index_trouble(name, error, path)
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")


def _index_trouble(name: str, error: sqlite3.Error, path: Path) -> Finding:
    if trouble.code_of(error) == sqlite3.SQLITE_CORRUPT:
        mend = f"sqlite3 {path} \"INSERT INTO {name} ({name}) VALUES ('rebuild')\""
        return Finding("error", "search", f"The index {name} does not agree with its texts.", f"Make it anew: {mend}")
    told = trouble.sentence(error, path)
    return Finding("warning", "search", f"The index {name} could not be checked. {told.message}", told.hint)
