"""The versions of a prompt: order, tallies, notes, restoring."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.screens.versions import VersionChoice, VersionsScreen
from cockpit.screens.versions_view import tally_cells, total_cost
from cockpit.services import Services
from cockpit.store import prompts
from cockpit.store.tally import TallyRow
from tests.screens.opened_host import HostApp, fill, make_services, until, version_at
from widgets.diff_view import DiffView
from widgets.row_list import RowList


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


def rows_of(app: HostApp) -> list[tuple[str, ...]]:
    rows = app.screen.query_one("#rows", RowList)
    found = [rows.row(at) for at in range(100)]
    return [row.cells for row in found if row is not None]


async def test_newest_first_with_what_came_back(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: VersionsScreen(s, world.prompt_id, world.versions[3]))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and len(rows_of(app)) == 4 and rows_of(app)[0][2] != "–")
        assert [cells[0] for cells in rows_of(app)] == ["v4", "v3", "v2", "v1"]
        n, ended, stop, length, refused, failed, unknown = rows_of(app)[0][2:9]
        assert (n, ended, stop, length, refused, failed, unknown) == ("44", "16", "6", "6", "4", "6", "6")
        assert "ask for one word" in rows_of(app)[2][-1]


async def test_moving_shows_what_changed_and_enter_restores(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: VersionsScreen(s, world.prompt_id, world.versions[3]))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and len(rows_of(app)) == 4)
        diff = app.screen.query_one("#diff", DiffView)
        await until(pilot, lambda: "system" in str(diff.border_subtitle))
        await pilot.press("j", "j")
        await until(pilot, lambda: str(diff.border_subtitle) == "changed: user 1")
        await pilot.press("d")
        await until(pilot, lambda: "system" in str(diff.border_subtitle), "against the editor")
        await pilot.press("enter")
        await until(pilot, lambda: app.results)
        assert app.results == [VersionChoice(world.version_ids[1], world.versions[1])]


async def test_a_note_is_kept(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: VersionsScreen(s, world.prompt_id, world.versions[0]))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and len(rows_of(app)) == 4)
        await pilot.press("n")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press(*"[/]why", "enter")
        stored = lambda: prompts.get_version(services.store.read(), world.version_ids[3]).note  # noqa: E731
        await until(pilot, lambda: stored() == "[/]why")
        await until(pilot, lambda: not app.screen.is_modal and "[/]why" in rows_of(app)[0][-1])


async def test_no_versions_yet_says_what_makes_one(services: Services, tmp_path: Path) -> None:
    services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: VersionsScreen(s, 999, version_at(1)))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows"))
        await pilot.press("enter", "d", "j")
        await pilot.pause()
        assert app.results == []


def test_a_cost_partly_unknown_says_so() -> None:
    known = TallyRow("a", n=2, ended=2, cost_usd=0.5)
    unknown = TallyRow("b", n=2, ended=2, cost_unknown=2)
    assert total_cost([known]) == "$0.50"
    assert total_cost([known, unknown]) == "$0.50 + ?"
    assert total_cost([unknown]) == "?"
    assert tally_cells([])[0] == "–", "nothing sampled is not zero sampled"
