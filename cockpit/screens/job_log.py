"""The screen for the log of a job. Reading it is `job_log_part`'s, getting about in it `job_log_find`'s."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult

from cockpit.core.job_words import size
from cockpit.screens.base import PaneScreen
from cockpit.screens.job_log_find import Finding
from cockpit.screens.job_log_part import LogPart
from cockpit.screens.opened import OpenedScreen
from cockpit.store.jobs import get_job
from widgets.field import Field
from widgets.log_view import LogView

if TYPE_CHECKING:
    from cockpit.job_runner import JobDesk


class JobLogScreen(OpenedScreen[None]):
    """The whole screen for one log."""

    scope: ClassVar[str] = "job-log"
    pane_title: ClassVar[str] = "Log"
    typing_enter: ClassVar[str] = "find"
    typing_escape: ClassVar[str] = "to the log"
    DEFAULT_CSS = """
    JobLogScreen #search { height: 1; display: none; padding: 0 1; background: $background; }
    """

    def __init__(self, job_id: int, name: str, desk: JobDesk) -> None:
        super().__init__()
        self.job, self._name, self.desk = job_id, name, desk
        self.find = Finding(self)
        self._said = ""

    def compose_body(self) -> ComposeResult:
        """A line to search in, and the log."""
        yield Field("/", id="search", hint="words to find")
        yield LogPart(self.desk, id="log")

    @property
    def part(self) -> LogPart:
        """The log."""
        return self.query_one("#log", LogPart)

    def on_mount(self) -> None:
        """Begin at the end, and follow."""
        self.part.show_job(self.job)
        self.part.view.focus()
        self.set_interval(0.5, self.part.follow)

    def stop_typing(self) -> None:
        """The log takes the keyboard."""
        self.part.view.focus()
        field = self.query_one("#search", Field)
        field.display = bool(field.value)

    @on(LogView.Moved)
    def _moved(self) -> None:
        part, now = self.part, self.part.size_now
        share = f"{100 * part.place / now:.0f}%" if now else ""
        end = "following" if part.view.at_end else share
        wrapped = "   wrapped" if part.view.wraps else ""
        self.head((f"job {self.job}  {self._name}", "plain"), (f"{size(now)}   {end}{wrapped}", "quiet"),
                  right=[(self._said, "warn")] if self._said else [])  # fmt: skip

    def say(self, text: str) -> None:
        """What was found, or was not."""
        self._said = text
        self._moved()

    # Commands

    def action_search(self) -> None:
        """Type what to find."""
        field = self.query_one("#search", Field)
        field.display = True
        field.focus()

    def on_field_submitted(self, event: Field.Submitted) -> None:
        """Find it, from the cursor on."""
        self.part.view.words = event.value
        self.stop_typing()
        if event.value:
            self.find.words(backwards=False, here=True)

    def action_next_hit(self) -> None:
        """To the next line with the words."""
        self.find.words(backwards=False)

    def action_previous_hit(self) -> None:
        """To the line before with the words."""
        self.find.words(backwards=True)

    def action_error(self) -> None:
        """To the log's first error."""
        self.find.jump(self.find.first_error, "looking for the first error …", "no error found")

    def action_next_error(self) -> None:
        """To the next error after the cursor."""
        self.find.jump(self.find.next_error, "looking …", "no error further down")

    def cancel_running(self) -> None:
        """Stop a search."""
        self.workers.cancel_group(self, "find")
        self.say("search stopped")

    async def action_mark(self) -> None:
        """A mark with the time on this line."""
        await self.part.mark("")

    def action_marks(self) -> None:
        """Choose a mark to go to."""
        self.run_worker(self.find.choose_mark(), group="marks", exit_on_error=False)

    def action_wrap(self) -> None:
        """Break long lines, or not."""
        self.part.view.toggle_wrap()
        self._moved()

    def action_go_to(self) -> None:
        """To a place by its share of the log."""
        self.run_worker(self.find.ask_share(), group="share", exit_on_error=False)

    def action_copy(self) -> None:
        """Copy this line."""
        self.cockpit.copy_text(self.part.chosen_text(), "Line")

    def action_save(self) -> None:
        """Write the log to a file."""
        self.run_worker(self.find.ask_save(), group="save", exit_on_error=False)


async def open_log(screen: PaneScreen, job_id: int) -> None:
    """Show the log of a job."""
    desk = screen.cockpit.job_watch.desk
    row = await asyncio.to_thread(lambda: get_job(desk.store.read(), job_id))
    await screen.app.push_screen(JobLogScreen(job_id, row.name, desk))
