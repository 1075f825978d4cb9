"""The versions of a prompt."""

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
class VersionChoice:
    """A version to put in the editor; `parent_sample` is set when it continues that sample, `send` when it is to be sent at once."""

    version_id: int | None
    version: Version
    parent_sample: int | None = None
    send: bool = False


class VersionsScreen(Screen["VersionChoice | None"]):
    """The versions of a prompt."""

    BINDINGS = [("escape", "dismiss(None)", "back")]

    def __init__(self, services: Services, prompt_id: int, current: Version) -> None:
        super().__init__()

