"""A Cockpit with real settings in a real database and a placeholder for the Play pane."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import TextArea

from cockpit.app import CockpitApp, Pane
from cockpit.config import Config
from cockpit.core.clock import utc_now
from cockpit.screens.base import PaneScreen
from cockpit.store.db import Store
from tests.screens.stores import opened
from widgets.plain import Plain


@dataclass(frozen=True)
class FakeServices:
    config: Config
    store: Store
    clock: Callable[[], datetime] = utc_now


class Wall(Plain, can_focus=True):
    """Stands for the sample wall."""


class PlaceholderPane(PaneScreen[None]):
    scope: ClassVar[str] = "placeholder"
    pane_title: ClassVar[str] = "Play"

    def __init__(self) -> None:
        super().__init__()
        self.running = False
        self.cancelled = 0
        self.sent = 0
        self.remembered: dict[str, Any] = {}

    def compose_body(self) -> ComposeResult:
        yield Wall("the wall", id="wall")
        yield TextArea("a prompt", id="prompt", tab_behavior="focus")

    def on_mount(self) -> None:
        self.query_one("#prompt").focus()
        self.restore_session(self.cockpit.get_setting(self.session_key, {}))

    @property
    def busy(self) -> bool:
        return self.running

    def cancel_running(self) -> None:
        self.cancelled += 1
        self.running = False

    def action_send(self, what: str) -> None:
        self.sent += what == "it"

    def save_session(self) -> dict[str, Any]:
        return self.remembered

    def restore_session(self, data: Mapping[str, Any]) -> None:
        self.remembered = dict(data)

    def stop_typing(self) -> None:
        self.query_one("#wall").focus()


class OpenedScreen(PaneScreen[str | None]):
    scope: ClassVar[str] = "opened"
    pane_title: ClassVar[str] = "Opened"

    def compose_body(self) -> ComposeResult:
        yield Wall("opened", id="opened")


PANES = (
    Pane(1, "play", "Play", "f2", "tests.screens.shell_host:PlaceholderPane"),
    Pane(2, "other", "Other", "f3", "tests.screens.shell_host:PlaceholderPane"),
)


def make_app(tmp_path: Path, **config: Any) -> CockpitApp:
    settings = replace(Config(path=tmp_path / "config.toml"), **config)
    services: Any = FakeServices(settings, opened(tmp_path / "cockpit.db"))
    return CockpitApp(services, panes=PANES, state_dir=tmp_path / "state")


async def until(pilot: Pilot[Any], holds: Callable[[], object], *, seconds: float = 10) -> None:
    """Wait for a condition, with a limit."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s"
        await pilot.pause()
        await asyncio.sleep(0.005)


def text_of(widget: Widget) -> str:
    """What a line-API widget shows."""
    return "\n".join(widget.render_line(y).text.rstrip() for y in range(widget.size.height))


def toasts(app: CockpitApp) -> Iterable[str]:
    return [note.message for note in app._notifications]
