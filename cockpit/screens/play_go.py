"""The screens that Play opens, and what it does with what they return. How they look is theirs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.core.errors import CockpitError
from cockpit.core.keys import SampleKey
from cockpit.screens.play_session import runner_draft

if TYPE_CHECKING:
    from cockpit.screens.play import PlayScreen
    from cockpit.screens.versions import VersionChoice


class Opening:
    """The actions that open another screen and wait for it."""

    def __init__(self, screen: PlayScreen) -> None:
        self.screen = screen

    async def models(self) -> None:
        """Choose the models."""
        from cockpit.screens.models import ModelPicker

        screen = self.screen
        chosen = await screen.cockpit.push_screen_wait(ModelPicker(screen.services, screen.writing.draft.models))
        if chosen:
            screen.writing.draft = replace(screen.writing.draft, models=tuple(chosen))
            screen.writing.settle()
            screen.writing.remember_soon()

    async def idea(self) -> None:
        """Choose what sends count for."""
        await self.screen.ideas.choose()

    async def versions(self) -> None:
        """Look at the prompt's versions, restore one."""
        from cockpit.screens.versions import VersionsScreen

        screen, draft = self.screen, self.screen.writing.draft
        prompt_id = draft.prompt_id or await asyncio.to_thread(self._prompt_on_the_wall)
        if prompt_id is None:
            screen.notify_plain("This prompt has no version yet: sending it saves one. H lists earlier runs.")
            return
        picked = await screen.cockpit.push_screen_wait(VersionsScreen(screen.services, prompt_id, draft.version()))
        await self._take_up(picked)

    def _prompt_on_the_wall(self) -> int | None:
        """The prompt whose run is shown."""
        from cockpit.store import prompts

        live = self.screen.flights.current_run()
        if live is None or not live.plan.version_id:
            return None
        return prompts.get_version(self.screen.services.store.read(), live.plan.version_id).prompt_id

    async def converse(self) -> None:
        """Continue the sample under the cursor as a conversation."""
        key = self.screen.wall.current
        sample_id = self.screen.flights.sample_id(key) if isinstance(key, SampleKey) else None
        if sample_id is None:
            self.screen.notify_plain("Continue works on a finished sample: move to one first (w).")
            return
        await self._converse(sample_id)

    async def _converse(self, sample_id: int) -> None:
        from cockpit.screens.conversation import ConversationScreen

        picked = await self.screen.cockpit.push_screen_wait(ConversationScreen(self.screen.services, sample_id))
        await self._take_up(picked)

    async def _take_up(self, picked: VersionChoice | None) -> None:
        """Put a version in the editor, and send it if that was asked."""
        if picked is None:
            return
        from cockpit.store import prompts

        screen = self.screen
        number, draft = 0, screen.writing.draft
        if picked.version_id is not None:
            row = prompts.get_version(screen.services.store.read(), picked.version_id)
            number = row.number
            draft = replace(draft, prompt_id=draft.prompt_id or row.prompt_id)
        draft = draft.with_version(picked.version, number=number, saved=picked.version_id is not None)
        # A stored version has the examples it was sent with in it: those of a set would come on top.
        await screen.writing.load(replace(draft, parent_sample=picked.parent_sample, shots=None))
        if picked.send:
            await screen.flights.send()

    async def sample(self, key: SampleKey) -> None:
        """One sample, full screen."""
        from cockpit.screens.sample import SampleScreen

        flights = self.screen.flights
        fold = flights.fold
        if fold is None or key not in fold.live.samples:
            return
        column = [live.key for live in fold.samples(key.target)]
        ids = [sample_id for k in column if (sample_id := flights.sample_id(k)) is not None]
        screen = SampleScreen(self.screen.services, flights.sample_id(key), fold.live.samples[key], ids)
        action = await self.screen.cockpit.push_screen_wait(screen)
        if action is not None and action.kind == "continue":
            await self._converse(int(action.data))

    async def compare(self) -> None:
        """Two marked samples, or the one under the cursor and its neighbour in the next column."""
        from cockpit.screens.compare import CompareScreen

        pair = self._pair()
        if pair is None:
            self.screen.notify_plain("Compare needs two finished samples: mark two with space, or use two models.")
            return
        await self.screen.cockpit.push_screen_wait(CompareScreen(self.screen.services, *pair))

    async def earlier(self) -> None:
        """The version before's answer and this one, side by side."""
        from cockpit.screens.compare import CompareScreen
        from cockpit.store.before import sample_before

        screen, key = self.screen, self.screen.wall.current
        sample_id = screen.flights.sample_id(key) if isinstance(key, SampleKey) else None
        if sample_id is None:
            screen.notify_plain("This works on a finished sample: move to one first (w).")
            return
        other = await asyncio.to_thread(lambda: sample_before(screen.services.store.read(), sample_id))
        if other is None:
            screen.notify_plain("No earlier version of this prompt has an answer of this model to this input.")
            return
        await screen.cockpit.push_screen_wait(CompareScreen(screen.services, other, sample_id))

    def _pair(self) -> tuple[int, int] | None:
        flights, wall = self.screen.flights, self.screen.wall
        keys = sorted(key for key in wall.marked if isinstance(key, SampleKey))
        here, live = wall.current, flights.current_run()
        if len(keys) == 1 and isinstance(here, SampleKey) and here != keys[0]:
            keys.append(here)
        if len(keys) < 2 and isinstance(here, SampleKey) and live is not None:
            other = (here.target + 1) % len(live.plan.targets)
            keys = (
                [here, here._replace(target=other)]
                if other != here.target
                else [here, here._replace(index=here.index + 1)]
            )
        ids = [flights.sample_id(key) for key in keys[:2] if live is not None and key in live.samples]
        found = [sample_id for sample_id in ids if sample_id is not None]
        return (found[0], found[1]) if len(found) == 2 else None

    async def history(self) -> None:
        """Open or resume an earlier run."""
        from cockpit.screens.history import HistoryScreen

        screen = self.screen
        choice = await screen.cockpit.push_screen_wait(HistoryScreen(screen.services, screen.cockpit.project))
        if choice is None:
            return
        flying = screen.flights.flying.get(choice.run_id)
        if flying is not None:
            screen.flights.show(flying)
        elif choice.resume:
            await screen.flights.resume_run(choice.run_id)
        else:
            await screen.archive.open_run(choice.run_id)

    async def search(self) -> None:
        """Search everything ever sampled; open the sample that was found."""
        from cockpit.screens.sample import SampleScreen
        from cockpit.screens.search import SearchScreen

        screen = self.screen
        found = await screen.cockpit.push_screen_wait(SearchScreen(screen.services, screen.cockpit.project))
        if found is None:
            return
        action = await screen.cockpit.push_screen_wait(SampleScreen(screen.services, found))
        if action is not None and action.kind == "continue":
            await self._converse(int(action.data))

    async def sweep(self) -> None:
        """Make a column for each combination of some params' values."""
        from cockpit.screens.sweep import SweepScreen

        screen, draft = self.screen, self.screen.writing.draft
        dialog = SweepScreen(draft.params, draft.models, n=draft.n, inputs=len(draft.rows()), sweep=draft.sweep)
        sweep = await screen.cockpit.push_screen_wait(dialog)
        if sweep is not None:
            screen.writing.draft = replace(screen.writing.draft, sweep=dict(sweep))
            screen.writing.settle()

    async def inputs(self) -> None:
        """Run the prompt over the rows of a file, or over none."""
        from cockpit.screens.inputs import InputsScreen

        screen, draft = self.screen, self.screen.writing.draft
        project = screen.cockpit.project
        dialog = InputsScreen(screen.services, draft.inputs_path or None, draft.variables(), project=project)
        choice = await screen.cockpit.push_screen_wait(dialog)
        if choice is not None:
            rows = choice.inputs if choice.path else ()
            await screen.writing.load(
                replace(screen.writing.draft, inputs_path=choice.path, inputs=rows), turn=screen.writing.turn
            )

    async def request(self) -> None:
        """The exact request before it is sent."""
        from cockpit.screens.request import RequestScreen

        screen = self.screen
        problems = screen.writing.draft.problems()
        if problems:
            screen.notify_plain(f"No request yet: {problems[0]}.", severity="warning")
            return
        try:
            draft = runner_draft(screen)
            chosen = await screen.shots.chosen(draft)
            dialog = RequestScreen(screen.services, draft if chosen is None else chosen.draft)
        except CockpitError as error:
            screen.cockpit.report(error)
            return
        await screen.cockpit.push_screen_wait(dialog)

    async def fill(self) -> None:
        """Choose a set and how much of it."""
        await self.screen.shots.fill()

    async def without(self) -> None:
        """Send no set any more."""
        await self.screen.shots.without()

    async def place(self) -> None:
        """Put a place for the examples in the prompt."""
        await self.screen.shots.place()

    async def findings(self) -> None:
        """Everything the checks find, to go to, fix or dismiss."""
        await self.screen.checks.list()

    async def stops(self) -> None:
        """Check the stop strings against the models, and audit the run on the wall."""
        from cockpit.screens.stops import StopsScreen, StopsSubject

        screen, live = self.screen, self.screen.flights.current_run()
        subject = StopsSubject(screen.writing.draft, (live.run_id,) if live is not None else ())
        await screen.cockpit.push_screen_wait(StopsScreen(screen.services, subject))

    async def tokens(self) -> None:
        """The draft in the Tokens pane, whatever that showed last."""
        from cockpit.screens.tokens import TokensScreen

        app = self.screen.cockpit
        await app.switch_mode("tokens")
        app.put_setting("pane", "tokens")
        if isinstance(app.screen, TokensScreen):
            app.screen.go.prompt()

    async def name(self) -> None:
        """Name the prompt; versions are counted within a name."""
        from cockpit.screens.dialogs import Ask

        writing = self.screen.writing
        name = await self.screen.cockpit.push_screen_wait(Ask("Name of the prompt", value=writing.name))
        if name and name.strip() and name.strip() != writing.name:
            writing.name = name.strip()
            writing.draft = replace(writing.draft, prompt_id=None, saved_digest="", saved_number=0)
            writing.settle()
            writing.remember_soon()
