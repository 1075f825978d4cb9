"""The screens that the Examples pane opens. Each is loaded when it is first asked for; how it looks is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.screens.examples import ExamplesScreen


class Going:
    """Sets, filling, datasets, curves, files."""

    def __init__(self, screen: ExamplesScreen) -> None:
        self.screen = screen

    async def sets(self) -> None:
        """Sets of examples; those marked here can be added."""
        from cockpit.screens.sets import open_sets

        await open_sets(self.screen, self.screen.listing.marked)

    async def fill(self) -> None:
        """What goes into Play's prompt."""
        from cockpit.screens.fill import open_fill

        await open_fill(self.screen)

    async def datasets(self) -> None:
        """Labelled data."""
        from cockpit.screens.datasets import open_datasets

        await open_datasets(self.screen)

    async def curve(self) -> None:
        """Score against the number of examples."""
        from cockpit.screens.curve import open_curve

        await open_curve(self.screen)

    async def export(self) -> None:
        """The marked examples, else all that are listed, to a file."""
        from cockpit.screens.example_transfer import open_export

        ids = self.screen.listing.marked or list(self.screen.listing.ids)
        if not ids:
            self.screen.notify_plain("There is no example to write.", timeout=3)
            return
        await open_export(self.screen, ids)

    async def import_from(self) -> None:
        """Examples from a file."""
        from cockpit.screens.example_transfer import open_import

        await open_import(self.screen)
