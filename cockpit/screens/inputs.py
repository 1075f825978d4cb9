"""An inputs file."""

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
class InputsChoice:
    """A file of inputs and its rows; an empty path means: no file, one empty input."""

    path: str
    inputs: tuple[Mapping[str, str], ...]


class InputsScreen(Screen["InputsChoice | None"]):
    """An inputs file."""

    BINDINGS = [("escape", "dismiss(None)", "back")]

    def __init__(self, services: Services, path: str | None, variables: Sequence[str]) -> None:
        super().__init__()

