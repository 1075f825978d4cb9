"""Choose a file of inputs for a prompt's variables and see that it fits. Reading and rules are elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.screens.inputs_view import SUFFIXES, InputsCheck, check_named, columns_text, complete_path
from cockpit.screens.opened import ListScreen
from cockpit.screens.words import clip, one_line, plural
from widgets.field import Field
from widgets.plain import Plain
from widgets.row_list import ListColumn, ListRow, RowList

if TYPE_CHECKING:
    from cockpit.services import Services

PREVIEW = 1_000
NARROW = 16
"""Cells from which on a column shares the width that is left."""
MAX_COLUMNS = 5
EMPTY = (
    "An inputs file runs the prompt once for each of its rows:",
    'JSONL with {"name": "…"}, CSV or TSV with a header. Press i and type its path; tab completes it.',
)


@dataclass(frozen=True, slots=True)
class InputsChoice:
    """A file of inputs and its rows; an empty path means no file: one input without values."""

    path: str
    inputs: tuple[Mapping[str, str], ...]


class PathField(Field):
    """A path, completed by tab to folders and files with one of its suffixes."""

    suffixes: Collection[str] = SUFFIXES

    def on_key(self, event: events.Key) -> None:
        """Tab completes instead of leaving."""
        if event.key != "tab":
            return
        done, names = complete_path(self.value, self.suffixes)
        if done != self.value:
            self.value = done
            self.post_message(self.Changed(self, done))
        self.set_problem(clip("   ".join(names[:12]), 160) if len(names) > 1 else "" if names else "nothing there")
        event.stop()
        event.prevent_default()


class InputsScreen(ListScreen[InputsChoice | None]):
    """A file of inputs, held against the prompt's variables; None leaves things as they were."""

    scope: ClassVar[str] = "inputs"
    pane_title: ClassVar[str] = "Inputs"
    typing_enter: ClassVar[str] = "to the rows"
    typing_escape: ClassVar[str] = "to the rows"

    def __init__(
        self, services: Services, path: str | None, variables: Sequence[str], *, project: str = "default"
    ) -> None:
        super().__init__(services)
        self._project = project
        self._path = path or ""
        self._variables = tuple(variables)
        self._check = InputsCheck("")

    def compose_body(self) -> ComposeResult:
        """Path, what fits, the first rows."""
        with Vertical(classes="body"):
            yield PathField("file", self._path, id="path", hint="~/data/questions.jsonl")
            yield Plain("", id="columns", classes="said")
            rows = RowList((), id="rows", classes="box", empty=EMPTY)
            rows.border_title = "rows"
            yield rows
            yield Plain("", id="bad", classes="problem")
            yield Plain("", id="said", classes="said")

    def on_mount(self) -> None:
        """Read the file there is; else begin typing."""
        self.head((f"for {plural(len(self._variables), 'variable')}", "quiet"))
        self._say()
        if self._path:
            self.rows.focus()
            self._read(self._path)
        else:
            self.query_one("#path", Field).focus()

    @work(exclusive=True, group="read", exit_on_error=False)
    async def _read(self, path: str) -> None:
        """Read after a short rest in typing; a newer path replaces this reading."""
        await asyncio.sleep(0.1)
        check = InputsCheck("")
        if path.strip():
            given = (self.services.store, self._project, path, self._variables)
            check = await asyncio.to_thread(check_named, *given)
        if path == self.query_one("#path", Field).value:
            self._show(check)

    def _show(self, check: InputsCheck) -> None:
        self._check = check
        names = [n for n in self._variables if n in check.columns] + list(check.unused)
        rows = self.rows
        rows.columns = (ListColumn("row", 6, right=True, quiet=True), *_columns(check, names[:MAX_COLUMNS]))
        rows.set_empty(*(EMPTY if not check.path else ("No rows to show.",)))
        rows.show([self._row(at, check, names[:MAX_COLUMNS]) for at in range(min(len(check.rows), PREVIEW))])
        self._say()

    @staticmethod
    def _row(at: int, check: InputsCheck, names: Sequence[str]) -> ListRow:
        good = at not in check.bad_rows
        cells = (str(at + 1), *(one_line(check.rows[at].get(name, "")) for name in names))
        return ListRow(at, cells, "✓" if good else "✗", "ok" if good else "error")

    def _say(self) -> None:
        check = self._check
        self.query_one("#columns", Plain).update(columns_text(check, self._variables) if check.columns else "")
        bad = list(check.bad[:5])
        if len(check.bad) > len(bad):
            bad.append(f"… and {len(check.bad) - len(bad)} more")
        if check.missing and check.rows:
            bad.insert(0, f"No column for {', '.join(check.missing)}.")
        self.query_one("#bad", Plain).update("\n".join(bad))
        n = len(check.rows)
        said = f"{plural(n, 'row')}: {plural(n, 'request')} for each model and sample." if n else ""
        self.query_one("#said", Plain).update(said)

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        event.field.set_problem("")
        self._read(event.value)

    @on(Field.Submitted)
    def _typed_all(self) -> None:
        self.rows.focus()

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_accept()

    def action_edit(self) -> None:
        """Type the path."""
        self.query_one("#path", Field).focus()

    def action_clear(self) -> None:
        """No file: one input without values."""
        self.dismiss(InputsChoice("", ({},)))

    def action_use(self) -> None:
        """Leave with the file's rows."""
        self.action_accept()

    def action_accept(self) -> None:
        """Leave with the file's rows, if each of them can be sent."""
        if self._check.path != self.query_one("#path", Field).value:
            self.notify_plain("Still reading the file.", timeout=2)
        elif self._check.usable:
            self.dismiss(InputsChoice(self._check.path, self._check.rows))
        elif not self._check.path:
            self.action_clear()
        else:
            self.notify_plain("Nothing was taken: mend the rows named above first.", severity="error")


def _columns(check: InputsCheck, names: Sequence[str]) -> list[ListColumn]:
    """A column for each name: those whose cells are all short take what they need, the others share the rest."""
    some = check.rows[:PREVIEW]
    needs = [max(len(name), *(len(row.get(name, "")) for row in some)) if some else NARROW for name in names]
    if max(needs, default=0) < NARROW:
        needs = [NARROW] * len(needs)
    return [ListColumn(name, need if need < NARROW else 0) for name, need in zip(names, needs, strict=True)]
