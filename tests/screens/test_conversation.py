"""A sample continued: its turns, edits that make branches, walking the branches."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.core.errors import PlanError
from cockpit.screens.conversation import ConversationScreen
from cockpit.screens.conversation_view import edited, read_conversation, to_send
from cockpit.services import Services
from tests.screens.opened_host import HostApp, continue_sample, fill, make_services, until
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
