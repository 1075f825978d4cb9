"""From a thought to saved samples: the first flight, as a person makes it."""

from __future__ import annotations

from pathlib import Path

from cockpit.core.prompts import Message
from cockpit.store import prompts, runs, samples
from tests.fake_provider import FakeProvider
from tests.screens.play_host import live_of, open_play, screen_of, toasts, until, wall_text

TWO = ("openai:fake-tok12-tps200", "anthropic:fake-tok6")


async def test_a_typed_prompt_goes_to_two_models_eight_times_and_everything_is_kept(
    tmp_path: Path, fake: FakeProvider
) -> None:
    async with open_play(tmp_path, fake, TWO, n=8) as (app, pilot):
        screen = screen_of(app)
        await pilot.press(*"now", "ctrl+j")
        await until(pilot, lambda: screen.flights.fold and not screen.flights.flying)
        assert live_of(app).done == 16
        shown = wall_text(app)
        assert TWO[0] in shown
        assert TWO[1] in shown
        assert shown.count("✓") >= 16
        db = app.services.store.read()
        kept = samples.run_samples(db, live_of(app).run_id)
        assert len(kept) == 16
        assert all(sample.text for sample in kept)
        plan = runs.load_plan(db, live_of(app).run_id)
        assert plan.version.messages[0].content.endswith("now")
        assert prompts.get_version(db, plan.version_id).number == 1
    assert fake.total == 16


async def test_a_changed_prompt_is_the_next_version_and_an_unchanged_one_is_not_sent_twice(
    tmp_path: Path, fake: FakeProvider
) -> None:
    async with open_play(tmp_path, fake, n=2) as (app, pilot):
        screen = screen_of(app)

        async def send() -> None:
            before = screen.flights.current_run()
            await pilot.press("ctrl+j")
            await until(pilot, lambda: screen.flights.current_run() is not before and not screen.flights.flying)

        await send()
        await send()
        assert fake.total == 2
        await until(pilot, lambda: any("All 2 were cached" in said for said in toasts(app)))
        await pilot.press("x")
        await send()
        assert fake.total == 4
        assert screen.writing.draft.saved_number == 2


async def test_eight_more_sends_only_eight_more(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=2) as (app, pilot):
        screen = screen_of(app)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: screen.flights.fold and not screen.flights.flying)
        await pilot.press("escape", "+")
        await until(pilot, lambda: live_of(app).total == 10 and live_of(app).done == 10)
        assert fake.total == 10


async def test_the_next_start_opens_where_this_one_was_left(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=2) as (app, pilot):
        screen = screen_of(app)
        await pilot.press(*"abc", "ctrl+j")
        await until(pilot, lambda: screen.flights.fold and not screen.flights.flying)
        await pilot.press("escape", "a", *"kept")
        await until(pilot, lambda: len(screen.writing.draft.turns) == 2 and screen.writing.draft.turns[1].content)
        screen.writing.remember()
    async with open_play(tmp_path, fake, ("openai:another",), n=5) as (app, pilot):
        screen = screen_of(app)
        await until(pilot, lambda: screen.flights.fold)
        draft = screen.writing.draft
        assert draft.turns[0].content.endswith("abc")
        assert draft.turns[1] == Message("assistant", "kept")
        assert draft.models == ("openai:fake-tok5",)
        assert draft.n == 2
        assert live_of(app).done == 2
        assert "✓" in wall_text(app)
    assert fake.total == 2
