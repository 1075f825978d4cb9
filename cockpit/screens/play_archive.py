"""What the Play pane reads back from the store, off the event loop. Writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.commands import by_id
from cockpit.core.draft import PlayDraft
from cockpit.core.errors import CockpitError, StoreError
from cockpit.screens import play_status as words
from cockpit.screens.base import keymap_of
from cockpit.screens.play_status import Totals
from cockpit.screens.words import plural

if TYPE_CHECKING:
    from cockpit.core.keys import SampleKey
    from cockpit.core.live import LiveRun
    from cockpit.core.prompts import Version
    from cockpit.screens.play import PlayScreen
    from cockpit.services import Services
    from cockpit.store.runs import RunRow

LARGE = 2_000
"""Samples of a run that is not put on the wall unasked."""
FLAGGED = 400
"""Samples of a reopened run whose marks are looked up, one indexed read each."""


class Archive:
    """The pane's reads, each in a thread of its own."""

    def __init__(self, screen: PlayScreen) -> None:
        self.screen = screen
        self.totals = Totals()
        self._versions: dict[int, Version] = {}

    async def refresh(self, live: LiveRun | None = None) -> None:
        """Bring the totals up to date, and learn from a run that ended how many tokens its prompt takes."""
        screen = self.screen
        await self.count()
        if live is not None and live.plan.version == screen.shots.sent_version():
            from cockpit.core.estimate import learn

            finished = [one.sample for one in live.samples.values() if one.sample is not None]
            screen.writing.past = learn(finished)
            screen.writing.settle()

    async def count(self) -> None:
        """Bring totals and ladder up to date, and show them."""
        screen, idea = self.screen, self.screen.ideas.current
        idea_id = idea.id if idea is not None else None
        self.totals = await asyncio.to_thread(_totals, screen.services, screen.cockpit.project, idea_id, self._versions)
        screen.show_totals()

    async def unfinished(self) -> list[RunRow]:
        """Runs of this project that miss samples and that no other process sends, newest first."""
        rows = await asyncio.to_thread(_unfinished, self.screen.services, self.screen.cockpit.project)
        return [row for row in rows if row.missing]

    async def offer_resume(self) -> None:
        """Say so, once, where the last session left runs unfinished."""
        rows = await self.unfinished()
        if rows:
            row = rows[0]
            more = f" and {plural(len(rows) - 1, 'more run')}" if len(rows) > 1 else ""
            keymap = keymap_of(self.screen.app)
            send, runs = keymap.shown(by_id("play.resume")), keymap.shown(by_id("play.history"))
            misses = f"Run {row.id} misses {row.missing} of {row.total} samples{more}."
            said = f"{misses} esc {send} sends only those; esc {runs} lists runs."
            self.screen.notify_plain(said, title="Unfinished", timeout=12)

    async def reopen(self, run_id: int) -> None:
        """Show the last session's run again; a large one is only told of, since reading it whole takes a while."""
        screen = self.screen
        row = await asyncio.to_thread(_run_row, screen.services, run_id)
        if row is None:
            return
        if row.total <= LARGE:
            await self.open_run(run_id)
            return
        screen.flights.resting = words.resting_words(row, keymap_of(screen.app).shown(by_id("play.history")))
        screen.flights.show_empty()

    async def open_run(self, run_id: int) -> None:
        """Show an earlier run on the wall, as the store has it."""
        from cockpit import runner

        screen = self.screen
        _, live, _ = await runner.resume(screen.services, run_id, retry_failed=False)
        live.finished = True
        screen.flights.show(live)
        if live.total <= FLAGGED:
            await self.read_flags(live.ids)

    async def read_flags(self, keys: Iterable[SampleKey]) -> None:
        """Show in the cells of the run on the wall what people said of these samples, and of those flagged before."""
        fold = self.screen.flights.fold
        if fold is None:
            return
        wanted = {*keys, *fold.flags} & fold.live.samples.keys()
        ids = {key: one for key in wanted if (one := self.screen.flights.sample_id(key)) is not None}
        fold.flags |= await asyncio.to_thread(_flags, self.screen.services, ids)
        if fold is self.screen.flights.fold:
            self.screen.flights.show_fold()

    async def restore_inputs(self, draft: PlayDraft) -> PlayDraft:
        """The draft with the rows of its inputs, or without them where they cannot be read any more."""
        if not draft.inputs_path:
            return draft
        from cockpit.dataset_inputs import inputs_of

        store, project, path = self.screen.services.store, self.screen.cockpit.project, draft.inputs_path
        try:
            rows = await asyncio.to_thread(inputs_of, store, project, path)
        except CockpitError as error:
            self.screen.cockpit.report(error, title="Inputs")
            return replace(draft, inputs_path="")
        return replace(draft, inputs=rows)


def _totals(services: Services, project: str, idea_id: int | None, known: dict[int, Version]) -> Totals:
    """The project's totals and the idea's rungs; `known` keeps the versions, which never change."""
    from cockpit.core.ladder import climb, work_of
    from cockpit.store import projects, prompts, shot_curves, tally

    db = services.store.read()
    project_id = projects.find_project(db, project)
    rows = tally.project_work(db, project_id) if project_id is not None else []
    talks = {row.version_id for row in rows if row.continued}
    work = []
    for row in rows:
        if idea_id is not None and row.idea_id != idea_id:
            continue
        if row.version_id not in known:
            known[row.version_id] = prompts.get_version(db, row.version_id).version
        work.append(work_of(known[row.version_id], row.samples, continued=row.version_id in talks, runs=row.runs))
    costs = [row.cost_usd for row in rows if row.cost_usd is not None]
    curves = shot_curves.curve_runs(db, project_id, idea_id) if project_id is not None else []
    return Totals(
        samples=sum(row.samples for row in rows),
        usd=sum(costs) if costs else None,
        unpriced=sum(row.cost_unknown for row in rows),
        rungs=climb(work, shot_curves.gains(db, curves)),
    )


def _run_row(services: Services, run_id: int) -> RunRow | None:
    from cockpit.store import runs

    try:
        return runs.get_run(services.store.read(), run_id)
    except StoreError:
        return None


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
        found[key] = flags(row.verdict, tagged=bool(row.tags), noted=bool(row.note))
    return found


def flags(verdict: str | None, *, tagged: bool, noted: bool) -> str:
    """A sample's marks as shown in its cell."""
    as_example = {"gold": "★", "candidate": "○", "rejected": "✗"}.get(verdict or "", "")
    return as_example + ("#" if tagged else "") + ("✎" if noted else "")
