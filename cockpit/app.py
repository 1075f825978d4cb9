"""The app: modes, themes, key map, services. Wiring only: what a pane does lives in its screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App

from cockpit.command_tables.app import PANES, Pane
from cockpit.keymap import Keymap

if TYPE_CHECKING:
    from cockpit.config import Config
    from cockpit.services import Services

__all__ = ["PANES", "CockpitApp", "Pane", "run_app"]


class CockpitApp(App[int]):
    """One process of Cockpit on one terminal."""

    def __init__(self, services: Services, *, project: str = "default", demo: bool = False) -> None:
        super().__init__()
        self.services = services
        self.project = project
        self.demo = demo
        self.keymap = Keymap()

    def report(self, error: BaseException, *, title: str = "") -> None:
        """Show an error to the person and log it."""

    def copy_text(self, text: str, what: str = "text") -> None:
        """Copy to the terminal's clipboard and to a file, and say so."""

    async def edit_text(self, text: str, suffix: str = ".md") -> str | None:
        """The text as changed in $EDITOR, or None if it was not changed or the editor failed."""
        return None

    def run_ended(self, message: str, seconds: float) -> None:
        """Notify that a long run ended (only if it took longer than 10 s)."""

    def get_setting(self, key: str, default: Any = None) -> Any:
        """A remembered value."""
        return default

    def put_setting(self, key: str, value: Any) -> None:
        """Remember a JSON value."""


def run_app(config: Config, db_path: Path, *, project: str, demo: bool = False) -> int:
    """Open the app and stay in it until the person leaves; the exit status."""
    return 0
