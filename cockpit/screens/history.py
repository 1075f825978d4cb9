"""The runs of a project, newest first: open one, or send what it still misses. Nothing is sent from here."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.screens.opened import OpenedScreen
from cockpit.screens.words import age, money, plural, short_count
from cockpit.store import projects, runs
from widgets.row_list import ListColumn, ListRow, RowList

if TYPE_CHECKING:
    from cockpit.services import Services

PAGE = 200
WIDE = (
    ListColumn("run", 6, right=True),
    ListColumn("sent", 10, right=True, quiet=True),
    ListColumn("prompt"),
    ListColumn("models"),
    ListColumn("inputs", 6, right=True),
    ListColumn("n", 5, right=True),
    ListColumn("came back", 11, right=True),
    ListColumn("", 22, quiet=True),
    ListColumn("cost", 10, right=True),
)
NARROW = (
    ListColumn("run", 5, right=True),
    WIDE[1],
    WIDE[2],
    ListColumn("", 4),
    ListColumn("came back", 9, right=True),
    ListColumn("", 19, quiet=True),
)
NARROW_BELOW = 120


@dataclass(frozen=True, slots=True)
class HistoryChoice:
    """A run to open, and whether to send what it still misses."""

    run_id: int
    resume: bool = False


class HistoryScreen(OpenedScreen[HistoryChoice | None]):
    """A project's runs; more are read as the cursor comes to the end."""

    scope: ClassVar[str] = "history"
    pane_title: ClassVar[str] = "Runs"

    def __init__(self, services: Services, project: str) -> None:
        super().__init__(services)
        self._project = project
        self._runs: list[runs.RunRow] = []
        self._whole = False
        self._only_unfinished = False

    def compose_body(self) -> ComposeResult:
        """The list."""
        with Vertical(classes="body"):
            rows = RowList(WIDE, id="rows", classes="box", empty=("Reading…",))
            rows.border_title = "runs"
            yield rows

    def on_mount(self) -> None:
        """Read the newest page."""
        self.rows.columns = WIDE if self.size.width >= NARROW_BELOW else NARROW
        self.rows.focus()
        self._read()

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.query_one("#rows", RowList)

    @work(exclusive=True, group="read", exit_on_error=False)
    async def _read(self) -> None:
        before = self._runs[-1].id if self._runs else None
        page = await asyncio.to_thread(self._page, before, self._only_unfinished)
        self._whole = self._only_unfinished or len(page) < PAGE
        self._runs += page
        self._show()

    def _page(self, before: int | None, only_unfinished: bool) -> list[runs.RunRow]:
        """In a thread: the next runs, older than those shown."""
        db = self.services.store.read()
        project = projects.find_project(db, self._project)
        if project is None:
            return []
        if only_unfinished:
            return runs.unfinished_runs(db, project)
        return runs.list_runs(db, project, PAGE, before)

    def _show(self) -> None:
        narrow = len(self.rows.columns) == len(NARROW)
        now = self.services.clock()
        self.rows.set_empty(
            *(("Every run is whole.", "u shows all of them.") if self._only_unfinished else ())
            or ("A run is one send: a prompt to some models, n times.", "Go back with q, write one and press ctrl+j.")
        )
        self.rows.show([run_row(run, now, narrow=narrow) for run in self._runs])
        unfinished = sum(missing(run) > 0 for run in self._runs)
        said_n = plural(len(self._runs), "run") if self._whole else f"{len(self._runs)}+ runs"
        unfinished_n = plural(unfinished, "run") if self._whole else f"{unfinished}+ runs"
        said = [(f"{unfinished_n} with samples missing ", "warn")] if unfinished else []
        self.head((f"{self._project}   {said_n}", "quiet"), right=said)

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        if not self._whole and event.index >= len(self._runs) - 50:
            self._read()

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_open()

    @property
    def _current(self) -> runs.RunRow | None:
        return self._runs[self.rows.cursor] if self.rows.cursor < len(self._runs) else None

    def action_open(self) -> None:
        """Leave with the highlighted run."""
        run = self._current
        if run is not None:
            self.dismiss(HistoryChoice(run.id))

    def action_resume(self) -> None:
        """Leave with the highlighted run, to send what it misses."""
        run = self._current
        if run is None:
            return
        if missing(run):
            self.dismiss(HistoryChoice(run.id, resume=True))
        else:
            self.notify_plain(f"Run {run.id} misses nothing.")

    def action_stops(self) -> None:
        """Audit how the highlighted run's samples ended."""
        from cockpit.screens.stops import StopsScreen, StopsSubject

        run = self._current
        if run is not None:
            self.app.push_screen(StopsScreen(self.services, StopsSubject(run_ids=(run.id,)), view="audit"))

    def action_unfinished(self) -> None:
        """Only runs with samples missing, or all."""
        self._only_unfinished = not self._only_unfinished
        self._runs = []
        self._read()


def missing(run: runs.RunRow) -> int:
    """Samples without a whole answer."""
    return max(run.total - run.done, 0)


def run_row(run: runs.RunRow, now: datetime, *, narrow: bool) -> ListRow:
    """A run as a row: how much came back, and what is wrong with it in words."""
    name = f"{run.prompt} v{run.version_number}" if run.prompt else "without a name"
    came = f"{short_count(run.done)}/{short_count(run.total)}"
    never = missing(run) - run.failed
    counts = ((run.failed, "failed"), (never, "missing"))
    trouble = ", ".join(f"{short_count(n)} {what}" for n, what in counts if n)
    glyph, tone = ("✓", "ok") if not trouble else ("✗", "error") if not never else ("◌", "cut")
    cost = ("?" if run.cost_unknown else "–") if run.cost_usd is None else money(run.cost_usd)
    sent = age(run.created_at, now)
    if narrow:
        number = f"v{run.version_number}" if run.prompt else ""
        return ListRow(run.id, (str(run.id), sent, run.prompt or name, number, came, trouble), glyph, tone)
    inputs = str(run.inputs) if run.inputs > 1 else "–"
    cells = (str(run.id), sent, name, ", ".join(run.models), inputs, str(run.n), came, trouble, cost)
    return ListRow(run.id, cells, glyph, tone)
