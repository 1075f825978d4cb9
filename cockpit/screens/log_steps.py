"""The ranked list of what to try next. Which steps the rules propose, and why, is decided below."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult

from cockpit.core.log_refs import parse_target
from cockpit.expecting import settle
from cockpit.log_steps import proposals
from cockpit.screens.changing_list import ChangingList
from cockpit.screens.dialogs import Ask
from cockpit.screens.text_panel import Said, TextPanel
from cockpit.store.steps import NewStep, Step, StepState, add_step, close_step, list_steps, move_step
from widgets.row_list import ListColumn, ListRow, RowList


class LogStepsScreen(ChangingList[Step]):
    """Open steps in order over the reason of one."""

    scope: ClassVar[str] = "log-steps"
    pane_title: ClassVar[str] = "Next steps"
    DEFAULT_CSS = "LogStepsScreen #why { height: 7; }"

    def compose_body(self) -> ComposeResult:
        """The list over the reason."""
        columns = (ListColumn("what"), ListColumn("rung", 10, quiet=True), ListColumn("bits", 5, right=True))
        empty = ("What to try next, the most telling first.", "a adds a step; after runs, rules propose some.")
        yield RowList(columns, empty=empty, id="rows", classes="box tall")
        yield TextPanel(id="why", classes="box short")

    def on_mount(self) -> None:
        """Show the list, then what the rules add to it."""
        self.query_one("#rows").focus()
        self.run_worker(self._propose(), group="change", exit_on_error=False)

    async def _propose(self) -> None:
        store, name, now = self.services.store, self.cockpit.project, self.services.clock()
        await self.changed(lambda db, project: settle(db, project, now))
        found = await asyncio.to_thread(lambda: proposals(store.read(), name))
        if found:
            await self.changed(lambda db, project: [add_step(db, project, step) for step in found])

    def read_items(self, db: sqlite3.Connection, project: int) -> list[Step]:
        """The open steps, in order."""
        return list_steps(db, project)

    def key_of(self, item: Step) -> int:
        """Its number."""
        return item.id

    def show_items(self, items: Sequence[Step]) -> None:
        """A row a step."""
        self.query_one("#rows", RowList).show([_row(step) for step in items])
        self.head((f"{len(items)} open", "quiet"))
        self._moved()

    @on(RowList.Moved)
    def _moved(self) -> None:
        step = self.current
        self.query_one("#why", TextPanel).show([] if step is None else step_lines(step))

    async def action_add(self) -> None:
        """Ask for a step."""
        self.run_worker(self._add(), group="ask", exclusive=True, exit_on_error=False)

    async def _add(self) -> None:
        title = await self.app.push_screen_wait(Ask("A step", prompt="What to try."))
        if title is None or not title.strip():
            return
        why = await self.app.push_screen_wait(Ask("Why", prompt=f"Why “{title}”? What would it tell?")) or ""
        self.change(lambda db, project: add_step(db, project, NewStep(title, why)))

    async def action_close(self) -> None:
        """Ask for the result."""
        self.run_worker(self._close(), group="ask", exclusive=True, exit_on_error=False)

    async def _close(self) -> None:
        if (step := self.current) is None:
            return
        asked = Ask("Done", prompt=f"The result of “{step.new.title}”: run:12, job:7, or words.", check=_result_problem)
        result = await self.app.push_screen_wait(asked)
        if result is not None:
            self._end(step, "done", result)

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_start("run")

    def action_start(self, what: str) -> None:
        """Make a run or a job of the step: Play, or the job form, with what it follows from."""
        if (step := self.current) is None:
            return
        from cockpit.screens.step_start import as_job, as_run

        is_job = what == "job" or step.new.about.startswith("job:")
        start: Any = (as_job if is_job else as_run)(self, step)
        # Leaving this screen would end a worker of its own.
        self.app.run_worker(start, group="start", exclusive=True, exit_on_error=False)
        if not is_job:
            self.dismiss(None)

    def action_drop(self) -> None:
        """It will not be done."""
        if (step := self.current) is not None:
            self._end(step, "dropped", "")

    def _end(self, step: Step, state: StepState, result: str) -> None:
        self.change(lambda db, _: close_step(db, step.id, state, result))

    def action_earlier(self) -> None:
        """One place up."""
        self._move(-1)

    def action_later(self) -> None:
        """One place down."""
        self._move(1)

    def _move(self, by: int) -> None:
        if (step := self.current) is not None:
            self.change(lambda db, _: move_step(db, step.id, by))


def step_lines(step: Step) -> list[Said]:
    """A step's reason and what is known of it; what is not known is said to be."""
    new = step.new
    hours = "hours unknown" if new.hours is None else f"{new.hours:g} h"
    usd = "cost unknown" if new.usd is None else f"${new.usd:g}"
    bits = "information unknown" if new.bits is None else f"{new.bits:g} bits expected"
    lines: list[Said] = [(new.why or "no reason given", ""), (f"{bits} · {hours} · {usd}", "quiet")]
    if step.result:
        lines.append((f"under way as {step.result}; it is closed by its result", "ok"))
    if new.about:
        lines.append((f"follows from {new.about}" + (f", by the rule {new.rule}" if new.rule else ""), "quiet"))
    if new.blocked_by:
        lines.append((f"waits for {', '.join(new.blocked_by)}", "warn"))
    return lines


def _row(step: Step) -> ListRow:
    new = step.new
    bits = "?" if new.bits is None else f"{new.bits:g}"
    glyph, tone = ("▸", "stream") if step.result else ("⊘", "wait") if new.blocked_by else ("", "")
    return ListRow(step.id, (new.title, new.rung, bits), glyph=glyph, tone=tone, quiet=bool(new.blocked_by))


def _result_problem(text: str) -> str:
    word = text.strip()
    is_place = ":" in word and " " not in word and word.split(":")[0] in ("run", "job", "entry", "sample")
    return f"{word} is no run or job." if is_place and parse_target(word) is None else ""
