"""A Cockpit on the Play pane, with a real database and the fake provider behind every model."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.config import Config, Defaults
from cockpit.core.live import LiveRun
from cockpit.screens.play import PlayScreen
from cockpit.services import close_services, open_services
from tests.fake_provider import FakeProvider
from tests.screens.shell_host import toasts, until
from widgets.sample_wall import SampleWall

__all__ = ["live_of", "open_play", "screen_of", "toasts", "until", "wall_text"]


@asynccontextmanager
async def open_play(
    tmp_path: Path,
    fake: FakeProvider,
    models: Sequence[str] = ("openai:fake-tok5",),
    *,
    n: int = 2,
    size: tuple[int, int] = (160, 45),
    **config: Any,
) -> AsyncIterator[tuple[CockpitApp, Pilot[Any]]]:
    """The app, ready for typing; the database of `tmp_path` outlives it."""
    settings = Config(path=tmp_path / "config.toml", defaults=Defaults(tuple(models), n), **config)
    with patch.dict(os.environ, fake.env()):
        services = open_services(settings, tmp_path / "cockpit.db")
        app = CockpitApp(services, state_dir=tmp_path / "state")
        try:
            async with app.run_test(size=size, notifications=True) as pilot:
                await until(pilot, lambda: isinstance(app.screen, PlayScreen) and app.screen.typing)
                yield app, pilot
        finally:
            await close_services(services)


def screen_of(app: CockpitApp) -> PlayScreen:
    """The pane, whatever is opened over it."""
    screen = app.screen_stack[0]
    assert isinstance(screen, PlayScreen)
    return screen


def live_of(app: CockpitApp) -> LiveRun:
    """The run on the wall."""
    live = screen_of(app).flights.current_run()
    assert live is not None
    return live


def wall_text(app: CockpitApp) -> str:
    """What the screen shows where the wall is."""
    screen = screen_of(app)
    region = screen.query_one("#wall", SampleWall).region
    lines = screen._compositor.render_strips()[region.y : region.bottom]
    return "\n".join(strip.text for strip in lines)
