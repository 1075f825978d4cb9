"""Search as you type: newest first, the last query wins, hostile queries are words."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.screens.search import SearchScreen
from cockpit.services import Services
from tests.screens.opened_host import HostApp, fill, make_services, until
from widgets.field import Field
from widgets.row_list import RowList


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


def keys_of(app: HostApp) -> list[object]:
    rows = app.screen.query_one("#rows", RowList)
    found = [rows.row(at) for at in range(400)]
    return [row.key for row in found if row is not None]


async def test_typing_narrows_and_enter_opens_the_highlighted(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: SearchScreen(s, "default"))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and len(keys_of(app)) > 100)
        assert keys_of(app)[0] == max(world.sample_ids), "the newest stand there before anything is typed"
        await pilot.press(*"declin")
        await until(pilot, lambda: 0 < len(keys_of(app)) < 100)
        await pilot.press("down")
        second = keys_of(app)[1]
        await pilot.press("enter")
        await until(pilot, lambda: app.results)
        assert app.results == [second]


async def test_filters_narrow(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: SearchScreen(s, "default"))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and len(keys_of(app)) > 100)
        await pilot.press(*"is:gold")
        await until(pilot, lambda: keys_of(app) == [world.sample_ids[1]])


async def test_a_query_that_is_no_query_language_finds_nothing_and_hurts_nothing(
    services: Services, tmp_path: Path
) -> None:
    services.store.write_now(fill)
    app = HostApp(services, tmp_path, lambda s: SearchScreen(s, "default"))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and len(keys_of(app)) > 100)
        app.screen.query_one("#query", Field).focus()
        await pilot.press(*'zzzz "[/] NEAR(')
        await until(pilot, lambda: keys_of(app) == [])
        await pilot.press("enter")
        await pilot.pause()
        assert app.results == []
