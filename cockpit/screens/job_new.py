"""A form for a new job, or one like another, with what would be run beside it. Reading it is `job_form`'s."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from cockpit.core.calibration import split_claim
from cockpit.expecting import expect
from cockpit.job_form import ENTRIES, Entry, ask_of, preview, values_of
from cockpit.screens.base import PaneScreen
from cockpit.screens.expecting import tie
from cockpit.screens.line_form import LineForm
from cockpit.screens.text_panel import Said
from cockpit.store.jobs import get_job

if TYPE_CHECKING:
    from cockpit.job_runner import JobDesk


class JobNewScreen(LineForm):
    """The lines of a job."""

    scope: ClassVar[str] = "job-new"
    pane_title: ClassVar[str] = "New job"
    entries: ClassVar[Sequence[Entry]] = ENTRIES

    def __init__(self, desk: JobDesk, values: Mapping[str, str], draft_key: str, like: int | None) -> None:
        super().__init__(values, draft_key)
        self._desk, self._like = desk, like

    def on_mount(self) -> None:
        """Say what it is like. Textual calls this beside the base's own."""
        self.head((f"like job {self._like}" if self._like is not None else "from scratch", "quiet"))

    def preview(self, values: Mapping[str, str]) -> list[Said]:
        """The commands that would be run."""
        return preview(self._desk, values)

    async def send(self, values: Mapping[str, str]) -> list[int]:
        """Submit the job, or each of its sweep."""
        ask, said = ask_of(values), values.get("predict", "").strip()
        ids = await self._desk.submit(ask, self.cockpit.project)
        project = self.cockpit.project
        if said:
            claim, p = split_claim(said)
            await self.services.store.write(lambda db: expect(db, project, claim, p))
        await tie(self.cockpit, "job", ids[0])
        return ids


async def open_new(screen: PaneScreen, like: int | None = None) -> None:
    """Ask for a job; say what became of it."""
    watch = screen.cockpit.job_watch
    key = f"draft.job.{screen.cockpit.project}.{'' if like is None else like}"
    values: dict[str, str] = {"cwd": str(Path.cwd())}
    if like is not None:
        values = values_of(await asyncio.to_thread(lambda: get_job(watch.desk.store.read(), like)))
    await ask_for(screen, JobNewScreen(watch.desk, values | kept(screen, key), key, like))


def kept(screen: PaneScreen, key: str) -> dict[str, str]:
    """What was typed into a form before and not sent."""
    found = screen.cockpit.get_setting(key)
    return {name: str(value) for name, value in found.items() if value} if isinstance(found, Mapping) else {}


async def ask_for(screen: PaneScreen, form: LineForm) -> None:
    """Show a form, and say what became of it."""
    ids = await screen.app.push_screen_wait(form)
    if ids:
        said = f"Job {ids[0]}" if len(ids) == 1 else f"Jobs {ids[0]} to {ids[-1]}"
        screen.notify_plain(f"{said} submitted.")
        screen.cockpit.job_watch.look_soon()
