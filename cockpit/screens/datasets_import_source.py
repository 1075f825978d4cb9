"""What the import screen knows: file, format, mapping, first rows, and an import under way. Nothing is drawn here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.core.dataset_shapes import SHAPES
from cockpit.core.leaks import Leak
from cockpit.dataset_files import Imported, Order, copies_between_splits, import_file
from cockpit.screens.datasets_file import Look, Preview, mapped, turned
from cockpit.screens.datasets_read import read_one

if TYPE_CHECKING:
    from cockpit.services import Services
    from cockpit.store.datasets import DatasetRow


@dataclass(slots=True)
class Source:
    """A file, and how a person wants it read."""

    look: Look = field(default_factory=lambda: Look(""))
    form: str | None = None
    """The format, where a person said so."""
    mapping: dict[str, str] | None = None
    preview: Preview = field(default_factory=Preview)
    refused: Imported | None = None
    """An import of just this that stored nothing."""
    skip_bad: bool = False
    extend: bool = False

    def take(self, found: Look) -> None:
        """Another file, or another format."""
        self.look = found
        self.mapping = None if found.mapping is None else dict(found.mapping)

    def turn(self, name: str, step: int) -> None:
        """The next column for a field; with step 0, none."""
        columns = list(self.look.columns)
        self._map(turned(self.mapping, name, columns, step) if step else mapped(self.mapping, name, ""))

    def choose(self, name: str, column: str) -> None:
        """This column for a field; '' for none."""
        self._map(mapped(self.mapping, name, column))

    def _map(self, mapping: dict[str, str]) -> None:
        """Without any column, a format of its own says again what is what."""
        self.mapping = mapping or (None if self.look.format in SHAPES else {})

    def problem(self, name: str, known: dict[str, DatasetRow]) -> str:
        """What keeps this from being imported under a name, or nothing."""
        if not self.look.path:
            return "Type the path of a file first (i)."
        if self.look.problem or self.preview.problem:
            return self.look.problem or self.preview.problem
        if not name:
            return "Give the dataset a name (n)."
        return self.name_problem(name, known)

    def name_problem(self, name: str, known: dict[str, DatasetRow]) -> str:
        """Why a name cannot be used, or nothing."""
        if self.extend:
            return "" if name in known or not name else f"There is no dataset {name} to add to."
        return f"There is a dataset {name}: + adds to it, n names this another way." if name in known else ""

    def order(self, name: str) -> Order:
        """What to import."""
        path = Path(self.look.path).expanduser()
        return Order(path, name, self.look.format, self.mapping, self.skip_bad, self.extend)


@dataclass(slots=True)
class Flight:
    """An import under way in a thread."""

    order: Order
    rows: int = 0
    bad: int = 0
    began: float = field(default_factory=time.monotonic)
    cancel: threading.Event = field(default_factory=threading.Event)

    def tell(self, rows: int, bad: int) -> None:
        """Called by the import after each thousand."""
        self.rows, self.bad = rows, bad

    @property
    def seconds(self) -> float:
        """Since it began."""
        return max(time.monotonic() - self.began, 1e-3)

    def run(self, services: Services, project: str) -> Imported:
        """Import, in a thread of its own.

        Raises:
            CockpitError: it cannot be read or stored; nothing of it is.
        """
        cancelled: Callable[[], bool] = self.cancel.is_set
        return import_file(services.store, project, self.order, progress=self.tell, cancelled=cancelled)

    def leaks(self, services: Services, project: str) -> list[Leak] | None:
        """Equal inputs on both sides of a split, for a thread; None where the dataset has no two splits."""
        found = read_one(services, project, self.order.name)
        return copies_between_splits(services.store, found.id) if len(found.splits) > 1 else None
