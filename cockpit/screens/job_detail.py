"""Everything about one job: facts, curves and log side by side. It arranges parts that work alone; decides nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from cockpit import job_control
from cockpit.core.job_words import clock, shown
from cockpit.core.jobs import ENDED
from cockpit.screens import jobs_words as words
from cockpit.screens.base import PaneScreen
from cockpit.screens.dialogs import Confirm, ShowText
from cockpit.screens.job_charts import JobCharts
from cockpit.screens.job_log import open_log
from cockpit.screens.job_log_part import LogPart
from cockpit.screens.opened import OpenedScreen
from cockpit.screens.text_panel import Said, TextPanel
from cockpit.store import jobs
from cockpit.store.log import Entry, backlinks

if TYPE_CHECKING:
    from cockpit.job_runner import JobDesk
    from cockpit.job_views import JobView

SEEN = 12
"""Observations that are listed, the latest ones."""


class JobDetailScreen(OpenedScreen[None]):
    """One job, followed."""

    scope: ClassVar[str] = "job-detail"
    watches_jobs: ClassVar[bool] = True
    pane_title: ClassVar[str] = "Job"
    DEFAULT_CSS = Path(__file__).with_name("job_detail.tcss").read_text("utf-8")

    def __init__(self, view: JobView, desk: JobDesk) -> None:
        super().__init__()
        self._view, self._desk = view, desk
        self._more: list[Said] = []
        self._diff = ""

    def compose_body(self) -> ComposeResult:
        """Facts beside curves over the log."""
        with Horizontal(id="work"):
            with Vertical(id="left"):
                yield TextPanel(id="facts", classes="box")
            with Vertical(id="right"):
                yield JobCharts(self.services.store, id="charts")
                yield LogPart(self._desk, id="log")

    def on_mount(self) -> None:
        """Fill every part, and follow."""
        job = self._view.row.id
        self.query_one("#charts", JobCharts).show_jobs([job])
        self.query_one("#log", LogPart).show_job(job)
        self.query_one("#log", LogPart).view.border_title = "log"
        self.query_one("#facts").focus()
        self.cockpit.job_watch.listeners.append(self._changed)
        self.set_interval(0.5, self.query_one("#log", LogPart).follow)
        self._show()
        self.run_worker(self._read, group="facts", exit_on_error=False)  # type: ignore[arg-type]

    def on_unmount(self) -> None:
        """Stop following."""
        if self._changed in self.cockpit.job_watch.listeners:
            self.cockpit.job_watch.listeners.remove(self._changed)

    def on_screen_resume(self) -> None:
        """Look often while a job is seen."""
        self.cockpit.job_watch.look_soon()

    def stop_typing(self) -> None:
        """The facts take the keyboard."""
        self.query_one("#facts").focus()

    def _changed(self, _before: list[JobView], now: list[JobView]) -> None:
        view = next((one for one in now if one.row.id == self._view.row.id), None)
        if view is None or view == self._view:
            return
        self._view = view
        self._show()
        self.query_one("#charts", JobCharts).read_again()
        self.run_worker(self._read, group="facts", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]

    def _show(self) -> None:
        view = self._view
        glyph, _ = words.GLYPHS[view.state]
        self.head((f"{view.row.id}  {view.row.name}", "plain"), (f"{glyph} {shown(view.standing)}", "accent"))
        self.query_one("#facts", TextPanel).show([*words.facts(view, self.services.clock()), *self._more])
        self.refresh_bindings()

    async def _read(self) -> None:
        """What is only in the database: where it ran, with which code, everything observed."""
        job = self._view.row.id

        def work() -> tuple[dict[str, dict[str, Any]], list[Any], Any, Any, list[Entry]]:
            db = self._desk.store.read()
            after = jobs.afters(db, [job]).get(job, ())
            told = jobs.fact(db, job, "ladder"), jobs.fact(db, job, "trouble")
            return jobs.captures(db, job), jobs.observations(db, [job])[job], after, told, backlinks(db, "job", job)

        captures, seen, after, (ladder, trouble), citing = await asyncio.to_thread(work)
        captured = captures.get("start") or captures.get("submit") or {}
        self._diff = str(captured.get("diff") or "")
        self._more = [*captured_lines(captured), *seen_lines(seen)]
        self._more[:0] = [(f"✎ entry {one.id}: {one.title}", "") for one in citing[:5]]
        if trouble:
            self._more[:0] = [(f"⚠ {name}: {why}", "warn") for name, why in trouble.items()]
        if ladder:
            self._more.insert(0, (f"ladder   skipped {', '.join(ladder['skipped'])}: {ladder['reason']}", ""))
        if after:
            names = ", ".join(f"{one.job}{' (anyhow)' * one.anyhow}" for one in after)
            self._more.insert(0, (f"after    {names}", ""))
        self._show()

    # Commands

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that mean something for this job now."""
        if action == "diff":
            return bool(self._diff)
        if action in ("kill", "pause"):
            return self._view.state not in ENDED
        return super().check_action(action, parameters)

    def action_log(self) -> None:
        """The log on the whole screen."""
        self.run_worker(open_log(self, self._view.row.id), group="open", exit_on_error=False)

    def action_charts(self) -> None:
        """The curves on the whole screen."""
        from cockpit.screens.job_charts import open_charts

        self.run_worker(open_charts(self, [self._view.row.id]), group="open", exit_on_error=False)

    def action_diff(self) -> None:
        """The changes that were not committed when it started."""
        self.app.push_screen(ShowText("Uncommitted changes at its start", self._diff))

    def action_quantity(self) -> None:
        """Another quantity in the left picture."""
        self.query_one("#charts", JobCharts).next_family(0, 1)

    def action_chance(self) -> None:
        """The chance line."""
        self.run_worker(self.query_one("#charts", JobCharts).ask_chance(), group="chance", exit_on_error=False)

    def action_kill(self) -> None:
        """End it."""
        self.run_worker(self._kill(), group="kill", exit_on_error=False)

    async def _kill(self) -> None:
        again = self._view.standing.kill_asked is not None
        said = "It was asked before: SIGKILL now." if again else "SIGTERM to all that it started, then SIGKILL."
        title = f"End job {self._view.row.id}?"
        if await self.app.push_screen_wait(Confirm(title, said, yes="end", no="leave")):
            await job_control.kill(self._desk, self._view.row.id, grace_s=0.0 if again else None)
            self.cockpit.job_watch.look_soon()

    def action_restart(self) -> None:
        """Run it again, as a new job."""
        self.run_worker(self._restart(), group="restart", exit_on_error=False)

    async def _restart(self) -> None:
        if self._view.state not in ENDED:
            said = "It still runs and will be ended first."
            if not await self.app.push_screen_wait(Confirm("Restart?", said, yes="restart", no="leave")):
                return
        made = await job_control.restart(self._desk, self._view.row.id)
        self.notify_plain(f"Job {made} runs the same command.")
        self.cockpit.job_watch.look_soon()

    def action_copy(self) -> None:
        """Copy the command."""
        self.cockpit.copy_text(words.command_words(self._view), f"Command of job {self._view.row.id}")


