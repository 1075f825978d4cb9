"""What happened since somebody last looked. What is told, and in which order, is the core's; it changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from textual.app import ComposeResult

from cockpit.core.job_digest import Digest, digest_lines
from cockpit.core.job_words import clock
from cockpit.job_rules import digest_since
from cockpit.screens.base import PaneScreen
from cockpit.screens.job_watch import LOOKED, NIGHT
from cockpit.screens.opened import OpenedScreen
from cockpit.screens.text_panel import TextPanel

DAY = timedelta(days=1)


class JobDigestScreen(OpenedScreen[None]):
    """One text: what to look at first, what failed, what finished, what goes on."""

    scope: ClassVar[str] = "job-digest"
    pane_title: ClassVar[str] = "What ended"

    def __init__(self, found: Digest) -> None:
        super().__init__()
        self._found = found

    def compose_body(self) -> ComposeResult:
        """The text."""
        yield TextPanel(id="said", classes="box")

    def on_mount(self) -> None:
        """Say it."""
        self.query_one("#said", TextPanel).show(digest_lines(self._found))
        self.query_one("#said").focus()
        self.head((f"since {clock(self._found.since)}", "quiet"))

    def action_copy(self) -> None:
        """Copy the text."""
        self.cockpit.copy_text("\n".join(text for text, _ in digest_lines(self._found)), "Digest")


async def open_digest(screen: PaneScreen, *, only_after_a_night: bool = False) -> None:
    """Show what happened in the last day, or since the last look where that is longer ago.

    Args:
        only_after_a_night: since the last look, and only where that is long ago and something has ended since.
    """
    app, now = screen.cockpit, screen.services.clock()
    said = app.get_setting(f"{LOOKED}.{app.project}")
    looked = datetime.fromisoformat(said) if isinstance(said, str) else now
    app.put_setting(f"{LOOKED}.{app.project}", now.isoformat())
    if only_after_a_night and now - looked < NIGHT:
        return
    since = looked if only_after_a_night else min(looked, now - DAY)
    watch = app.job_watch
    found = await digest_since(watch.desk, watch.views, since.isoformat(timespec="microseconds"))
    if found.anything or not only_after_a_night:
        await app.push_screen(JobDigestScreen(found))
