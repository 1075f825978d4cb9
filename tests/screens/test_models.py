"""The model picker: order, missing keys, adding by name, choosing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.core.models import Capabilities, Price
from cockpit.screens.models import ModelPicker
from cockpit.screens.models_view import price_text, takes_text
from cockpit.services import Services
from tests.fake_provider import FakeProvider
from tests.screens.opened_host import HostApp, make_services, until
from widgets.key_bar import KeyBar
from widgets.plain import Plain
from widgets.row_list import ListRow, RowList


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path, env={"OPENAI_API_KEY": "k"}, aliases={"mini": "openai:gpt-4o-mini"})


def rows_of(app: HostApp) -> list[ListRow]:
    rows = app.screen.query_one("#rows", RowList)
    found = [rows.row(at) for at in range(400)]
    return [row for row in found if row is not None]


async def test_aliases_stand_first_then_the_local_model(services: Services, tmp_path: Path) -> None:
    app = HostApp(services, tmp_path, lambda s: ModelPicker(s, ()))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and rows_of(app))
        assert rows_of(app)[0].key == "mini"
        assert str(rows_of(app)[1].key).startswith("local:")


async def test_a_missing_key_names_the_variable_to_set(services: Services, tmp_path: Path) -> None:
    app = HostApp(services, tmp_path, lambda s: ModelPicker(s, ()))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and rows_of(app))
        anthropic = [row for row in rows_of(app) if str(row.key).startswith("anthropic:")]
        assert anthropic
        assert all("ANTHROPIC_API_KEY" in row.cells[-1] for row in anthropic)


async def test_space_chooses_in_order_and_enter_leaves(services: Services, tmp_path: Path) -> None:
    app = HostApp(services, tmp_path, lambda s: ModelPicker(s, ("local:smollm2",)))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and rows_of(app))
        await pilot.press("space", "enter")
        await until(pilot, lambda: app.results)
        assert app.results == [("local:smollm2", "mini")]


async def test_any_name_can_be_typed_and_is_added(services: Services, tmp_path: Path) -> None:
    app = HostApp(services, tmp_path, lambda s: ModelPicker(s, ()))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and rows_of(app))
        await pilot.press("slash", *"openai:my-ft[/]", "enter")
        await until(pilot, lambda: len(rows_of(app)) > 5)
        assert "openai:my-ft[/]" in [row.key for row in rows_of(app)]
        await pilot.press("enter")
        await until(pilot, lambda: app.results)
        assert app.results == [("openai:my-ft[/]",)]


async def test_filtering_never_drops_what_was_chosen(services: Services, tmp_path: Path) -> None:
    app = HostApp(services, tmp_path, lambda s: ModelPicker(s, ("mini",)))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and rows_of(app))
        await pilot.press("slash", *"smollm", "enter", "enter")
        await until(pilot, lambda: app.results)
        assert app.results == [("mini", "local:smollm2")]


async def test_a_provider_says_what_it_offers(tmp_path: Path) -> None:
    async with FakeProvider() as fake:
        services = make_services(tmp_path, env={"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": fake.url})
        app = HostApp(services, tmp_path, lambda s: ModelPicker(s, ()))
        async with app.run_test(size=(160, 45)) as pilot:
            await until(pilot, lambda: app.screen.query("#rows") and rows_of(app))
            await pilot.press("j", "L")
            await until(pilot, lambda: any("offered" in row.cells[-1] for row in rows_of(app)))
            offered = [row for row in rows_of(app) if "offered" in row.cells[-1]]
            assert all(str(row.key).startswith("openai:") for row in offered)
            await until(pilot, lambda: "openai offers" in str(app.screen.query_one("#asked", Plain).content))
        await services.providers.aclose()


async def test_a_provider_that_cannot_be_asked_is_told_in_words(tmp_path: Path) -> None:
    services = make_services(tmp_path, env={"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"})
    app = HostApp(services, tmp_path, lambda s: ModelPicker(s, ()))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and rows_of(app))
        await pilot.press("j", "L", "k", "space")
        assert app.screen.query_one("#rows", RowList).marked == {"local:smollm2"}, "the list goes on working"
        await until(pilot, lambda: "did not say" in str(app.screen.query_one("#asked", Plain).content))
    await services.providers.aclose()


async def test_models_without_a_key_step_back(services: Services, tmp_path: Path) -> None:
    app = HostApp(services, tmp_path, lambda s: ModelPicker(s, ()))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and rows_of(app))
        quiet = {str(row.key).split(":")[0] for row in rows_of(app) if row.quiet}
        assert "anthropic" in quiet and not quiet & {"openai", "local", "mini"}


async def test_the_key_bar_says_how_to_end_filtering_and_how_to_go_back(services: Services, tmp_path: Path) -> None:
    app = HostApp(services, tmp_path, lambda s: ModelPicker(s, ()))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("#rows") and rows_of(app))
        bar = app.screen.query_one(KeyBar)
        await until(pilot, lambda: "esc back" in bar.render_line(0).text)
        await pilot.press("slash")
        await until(pilot, lambda: "enter choose it  esc to the list" in bar.render_line(0).text)


def test_an_unknown_price_is_not_free() -> None:
    assert price_text(None) == "price unknown"
    assert price_text(Price(0.0, 0.0)) == "free"
    assert price_text(Price(2.5, 10.0)) == "$2.5 / $10"


def test_what_a_model_refuses_comes_first() -> None:
    assert takes_text(Capabilities(temperature=False, stop=False)).startswith("no temperature, stop")
