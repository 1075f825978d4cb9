"""Predictions before runs, steps that become runs and are closed by them, and what is proposed after a result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.app import CockpitApp
from cockpit.core.calibration import split_claim
from cockpit.core.errors import InputError
from cockpit.core.log_draft import OBSERVED, section
from cockpit.core.params import Params
from cockpit.log_figures import trace_all
from cockpit.screens.job_new import JobNewScreen
from cockpit.screens.log import LogScreen
from cockpit.screens.log_edit import LogEditScreen
from cockpit.screens.log_steps import LogStepsScreen
from cockpit.screens.play import PlayScreen
from cockpit.store.log import list_entries
from cockpit.store.predictions import list_predictions
from cockpit.store.projects import ensure_project
from cockpit.store.steps import NewStep, add_step, get_step, list_steps
from tests.fake_provider import FakeProvider
from tests.screens.play_host import live_of, open_play, screen_of, toasts, until
from widgets.row_list import RowList


@pytest.mark.parametrize(
    ("line", "claim", "p"),
    [("exact above 60 % 70%", "exact above 60 %", 0.7), ("it helps: 0.25", "it helps", 0.25), ("a, .5", "a", 0.5)],
)
def test_a_prediction_is_one_line(line: str, claim: str, p: float) -> None:
    assert split_claim(line) == (claim, p)


@pytest.mark.parametrize("line", ["it helps", "70%", "", "it helps 100", "certain 0.9999", "it is 2 or 3"])
def test_a_line_without_a_claim_or_a_probability_is_told(line: str) -> None:
    with pytest.raises(InputError):
        split_claim(line)


def step(app: CockpitApp, new: NewStep) -> int:
    found = app.services.store.write_now(lambda db: add_step(db, ensure_project(db, app.project), new))
    assert found is not None
    return found


async def test_what_is_expected_of_the_next_run_belongs_to_it(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        await pilot.press("escape", "W")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press(*"both short", "enter")
        assert app.screen.is_modal, "a line without a probability is not taken"
        await pilot.press(*" 80%", "enter")
        await until(pilot, lambda: not app.screen.is_modal)
        await pilot.press("ctrl+j")
        db = app.services.store.read()
        await until(pilot, lambda: list_predictions(db))
        await until(pilot, lambda: not screen_of(app).busy)
        (one,) = list_predictions(db)
        assert (one.claim, one.p, one.kind, one.target) == ("both short", 0.8, "run", live_of(app).run_id)
        await until(pilot, lambda: any("you said 80 %" in said.lower() for said in toasts(app)))
        await pilot.press("escape", "plus")
        await until(pilot, lambda: live_of(app).total == 10 and not screen_of(app).busy)
        assert len(list_predictions(db)) == 1, "more of the same run is no new run"


async def test_asking_before_runs_can_be_turned_on_and_skipped(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        app.put_setting("ask_first", True)
        await until(pilot, lambda: app.get_setting("ask_first"))
        await pilot.press("ctrl+j")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press("enter")
        await until(pilot, lambda: screen_of(app).flights.fold and not screen_of(app).busy)
        assert list_predictions(app.services.store.read()) == []


async def test_a_step_becomes_a_run_with_one_key_and_is_closed_by_it(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        screen = screen_of(app)
        screen.writing.draft = replace(screen.writing.draft, params=Params(max_tokens=7))
        await pilot.press("ctrl+j")
        await until(pilot, lambda: screen.flights.fold and not screen.busy)
        first = live_of(app)
        made = step(app, NewStep("Again, longer", "cut", "Short answers", rule="cut", about=f"run:{first.run_id}"))
        await screen.writing.load(replace(screen.writing.draft, params=Params(), n=1))
        await pilot.press("f7")
        await until(pilot, lambda: isinstance(app.screen, LogScreen))
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, LogStepsScreen) and app.screen.query("#rows"))
        await until(pilot, lambda: app.screen.query_one("#rows", RowList).row(0) is not None)
        await pilot.press("enter")
        await until(
            pilot, lambda: isinstance(app.screen, PlayScreen) and app.get_setting(f"step.{app.project}") == made
        )
        draft = screen.writing.draft
        assert (draft.params.max_tokens, draft.n) == (14, 2)
        assert screen.ideas.current is not None and screen.ideas.current.title == "Short answers"
        await pilot.press("ctrl+j")
        db = app.services.store.read()
        await until(pilot, lambda: get_step(db, made).state == "done")
        assert get_step(db, made).result == f"run:{live_of(app).run_id}"
        assert live_of(app).run_id != first.run_id
        await until(pilot, lambda: any(f"closes step {made}" in said.lower() for said in toasts(app)))


async def test_a_result_is_followed_by_what_the_rules_propose(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, ("openai:fake-tok9",), n=12) as (app, pilot):
        screen = screen_of(app)
        screen.writing.draft = replace(screen.writing.draft, params=Params(stop=("\n\nNever",)))
        await pilot.press("ctrl+j")
        db = app.services.store.read()
        await until(pilot, lambda: any("1 next step proposed" in said.lower() for said in toasts(app)))
        (found,) = list_steps(db)
        assert found.new.why == "stop never hit in 12 of 12"


async def test_a_step_becomes_a_job_form(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        made = step(app, NewStep("Finetune it"))
        await pilot.press("f7", "S")
        await until(pilot, lambda: isinstance(app.screen, LogStepsScreen) and app.screen.query("#rows"))
        await until(pilot, lambda: app.screen.query_one("#rows", RowList).row(0) is not None)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, JobNewScreen))
        assert app.get_setting(f"step.{app.project}") == made


async def test_a_finished_run_becomes_an_entry_with_figures_in_three_keys_beside_the_words(
    tmp_path: Path, fake: FakeProvider
) -> None:
    async with open_play(tmp_path, fake, n=4) as (app, pilot):
        await pilot.press("ctrl+j")
        await until(pilot, lambda: screen_of(app).flights.fold and not screen_of(app).busy)
        keys = ["ctrl+l", "ctrl+g", "ctrl+j"]
        await pilot.press(keys[0])
        await until(pilot, lambda: isinstance(app.screen, LogEditScreen) and app.screen.query("#body"))
        await pilot.press(*"All four say the same.")
        await pilot.press(keys[1], keys[2])
        await until(pilot, lambda: isinstance(app.screen, PlayScreen))
        db = app.services.store.read()
        (entry,) = list_entries(db)
        assert "All four say the same." in section(entry.draft.body, OBSERVED)
        found = trace_all(db, entry.draft.body)
        assert len(found) >= 3
        assert all(one.figure is not None and not one.changed for one in found)
        assert len(keys) <= 4


async def test_a_prompt_that_was_never_sent_gives_way_only_if_asked(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        screen = screen_of(app)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: screen.flights.fold and not screen.busy)
        made = step(app, NewStep("Again", about=f"run:{live_of(app).run_id}"))
        await pilot.press(*" and never sent")
        await until(pilot, lambda: screen.writing.draft.changed)
        written = screen.writing.draft.turns
        await pilot.press("f7")
        await until(pilot, lambda: isinstance(app.screen, LogScreen))
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, LogStepsScreen) and app.screen.query("#rows"))
        await until(pilot, lambda: app.screen.query_one("#rows", RowList).row(0) is not None)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press("n")
        await until(pilot, lambda: app.screen is screen)
        assert screen.writing.draft.turns == written
        assert app.get_setting(f"step.{app.project}") is None
        assert get_step(app.services.store.read(), made).state == "open"
