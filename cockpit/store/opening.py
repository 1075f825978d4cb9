"""Opening the file: connections, permissions, schema version, migration with a backup. No rows are read here."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cockpit.core.errors import StoreError
from cockpit.store import trouble
from cockpit.store.schema import APPLICATION_ID, MIGRATION_SET, STEPS, Step

BUSY_S = 5.0
"""How long SQLite waits for another writer before it says locked."""


class Database(sqlite3.Connection):
    """A connection that may remember ids it has looked up; the memory lasts as long as its transactions hold."""

    memo: dict[Any, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.memo = {}

    def __del__(self) -> None:
        """A reader's connection ends with its thread."""
        with suppress(sqlite3.Error):
            self.close()


def connect(path: Path, *, read_only: bool = False) -> Database:
    """A connection without implicit transactions, usable from any one thread at a time.

    Raises:
        sqlite3.Error: as SQLite has it.
    """
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
    db = sqlite3.connect(uri, timeout=BUSY_S, isolation_level=None, check_same_thread=False, factory=Database, uri=True)
    try:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA query_only = ON" if read_only else "PRAGMA synchronous = FULL")
    except BaseException:
        db.close()
        raise
    return db


def ready(path: Path) -> None:
    """Make the file what this program expects: there, private, in WAL mode, at our schema version.

    Raises:
        StoreError: it cannot be, with the reason and the way out.
    """
    try:
        _make(path)
        _prove_writable(path)
        with closing(connect(path)) as db:
            version = checked_version(db, path)
            if version < len(STEPS):
                _migrate(db, path)
            elif db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                _use_wal(db)
    except sqlite3.Error as error:
        raise trouble.sentence(error, path) from error
    except OSError as error:
        raise trouble.unreachable(path, error) from error


def readable(path: Path) -> None:
    """Check that a file can be read as ours and as it is.

    Raises:
        StoreError: it cannot, with the reason and the way out.
    """
    try:
        with closing(connect(path, read_only=True)) as db:
            version = checked_version(db, path)
    except sqlite3.Error as error:
        raise trouble.sentence(error, path) from error
    if version < len(STEPS):
        raise StoreError(
            f"The database {path} is from an older Cockpit (schema {version}; this one needs {len(STEPS)}).",
            hint="Open it once for writing; that brings it up to date and keeps a backup.",
        )


def checked_version(db: sqlite3.Connection, path: Path) -> int:
    """The schema version of a file of ours; 0 for an empty one.

    Raises:
        StoreError: it is newer, or not ours.
    """
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    owner = int(db.execute("PRAGMA application_id").fetchone()[0])
    if owner == APPLICATION_ID:
        if version > len(STEPS):
            raise trouble.newer(path, version, len(STEPS))
        return version
    if owner or version or db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
        raise trouble.foreign(path)
    return 0


def _make(path: Path) -> None:
    """Create what is missing, for the owner's eyes only; what exists keeps its permissions."""
    missing = [p for p in (path.parent, *path.parent.parents) if not p.exists()]
    for directory in reversed(missing):
        directory.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _use_wal(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA journal_mode = WAL")


def _prove_writable(path: Path) -> None:
    """Say read-only now and not at the first save, and before SQLite leaves a log beside it that is read-only too."""
    if not os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise trouble.read_only(path)


def _migrate(db: Database, path: Path) -> None:
    """Bring the file to our version in one transaction; another process may have done it while we waited."""
    _use_wal(db)
    db.execute("BEGIN IMMEDIATE")
    try:
        version = checked_version(db, path)
        if version < len(STEPS):
            if version:
                backup(path, version)
                _upgrade(db)
            else:
                _create(db)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {len(STEPS)}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _create(db: sqlite3.Connection) -> None:
    """All steps on an empty file, recorded as sqlite-utils records them, without the 0.1 s its import costs."""
    db.execute(
        'CREATE TABLE "_sqlite_migrations"'
        ' ("id" INTEGER PRIMARY KEY, "migration_set" TEXT, "name" TEXT, "applied_at" TEXT)'
    )
    db.execute(
        'CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"'
        ' ON "_sqlite_migrations" ("migration_set", "name")'
    )
    for step in STEPS:
        for statement in step.statements:
            db.execute(statement)
        row = (MIGRATION_SET, step.name, str(datetime.now(UTC)))
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)", row)


def _upgrade(db: Database) -> None:
    """The steps that this file lacks, by sqlite-utils, inside the caller's transaction."""
    import sqlite_utils
    from sqlite_utils.migrations import Migrations

    migrations = Migrations(MIGRATION_SET)
    for step in STEPS:
        migrations(name=step.name)(_runner(step))
    migrations.apply(sqlite_utils.Database(db))


def _runner(step: Step) -> Any:
    """The step as a migration function."""

    def run(db: Any) -> None:
        for statement in step.statements:
            db.conn.execute(statement)

    return run


def backup(path: Path, version: int) -> Path:
    """Copy what is committed to NAME.backup-<version>, whole or not at all; returns where.

    Raises:
        StoreError: there is no room for it.
    """
    target = path.with_name(f"{path.name}.backup-{version}")
    partial = path.with_name(f"{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(connect(path, read_only=True)) as source, closing(sqlite3.connect(partial)) as copy:
            source.backup(copy)
        partial.replace(target)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise StoreError(
            f"The database {path} must be brought up to date, and its backup {target.name} could not be written: "
            f"{error}.",
            hint="Free some space and start again; the database was not touched.",
        ) from error
    return target
