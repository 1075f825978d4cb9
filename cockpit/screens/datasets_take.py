"""A nested subset of a dataset: which rows, how sure a rate over them is, and where they go. It decides no order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical

from cockpit.core.dataset_refs import DatasetRef
from cockpit.core.errors import CockpitError
from cockpit.core.splits import suggest
from cockpit.core.stats import wilson
from cockpit.dataset_inputs import input_column, make_examples, row_lines, rows_of
from cockpit.screens.datasets_words import bar_line, keyed
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.stops_lines import Line, Lines
from cockpit.screens.words import count, one_line, plural
from widgets.field import Field
from widgets.plain import Plain
from widgets.row_list import ListColumn, ListRow, RowList

if TYPE_CHECKING:
    from cockpit.core.examples import Row, Verdict
    from cockpit.screens.base import PaneScreen
    from cockpit.services import Services
    from cockpit.store.datasets import DatasetRow

PREVIEW = 500
LABELS = 6
FIRST_N = 300
SIZES = (ListColumn("rows", 9, right=True), ListColumn("95 % interval of a rate of one half"))
ROWS = (ListColumn("", 5, right=True, quiet=True), ListColumn("input"), ListColumn("answer", 16))
MOST_EXAMPLES = 10_000


class TakeScreen(OpenedScreen[None]):
    """Sizes beside the rows they give; keys say where the rows go."""

    scope: ClassVar[str] = "dataset_take"
    pane_title: ClassVar[str] = "Subset"
    typing_enter: ClassVar[str] = "to the sizes"
    typing_escape: ClassVar[str] = "to the sizes"
    AUTO_FOCUS = ""
    CSS_PATH = ["opened.tcss", "datasets.tcss"]  # type: ignore[assignment]  # noqa: RUF012

    def __init__(self, services: Services, dataset: DatasetRow, *, split: str | None = None) -> None:
        super().__init__(services)
        self._dataset = dataset
        self._splits: tuple[str | None, ...] = (*dataset.splits, None)
        usual = "dev" if "dev" in dataset.splits else None
        self._at = self._splits.index(split if split is not None else usual)
        self._stratify = False
        self._rows: list[Row] = []
        self._taken: DatasetRef | None = None

    @property
    def split(self) -> str | None:
        """The split that is taken from; None for every row."""
        return self._splits[self._at]

    @property
    def there(self) -> int:
        """How many rows there are to take from."""
        return self._dataset.n if self.split is None else self._dataset.splits[self.split]

    def compose_body(self) -> ComposeResult:
        """Size and seed over the sizes worth taking and the rows."""
        with Vertical(classes="body"):
            with Horizontal(classes="line"):
                yield Field("rows", str(min(FIRST_N, self.there)), id="n")
                yield Field("seed", "0", id="seed")
                yield Plain("", id="how")
            with Container(classes="split"):
                with Vertical(id="left"):
                    sizes = RowList(SIZES, id="sizes", classes="box")
                    sizes.border_title = "sizes worth taking"
                    yield sizes
                    yield Lines(id="facts")
                rows = RowList(ROWS, id="rows", classes="box", empty=("Reading …",))
                rows.border_title = "the first of them"
                yield rows

    def on_mount(self) -> None:
        """Sizes of the split, rows of the first."""
        self.query_one("#sizes").focus()
        self._show_sizes()
        self._take()

    def stop_typing(self) -> None:
        """The sizes take the keyboard."""
        self.query_one("#sizes").focus()

    def _show_sizes(self) -> None:
        sizes = self.query_one("#sizes", RowList)
        sizes.show(
            [
                ListRow(n, (count(n), f"± {100 * half:.1f} points{', every row' if n == self.there else ''}"))
                for n, half in suggest(self.there)
            ]
        )
        self.head(
            (self._dataset.name, "plain"),
            (f"split {self.split}" if self.split is not None else "every row", "quiet"),
            (plural(self.there, "row"), "quiet"),
        )
        how = "labels in proportion at every size" if self._stratify else "labels fall as a row's hash does"
        self.query_one("#how", Plain).update(keyed(("b", how)))

    def ref(self) -> DatasetRef | None:
        """What is asked for; None where a number is none, which its field then says."""
        fields = {name: self.query_one(f"#{name}", Field) for name in ("n", "seed")}
        problems = {
            "n": "" if fields["n"].value.strip().isdecimal() and int(fields["n"].value) > 0 else "a whole number",
            "seed": "" if fields["seed"].value.strip().lstrip("-").isdecimal() else "a whole number",
        }
        for name, problem in problems.items():
            fields[name].set_problem(problem)
        if any(problems.values()):
            return None
        n, seed = (int(fields[name].value) for name in ("n", "seed"))
        return DatasetRef(self._dataset.name, self.split, n, seed, self._stratify)

    @work(exclusive=True, group="take", exit_on_error=False)
    async def _take(self) -> None:
        ref = self.ref()
        if ref is None or ref == self._taken:
            return
        self._taken = None
        await asyncio.sleep(0.1)
        try:
            rows = await asyncio.to_thread(lambda: rows_of(self.services.store.read(), self._dataset, ref))
        except CockpitError as error:
            self._rows = []
            self.query_one("#rows", RowList).set_empty(error.message)
            self._show([])
            return
        self._rows, self._taken = rows, ref
        self._show(rows)

    def _show(self, rows: Sequence[Row]) -> None:
        shown = self.query_one("#rows", RowList)
        shown.show([_preview(at, row) for at, row in enumerate(rows[:PREVIEW], 1)], keep_cursor=False)
        shown.border_subtitle = plain_title(plural(len(rows), "row"))
        lines = self.query_one("#facts", Lines)
        lines.show(taken_lines(rows, width=max(lines.size.width - 4, 40)))

    @on(RowList.Moved, "#sizes")
    def _size_chosen(self, event: RowList.Moved) -> None:
        self.query_one("#n", Field).value = str(event.key)
        self._take()

    @on(RowList.Opened, "#sizes")
    def _size_opened(self, event: RowList.Opened) -> None:
        self.query_one("#n", Field).value = str(event.key)
        self._take()

    @on(Field.Changed)
    def _typed(self) -> None:
        self._take()

    @on(Field.Submitted)
    def _typed_all(self) -> None:
        self.stop_typing()

    # Actions

    def action_turn(self) -> None:
        """The next split."""
        self._at = (self._at + 1) % len(self._splits)
        self._show_sizes()
        self._take()

    def action_go(self, name: str) -> None:
        """Type in a field."""
        self.query_one(f"#{name}", Field).focus()

    def action_stratify(self) -> None:
        """Labels in proportion, or by chance."""
        self._stratify = not self._stratify
        self._show_sizes()
        self._take()

    @work(group="go", exit_on_error=False)
    async def action_to_play(self) -> None:
        """Run Play's prompt over these rows."""
        if self._taken is not None:
            await to_play(self, self._dataset, self._taken)

    @work(group="go", exit_on_error=False)
    async def action_to_examples(self) -> None:
        """Make these rows examples."""
        if len(self._rows) > MOST_EXAMPLES:
            self.notify_plain(f"{count(len(self._rows))} examples are too many to judge: take fewer.")
        elif self._taken is not None and await self._may_be_examples():
            await keep_rows(self, self._dataset.name, self._rows)

    async def _may_be_examples(self) -> bool:
        """Ask first where the rows are not of the split that is for examples."""
        from cockpit.screens.dialogs import Confirm

        if self.split is None or self.split == "examples" or "examples" not in self._dataset.splits:
            return True
        said = f"These rows are of {self.split}: what is measured on them afterwards would be measured on its examples."
        question = Confirm("Not of the split for examples", said, yes="Take them", no="Leave them")
        return await self.app.push_screen_wait(question)

    @work(group="go", exit_on_error=False)
    async def action_write(self) -> None:
        """Write these rows to a file."""
        from cockpit.screens.dialogs import Ask

        if self._taken is None:
            return
        rows = self._rows
        path = await self.app.push_screen_wait(
            Ask(
                f"Write {plural(len(rows), 'row')} as JSONL",
                prompt="With input, output, label, group, id and split; a file that is there is not written over.",
                value=f"{self._dataset.name}-{self.split or 'all'}-{len(rows)}.jsonl",
                check=_unwritable,
            )
        )
        if path:
            where = await asyncio.to_thread(write_rows, path, rows)
            self.notify_plain(f"{plural(len(rows), 'row')} → {where}")


