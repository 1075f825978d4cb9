"""The way from any pane to the screens that write examples to files and read them from files. Loads them when asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cockpit.screens.base import PaneScreen


async def open_export(screen: PaneScreen[Any], ids: Sequence[int], set_name: str | None = None) -> bool:
    """Write examples, or a set, to a file; whether one was written. Call it from a worker.

    Args:
        ids: of the examples, in the order to write them.
        set_name: begin with this set in place of them.
    """
    from cockpit.screens.example_export import ExportScreen

    made = ExportScreen(screen.services, screen.cockpit.project, ids, set_name)
    written = await screen.cockpit.push_screen_wait(made)
    return written is True


async def open_import(screen: PaneScreen[Any], path: str = "") -> tuple[int, ...]:
    """Read examples from a file; the ids of those added. Call it from a worker."""
    from cockpit.screens.example_import import ImportScreen

    added = await screen.cockpit.push_screen_wait(ImportScreen(screen.services, screen.cockpit.project, path))
    return added or ()
