"""Where an entry's figures come from: each worked out again, over the answers or points behind it. Changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from cockpit.core.errors import CockpitError
from cockpit.log_figures import Traced, trace_all
from cockpit.log_sources import Source, sources
from cockpit.screens.opened import OpenedScreen
from cockpit.screens.words import plural
from widgets.row_list import ListColumn, ListRow, RowList
from widgets.visible import visible


class LogTraceScreen(OpenedScreen[None]):
    """The figures of an entry over what the one under the cursor was worked out from."""

    scope: ClassVar[str] = "log-trace"
    pane_title: ClassVar[str] = "Trace"
    DEFAULT_CSS = """
    LogTraceScreen #figures { height: 2fr; padding: 0; }
    LogTraceScreen #sources { height: 3fr; padding: 0; }
    """

    def __init__(self, name: str, body: str) -> None:
        super().__init__()
        self._name, self._body = name, body
        self._traced: list[Traced] = []
        self._sources: list[Source] = []

    def compose_body(self) -> ComposeResult:
        """Figures over sources."""
        figures = (ListColumn("as written"), ListColumn("source"), ListColumn("worked out now"))
        nothing = (
            "It has no figures.",
            "ctrl+l writes numbers as figures: [words](run:12?score=exact).",
        )
        yield RowList(figures, empty=nothing, id="figures", classes="box")
        answers = (
            ListColumn("sample", 8, right=True, quiet=True), ListColumn("row.n", 7, right=True, quiet=True),
            ListColumn("model", 20), ListColumn("value", 9, right=True), ListColumn("answer"),
        )  # fmt: skip
        yield RowList(answers, empty=("Nothing is behind it.",), id="sources", classes="box")

    def on_mount(self) -> None:
        """Work them out."""
        self.query_one("#figures").border_title = Content(f"figures of {self._name}")
        self.query_one("#figures").focus()
        self.run_worker(self._work_out(), group="trace", exclusive=True, exit_on_error=False)

    async def _work_out(self) -> None:
        store, body = self.services.store, self._body
        self._traced = await asyncio.to_thread(lambda: trace_all(store.read(), body))
        if not self.is_attached:
            return
        self.query_one("#figures", RowList).show([_figure_row(at, one) for at, one in enumerate(self._traced)])
        wrong = sum(one.changed or one.figure is None for one in self._traced)
        count = len(self._traced)
        if count:
            said = f"{plural(count, 'figure')} worked out again"
            self.head((said, "plain"), (f"{wrong} differ" if wrong else "all as written", "warn" if wrong else "quiet"))
        else:
            self.head(("no figures", "quiet"))
        self._moved()

    @on(RowList.Moved, "#figures")
    def _moved(self) -> None:
        self.run_worker(self._read(), group="sources", exclusive=True, exit_on_error=False)

    async def _read(self) -> None:
        row = self.query_one("#figures", RowList).current
        if row is None or not isinstance(row.key, int):
            return
        store, ref = self.services.store, self._traced[row.key].ref
        problem = ""
        try:
            self._sources, total = await asyncio.to_thread(lambda: sources(store.read(), ref))
        except CockpitError as error:
            self._sources, total, problem = [], 0, error.sentence()
        if not self.is_attached:
            return
        shown = self.query_one("#sources", RowList)
        shown.set_empty(problem or "Nothing is behind it.")
        shown.show([_source_row(at, one) for at, one in enumerate(self._sources)], keep_cursor=False)
        things = "points" if ref.kind == "job" else "answers"
        first = f", the first {len(self._sources)} shown" if len(self._sources) < total else ""
        shown.border_title = Content(visible(f"{ref.target}: {total} {things}{first}", newlines="mark"))

    @on(RowList.Opened, "#figures")
    def _opened_figure(self) -> None:
        self.query_one("#sources").focus()

    @on(RowList.Opened, "#sources")
    def _opened_source(self, event: RowList.Opened) -> None:
        self.run_worker(self._open(event.control.cursor), group="open", exclusive=True, exit_on_error=False)

    async def _open(self, at: int) -> None:
        one = self._sources[at]
        row = self.query_one("#figures", RowList).current
        if one.sample_id is not None:
            from cockpit.screens.sample import SampleScreen

            ids: Sequence[int] = [one.sample_id for one in self._sources if one.sample_id is not None]
            await self.app.push_screen_wait(SampleScreen(self.services, one.sample_id, None, ids))
        elif row is not None and isinstance(row.key, int):
            from cockpit.screens.job_detail import open_detail

            await open_detail(self, self._traced[row.key].ref.id)


def _figure_row(at: int, one: Traced) -> ListRow:
    if one.figure is None:
        return ListRow(at, (one.ref.words, one.ref.target, one.problem), glyph="✗", tone="error")
    if one.changed:
        return ListRow(at, (one.ref.words, one.ref.target, one.figure.words()), glyph="≠", tone="cut")
    return ListRow(at, (one.ref.words, one.ref.target, "the same"), glyph="✓", tone="ok")


def _source_row(at: int, one: Source) -> ListRow:
    number = "" if one.sample_id is None else str(one.sample_id)
    return ListRow(at, (number, one.place, one.what, one.value, " ".join(one.text.split())))