def captured_lines(captured: dict[str, Any]) -> list[Said]:
    """Code, machine and interpreter as they were at the start."""
    git, python = captured.get("git") or {}, captured.get("python") or {}
    lines: list[Said] = [("", "")]
    if git.get("commit"):
        changed = " with uncommitted changes" if git.get("dirty") else ""
        lines.append((f"commit   {str(git['commit'])[:12]} {git.get('branch') or ''}{changed}", ""))
        lines += [(f"         {name} is not in git", "quiet") for name in (git.get("untracked") or [])[:5]]
    elif captured:
        lines.append(("commit   in no git repository", "quiet"))
    if captured.get("host"):
        gpus = captured.get("gpus") or []
        more = f", {len(gpus)} × {gpus[0]}" if gpus else ""
        lines.append((f"machine  {captured['host']}, {captured.get('cpus', '?')} CPUs{more}", ""))
    if python:
        lines.append((f"python   {python.get('version') or '?'}  {python.get('path') or ''}", ""))
    return lines


def seen_lines(seen: list[Any]) -> list[Said]:
    """What was observed, the latest last."""
    lines: list[Said] = [("", ""), ("observed", "strong")]
    if len(seen) > SEEN:
        lines.append((f"… {len(seen) - SEEN} earlier ones: cockpit job show", "quiet"))
    for one in seen[-SEEN:]:
        state = one.state or one.raw
        lines.append((f"{clock(one.at)[5:]}  {one.source}: {state}", ""))
        if one.evidence:
            lines.append((f"    {one.evidence}", "quiet"))
    return lines


async def open_detail(screen: PaneScreen, job_id: int) -> None:
    """Show one job."""
    watch = screen.cockpit.job_watch
    view = next((one for one in watch.views if one.row.id == job_id), None) or await watch.desk.one(job_id)
    await screen.app.push_screen(JobDetailScreen(view, watch.desk))
