"""A list of rows of the project that keys change. Screens say what is listed and how it changes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Generic

from typing_extensions import TypeVar

from cockpit.screens.opened import OpenedScreen
from cockpit.store.projects import ensure_project
from widgets.row_list import RowList

Item = TypeVar("Item")


class ChangingList(OpenedScreen[None], Generic[Item]):
    """Items with a cursor. A subclass has a RowList `#rows` whose keys `key_of` gives."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[Item] = []

    def read_items(self, db: sqlite3.Connection, project: int) -> list[Item]:
        """What is listed, called in a thread."""
        raise NotImplementedError

    def key_of(self, item: Item) -> object:
        """What an item's row is known by."""
        raise NotImplementedError

    def show_items(self, items: Sequence[Item]) -> None:
        """Draw them."""
        raise NotImplementedError

    @property
    def current(self) -> Item | None:
        """The item under the cursor."""
        row = self.query_one("#rows", RowList).current
        return next((item for item in self.items if row is not None and self.key_of(item) == row.key), None)

    def change(self, work: Callable[[sqlite3.Connection, int], Any] | None = None) -> None:
        """Change the project's rows in the background, if there is something to change, and list them anew."""
        self.run_worker(self.changed(work), group="change", exit_on_error=False)

    async def changed(self, work: Callable[[sqlite3.Connection, int], Any] | None) -> None:
        """The same, waited for.

        Raises:
            CockpitError: what `work` raises; nothing was changed then.
        """
        store, name = self.services.store, self.cockpit.project

        def write(db: sqlite3.Connection) -> int:
            project = ensure_project(db, name)
            if work is not None:
                work(db, project)
            return project

        project = await store.write(write)
        self.items = await asyncio.to_thread(lambda: self.read_items(store.read(), project))
        if self.is_attached:
            self.show_items(self.items)
