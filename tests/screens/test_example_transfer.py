"""Examples to files and from files: what is wrong is said first, nothing is overwritten or half-imported."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from cockpit.core.examples import Example, Template, Verdict
from cockpit.screens.dialogs import Confirm
from cockpit.screens.example_export import ExportScreen
from cockpit.screens.example_import import ImportScreen
from cockpit.services import Services
from cockpit.store import examples, projects, sets
from tests.screens.opened_host import HOSTILE, HostApp, make_services, until
from widgets.field import Field
from widgets.plain import Plain
from widgets.text_view import TextView


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


def add(services: Services, *given: Example) -> list[int]:
    def work(db: Any) -> list[int]:
        project_id = projects.ensure_project(db, "default")
        return [examples.add_example(db, project_id, one) for one in given]

    return services.store.write_now(work)


def some(n: int, verdict: Verdict = "gold") -> list[Example]:
    return [Example(f"question {at} {HOSTILE}", f"answer {at}", verdict=verdict) for at in range(n)]


def known(services: Services) -> list[Example]:
    db = services.store.read()
    project_id = projects.find_project(db, "default")
    return list(examples.iter_examples(db, project_id)) if project_id is not None else []


def said(app: HostApp) -> str:
    return "\n".join(str(one.content) for one in app.screen.query(Plain) if one.display)


def export_app(services: Services, tmp_path: Path, ids: list[int], set_name: str | None = None) -> HostApp:
    return HostApp(services, tmp_path, lambda s: ExportScreen(s, "default", ids, set_name))


async def made(app: HostApp, pilot: Pilot[Any]) -> None:
    def ready() -> bool:
        screen = app.screen
        return isinstance(screen, ExportScreen) and screen._made is not None and screen._made.asked == screen._asked

    await until(pilot, ready, "the file")


async def to(app: HostApp, pilot: Pilot[Any], form: str) -> None:
    screen = app.screen
    assert isinstance(screen, ExportScreen)
    await pilot.press("g")
    while screen._asked.form != form:
        before = screen._asked
        await pilot.press("j")
        await until(pilot, lambda: screen._asked != before)  # noqa: B023
    await made(app, pilot)


def path_to(app: HostApp, path: Path) -> None:
    field = app.screen.query_one("#path", Field)
    field.value = str(path)
    field.post_message(Field.Changed(field, field.value))


async def test_gold_alone_is_written_unless_more_is_asked_for(services: Services, tmp_path: Path) -> None:
    ids = add(services, *some(12), Example("bad", "worse", verdict="rejected"), Example("c", "d", verdict="candidate"))
    app, target = export_app(services, tmp_path, ids), tmp_path / "out.jsonl"
    async with app.run_test(size=(120, 40)) as pilot:
        await made(app, pilot)
        assert "12 of 14" in said(app)
        path_to(app, target)
        await pilot.press("v")
        await until(pilot, lambda: "gold and candidates: 13 of 14" in said(app))
        await pilot.press("v", "v")
        await until(pilot, lambda: "12 of 14" in said(app))
        await made(app, pilot)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: app.results)
    assert app.results == [True]
    lines = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert len(lines) == 12
    assert lines[3]["messages"] == [
        {"role": "user", "content": f"question 3 {HOSTILE}"},
        {"role": "assistant", "content": "answer 3"},
    ]


async def test_what_openai_would_refuse_is_said_before_and_asked_about(services: Services, tmp_path: Path) -> None:
    app, target = export_app(services, tmp_path, add(services, *some(3))), tmp_path / "out.jsonl"
    async with app.run_test(size=(120, 40)) as pilot:
        await made(app, pilot)
        assert "3 rows, and 10 are the fewest" in said(app)
        path_to(app, target)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, ExportScreen))
        assert not target.exists()
        await pilot.press("ctrl+j")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: app.results)
    assert len(target.read_text("utf-8").splitlines()) == 3


async def test_a_file_that_is_there_is_replaced_only_if_said_so(services: Services, tmp_path: Path) -> None:
    app, target = export_app(services, tmp_path, add(services, *some(2))), tmp_path / "out.csv"
    target.write_text("mine")
    async with app.run_test(size=(120, 40)) as pilot:
        await made(app, pilot)
        await to(app, pilot, "csv")
        path_to(app, target)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter", "n")
        await until(pilot, lambda: isinstance(app.screen, ExportScreen))
        assert target.read_text() == "mine"
        await pilot.press("ctrl+j")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: app.results)
    with target.open(newline="", encoding="utf-8") as stream:
        assert [row["output"] for row in csv.DictReader(stream)] == ["answer 0", "answer 1"]


async def test_two_answers_to_one_input_are_said(services: Services, tmp_path: Path) -> None:
    app = export_app(services, tmp_path, add(services, *some(10), Example("Q", "yes"), Example("q", "no")))
    async with app.run_test(size=(120, 40)) as pilot:
        await made(app, pilot)
        await until(pilot, lambda: "2 examples of these answer one input in different ways" in said(app))


async def test_a_folder_that_is_not_there_is_said(services: Services, tmp_path: Path) -> None:
    app = export_app(services, tmp_path, add(services, *some(10)))
    async with app.run_test(size=(80, 24)) as pilot:
        await made(app, pilot)
        path_to(app, tmp_path / "no" / "where.jsonl")
        await pilot.press("ctrl+j")
        await until(pilot, lambda: app.screen.query_one("#path", Field).problem)
        assert not app.results


async def test_preference_pairs_need_gold_and_rejected(services: Services, tmp_path: Path) -> None:
    pairs = [Example("Q", "yes"), Example("q ", "no", verdict="rejected"), Example("Q", "hm", verdict="candidate")]
    app = export_app(services, tmp_path, add(services, *pairs))
    async with app.run_test(size=(120, 40)) as pilot:
        await made(app, pilot)
        await to(app, pilot, "openai-dpo")
        await pilot.press("p")
        await until(pilot, lambda: app.screen.query_one("#system", Field).has_focus)
        await pilot.press(*"Be", "enter")
        await until(pilot, lambda: '"Be"' in app.screen.query_one("#preview", TextView).text)
        row = json.loads(app.screen.query_one("#preview", TextView).text)
    assert row["preferred_output"][0]["content"] == "yes"
    assert row["non_preferred_output"][0]["content"] == "no"
    assert row["input"]["messages"][0] == {"role": "system", "content": "Be"}


async def test_a_set_is_written_whole_in_its_order(services: Services, tmp_path: Path) -> None:
    ids = add(services, *some(3))

    def save(db: Any) -> None:
        template = Template("pairs", "Q:", "A:", "\n--\n")
        sets.save_set(db, projects.ensure_project(db, "default"), "few", [ids[2], ids[0]], template)

    services.store.write_now(save)
    app = export_app(services, tmp_path, ids[:1])
    async with app.run_test(size=(120, 40)) as pilot:
        await made(app, pilot)
        await to(app, pilot, "text")
        await pilot.press("s")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press(*"few", "enter")
        await until(pilot, lambda: not app.screen.is_modal)
        preview = app.screen.query_one("#preview", TextView)
        await until(pilot, lambda: "--" in preview.text)
        assert preview.text.index("answer 2") < preview.text.index("answer 0")
        assert "few-text.txt" in app.screen.query_one("#path", Field).value


def import_app(services: Services, tmp_path: Path, path: Path) -> HostApp:
    return HostApp(services, tmp_path, lambda s: ImportScreen(s, "default", str(path)))


async def looked(app: HostApp, pilot: Pilot[Any]) -> ImportScreen:
    def ready() -> bool:
        screen = app.screen
        return isinstance(screen, ImportScreen) and screen._found.asked == screen._asked and not screen.busy

    await until(pilot, ready, "the file to be read")
    await until(
        pilot, lambda: isinstance(app.screen, ImportScreen) and (app.screen._found.form or app.screen._found.trouble)
    )
    screen = app.screen
    assert isinstance(screen, ImportScreen)
    return screen


def jsonl(path: Path, *rows: Any) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), "utf-8")
    return path


async def test_a_file_with_a_bad_row_is_imported_only_without_it(services: Services, tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "a.jsonl", {"question": "Q1", "answer": HOSTILE}, "{broken", {"question": "Q2", "answer": "2"}
    )
    app = import_app(services, tmp_path, path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await looked(app, pilot)
        assert "1 row cannot be read" in said(app)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: app._notifications)
        assert known(services) == []
        await pilot.press("x")
        await looked(app, pilot)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: app.results)
    found = known(services)
    assert [(one.input, one.output, one.verdict) for one in found] == [("Q1", HOSTILE, "gold"), ("Q2", "2", "gold")]
    assert found[0].source.kind == "file"
    assert found[0].source.detail["path"] == "a.jsonl"
    assert app.results == [tuple(one.id for one in found)]


async def test_duplicates_are_left_out_as_asked(services: Services, tmp_path: Path) -> None:
    add(services, Example("Q1", "one"))
    rows = [{"input": "q1 ", "output": "one"}, {"input": "Q1", "output": "other"}, {"input": "Q2", "output": "two"}]
    app = import_app(services, tmp_path, jsonl(tmp_path / "a.jsonl", *rows))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await looked(app, pilot)
        assert screen._found.takes == 2
        await pilot.press("d")
        assert (await looked(app, pilot))._found.takes == 1
        await pilot.press("d")
        assert (await looked(app, pilot))._found.takes == 3
        await pilot.press("d")
        await looked(app, pilot)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: app.results)
    assert sorted(one.output for one in known(services)) == ["one", "other", "two"]


async def test_columns_verdict_and_tags_are_chosen_by_keys(services: Services, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("stem,key\nQ1,A\nQ2,B\n")
    app = import_app(services, tmp_path, path)
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await looked(app, pilot)
        for name, column in (("input", "stem"), ("output", "key")):
            await pilot.press("m")
            await until(pilot, lambda: app.screen.is_modal)
            await pilot.press(*name, "enter")
            await until(
                pilot, lambda: app.screen.query(".panel") and "The " in str(app.screen.query_one(".panel").border_title)
            )
            await pilot.press(*column, "enter")
            await until(pilot, lambda: app.screen is screen)
            await until(pilot, lambda: screen._asked.mapping and name in screen._asked.mapping)  # noqa: B023
        await looked(app, pilot)
        await pilot.press("v")
        await pilot.press("t")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press(*"hard new", "enter")
        await until(pilot, lambda: app.screen is screen and screen._asked.tags)
        await looked(app, pilot)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: app.results)
    assert [(one.input, one.output, one.verdict, one.tags) for one in known(services)] == [
        ("Q1", "A", "candidate", ("hard", "new")),
        ("Q2", "B", "candidate", ("hard", "new")),
    ]


@pytest.mark.parametrize("form", ["hf", "csv", "inspect"])
async def test_an_export_of_ours_comes_back_as_it_was(services: Services, tmp_path: Path, form: str) -> None:
    ids = add(
        services,
        Example("Q", "A", "yes", "rejected", reason="wrong", note="a note", tags=("x", "y z"), group="g"),
        Example(HOSTILE.replace("\x00", ""), "line\nbreak", verdict="candidate"),
    )
    before, target = known(services), tmp_path / f"out.{'csv' if form == 'csv' else 'jsonl'}"
    app = export_app(services, tmp_path, ids)
    async with app.run_test(size=(120, 40)) as pilot:
        await made(app, pilot)
        await to(app, pilot, form)
        await pilot.press("v", "v")
        await until(pilot, lambda: "2 of 2" in said(app))
        await made(app, pilot)
        path_to(app, target)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: app.results)

    def remove(db: Any) -> None:
        for one in ids:
            examples.set_verdict(db, one, None)

    services.store.write_now(remove)
    back = import_app(services, tmp_path, target)
    async with back.run_test(size=(120, 40)) as pilot:
        await looked(back, pilot)
        assert "as the file says" in said(back)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: back.results)

    def kept(one: Example) -> tuple[object, ...]:
        return one.input, one.output, one.verdict, one.reason, one.note, one.tags

    assert [kept(one) for one in known(services)] == [kept(one) for one in before]


async def test_a_path_is_typed_and_completed(services: Services, tmp_path: Path) -> None:
    jsonl(tmp_path / "questions.jsonl", {"input": "Q", "output": "A"})
    app = HostApp(services, tmp_path, lambda s: ImportScreen(s, "default"))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: any(one.has_focus for one in app.screen.query("#path")))
        field = app.screen.query_one("#path", Field)
        field.value = f"{tmp_path}/ques"
        await pilot.press("tab")
        await until(pilot, lambda: field.value.endswith("questions.jsonl"))
        await until(pilot, lambda: "1 example to add" in said(app))


@pytest.mark.parametrize("content", ["", "not json\n", '{"a": 1}\n'])
async def test_a_file_that_is_none_is_refused_in_words(services: Services, tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(content)
    app = import_app(services, tmp_path, path)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await looked(app, pilot)
        await pilot.press("ctrl+j")
        await until(pilot, lambda: app._notifications)
        assert not app.results
    assert known(services) == []
