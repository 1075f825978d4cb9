"""The set of examples that Play's draft is sent with: put, taken away, chosen in a thread. Nothing is drawn here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.commands import by_id
from cockpit.core.errors import CockpitError, PlanError
from cockpit.core.ladder import uses_examples
from cockpit.core.wish import Shots, Wish
from cockpit.screens.base import keymap_of
from cockpit.screens.play_session import runner_draft

if TYPE_CHECKING:
    from cockpit import runner
    from cockpit.app import CockpitApp
    from cockpit.choosing import Chosen
    from cockpit.core.draft import PlayDraft
    from cockpit.core.examples import ExampleSet
    from cockpit.core.prompts import Version
    from cockpit.screens.play import PlayScreen
    from cockpit.screens.play_shots_look import Look


async def put_set(app: CockpitApp, name: str, number: int | None, wish: Wish) -> None:
    """Have Play's draft sent with examples of a set, chosen as `wish` says; the app goes nowhere.

    Args:
        number: the set's version; None for the newest.

    Raises:
        StoreError: there is no such set or version.
    """
    from cockpit.screens.play_shots_look import read_set
    from cockpit.screens.tokens_source import write_to, written_in

    found = await asyncio.to_thread(read_set, app.services, app.project, name, number)
    draft = replace(written_in(app).draft, shots=Shots(name, found.number, wish))
    await write_to(app, draft)
    said = f"{name} v{found.number} is in Play now: its examples go with what you send."
    if lacks_place(draft, found):
        key = keymap_of(app).shown(by_id("play.place"))
        said = f"{name} v{found.number} is in Play now, but the prompt has no {{{{examples}}}}: {key} there puts it in."
    app.notify(said, markup=False)


def lacks_place(draft: PlayDraft, of: ExampleSet) -> bool:
    """Whether the set's block has no place in the prompt."""
    return of.template.kind != "turns" and not uses_examples(draft.version())


class PlayShots:
    """The actions on the draft's set, and what it gives the draft as it is."""

    def __init__(self, screen: PlayScreen) -> None:
        self.screen = screen
        self._look: Look | None = None

    @property
    def look(self) -> Look | None:
        """The draft as it is with its examples; None while they are being chosen."""
        found = self._look
        return found if found is not None and found.draft is self.screen.writing.draft else None

    async def look_at(self, draft: PlayDraft, stop: Callable[[], bool]) -> Look | None:
        """A draft with its examples; None once `stop` says that nobody waits any more."""
        from cockpit.screens.play_shots_look import Look, look_at

        if self._look is not None and self._look.draft is draft:
            return self._look
        if draft.shots is None:
            self._look = Look(draft, draft, draft)
            return self._look
        from cockpit.choosing import Stopped

        request = runner_draft(self.screen, draft=draft)
        try:
            self._look = await asyncio.to_thread(look_at, self.screen.services, draft, request, stop)
        except Stopped:
            return None
        return self._look

    def sent_version(self) -> Version | None:
        """What sending the draft as it is would store as its version; None while that is not known."""
        draft = self.screen.writing.draft
        if draft.shots is None:
            return draft.version()
        return self.look.sent.version() if self.look is not None else None

    async def chosen(self, request: runner.Draft) -> Chosen | None:
        """What the draft that is to be sent gets; None where no set is put.

        Raises:
            CockpitError: why it gets nothing.
        """
        from cockpit.screens.play_shots_look import choose_for, read_set

        screen, draft = self.screen, self.screen.writing.draft
        shots = draft.shots
        if shots is None:
            return None
        of = await asyncio.to_thread(read_set, screen.services, screen.cockpit.project, shots.name, shots.number)
        if lacks_place(draft, of):
            key = keymap_of(screen.app).shown(by_id("play.place"))
            raise PlanError(
                f"The prompt has no place for the examples of {shots.name}.",
                hint=f"esc {key} puts {{{{examples}}}} before the last user text.",
            )
        try:
            return await asyncio.to_thread(choose_for, screen.services, request, shots)
        except PlanError as error:
            key = keymap_of(screen.app).shown(by_id("play.fill"))
            raise PlanError(
                error.message, hint=f"esc {key} shows what fits, and changes how many are taken."
            ) from error

    def warn(self, chosen: Chosen | None) -> None:
        """Say what may make a run's result too good."""
        if chosen is None or not chosen.leaks:
            return
        key = keymap_of(self.screen.app).shown(by_id("play.fill"))
        one = chosen.leaks[0]
        more = f" and {len(chosen.leaks) - 1} more" if len(chosen.leaks) > 1 else ""
        self.screen.notify_plain(
            f"Sent with a leak between example {one.a} and input {one.b} ({one.kind}){more}. {key} takes them out.",
            severity="warning",
        )

    # What a person does

    async def fill(self) -> None:
        """Choose a set and how much of it, with a dry run."""
        from cockpit.screens.fill import open_fill

        await open_fill(self.screen)

    async def without(self) -> None:
        """Send no set any more."""
        screen, writing = self.screen, self.screen.writing
        shots = writing.draft.shots
        if shots is None:
            key = keymap_of(screen.app).shown(by_id("play.fill"))
            screen.notify_plain(f"No set of examples is put in. {key} chooses one.")
            return
        await writing.load(replace(writing.draft, shots=None), turn=writing.turn)
        screen.notify_plain(f"{shots.name} v{shots.number} is taken away: its examples are not sent.")

    async def place(self) -> None:
        """Put `{{examples}}` before the last user text."""
        from cockpit.screens.play_shots_look import read_set

        screen, writing = self.screen, self.screen.writing
        shots, separator = writing.draft.shots, ""
        try:
            if shots is not None:
                project = screen.cockpit.project
                of = await asyncio.to_thread(read_set, screen.services, project, shots.name, shots.number)
                separator = of.template.separator
            draft = writing.draft.with_place(separator or "\n\n")
        except CockpitError as error:
            screen.cockpit.report(error)
            return
        if draft is writing.draft:
            screen.notify_plain("The prompt has {{examples}} already.")
            return
        await writing.load(draft)
        screen.notify_plain("{{examples}} stands before the last user text now.")
