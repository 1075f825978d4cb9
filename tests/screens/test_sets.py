"""The screens of example sets: order, members, template, counts, unsaved changes, versions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cockpit.core.examples import Example, ExampleSet, Template
from cockpit.screens.sets import SetsScreen
from cockpit.screens.sets_edit import SetScreen
from cockpit.screens.sets_sent import SentView
from cockpit.screens.sets_template import TemplateForm
from cockpit.screens.sets_versions import SetVersionsScreen
from cockpit.services import Services
from cockpit.store import examples, projects, sets
from cockpit.store.db import Database
from cockpit.store.settings import get, put
from tests.screens.opened_host import HOSTILE, HostApp, make_services, until
from widgets.field import Field
from widgets.plain import Plain
from widgets.prompt_editor import PromptEditor
from widgets.row_list import RowList

WORDS = ("one", "two", "three", "four", "five")
GPT = "openai:gpt-4o-mini"


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


def fill(services: Services, n: int = 4, *, saved: int = 3) -> tuple[int, ...]:
    """Examples 'one', 'two' …, the first `saved` of them in the set 'few', and Play with one model."""

    def write(db: Database) -> tuple[int, ...]:
        project = projects.ensure_project(db, "default")
        ids = tuple(
            examples.add_example(db, project, Example(word, word.upper(), label="odd" if at % 2 == 0 else "even"))
            for at, word in enumerate(WORDS[:n])
        )
        if saved:
            sets.save_set(db, project, "few", ids[:saved], Template())
        put(db, "session.default.play", {"draft": {"models": [GPT]}, "name": "prompt"})
        return ids

    return services.store.write_now(write)


def host(services: Services, tmp_path: Path, add: Sequence[int] = ()) -> HostApp:
    return HostApp(services, tmp_path, lambda given: SetsScreen(given, add))


def newest(services: Services, name: str = "few") -> ExampleSet:
    return sets.get_set(services.store.read(), 1, name)


def inputs(of: ExampleSet) -> list[str]:
    return [one.input for one in of.examples]


def rows(app: HostApp) -> list[tuple[str, ...]]:
    shown = app.screen.query_one_optional("#rows", RowList)
    if shown is None:
        return []
    return [row.cells for at in range(60) if (row := shown.row(at)) is not None]


def listed(app: HostApp) -> list[str]:
    return [cells[1] for cells in rows(app)]


def sent(app: HostApp) -> str:
    view = app.screen.query_one_optional("#sent", SentView)
    return "" if view is None else view.text.replace("▌", " ")


async def open_few(pilot: Pilot[Any], app: HostApp) -> SetScreen:
    await until(pilot, lambda: isinstance(app.screen, SetsScreen) and rows(app), "the list of sets")
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, SetScreen) and app.screen.ready, "the set")
    await until(pilot, lambda: listed(app), "its rows")
    assert isinstance(app.screen, SetScreen)
    return app.screen


async def test_the_list_says_what_each_set_is_and_shows_it_as_sent(services: Services, tmp_path: Path) -> None:
    fill(services)
    app = host(services, tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: sent(app))
        assert rows(app)[0][:5] == ("few", "v1", "3", "pairs", "0")
        assert sent(app).replace(" ", "").startswith("Input:one\nOutput:ONE")


async def test_moving_removing_and_undo_change_only_what_is_saved_next(services: Services, tmp_path: Path) -> None:
    fill(services)
    app = host(services, tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_few(pilot, app)
        await pilot.press("J")
        assert listed(app) == ["two", "one", "three"]
        assert screen.rows.cursor == 1, "the cursor goes with the example"
        await pilot.press("J", "J")
        assert listed(app) == ["two", "three", "one"], "the last place is the last"
        await pilot.press("g", "d")
        assert listed(app) == ["three", "one"]
        await pilot.press("u")
        assert listed(app) == ["two", "three", "one"]
        assert inputs(newest(services)) == ["one", "two", "three"], "nothing is saved yet"
        await pilot.press("w")
        await until(pilot, lambda: newest(services).number == 2)
        assert inputs(newest(services)) == ["two", "three", "one"]
        await until(pilot, lambda: not screen.editing.changed)


async def test_marked_examples_move_together_to_a_place(services: Services, tmp_path: Path) -> None:
    fill(services, 5, saved=5)
    app = host(services, tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        await open_few(pilot, app)
        await pilot.press("j", "space", "j", "j", "space", "m", "1", "enter")
        await until(pilot, lambda: listed(app) == ["two", "four", "one", "three", "five"])
        await pilot.press("J")
        assert listed(app) == ["one", "two", "four", "three", "five"]


async def test_a_seed_shuffles_the_same_way_and_can_be_taken_back(services: Services, tmp_path: Path) -> None:
    from cockpit.core.fill import arrange

    fill(services, 5, saved=5)
    expected = [one.input for one in arrange(newest(services).examples, "shuffled", 7, None)]
    app = host(services, tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        await open_few(pilot, app)
        await pilot.press("s", "backspace", "7", "enter")
        await until(pilot, lambda: listed(app) == expected)
        await pilot.press("u")
        assert listed(app) == list(WORDS)


async def test_gold_ones_are_added_once_and_others_from_a_list_that_typing_narrows(
    services: Services, tmp_path: Path
) -> None:
    ids = fill(services, 5, saved=2)
    services.store.write_now(lambda db: examples.set_verdict(db, ids[3], "candidate"))
    services.store.write_now(lambda db: examples.set_verdict(db, ids[4], "rejected"))
    app = host(services, tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        await open_few(pilot, app)
        await pilot.press("A")
        await until(pilot, lambda: listed(app) == ["one", "two", "three"])
        await pilot.press("a")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press(*"four", "enter")
        await until(pilot, lambda: not app.screen.is_modal and listed(app) == ["one", "two", "three", "four"])
        await pilot.press("A")
        await pilot.pause()
        assert len(listed(app)) == 4, "what is rejected is not added"


async def test_marked_examples_of_another_screen_go_into_the_set_that_is_opened(
    services: Services, tmp_path: Path
) -> None:
    ids = fill(services)
    app = host(services, tmp_path, (ids[0], ids[3]))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: rows(app))
        assert "2 marked examples" in str(app.screen.query_one("#adding", Plain).content)
        await open_few(pilot, app)
        assert listed(app) == ["one", "two", "three", "four"], "the one that is there is not there twice"


async def test_what_is_not_saved_survives_leaving_and_the_next_start(services: Services, tmp_path: Path) -> None:
    fill(services)
    app = host(services, tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        await open_few(pilot, app)
        await pilot.press("J", "escape")
        await until(pilot, lambda: isinstance(app.screen, SetsScreen))
        await until(pilot, lambda: app.screen.query_one("#rows", RowList).current.glyph == "✎")  # type: ignore[union-attr]
    again = host(services, tmp_path)
    async with again.run_test(size=(160, 45)) as pilot:
        screen = await open_few(pilot, again)
        assert listed(again) == ["two", "one", "three"]
        assert screen.editing.changed
        await pilot.press("u")
        assert listed(again) == ["one", "two", "three"], "what was saved can be come back to"
        await pilot.press("escape")
        await until(pilot, lambda: get(services.store.read(), "sets.default") is None, "nothing is kept of no change")


async def test_a_new_set_is_kept_before_it_is_saved(services: Services, tmp_path: Path) -> None:
    fill(services, saved=0)
    app = host(services, tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, SetsScreen))
        await pilot.press("n", *"mine", "enter")
        await until(pilot, lambda: isinstance(app.screen, SetScreen) and app.screen.ready)
        await pilot.press("w")
        await pilot.press("A")
        await until(pilot, lambda: len(listed(app)) == 4)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SetsScreen) and [r[:3] for r in rows(app)])
        assert rows(app)[0][:3] == ("mine", "new", "4")
        assert sets.list_sets(services.store.read(), 1) == []


async def test_the_template_is_typed_with_the_block_beside_it(services: Services, tmp_path: Path) -> None:
    fill(services)
    app = host(services, tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_few(pilot, app)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(screen.focused, Field))
        await pilot.press("ctrl+u", *"Q", "tab", "ctrl+u", *"A", "tab", "ctrl+u", *"\\n--\\n")
        await until(pilot, lambda: sent(app).replace(" ", "").startswith("Qone\nAONE\n--\nQtwo"))
        assert screen.state.template == Template("pairs", "Q", "A", "\n--\n")
        await pilot.press("escape")
        assert screen.focused is screen.rows
        await pilot.press("u", "u", "u")
        assert screen.state.template == Template(), "a field's typing is one step"
        assert screen.query_one("#part-input_label", Field).value == "Input:"


async def test_each_kind_of_template_is_sent_as_shown_and_comes_back_as_it_was(
    services: Services, tmp_path: Path
) -> None:
    fill(services)
    app = host(services, tmp_path)

    async def turn_to(kind: str) -> None:
        await pilot.press("t")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press(*kind, "enter")
        await until(pilot, lambda: not app.screen.is_modal and screen.state.template.kind == kind)

    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_few(pilot, app)
        await turn_to("xml")
        assert "<input>one</input>" in sent(app)
        await turn_to("turns")
        assert "assistant" in sent(app)
        await turn_to("custom")
        await pilot.press("i")
        await until(pilot, lambda: isinstance(screen.focused, PromptEditor))
        await pilot.press("down", "end", "enter", *"({{label}})")
        await until(pilot, lambda: "(odd)" in sent(app))
        await pilot.press("escape")
        await turn_to("pairs")
        await turn_to("custom")
        assert screen.state.template.body.endswith("\n({{label}})")
        await pilot.press("w")
        await until(pilot, lambda: newest(services).number == 2)
        assert newest(services).template == screen.state.template


async def test_a_template_that_cannot_work_is_said_and_not_saved(services: Services, tmp_path: Path) -> None:
    fill(services)
    app = host(services, tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_few(pilot, app)
        await pilot.press("t", *"xml", "enter")
        await until(pilot, lambda: screen.state.template.kind == "xml")
        await pilot.press("i")
        await until(pilot, lambda: isinstance(screen.focused, Field))
        await pilot.press("space", "escape")
        form = screen.query_one(TemplateForm)
        await until(pilot, lambda: "no name of a tag" in str(form.query_one(".problem", Plain).content))
        await pilot.press("w")
        await pilot.pause()
        assert newest(services).number == 1


async def test_tokens_are_counted_for_each_example_and_for_the_whole(services: Services, tmp_path: Path) -> None:
    from cockpit.core.example_block import render_block, render_example

    fill(services)
    app = host(services, tmp_path)
    tokenizer = services.tokenizers.get("o200k_base")
    of = newest(services)
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_few(pilot, app)
        await until(pilot, lambda: screen.counting.fresh and screen.counting.fresh[0].each, "the count")
        assert [cells[-1] for cells in rows(app)] == [
            str(tokenizer.count(render_example(one, of.template))) for one in of.examples
        ]
        one = screen.counting.fresh[0]
        assert (one.whole, one.exact) == (tokenizer.count(render_block(of.examples, of.template)), True)
        await until(pilot, lambda: f"{one.whole} tok" in screen.query_one("#counts").text)  # type: ignore[attr-defined]


async def test_an_edit_of_an_example_is_taken_only_when_asked(services: Services, tmp_path: Path) -> None:
    ids = fill(services)
    services.store.write_now(lambda db: examples.update_example(db, ids[1], output="TWO!"))
    services.store.write_now(lambda db: examples.set_verdict(db, ids[2], None))
    app = host(services, tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_few(pilot, app)
        assert [cells[2] for cells in rows(app)] == ["ONE", "TWO", "THREE"], "the version's own texts"
        assert [screen.rows.row(at).glyph for at in range(3)] == ["★", "≠", "–"]  # type: ignore[union-attr]
        await pilot.press("r")
        await until(pilot, lambda: rows(app)[1][2] == "TWO!")
        await pilot.press("w")
        await until(pilot, lambda: newest(services).number == 2)
        assert [one.output for one in newest(services).examples] == ["ONE", "TWO!", "THREE"]
        assert newest(services).examples[2].id is None, "a removed example stays in the set as text alone"


async def test_versions_say_what_changed_and_one_is_restored(services: Services, tmp_path: Path) -> None:
    ids = fill(services, 4)
    db_write = services.store.write_now
    db_write(lambda db: sets.save_set(db, 1, "few", (ids[2], ids[0], ids[3]), Template("xml", "q", "a", "\n")))
    app = host(services, tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_few(pilot, app)
        await pilot.press("V")
        await until(pilot, lambda: isinstance(app.screen, SetVersionsScreen) and rows(app) and rows(app)[0][-1])
        assert rows(app)[0][-1] == "+1 · −1 · 1 moved · template"
        await until(pilot, lambda: "kind xml" in app.screen.query_one("#changed").text)  # type: ignore[attr-defined]
        await pilot.press("j", "enter")
        await until(pilot, lambda: app.screen is screen and listed(app) == ["one", "two", "three"])
        assert screen.state.template == Template()
        assert newest(services).number == 2, "restoring saves nothing by itself"
        await pilot.press("w")
        await until(pilot, lambda: newest(services).number == 3)
        assert inputs(newest(services)) == ["one", "two", "three"]


async def test_play_gets_the_saved_version(services: Services, tmp_path: Path) -> None:
    fill(services)
    app = host(services, tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        await open_few(pilot, app)
        await pilot.press("J", "p")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press("enter")

        def shots() -> Any:
            return (get(services.store.read(), "session.default.play") or {}).get("draft", {}).get("shots")

        await until(pilot, shots)
        assert (shots()["name"], shots()["number"]) == ("few", 2)
        assert inputs(newest(services)) == ["two", "one", "three"]


@pytest.mark.parametrize("size", [(160, 45), (100, 30), (80, 24), (40, 12)])
async def test_hostile_names_and_texts_are_shown_harmlessly(
    services: Services, tmp_path: Path, size: tuple[int, int]
) -> None:
    def write(db: Database) -> None:
        project = projects.ensure_project(db, "default")
        id = examples.add_example(db, project, Example(HOSTILE, HOSTILE, label=HOSTILE, tags=(HOSTILE,)))
        template = Template("custom", body=HOSTILE + "{{input}} {{output}}")
        sets.save_set(db, project, HOSTILE, (id,), template)

    services.store.write_now(write)
    app = host(services, tmp_path)
    async with app.run_test(size=size) as pilot:
        await open_few(pilot, app)
        await pilot.press("v", "i", "escape", "V")
        await until(pilot, lambda: isinstance(app.screen, SetVersionsScreen) and rows(app))
        await pilot.press("escape", "o")
        await until(pilot, lambda: app.screen.is_modal)


async def test_ten_thousand_examples_open_at_once(services: Services, tmp_path: Path) -> None:
    from time import perf_counter

    def write(db: Database) -> None:
        project = projects.ensure_project(db, "default")
        ids = [examples.add_example(db, project, Example(f"input {at}", "yes")) for at in range(10_000)]
        sets.save_set(db, project, "few", ids, Template())

    services.store.write_now(write)
    app = host(services, tmp_path)
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await open_few(pilot, app)
        began = perf_counter()
        await pilot.press("J")
        assert perf_counter() - began < 1
        assert listed(app)[:2] == ["input 1", "input 0"]
        assert json.dumps(screen.editing.to_json())
