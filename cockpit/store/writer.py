"""The one thread that writes: a queue of small functions, committed in groups. Knows no table.

A group is one transaction; each function runs in a savepoint of its own, so that one that fails takes nothing with
it. What the world prevents (a full disk, a lock) is rolled back whole, kept in order and tried again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cockpit.core.errors import StoreError
from cockpit.store import trouble
from cockpit.store.opening import Database

Write = Callable[[Database], Any]

GROUP_S = 0.05
"""The longest a posted write waits for company before it is committed."""
GROUP_ITEMS = 200
RETRY_S = (0.25, 2.0)
"""First and longest wait between tries while the world prevents writing."""


@dataclass(slots=True, eq=False)
class Item:
    """One queued write; `future` is None for a posted one, which nobody waits for."""

    run: Write
    future: Future[Any] | None
    result: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Reports:
    """Whom the writer tells, on its own thread. None of them may raise.

    `explain` turns SQLite's error into a sentence; `trouble` gets that when writing stops and None when it goes on;
    `lost` gets what a posted write raised by its own fault.
    """

    explain: Callable[[sqlite3.Error], StoreError]
    trouble: Callable[[StoreError | None], None]
    lost: Callable[[Exception], None]


class Writer:
    """Runs writes one after another on its own thread and connection, both made at the first write."""

    def __init__(self, connect: Callable[[], Database], reports: Reports) -> None:
        self._connect, self._reports = connect, reports
        self._items: deque[Item] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._idle = False
        self._awaited = 0
        self._trouble = ""
        self._db: Database | None = None

    def put(self, run: Write, future: Future[Any] | None = None) -> None:
        """Queue a write; one with a future is committed without waiting for company.

        Raises:
            StoreError: the store is closed.
        """
        with self._wake:
            if self._closing:
                raise StoreError("The database is closed.", hint="Nothing can be saved any more.")
            self._items.append(Item(run, future))
            self._awaited += future is not None
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="cockpit-store-writer", daemon=True)
                self._thread.start()
            elif self._idle or future is not None or len(self._items) == GROUP_ITEMS:
                self._wake.notify()

    @property
    def waiting(self) -> int:
        """Writes that are not durable yet."""
        with self._wake:
            return len(self._items)

    def close(self) -> int:
        """Commit what is queued, end the thread, and return how many writes could not be saved."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
        return self.waiting

    def _loop(self) -> None:
        pause = 0.0
        while group := self._take(pause):
            error = self._commit(group)
            if error is None or not trouble.is_world(error):
                pause = 0.0
                self._done(group, error)
            elif self._closing:
                self._refuse(error)
                break
            else:
                pause = min(max(RETRY_S[0], pause * 2), RETRY_S[1])
                self._refuse(error)
        self._finish()

    def _take(self, pause: float) -> list[Item]:
        """The next group, which stays queued until it is durable; empty when there is nothing more to do."""
        with self._wake:
            if pause:
                self._wake.wait_for(lambda: self._closing, pause)
            self._idle = True
            self._wake.wait_for(lambda: self._items or self._closing)
            self._idle = False
            self._wake.wait_for(lambda: self._closing or self._awaited or len(self._items) >= GROUP_ITEMS, GROUP_S)
            return list(islice(self._items, GROUP_ITEMS))

    def _commit(self, group: list[Item]) -> sqlite3.Error | None:
        """Run a group in one transaction; what prevented it, if it was prevented."""
        try:
            if self._db is None:
                self._db = self._connect()
            self._db.execute("BEGIN IMMEDIATE")
            for item in group:
                self._run(self._db, item)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db is not None:
                self._db.memo.clear()
                if self._db.in_transaction:
                    with suppress(sqlite3.Error):
                        self._db.execute("ROLLBACK")
            return error
        return None

    def _run(self, db: Database, item: Item) -> None:
        """Run one write in a savepoint, and keep what it returned or raised.

        Raises:
            sqlite3.Error: the world prevented it, and the whole group must be tried again.
        """
        db.execute("SAVEPOINT item")
        try:
            item.result, item.error = item.run(db), None
        except Exception as error:
            if trouble.is_world(error):
                raise
            db.execute("ROLLBACK TO item")
            db.memo.clear()
            item.result, item.error = None, error
        db.execute("RELEASE item")

    def _done(self, group: list[Item], failed: sqlite3.Error | None) -> None:
        """Take a finished group out of the queue and tell whoever waits for it."""
        with self._wake:
            for item in group:
                self._items.popleft()
                self._awaited -= item.future is not None
        if self._trouble:
            self._trouble = ""
            self._reports.trouble(None)
        for item in group:
            self._answer(item, failed or item.error)

    def _answer(self, item: Item, error: Exception | None) -> None:
        if item.future is None:
            if error is not None:
                self._reports.lost(error)
            return
        with suppress(InvalidStateError):
            if error is not None:
                item.future.set_exception(error)
            else:
                item.future.set_result(item.result)

    def _refuse(self, error: sqlite3.Error) -> None:
        """Writing is prevented: whoever waits is told so, what was posted stays queued, and it is reported once."""
        told = self._reports.explain(error)
        with self._wake:
            refused = [item for item in self._items if item.future is not None]
            self._items = deque(item for item in self._items if item.future is None)
            self._awaited = 0
        if told.message != self._trouble:
            self._trouble = told.message
            self._reports.trouble(told)
        for item in refused:
            self._answer(item, told)

    def _finish(self) -> None:
        """Fold the log back into the file, if nobody is in the way, and close."""
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.execute("PRAGMA busy_timeout = 200")
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.close()
