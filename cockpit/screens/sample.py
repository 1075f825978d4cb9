"""One sample, full screen."""

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
class SampleAction:
    """What the pane behind has to do: continue the sample as a conversation."""

    kind: Literal["continue"]
    data: Any = None


class SampleScreen(Screen["SampleAction | None"]):
    """One sample, full screen."""

    BINDINGS = [("escape", "dismiss(None)", "back")]

    def __init__(self, services: Services, sample_id: int | None, live: LiveSample | None = None, siblings: Sequence[int] = ()) -> None:
        super().__init__()

