"""Velocity: weeks with their days, what waits to be logged, hours gently. Counting is done below."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from cockpit.core.velocity import Latency, Week
from cockpit.log_pace import Pace, Waiting, pace
from cockpit.screens.changing_list import ChangingList
from cockpit.screens.log_edit import write_places
from cockpit.screens.log_list import LEVELS
from cockpit.screens.text_panel import Said, TextPanel
from widgets.row_list import ListColumn, ListRow, RowList

STEPS = (0, 1, 4, 10, 25)
"""Things done in a day from which its cell is one level higher."""


class LogPaceScreen(ChangingList[Waiting]):
    """Weeks over what no entry cites yet."""

    scope: ClassVar[str] = "log-pace"
    pane_title: ClassVar[str] = "Velocity"
    DEFAULT_CSS = "LogPaceScreen #weeks { height: 14; }"

    def __init__(self) -> None:
        super().__init__()
        self._pace: Pace | None = None

    def compose_body(self) -> ComposeResult:
        """The weeks over the list."""
        yield TextPanel(id="weeks", classes="box short")
        columns = (ListColumn("result", 12), ListColumn("when", 10, quiet=True), ListColumn("what"))
        empty = ("Every result of the last weeks is in the log.", "Runs of 10 answers and jobs that ended count.")
        yield RowList(columns, empty=empty, id="rows", classes="box tall")

    def on_mount(self) -> None:
        """Show them."""
        self.query_one("#weeks").border_title = Content("the last weeks")
        self.query_one("#rows").border_title = Content("not logged yet")
        self.query_one("#rows").focus()
        self.change()

    def on_screen_resume(self) -> None:
        """An entry may have been written meanwhile. Textual calls this beside the base's own."""
        if self._pace is not None:
            self.change()

    def read_items(self, db: sqlite3.Connection, project: int) -> list[Waiting]:
        """Results that no entry cites."""
        self._pace = pace(db, self.cockpit.project, self.services.clock())
        return list(self._pace.waiting)

    def key_of(self, item: Waiting) -> tuple[str, int]:
        """Its place."""
        return item.kind, item.id

    def show_items(self, items: Sequence[Waiting]) -> None:
        """The weeks, and a row a result."""
        if self._pace is not None:
            self.query_one("#weeks", TextPanel).show(pace_lines(self._pace))
        rows = [ListRow(self.key_of(one), (f"{one.kind}:{one.id}", one.at[:10], one.words)) for one in items]
        self.query_one("#rows", RowList).show(rows)
        self.head((f"{len(items)} {'result waits' if len(items) == 1 else 'results wait'} to be logged", "quiet"))

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_log()

    def action_log(self) -> None:
        """Write the entry about it."""
        if (one := self.current) is not None:
            write: Any = write_places(self.cockpit, [(one.kind, one.id)])  # type: ignore[list-item]
            self.app.run_worker(write, group="write", exclusive=True, exit_on_error=False)

    async def action_mode(self) -> None:
        """Choose the project's phase."""
        from cockpit.screens.shell import mode

        await mode(self.cockpit)


def pace_lines(found: Pace) -> list[Said]:
    """A line a week, its days as cells, then how long ideas take."""
    lines: list[Said] = [(latency_words(found.latency), "")]
    lines.append(("week of     M T W T F S S   runs  samples  results   bits    hours", "quiet"))
    for week in reversed(found.weeks):
        cells = " ".join(_level(count) for count in week.days or ())
        numbers = f"{week.runs:6d} {week.samples:8d} {week.results:8d} {week.bits:6.1f} {week.hours:8.1f}"
        is_now = week is found.weeks[-1]
        lines.append((f"{week.monday:%d %b %Y}  {cells} {numbers}", "strong" if is_now else ""))
    return [*lines, ("", ""), (hours_words(found.weeks[-1]), "quiet")]


def latency_words(found: Latency) -> str:
    """From idea to first result, in words; what is not known is said to be."""
    if found.hours is None:
        return f"idea → first result: not known yet; {found.waiting} ideas have none"
    span = f"{found.hours:.1f} h" if found.hours < 48 else f"{found.hours / 24:.1f} days"
    return f"idea → first result: {span} (median, n = {found.n}); {found.waiting} ideas have none yet"


def hours_words(week: Week) -> str:
    """How the hours are counted, beside this week's."""
    return f"{week.hours:.1f} h this week, between things done here, pauses over 30 min left out; at least that much"


def _level(count: int) -> str:
    return LEVELS[sum(count >= step for step in STEPS[1:])]
