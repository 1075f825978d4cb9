"""The sample wall: all samples of a run, a column per model, drawn by few widgets; it knows nothing of runs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from textual.message import Message
from textual.widget import Widget

from widgets.wall_cells import WallCell, WallColumn

__all__ = ["SampleWall", "WallCell", "WallColumn"]


class SampleWall(Widget, can_focus=True):
    """Columns of samples."""

    @dataclass
    class Moved(Message):
        """The cursor came to another sample."""

        wall: SampleWall
        key: Hashable

    @dataclass
    class Opened(Message):
        """Enter was pressed on a sample."""

        wall: SampleWall
        key: Hashable

    @dataclass
    class MarksChanged(Message):
        """A sample was marked or unmarked."""

        wall: SampleWall
        marks: frozenset[Hashable] = field(default_factory=frozenset)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.columns: list[WallColumn] = []
        self.marked: set[Hashable] = set()
        self.cursor: tuple[int, int] = (0, 0)

    def show(self, columns: Sequence[WallColumn]) -> None:
        """Show these columns in place of all others; the cursor stays on its sample if it is still there."""
        self.columns = list(columns)

    def update_cells(self, column: int, changed: Mapping[int, WallCell], status: str | None = None) -> None:
        """Replace changed samples of a column (by their row) and its status, repainting no more than that."""

    def set_empty(self, title: str, *lines: str) -> None:
        """What to say while there are no columns."""

    @property
    def current(self) -> Hashable | None:
        """The key of the sample under the cursor."""
        return None

    def move_to(self, key: Hashable) -> bool:
        """Put the cursor on a sample by its key; False where there is none."""
        return False

    def clear_marks(self) -> None:
        """Unmark all samples."""

    def toggle_zoom(self) -> None:
        """Give the cursor's column the whole width, or take it back."""
