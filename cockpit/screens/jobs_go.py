"""What opens from the Jobs pane. Each screen is imported when it is first wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.screens.jobs import JobsScreen

MOST_TOGETHER = 12
"""Jobs in one picture or table."""


class Going:
    """The ways out of the pane."""

    def __init__(self, screen: JobsScreen) -> None:
        self.screen = screen

    @property
    def _chosen(self) -> list[int]:
        return [view.row.id for view in self.screen.listing.chosen][:MOST_TOGETHER]

    async def detail(self) -> None:
        """Everything about the job under the cursor."""
        from cockpit.screens.job_detail import open_detail

        view = self.screen.listing.current
        if view is not None:
            await open_detail(self.screen, view.row.id)

    async def new(self) -> None:
        """Start a job."""
        from cockpit.screens.job_new import open_new

        await open_new(self.screen)

    async def clone(self) -> None:
        """A new job like this one."""
        from cockpit.screens.job_new import open_new

        view = self.screen.listing.current
        if view is not None:
            await open_new(self.screen, view.row.id)

    async def log(self) -> None:
        """The log of the job under the cursor."""
        from cockpit.screens.job_log import open_log

        view = self.screen.listing.current
        if view is not None:
            await open_log(self.screen, view.row.id)

    async def charts(self) -> None:
        """Curves of the chosen jobs."""
        from cockpit.screens.job_charts import open_charts

        if self._chosen:
            await open_charts(self.screen, self._chosen)

    async def compare(self) -> None:
        """What differs between the chosen jobs."""
        from cockpit.screens.job_compare import open_compare

        if self._chosen:
            await open_compare(self.screen, self._chosen)

    async def busy(self) -> None:
        """How busy the machines were."""
        from cockpit.screens.job_busy import open_busy

        await open_busy(self.screen)

    async def morning(self) -> None:
        """The digest, by itself, where nobody has looked for a night and something ended."""
        from cockpit.screens.job_digest import open_digest

        if self.screen.job_watch.loaded:
            await open_digest(self.screen, only_after_a_night=True)

    async def digest(self) -> None:
        """What ended since the last look."""
        from cockpit.screens.job_digest import open_digest

        await open_digest(self.screen)

    async def finetune(self) -> None:
        """Finetune on an example set."""
        from cockpit.screens.finetune import open_finetune

        await open_finetune(self.screen)
