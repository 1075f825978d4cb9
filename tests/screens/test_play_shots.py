"""A set of examples in Play: put in, said, counted, sent and frozen with the run in one transaction, taken away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.core.draft import PlayDraft
from cockpit.core.errors import InputError, StoreError
from cockpit.core.examples import Example, Template
from cockpit.core.prompts import Message
from cockpit.core.wish import Shots, Wish
from cockpit.screens.play_shots import put_set
from cockpit.store import examples, projects, runs, sets
from cockpit.store.db import Database
from tests.fake_provider import FakeProvider
from tests.screens.play_host import live_of, open_play, screen_of, toasts, until
from widgets.plain import Plain
from widgets.top_bar import TopBar

GOOD = (("Can you help?", "yes"), ("No way.", "no"), ("Of course, here it is.", "yes"), ("I refuse.", "no"))
PAIRS = Template("pairs", "Q:", "A:", "\n\n")


def save(app: CockpitApp, name: str = "few", template: Template = PAIRS, pairs: Any = GOOD) -> int:
    def write(db: Database) -> int:
        project = projects.ensure_project(db, "default")
        ids = [examples.add_example(db, project, Example(asked, said, label=said)) for asked, said in pairs]
        return sets.save_set(db, project, name, ids, template)

    return app.services.store.write_now(write)


async def write_prompt(app: CockpitApp, text: str, **more: Any) -> None:
    writing = screen_of(app).writing
    await writing.load(replace(writing.draft, turns=(Message("user", text),), **more))


def row(app: CockpitApp) -> str:
    """The line on examples under the wall."""
    shown = screen_of(app).query_one("#row-examples")
    return str(shown.query_one(".folded", Plain).content) if shown.display else ""


def status(app: CockpitApp) -> str:
    return "".join(text for text, _ in screen_of(app).query_one("#status", TopBar)._left)


async def ended(app: CockpitApp, pilot: Pilot[Any]) -> None:
    screen = screen_of(app)
    await until(pilot, lambda: screen.flights.fold is not None and not screen.busy)


async def test_examples_of_a_set_are_sent_and_frozen_with_the_run(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        version = save(app)
        await write_prompt(app, "Answer.\n\n{{examples}}\n\nQ: Really?\nA:")
        await put_set(app, "few", None, Wish(k=2))
        await until(pilot, lambda: row(app).startswith("few v1, 2 of 4, "))
        assert " tok" in row(app)
        await pilot.press("ctrl+j")
        await ended(app, pilot)
        sent = fake.requests[0].body["messages"][0]["content"]
        assert sent == "Answer.\n\nQ: Can you help?\nA: yes\n\nQ: No way.\nA: no\n\nQ: Really?\nA:"
        found = sets.set_of_run(app.services.store.read(), live_of(app).run_id)
        assert found is not None
        assert (found[0].id, found[1]["chosen"], found[1]["k"]) == (version, [[1, 2]], 2)
        # The prompt's own text stays as it was written, and counts as sent.
        draft = screen_of(app).writing.draft
        assert "{{examples}}" in draft.turns[0].content
        assert not draft.changed
        assert replace(draft, shots=replace(draft.shots, wish=Wish(k=3)) if draft.shots else None).changed


async def test_turns_and_choices_of_each_input_go_out_as_they_are(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        save(app, template=Template("turns"))
        inputs = ({"q": "Will you help?"}, {"q": "Do you refuse?"})
        await write_prompt(app, "{{q}}", inputs=inputs)
        await put_set(app, "few", 1, Wish(k=1, strategy="nearest"))
        await until(pilot, lambda: "1 of 4 for each input" in row(app) and "nearest" in row(app))
        await pilot.press("ctrl+j")
        await ended(app, pilot)
        asked = {tuple(m["content"] for m in request.body["messages"]) for request in fake.requests}
        assert asked == {("Can you help?", "yes", "Will you help?"), ("I refuse.", "no", "Do you refuse?")}


async def test_a_run_gets_more_samples_with_the_same_examples(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        save(app)
        await write_prompt(app, "{{examples}}\n\nQ: Really?\nA:")
        await put_set(app, "few", None, Wish(k=1))
        await pilot.press("ctrl+j")
        await ended(app, pilot)
        await write_prompt(app, "Something else.", shots=None)
        await pilot.press("escape", "w", "plus")
        await until(pilot, lambda: fake.total == 9)
        await ended(app, pilot)
        assert {r.body["messages"][0]["content"] for r in fake.requests} == {
            "Q: Can you help?\nA: yes\n\nQ: Really?\nA:"
        }


async def test_a_prompt_without_a_place_is_said_and_mended_by_one_key(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        save(app)
        await write_prompt(app, "Q: Really?\nA:")
        await put_set(app, "few", None, Wish(k=1))
        await until(pilot, lambda: any("no {{examples}}" in said for said in toasts(app)))
        await until(pilot, lambda: "no place" in row(app))
        await pilot.press("ctrl+j")
        await until(
            pilot, lambda: any("no place for the examples" in said for said in toasts(app)) or app.screen_stack[1:]
        )
        assert fake.total == 0
        assert not runs.list_runs(app.services.store.read(), 1)
        await pilot.press("escape")
        await pilot.press("escape", "O")
        await until(pilot, lambda: screen_of(app).writing.draft.turns[0].content == "{{examples}}\n\nQ: Really?\nA:")
        await until(pilot, lambda: row(app).startswith("few v1, 1 of 4"))
        await pilot.press("ctrl+j")
        await ended(app, pilot)
        assert fake.requests[0].body["messages"][0]["content"].startswith("Q: Can you help?\nA: yes\n\nQ: Really?")


async def test_what_is_counted_and_checked_has_the_examples_in_it(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, ("openai:gpt-4o-mini",), n=1) as (app, pilot):
        screen = screen_of(app)
        odd = (("an odd\u202e one", "yes"), *GOOD)
        save(app, pairs=odd)
        await write_prompt(app, "{{examples}}\n\nQ: Really?\nA:")
        await until(pilot, lambda: screen.checks.counted)
        without = screen.checks.counted["openai:gpt-4o-mini"]
        await put_set(app, "few", None, Wish())
        await until(pilot, lambda: screen.checks.counted and "5 of 5" in row(app))
        assert screen.checks.counted["openai:gpt-4o-mini"].texts > without.texts + 30
        await until(pilot, lambda: any("U+202E" in one.sentence for one in screen.checks.findings))
        about = next(one for one in screen.checks.findings if "U+202E" in one.sentence)
        # It is in the set, not in what is written here: nothing to go to, nothing to fix.
        assert (about.place, about.fix) == (None, None)


async def test_a_fix_reaches_what_is_written_through_turns_of_a_set(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        screen = screen_of(app)
        save(app, template=Template("turns"))
        await write_prompt(app, "Say\u200b hi.")
        await put_set(app, "few", None, Wish(k=2))
        await until(pilot, lambda: any(one.fix is not None and one.place for one in screen.checks.open_findings()))
        found = next(one for one in screen.checks.open_findings() if one.fix is not None and one.place)
        assert found.place is not None
        assert found.place.field == "turn:0"
        await screen.checks.fixes.apply(found)
        await until(pilot, lambda: screen.writing.draft.turns == (Message("user", "Say hi."),))


async def test_the_exact_request_shows_the_examples(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        save(app)
        await write_prompt(app, "{{examples}}\n\nQ: Really?\nA:")
        await put_set(app, "few", None, Wish(k=1))
        await pilot.press("escape", "equals_sign")
        await until(
            pilot,
            lambda: (
                type(app.screen).__name__ == "RequestScreen" and "Can you help?" in app.screen.query_one("#text").text
            ),
        )  # type: ignore[attr-defined]


async def test_a_key_takes_the_set_away_again(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        save(app)
        await write_prompt(app, "Q: Really?\nA:")
        await put_set(app, "few", None, Wish(k=1))
        await until(pilot, lambda: row(app))
        await pilot.press("escape", "d")
        await until(pilot, lambda: screen_of(app).writing.draft.shots is None and not row(app))
        await until(pilot, lambda: " in · 1 request" in status(app))
        await pilot.press("ctrl+j")
        await ended(app, pilot)
        assert sets.set_of_run(app.services.store.read(), live_of(app).run_id) is None


async def test_the_set_is_there_again_at_the_next_start(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        save(app)
        await write_prompt(app, "{{examples}}\n\nQ: Really?\nA:")
        await put_set(app, "few", None, Wish(k=3, strategy="balanced", order="shuffled", seed=7))
        screen_of(app).writing.remember()
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        assert screen_of(app).writing.draft.shots == Shots("few", 1, Wish(3, "balanced", "shuffled", 7))
        await until(pilot, lambda: row(app).startswith("few v1, 3 of 4"))
        assert "balanced, shuffled, seed 7" in row(app)


async def test_a_set_that_is_not_there_is_refused(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, _):
        save(app)
        for name, number in (("none", None), ("few", 9)):
            with pytest.raises(StoreError):
                await put_set(app, name, number, Wish())
        assert screen_of(app).writing.draft.shots is None


async def test_a_leak_is_said_before_and_when_it_is_sent(tmp_path: Path, fake: FakeProvider) -> None:
    async with open_play(tmp_path, fake, n=1) as (app, pilot):
        long = (
            "It was a bright cold day in April and the clocks were striking thirteen over the old town square, while "
            "seven grey pigeons argued loudly about breadcrumbs beside a fountain that nobody had cleaned since winter."
        )
        save(app, pairs=((long, "yes"), *GOOD))
        await write_prompt(
            app, "{{examples}}\n\nQ: {{q}}\nA:", inputs=({"key": "r1", "q": long.replace("old", "new")},)
        )
        await put_set(app, "few", None, Wish())
        await until(pilot, lambda: "⚠ 1 leak" in row(app))
        await pilot.press("ctrl+j")
        await until(pilot, lambda: any("leak between example" in said for said in toasts(app)))
        await ended(app, pilot)


def test_a_draft_keeps_its_set_as_json() -> None:
    shots = Shots("a[/]\u202eb", 3, Wish("fit", "nearest", "nearest last", 5, 4096, 100, (2, 9)))
    draft = PlayDraft(turns=(Message("user", "x"),), shots=shots)
    assert PlayDraft.from_json(draft.to_json()).shots == shots
    assert PlayDraft.from_json(PlayDraft().to_json()).shots is None
    damaged = {**draft.to_json(), "shots": {**shots.to_json(), "wish": {**shots.wish.to_json(), "strategy": "psychic"}}}
    assert PlayDraft.from_json(damaged) == replace(draft, shots=None)


def test_a_place_goes_before_the_last_user_text() -> None:
    turns = (Message("user", "one"), Message("assistant", "two"), Message("user", "three"))
    placed = PlayDraft(turns=turns).with_place("\n---\n")
    assert [turn.content for turn in placed.turns] == ["one", "two", "{{examples}}\n---\nthree"]
    assert placed.with_place("\n") is placed
    with pytest.raises(InputError):
        PlayDraft(turns=(Message("user", "{{x}}", raw=True),)).with_place("\n")
