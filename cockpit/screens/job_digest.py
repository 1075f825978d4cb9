"""What happened since somebody last looked. What is told, and in which order, is the core's; it changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from textual.app import ComposeResult

from cockpit.core.job_digest import Digest, Told
from cockpit.core.job_words import clock, span
from cockpit.job_rules import digest_since
from cockpit.screens.base import PaneScreen
from cockpit.screens.jobs_words import GLYPHS
from cockpit.screens.opened import OpenedScreen
from cockpit.screens.text_panel import Said, TextPanel

LOOKED = "jobs.looked"
"""The setting that remembers when somebody last looked at the digest, or at the pane."""
NIGHT = timedelta(hours=6)
"""After so long without a look, the app opens the digest by itself if anything ended."""


class JobDigestScreen(OpenedScreen[None]):
    """One text: what to look at first, what failed, what finished, what goes on."""

    scope: ClassVar[str] = "job-digest"
    pane_title: ClassVar[str] = "Since you last looked"

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


def digest_lines(found: Digest) -> list[Said]:
    """The digest as lines with tones."""
    lines: list[Said] = []
    if found.first:
        lines.append(("look at this first", "strong"))
        lines += [(f"{at}. {text}", "") for at, text in enumerate(found.first[:6], 1)]
        lines.append(("", ""))
    for title, jobs, tone in (("ended badly", found.badly, "error"), ("ended", found.well, "ok")):
        if jobs:
            lines.append((f"{title}: {len(jobs)}", tone))
            lines += [line for one in jobs for line in _told(one)]
            lines.append(("", ""))
    if found.going:
        lines.append((f"still running: {len(found.going)}", "strong"))
        lines += [(f"{_name(one)}  {one.shown}" + (f", ends ≈ {one.ends}" * bool(one.ends)), "") for one in found.going]
    if found.waiting:
        lines.append((f"{found.waiting} wait for their turn", "quiet"))
    return lines or [("Nothing ended and nothing runs.", "quiet")]


def _told(one: Told) -> list[Said]:
    took = "" if one.took_s is None else f" after {span(one.took_s)}"
    at = "" if one.ended is None else f", {datetime.fromisoformat(one.ended).astimezone():%d %b %H:%M}"
    lines: list[Said] = [(f"{_name(one)}  {one.shown}{took}{at}", "")]
    if one.error or (one.evidence and one.state != "finished"):
        lines.append((f"      {one.error or one.evidence}", "warn"))
    if one.best:
        lines.append(("      best " + ", ".join(f"{name} {value:.4g}" for name, value in one.best.items()), "quiet"))
    return lines


def _name(one: Told) -> str:
    return f"{GLYPHS[one.state][0]} {one.job:>4} {one.name}"


async def open_digest(screen: PaneScreen, *, only_after_a_night: bool = False) -> None:
    """Show what happened since the last look; from then on, this is the last look.

    Args:
        only_after_a_night: only where the last look is long ago and something has ended since.
    """
    app, now = screen.cockpit, screen.services.clock()
    said = app.get_setting(f"{LOOKED}.{app.project}")
    since = datetime.fromisoformat(said) if isinstance(said, str) else now - timedelta(days=1)
    if only_after_a_night and (not isinstance(said, str) or now - since < NIGHT):
        app.put_setting(f"{LOOKED}.{app.project}", now.isoformat())
        return
    watch = app.job_watch
    found = await digest_since(watch.desk, watch.views, since.isoformat(timespec="microseconds"))
    app.put_setting(f"{LOOKED}.{app.project}", now.isoformat())
    if found.anything or not only_after_a_night:
        await app.push_screen(JobDigestScreen(found))
