"""An inputs file: columns against variables, bad rows with their reasons, completion."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.core.examples import Row
from cockpit.screens.inputs import InputsChoice, InputsScreen
from cockpit.screens.inputs_view import check_inputs, complete_path
from cockpit.services import Services
from cockpit.store import datasets, projects
from cockpit.store.db import Database
from tests.screens.opened_host import HostApp, make_services, until
from widgets.field import Field
from widgets.plain import Plain


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


def text_of(app: HostApp, name: str) -> str:
    return str(app.screen.query_one(name, Plain).content)


async def test_a_path_is_completed_by_tab_and_its_rows_taken(services: Services, tmp_path: Path) -> None:
    (tmp_path / "questions.jsonl").write_text('{"q": "one"}\n{"q": "two"}\n')
    app = HostApp(services, tmp_path, lambda s: InputsScreen(s, None, ("q",)))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("#path"))
        app.screen.query_one("#path", Field).value = f"{tmp_path}/que"
        await pilot.press("tab")
        await until(pilot, lambda: "2 rows" in text_of(app, "#said"))
        await pilot.press("ctrl+j")
        await until(pilot, lambda: app.results)
        assert app.results == [InputsChoice(f"{tmp_path}/questions.jsonl", ({"q": "one"}, {"q": "two"}))]


async def test_a_missing_column_and_bad_rows_are_named_and_nothing_is_taken(services: Services, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"q": "one"}\n{nope\n[1]\n')
    app = HostApp(services, tmp_path, lambda s: InputsScreen(s, str(bad), ("q",)))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("#bad") and "Row 2" in text_of(app, "#bad"))
        assert "Row 3: not a JSON object" in text_of(app, "#bad"), "every bad row, not only the first"
        await pilot.press("enter")
        await pilot.pause()
        assert app.results == []
        await pilot.press("x")
        await until(pilot, lambda: app.results)
        assert app.results == [InputsChoice("", ({},))]


def test_columns_meet_variables(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("q,label\none,A\n")
    check = check_inputs(str(path), ("q", "context"))
    assert check.missing == ("context",)
    assert check.unused == ("label",)
    assert not check.usable


def test_a_row_that_lacks_a_variable_is_bad(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"q": "one"}\n{"x": "two"}\n')
    check = check_inputs(str(path), ("q",))
    assert check.bad == ("Row 2 has no q.",)
    assert not check.usable


def test_every_bad_csv_row_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("a,b\n1,2\n1\n1,2,3\n")
    assert [line.partition(":")[0] for line in check_inputs(str(path), ("a",)).bad] == ["Row 3", "Row 4"]


def test_completion_goes_as_far_as_it_is_certain(tmp_path: Path) -> None:
    (tmp_path / "train.csv").touch()
    (tmp_path / "train2.csv").touch()
    (tmp_path / "train.png").touch()
    (tmp_path / "folder").mkdir()
    assert complete_path(f"{tmp_path}/tr") == (f"{tmp_path}/train", ["train.csv", "train2.csv"])
    assert complete_path(f"{tmp_path}/f") == (f"{tmp_path}/folder/", ["folder/"])
    assert complete_path(f"{tmp_path}/zz") == (f"{tmp_path}/zz", [])
    assert complete_path("/nowhere/at/all") == ("/nowhere/at/all", [])


def test_a_file_that_is_not_there_says_so() -> None:
    assert "No such file" in check_inputs("/nowhere/x.jsonl", ()).bad[0]


async def test_rows_of_a_dataset_are_inputs_too(services: Services, tmp_path: Path) -> None:
    def fill(db: Database) -> None:
        project = projects.ensure_project(db, "default")
        made = datasets.create_dataset(db, project, "qa", "qa.csv", {"mapping": {"input": "q"}})
        datasets.add_rows(db, made, [Row(f"k{at}", f"Is it {at}?", "yes", split="dev") for at in range(9)])
        datasets.finish_dataset(db, made)

    services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: InputsScreen(s, "dataset:qa/dev?n=4&seed=1", ("q",)))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("#path") and "4 rows" in text_of(app, "#said"))
        assert text_of(app, "#columns").startswith("✓ {{q}}   not asked for: ")
        field = app.screen.query_one("#path", Field)
        field.value = "dataset:qa/nowhere"
        field.post_message(Field.Changed(field, field.value))
        await until(pilot, lambda: "has no split 'nowhere'" in text_of(app, "#bad"))
