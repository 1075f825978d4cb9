"""Making a run or a job of a proposed step: what it follows from is put in Play or in the job form, to be sent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cockpit.core.draft import PlayDraft
from cockpit.core.errors import CockpitError
from cockpit.expecting import take_up
from cockpit.screens.dialogs import Confirm
from cockpit.store import projects, prompts, runs
from cockpit.store.steps import Step, about_target

if TYPE_CHECKING:
    from cockpit.screens.base import PaneScreen
    from cockpit.screens.play import PlayScreen
    from cockpit.services import Services

AIM, BEST_OF = 300, 8


async def as_run(screen: PaneScreen[Any], step: Step) -> None:
    """Put the step's prompt in Play with what it changes; what is sent there next carries it out."""
    from cockpit.screens.play import PlayScreen
    from cockpit.screens.play_ideas import Idea

    app, services, place = screen.cockpit, screen.services, about_target(step)
    await app.switch_mode("play")
    app.put_setting("pane", "play")
    play = app.screen
    if not isinstance(play, PlayScreen):
        return
    said = f"Step {step.id}: {step.new.title}."
    if place is not None and place[0] == "run":
        if not await _may_replace(play, place[1]):
            return
        try:
            draft = await asyncio.to_thread(_draft, services, place[1], play.writing.draft)
        except CockpitError as error:
            app.report(error)
            return
        await play.writing.load(changed(draft, step.new.rule))
        said += f" Run {place[1]}'s prompt is here{_words(step.new.rule, draft)}."
    if step.new.idea:
        project = app.project
        idea = await services.store.write(
            lambda db: projects.ensure_idea(db, projects.ensure_project(db, project), step.new.idea)
        )
        play.ideas.current = Idea(idea, step.new.idea)
        await play.archive.count()
    await _take_up(screen, step)
    app.notify(f"{said} What you send next carries it out.", markup=False, timeout=8)


async def _may_replace(play: PlayScreen, run_id: int) -> bool:
    """Whether what is being written and was never sent may give way."""
    written = play.writing.draft
    if not (written.changed and any(turn.content.strip() for turn in written.turns)):
        return True
    said = f"The prompt being written was never sent. Put run {run_id}'s in its place?"
    answer = await play.cockpit.push_screen_wait(Confirm("Replace the prompt?", said, yes="replace", no="keep"))
    return bool(answer)


async def as_job(screen: PaneScreen[Any], step: Step) -> None:
    """Open the job form, like the job that the step follows from; what is submitted there carries it out."""
    from cockpit.screens.job_new import open_new

    place = about_target(step)
    await _take_up(screen, step)
    await open_new(screen, like=place[1] if place is not None and place[0] == "job" else None)


async def _take_up(screen: PaneScreen[Any], step: Step) -> None:
    project = screen.cockpit.project
    await screen.services.store.write(lambda db: take_up(db, project, step.id))


def changed(draft: PlayDraft, rule: str) -> PlayDraft:
    """The draft with what a rule asks for; a person changes the rest."""
    if rule == "wide":
        return replace(draft, n=max(-(-AIM // max(len(draft.rows()), 1)), draft.n))
    if rule == "answers-differ":
        return replace(draft, n=BEST_OF)
    if rule == "cut" and draft.params.max_tokens:
        return replace(draft, params=replace(draft.params, max_tokens=2 * draft.params.max_tokens))
    return draft


def _words(rule: str, before: PlayDraft) -> str:
    after = changed(before, rule)
    if after.n != before.n:
        return f", with n = {after.n}"
    if after.params != before.params:
        return f", with max tokens {after.params.max_tokens}"
    return ", with its stop strings (esc . checks them)" if rule == "stop-never-hit" else ""


def _draft(services: Services, run_id: int, here: PlayDraft) -> PlayDraft:
    """What a run sent, as a draft that can be sent again.

    Raises:
        StoreError: there is no such run.
    """
    db = services.store.read()
    plan, row = runs.load_plan(db, run_id), runs.get_run(db, run_id)
    version = prompts.get_version(db, row.version_id)
    rows = [{name: value for name, value in one.items() if name != "row_examples"} for one in plan.inputs]
    draft = replace(here, prompt_id=version.prompt_id, shots=None, sweep={}, inputs_path="", inputs=())
    draft = draft.with_version(version.version, number=version.number, saved=True)
    several = {"inputs": tuple(rows)} if len(rows) > 1 else {"values": rows[0]}
    models = tuple(dict.fromkeys(target.name for target in plan.targets))
    more: dict[str, Any] = {**several, "models": models, "n": plan.n, "params": runs.load_params(db, run_id)}
    return replace(draft, **more)
