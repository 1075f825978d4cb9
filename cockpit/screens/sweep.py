"""Choose parameters and values to sweep, as columns of the next send. What a sweep means is decided in core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.core.errors import InputError
from cockpit.screens.opened import ListScreen
from cockpit.screens.sweep_view import MANY_COLUMNS, OFFERED, column_count, now_text, parse_values, summary
from widgets.field import Field
from widgets.plain import Plain
from widgets.row_list import ListColumn, ListRow, RowList

if TYPE_CHECKING:
    from cockpit.core.params import Params

Sweep = Mapping[str, tuple[Any, ...]]
COLUMNS = (ListColumn("parameter", 18), ListColumn("values"), ListColumn("now", 10, right=True, quiet=True))


class SweepScreen(ListScreen[Sweep | None]):
    """Which parameters to sweep over which values; None leaves things as they are, an empty mapping sweeps nothing.

    Args:
        params: what is set now; models: the chosen models; n, inputs: to say how many requests result;
        sweep: the one in force, to go on from.
    """

    scope: ClassVar[str] = "sweep"
    pane_title: ClassVar[str] = "Sweep"
    typing_enter: ClassVar[str] = "set them"

    def __init__(
        self, params: Params, models: Sequence[str], *, n: int = 1, inputs: int = 1, sweep: Sweep | None = None
    ) -> None:
        super().__init__()
        self._params = params
        self._models = len(models)
        self._n = n
        self._inputs = inputs
        self._texts = dict(OFFERED)
        for name, values in (sweep or {}).items():
            if name in self._texts:
                self._texts[name] = ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in values)
        self._on = {name for name in (sweep or {"temperature": ()}) if name in OFFERED}

    def compose_body(self) -> ComposeResult:
        """The parameters, a line for values, what comes of it."""
        with Vertical(classes="body centre"):
            rows = RowList(COLUMNS, id="rows", classes="box dialog params")
            rows.border_title = "parameters"
            yield rows
            yield Field("values", id="values", classes="dialog", hint="separated by commas")
            yield Plain("", classes="gap dialog")
            yield Plain("", id="said", classes="said dialog")
            yield Plain("", id="problem", classes="problem dialog")

    def on_mount(self) -> None:
        """Start on temperature."""
        self.head(("one column for each combination", "quiet"))
        self.rows.marked.update(self._on)
        self._show()
        self.rows.focus()
        self._show_values()

    def _show(self) -> None:
        rows = [
            ListRow(name, (name.replace("_", " "), self._texts[name], now_text(self._params, name)))
            for name in self._texts
        ]
        self.rows.show(rows)
        self._say()

    def _say(self) -> None:
        """Say what comes of it, or why it cannot be."""
        said, problem = self.query_one("#said", Plain), self.query_one("#problem", Plain)
        try:
            sweep = self._sweep()
        except InputError as error:
            said.update("")
            problem.update(error.sentence())
            return
        said.update(summary(sweep, self._models, self._n, self._inputs))
        many = column_count(sweep, self._models) > MANY_COLUMNS
        problem.update("That is more columns than a screen shows at once." if many else "")

    def _sweep(self) -> Sweep:
        return {name: parse_values(name, self._texts[name]) for name in self._texts if name in self.rows.marked}

    @property
    def _picked(self) -> str:
        row = self.rows.current
        return str(row.key) if row else "temperature"

    def _show_values(self) -> None:
        field = self.query_one("#values", Field)
        field.value = self._texts[self._picked]

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._show_values()

    @on(RowList.MarksChanged)
    def _marked(self) -> None:
        self._say()

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_accept()

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        self._texts[self._picked] = event.value
        self.rows.marked.add(self._picked)
        self._show()

    @on(Field.Submitted)
    def _typed_all(self) -> None:
        self.rows.focus()

    def action_choose(self) -> None:
        """Sweep the highlighted parameter, or no longer."""
        self.rows.action_mark()

    def action_edit(self) -> None:
        """Type the highlighted parameter's values."""
        self.query_one("#values", Field).focus()

    def action_clear(self) -> None:
        """Sweep nothing."""
        self.rows.clear_marks()
        self._say()

    def action_accept(self) -> None:
        """Leave with the sweep, if every value is one."""
        try:
            self.dismiss(self._sweep())
        except InputError as error:
            self.notify_plain(error.sentence(), severity="error")
