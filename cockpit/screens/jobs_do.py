"""What a person does with jobs in the Jobs pane: end, pause, run again, reorder. The work is `job_control`'s."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from cockpit import job_control
from cockpit.core.errors import CockpitError, JobError
from cockpit.core.jobs import ENDED, LIVE
from cockpit.screens import jobs_words as words
from cockpit.screens.dialogs import Ask, Confirm
from cockpit.screens.pick import Choice, Pick

if TYPE_CHECKING:
    from cockpit.job_runner import JobDesk
    from cockpit.job_views import JobView
    from cockpit.screens.jobs import JobsScreen

NAMED = 6


class Doing:
    """Commands that change jobs."""

    def __init__(self, screen: JobsScreen) -> None:
        self.screen = screen

    @property
    def desk(self) -> JobDesk:
        """The jobs."""
        return self.screen.job_watch.desk

    async def kill(self) -> None:
        """End the chosen jobs; asked again, those that were asked before end at once."""
        chosen = [view for view in self.screen.listing.chosen if view.state not in ENDED]
        if not chosen:
            self.screen.say("Nothing to end: it has ended already")
            return
        again = [view for view in chosen if view.standing.kill_asked is not None]
        lost = [view for view in chosen if view.state == "unreachable"]
        if not await self.screen.app.push_screen_wait(self._ask_end(chosen, again, lost)):
            return

        async def end(view: JobView) -> None:
            await job_control.kill(self.desk, view.row.id, grace_s=0.0 if view in again else None, give_up=view in lost)

        await self._each(chosen, end, "asked to end")

    def _ask_end(self, chosen: Sequence[JobView], again: Sequence[JobView], lost: Sequence[JobView]) -> Confirm:
        lines = [f"{view.row.id}  {view.row.name}  ({words.state_words(view)})" for view in chosen[:NAMED]]
        lines += [f"… and {len(chosen) - NAMED} more"] if len(chosen) > NAMED else []
        waiting = sum(view.waits for view in chosen)
        if waiting:
            lines.append(f"\n{waiting} wait and are taken out of the queue.")
        if len(again) < len(chosen) - waiting - len(lost):
            lines.append("\nThe job and all that it started get SIGTERM, and after their grace time SIGKILL.")
        if again:
            lines.append(f"\n{len(again)} were asked before: these get SIGKILL now.")
        if lost:
            lines.append(f"\n{len(lost)} cannot be reached: they are given up and count as lost.")
        return Confirm(f"End {len(chosen)} job{'s' * (len(chosen) > 1)}?", "\n".join(lines), yes="end", no="leave")

    async def pause(self) -> None:
        """Stop the chosen jobs, or let them go on; in the queue it is the queue that pauses."""
        live = [view for view in self.screen.listing.chosen if view.state in LIVE]
        if not live:
            self.screen.say("Only what runs can be paused; Q pauses a queue")
            return
        paused = any(view.state != "paused" for view in live)

        async def hold(view: JobView) -> None:
            await job_control.hold(self.desk, view.row.id, paused=paused)

        await self._each(live, hold, "paused" if paused else "going on")

    async def restart(self) -> None:
        """Run the chosen jobs again at once."""
        chosen = self.screen.listing.chosen
        running = [view for view in chosen if view.state in LIVE]
        if running:
            said = f"{len(running)} still run{'s' * (len(running) == 1)} and will be ended first."
            if not await self.screen.app.push_screen_wait(Confirm("Restart?", said, yes="restart", no="leave")):
                return

        async def again(view: JobView) -> None:
            await job_control.restart(self.desk, view.row.id)

        await self._each(chosen, again, "started again")

    async def requeue(self) -> None:
        """Put the chosen jobs at the end of the queue."""

        async def again(view: JobView) -> None:
            await job_control.requeue(self.desk, view.row.id)

        await self._each(self.screen.listing.chosen, again, "put into the queue")

    async def earlier(self) -> None:
        """One place earlier."""
        await self._move(-1)

    async def later(self) -> None:
        """One place later."""
        await self._move(1)

    async def _move(self, by: int) -> None:
        view = self.screen.listing.current
        if view is None:
            return
        if not view.waits:
            self.screen.say("Only what waits has a place in the queue")
            return
        waiting = sorted((v for v in self.screen.job_watch.views if v.waits), key=lambda v: v.row.place)
        at = waiting.index(view) + by
        if 0 <= at < len(waiting):
            await self._each([view], lambda one: job_control.move(self.desk, one.row.id, str(at + 1)), "moved")

    async def queues(self) -> None:
        """Choose a queue and set it."""
        found = await job_control.queues(self.desk)
        choices = [
            Choice(
                one["queue"],
                one["queue"],
                f"{one['slots']} at once, {one['running']} running, {one['waiting']} waiting"
                + (", paused" if one["paused"] else ""),
            )
            for one in found
        ]
        gpus = f"{found[0]['gpus_free']} of {found[0]['gpus']} GPUs are free." if found else ""
        name = await self.screen.app.push_screen_wait(Pick("Queues", choices, hint=gpus))
        if name is None:
            return
        now = next(one for one in found if one["queue"] == name)
        value = await self.screen.app.push_screen_wait(
            Ask(
                f"Queue {name}",
                prompt="How many jobs at once; 'pause' holds those that wait, 'go' lets them start. 'gpus 0,1' says "
                "which GPUs of this machine jobs may take, 'gpus all' takes that back.",
                value=str(now["slots"]),
                check=_queue_problem,
            )
        )
        if value is None:
            return
        word = value.strip().lower()
        if word.startswith("gpus"):
            ids = tuple(part for part in word.removeprefix("gpus").replace(",", " ").split())
            await job_control.set_gpus(self.desk, None if ids == ("all",) else ids)
            self.screen.say(
                "Jobs may take every GPU" if ids == ("all",) else f"Jobs may take GPU {', '.join(ids) or 'none'}"
            )
            return
        slots, paused = (int(word), None) if word.isdecimal() else (None, word == "pause")
        limit = await job_control.set_queue(self.desk, name, slots=slots, paused=paused)
        held = ", paused" if limit.paused else ""
        self.screen.say(f"Queue {name}: {limit.slots} at once{held}")
        self.screen.job_watch.look_soon()

    def yank(self) -> None:
        """Copy the command."""
        view = self.screen.listing.current
        if view is not None:
            self.screen.cockpit.copy_text(words.command_words(view), f"Command of job {view.row.id}")

    async def _each(self, views: Sequence[JobView], work: Callable[[JobView], Awaitable[object]], done: str) -> None:
        """Do it to each; what failed is said, and does not hold up the rest."""
        failed: list[CockpitError] = []
        for view in views:
            try:
                await work(view)
            except JobError as error:
                failed.append(error)
        well = len(views) - len(failed)
        if well:
            names = ", ".join(str(view.row.id) for view in views[:NAMED]) if well == len(views) else f"{well} jobs"
            self.screen.say(f"{names}: {done}")
        for trouble in failed[:3]:
            self.screen.notify_plain(trouble.sentence(), severity="warning", timeout=8)
        self.screen.listing.rows.clear_marks()
        self.screen.job_watch.look_soon()


def _queue_problem(text: str) -> str:
    word = text.strip().lower()
    if word in ("pause", "go") or word.startswith("gpus ") or (word.isdecimal() and 1 <= int(word) <= 10_000):
        return ""
    return "A number from 1, pause, go, gpus 0,1 or gpus all."
