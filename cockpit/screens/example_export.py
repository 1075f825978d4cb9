"""Examples, or a set of them, as a file for another tool: what it will hold, what is wrong with it, then written."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from cockpit.core.errors import CockpitError
from cockpit.core.example_exports import FORMATS, Format
from cockpit.screens import example_export_read as reading
from cockpit.screens.base import keymap_of
from cockpit.screens.dialogs import Choice, Confirm, Pick
from cockpit.screens.example_export_read import Asked, Made
from cockpit.screens.inputs import PathField
from cockpit.screens.opened import ListScreen, plain_title
from cockpit.screens.words import count, plural
from widgets.field import Field
from widgets.plain import Plain
from widgets.row_list import ListColumn, RowList
from widgets.text_view import TextView

if TYPE_CHECKING:
    from pathlib import Path

    from cockpit.services import Services

REST_S = 0.15
"""How long typing rests before the file is made anew."""
NAMED = 5
"""Problems that are said; the rest are counted."""


class ExportPath(PathField):
    """A path, completed to folders and to files that an export may be."""

    suffixes: Collection[str] = frozenset(reading.SUFFIXES.values())


class ExportScreen(ListScreen[bool]):
    """Formats beside the file as it will be; True if it was written."""

    scope: ClassVar[str] = "example_export"
    pane_title: ClassVar[str] = "Export examples"
    typing_escape: ClassVar[str] = "to the formats"
    CSS = """
    ExportScreen #rows { width: 36; }
    ExportScreen #preview { margin-left: 1; }
    ExportScreen.-narrow .split { layout: horizontal; }
    ExportScreen.-narrow #preview { margin-left: 0; }
    ExportScreen #made, ExportScreen #problems { padding: 0 1; }
    ExportScreen #problems { max-height: 7; }
    """

    def __init__(self, services: Services, project: str, ids: Sequence[int], set_name: str | None = None) -> None:
        super().__init__(services)
        self._project, self._ids = project, tuple(ids)
        self._asked = Asked(self._ids, set_name)
        self._made: Made | None = None
        self._own_path = False
        """The path was typed: another format does not change it."""

    def compose_body(self) -> ComposeResult:
        """Formats and preview over the lines to type in."""
        with Vertical(classes="body"):
            with Container(classes="split"):
                rows = RowList((ListColumn("written as"),), reading.format_rows(), id="rows", classes="box")
                rows.border_title = "format"
                yield rows
                preview = TextView("", id="preview", classes="box")
                preview.border_title = "the file"
                yield preview
            yield Plain("", id="made", classes="hint")
            yield Plain("", id="problems", classes="problem")
            yield Field("system", "", id="system", hint="none")
            yield ExportPath("file  ", reading.path_for(self._asked), id="path", hint="tab completes")

    def on_mount(self) -> None:
        """Make the first format's file."""
        self.rows.focus()
        self._remake()

    @work(exclusive=True, group="make", exit_on_error=False)
    async def _remake(self, rest: float = 0.0) -> None:
        """Make the file in a thread; what an older question asked for is dropped."""
        await asyncio.sleep(rest)
        asked = self._asked
        try:
            made = await asyncio.to_thread(reading.make, self.services, self._project, asked)
        except CockpitError as error:
            made = Made(asked, trouble=error.sentence())
        if asked == self._asked:
            self._made = made
            self._show(made)

    def _ask(self, asked: Asked, rest: float = 0.0) -> None:
        self._asked = asked
        if not self._own_path:
            self.query_one("#path", ExportPath).value = reading.path_for(asked)
        self.query_one("#system").display = reading.has_system(asked.form)
        self._remake(rest)

    def _show(self, made: Made) -> None:
        preview = self.query_one("#preview", TextView)
        preview.show(made.text if made.text else reading.nothing_words(made))
        size = f"{plural(made.rows, 'row')}, {reading.size_words(made.size)}" if made.text else "nothing to write"
        preview.border_subtitle = plain_title(size)
        self.query_one("#made", Plain).update(reading.which_words(made, keymap_of(self.app)))
        problems = self.query_one("#problems", Plain)
        said = made.trouble or "\n".join(
            part for part in (reading.problem_words(made.problems, NAMED), reading.clash_words(made)) if part
        )
        problems.display = bool(said)
        problems.update(said)
        self.head((reading.what_words(made), "quiet"))

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        form: Format = FORMATS[event.index]
        if form != self._asked.form:
            self._ask(reading.with_form(self._asked, form), rest=0.05)

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_path()

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        event.field.set_problem("")
        if event.field.id == "system":
            self._ask(reading.with_system(self._asked, event.value), rest=REST_S)
        else:
            self._own_path = True

    @on(Field.Submitted)
    def _typed_all(self, event: Field.Submitted) -> None:
        if event.field.id == "path":
            self.action_write()
        else:
            self.rows.focus()

    def action_path(self) -> None:
        """Type the path."""
        self.query_one("#path", Field).focus()

    def action_system(self) -> None:
        """Type the system prompt."""
        if reading.has_system(self._asked.form):
            self.query_one("#system", Field).focus()
        else:
            self.notify_plain("This format has no place for a system prompt.", timeout=3)

    def action_verdicts(self) -> None:
        """Gold, gold and candidates, or all."""
        if self._asked.form == "openai-dpo":
            self.notify_plain("Preference pairs take gold and rejected: each gold against each rejected.", timeout=4)
        elif self._asked.set_name is not None:
            self.notify_plain("A set is written whole, in its order.", timeout=3)
        else:
            self._ask(reading.next_verdicts(self._asked))

    @work(exit_on_error=False)
    async def action_a_set(self) -> None:
        """Choose a set, or the examples from before."""
        names = await asyncio.to_thread(reading.sets, self.services, self._project)
        mine = [Choice("", f"the {plural(len(self._ids), 'example')} you came from")] if self._ids else []
        if not names:
            self.notify_plain("There is no set yet: S in Examples makes one.", timeout=3)
            return
        choices = [*mine, *(Choice(f"@{name}", name, about) for name, about in names)]
        selected = f"@{self._asked.set_name}" if self._asked.set_name is not None else ""
        chosen = await self.app.push_screen_wait(Pick("What is exported", choices, selected=selected))
        if chosen is not None:
            self._ask(Asked(self._ids, chosen[1:] or None, self._asked.form, self._asked.verdicts, self._asked.system))

    def action_copy(self) -> None:
        """Copy the file's text."""
        if self._made is not None and self._made.text:
            self.cockpit.copy_text(self._made.text, "the file")

    @work(exclusive=True, group="write", exit_on_error=False)
    async def action_write(self) -> None:
        """Write the file, after a question where something speaks against it."""
        made, field = self._made, self.query_one("#path", ExportPath)
        if made is None or made.asked != self._asked:
            self.notify_plain("The file is still being made.", timeout=2)
            return
        if not made.text:
            self.notify_plain("There is nothing to write.", severity="warning")
            return
        path, problem = await asyncio.to_thread(reading.place, field.value)
        if problem:
            field.set_problem(problem)
            field.focus()
            return
        if not await self._agreed(made, path):
            return
        await asyncio.to_thread(reading.write, path, made.text)
        self.cockpit.notify(f"{count(made.rows)} rows → {path}", title="Written", timeout=6)
        self.dismiss(True)

    async def _agreed(self, made: Made, path: Path) -> bool:
        """Whether what speaks against writing is overruled."""
        if made.problems:
            said = reading.problem_words(made.problems, NAMED)
            dialog = Confirm("OpenAI would refuse this file", said, yes="Write it all the same", no="Go back")
            if not await self.app.push_screen_wait(dialog):
                return False
        size = await asyncio.to_thread(reading.size_there, path)
        if size is None:
            return True
        words = f"{path} is there already, with {reading.size_words(size)}."
        dialog = Confirm("Replace the file?", words, yes="Replace it", no="Keep it")
        answer = await self.app.push_screen_wait(dialog)
        return answer is True
