"""A form for a new job, or one like another, with what would be run beside it. Reading it is `job_form`'s."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll

from cockpit.core.errors import CockpitError
from cockpit.job_form import ENTRIES, Wrong, ask_of, preview, values_of
from cockpit.screens.base import PaneScreen
from cockpit.screens.opened import OpenedScreen
from cockpit.screens.text_panel import Said, TextPanel
from cockpit.store.jobs import get_job
from widgets.field import Field

if TYPE_CHECKING:
    from textual.timer import Timer

    from cockpit.job_runner import JobDesk

TYPED_S = 0.15
LABEL = 9


class JobNewScreen(OpenedScreen[list[int] | None]):
    """The lines of a job; what is typed is kept until it is submitted or thrown away."""

    scope: ClassVar[str] = "job-new"
    pane_title: ClassVar[str] = "New job"
    typing_escape: ClassVar[str] = "later"
    DEFAULT_CSS = """
    JobNewScreen #work { layout: horizontal; height: 1fr; }
    JobNewScreen #form { width: 3fr; padding: 0; }
    JobNewScreen #form Field { padding: 0 1; height: 1; }
    JobNewScreen #preview { width: 2fr; }
    JobNewScreen.-narrow #work { layout: vertical; }
    JobNewScreen.-narrow #form { width: 1fr; height: 16; }
    JobNewScreen.-narrow #preview { width: 1fr; }
    """

    def __init__(self, desk: JobDesk, values: Mapping[str, str], draft_key: str, like: int | None) -> None:
        super().__init__()
        self._desk, self._values, self._key, self._like = desk, dict(values), draft_key, like
        self._typed: Timer | None = None

    def compose_body(self) -> ComposeResult:
        """Lines beside the preview."""
        with Horizontal(id="work"):
            with VerticalScroll(id="form", classes="box", can_focus=False):
                for entry in ENTRIES:
                    value = self._values.get(entry.name, "")
                    yield Field(entry.label.ljust(LABEL), value, hint=entry.hint, id=f"job-{entry.name}")
            yield TextPanel(id="preview", classes="box")

    def on_mount(self) -> None:
        """Begin with the command."""
        self.query_one("#form").border_title = "job"
        self.query_one("#preview").border_title = "what will be run"
        self.head((f"like job {self._like}" if self._like is not None else "from scratch", "quiet"))
        self.query_one("#job-command", Field).focus()
        self._look()

    def stop_typing(self) -> None:
        """Leave; what was typed is there the next time."""
        self._keep()
        self.dismiss(None)

    def on_field_changed(self) -> None:
        """Look again once the typing pauses."""
        if self._typed is not None:
            self._typed.stop()
        self._typed = self.set_timer(TYPED_S, self._look)

    @on(Field.Submitted)
    def _next(self) -> None:
        self.action_submit()

    @property
    def values(self) -> dict[str, str]:
        """The lines as they stand."""
        return {entry.name: self.query_one(f"#job-{entry.name}", Field).value for entry in ENTRIES}

    def _keep(self) -> None:
        self.cockpit.put_setting(self._key, self.values)

    def _look(self) -> None:
        self._keep()
        self.run_worker(partial(self._preview, self.values), group="preview", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]

    async def _preview(self, values: Mapping[str, str]) -> None:
        lines: list[Said]
        try:
            lines = await asyncio.to_thread(preview, self._desk, values)
        except CockpitError as error:
            nothing = not values["command"].strip()
            lines = [(error.sentence(), "quiet" if nothing else "warn")]
        self.query_one("#preview", TextPanel).show(lines)

    # Commands

    def action_submit(self) -> None:
        """Start it, or put it into its queue."""
        self.run_worker(self._submit, group="submit", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]

    async def _submit(self) -> None:
        try:
            ids = await self._desk.submit(ask_of(self.values), self.cockpit.project)
        except Wrong as error:
            self.query_one(f"#job-{error.entry}", Field).focus()
            self.notify_plain(error.sentence(), severity="warning")
            return
        except CockpitError as error:
            self.notify_plain(error.sentence(), severity="warning", timeout=8)
            return
        self.cockpit.put_setting(self._key, {})
        self.dismiss(ids)

    def action_discard(self) -> None:
        """Empty every line."""
        for entry in ENTRIES:
            self.query_one(f"#job-{entry.name}", Field).value = ""
        self._look()

    def action_next(self) -> None:
        """To the next line."""
        self._step(1)

    def action_before(self) -> None:
        """To the line before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        names = [f"job-{entry.name}" for entry in ENTRIES]
        here = self.focused.id if self.focused is not None else None
        at = names.index(here) + by if here in names else 0
        self.query_one(f"#{names[at % len(names)]}", Field).focus()


async def open_new(screen: PaneScreen, like: int | None = None) -> None:
    """Ask for a job; say what became of it."""
    watch = screen.cockpit.job_watch
    key = f"draft.job.{screen.cockpit.project}.{'' if like is None else like}"
    kept = screen.cockpit.get_setting(key)
    values: dict[str, str] = {"cwd": str(Path.cwd())}
    if like is not None:
        values = values_of(await asyncio.to_thread(lambda: get_job(watch.desk.store.read(), like)))
    if isinstance(kept, Mapping):
        values |= {name: str(value) for name, value in kept.items() if value}
    ids = await screen.app.push_screen_wait(JobNewScreen(watch.desk, values, key, like))
    if ids:
        said = f"Job {ids[0]}" if len(ids) == 1 else f"Jobs {ids[0]} to {ids[-1]}"
        screen.notify_plain(f"{said} submitted.")
        watch.look_soon()
