"""A conversation."""

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
    from cockpit.screens.versions import VersionChoice
    from cockpit.services import Services


class ConversationScreen(Screen["VersionChoice | None"]):
    """A conversation."""

    BINDINGS = [("escape", "dismiss(None)", "back")]

    def __init__(self, services: Services, sample_id: int) -> None:
        super().__init__()

