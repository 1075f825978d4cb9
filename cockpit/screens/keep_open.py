"""The way to the `*` dialog from any screen: keys pressed meanwhile are held for it. What it does is `keep`'s."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cockpit.screens.base import PaneScreen


def ask_keep(
    screen: PaneScreen[Any],
    *subjects: Sequence[int],
    names: Sequence[str] = (),
    then: Callable[[bool], Awaitable[None]] | None = None,
) -> None:
    """Ask what to make of stored samples, in a worker of the screen's; a letter pressed at once is the dialog's.

    Args:
        subjects: the samples, as ids; of several subjects (the two of a comparison) the first is asked about, and a
            key turns to the next.
        names: what the subjects are called, where there are several.
        then: called with whether anything changed.
    """

    async def ask() -> None:
        from cockpit.screens.keep import Keep

        try:
            changed = await screen.cockpit.push_screen_wait(Keep(screen, subjects, names))
        finally:
            screen.starting = False
            screen.cockpit.release_keys()
        if then is not None:
            await then(changed is True)

    if not screen.starting:
        screen.starting = True
        screen.run_worker(ask(), group="keep", exit_on_error=False)
