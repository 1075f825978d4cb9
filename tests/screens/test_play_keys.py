"""Each key of the Play pane that opens something or marks something: what the store then has, and what is drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.core.keys import SampleKey
from cockpit.store import projects, prompts, runs, samples
from cockpit.store.before import sample_before
from tests.fake_provider import FakeProvider
from tests.screens.play_host import live_of, open_play, screen_of, toasts, until, wall_text
from tests.screens.shell_host import text_of
from widgets.key_bar import KeyBar
from widgets.top_bar import TopBar

TWO = ("openai:fake-tok4", "openai:fake-tok4-b")


async def sent(app: CockpitApp, pilot: Pilot[Any]) -> None:
    """Send what is in the editor and wait for its run; the wall has the keyboard afterwards."""
    flights = screen_of(app).flights
    before = flights.current_run()
    await pilot.press("ctrl+j")
    await until(pilot, lambda: flights.current_run() is not before and not flights.flying)
    await pilot.press("escape")


async def opened(app: CockpitApp, pilot: Pilot[Any], name: str) -> None:
    """Wait until a screen is in front and can be used."""
    await until(pilot, lambda: type(app.screen).__name__ == name and app.screen.focused is not None)


async def at_home(app: CockpitApp, pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: app.screen is screen_of(app))


def row_of(app: CockpitApp, index: int = 0) -> samples.SampleRow:
    sample_id = screen_of(app).flights.sample_id(SampleKey(0, 0, index))
    assert sample_id is not None
    return samples.get_sample(app.services.store.read(), sample_id)


def bar(app: CockpitApp, name: str) -> str:
    return text_of(screen_of(app).query_one(name, TopBar))


async def test_a_tag_is_kept_shown_and_taken_away_again(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        await sent(app, pilot)
        await pilot.press("t")
        await opened(app, pilot, "Ask")
        await pilot.press(*"odd", "enter")
        await until(pilot, lambda: "#" in wall_text(app))
        assert row_of(app).tags == ("odd",)
        assert row_of(app, 1).tags == ()
        await pilot.press("t")
        await opened(app, pilot, "Ask")
        await pilot.press(*"odd", "enter")
        await until(pilot, lambda: "#" not in wall_text(app))
        assert row_of(app).tags == ()


async def test_a_note_is_kept_and_marks_its_cell(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        await sent(app, pilot)
        await pilot.press("n")
        await opened(app, pilot, "Ask")
        await pilot.press(*"why so", "enter")
        await until(pilot, lambda: "✎" in wall_text(app))
        assert row_of(app).note == "why so"


async def test_yank_copies_the_sample_or_all_that_are_marked(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        await sent(app, pilot)
        await pilot.press("y")
        kept = tmp_path / "state" / "yank.txt"
        await until(pilot, kept.exists)
        assert kept.read_text() == row_of(app).sample.text
        await pilot.press("space", "j", "space", "y")
        both = f"{row_of(app).sample.text}\n\n{row_of(app, 1).sample.text}"
        await until(pilot, lambda: kept.read_text() == both)


async def test_compare_takes_the_sample_and_the_next_models(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, TWO, n=1) as (app, pilot):
        await sent(app, pilot)
        await pilot.press("c")
        await opened(app, pilot, "CompareScreen")
        shown = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        assert TWO[0] in shown
        assert TWO[1] in shown


async def test_a_sweep_is_sent_as_a_column_a_value(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        await pilot.press("escape", "s")
        await opened(app, pilot, "SweepScreen")
        await pilot.press("enter")
        await at_home(app, pilot)
        await sent(app, pilot)
        assert sorted(request.body["temperature"] for request in fake.requests) == [0.0, 0.3, 0.7, 1.0]
        assert "temperature 0.7" in wall_text(app)
        plan = runs.load_plan(app.services.store.read(), live_of(app).run_id)
        assert [target.params.temperature for target in plan.targets] == [0.0, 0.3, 0.7, 1.0]


async def test_a_sample_is_continued_as_a_conversation_and_the_run_remembers_it(
    tmp_path: Path, fake: FakeProvider
) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        await sent(app, pilot)
        first, answer = live_of(app), row_of(app)
        await pilot.press("e")
        await opened(app, pilot, "ConversationScreen")
        await until(pilot, lambda: getattr(app.screen, "rows", None) and app.screen.rows.cursor)  # type: ignore[attr-defined]
        await pilot.press("i")
        await until(pilot, lambda: app.screen.query("#editor"))
        await pilot.press(*"and then", "ctrl+j")
        await at_home(app, pilot)
        flights = screen_of(app).flights
        await until(pilot, lambda: flights.current_run() is not first and not flights.flying)
        roles = [message["role"] for message in fake.requests[-1].body["messages"]]
        assert roles == ["user", "assistant", "user"]
        assert fake.requests[-1].body["messages"][1]["content"] == answer.sample.text
        db = app.services.store.read()
        assert runs.get_run(db, live_of(app).run_id).parent_sample == answer.sample.id
        await until(pilot, lambda: "zero-shot 2" in bar(app, "#ladder"))
        assert "○ few-shot" in bar(app, "#ladder")


async def test_an_earlier_run_comes_back_to_the_wall(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        await sent(app, pilot)
        first = live_of(app).run_id
        await pilot.press("i", "x")
        await sent(app, pilot)
        assert live_of(app).run_id != first
        await pilot.press("H")
        await opened(app, pilot, "HistoryScreen")
        await until(pilot, lambda: len(getattr(app.screen, "_runs", ())) == 2)
        await pilot.press("j", "enter")
        await until(pilot, lambda: live_of(app).run_id == first)
        assert f"run {first}" in bar(app, "#ladder")
        assert wall_text(app).count("✓") >= 2


async def test_search_opens_what_it_finds(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        await sent(app, pilot)
        word = row_of(app).sample.text.split()[0].strip(".,")
        await pilot.press("slash")
        await opened(app, pilot, "SearchScreen")
        await pilot.press(*word)
        await until(pilot, lambda: app.screen.rows.current is not None)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await opened(app, pilot, "SampleScreen")


async def test_a_new_name_counts_versions_from_one_again(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        await sent(app, pilot)
        await pilot.press("N")
        await opened(app, pilot, "Ask")
        await pilot.press("ctrl+u", *"judge", "enter")
        await at_home(app, pilot)
        box = screen_of(app).query_one("#prompt-box")
        await until(pilot, lambda: "judge new" in str(box.border_title))
        await sent(app, pilot)
        await until(pilot, lambda: "judge v1" in str(box.border_title))
        db = app.services.store.read()
        project = projects.find_project(db, "default")
        assert {(row.name, row.newest) for row in prompts.list_prompts(db, project or 0)} == {
            ("prompt", 1),
            ("judge", 1),
        }


async def test_turns_are_added_walked_sent_and_deleted(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        screen = screen_of(app)
        await pilot.press("escape", "a")
        await until(pilot, lambda: screen.writing.turn == 1 and screen.typing)
        await pilot.press(*"four")
        await pilot.press("escape", "a")
        await until(pilot, lambda: screen.writing.turn == 2 and screen.typing)
        await pilot.press(*"and five")
        await sent(app, pilot)
        roles = [(m["role"], m["content"]) for m in fake.requests[-1].body["messages"]]
        assert roles[1:] == [("assistant", "four"), ("user", "and five")]
        await until(pilot, lambda: "few-shot k≤1 1" in bar(app, "#ladder"))
        await pilot.press("alt+up")
        await until(pilot, lambda: screen.writing.turn == 1)
        await pilot.press("D")
        await until(pilot, lambda: len(screen.writing.draft.turns) == 2)
        assert [turn.role for turn in screen.writing.draft.turns] == ["user", "user"]


async def test_models_are_picked_by_name_and_sent_to(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        await pilot.press("escape", "m")
        await opened(app, pilot, "ModelPicker")
        await until(pilot, lambda: app.screen.rows.current is not None)  # type: ignore[attr-defined]
        await pilot.press("slash", *"openai:fake-tok2-new")
        await until(pilot, lambda: app.screen.rows.current.key == "openai:fake-tok2-new")  # type: ignore[attr-defined]
        await pilot.press("enter", "enter")
        await at_home(app, pilot)
        assert screen_of(app).writing.draft.models == ("openai:fake-tok5", "openai:fake-tok2-new")
        await sent(app, pilot)
        assert (fake.count("fake-tok5"), fake.count("fake-tok2-new")) == (1, 1)


async def test_a_run_is_sent_while_another_flies_and_both_are_kept(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, ("openai:fake-tps30-tok30",)) as (app, pilot):
        flights = screen_of(app).flights
        await pilot.press("ctrl+j")
        await until(pilot, lambda: flights.fold and any(s.text for s in live_of(app).samples.values()))
        first = live_of(app)
        await pilot.press("x", "ctrl+j")
        await until(pilot, lambda: live_of(app) is not first)
        assert len(flights.flying) == 2
        await until(pilot, lambda: not flights.flying)
        db = app.services.store.read()
        kept = {run: samples.run_samples(db, run) for run in (first.run_id, live_of(app).run_id)}
        assert all(len(found) == 2 and all(s.ok for s in found) for found in kept.values())
        await until(pilot, lambda: "4 msgs" in bar(app, "#top-bar"))


async def test_an_idea_is_named_kept_on_runs_and_its_ladder_fills(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        await sent(app, pilot)
        await until(pilot, lambda: "zero-shot 2" in bar(app, "#ladder"))
        assert "idea: whole project" in bar(app, "#ladder")
        await pilot.press("I")
        await opened(app, pilot, "Pick")
        await pilot.press("enter")
        await opened(app, pilot, "Ask")
        await pilot.press(*"shots help", "enter")
        await until(pilot, lambda: "idea: shots help" in bar(app, "#ladder"))
        assert "○ zero-shot" in bar(app, "#ladder")
        await pilot.press("i", *"{{examples}}", "escape", "E")
        await until(pilot, lambda: screen_of(app).focused is not None and screen_of(app).focused.id == "examples")  # type: ignore[union-attr]
        await pilot.press(*"A cat")
        await sent(app, pilot)
        await until(pilot, lambda: "● few-shot k≤1 2" in bar(app, "#ladder"))
        assert fake.requests[-1].body["messages"][-1]["content"].endswith("A cat")
        db = app.services.store.read()
        newest, oldest = runs.list_runs(db)
        assert (newest.idea, oldest.idea) == ("shots help", "")
        screen_of(app).writing.remember()
    async with open_play(tmp_path, fake) as (app, pilot):
        await until(pilot, lambda: "few-shot k≤1 2" in bar(app, "#ladder"))
        await pilot.press("escape", "I")
        await opened(app, pilot, "Pick")
        await pilot.press("up", "enter")
        await until(pilot, lambda: "zero-shot 2" in bar(app, "#ladder") and "few-shot k≤1 2" in bar(app, "#ladder"))


async def test_the_examples_block_is_folded_to_a_line_while_it_is_not_typed_in(
    tmp_path: Path, fake: FakeProvider
) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        screen = screen_of(app)
        row = screen.query_one("#row-examples")
        assert not row.display
        await pilot.press(*"{{examples}}")
        await until(pilot, lambda: row.display and "none yet" in text_of(row.query_one(".folded")))
        await pilot.press("escape", "E", *"Q: 1", "enter", *"A: 2", "escape")
        await until(pilot, lambda: "2 lines, ≈ 3 tok" in text_of(row.query_one(".folded")))
        assert screen.writing.draft.version().examples == "Q: 1\nA: 2"


async def test_a_capped_run_says_so_and_the_rest_is_sent_under_a_higher_cap(tmp_path: Path, fake: FakeProvider) -> None:
    prices = {"openai": {"models": {"fake-tok5": {"price": {"input": 1000.0, "output": 10000.0}}}}}
    async with open_play(tmp_path, fake, n=6, overrides=prices) as (app, pilot):
        screen = screen_of(app)
        screen.writing.set("max_tokens", "5")
        screen.writing.set("cap_usd", "0.2")
        await sent(app, pilot)
        assert live_of(app).capped
        assert live_of(app).done < 6
        await until(pilot, lambda: any("Stopped at $0.2:" in said for said in toasts(app)))
        screen.writing.set("cap_usd", "9")
        await pilot.press("U")
        await until(pilot, lambda: live_of(app).done == 6 and not screen.flights.flying)
        assert not live_of(app).capped
        assert fake.total == 6


async def test_a_run_that_failed_for_good_is_not_offered_again(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, ("openai:fake-err404", "openai:fake-tok3")) as (app, pilot):
        await sent(app, pilot)
        (row,) = runs.list_runs(app.services.store.read())
        assert (row.missing, row.failed) == (0, 2)
        assert row.finished_at is not None
        screen_of(app).writing.remember()
    async with open_play(tmp_path, fake) as (app, pilot):
        await until(pilot, lambda: screen_of(app).flights.fold and "2 msgs" in bar(app, "#top-bar"))
        await pilot.press("escape", "U")
        await until(pilot, lambda: any("No run is unfinished" in said for said in toasts(app)))
        assert not any("misses" in said for said in toasts(app))


async def test_a_cancelled_run_is_offered_at_the_next_start(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, ("openai:fake-tps20-tok400",)) as (app, pilot):
        await pilot.press("ctrl+j")
        await until(pilot, lambda: screen_of(app).flights.fold and all(s.text for s in live_of(app).samples.values()))
        await pilot.press("ctrl+c")
        await until(pilot, lambda: not screen_of(app).busy)
    async with open_play(tmp_path, fake) as (app, pilot):
        await until(pilot, lambda: any("misses 2 of 2 samples" in said for said in toasts(app)))


async def test_the_key_bar_names_the_way_to_the_commands_and_then_the_commands(
    tmp_path: Path, fake: FakeProvider
) -> None:
    async with open_play(tmp_path, fake, size=(80, 24)) as (app, pilot):
        keys = screen_of(app).query_one("#key-bar", KeyBar)
        await until(pilot, lambda: "esc commands" in text_of(keys))
        assert "ctrl+j send" in text_of(keys)
        assert "ctrl+e editor" in text_of(keys)
        assert "esc" not in bar(app, "#status")
        await sent(app, pilot)
        await until(pilot, lambda: "enter open" in text_of(keys))
        shown = text_of(keys)
        for key in ("ctrl+j send", "i edit", "m models", "v versions", "? keys"):
            assert key in shown


async def test_a_large_run_of_the_last_session_is_told_of_and_not_read(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        await sent(app, pilot)
        run_id = live_of(app).run_id
        await app.services.store.write(lambda db: runs.set_n(db, run_id, 5_000))
        await app.services.store.write(lambda db: runs.finish_run(db, run_id))
        screen_of(app).writing.remember()
    async with open_play(tmp_path, fake) as (app, pilot):
        await until(pilot, lambda: f"Run {run_id} is where you left it: 2 of 5 000" in wall_text(app))
        assert screen_of(app).flights.fold is None
        assert "lists runs" in wall_text(app)
        assert screen_of(app).save_session()["run"] == run_id


async def test_entering_a_setting_is_typing_and_the_key_bar_says_so(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        key_bar = screen_of(app).query_one(KeyBar)
        await pilot.press("escape", "p", "j")
        await until(pilot, lambda: "moving" in text_of(key_bar))
        await pilot.press("enter")
        await until(pilot, lambda: "typing" in text_of(key_bar))
        await pilot.press("escape")
        await until(pilot, lambda: "moving" in text_of(key_bar))


async def test_a_run_opened_from_the_list_brings_its_versions(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        await sent(app, pilot)
        screen = screen_of(app)
        screen.writing.draft = replace(screen.writing.draft, prompt_id=None)
        await pilot.press("v")
        await opened(app, pilot, "VersionsScreen")


async def test_a_sample_is_laid_beside_what_the_version_before_answered(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        await sent(app, pilot)
        old = row_of(app).sample.id
        await pilot.press("i", *" more")
        await sent(app, pilot)
        new = row_of(app)
        assert (new.version_number, new.sample.id == old) == (2, False)
        assert sample_before(app.services.store.read(), new.sample.id or 0) == old
        await pilot.press("b")
        await opened(app, pilot, "CompareScreen")


async def test_a_first_version_has_nothing_before_it(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake) as (app, pilot):
        await sent(app, pilot)
        await pilot.press("b")
        await until(pilot, lambda: any("No earlier version" in toast for toast in toasts(app)))
