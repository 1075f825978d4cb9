"""A Cockpit on the Examples pane alone, with a real database that outlives it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from cockpit.app import CockpitApp, Pane
from cockpit.config import Config
from cockpit.core.examples import Example
from cockpit.screens.examples import ExamplesScreen
from cockpit.services import close_services, open_services
from cockpit.store import examples, projects
from cockpit.store.db import open_store
from tests.screens.shell_host import until
from widgets.row_list import RowList
from widgets.top_bar import TopBar

PANE = Pane(2, "examples", "Examples", "f3", "cockpit.screens.examples:ExamplesScreen")


class ExamplesApp(CockpitApp):
    """The app, which starts on the pane."""

    DEFAULT_MODE = PANE.id


def keep(path: Path, given: Sequence[Example], project: str = "default") -> list[int]:
    """Store examples; their ids."""
    store = open_store(path)
    try:
        ids = store.write_now(
            lambda db: [examples.add_example(db, projects.ensure_project(db, project), one) for one in given]
        )
    finally:
        store.close()
    return ids


@asynccontextmanager
async def open_examples(
    tmp_path: Path, given: Sequence[Example] = (), *, size: tuple[int, int] = (160, 45)
) -> AsyncIterator[tuple[CockpitApp, Pilot[Any]]]:
    """The pane, its list read; `given` are stored first, in this order."""
    if given:
        keep(tmp_path / "cockpit.db", given)
    services = open_services(Config(path=tmp_path / "config.toml"), tmp_path / "cockpit.db")
    app = ExamplesApp(services, panes=(PANE,), state_dir=tmp_path / "state")
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: isinstance(app.screen, ExamplesScreen) and app.screen.listing.loaded)
            await settled(app, pilot)
            yield app, pilot
    finally:
        await close_services(services)


def pane(app: CockpitApp) -> ExamplesScreen:
    """The pane, whatever is opened over it."""
    screen = app.screen_stack[0]
    assert isinstance(screen, ExamplesScreen)
    return screen


async def settled(app: CockpitApp, pilot: Pilot[Any]) -> None:
    """The example under the cursor is shown, and nothing is being read or written."""

    def rests() -> bool:
        look, listing = pane(app).look, pane(app).listing
        shown = look.whole.example.id if look.whole is not None else None
        busy = [worker for worker in pane(app).workers if not worker.is_finished]
        return shown == listing.current and not busy

    await until(pilot, rests)


async def press(app: CockpitApp, pilot: Pilot[Any], *keys: str) -> None:
    """Press keys and wait until everything that follows is over."""
    await pilot.press(*keys)
    await pilot.pause()
    await settled(app, pilot)


def stored(app: CockpitApp) -> list[Example]:
    """The project's examples, in the order they were added."""
    db = app.services.store.read()
    project = projects.find_project(db, app.project)
    return [] if project is None else list(examples.iter_examples(db, project))


def rows(app: CockpitApp) -> RowList:
    """The list."""
    return pane(app).query_one("#rows", RowList)


def shown(app: CockpitApp) -> str:
    """The whole screen as text."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def bar(app: CockpitApp, which: str) -> str:
    """A line of words."""
    return pane(app).query_one(which, TopBar).render_line(0).text.strip()
