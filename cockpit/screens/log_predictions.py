"""Predictions, what happened, and the person's own record. Scores are the core's."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult

from cockpit.core.calibration import LEAST, MOST, by_group, entropy, probability, record, surprise
from cockpit.core.errors import CockpitError
from cockpit.screens.changing_list import ChangingList
from cockpit.screens.dialogs import Ask
from cockpit.screens.text_panel import Said, TextPanel
from cockpit.store.predictions import Prediction, list_predictions, predict, resolve
from widgets.row_list import ListColumn, ListRow, RowList

BAR = 20
"""Cells of a calibration bar from 0 to 100 %."""


class LogPredictionsScreen(ChangingList[Prediction]):
    """Predictions beside the record."""

    scope: ClassVar[str] = "log-predictions"
    pane_title: ClassVar[str] = "Predictions"
    DEFAULT_CSS = "LogPredictionsScreen #record { height: 14; }"

    def compose_body(self) -> ComposeResult:
        """The list over the record."""
        columns = (
            ListColumn("said", 6, right=True),
            ListColumn("claim"),
            ListColumn("outcome", 8),
            ListColumn("bits", 5, right=True),
        )
        empty = ("Say what you expect before you look: a claim and its probability.", "a adds one.")
        yield RowList(columns, empty=empty, id="rows", classes="box tall")
        yield TextPanel(id="record", classes="box short")

    def on_mount(self) -> None:
        """Show them."""
        self.query_one("#rows").focus()
        self.change()

    def read_items(self, db: sqlite3.Connection, project: int) -> list[Prediction]:
        """The newest first."""
        return list_predictions(db, project)

    def key_of(self, item: Prediction) -> int:
        """Its number."""
        return item.id

    def show_items(self, items: Sequence[Prediction]) -> None:
        """A row a prediction, and the record."""
        self.query_one("#rows", RowList).show([_row(one) for one in items])
        self.query_one("#record", TextPanel).show(record_lines(items))
        opened = sum(one.happened is None for one in items)
        self.head((f"{opened} open, {len(items) - opened} resolved", "quiet"))

    async def action_add(self) -> None:
        """Ask for a claim, then for its probability."""
        self.run_worker(self._add(), group="ask", exclusive=True, exit_on_error=False)

    async def _add(self) -> None:
        claim = await self.app.push_screen_wait(Ask("A prediction", prompt="A claim that can turn out true or false."))
        if claim is None or not claim.strip():
            return
        said = await self.app.push_screen_wait(Ask("How likely?", prompt=claim, check=_share_problem))
        if said is not None:
            self.change(lambda db, project: predict(db, project, claim, probability(said)))

    def action_yes(self) -> None:
        """It happened."""
        self._resolve(happened=True)

    def action_no(self) -> None:
        """It did not."""
        self._resolve(happened=False)

    def action_reopen(self) -> None:
        """Take the outcome back."""
        self._resolve(happened=None)

    def _resolve(self, *, happened: bool | None) -> None:
        if (one := self.current) is not None:
            self.change(lambda db, _: resolve(db, one.id, happened, one.note))


def record_lines(found: Sequence[Prediction]) -> list[Said]:
    """The record in words and bars: bits learned first, then how well probabilities matched what happened."""
    guesses = [guess for one in found if (guess := one.guess()) is not None]
    whole = record(guesses)
    if whole.brier is None or whole.base is None:
        return [("No outcome yet: y or n on a prediction says what happened.", "quiet")]
    lines: list[Said] = [
        (f"{whole.bits:.1f} bits learned from {whole.n} outcomes, {whole.expected_bits:.1f} expected", "strong"),
        (f"Brier score {whole.brier:.3f}; always saying the base rate would get {whole.base:.3f}; 0 is perfect", ""),
    ]
    for one in whole.bins:
        share = one.rate.k / one.rate.n
        interval = f"[{100 * one.rate.low:.0f}, {100 * one.rate.high:.0f}]"
        bar = ("━" * round(BAR * share)).ljust(BAR, "·")
        lines.append((f"said {100 * one.mean_p:3.0f} %  {bar} {100 * share:3.0f} % {interval}, n = {one.rate.n}", ""))
    groups = [
        f"{name or 'no idea'} {scored.brier:.2f}" for name, scored in by_group(guesses) if scored.brier is not None
    ]
    if len(groups) > 1:
        lines.append((f"most misjudged: {', '.join(groups[:3])}", "quiet"))
    return lines


def _row(one: Prediction) -> ListRow:
    outcome = {None: "open", True: "happened", False: "did not"}[one.happened]
    bits = entropy(one.p) if one.happened is None else surprise(one.p, one.happened)
    shown = f"{bits:.1f}" if one.happened is not None else f"~{bits:.1f}"
    tone = {None: "", True: "ok", False: "cut"}[one.happened]
    glyph = {None: "", True: "✓", False: "✗"}[one.happened]
    return ListRow(one.id, (f"{100 * one.p:g} %", one.claim, outcome, shown), glyph=glyph, tone=tone)


def _share_problem(text: str) -> str:
    try:
        share = probability(text)
    except CockpitError as error:
        return error.sentence()
    return "" if LEAST <= share <= MOST else f"From {100 * LEAST:g} % to {100 * MOST:g} %: nobody is certain."
