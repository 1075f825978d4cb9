"""The project's datasets and each at a glance; opens import, split, subset, leaks. It decides no split.

To open it: `await open_datasets(screen)` from a worker of any pane.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Container

from cockpit.screens.datasets_read import Glance, read_cited, read_estimate, read_glance, read_list
from cockpit.screens.datasets_words import EMPTY, NARROW, WIDE, glance_lines, list_row
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.stops_lines import Lines
from cockpit.screens.words import count, plural
from widgets.row_list import RowList

if TYPE_CHECKING:
    from cockpit.screens.base import PaneScreen
    from cockpit.services import Services
    from cockpit.store.datasets import DatasetRow

NARROW_BELOW = 110
NEEDS_ONE = frozenset({"rows", "split", "take", "leaks", "remove", "copy"})


class DatasetsScreen(OpenedScreen[None]):
    """The list beside what is known of the highlighted one."""

    scope: ClassVar[str] = "datasets"
    pane_title: ClassVar[str] = "Datasets"
    CSS_PATH = ["opened.tcss", "datasets.tcss"]  # type: ignore[assignment]  # noqa: RUF012

    def __init__(self, services: Services, *, select: str = "") -> None:
        super().__init__(services)
        self._datasets: list[DatasetRow] = []
        self._select = select
        self._glances: dict[str, Glance] = {}

    def compose_body(self) -> ComposeResult:
        """List and glance."""
        with Container(classes="body split"):
            rows = RowList(WIDE, id="rows", classes="box", empty=("Reading …",))
            rows.border_title = "datasets"
            yield rows
            glance = Lines(id="glance", classes="box")
            glance.border_title = "at a glance"
            yield glance

    def on_mount(self) -> None:
        """Read in a thread."""
        self.rows.focus()
        self.read()

    def on_resize(self, event: events.Resize) -> None:
        """Fewer columns where there is less room."""
        self.call_after_refresh(self._show)

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.query_one("#rows", RowList)

    @property
    def current(self) -> DatasetRow | None:
        """The dataset under the cursor."""
        row = self.rows.current
        return next((one for one in self._datasets if row is not None and one.name == row.key), None)

    def stop_typing(self) -> None:
        """The list takes the keyboard."""
        self.rows.focus()

    def read(self, select: str = "") -> None:
        """Read the list again, and go to one of it."""
        self._select = select or self._select
        self._read()

    @work(exclusive=True, group="read", exit_on_error=False)
    async def _read(self) -> None:
        self._datasets = await asyncio.to_thread(read_list, self.services, self.cockpit.project)
        self._glances.clear()
        self.rows.set_empty(*EMPTY)
        self._show()
        names = [one.name for one in self._datasets]
        if self._select in names:
            self.rows.move_to(names.index(self._select))
        self._select = ""
        self._show_glance()
        self.refresh_bindings()

    def _show(self) -> None:
        narrow = self.size.width < NARROW_BELOW
        self.rows.columns = NARROW if narrow else WIDE
        self.rows.show([list_row(one, narrow=narrow) for one in self._datasets])
        n = sum(one.n for one in self._datasets)
        said = f"{plural(len(self._datasets), 'dataset')}, {plural(n, 'row')}" if self._datasets else "none yet"
        self.head((self.cockpit.project, "plain"), (said, "quiet"))
        self.query_one("#glance").display = bool(self._datasets)
        self._draw_glance()

    @on(RowList.Moved, "#rows")
    def _moved(self) -> None:
        self._show_glance()

    def _draw_glance(self) -> None:
        dataset, lines = self.current, self.query_one("#glance", Lines)
        if dataset is None:
            lines.show(())
            return
        lines.border_subtitle = plain_title(f"{count(self.rows.cursor + 1)} of {count(len(self._datasets))}")
        width = max(lines.content_size.width, 40)
        lines.show(glance_lines(dataset, self._glances.get(dataset.name), width=width), keep_place=True)

    @work(exclusive=True, group="glance", exit_on_error=False)
    async def _show_glance(self) -> None:
        """Kept numbers at once; what has to be read a moment later, tokens last."""
        self._draw_glance()
        dataset = self.current
        if dataset is None or dataset.name in self._glances:
            return
        from cockpit.screens.tokens_source import written_in

        glance = await asyncio.to_thread(read_glance, self.services, dataset)
        self._glances[dataset.name] = glance
        self._draw_glance()
        models = written_in(self.cockpit).draft.models
        estimate = await asyncio.to_thread(read_estimate, self.services, dataset, models[0] if models else "")
        self._glances[dataset.name] = replace(glance, estimate=estimate)
        self._draw_glance()

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Most keys need a dataset."""
        if action in NEEDS_ONE and not self._datasets:
            return False
        return super().check_action(action, parameters)

    @on(RowList.Opened, "#rows")
    def _opened(self) -> None:
        self.action_rows()

    @work(group="open", exit_on_error=False)
    async def action_add(self) -> None:
        """Import a file."""
        from cockpit.screens.datasets_import import ImportScreen

        name = await self.app.push_screen_wait(ImportScreen(self.services, self.cockpit.project))
        if name:
            self.read(name)

    @work(group="open", exit_on_error=False)
    async def action_rows(self) -> None:
        """Look at the rows."""
        from cockpit.screens.datasets_rows import DatasetRowsScreen

        if self.current is not None:
            await self.app.push_screen_wait(DatasetRowsScreen(self.services, self.current))

    @work(group="open", exit_on_error=False)
    async def action_split(self) -> None:
        """Split it."""
        from cockpit.screens.datasets_split import SplitScreen

        if self.current is not None:
            await self.app.push_screen_wait(SplitScreen(self.services, self.current))
            self.read()

    @work(group="open", exit_on_error=False)
    async def action_take(self) -> None:
        """Take a subset."""
        from cockpit.screens.datasets_take import TakeScreen

        if self.current is not None:
            await self.app.push_screen_wait(TakeScreen(self.services, self.current))

    @work(group="open", exit_on_error=False)
    async def action_leaks(self) -> None:
        """Check for leaks."""
        from cockpit.screens.datasets_leaks import LeaksScreen

        if self.current is not None:
            await self.app.push_screen_wait(LeaksScreen(self.services, self.current))
            self.read()

    @work(group="open", exit_on_error=False)
    async def action_remove(self) -> None:
        """Remove it, after saying what was made from it."""
        from cockpit.screens.dialogs import Confirm
        from cockpit.store.datasets import remove_dataset

        dataset, store = self.current, self.services.store
        if dataset is None:
            return
        cited = await asyncio.to_thread(read_cited, self.services, self.cockpit.project, dataset.name)
        question = Confirm(f"Remove {dataset.name}?", removal_words(dataset, cited), yes="Remove it", no="Keep it")
        if await self.app.push_screen_wait(question):
            await store.write(lambda db: remove_dataset(db, dataset.id))
            self.notify_plain(f"{dataset.name} is removed.")
            self.read()

    def action_copy(self) -> None:
        """Copy the glance."""
        self.cockpit.copy_text(self.query_one("#glance", Lines).text, "dataset")


def removal_words(dataset: DatasetRow, cited: int) -> str:
    """What goes with a dataset, and what stays."""
    said = f"{plural(dataset.n, 'row')} and their splits go. This cannot be undone; the file it is from stays."
    if not cited:
        return said
    was = "was" if cited == 1 else "were"
    return f"{said}\n\n{plural(cited, 'example')} {was} made from its rows: they stay, but where they are from is lost."


async def open_datasets(screen: PaneScreen[None]) -> None:
    """Show them over a screen until the person leaves; call it from a worker."""
    await screen.app.push_screen_wait(DatasetsScreen(screen.services))
