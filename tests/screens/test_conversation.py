"""A sample continued: its turns, edits that make branches, walking the branches."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.core.errors import PlanError
from cockpit.core.prompts import Version, render, variables
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import SampleKey
from cockpit.screens.conversation import ConversationScreen
from cockpit.screens.conversation_view import edited, read_conversation, to_send
from cockpit.services import Services
from cockpit.store.db import Database
from cockpit.store.runs import create_run
from cockpit.store.samples import add_sample, get_sample
from tests.screens.opened_host import HostApp, continue_sample, fill, make_services, sample_of, until
from widgets.row_list import ListRow, RowList


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


def tree(services: Services) -> tuple[int, tuple[int, ...]]:
    """A sample and the three answers of the run that continued it."""
    world = services.store.write_now(fill)
    root = world.sample_ids[0]
    return root, services.store.write_now(lambda db: continue_sample(db, root, "Sure?", ("Yes.", "No.", "Maybe.")))


def rows_of(app: HostApp) -> list[ListRow]:
    rows = app.screen.query_one("#rows", RowList)
    found = [rows.row(at) for at in range(50)]
    return [row for row in found if row is not None]


def branch(db: Database, version: Version, made_from: int) -> int:
    """A run that asks an edited turn: its one answer."""
    row = get_sample(db, made_from)
    target = Target("local:smollm2", "local", "smollm2", endpoint="http://x")
    plan = Plan(version, (target,))
    run = create_run(db, plan, project_id=row.project_id, prompt_id=row.prompt_id, parent_sample=made_from)
    return add_sample(db, sample_of(run, SampleKey(0, 0, 0), "Another answer."))


async def test_the_next_turn_is_written_and_sent(services: Services, tmp_path: Path) -> None:
    _, kids = tree(services)
    app = HostApp(services, tmp_path, lambda s: ConversationScreen(s, kids[1]))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and len(rows_of(app)) == 6)
        await pilot.press("i")
        await until(pilot, lambda: app.screen.query("#editor"))
        await pilot.press(*"Why[/]?", "ctrl+j")
        await until(pilot, lambda: app.results)
        choice = app.results[0]
        assert choice.send and choice.parent_sample == kids[1]
        assert [m.content for m in choice.version.messages][-3:] == ["Sure?", "No.", "Why[/]?"]
        assert choice.version.messages[-2].role == "assistant"


async def test_branches_are_walked(services: Services, tmp_path: Path) -> None:
    _, kids = tree(services)
    app = HostApp(services, tmp_path, lambda s: ConversationScreen(s, kids[1]))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and len(rows_of(app)) == 6)
        assert rows_of(app)[4].cells[2] == "‹2/3›"
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: rows_of(app)[4].cells[1:] == ("Maybe.", "‹3/3›"))
        await pilot.press("h")
        await until(pilot, lambda: len(rows_of(app)) == 4)
        await pilot.press("l")
        await until(pilot, lambda: len(rows_of(app)) == 6)


async def test_escape_keeps_an_edit_and_undo_takes_it_back(services: Services, tmp_path: Path) -> None:
    _, kids = tree(services)
    app = HostApp(services, tmp_path, lambda s: ConversationScreen(s, kids[0]))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and len(rows_of(app)) == 6)
        await pilot.press("k", "k", "enter")
        await until(pilot, lambda: app.screen.query("#editor"))
        await pilot.press(*"!!", "escape")
        await until(pilot, lambda: rows_of(app)[3].cells[1:] == ("Sure?!!", "edited"))
        await pilot.press("u")
        await until(pilot, lambda: rows_of(app)[3].cells[1:] == ("Sure?", ""))
        assert app.results == []


def test_sending_an_earlier_turn_leaves_the_later_ones_behind(services: Services) -> None:
    root, kids = tree(services)
    turns = read_conversation(services.store.read(), kids[0]).turns
    again = edited(turns, 3, "Really sure?")
    version, parent = to_send(again, 3)
    assert [m.content for m in version.messages][-1] == "Really sure?"
    assert parent == root, "a branch beside the answers that the first question got"
    assert len(version.messages) == 3


def test_an_edited_answer_makes_a_conversation_of_its_own(services: Services) -> None:
    _, kids = tree(services)
    turns = read_conversation(services.store.read(), kids[0]).turns
    again = edited(edited(turns, 4, "No!"), 5, "Why?")
    version, parent = to_send(again, 5)
    assert version.messages[-2].content == "No!"
    assert parent is None, "the model never said that"


def test_a_request_does_not_end_with_an_answer_or_nothing(services: Services) -> None:
    _, kids = tree(services)
    turns = read_conversation(services.store.read(), kids[0]).turns
    for at in (0, 4, 5):
        with pytest.raises(PlanError):
            to_send(turns, at)


def test_branches_of_an_edited_first_turn_stand_beside_each_other(services: Services) -> None:
    root, kids = tree(services)
    turns = read_conversation(services.store.read(), root).turns
    first = next(at for at, turn in enumerate(turns) if turn.who == "user")
    version, made_from = to_send(edited(turns, first, "Is it one?"), first)
    assert made_from == root
    one = services.store.write_now(lambda db: branch(db, version, root))
    again = read_conversation(services.store.read(), one).turns
    version, made_from = to_send(edited(again, first, "Is it?"), first)
    two = services.store.write_now(lambda db: branch(db, version, one))
    for sample_id in (root, one, two):
        found = read_conversation(services.store.read(), sample_id)
        assert found.parent is None
        assert {root, one, two} <= set(found.turns[-2].beside)
        assert found.children == (kids if sample_id == root else ())


def test_an_answer_with_braces_is_sent_again_as_it_was(services: Services) -> None:
    root = services.store.write_now(fill).sample_ids[0]
    kid = services.store.write_now(lambda db: continue_sample(db, root, "Sure?", ("Use {{x}}.",)))[0]
    turns = read_conversation(services.store.read(), kid).turns
    version, _ = to_send(edited(turns, len(turns) - 1, "Why {{y}}?"), len(turns) - 1)
    assert variables(version) == ("y",)
    assert render(version, {"y": "so"}).messages[-2].content == "Use {{x}}."


async def test_the_outside_editor_edits_the_turn(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, kids = tree(services)
    app = HostApp(services, tmp_path, lambda s: ConversationScreen(s, kids[0]))
    given: list[str] = []

    async def edit(text: str, suffix: str = "") -> str:
        given.append(text)
        return f"{text} Really[/]?"

    monkeypatch.setattr(app, "edit_text", edit)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and len(rows_of(app)) == 6)
        await pilot.press("k", "k", "enter")
        await until(pilot, lambda: app.screen.query("#editor"))
        await pilot.press("ctrl+e")
        await until(pilot, lambda: given == ["Sure?"])
        await pilot.press("escape")
        await until(pilot, lambda: rows_of(app)[3].cells[1:] == ("Sure? Really[/]?", "edited"))


def test_the_last_of_many_answers_knows_its_place(services: Services) -> None:
    root = services.store.write_now(fill).sample_ids[0]
    many = tuple(f"Answer {number}." for number in range(300))
    kids = services.store.write_now(lambda db: continue_sample(db, root, "Sure?", many))
    turns = read_conversation(services.store.read(), kids[-1]).turns
    assert [turn.place for turn in turns if turn.sample_id == kids[-1]] == ["‹300/300›"]
