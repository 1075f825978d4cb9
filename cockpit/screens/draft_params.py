"""Putting params into Play's draft, from wherever they were chosen. Nothing is sent and nothing is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cockpit.app import CockpitApp

PLAY = "play"


def take_params(app: CockpitApp, **changes: Any) -> bool:
    """Change these params of the draft: in Play where it is open, else in what it will start with.

    Returns:
        Whether there was a draft to put them into.
    """
    try:
        stack = app.get_screen_stack(PLAY)
    except KeyError:
        stack = []
    for screen in stack:
        writing = getattr(screen, "writing", None)
        if writing is not None:
            writing.draft = replace(writing.draft, params=replace(writing.draft.params, **changes))
            writing.settle()
            writing.remember_soon()
            return True
    return _take_later(app, changes)


def _take_later(app: CockpitApp, changes: Mapping[str, Any]) -> bool:
    """Change the draft that Play left behind."""
    key = f"session.{app.project}.{PLAY}"
    data = app.get_setting(key)
    if not isinstance(data, Mapping) or not isinstance(data.get("draft"), Mapping):
        return False
    params = {**data["draft"].get("params", {}), **changes}
    app.put_setting(key, {**data, "draft": {**data["draft"], "params": params}})
    return True
