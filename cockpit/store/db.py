"""The handle on the database: reads on any thread, writes through the writer. No table is named here."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from cockpit.core.errors import StoreError
from cockpit.store import opening, trouble
from cockpit.store.opening import Database
from cockpit.store.writer import Reports, Writer

__all__ = ["Database", "Finding", "Store", "check", "open_store"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that doctor looked at: what, how it is, and what to do where it is not well."""

    level: Literal["ok", "warning", "error"]
    what: str
    text: str
    hint: str = ""


class Store:
    """A database file: `read()` gives this thread's connection, writes are queued and grouped.

    A write is a function of a raw sqlite3 connection that is already in a transaction: it must not commit, and may
    run again if the disk was full or the database locked. Every function of this package that takes `db` fits.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self.problem: str | None = None
        """Why saving does not work now, as a sentence; None while it does."""
        self.on_problem: Callable[[str], None] | None = None
        """Called with that sentence, once per trouble, on the writer's thread; it must not wait for a write."""
        self._local = threading.local()
        self._readers: list[tuple[threading.Thread, Database]] = []
        self._lock = threading.Lock()
        self._closed = False
        reports = Reports(lambda error: trouble.sentence(error, path), self._trouble, self._lost)
        self._writer = Writer(lambda: opening.connect(path), reports)

    def read(self) -> Database:
        """This thread's connection for reading; it refuses to write.

        Raises:
            StoreError: the store is closed or the file cannot be opened.
        """
        db: Database | None = getattr(self._local, "db", None)
        if db is not None and not self._closed:
            return db
        if self._closed:
            raise StoreError("The database is closed.")
        try:
            db = opening.connect(self.path, read_only=True)
        except sqlite3.Error as error:
            raise trouble.sentence(error, self.path) from error
        self._local.db = db
        with self._lock:
            self._readers.append((threading.current_thread(), db))
        return db

    async def write(self, fn: Callable[[Database], T]) -> T:
        """Run `fn` on the writer and return its result once that is durable.

        A cancelled caller stops waiting; the write still happens.

        Raises:
            StoreError: the disk is full, the database locked for 5 s, or the like; `fn` has had no effect.
            Exception: whatever `fn` raised; it has had no effect.
        """
        return await asyncio.shield(asyncio.wrap_future(self._put(fn)))

    def write_now(self, fn: Callable[[Database], T]) -> T:
        """The same as `write` for callers without an event loop."""
        return self._put(fn).result()

    def post(self, fn: Callable[[Database], Any]) -> None:
        """Queue `fn` to be durable within about 50 ms, or as soon as the disk allows; nobody waits for it.

        Raises:
            StoreError: the store is closed or read-only.
        """
        self._may_write()
        self._writer.put(fn)

    @property
    def unsaved(self) -> int:
        """Writes that are queued and not durable yet."""
        return self._writer.waiting

    async def flush(self) -> None:
        """Return once everything queued before is durable.

        Raises:
            StoreError: it cannot be now; what was posted stays queued.
        """
        if self._writer.waiting:
            await self.write(_nothing)

    async def aclose(self) -> None:
        """Save what is queued and close; see `close`."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Save what is queued, fold the log into the file and close every connection.

        Raises:
            StoreError: some writes could not be saved; how many, and why.
        """
        if self._closed:
            return
        self._closed = True
        # Readers first: only a writing connection that is the last to close folds the log away.
        with self._lock:
            readers, self._readers = self._readers, []
        for thread, db in readers:
            # Closing a connection under a thread that reads from it brings the process down: it goes with its thread.
            if thread in (threading.current_thread(), threading.main_thread()) or not thread.is_alive():
                db.close()
        unsaved = self._writer.close()
        if unsaved:
            raise StoreError(f"{unsaved} results could not be saved. {self.problem or ''}".strip())

    def _put(self, fn: Callable[[Database], T]) -> Future[T]:
        self._may_write()
        future: Future[T] = Future()
        self._writer.put(fn, future)
        return future

    def _may_write(self) -> None:
        if self.read_only:
            raise StoreError(f"The database {self.path} was opened for reading only.")

    def _trouble(self, error: StoreError | None) -> None:
        self._report(None if error is None else error.sentence())

    def _lost(self, error: Exception) -> None:
        reason = error.sentence() if isinstance(error, StoreError) else f"{type(error).__name__}: {error}"
        self._report(f"A result could not be saved: {reason}")

    def _report(self, sentence: str | None) -> None:
        self.problem = sentence
        if sentence is not None and self.on_problem is not None:
            try:
                self.on_problem(sentence)
            except Exception:
                # The writer's thread must outlive whoever listens to it.
                logging.getLogger(__name__).exception("on_problem failed")


def _nothing(_: Database) -> None:
    return None


def open_store(path: Path, *, read_only: bool = False) -> Store:
    """Open a database, made or migrated (with a backup beside it) where needed.

    Args:
        path: the file; missing directories are made for the owner alone.
        read_only: open an existing, up-to-date file and never write to it.

    Raises:
        StoreError: newer, locked, read-only, damaged, full, not a database: one sentence and the way out.
    """
    if read_only:
        opening.readable(path)
    else:
        opening.ready(path)
    return Store(path, read_only=read_only)


def check(path: Path) -> list[Finding]:
    """Look over a database without changing it: reachable, ours, whole, its search index true, private, room left."""
    from cockpit.store.doctor import examine

    return examine(path)
