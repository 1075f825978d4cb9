"""Jump mode: which parts of the screen get a letter, and going to the chosen one. The overlay itself is a widget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual.screen import Screen
from textual.widget import Widget

from cockpit.screens.base import PaneScreen
from widgets.jump import JumpOverlay

if TYPE_CHECKING:
    from cockpit.app import CockpitApp

# The home row first, then its neighbours: the labels are read off the screen, so the easiest letters do.
LABELS = "asdfjklghqwertyuiopzxcvbnm"


def targets(screen: Screen[Any]) -> dict[str, Widget]:
    """Label → widget: the screen's own choice, else everything in sight that takes the keyboard, in reading order."""
    own: Mapping[str, Widget] = screen.jump_targets() if isinstance(screen, PaneScreen) else {}
    if own:
        return {label: widget for label, widget in own.items() if widget.display and widget.region}
    parts = [w for w in screen.focus_chain if w.region.overlaps(screen.region)]
    parts.sort(key=lambda w: (w.region.y, w.region.x))
    return dict(zip(LABELS, parts, strict=False))


async def jump_from(app: CockpitApp) -> None:
    """Show the labels over the screen in front and focus the chosen part."""
    screen = app.screen
    found = targets(screen)
    if not found:
        app.notify("There is nothing to jump to here.")
        return
    # The overlay answers with the name it was given; labels serve as names, since widgets need not have ids.
    regions = {label: (label, widget.region) for label, widget in found.items()}

    def go(label: str | None) -> None:
        if label is not None and found[label].is_attached:
            screen.set_focus(found[label])

    await app.push_screen(JumpOverlay(regions), go)
