"""The runs of a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from textual.screen import Screen

if TYPE_CHECKING:
    from cockpit.core.live import LiveSample
    from cockpit.core.params import Params
    from cockpit.core.prompts import Version
    from cockpit.runner import Draft
    from cockpit.services import Services


@dataclass(frozen=True, slots=True)
class HistoryChoice:
    """A run to open, and whether to send what it still misses."""

    run_id: int
    resume: bool = False


class HistoryScreen(Screen["HistoryChoice | None"]):
    """The runs of a project."""

    BINDINGS = [("escape", "dismiss(None)", "back")]

    def __init__(self, services: Services, project: str) -> None:
        super().__init__()

