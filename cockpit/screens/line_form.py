"""A form of labelled lines with what they mean beside it; what is typed is kept until it is sent. Knows no use case."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll

from cockpit.core.errors import CockpitError
from cockpit.job_form import Entry, Wrong
from cockpit.screens.opened import OpenedScreen
from cockpit.screens.text_panel import Said, TextPanel
from widgets.field import Field

if TYPE_CHECKING:
    from textual.timer import Timer

TYPED_S = 0.15
LABEL = 9


class LineForm(OpenedScreen[list[int] | None]):
    """Lines beside their meaning. Subclasses say what lines there are, what they mean, and what sending them does."""

    entries: ClassVar[Sequence[Entry]] = ()
    typing_escape: ClassVar[str] = "later"
    DEFAULT_CSS = """
    LineForm #work { layout: horizontal; height: 1fr; }
    LineForm #form { width: 3fr; padding: 0; }
    LineForm #form Field { padding: 0 1; height: 1; }
    LineForm #preview { width: 2fr; }
    LineForm.-narrow #work { layout: vertical; }
    LineForm.-narrow #form { width: 1fr; }
    LineForm.-narrow #preview { width: 1fr; }
    """

    def __init__(self, values: Mapping[str, str], draft_key: str) -> None:
        super().__init__()
        self._values, self._key = dict(values), draft_key
        self._typed: Timer | None = None

    def preview(self, values: Mapping[str, str]) -> list[Said]:
        """What the lines mean, called in a thread.

        Raises:
            CockpitError: they cannot be meant so.
        """
        raise NotImplementedError

    async def send(self, values: Mapping[str, str]) -> list[int]:
        """Do it; the numbers of the jobs.

        Raises:
            Wrong: a line cannot be meant so.
            CockpitError: it cannot be done.
        """
        raise NotImplementedError

    def compose_body(self) -> ComposeResult:
        """Lines beside the preview."""
        with Horizontal(id="work"):
            with VerticalScroll(id="form", classes="box tall", can_focus=False):
                for entry in self.entries:
                    value = self._values.get(entry.name, "")
                    yield Field(entry.label.ljust(LABEL), value, hint=entry.hint, id=f"job-{entry.name}")
            yield TextPanel(id="preview", classes="box")

    def on_mount(self) -> None:
        """Begin with the first line."""
        self.query_one("#form").border_title = "job"
        self.query_one("#preview").border_title = "what will be run"
        self.query_one(f"#job-{self.entries[0].name}", Field).focus()
        self._look()

    def stop_typing(self) -> None:
        """Leave; what was typed is there the next time."""
        self._keep()
        self.dismiss(None)

    def on_field_changed(self) -> None:
        """Look again once the typing pauses."""
        if self._typed is not None:
            self._typed.stop()
        self._typed = self.set_timer(TYPED_S, self._look)

    @on(Field.Submitted)
    def _enter(self) -> None:
        self.action_submit()

    @property
    def values(self) -> dict[str, str]:
        """The lines as they stand."""
        return {entry.name: self.query_one(f"#job-{entry.name}", Field).value for entry in self.entries}

    def _keep(self) -> None:
        self.cockpit.put_setting(self._key, self.values)

    def _look(self) -> None:
        self._keep()
        self.run_worker(self._preview(self.values), group="preview", exclusive=True, exit_on_error=False)

    async def _preview(self, values: Mapping[str, str]) -> None:
        lines: list[Said]
        try:
            lines = await asyncio.to_thread(self.preview, values)
        except CockpitError as error:
            nothing = not values[self.entries[0].name].strip()
            lines = [(error.sentence(), "quiet" if nothing else "warn")]
        self.query_one("#preview", TextPanel).show(lines)

    # Commands

    def action_submit(self) -> None:
        """Start it, or put it into its queue."""
        self.run_worker(self._submit(), group="submit", exclusive=True, exit_on_error=False)

    async def _submit(self) -> None:
        try:
            ids = await self.send(self.values)
        except Wrong as error:
            self.query_one(f"#job-{error.entry}", Field).focus()
            self.notify_plain(error.sentence(), severity="warning")
            return
        except CockpitError as error:
            self.notify_plain(error.sentence(), severity="warning", timeout=8)
            return
        self.cockpit.put_setting(self._key, {})
        self.dismiss(ids)

    def action_discard(self) -> None:
        """Empty every line."""
        for entry in self.entries:
            self.query_one(f"#job-{entry.name}", Field).value = ""
        self._look()

    def action_next(self) -> None:
        """To the next line."""
        self._step(1)

    def action_before(self) -> None:
        """To the line before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        names = [f"job-{entry.name}" for entry in self.entries]
        here = self.focused.id if self.focused is not None else None
        at = names.index(here) + by if here in names else 0
        self.query_one(f"#{names[at % len(names)]}", Field).focus()
