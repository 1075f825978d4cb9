"""Importing a dataset: a file, what its columns become, its first rows so, then all or none. It parses nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from cockpit.core.datasets import FORMATS
from cockpit.core.errors import CockpitError
from cockpit.screens import datasets_import_view as view
from cockpit.screens.datasets_file import FILE_SUFFIXES, Look, Preview, look, preview
from cockpit.screens.datasets_import_source import Flight, Source
from cockpit.screens.datasets_read import read_list
from cockpit.screens.datasets_split import leak_words
from cockpit.screens.inputs import PathField
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.words import count, plural
from widgets.field import Field
from widgets.plain import Plain
from widgets.row_list import RowList
from widgets.visible import visible

if TYPE_CHECKING:
    from cockpit.services import Services
    from cockpit.store.datasets import DatasetRow

NARROW_BELOW = 110
TYPED_S = 0.15
LISTED = 5_000
TONES = {"plain": "$foreground", "warn": "$text-warning", "error": "$text-error"}


class ImportScreen(OpenedScreen[str | None]):
    """File and name over the mapping over the preview; returns the dataset's name."""

    scope: ClassVar[str] = "dataset_import"
    pane_title: ClassVar[str] = "Import"
    typing_enter: ClassVar[str] = "to the columns"
    typing_escape: ClassVar[str] = "to the columns"
    AUTO_FOCUS = ""
    CSS_PATH = ["opened.tcss", "datasets.tcss"]  # type: ignore[assignment]  # noqa: RUF012

    def __init__(self, services: Services, project: str, *, path: str = "") -> None:
        super().__init__(services)
        self._project = project
        self._path = path
        self._named = False
        """The name was typed: it does not follow the file any more."""
        self._known: dict[str, DatasetRow] = {}
        self.source = Source()
        self._flight: Flight | None = None

    def compose_body(self) -> ComposeResult:
        """Fields, mapping, rows."""
        with Vertical(classes="body"):
            path = PathField("file", self._path, id="path", hint="~/data/labelled.jsonl")
            path.suffixes = FILE_SUFFIXES
            yield path
            yield Field("name", "", id="called", hint="what it is called here")
            yield Plain("", id="how")
            fields = RowList(view.COLUMNS, id="fields", classes="box")
            fields.border_title = "what becomes what"
            yield fields
            rows = RowList(view.WIDE, id="rows", classes="box")
            yield rows
            yield Plain("", id="said")

    def on_mount(self) -> None:
        """Ready for a path."""
        self.head((self._project, "plain"))
        self.query_one("#path").focus()
        self._begin()

    def on_resize(self, event: events.Resize) -> None:
        """Fewer columns where there is less room."""
        self.call_after_refresh(self._show)

    @work(group="begin", exit_on_error=False)
    async def _begin(self) -> None:
        known = await asyncio.to_thread(read_list, self.services, self._project)
        self._known = {one.name: one for one in known}
        self._show()
        if self._path:
            self._read()

    @property
    def busy(self) -> bool:
        """Whether an import runs."""
        return self._flight is not None

    def cancel_running(self) -> None:
        """Give the import up; it ends at the next thousand rows."""
        if self._flight is not None:
            self._flight.cancel.set()

    def stop_typing(self) -> None:
        """The mapping takes the keyboard."""
        self.query_one("#fields").focus()

    @property
    def called(self) -> str:
        """What the dataset is to be called."""
        return self.query_one("#called", Field).value.strip()

    @work(exclusive=True, group="read", exit_on_error=False)
    async def _read(self, *, again: bool = True) -> None:
        """Look at the file after a short rest in typing, then read its first rows; or these alone."""
        source, path = self.source, self.query_one("#path", Field).value.strip()
        source.refused, source.preview = None, Preview()
        if again:
            await asyncio.sleep(TYPED_S)
            source.take(await asyncio.to_thread(look, path, source.form) if path else Look(""))
            if not self._named:
                self.query_one("#called", Field).value = Path(path).stem if path and not source.look.problem else ""
        self._show_fields()
        seen = source.look
        if seen.path and not seen.problem:
            source.preview = await asyncio.to_thread(preview, seen.path, seen.format, source.mapping)
        self._show()

    # Showing

    def _show(self) -> None:
        if not self.is_attached:
            return
        self._show_fields()
        rows, source = self.query_one("#rows", RowList), self.source
        narrow = self.size.width < NARROW_BELOW
        if source.refused is not None and source.refused.bad:
            bad = source.refused.bad
            rows.border_title, rows.columns = "bad rows", view.BAD
            more = f", the first {count(LISTED)} listed" if len(bad) > LISTED else ""
            rows.border_subtitle = plain_title(plural(len(bad), "bad row") + more)
            rows.show([view.bad_row(at, one) for at, one in enumerate(bad[:LISTED])], keep_cursor=False)
        else:
            rows.border_title, rows.columns = "first rows, as they would become", view.NARROW if narrow else view.WIDE
            n = len(source.preview.rows)
            rows.border_subtitle = plain_title(f"the first {count(n)}" if n else "")
            rows.show(view.preview_rows(source, narrow=narrow))
        self.flush()

    def _show_fields(self) -> None:
        fields, source = self.query_one("#fields", RowList), self.source
        fields.set_empty(*(view.EMPTY_NARROW if self.size.width < NARROW_BELOW else view.EMPTY))
        fields.show(view.field_rows(source))
        told = f"{source.look.format}{'' if source.form is None else ', as you say'}"
        fields.border_subtitle = plain_title(told if source.look.format else "")
        fields.display = not source.look.problem
        self.query_one("#rows").display = bool(source.look.format)

    def flush(self) -> None:
        """The switches, what is wrong with the name, and the last line."""
        if not self.is_attached:
            return
        self.query_one("#how", Plain).update(view.how_words(self.source))
        problem = "" if self.busy else self.source.name_problem(self.called, self._known)
        known = "there is one" if self.called in self._known else "there is none"
        self.query_one("#called", Field).set_problem(known if problem else "")
        text, tone = view.end_words(self.source, self._flight, self.source.problem(self.called, self._known))
        self.query_one("#said", Plain).update(Content.styled(visible(text), TONES[tone]))

    # Typing

    @on(Field.Changed, "#path")
    def _path_typed(self) -> None:
        self.source.form = None
        self._read()

    @on(Field.Changed, "#called")
    def _name_typed(self) -> None:
        self._named = bool(self.called)
        self.flush()

    @on(Field.Submitted)
    def _typed_all(self) -> None:
        self.stop_typing()

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing but stopping works while rows are read."""
        if self.busy and action in ("start", "column", "pick", "format", "switch", "go"):
            return False
        return super().check_action(action, parameters)

    def action_column(self, step: int) -> None:
        """Another column for the highlighted field; with 0, none."""
        row = self.query_one("#fields", RowList).current
        if row is not None:
            self.source.turn(str(row.key), step)
            self._read(again=False)

    @on(RowList.Opened, "#fields")
    def _opened(self) -> None:
        self.action_pick()

    @work(group="pick", exit_on_error=False)
    async def action_pick(self) -> None:
        """Choose the highlighted field's column from a list."""
        from cockpit.screens.dialogs import Pick

        row = self.query_one("#fields", RowList).current
        if row is None or self.busy:
            return
        now = (self.source.mapping or {}).get(str(row.key), "")
        dialog = Pick(f"Which column is the {row.key}?", view.column_choices(self.source), selected=now)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None:
            self.source.choose(str(row.key), chosen)
            self._read(again=False)

    @work(group="pick", exit_on_error=False)
    async def action_format(self) -> None:
        """Choose the format."""
        from cockpit.screens.dialogs import Choice, Pick

        choices = [Choice("", "as it looks"), *(Choice(form, form) for form in FORMATS)]
        chosen = await self.app.push_screen_wait(Pick("What is this file?", choices, selected=self.source.form or ""))
        if chosen is not None:
            self.source.form = chosen or None
            self._read()

    def action_switch(self, name: Literal["skip_bad", "extend"]) -> None:
        """Leave bad rows out or not; add to a dataset or make one."""
        if name == "skip_bad":
            self.source.skip_bad = not self.source.skip_bad
        else:
            self.source.extend = not self.source.extend
        self.flush()

    def action_go(self, name: Literal["path", "name"]) -> None:
        """Type the path, or the name."""
        self.query_one("#path" if name == "path" else "#called", Field).focus()

    @work(exclusive=True, group="import", exit_on_error=False)
    async def action_start(self) -> None:
        """Import every row, or none."""
        problem = self.source.problem(self.called, self._known)
        if problem:
            self.notify_plain(f"Nothing was imported: {problem}", severity="error")
            return
        flight = self._flight = Flight(self.source.order(self.called))
        self.stop_typing()
        self.refresh_bindings()
        self.start_flush()
        try:
            done = await asyncio.to_thread(flight.run, self.services, self._project)
        except CockpitError as error:
            self.cockpit.report(error, title="Import")
            return
        except asyncio.CancelledError:
            self.notify_plain("The import was stopped; nothing was stored.", severity="warning")
            raise
        finally:
            # The thread goes on where the screen is gone; it gives up at the next thousand rows.
            flight.cancel.set()
            self._flight = None
            self.stop_flush()
            self.refresh_bindings()
        if not done.done:
            self.source.refused = done
            self._show()
            return
        leaks = await asyncio.to_thread(flight.leaks, self.services, self._project)
        checked = "" if leaks is None else f" {leak_words(leaks)}"
        self.notify_plain(
            view.done_words(done, flight) + checked, severity="warning" if leaks else "information", timeout=8
        )
        self.dismiss(flight.order.name)
