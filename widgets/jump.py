"""Jump mode: labels over the parts of a screen, one key goes there; it moves no focus itself."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.app import ComposeResult
from textual.geometry import Offset, Region
from textual.screen import ModalScreen

from widgets.plain import Plain

Targets = Mapping[str, tuple[str, Region]]
"""key → (widget id, its region on the screen)"""


class JumpOverlay(ModalScreen[str | None]):
    """Shows a key over each target and returns the id of the chosen one, or None."""

    DEFAULT_CSS = """
    JumpOverlay { background: $background 55%; layers: labels; }
    JumpOverlay Plain {
        layer: labels; position: absolute; width: auto; height: 1; padding: 0 1;
        background: $accent; color: auto 95%; text-style: bold;
    }
    """

    def __init__(self, targets: Targets) -> None:
        super().__init__()
        self._targets = dict(targets)

    def compose(self) -> ComposeResult:
        for key, (_, region) in self._targets.items():
            label = Plain(key)
            label.styles.offset = Offset(region.x + min(2, region.width // 2), region.y)
            yield label

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        chosen = self._targets.get(event.character or event.key) or self._targets.get(event.key)
        self.dismiss(chosen[0] if chosen else None)