def _unwritable(path: str) -> str:
    where = Path(path.strip()).expanduser()
    if not path.strip():
        return "A file needs a name."
    if where.exists():
        return "There is such a file: choose another name."
    return "" if where.parent.is_dir() else f"There is no folder {where.parent}."


def write_rows(path: str, rows: Sequence[Row]) -> Path:
    """Write rows to a new file, whole or not at all, and return where it is.

    Raises:
        OSError: it cannot be written, or is there.
    """
    text = "".join(f"{line}\n" for line in row_lines(rows))
    where = Path(path.strip()).expanduser()
    with where.open("x", encoding="ascii") as stream:
        try:
            stream.write(text)
        except BaseException:
            where.unlink(missing_ok=True)
            raise
    return where


def _preview(at: int, row: Row) -> ListRow:
    return ListRow(row.key, (str(at), one_line(row.input), one_line(row.output or row.label or "–")))


def taken_lines(rows: Sequence[Row], *, width: int) -> list[Line]:
    """How sure a rate over these rows is, and their labels."""
    if not rows:
        return []
    n = len(rows)
    rate = wilson(n // 2, n)
    labels: dict[str | None, int] = {}
    for row in rows:
        labels[row.label] = labels.get(row.label, 0) + 1
    lines = [
        Line(
            (
                (plural(n, "row"), "head"),
                (f"   a rate of one half: ± {50 * (rate.high - rate.low):.1f} points", "plain"),
            )
        ),
        Line((("Nested: every smaller size of this seed is inside.", "quiet"),)),
    ]
    if set(labels) == {None}:
        return lines
    ordered = sorted(labels.items(), key=lambda one: -one[1])
    most = ordered[0][1]
    lines.append(Line())
    for label, k in ordered[:LABELS]:
        tone = "quiet" if label is None else "stop"
        lines.append(bar_line("no label" if label is None else label, k, n, most, tone, width=width))
    if len(ordered) > LABELS:
        lines.append(Line(((f"{count(len(ordered) - LABELS)} more labels", "quiet"),), indent=1))
    return lines


async def to_play(screen: PaneScreen[None], dataset: DatasetRow, ref: DatasetRef) -> None:
    """Make rows of a dataset the inputs of Play's draft, and say which of its variables they lack."""
    from cockpit.dataset_inputs import read_dataset_inputs
    from cockpit.screens.tokens_source import write_to, written_in

    app = screen.cockpit
    rows = await asyncio.to_thread(read_dataset_inputs, screen.services.store, app.project, ref.text)
    draft = replace(written_in(app).draft, inputs_path=ref.text, inputs=rows)
    await write_to(app, draft)
    said = f"Play runs over {plural(len(rows), 'row')} of {dataset.name} now; nothing is sent."
    needed = draft.variables()
    missing = [name for name in needed if any(name not in row for row in rows)]
    column = input_column(dataset)
    if not needed:
        known = "{{input}}" + (f" or {{{{{column}}}}}" if column not in (None, "input") else "")
        said += f" Its prompt has no {known} yet: every row would be the same request."
    elif missing:
        said += f" Not every row has {', '.join(missing)}."
    screen.notify_plain(said, timeout=8)


async def keep_rows(screen: PaneScreen[None], dataset: str, rows: Sequence[Row]) -> bool:
    """Ask which verdict, make rows examples, and say what was left out; whether anything was asked for."""
    from cockpit.screens.dialogs import Choice, Pick
    from cockpit.store.projects import ensure_project

    choices = (
        Choice("candidate", "○ candidates", "to be judged in the Examples pane"),
        Choice("gold", "★ gold", "as they are"),
    )
    title = f"Make {plural(len(rows), 'row')} of {dataset}"
    verdict = await screen.app.push_screen_wait(Pick(title, choices))
    if verdict is None:
        return False
    wanted: Verdict = "gold" if verdict == "gold" else "candidate"
    project, kept = screen.cockpit.project, tuple(rows)
    made = await screen.services.store.write(
        lambda db: make_examples(db, ensure_project(db, project), dataset, kept, wanted)
    )
    said = f"{plural(len(made.ids), wanted + ' example')} added."
    if made.known:
        said += f" {plural(made.known, 'row was', 'rows were')} left out: an example has that input already."
    screen.notify_plain(said)
    return True
