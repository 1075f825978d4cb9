"""A file as examples: what each row would become, what is wrong with it, then all of it added or none."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.core.dataset_formats import FORMATS
from cockpit.core.datasets import SUFFIXES
from cockpit.core.examples import VERDICTS, Verdict
from cockpit.screens import example_import_read as reading
from cockpit.screens.dialogs import Ask, Choice, Pick, ShowText
from cockpit.screens.example_import_read import Asked, Found
from cockpit.screens.inputs import PathField
from cockpit.screens.opened import ListScreen, plain_title
from cockpit.screens.words import plural
from widgets.field import Field
from widgets.plain import Plain
from widgets.row_list import RowList

if TYPE_CHECKING:
    from cockpit.services import Services

REST_S = 0.12
"""How long typing rests before the file is read."""
WIDE_FROM = 100


class DataPath(PathField):
    """A path, completed to folders and files that can be read."""

    suffixes: Collection[str] = frozenset(SUFFIXES)


class ImportScreen(ListScreen[tuple[int, ...]]):
    """A path over what its rows would become; the ids of the examples added."""

    scope: ClassVar[str] = "example_import"
    pane_title: ClassVar[str] = "Import examples"
    typing_enter: ClassVar[str] = "to the rows"
    typing_escape: ClassVar[str] = "to the rows"
    CSS = """
    ImportScreen #how, ImportScreen #trouble, ImportScreen #problem { padding: 0 1; height: auto; max-height: 6; }
    ImportScreen #trouble { color: $text-warning; }
    ImportScreen #plan { padding: 0 1; height: auto; }
    """

    def __init__(self, services: Services, project: str, path: str = "") -> None:
        super().__init__(services)
        self._project = project
        self._asked = Asked(path)
        self._found = Found(self._asked)
        self._only = False
        self._reading = False
        self._cancelled = False

    def compose_body(self) -> ComposeResult:
        """Path, how it is read, its rows, what would be done."""
        with Vertical(classes="body"):
            yield DataPath("file", self._asked.path, id="path", hint="tab completes")
            yield Plain("", id="how", classes="hint")
            rows = RowList(reading.COLUMNS, id="rows", classes="box", empty=reading.EMPTY)
            rows.border_title = "as examples"
            yield rows
            yield Plain("", id="trouble")
            yield Plain("", id="problem", classes="problem")
            yield Plain("", id="plan")

    def on_mount(self) -> None:
        """Read the file there is; else begin typing."""
        if self._asked.path:
            self.rows.focus()
        else:
            self.query_one("#path", Field).focus()
        self._ask(self._asked)

    def on_resize(self) -> None:
        """The label has a column where there is room."""
        self.call_after_refresh(self._show)

    @property
    def busy(self) -> bool:
        """Whether a file is being read."""
        return self._reading

    def cancel_running(self) -> None:
        """Stop reading."""
        self._cancelled = True
        self.notify_plain("Reading was stopped: the rest of the file is not shown.", timeout=3)

    def _ask(self, asked: Asked, rest: float = 0.0) -> None:
        self._asked = asked
        self._look(rest)

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _look(self, rest: float) -> None:
        """Read in a thread; what an older question asked for is dropped."""
        await asyncio.sleep(rest)
        asked = self._asked
        self._cancelled, self._reading = False, True

        def stale() -> bool:
            return self._cancelled or asked != self._asked

        try:
            found = await asyncio.to_thread(reading.look, self.services, self._project, asked, stale)
        finally:
            self._reading = False
        if self._cancelled:
            found = replace(found, trouble="Reading was stopped: change the path to read it again.")
        if asked == self._asked:
            self._found = found
            self._show()

    def _show(self) -> None:
        found, rows = self._found, self.rows
        wide = self.size.width >= WIDE_FROM
        rows.columns = reading.WIDE if wide else reading.COLUMNS
        rows.set_empty(*(reading.EMPTY if not found.asked.path.strip() else (found.trouble or "No row to show.",)))
        rows.show(reading.rows_of(found, only_trouble=self._only, wide=wide))
        bad = f", {plural(len(found.bad), 'bad row')}" if found.bad else ""
        rows.border_subtitle = plain_title(f"{plural(len(found.examples), 'row')}{bad}" if found.form else "")
        self.query_one("#how", Plain).update(reading.how_words(found))
        trouble, problem = self.query_one("#trouble", Plain), self.query_one("#problem", Plain)
        said = reading.trouble_words(found)
        trouble.display, problem.display = bool(said), bool(found.trouble)
        trouble.update(said)
        problem.update(found.trouble)
        self.query_one("#plan", Plain).update(reading.plan_words(found))
        self.head(("all rows or none; nothing is sent", "quiet"))

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        event.field.set_problem("")
        # Another file has other columns.
        self._ask(replace(self._asked, path=event.value, form=None, mapping=None), REST_S)

    @on(Field.Submitted)
    def _typed_all(self) -> None:
        self.rows.focus()

    @on(RowList.Opened)
    def _opened(self) -> None:
        """The whole row, to read."""
        key = self.rows.current.key if self.rows.current is not None else None
        if isinstance(key, int):
            one = self._found.examples[key]
            label = f"\n\nlabel: {one.label}" if one.label else ""
            text = f"input:\n{one.input}\n\noutput:\n{one.output}{label}"
            self.app.push_screen(ShowText(f"Row {self._found.numbers[key]}", text))
        elif isinstance(key, str):
            bad = self._found.bad[int(key.removeprefix("bad "))]
            self.app.push_screen(ShowText(f"Line {bad.line}", bad.reason))

    def action_path(self) -> None:
        """Type the path."""
        self.query_one("#path", Field).focus()

    @work(exit_on_error=False)
    async def action_columns(self) -> None:
        """Choose a field, then its column."""
        found = self._found
        if not found.columns:
            self.notify_plain("Name a file first (i).", timeout=3)
            return
        mapping = found.mapping or {}
        fields = [Choice(name, name, f"← {mapping[name]}" if name in mapping else "–") for name in reading.FIELDS]
        name = await self.app.push_screen_wait(Pick("Which field", fields))
        if name is None:
            return
        columns = [Choice(column, column, about) for column, about in reading.columns_for(found, name)]
        none = [] if name == "input" else [Choice("", "(no column)", "")]
        chosen = await self.app.push_screen_wait(Pick(f"The {name} is", [*columns, *none], selected=mapping.get(name)))
        if chosen is not None:
            self._ask(replace(self._asked, form=found.form, mapping=reading.with_column(found, name, chosen)))

    @work(exit_on_error=False)
    async def action_form(self) -> None:
        """Choose the format."""
        choices = [Choice("", "as the file looks", ""), *(Choice(form, form, "") for form in FORMATS)]
        chosen = await self.app.push_screen_wait(Pick("Read it as", choices, selected=self._found.form or ""))
        if chosen is not None:
            self._ask(replace(self._asked, form=chosen or None, mapping=None))

    def action_verdict(self) -> None:
        """The file's own, then each verdict in turn."""
        order: list[Verdict | None] = [None, *VERDICTS]
        if not self._found.own_verdicts:
            order = [None, "candidate", "rejected"]  # Gold is what a row without its own gets.
        at = order.index(self._asked.verdict) if self._asked.verdict in order else -1
        self._ask(replace(self._asked, verdict=order[(at + 1) % len(order)]))

    @work(exit_on_error=False)
    async def action_tags(self) -> None:
        """Type tags."""
        now = " ".join(self._asked.tags)
        typed = await self.app.push_screen_wait(
            Ask("Tags for every row", prompt="With spaces between.", value=now, placeholder="hard from-paper")
        )
        if typed is not None:
            self._ask(replace(self._asked, tags=tuple(dict.fromkeys(typed.replace("#", " ").split()))))

    def action_twins(self) -> None:
        """Another rule for duplicates."""
        self._ask(replace(self._asked, twins=reading.NEXT_TWINS[self._asked.twins]))

    def action_skip(self) -> None:
        """Leave bad rows out, or refuse the file for them."""
        self._ask(replace(self._asked, skip_bad=not self._asked.skip_bad))

    def action_only(self) -> None:
        """Only rows with trouble, or all."""
        self._only = not self._only
        self._show()

    @work(exclusive=True, group="write", exit_on_error=False)
    async def action_write(self) -> None:
        """Add them all, or say why not."""
        found = self._found
        if found.asked != self._asked or self._reading:
            self.notify_plain("The file is still being read.", timeout=2)
            return
        if not found.asked.path.strip():
            self.action_path()
            return
        if found.problem:
            self.notify_plain(found.problem, title="Nothing is imported", severity="error")
            return
        added = await self.services.store.write(lambda db: reading.add(db, self._project, found))
        self.cockpit.notify(f"{plural(len(added), 'example')} added.", title="Imported", timeout=5)
        self.dismiss(tuple(added))
