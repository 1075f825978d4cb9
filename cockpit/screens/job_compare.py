"""What differs between several jobs, one column each. What is compared is the core's; it changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult

from cockpit.core.job_compare import Row, Side, compare, markdown
from cockpit.job_rules import sides
from cockpit.job_views import JobView
from cockpit.screens.base import PaneScreen
from cockpit.screens.opened import OpenedScreen
from widgets.row_list import ListColumn, ListRow, RowList

NAME = 20
VALUE = 18


class JobCompareScreen(OpenedScreen[None]):
    """A table of what is not alike."""

    scope: ClassVar[str] = "job-compare"
    pane_title: ClassVar[str] = "Compare jobs"

    def __init__(self, views: Sequence[JobView]) -> None:
        super().__init__()
        self._views = list(views)
        self._sides: list[Side] = []
        self._rows: list[Row] = []
        self._left = 0

    def compose_body(self) -> ComposeResult:
        """The table."""
        empty = ("These jobs are alike in all that is known.",)
        yield RowList(empty=empty, id="rows", classes="box")

    def on_mount(self) -> None:
        """Read and draw."""
        self.query_one("#rows").focus()
        self.run_worker(self._read(), group="compare", exit_on_error=False)

    async def _read(self) -> None:
        desk = self.cockpit.job_watch.desk
        self._sides = await asyncio.to_thread(sides, desk, self._views)
        self._rows = compare(self._sides)
        self._show()

    def on_row_list_resized(self) -> None:
        """Other columns may fit."""
        self._show()

    @property
    def _fitting(self) -> int:
        return max((self.query_one("#rows").size.width - NAME - 8) // (VALUE + 2), 1)

    def _show(self) -> None:
        rows = self.query_one("#rows", RowList)
        seen = self._sides[self._left : self._left + self._fitting]
        rows.columns = (
            ListColumn("", NAME, quiet=True),
            *(ListColumn(f"{side.job} {side.name}", 0 if len(seen) < 4 else VALUE) for side in seen),
        )
        rows.show([self._line(row, len(seen)) for row in self._rows])
        where = f"   columns {self._left + 1} to {self._left + len(seen)}" if len(seen) < len(self._sides) else ""
        said = f"{len(self._rows)} differences between {len(self._sides)} jobs{where}"
        self.head((said, "quiet"))
        self.refresh_bindings()

    def _line(self, row: Row, n: int) -> ListRow:
        values = row.values[self._left : self._left + n]
        marked = [f"★ {value}" if row.best == self._left + at else value for at, value in enumerate(values)]
        return ListRow(row.name, (row.name, *(value or "–" for value in marked)))

    # Commands

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Sideways only where there is more."""
        if action == "left":
            return self._left > 0
        if action == "right":
            return self._left + self._fitting < len(self._sides)
        return super().check_action(action, parameters)

    def action_left(self) -> None:
        """Jobs further left."""
        self._left -= 1
        self._show()

    def action_right(self) -> None:
        """Jobs further right."""
        self._left += 1
        self._show()

    def action_order(self) -> None:
        """Sort the jobs by the metric under the cursor, the best first."""
        at = self.query_one("#rows", RowList).cursor
        row = self._rows[at] if at < len(self._rows) else None
        if row is None:
            return
        keys = [_key(value) for value in row.values]
        order = sorted(range(len(self._sides)), key=keys.__getitem__)
        if row.best is not None and order and order[0] != row.best:
            order.reverse()
        self._sides = [self._sides[i] for i in order]
        self._rows = compare(self._sides)
        self._left = 0
        self._show()

    def action_charts(self) -> None:
        """Their curves in one picture."""
        from cockpit.screens.job_charts import open_charts

        self.run_worker(open_charts(self, [side.job for side in self._sides]), group="open", exit_on_error=False)

    def action_copy(self) -> None:
        """Copy the table as Markdown."""
        self.cockpit.copy_text(markdown(self._sides, self._rows), "Table")


def _key(value: str) -> tuple[bool, float, str]:
    try:
        return (False, float(value), "")
    except ValueError:
        return (True, 0.0, value)


async def open_compare(screen: PaneScreen, jobs: Sequence[int]) -> None:
    """Compare some jobs."""
    views = [view for view in screen.cockpit.job_watch.views if view.row.id in jobs]
    if len(views) < 2:
        screen.notify_plain("Mark two jobs or more with space, then compare them.", severity="warning")
        return
    await screen.app.push_screen(JobCompareScreen(sorted(views, key=lambda view: view.row.id)))
