"""The Examples pane: the list, the filter, verdicts by one letter, undo, and what is known of one example."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from cockpit.core.examples import Example, Source, Template
from cockpit.screens.examples_words import NO_EXAMPLES
from cockpit.store import examples, projects, sets
from cockpit.store.db import open_store
from tests.screens.examples_host import bar, keep, open_examples, pane, press, rows, settled, shown, stored
from tests.screens.opened_host import HOSTILE
from tests.screens.shell_host import toasts, until
from widgets.text_view import TextView


def some(n: int = 4, verdict: str = "candidate") -> list[Example]:
    return [Example(f"question {i}", f"answer {i}", verdict=verdict) for i in range(1, n + 1)]  # type: ignore[arg-type]


def verdicts(found: Sequence[Example]) -> str:
    return "".join(one.verdict[0] for one in found)


async def test_an_empty_pane_says_what_it_is_for_and_how_to_begin(tmp_path: Path) -> None:
    async with open_examples(tmp_path) as (app, _):
        screen = shown(app)
        assert all(line in screen for line in NO_EXAMPLES)
        assert "no examples yet" in bar(app, "#about")
        assert "a add" in screen


async def test_one_letter_judges_and_goes_to_the_next_that_is_to_be_judged(tmp_path: Path) -> None:
    given = [*some(2), Example("sure", "yes"), *some(1)]
    async with open_examples(tmp_path, given) as (app, pilot):
        assert "○ 3 to judge" in bar(app, "#about")
        await press(app, pilot, "x")
        assert pane(app).listing.current == 2  # the newest is on top; 3 is gold and passed over
        await press(app, pilot, "g")
        assert pane(app).listing.current == 1
        assert verdicts(stored(app)) == "cggr"
        assert bar(app, "#about").startswith("★ 2 gold   ○ 1 to judge   ✗ 1 rejected")


async def test_keys_pressed_faster_than_the_disk_judge_one_example_each(tmp_path: Path) -> None:
    async with open_examples(tmp_path, some(6)) as (app, pilot):
        await press(app, pilot, "g", "x", "g", "x", "g", "x")
        assert verdicts(stored(app)) == "rgrgrg"
        assert "nothing left to judge" in bar(app, "#said")


async def test_a_judged_row_stays_where_it_is_until_the_list_is_read_anew(tmp_path: Path) -> None:
    async with open_examples(tmp_path, some(3)) as (app, pilot):
        await press(app, pilot, "v")
        await until(pilot, lambda: pane(app).listing.text == "is:candidate")
        await press(app, pilot, "g")
        assert len(pane(app).listing.ids) == 3
        await press(app, pilot, "v")
        assert pane(app).listing.ids == [3]


async def test_marked_ones_are_judged_together_and_undone_together(tmp_path: Path) -> None:
    async with open_examples(tmp_path, some(5)) as (app, pilot):
        await press(app, pilot, "space", "space", "x")
        assert verdicts(stored(app)) == "cccrr"
        assert not rows(app).marked
        await press(app, pilot, "M", "g", "u")
        assert verdicts(stored(app)) == "cccrr"
        await press(app, pilot, "u")
        assert verdicts(stored(app)) == "ccccc"
        await press(app, pilot, "U", "U")
        assert verdicts(stored(app)) == "ggggg"


async def test_undo_brings_back_what_was_removed_with_all_that_hung_on_it(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.db"
    ids = keep(path, [Example("q", "first", tags=("a",), note="n"), *some(1)])
    store = open_store(path)
    store.write_now(lambda db: examples.update_example(db, ids[0], output="second"))
    store.write_now(lambda db: sets.save_set(db, projects.ensure_project(db, "default"), "few", ids, Template()))
    store.close()
    async with open_examples(tmp_path) as (app, pilot):
        before = stored(app)
        await press(app, pilot, "M", "d")
        assert stored(app) == []
        assert "no examples yet" in bar(app, "#about")
        await press(app, pilot, "u")
        assert stored(app) == before
        db = app.services.store.read()
        assert [edit.output for edit in examples.edits_of(db, ids[0])] == ["first"]
        assert [one.id for one in sets.get_set(db, 1, "few").examples] == ids


async def test_undo_leaves_alone_what_something_else_changed_meanwhile(tmp_path: Path) -> None:
    async with open_examples(tmp_path, some(1)) as (app, pilot):
        await press(app, pilot, "g")
        await app.services.store.write(lambda db: examples.update_example(db, 1, note="from a script"))
        await press(app, pilot, "u")
        assert stored(app)[0].verdict == "gold"
        assert any("changed elsewhere" in text for text in toasts(app))


async def test_a_new_verdict_drops_the_old_reason_but_keeps_one_just_typed(tmp_path: Path) -> None:
    given = [Example("q", "a", verdict="candidate", reason="too long")]
    async with open_examples(tmp_path, given) as (app, pilot):
        await press(app, pilot, "x")
        assert stored(app)[0].reason == ""
        await pilot.press("r")
        await until(pilot, lambda: app.screen.is_modal)
        await press(app, pilot, *"dull", "enter")
        await press(app, pilot, "g")
        assert (stored(app)[0].verdict, stored(app)[0].reason) == ("gold", "dull")


async def test_the_reason_of_the_last_verdict_is_typed_after_it(tmp_path: Path) -> None:
    async with open_examples(tmp_path, some(2)) as (app, pilot):
        await press(app, pilot, "x")
        await pilot.press("R")
        await until(pilot, lambda: app.screen.is_modal)
        await press(app, pilot, *"odd", "enter")
        assert [one.reason for one in stored(app)] == ["", "odd"]
        assert pane(app).listing.current == 1


async def test_tags_are_replaced_for_one_and_changed_for_several(tmp_path: Path) -> None:
    given = [Example("q1", "a", tags=("x", "y")), Example("q2", "a", tags=("z",))]
    async with open_examples(tmp_path, given) as (app, pilot):
        await pilot.press("t")
        await until(pilot, lambda: app.screen.is_modal)
        await press(app, pilot, *" hard", "enter")
        assert stored(app)[1].tags == ("z", "hard")
        await pilot.press("M", "t")
        await until(pilot, lambda: app.screen.is_modal)
        await press(app, pilot, *"-x new", "enter")
        assert [one.tags for one in stored(app)] == [("y", "new"), ("z", "hard", "new")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("is:gold", [1]),
        ("-is:gold", [3, 2]),
        ("tag:hard", [2]),
        ("label:yes is:candidate", [2]),
        ("from:row", [3]),
        ("PARIS", [1]),
        ('"capital of"', [2, 1]),
        ("-capital", [3]),
        ("is:duplicate", []),
    ],
)
async def test_the_filter_shows_what_is_asked_for(tmp_path: Path, text: str, found: list[int]) -> None:
    given = [
        Example("The capital of France?", "Paris", label="yes"),
        Example("The capital of Peru?", "Lima", label="yes", verdict="candidate", tags=("hard",)),
        Example("Two and two?", "4", verdict="rejected", source=Source("row", {"dataset": "d", "row": 7})),
    ]
    async with open_examples(tmp_path, given) as (app, pilot):
        listing = pane(app).listing
        await pilot.press("slash", *(key if key.isalnum() else {" ": "space"}.get(key, key) for key in text))
        await until(pilot, lambda: listing.text == text and listing.ids == found)
        await pilot.press("escape")
        assert rows(app).has_focus
        await press(app, pilot, "escape")
        assert listing.ids == [3, 2, 1]


async def test_a_filter_that_means_nothing_says_so_and_lists_what_it_listed(tmp_path: Path) -> None:
    async with open_examples(tmp_path, some(2)) as (app, pilot):
        await pilot.press("slash", *"is:good")
        await until(pilot, lambda: "is:good is none" in shown(app))
        assert pane(app).listing.ids == [2, 1]


async def test_the_list_is_sorted_and_the_cursor_stays_on_its_example(tmp_path: Path) -> None:
    given = [Example("b", "long answer here"), Example("a", "x"), Example("c", "yy")]
    async with open_examples(tmp_path, given) as (app, pilot):
        await press(app, pilot, "j")
        await pilot.press("s")
        await until(pilot, lambda: app.screen.is_modal)
        await press(app, pilot, *"longest", "enter")
        await until(pilot, lambda: pane(app).listing.ids == [1, 3, 2])
        assert pane(app).listing.current == 2


async def test_facts_name_duplicates_with_other_outputs_sets_edits_and_source(tmp_path: Path) -> None:
    source = Source("sample", {"sample": 41, "model": "openai:gpt-5"})
    given = [Example("Capital of France?", "Lyon"), Example("  capital of FRANCE ", "Paris", source=source)]
    ids = keep(tmp_path / "cockpit.db", given)
    store = open_store(tmp_path / "cockpit.db")
    store.write_now(lambda db: examples.update_example(db, ids[1], output="Paris."))
    store.write_now(lambda db: sets.save_set(db, projects.ensure_project(db, "default"), "few", ids, Template()))
    store.close()
    async with open_examples(tmp_path) as (app, pilot):
        await settled(app, pilot)
        screen = shown(app)
        assert "same input  ★ 1 another output: Lyon" in screen
        assert "edited, from sample 41 of openai:gpt-5" in screen
        assert "in sets     few" in screen
        await pilot.press("H")
        await until(pilot, lambda: app.screen.is_modal)
        assert app.screen.query_one(TextView).text.endswith("output:\nParis")


async def test_ten_thousand_open_with_a_page_of_texts(tmp_path: Path) -> None:
    async with open_examples(tmp_path, some(10_000)) as (app, pilot):
        listing = pane(app).listing
        assert len(listing.ids) == 10_000
        assert len(listing._heads) <= 256
        await press(app, pilot, "G")
        await until(pilot, lambda: "question 1 " in shown(app))
        assert len(listing._heads) <= 2 * 256 + 256


@pytest.mark.parametrize("size", [(160, 45), (100, 30), (80, 24)])
async def test_hostile_texts_are_shown_and_not_obeyed(tmp_path: Path, size: tuple[int, int]) -> None:
    one = Example(HOSTILE, HOSTILE, HOSTILE, "candidate", HOSTILE, HOSTILE, ("[/b]", "\x1b[31m"), HOSTILE)
    async with open_examples(tmp_path, [one, one], size=size) as (app, pilot):
        await press(app, pilot, "g", "space", "x", "u", "i", "escape", "H")
        assert "\x1b" not in shown(app)
        assert "\u202e" not in shown(app)
        assert "a[/]b [bold red]x" in shown(app)


async def test_the_pane_comes_back_as_it_was(tmp_path: Path) -> None:
    async with open_examples(tmp_path, some(3)) as (app, pilot):
        await press(app, pilot, "v", "j")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)
    async with open_examples(tmp_path) as (app, pilot):
        assert pane(app).listing.text == "is:candidate"
        assert pane(app).listing.current == 2


async def test_lists_other_sessions_changes_when_it_is_come_back_to(tmp_path: Path) -> None:
    async with open_examples(tmp_path, some(1)) as (app, pilot):
        await app.services.store.write(lambda db: examples.add_example(db, 1, Example("new", "one")))
        pane(app).on_screen_resume()
        await settled(app, pilot)
        assert pane(app).listing.ids == [2, 1]


@pytest.mark.parametrize(("size", "titles"), [((160, 45), "tags"), ((100, 30), "output"), ((80, 24), "label")])
async def test_rows_and_titles_fit_the_width_after_a_resize(tmp_path: Path, size: tuple[int, int], titles: str) -> None:
    async with open_examples(tmp_path, [Example("q", "a", label="lab", tags=("hard",))]) as (app, pilot):
        await pilot.resize_terminal(*size)
        await until(pilot, lambda: rows(app).columns[-1].title in (titles, "from"))
        first = rows(app).row(0)
        assert first is not None
        assert len(first.cells) == len(rows(app).columns)


@pytest.mark.parametrize(
    ("key", "module", "name"),
    [
        ("S", "sets", "open_sets"),
        ("F", "fill", "open_fill"),
        ("D", "datasets", "open_datasets"),
        ("C", "curve", "open_curve"),
        ("X", "example_transfer", "open_export"),
        ("I", "example_transfer", "open_import"),
    ],
)
async def test_a_letter_opens_each_of_the_others_with_what_is_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, module: str, name: str
) -> None:
    given: list[tuple[object, ...]] = []

    async def opened(*args: object) -> None:
        given.append(args)

    monkeypatch.setitem(sys.modules, f"cockpit.screens.{module}", SimpleNamespace(**{name: opened}))
    async with open_examples(tmp_path, some(3)) as (app, pilot):
        await press(app, pilot, "space", key)
        await until(pilot, lambda: given)
        marked = [[3]] if key in "SX" else []
        assert list(given[0]) == [pane(app), *marked]
