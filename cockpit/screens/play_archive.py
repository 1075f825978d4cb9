"""What the Play pane reads back from the store, off the event loop. Writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.core.draft import PlayDraft
from cockpit.core.errors import CockpitError
from cockpit.core.estimate import learn
from cockpit.core.live import LiveRun
from cockpit.core.samples import SampleKey
from cockpit.screens.play_status import Totals
from cockpit.screens.words import plural

if TYPE_CHECKING:
    from cockpit.screens.play import PlayScreen
    from cockpit.services import Services
    from cockpit.store.runs import RunRow

FLAGGED = 400
"""Samples of a reopened run whose marks are looked up, one indexed read each."""
RUNS = 100_000


class Archive:
    """The pane's reads, each in a thread of its own."""

    def __init__(self, screen: PlayScreen) -> None:
        self.screen = screen
        self.totals = Totals()

    async def refresh(self, live: LiveRun | None = None) -> None:
        """Bring the totals up to date, and learn from a run that ended how many tokens its prompt takes."""
        screen = self.screen
        self.totals = await asyncio.to_thread(_totals, screen.services, screen.cockpit.project)
        if live is not None and live.plan.version == screen.writing.draft.version():
            finished = [one.sample for one in live.samples.values() if one.sample is not None]
            screen.writing.past = learn(finished)
            screen.writing.settle()
        screen.show_totals()

    async def unfinished(self) -> list[RunRow]:
        """Runs of this project that miss samples and that no other process sends, newest first."""
        rows = await asyncio.to_thread(_unfinished, self.screen.services, self.screen.cockpit.project)
        return [row for row in rows if row.done < row.total]

    async def offer_resume(self) -> None:
        """Say so, once, where the last session left runs unfinished."""
        rows = [row for row in await self.unfinished() if row.done + row.failed < row.total]
        if rows:
            row = rows[0]
            missing = row.total - row.done - row.failed
            more = f" and {plural(len(rows) - 1, 'more run')}" if len(rows) > 1 else ""
            said = (
                f"Run {row.id} misses {missing} of {row.total} samples{more}. esc U sends only those; esc H lists runs."
            )
            self.screen.notify_plain(said, title="Unfinished", timeout=12)

    async def open_run(self, run_id: int) -> None:
        """Show an earlier run on the wall, as the store has it."""
        from cockpit import runner

        screen = self.screen
        _, live, _ = await runner.resume(screen.services, run_id, retry_failed=False)
        live.finished = True
        screen.flights.show(live)
        if live.total <= FLAGGED and screen.flights.fold is not None:
            screen.flights.fold.flags = await asyncio.to_thread(_flags, screen.services, dict(live.ids))
            screen.flights.show_fold()

    async def restore_inputs(self, draft: PlayDraft) -> PlayDraft:
        """The draft with the rows of its inputs file, or without the file where it cannot be read any more."""
        if not draft.inputs_path:
            return draft
        from cockpit.core.inputs import read_inputs

        try:
            rows = await asyncio.to_thread(read_inputs, Path(draft.inputs_path))
        except CockpitError as error:
            self.screen.cockpit.report(error, title="Inputs")
            return replace(draft, inputs_path="")
        return replace(draft, inputs=rows)


def _totals(services: Services, project: str) -> Totals:
    from cockpit.store import projects, runs

    db = services.store.read()
    project_id = projects.find_project(db, project)
    rows = runs.list_runs(db, project_id, RUNS) if project_id is not None else []
    known = [row.cost_usd for row in rows if row.cost_usd is not None]
    return Totals(
        samples=sum(row.done for row in rows),
        usd=sum(known) if known else None,
        unpriced=sum(row.cost_unknown for row in rows),
    )


def _unfinished(services: Services, project: str) -> list[RunRow]:
    from cockpit.store import projects, runs
    from cockpit.store.sending import sent_now

    db = services.store.read()
    project_id = projects.find_project(db, project)
    if project_id is None:
        return []
    sent = sent_now(services.store.path)
    return [row for row in runs.unfinished_runs(db, project_id) if row.id not in sent]


def _flags(services: Services, ids: Mapping[SampleKey, int]) -> dict[SampleKey, str]:
    from cockpit.store import samples

    db = services.store.read()
    found = {}
    for key, sample_id in ids.items():
        row = samples.get_sample(db, sample_id)
        found[key] = flags(gold=row.verdict == "gold", tagged=bool(row.tags), noted=bool(row.note))
    return found


def flags(*, gold: bool, tagged: bool, noted: bool) -> str:
    """A sample's marks as shown in its cell."""
    return ("★" if gold else "") + ("#" if tagged else "") + ("✎" if noted else "")
