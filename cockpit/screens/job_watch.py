"""Watching the project's jobs for the whole app: one look at a time, in the background. Draws nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic, process_time
from typing import TYPE_CHECKING

from cockpit.backends.registry import BackendRegistry
from cockpit.commands import by_id
from cockpit.core.errors import CockpitError
from cockpit.core.job_busy import header_words
from cockpit.core.job_digest import BAD
from cockpit.core.job_words import shown
from cockpit.core.jobs import CERTAIN, ENDED, LIVE, LOCAL, State
from cockpit.job_rules import busy_since
from cockpit.job_runner import JobDesk
from cockpit.job_views import JobView
from cockpit.keymap import display
from cockpit.screens.play_status import top_parts
from cockpit.store import jobs, projects
from cockpit.terminal import notification_sequence
from widgets.top_bar import TopBar

if TYPE_CHECKING:
    from textual.timer import Timer

    from cockpit.app import CockpitApp
    from cockpit.core.prompts import Version
    from cockpit.expecting import Began

NEAR_S, FAR_S = 1.0, 5.0
"""Between two looks while a screen is seen that shows jobs (`watches_jobs`), and otherwise."""
SHARE, SLOWEST_S = 0.012, 10.0
"""Of a core, what watching may take: where a look costs much, the next one comes later, up to so late."""
WHOLE_EVERY = 30
"""Looks after which everything is read again, whatever it was: another terminal may have changed it."""
BUSY_EVERY_S = 60.0
LOOKED = "jobs.looked"
"""The setting that remembers when somebody last looked at the Jobs pane, by project."""
NIGHT = timedelta(hours=6)
"""So long without a look is a night: what ended in it is told."""
MOST = 2000
"""Jobs that are listed; older ones are in `cockpit job list --limit`."""
Listener = Callable[[list[JobView], list[JobView]], None]
"""Called with the views before and after a look in which something changed."""


class JobWatch:
    """The newest known view of each job of the project, newest first."""

    def __init__(self, app: CockpitApp) -> None:
        self.app = app
        config = app.services.config
        backends = BackendRegistry(config.backends)
        self.desk = JobDesk(
            app.services.store, backends, clock=app.services.clock, config_file=config.path,
            webhook_env=config.webhook_env,
        )  # fmt: skip
        self.desk.paced = True
        self._webhook_env = config.webhook_env
        self.views: list[JobView] = []
        self.loaded = False
        self.problem = ""
        """Why the last look failed; empty where it did not."""
        self.listeners: list[Listener] = []
        self._timer: Timer | None = None
        self._looks = 0
        self._looking = False
        self._versions: dict[int, Version] = {}
        self._busy: tuple[float, str] = (-BUSY_EVERY_S, "")

    @property
    def live(self) -> int:
        """Jobs that run, for all that is known."""
        return sum(view.state in LIVE for view in self.views)

    def start(self) -> None:
        """Look now, and from now on."""
        if self._timer is None:
            self.look_soon()

    def look_soon(self) -> None:
        """Look in the background, unless a look is under way."""
        if not self._looking:
            self._looking = True
            self.app.run_worker(self._look_on(), group="job-watch", exit_on_error=False)

    async def _look_on(self) -> None:
        began = process_time()
        try:
            await self.look()
        except CockpitError as error:
            self.problem = error.sentence()
            for tell in list(self.listeners):
                tell(self.views, self.views)
        except Exception:
            # At quit the database closes under a look that is under way; nobody is left to be told.
            if self.app.is_running:
                raise
        finally:
            self._looking = False
            self._again(process_time() - began)

    def _again(self, cost_s: float) -> None:
        """Look again after a while: soon while jobs are seen, later where a look takes much of the processor."""
        if self._timer is not None:
            self._timer.stop()
        if self.app.is_running:
            seen = self.app.screen_stack[-1] if self.app.screen_stack else None
            near = getattr(seen, "watches_jobs", False)
            pause = min(max(NEAR_S if near else FAR_S, cost_s / SHARE), SLOWEST_S)
            self._timer = self.app.set_timer(pause, self.look_soon)

    async def look(self) -> None:
        """See how jobs stand, start what may start, and tell whoever listens if anything changed."""
        before = self.views
        self._looks += 1
        whole = not self.loaded or self._looks % WHOLE_EVERY == 0
        found = await (self._everything() if whole else self._what_may_have_changed())
        if not self.loaded:
            self._good_morning(found)
        self.problem, self.loaded = "", True
        freed = {v.row.id for v in before if v.state in LIVE} & {v.row.id for v in found if v.state not in LIVE}
        if freed and any(view.waits for view in found):
            await self.desk.step()
        self.views = found
        if found != before or whole:
            for tell in list(self.listeners):
                tell(before, found)
            if before:
                self._ring(before, found)
        await self._show_badge()

    def _good_morning(self, found: list[JobView]) -> None:
        """After a night, say what ended in it; the Jobs pane then opens the digest by itself."""
        said = self.app.get_setting(f"{LOOKED}.{self.app.project}")
        if not isinstance(said, str) or self.desk.clock() - datetime.fromisoformat(said) < NIGHT:
            return
        ended = [view for view in found if view.state in ENDED and (view.standing.ended or "") >= said]
        bad = sum(view.state in BAD for view in ended)
        if ended:
            key = self.app.keymap.of(by_id("app.jobs"))[0]
            badly = f", {bad} of them badly" if bad else ""
            jobs_ended = f"{len(ended)} job{'s' * (len(ended) > 1)} ended"
            self.app.notify(f"{jobs_ended} since you looked{badly}: {display(key)}", timeout=20)

    def _ring(self, before: list[JobView], now: list[JobView]) -> None:
        """Say that jobs ended or fell silent, here and at the terminal around."""
        states = {view.row.id: view.state for view in before}
        news = [view for view in now if states.get(view.row.id) in LIVE and _is_news(states[view.row.id], view)]
        if not news:
            return
        if self._webhook_env:
            # A job here tells it by itself, app open or not; nobody else watches those elsewhere.
            for view in news:
                if view.row.backend != LOCAL and view.state in ENDED:
                    self.app.run_worker(self._tell(view), group="webhook", exit_on_error=False)
        done: list[tuple[Began, int]] = [("job", view.row.id) for view in news if view.state in ENDED]
        if done:
            from cockpit.screens.expecting import tell

            self.app.run_worker(tell(self.app, done), group="after-result", exit_on_error=False)
        first = news[0]
        more = f", and {len(news) - 1} more" if len(news) > 1 else ""
        said = f"job {first.row.id} {first.row.name}: {shown(first.standing)}{more}"
        self.app.notify(said, severity="information" if first.state == "finished" else "warning", timeout=8)
        if self.app.get_setting("notify", True):
            self.app.write_terminal(notification_sequence(said, os.environ))

    async def _tell(self, view: JobView) -> None:
        from cockpit.job_hook import message, post

        log = self.desk.folder_of(view.row) / "supervisor.log"
        await post(os.environ.get(self._webhook_env, ""), message(view), log)

    async def _show_badge(self) -> None:
        """Have the header of every pane say how many jobs run, and how busy the day was."""
        if monotonic() - self._busy[0] > BUSY_EVERY_S or self.live != self.app.badge[0]:
            self._busy = (monotonic(), await asyncio.to_thread(self._busy_words))
        badge = (self.live, self._busy[1])
        if badge == self.app.badge:
            return
        self.app.badge = badge
        panes = [(pane.number, pane.title) for pane in self.app.panes]
        for pane in self.app.open_panes():
            bar = pane.query_one_optional("#top-bar", TopBar)
            if bar is not None:
                bar.show(top_parts(self.app.project, panes, pane.pane_title, badge))

    def remind(self) -> None:
        """The project's phase is another: work out anew what the header says."""
        self._busy = (-BUSY_EVERY_S, "")
        self.look_soon()

    def _busy_words(self) -> str:
        from cockpit.log_pace import reminder

        db, now = self.desk.store.read(), self.desk.clock()
        busy = header_words(busy_since(db, now)) if jobs.backends_used(db) else ""
        said = reminder(db, self.app.project, now, self._versions)
        return "   ".join(part for part in (said, busy) if part)

    async def _everything(self) -> list[JobView]:
        project = await asyncio.to_thread(self._project)
        return [] if project is None else await self.desk.listed(project, limit=MOST)

    async def _what_may_have_changed(self) -> list[JobView]:
        """Only what has not ended for good is asked about again; new ones come in front."""
        project = await asyncio.to_thread(self._project)
        if project is None:
            return []
        fixed = {view.row.id: view for view in self.views if settled(view)}
        rows = await asyncio.to_thread(lambda: jobs.changed_jobs(self.desk.store.read(), project, fixed, limit=MOST))
        if not rows:
            return self.views if len(fixed) == len(self.views) else list(fixed.values())
        seen = await self.desk.looked(rows)
        return sorted([*fixed.values(), *seen], key=lambda view: -view.row.id)[:MOST]

    def _project(self) -> int | None:
        return projects.find_project(self.desk.store.read(), self.app.project)


def _is_news(before: State, view: JobView) -> bool:
    ended = view.state in ENDED and view.state != "killed by you"
    return ended or (view.state in ("quiet", "orphaned") and before != view.state)


def settled(view: JobView) -> bool:
    """Nothing that is shown of it will change by itself."""
    read_out = view.known.read_out or view.standing.started is None
    return view.state in CERTAIN and not view.standing.remains and read_out
