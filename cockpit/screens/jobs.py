"""The Jobs pane: what runs, what ran, why it ended. It arranges; the work is done in `jobs_*` and `job_watch`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from cockpit.command_tables.app import PANES
from cockpit.command_tables.command import Command
from cockpit.commands import by_id
from cockpit.screens.base import PaneScreen
from cockpit.screens.jobs_do import Doing
from cockpit.screens.jobs_go import Going
from cockpit.screens.jobs_list import Listing
from cockpit.screens.jobs_look import Looking
from cockpit.screens.play_status import top_parts
from cockpit.screens.text_panel import TextPanel
from widgets.field import Field
from widgets.row_list import RowList
from widgets.top_bar import TopBar

if TYPE_CHECKING:
    from cockpit.job_views import JobView
    from cockpit.screens.job_watch import JobWatch

FOOT = (
    *("jobs.new", "list.open", "jobs.log", "jobs.kill", "jobs.pause", "jobs.restart", "jobs.filter", "list.mark"),
    *("jobs.charts", "jobs.compare", "jobs.clone", "jobs.cycle", "jobs.sort", "jobs.requeue", "jobs.queues"),
    *("jobs.busy", "jobs.digest", "app.palette", "app.help"),
)
FOOT_EMPTY = ("jobs.new", "jobs.busy", "app.palette", "app.help")
FOOT_TYPING = ("app.escape", "app.palette", "app.help")
NEEDS_ONE = frozenset(
    {"kill", "pause", "restart", "requeue", "earlier", "later", "yank", "clone", "log", "charts", "compare", "fold"}
    | {"fold_all", "cycle", "sort", "filter"}
)
"""Commands that mean nothing where there is no job."""


class JobsScreen(PaneScreen[None]):
    """A list of jobs, and beside it the facts of one with the end of its log."""

    scope: ClassVar[str] = "jobs"
    pane_title: ClassVar[str] = "Jobs"
    DEFAULT_CSS = Path(__file__).with_name("jobs.tcss").read_text("utf-8")
    AUTO_FOCUS = "#rows"
    watches_jobs: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (96, "-middle"), (140, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-high")]
        self.listing = Listing(self)
        self.look = Looking(self)
        self.do = Doing(self)
        self.go = Going(self)

    @property
    def job_watch(self) -> JobWatch:
        """The app's watch over the project's jobs."""
        return self.cockpit.job_watch

    def compose_body(self) -> ComposeResult:
        """Counts, filter, list beside facts over the log's end, what was done last."""
        yield TopBar(id="about")
        yield Field("/", id="filter", hint="words  state:failed  group:lr  queue:q  on:slurm  -state:finished")
        with Horizontal(id="work"):
            yield RowList(empty=("",), id="rows", classes="box")
            with Vertical(id="side"):
                yield TextPanel(id="facts", classes="box")
                yield TextPanel(id="tail", classes="box")
        yield TopBar(id="said")

    def on_mount(self) -> None:
        """Take up the last session and listen to the watch."""
        self.query_one("#rows").border_title = Content("jobs")
        self.listing.rows.mark_moves = True
        self.query_one("#tail").border_title = Content("end of the log")
        data = self.cockpit.get_setting(self.session_key)
        self.listing.restore(data if isinstance(data, Mapping) else {})
        self.job_watch.listeners.append(self._changed)

    def on_unmount(self) -> None:
        """Stop listening."""
        if self._changed in self.job_watch.listeners:
            self.job_watch.listeners.remove(self._changed)

    def on_screen_resume(self) -> None:
        """Look often while the pane is seen. Textual calls this beside the base's own."""
        panes = [(pane.number, pane.title) for pane in PANES]
        self.query_one("#top-bar", TopBar).show(
            top_parts(self.cockpit.project, panes, self.pane_title, self.cockpit.badge)
        )
        self.job_watch.look_soon()
        self.refresh_list()
        self.run_worker(self.go.morning(), group="digest", exit_on_error=False)

    def _changed(self, _before: list[JobView], _now: list[JobView]) -> None:
        if self.is_current:
            self.refresh_list()

    def refresh_list(self) -> None:
        """Everything as it stands now."""
        self.listing.show()
        self.look.look()
        self.refresh_bindings()

    # What the app asks

    def footer_commands(self) -> list[Command]:
        """The most useful keys of the state the pane is in."""
        self.footer_labels = {"app.escape": "to the list", "app.palette": "palette", "list.open": "open"}
        names = FOOT_TYPING if self.typing else FOOT if self.job_watch.views else FOOT_EMPTY
        return [by_id(name) for name in names]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that mean something now."""
        if action != "in_part":
            return super().check_action(action, parameters)
        name = str(parameters[1])
        if name in NEEDS_ONE and not self.job_watch.views:
            return False
        if name == "clear":
            return not self.typing and self.listing.can_clear
        return True

    def stop_typing(self) -> None:
        """The list takes the keyboard."""
        self.query_one("#rows").focus()
        self.listing.show_counts()

    def jump_targets(self) -> Mapping[str, Widget]:
        """A letter for each part."""
        return {"l": self.query_one("#rows"), "f": self.query_one("#facts"), "e": self.query_one("#tail")}

    def save_session(self) -> dict[str, Any]:
        """What is listed, and where the cursor is."""
        return self.listing.to_json()

    def say(self, text: str) -> None:
        """The line at the bottom: what was done last."""
        self.query_one("#said", TopBar).show([(text, "plain")])

    # Messages and actions

    def on_field_changed(self, event: Field.Changed) -> None:
        """The filter."""
        self.listing.typed(event.value)

    @on(Field.Submitted)
    def _submitted(self) -> None:
        self.stop_typing()

    @on(RowList.Moved)
    def _moved(self) -> None:
        self.look.look()

    @on(RowList.Resized)
    def _resized(self) -> None:
        self.listing.show()

    @on(RowList.Opened)
    async def _opened(self) -> None:
        line = self.listing.line
        if line is not None and line.view is None:
            self.listing.fold()
        else:
            self.action_in_part("go", "detail")

    @on(RowList.MarksChanged)
    def _marked(self) -> None:
        self.listing.mark_members()
        self.listing.show_counts()

    def action_in_part(self, part: str, name: str) -> None:
        """Run a command of a part; one that waits gets a worker, whose errors the base screen shows."""
        work = getattr(getattr(self, part), name)
        if inspect.iscoroutinefunction(work):
            self.run_worker(work, group=name, exit_on_error=False)
        else:
            work()
