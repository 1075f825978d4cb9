"""The one thread that writes: a queue of small functions, committed in groups. Knows no table.

A group is one transaction; each function runs in a savepoint of its own, so that one that fails takes nothing with
it. What the world prevents (a full disk, a lock) is rolled back whole, kept in order and tried again.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
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


class Writer:
    """Runs writes one after another on its own thread and connection."""

    def __init__(
        self, connect: Callable[[], Database], explain: Callable[[sqlite3.Error], StoreError], tell: Callable[[str | None], None]
    ) -> None:
        """Start nothing yet.

        Args:
            connect: opens the connection, on the writer's thread.
            explain: turns an SQLite error into a sentence.
            tell: is called with a sentence when trouble begins and None when it ends, on the writer's thread.
        """
        self._connect, self._explain, self._tell = connect, explain, tell
        self._items: deque[Item] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._idle = True
        self._db: Database | None = None

    def put(self, run: Write, future: Future[Any] | None = None) -> None:
        """Queue a write.

        Raises:
            StoreError: the store is closed.
        """
        with self._wake:
            if self._closing:
                raise StoreError("The database is closed.", hint="Nothing can be saved any more.")
            self._items.append(Item(run, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="cockpit-store-writer", daemon=True)
                self._thread.start()
            elif self._idle or future is not None:
                self._wake.notify()

    @property
    def waiting(self) -> int:
        """Writes that are not durable yet."""
        with self._wake:
            return len(self._items)

    def close(self) -> int:
        """Write what is queued, once, and end the thread; returns how many writes could not be saved."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
        return self.waiting

    def _loop(self) -> None:
        wait = 0.0
        while group := self._take(wait):
            try:
                self._commit(group)
            except sqlite3.Error as error:
                wait = self._keep(group, error, wait)
            else:
                if wait:
                    self._tell(None)
                wait = 0.0
                self._done(group)
        self._finish()

    def _take(self, pause: float) -> list[Item]:
        """The next group, still in the queue; empty when there is no more to do."""
        with self._wake:
            if pause and not self._closing:
                self._wake.wait(pause)
            self._idle = True
            while not self._items and not self._closing:
                self._wake.wait()
            self._idle = False
            until = time.monotonic() + GROUP_S
            while not self._closing and len(self._items) < GROUP_ITEMS and not any(i.future for i in self._items):
                left = until - time.monotonic()
                if left <= 0 or (not self._wake.wait(left) and not self._items):
                    break
            if pause and self._closing == "tried":
                return []
            return [self._items[i] for i in range(min(GROUP_ITEMS, len(self._items)))]

    def _commit(self, group: list[Item]) -> None:
        """Run a group in one transaction.

        Raises:
            sqlite3.Error: the world prevented it; nothing of the group was written.
        """
        if self._db is None:
            self._db = self._connect()
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            for item in group:
                self._run(db, item)
            db.execute("COMMIT")
        except sqlite3.Error:
            db.memo.clear()
            if db.in_transaction:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
            raise
