"""Two samples side by side: what differs, white space, the prompts behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.screens.compare import CompareScreen, differences, read_side
from cockpit.services import Services
from cockpit.store import samples
from tests.screens.opened_host import HostApp, World, fill, make_services, until
from widgets.diff_view import DiffView


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return make_services(tmp_path)


def pair(services: Services, world: World) -> tuple[int, int]:
    """An answer of the newest version and one of the version before, to the same input."""
    db = services.store.read()
    left = samples.run_samples(db, world.run_ids[-1])[0].id or 0
    right = samples.run_samples(db, world.run_ids[-2])[1].id or 0
    return left, right


async def test_answers_then_prompts(services: Services, tmp_path: Path) -> None:
    world = services.store.write_now(fill)
    left, right = pair(services, world)
    app = HostApp(services, tmp_path, lambda s: CompareScreen(s, left, right))
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: app.screen.query("#diff") and app.screen.query_one("#diff").border_subtitle)
        diff = app.screen.query_one("#diff", DiffView)
        before = diff.titles
        await pilot.press("p")
        await until(pilot, lambda: str(diff.border_title) == "prompts")
        await pilot.press("s")
        await until(pilot, lambda: diff.titles == (before[1], before[0]))


def test_white_space_can_be_looked_past(services: Services) -> None:
    world = services.store.write_now(fill)
    left, right = pair(services, world)
    sides = [read_side(services, left), read_side(services, right)]
    rows = differences(sides[0], sides[1], "answer", whitespace=True)[0][1]
    assert any(row.op != "same" for row in rows)
    same = differences(sides[0], sides[0], "answer", whitespace=False)[0][1]
    assert all(row.op == "same" for row in same)


def test_prompts_are_compared_as_they_were_filled(services: Services) -> None:
    world = services.store.write_now(fill)
    left, right = pair(services, world)
    parts = dict(differences(read_side(services, left), read_side(services, right), "prompt", whitespace=True))
    assert any(row.op != "same" for row in parts["system"])
    assert "Sorry, I can't help." in "\n".join(row.left or "" for row in parts["user 1"]), "the variable's value"
