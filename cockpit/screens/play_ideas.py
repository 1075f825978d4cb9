"""The idea that sends count for: picking it, making it, remembering it. What its rungs mean is the core's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cockpit.screens.words import plural

if TYPE_CHECKING:
    from cockpit.screens.play import PlayScreen
    from cockpit.services import Services

NONE, NEW = "none", "new"


@dataclass(frozen=True, slots=True)
class Idea:
    """A claim under test, as the store knows it."""

    id: int
    title: str


class Ideas:
    """The current idea of the pane; None counts for the whole project."""

    def __init__(self, screen: PlayScreen) -> None:
        self.screen = screen
        self.current: Idea | None = None

    async def choose(self) -> None:
        """Pick an idea, make one, or work on none."""
        from cockpit.screens.dialogs import Choice, Pick
        from cockpit.screens.play_status import gain_details
        from cockpit.store import projects

        screen = self.screen
        db = screen.services.store.read()
        project_id = projects.find_project(db, screen.cockpit.project)
        rows = projects.list_ideas(db, project_id) if project_id is not None else []
        known = await asyncio.to_thread(_gains, screen.services, project_id)
        choices = [
            Choice(NONE, "no idea: whole project", "the ladder counts every run"),
            *(Choice(str(row.id), row.title, f"{plural(row.runs, 'run')}{known.get(row.id, '')}") for row in rows),
            Choice(NEW, "a new idea …", "name a claim to test"),
        ]
        here = str(self.current.id) if self.current is not None else NEW if not rows else NONE
        hint = "An idea is a claim under test. What you send next counts on its ladder."
        gains = [gain_details(rung.name, rung.gain) for rung in screen.archive.totals.rungs if rung.gain is not None]
        hint = "\n".join([hint, *gains])
        chosen = await screen.cockpit.push_screen_wait(Pick("Idea", choices, selected=here, hint=hint))
        if chosen == NEW:
            await self._make()
        elif chosen is not None:
            found = next((row for row in rows if str(row.id) == chosen), None)
            await self._take(Idea(found.id, found.title) if found is not None else None)

    async def _make(self) -> None:
        from cockpit.screens.dialogs import Ask
        from cockpit.store import projects

        screen, project = self.screen, self.screen.cockpit.project
        asked = Ask(
            "New idea", prompt="The claim, in a sentence.", placeholder="examples with reasons cut false refusals"
        )
        title = (await screen.cockpit.push_screen_wait(asked) or "").strip()
        if title:
            idea_id = await screen.services.store.write(
                lambda db: projects.ensure_idea(db, projects.ensure_project(db, project), title)
            )
            await self._take(Idea(idea_id, title))

    async def _take(self, idea: Idea | None) -> None:
        self.current = idea
        self.screen.writing.remember_soon()
        await self.screen.archive.count()

    def to_json(self) -> dict[str, Any] | None:
        """What to remember of it."""
        return {"id": self.current.id, "title": self.current.title} if self.current is not None else None

    def restore(self, data: object) -> None:
        """Take up what `to_json` returned; anything else is no idea."""
        if isinstance(data, Mapping) and isinstance(data.get("id"), int) and isinstance(data.get("title"), str):
            self.current = Idea(data["id"], data["title"])


def _gains(services: Services, project_id: int | None) -> dict[int, str]:
    """Idea → what its curves say of examples, shortly."""
    from cockpit.screens.play_status import gain_words
    from cockpit.store import shot_curves

    db = services.store.read()
    curves = shot_curves.curve_runs(db, project_id) if project_id is not None else []
    found = {}
    for idea in dict.fromkeys(one.idea_id for one in curves if one.idea_id is not None):
        gains = shot_curves.gains(db, (one for one in curves if one.idea_id == idea))
        found[idea] = "".join(f" · {gain_words(gain)} n={gain.effect.n}" for gain in gains.values())
    return found
