"""Datasets at the screen: list, glance, rows, import, split, subset, leaks, all by keys over a real database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from cockpit.core.draft import PlayDraft
from cockpit.core.examples import Example, Row
from cockpit.screens.datasets import DatasetsScreen
from cockpit.screens.datasets_import import ImportScreen
from cockpit.screens.datasets_import_source import Flight
from cockpit.screens.datasets_leaks import LeaksScreen
from cockpit.screens.datasets_rows import DatasetRowsScreen
from cockpit.screens.datasets_split import SplitScreen
from cockpit.screens.datasets_take import TakeScreen
from cockpit.screens.dialogs import Confirm, Pick
from cockpit.screens.stops_lines import Lines
from cockpit.screens.tokens_source import written_in
from cockpit.services import Services
from cockpit.store import datasets, examples, projects
from cockpit.store.db import Database
from tests.core.test_leaks import clean, prose
from tests.screens.opened_host import HOSTILE, HostApp, make_services, until
from widgets.field import Field
from widgets.plain import Plain
from widgets.row_list import RowList
from widgets.text_view import TextView


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


def store_rows(services: Services, rows: Sequence[Row], name: str = "qa") -> datasets.DatasetRow:
    def fill(db: Database) -> datasets.DatasetRow:
        project = projects.ensure_project(db, "default")
        made = datasets.create_dataset(db, project, name, f"{name}.jsonl", {"mapping": {"input": "question"}})
        datasets.add_rows(db, made, rows)
        datasets.finish_dataset(db, made, {"copies": 1, "input_chars": {"least": 1, "median": 2, "p95": 3, "most": 4}})
        return datasets.get_dataset(db, project, name)

    return services.store.write_now(fill)


def labelled(n: int, *, split: str | None = None) -> list[Row]:
    return [
        Row(f"k{at}", f"{prose(at)} {at}", "yes" if at % 3 else "no", "ab"[at % 4 == 0], split=split) for at in range(n)
    ]


def stored(services: Services, name: str = "qa") -> datasets.DatasetRow | None:
    db = services.store.read()
    project = projects.find_project(db, "default") or 0
    return next((one for one in datasets.list_datasets(db, project) if one.name == name), None)


def kept(services: Services) -> list[Example]:
    db = services.store.read()
    return list(examples.iter_examples(db, projects.find_project(db, "default") or 0))


def rows_in(app: HostApp, name: str = "#rows") -> RowList:
    return app.screen.query_one(name, RowList)


def cells(app: HostApp, name: str = "#rows") -> list[tuple[str, ...]]:
    rows = rows_in(app, name)
    return [row.cells for at in range(rows.line_count() - 1) if (row := rows.row(at)) is not None]


def said(app: HostApp, name: str) -> str:
    return str(app.screen.query_one(name, Plain).content)


def at(app: HostApp, screen: type[Screen[Any]]) -> bool:
    """Whether a screen of that kind is in front, with all its widgets."""
    return isinstance(app.screen, screen) and app.screen.is_mounted


def front(app: HostApp) -> Any:
    """The screen in front, with what it keeps to itself."""
    return app.screen


def toasts(app: HostApp) -> str:
    return "\n".join(one.message for one in app._notifications)


async def type_in(app: HostApp, pilot: Pilot[Any], name: str, text: str) -> None:
    field = app.screen.query_one(name, Field)
    field.focus()
    field.value = text
    field.post_message(Field.Changed(field, text))
    await pilot.pause()


# The list


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_an_empty_list_says_what_it_is_for_and_which_key_starts(
    services: Services, tmp_path: Path, size: tuple[int, int]
) -> None:
    app = HostApp(services, tmp_path, DatasetsScreen)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: at(app, DatasetsScreen) and "imports" in str(rows_in(app)._empty))
        assert not app.screen.query_one("#glance").display
        await pilot.press("s", "d", "c", "t")
        assert at(app, DatasetsScreen), "keys that need a dataset do nothing without one"


async def test_a_glance_has_labels_lengths_copies_splits_and_first_rows(services: Services, tmp_path: Path) -> None:
    store_rows(services, [Row("h", HOSTILE, "no", "[/]"), *labelled(20, split="dev")])
    app = HostApp(services, tmp_path, DatasetsScreen)
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: at(app, DatasetsScreen) and cells(app))
        glance = app.screen.query_one("#glance", Lines)
        await until(pilot, lambda: "first rows" in glance.text and "tokens" in glance.text)
        text = glance.text
        for part in ("21 rows", "input = question", "dev", "in none", "[/]", "1 row has the input of an earlier one"):
            assert part in text
        assert "15  71 %" in " ".join(text.split("\n")).replace("   ", " ").replace("  ", "  "), text


async def test_removing_says_what_was_made_from_it(services: Services, tmp_path: Path) -> None:
    store_rows(services, labelled(5))
    app = HostApp(services, tmp_path, DatasetsScreen)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: at(app, DatasetsScreen) and cells(app))
        await pilot.press("r")
        await until(pilot, lambda: at(app, DatasetRowsScreen) and rows_in(app).current)
        await pilot.press("asterisk")
        await until(pilot, lambda: at(app, Pick))
        await pilot.press("enter")
        await until(pilot, lambda: kept(services))
        await until(pilot, lambda: at(app, DatasetRowsScreen))
        await pilot.press("q")
        await until(pilot, lambda: at(app, DatasetsScreen))
        await pilot.press("d")
        await until(pilot, lambda: at(app, Confirm))
        assert "1 example was made from its rows" in str(app.screen.query_one(".message", Plain).content)
        await pilot.press("n")
        assert stored(services) is not None
        await until(pilot, lambda: at(app, DatasetsScreen))
        await pilot.press("d")
        await until(pilot, lambda: at(app, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: stored(services) is None)
        assert len(kept(services)) == 1


# Rows


async def test_rows_are_paged_filtered_and_made_examples(services: Services, tmp_path: Path) -> None:
    dataset = store_rows(
        services, [*labelled(700, split="dev"), Row("odd", "A [/] zebra", "stripes", "rare", split="test")]
    )
    app = HostApp(services, tmp_path, lambda s: DatasetRowsScreen(s, dataset))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: at(app, DatasetRowsScreen) and rows_in(app).current)
        await pilot.press("G")
        await until(pilot, lambda: app.screen.query_one("#input", TextView).text == "A [/] zebra")
        assert "label rare" in said(app, "#facts")
        await pilot.press("v")
        await until(pilot, lambda: rows_in(app).line_count() == 701)
        await pilot.press("v")
        await until(pilot, lambda: rows_in(app).line_count() == 2)
        await pilot.press("v", "slash")
        await pilot.press(*"zebra", "enter")
        await until(pilot, lambda: rows_in(app).line_count() == 2)
        await pilot.press("asterisk")
        await until(pilot, lambda: at(app, Pick))
        await pilot.press(*"gold", "enter")
        await until(pilot, lambda: kept(services))
        (one,) = kept(services)
        assert (one.input, one.output, one.label, one.verdict) == ("A [/] zebra", "stripes", "rare", "gold")
        assert (one.source.kind, dict(one.source.detail)) == ("row", {"dataset": "qa", "row": "odd"})


async def test_marked_rows_become_candidates_and_known_inputs_are_left_out(services: Services, tmp_path: Path) -> None:
    dataset = store_rows(services, [*labelled(4), Row("again", f"{prose(1)} 1".upper(), "no")])
    app = HostApp(services, tmp_path, lambda s: DatasetRowsScreen(s, dataset))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: at(app, DatasetRowsScreen) and rows_in(app).current)
        await pilot.press("M", "asterisk")
        await until(pilot, lambda: at(app, Pick))
        await pilot.press("enter")
        await until(pilot, lambda: kept(services))
        assert [one.verdict for one in kept(services)] == ["candidate"] * 4
        await until(pilot, lambda: "1 row was left out" in toasts(app))
        assert not rows_in(app).marked


# Import


def write_lines(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


async def open_import(app: HostApp, pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: at(app, ImportScreen) and cells(app, "#fields"))
    await until(pilot, lambda: cells(app))
    await pilot.press("escape")


async def test_columns_are_mapped_by_keys_with_a_live_preview(services: Services, tmp_path: Path) -> None:
    rows = [{"q": f"Is {at}?", "right": {"letter": "A"}, "note": "[/]"} for at in range(3)]
    path = write_lines(tmp_path / "odd.jsonl", rows)
    app = HostApp(services, tmp_path, lambda s: ImportScreen(s, "default"))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: at(app, ImportScreen))
        await type_in(app, pilot, "#path", f"{tmp_path}/od")
        await pilot.press("tab")
        await until(pilot, lambda: cells(app, "#fields") and "input" in said(app, "#said"))
        assert app.screen.query_one("#path", Field).value == str(path)
        assert app.screen.query_one("#called", Field).value == "odd"
        await pilot.press("enter", "l")
        await until(pilot, lambda: cells(app) and cells(app)[0][1] == "Is 0?")
        await pilot.press("j", "enter")
        await until(pilot, lambda: at(app, Pick))
        await pilot.press(*"letter", "enter")
        await until(pilot, lambda: at(app, ImportScreen) and cells(app) and cells(app)[0][2] == "A")
        await pilot.press("ctrl+j")
        await until(pilot, lambda: app.results == ["odd"])
        found = stored(services, "odd")
        assert found is not None
        assert (found.n, found.columns["mapping"]) == (3, {"input": "q", "output": "right.letter"})


async def test_bad_rows_refuse_the_file_until_they_are_left_out(services: Services, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "bad.jsonl", [{"input": "one", "label": "a"}, {"input": ""}, {"label": "b"}])
    app = HostApp(services, tmp_path, lambda s: ImportScreen(s, "default", path=str(path)))
    async with app.run_test(size=(100, 30)) as pilot:
        await open_import(app, pilot)
        assert "2 bad rows among the first" in said(app, "#said")
        await pilot.press("ctrl+j")
        await until(pilot, lambda: "nothing was stored" in said(app, "#said"))
        assert [row[0] for row in cells(app)] == ["2", "3"], "every bad row with its line"
        assert stored(services, "bad") is None
        await pilot.press("s", "ctrl+j")
        await until(pilot, lambda: app.results == ["bad"])
        found = stored(services, "bad")
        assert found is not None
        assert (found.n, found.facts["left_out"]) == (1, 2)


async def test_adding_to_a_split_dataset_says_what_leaks(services: Services, tmp_path: Path) -> None:
    store_rows(services, labelled(3, split="dev"))
    rows = [{"input": f"{prose(1)} 1".upper(), "split": "test"}, {"input": "new", "split": "test"}]
    path = write_lines(tmp_path / "qa.jsonl", rows)
    app = HostApp(services, tmp_path, lambda s: ImportScreen(s, "default", path=str(path)))
    async with app.run_test(size=(160, 45)) as pilot:
        await open_import(app, pilot)
        assert "There is a dataset qa" in said(app, "#said")
        await pilot.press("ctrl+j", "plus", "ctrl+j")
        await until(pilot, lambda: app.results == ["qa"])
        await until(pilot, lambda: "1 leak: equal inputs in two splits" in toasts(app))
        assert (found := stored(services)) is not None
        assert found.n == 5


async def test_a_cancelled_import_leaves_nothing(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = Flight.tell

    def wait(self: Flight, rows: int, bad: int) -> None:
        tell(self, rows, bad)
        self.cancel.wait(10)

    monkeypatch.setattr(Flight, "tell", wait)
    path = write_lines(tmp_path / "big.jsonl", [{"input": f"row {at}"} for at in range(3_000)])
    app = HostApp(services, tmp_path, lambda s: ImportScreen(s, "default", path=str(path)))
    async with app.run_test(size=(100, 30)) as pilot:
        await open_import(app, pilot)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: "1 000 rows, " in said(app, "#said") and "rows/s" in said(app, "#said"))
        await pilot.press("x", "f")
        assert at(app, ImportScreen), "nothing but stopping works meanwhile"
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "Stopped; nothing was stored" in said(app, "#said"))
        assert stored(services, "big") is None
        assert services.store.read().execute("SELECT count(*) FROM dataset_row").fetchone()[0] == 0


async def test_leaving_during_an_import_stops_it(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flights: list[Flight] = []

    def wait(self: Flight, rows: int, bad: int) -> None:
        flights.append(self)
        self.cancel.wait(10)

    monkeypatch.setattr(Flight, "tell", wait)
    path = write_lines(tmp_path / "big.jsonl", [{"input": f"row {at}"} for at in range(3_000)])
    app = HostApp(services, tmp_path, lambda s: ImportScreen(s, "default", path=str(path)))
    async with app.run_test(size=(100, 30)) as pilot:
        await open_import(app, pilot)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: flights)
        await pilot.press("q")
        await until(pilot, flights[0].cancel.is_set)
        count = "SELECT (SELECT count(*) FROM dataset_row) + (SELECT count(*) FROM dataset)"
        await until(pilot, lambda: services.store.read().execute(count).fetchone()[0] == 0)


async def test_a_file_that_cannot_be_read_says_why(services: Services, tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"\x00\x01")
    app = HostApp(services, tmp_path, lambda s: ImportScreen(s, "default", path=f"{tmp_path}/x.bin"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: at(app, ImportScreen) and "format" in said(app, "#said"))
        await pilot.press("escape", "ctrl+j")
        assert "cannot tell the format" in said(app, "#said")
        assert app.results == []


# Split, subset


async def test_a_split_is_previewed_and_then_stored(services: Services, tmp_path: Path) -> None:
    dataset = store_rows(services, labelled(200))
    app = HostApp(services, tmp_path, lambda s: SplitScreen(s, dataset))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(
            pilot,
            lambda: at(app, SplitScreen) and "ctrl+j" in app.screen.query_one("#counts", Lines).text,
        )
        assert (before := stored(services)) is not None
        assert before.splits == {}, "a preview stores nothing"
        await pilot.press("b")
        await until(pilot, lambda: "exact shares" in said(app, "#how"))
        await type_in(app, pilot, "#shares", "dev=0.5 test=0.5")
        await until(pilot, lambda: "examples" not in app.screen.query_one("#counts", Lines).text)
        await pilot.press("escape")
        await until(pilot, lambda: front(app)._found is not None)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: app.results)
        assert (after := stored(services)) is not None
        assert after.splits == {"dev": 100, "test": 100}
        assert "No input stands in two splits" in toasts(app)


async def test_shares_that_make_no_split_are_refused_where_they_stand(services: Services, tmp_path: Path) -> None:
    dataset = store_rows(services, labelled(10))
    app = HostApp(services, tmp_path, lambda s: SplitScreen(s, dataset))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: at(app, SplitScreen) and front(app)._found)
        await type_in(app, pilot, "#shares", "dev=0.5 test=0.6")
        await until(pilot, lambda: "add up to" in app.screen.query_one("#shares", Field).problem)
        await pilot.press("ctrl+j")
        await pilot.pause()
        assert (found := stored(services)) is not None
        assert found.splits == {}


async def test_a_subset_of_dev_becomes_plays_inputs_and_stays_nested(services: Services, tmp_path: Path) -> None:
    dataset = store_rows(services, [*labelled(40, split="dev"), Row("t", "test row", split="test")])
    app = HostApp(services, tmp_path, lambda s: TakeScreen(s, dataset))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: at(app, TakeScreen) and len(cells(app)) == 40)
        whole = [row[1] for row in cells(app)]
        await type_in(app, pilot, "#n", "7")
        await until(pilot, lambda: len(cells(app)) == 7)
        assert [row[1] for row in cells(app)] == whole[:7]
        await pilot.press("escape", "p")
        await until(pilot, lambda: "Play runs over 7 rows" in toasts(app))
        draft: PlayDraft = written_in(app).draft
        assert draft.inputs_path == "dataset:qa/dev?n=7&seed=0"
        from cockpit.dataset_inputs import read_dataset_inputs

        rows = read_dataset_inputs(services.store, "default", draft.inputs_path)
        assert len(rows) == 7
        assert set(rows[0]) == {"key", "input", "question", "output", "label"}


async def test_play_takes_up_a_subset_after_a_restart_and_says_if_it_is_gone(services: Services) -> None:
    from cockpit.screens.play_archive import Archive

    store_rows(services, labelled(9, split="dev"))
    told: list[str] = []
    app = SimpleNamespace(project="default", report=lambda error, title: told.append(error.message))
    archive = Archive(cast("Any", SimpleNamespace(services=services, cockpit=app)))
    draft = await archive.restore_inputs(PlayDraft(inputs_path="dataset:qa/dev?n=4&seed=2"))
    assert len(draft.inputs) == 4
    draft = await archive.restore_inputs(PlayDraft(inputs_path="dataset:gone/dev?n=4&seed=2"))
    assert (draft.inputs_path, told) == ("", ["There is no dataset 'gone'."])


async def test_a_subset_is_written_to_a_new_file_only(services: Services, tmp_path: Path) -> None:
    dataset = store_rows(services, labelled(12))
    target = tmp_path / "some.jsonl"
    app = HostApp(services, tmp_path, lambda s: TakeScreen(s, dataset))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: at(app, TakeScreen) and len(cells(app)) == 12)
        await pilot.press("w")
        await until(pilot, lambda: app.screen.query("Field"))
        await until(pilot, lambda: not at(app, TakeScreen))
        app.screen.query_one(Field).value = str(target)
        await pilot.press("enter")
        await until(pilot, target.exists)
        assert len(target.read_text().splitlines()) == 12
        await until(pilot, lambda: at(app, TakeScreen))
        await pilot.press("w")
        await until(pilot, lambda: not at(app, TakeScreen))
        app.screen.query_one(Field).value = str(target)
        await pilot.press("enter")
        await until(pilot, lambda: "choose another name" in said(app, ".problem"))


# Leaks


PLANTED = [Row("twin", prose(1), split="test"), Row("loud", prose(0).upper(), split="test")]


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_leaks_are_shown_side_by_side_and_fixed_by_a_key(
    services: Services, tmp_path: Path, size: tuple[int, int]
) -> None:
    dataset = store_rows(services, [*clean(60), *PLANTED])
    app = HostApp(services, tmp_path, lambda s: LeaksScreen(s, dataset))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: at(app, LeaksScreen) and len(cells(app)) == 2)
        assert said(app, "#kinds") == "✗ 1 exact   ✗ 1 normalised"
        await until(pilot, lambda: app.screen.query_one("#b", TextView).text == prose(1))
        assert app.screen.query_one("#a", TextView).text == prose(1)
        await pilot.press("x")
        await until(pilot, lambda: at(app, Confirm))
        assert "2 rows go out of their split: 1 of dev, 1 of examples" in str(
            app.screen.query_one(".message", Plain).content
        )
        await pilot.press("y")
        await until(pilot, lambda: at(app, LeaksScreen) and "No row" in str(rows_in(app)._empty))
        assert (after := stored(services)) is not None
        assert after.splits["test"] == dataset.splits["test"], "nothing of test goes"
        assert sum(after.splits.values()) == sum(dataset.splits.values()) - 2


async def test_a_fix_of_one_kind_leaves_the_others(services: Services, tmp_path: Path) -> None:
    dataset = store_rows(services, [*clean(60), *PLANTED])
    app = HostApp(services, tmp_path, lambda s: LeaksScreen(s, dataset))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: at(app, LeaksScreen) and len(cells(app)) == 2)
        await pilot.press("v", "x")
        await until(pilot, lambda: at(app, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: at(app, LeaksScreen) and len(cells(app)) == 1)
        assert cells(app)[0][0] == "normalised"


async def test_without_splits_the_check_says_so(services: Services, tmp_path: Path) -> None:
    dataset = store_rows(services, labelled(5))
    app = HostApp(services, tmp_path, lambda s: LeaksScreen(s, dataset))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: at(app, LeaksScreen) and "fewer than two" in str(rows_in(app)._empty))
        await pilot.press("x", "r")
        assert not front(app).busy


async def test_a_check_can_be_stopped(services: Services, tmp_path: Path) -> None:
    dataset = store_rows(services, clean(6000))
    app = HostApp(services, tmp_path, lambda s: LeaksScreen(s, dataset))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: at(app, LeaksScreen) and front(app).busy)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "was stopped" in str(rows_in(app)._empty))
        assert not front(app).busy
