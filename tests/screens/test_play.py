"""The Play pane under trouble: cancels, rate limits, failing columns, hostile text, what cannot be sent."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

from cockpit import runner
from cockpit.core.prompts import Message
from cockpit.core.samples import SampleKey
from cockpit.screens.play_session import runner_draft
from cockpit.store import samples
from tests.fake_provider import HOSTILE, FakeProvider
from tests.screens.play_host import live_of, open_play, screen_of, toasts, until, wall_text
from widgets.top_bar import TopBar


async def test_cancel_keeps_what_came_and_leaves_no_worker(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, ("openai:fake-tps20-tok400",), n=4) as (app, pilot):
        screen = screen_of(app)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: screen.flights.fold and all(s.text for s in live_of(app).samples.values()))
        assert screen.busy
        await pilot.press("ctrl+c")
        await until(pilot, lambda: not screen.busy)
        await until(pilot, lambda: not [w for w in screen.workers if w.group == "send" and w.is_running])
        await until(pilot, lambda: fake.active == 0)
        kept = samples.run_samples(app.services.store.read(), live_of(app).run_id)
        assert {sample.ended for sample in kept} == {"cancelled"}
        assert all(sample.text for sample in kept)
        assert not [task for task in asyncio.all_tasks() if "sampling" in repr(task.get_coro())]


async def test_one_sample_is_cancelled_and_the_others_go_on(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, ("openai:fake-tps50-tok60",), n=2) as (app, pilot):
        screen = screen_of(app)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: screen.flights.fold and all(s.text for s in live_of(app).samples.values()))
        await pilot.press("escape", "x")
        await until(pilot, lambda: not screen.busy)
        endings = [live_of(app).samples[SampleKey(0, 0, i)].sample for i in (0, 1)]
        assert endings[0] and endings[0].ended == "cancelled"
        assert endings[1] and endings[1].ok


async def test_a_rate_limit_is_counted_down_in_its_cell(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, ("openai:fake-err429-1-rad2-tok3",), n=1) as (app, pilot):
        screen = screen_of(app)
        await pilot.press("ctrl+j")
        seen: set[str] = set()

        def counted() -> bool:
            seen.update(re.findall(r"again in (\S+ s)", wall_text(app)))
            return len(seen) >= 2

        await until(pilot, counted)
        await until(pilot, lambda: not screen.busy and live_of(app).done == 1)
        assert "again in" not in wall_text(app)


async def test_a_column_that_fails_says_why_once_and_the_other_goes_on(tmp_path: Path, fake: FakeProvider) -> None:
    models = ("openai:fake-err404", "openai:fake-tok4")
    async with open_play(tmp_path, fake, models, n=4) as (app, pilot):
        screen = screen_of(app)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: screen.flights.fold and not screen.busy)
        shown = wall_text(app)
        assert shown.count("✗") <= 2
        assert "1–4" in shown
        done = [s.sample for s in live_of(app).samples.values() if s.key.target == 1]
        assert all(sample and sample.ok for sample in done)
        assert any("4 of 8 samples failed" in said for said in toasts(app))


async def test_hostile_text_is_shown_harmlessly(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, ("openai:fake-hostile",), n=2) as (app, pilot):
        screen = screen_of(app)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: screen.flights.fold and not screen.busy)
        shown = wall_text(app)
        assert "[bold" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        kept = samples.run_samples(app.services.store.read(), live_of(app).run_id)
        assert kept[0].text == HOSTILE


async def test_hostile_prompts_and_names_are_shown_harmlessly(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, ("openai:[/]",)) as (app, pilot):
        screen = screen_of(app)
        screen.writing.name = "[/] [bold"
        await pilot.press(*"[/foo]")
        await until(pilot, lambda: "[/foo]" in screen.writing.draft.turns[0].content)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: screen.flights.fold and not screen.busy)
        assert "openai:[/]" in wall_text(app)


async def test_a_variable_without_a_value_is_asked_for_before_anything_is_sent(
    tmp_path: Path, fake: FakeProvider
) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        screen = screen_of(app)
        await pilot.press(*"{{what}}")
        await until(pilot, lambda: screen.query("#var-0"))
        await pilot.press("ctrl+j")
        await until(pilot, lambda: any("{{what}}" in said for said in toasts(app)))
        assert fake.total == 0
        await until(pilot, lambda: screen.focused is not None and screen.focused.id == "var-0")
        await pilot.press(*"this", "ctrl+j")
        await until(pilot, lambda: screen.flights.fold and not screen.busy)
        assert fake.requests[0].body["messages"][-1]["content"].endswith("this")


async def test_what_a_model_cannot_take_is_said_before_sending(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, ("anthropic:fake-tok3",)) as (app, pilot):
        screen = screen_of(app)
        screen.writing.set("seed", "7")
        status = screen.query_one("#status", TopBar)
        await until(pilot, lambda: "does not take seed" in status.render_line(0).text)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: any("seed" in said for said in toasts(app)))
        assert fake.total == 0


async def test_gold_is_marked_in_the_cell_and_in_the_store(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        screen = screen_of(app)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: screen.flights.fold and not screen.busy)
        await pilot.press("escape", "*")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press("g")
        await until(pilot, lambda: "★" in wall_text(app))
        sample_id = screen.flights.sample_id(SampleKey(0, 0, 0))
        assert sample_id is not None
        assert samples.get_sample(app.services.store.read(), sample_id).verdict == "gold"
        await pilot.press("*")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press("u")
        await until(pilot, lambda: "★" not in wall_text(app))


async def test_a_first_start_with_nothing_configured_says_what_to_do(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, (), size=(80, 24)) as (app, pilot):
        screen = screen_of(app)
        await until(pilot, lambda: "ctrl+j sends this prompt 4 times to smollm2" in wall_text(app))
        assert "OPENAI_API_KEY" in wall_text(app)
        await pilot.press("escape", "B")
        await until(pilot, lambda: screen.query("#var-0"))
        assert screen.writing.draft.problems() == []


async def test_every_row_of_the_inputs_file_is_sent_and_can_be_looked_at(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, ("openai:fake-echo",), n=1) as (app, pilot):
        screen = screen_of(app)
        rows = ({"what": "apples"}, {"what": "pears"})
        draft = replace(screen.writing.draft, turns=(Message("user", "Say {{what}}"),), inputs=rows, inputs_path="x")
        await screen.writing.load(draft)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: screen.flights.fold and not screen.busy)
        assert live_of(app).done == 2
        assert "apples" in wall_text(app)
        await pilot.press("escape", "]")
        await until(pilot, lambda: "pears" in wall_text(app))


async def test_an_unfinished_run_is_offered_and_one_key_sends_what_is_missing(
    tmp_path: Path, fake: FakeProvider
) -> None:
    async with open_play(tmp_path, fake, n=3) as (app, _):
        await runner.launch(app.services, runner_draft(screen_of(app)))
    async with open_play(tmp_path, fake, n=3) as (app, pilot):
        await until(pilot, lambda: any("misses 3 of 3 samples" in said for said in toasts(app)))
        await pilot.press("escape", "U")
        await until(pilot, lambda: screen_of(app).flights.fold and not screen_of(app).busy)
        assert live_of(app).done == 3
    assert fake.total == 3
