"""Runs in flight: sending, cancelling, retrying, topping up, and what of it the wall shows. Nothing is drawn here."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.commands import by_id
from cockpit.core.errors import CockpitError
from cockpit.core.keys import SampleKey
from cockpit.screens import play_status as words
from cockpit.screens.play_session import first_keys, runner_draft
from widgets.sample_wall import SampleWall
from widgets.top_bar import TopBar

if TYPE_CHECKING:
    from cockpit.core.draft import PlayDraft
    from cockpit.core.live import LiveRun, LiveSample
    from cockpit.core.runs import Plan
    from cockpit.screens.play import PlayScreen
    from cockpit.screens.play_model import WallFold

MORE = 8
COUNTDOWN_S = 0.1
STATUS_S = 0.2


class Flights:
    """Every run this pane has in the air, and the one on its wall."""

    def __init__(self, screen: PlayScreen) -> None:
        self.screen = screen
        self.fold: WallFold | None = None
        self.resting: tuple[str, list[str]] | None = None
        """What the wall says of the last session's run instead of showing it."""
        self.flying: dict[int, LiveRun] = {}
        self._launching = False
        self._counted = 0.0
        self._stated = 0.0

    # What a person does

    async def send(self, *, fresh: bool = False) -> None:
        """Store the plan, then send it."""
        from cockpit import runner
        from cockpit.screens.expecting import ask, tie

        if self._launching or not await self._may_send():
            return
        self._launching = True
        screen = self.screen
        try:
            if screen.cockpit.get_setting("ask_first", False) and not await ask(screen.cockpit, "this run"):
                return
            await self._name_prompt()
            written, draft = screen.writing.draft, runner_draft(screen, fresh=fresh)
            chosen = await screen.shots.chosen(draft)
            if chosen is None:
                plan, live = await runner.launch(screen.services, draft)
            else:
                plan, live = await runner.launch(screen.services, chosen.draft, chosen.keep)
            self._note_version(plan, written)
            screen.shots.warn(chosen)
        except CockpitError as error:
            screen.cockpit.report(error)
            return
        finally:
            self._launching = False
        self.show(live)
        await tie(screen.cockpit, "run", live.run_id)
        await self._fly(plan, live)

    async def predict(self) -> None:
        """Say what is expected of the next run."""
        from cockpit.screens.expecting import ask

        await ask(self.screen.cockpit)

    async def fresh(self) -> None:
        """Send without the cache."""
        await self.send(fresh=True)

    async def _may_send(self) -> bool:
        writing = self.screen.writing
        await writing.show_variables()
        problems = writing.draft.problems()
        if not problems:
            return True
        writing.settle()
        self.screen.notify_plain(f"Not sent: {problems[0]}.", severity="warning")
        if writing.draft.unfilled():
            self.screen.editing.variable()
        return False

    async def more(self) -> None:
        """Ask for eight more of each."""
        from cockpit import runner

        if self.fold is None:
            await self.send()
            return
        services, run_id = self.screen.services, self.fold.live.run_id
        if run_id in self.flying:
            self.screen.notify_plain("This run is still under way; ask for more when it has ended.")
            return
        plan, live, done = await runner.top_up(services, run_id, MORE)
        self.show(live)
        await self._fly(plan, live, done)

    async def retry(self) -> None:
        """Send again what failed or was cancelled."""
        if self.fold is None:
            return
        if self.fold.live.run_id in self.flying:
            self.screen.notify_plain("This run is still under way; failures can be sent again when it has ended.")
            return
        if not self.fold.live.failed and self.fold.live.done == self.fold.live.total:
            self.screen.notify_plain("Nothing failed: every sample of this run is there.")
            return
        await self.resume_run(self.fold.live.run_id)

    async def resume(self) -> None:
        """Send what the newest unfinished run still misses."""
        rows = [row for row in await self.screen.archive.unfinished() if row.id not in self.flying]
        if not rows:
            self.screen.notify_plain("No run is unfinished.")
            return
        await self.resume_run(rows[0].id)

    async def resume_run(self, run_id: int) -> None:
        """Send what a run still misses, up to the cap of the params where that is higher than the run's own."""
        from cockpit import runner

        await self._raise_cap(run_id)
        plan, live, done = await runner.resume(self.screen.services, run_id)
        self.show(live)
        await self._fly(plan, live, done)

    async def _raise_cap(self, run_id: int) -> None:
        from cockpit.store import runs

        screen = self.screen
        wanted, cap = screen.writing.draft.cap_usd, runs.load_plan(screen.services.store.read(), run_id).cap_usd
        if cap is not None and wanted is not None and wanted > cap:
            await screen.services.store.write(lambda db: runs.set_cap(db, run_id, wanted))
            screen.notify_plain(f"Run {run_id} may now spend ${wanted:g}; its cap was ${cap:g}.")

    def cancel_one(self) -> None:
        """Cancel the sample under the cursor."""
        live, key = self.current_run(), self.screen.wall.current
        if live is not None and isinstance(key, SampleKey) and live.samples[key].state != "done":
            live.cancel_sample(key)
            return
        self.screen.notify_plain("That sample is not under way. ctrl+c cancels everything that is.")

    def cancel_all(self) -> None:
        """Cancel everything in flight."""
        if not self.flying:
            self.screen.notify_plain("Nothing is running. ctrl+q quits.")
        for live in self.flying.values():
            live.cancel()

    # A flight

    async def _name_prompt(self) -> None:
        from cockpit.store import projects, prompts

        screen = self.screen
        if screen.writing.draft.prompt_id is not None:
            return
        project, name = screen.cockpit.project, screen.writing.name
        made = await screen.services.store.write(
            lambda db: prompts.ensure_prompt(db, projects.ensure_project(db, project), name)
        )
        screen.writing.draft = replace(screen.writing.draft, prompt_id=made)

    def _note_version(self, plan: Plan, written: PlayDraft) -> None:
        from cockpit.store import prompts

        writing = self.screen.writing
        row = prompts.get_version(self.screen.services.store.read(), plan.version_id)
        writing.draft = replace(writing.draft, saved_digest=written.digest(), saved_number=row.number)
        writing.settle()
        writing.remember_soon()

    async def _fly(self, plan: Plan, live: LiveRun, done: Collection[SampleKey] = ()) -> None:
        from cockpit import runner
        from cockpit.core.sampling import Finished

        screen, began = self.screen, time.monotonic()
        sent = cached = 0
        self.flying[live.run_id] = live
        screen.start_flush()
        screen.refresh_bindings()
        try:
            async with aclosing(runner.fly(screen.services, plan, live, done=done)) as events:  # type: ignore[type-var]
                async for event in events:
                    if isinstance(event, Finished):
                        sent += 1
                        cached += event.sample.cached
        finally:
            self.flying.pop(live.run_id, None)
            if screen.is_running:
                self._landed()
        self._say_end(live, cached, sent, time.monotonic() - began)
        await screen.archive.refresh(live)
        if live.done == live.total:
            from cockpit.screens.expecting import tell

            await tell(screen.cockpit, [("run", live.run_id)])

    def _landed(self) -> None:
        if not self.flying:
            self.screen.stop_flush()
        self.show_fold()
        self.screen.refresh_bindings()

    def _say_end(self, live: LiveRun, cached: int, sent: int, seconds: float) -> None:
        from cockpit.screens.play_model import ending_words

        keymap = self.screen.cockpit.keymap
        keys = {name: keymap.shown(by_id(f"play.{name}")) for name in ("params", "resume", "retry", "more", "fresh")}
        said = ending_words(live, cached, sent, keys)
        if said:
            self.screen.notify_plain(said, severity="warning" if live.failed or live.capped else "information")
        counts = f"{live.done - live.failed} of {live.total} samples"
        self.screen.cockpit.run_ended(f"cockpit: run {live.run_id} ended, {counts}", seconds)

    # The wall

    def current_run(self) -> LiveRun | None:
        """The run on the wall."""
        return self.fold.live if self.fold is not None else None

    def current_sample(self) -> LiveSample | None:
        """The sample under the cursor."""
        key = self.screen.wall.current
        live = self.current_run()
        return live.samples.get(key) if live is not None and isinstance(key, SampleKey) else None

    def sample_id(self, key: SampleKey) -> int | None:
        """The database's id of a sample of the run on the wall; None until it is stored."""
        live = self.current_run()
        if live is None:
            return None
        sample = live.samples[key].sample
        return live.ids.get(key) or (sample.id if sample is not None else None)

    def show(self, live: LiveRun) -> None:
        """Put a run on the wall."""
        from cockpit.screens.play_model import WallFold

        self.fold = WallFold(live)
        self.show_fold()

    def show_fold(self) -> None:
        """Draw the run on the wall afresh."""
        fold = self.fold
        if fold is None:
            return
        fold.live.take_dirty()
        self.screen.wall.show(fold.columns(time.monotonic()))
        self.show_where()

    def flush(self) -> None:
        """Draw what changed since the last time, at most 30 times a second while something flies."""
        fold, now = self.fold, time.monotonic()
        if fold is None:
            return
        dirty = fold.live.take_dirty()
        if now - self._counted >= COUNTDOWN_S:
            self._counted = now
            dirty.update(fold.waiting())
        if not dirty:
            return
        changes = fold.changes(dirty, now)
        if changes is None:
            self.screen.wall.show(fold.columns(now))
            return
        stated = now - self._stated >= STATUS_S
        statuses = fold.statuses(range(len(fold.live.plan.targets)), now) if stated else {}
        self._stated = now if stated else self._stated
        for target in changes.keys() | statuses.keys():
            self.screen.wall.update_cells(target, changes.get(target, {}), statuses.get(target))

    def show_empty(self) -> None:
        """While there is no run: say on the wall what to do."""
        if self.fold is not None:
            return
        draft, keymap = self.screen.writing.draft, self.screen.cockpit.keymap
        title, lines = self.resting or words.empty_words(draft, **first_keys(keymap))
        self.screen.query_one("#wall", SampleWall).set_empty(title, *lines)

    def show_where(self) -> None:
        """Which run, and which of its inputs, is on the wall."""
        fold, screen = self.fold, self.screen
        idea, low = screen.ideas.current, screen.has_class("-low")
        # The bar drops its first parts where there is no room for all.
        parts = [(f"run {fold.live.run_id}   ", "quiet")] if fold is not None else []
        if idea is not None or not low:
            parts += words.idea_parts(idea.title if idea is not None else "")
        if fold is not None and fold.inputs > 1:
            parts.append((f"   [ ] input {fold.input + 1}/{fold.inputs}", "plain"))
        # A low terminal has no ladder line.
        screen.query_one("#status", TopBar).show(right=parts if low else [])
        screen.query_one("#ladder", TopBar).show(right=parts)
