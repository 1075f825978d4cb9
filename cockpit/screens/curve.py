"""Does it help? Settings and a forecast, then score against examples as it comes. It arranges; `fewshot` does the work.

To open it: `await open_curve(screen, set_name)`; it returns nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from cockpit.core.errors import CockpitError
from cockpit.screens import curve_words as words
from cockpit.screens.curve_ask import ask
from cockpit.screens.curve_setup import KIND_TITLES, Ready, Setup, first_setup, ready
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.text_panel import TextPanel
from cockpit.screens.words import plural
from widgets.chart import Chart
from widgets.plain import Plain
from widgets.row_list import RowList

if TYPE_CHECKING:
    from cockpit.core.examples import ExampleSet
    from cockpit.experiments import Forecast
    from cockpit.fewshot import Result
    from cockpit.runner import Draft
    from cockpit.screens.base import PaneScreen
    from cockpit.services import Services

SAY_S = 0.1
EMPTY = (
    "The prompt with 0, 1, 2, 4 … examples on the same rows:",
    "score against their number. ctrl+j sends; nothing is sent before.",
)


class CurveScreen(OpenedScreen[None]):
    """Settings over what they would cost at the left; the picture over its numbers at the right."""

    scope: ClassVar[str] = "curve"
    pane_title: ClassVar[str] = "Does it help?"
    DEFAULT_CSS = """
    CurveScreen #left { width: 46; height: 1fr; }
    CurveScreen #asks { height: 14; }
    CurveScreen #forecast { height: 1fr; padding: 0 1; }
    CurveScreen #right { width: 1fr; height: 1fr; margin-left: 1; }
    CurveScreen #drawn { height: 3fr; }
    CurveScreen #numbers { height: 2fr; }
    CurveScreen #said { height: auto; max-height: 3; padding: 0 2; }
    CurveScreen.-narrow #left { width: 1fr; }
    CurveScreen.-narrow #right { margin-left: 0; }
    CurveScreen.-narrow.-results #left, CurveScreen.-narrow.-asking #right { display: none; }
    """

    def __init__(self, services: Services, project: str, play: Draft, setup: Setup) -> None:
        super().__init__(services)
        self._project, self.play = project, play
        self.setup = setup
        self._ready: Ready | None = None
        self._forecast: Forecast | None = None
        self._problem = ""
        self._result: Result | None = None
        self._of: ExampleSet | None = None
        self._kind = setup.kind
        self._model = 0
        self._sending = False
        self._left = 0
        self._said_at = 0.0

    def compose_body(self) -> ComposeResult:
        """What is asked beside what came of it."""
        with Container(classes="body split"):
            with Vertical(id="left"):
                settings = RowList(words.SETTINGS, id="settings", classes="box", empty=("Reading …",))
                settings.border_title = "what is asked"
                yield Container(settings, id="asks")
                yield TextPanel(id="forecast")
            with Vertical(id="right"):
                yield Container(Chart(empty=EMPTY, id="chart", classes="box"), id="drawn")
                yield Plain("", id="said")
                table = RowList(words.CURVE, id="table", classes="box", empty=("No numbers yet.",))
                yield Container(table, id="numbers")

    def on_mount(self) -> None:
        """Show the settings, and plan in a thread."""
        self._turn_to("asking")
        self._show_settings()
        self.plan()

    @property
    def busy(self) -> bool:
        """Whether something is being sent."""
        return self._sending

    def cancel_running(self) -> None:
        """Stop sending; finished samples are kept, and the same settings go on from there."""
        self.workers.cancel_group(self, "send")

    # What is asked

    @work(exclusive=True, group="plan", exit_on_error=False)
    async def plan(self) -> None:
        """Work out what would be sent, and what it would take."""
        from cockpit.experiments import forecast

        self._ready, self._forecast, self._problem = None, None, ""
        self._show_forecast()
        try:
            found = await asyncio.to_thread(ready, self.services, self._project, self.setup, self.play)
            cost = await asyncio.to_thread(forecast, self.services, found.task, found.trials)
        except CockpitError as error:
            self._problem = error.sentence()
        else:
            self._ready, self._forecast = found, cost
        self._show_forecast()

    def change(self, setup: Setup) -> None:
        """Take other settings, remember them, and plan anew."""
        self.setup = setup
        self.cockpit.put_setting(f"curve.{self._project}", setup.to_json())
        self._turn_to("asking")
        self._show_settings()
        self.plan()

    def _show_settings(self) -> None:
        models = self.setup.models or self.play.models
        self.query_one("#settings", RowList).show(words.setting_rows(self.setup, models), keep_cursor=True)
        self.head(
            (self.setup.set_name or "no set yet", "plain"), (f"on {self.setup.dataset or 'no data yet'}", "quiet")
        )

    def _show_forecast(self) -> None:
        if self._problem:
            lines = [(self._problem, "error")]
        elif self._forecast is None or self._ready is None:
            lines = [("Counting …", "quiet")]
        else:
            lines = words.forecast_lines(self._forecast, self._ready.leaks)
        self.query_one("#forecast", TextPanel).show(lines)

    @on(RowList.Opened, "#settings")
    @work(exclusive=True, group="ask", exit_on_error=False)
    async def _setting(self, event: RowList.Opened) -> None:
        """Enter on a setting changes it."""
        changed = await ask(self, str(event.key), self.setup)
        if changed is not None:
            self.change(changed)

    # What came of it

    def _show_result(self) -> None:
        result, of = self._result, self._of
        if result is None or of is None:
            return
        self._model = min(self._model, max(len(result.models) - 1, 0))
        self._turn_to("results")
        series, axes, levels = words.chart_of(result, self._kind)
        chart = self.query_one("#chart", Chart)
        chart.border_title = KIND_TITLES[self._kind]
        chart.show(series, axes=axes, levels=levels)
        table = self.query_one("#table", RowList)
        table.columns = words.COLUMNS[self._kind]
        table.show(words.result_rows(result, self._kind, self._model, of), keep_cursor=True)
        place = f" ({self._model + 1} of {len(result.models)})" if len(result.models) > 1 else ""
        table.border_title = plain_title(f"{result.models[self._model]}{place}")
        table.border_subtitle = plain_title(f"{of.name} v{of.number}")
        said = words.summary(result, self._kind, self._model)
        self.query_one("#said", Plain).update(f"{said}   {self._left} to go" if self._sending else said)

    def _say_left(self) -> None:
        """How much is still to come, ten times a second at most."""
        now = monotonic()
        if now - self._said_at >= SAY_S:
            self._said_at = now
            self.query_one("#said", Plain).update(f"Sending: {plural(self._left, 'answer')} to go. ctrl+c stops.")

    async def action_send(self) -> None:
        """Send what is planned."""
        if self._sending:
            self.notify_plain("It is running. ctrl+c stops it; what came is kept.")
        elif self._ready is None:
            self.notify_plain(self._problem or "Still counting.", severity="warning")
        else:
            self._send(self._ready)

    @work(exclusive=True, group="send", exit_on_error=False)
    async def _send(self, found: Ready) -> None:
        """Trial after trial; each is drawn when it is scored."""
        from cockpit.core.sampling import Finished
        from cockpit.fewshot import Ended, Launched, Result, run_trials

        self._of, self._kind = found.task.of, self.setup.kind
        self._result = Result(found.task.draft.models)
        self._turn_to("results")
        self._sending, self._left = True, self._forecast.requests if self._forecast is not None else 0
        self.query_one("#chart", Chart).set_empty("A point is drawn when all answers of its run are scored.")
        self._say_left()
        try:
            async with aclosing(run_trials(self.services, found.task, found.trials)) as events:
                async for event in events:
                    if isinstance(event, Launched):
                        self.query_one("#chart").border_subtitle = plain_title(
                            f"run {event.run_id}, {event.total} samples"
                        )
                    elif isinstance(event, Finished):
                        self._left = max(self._left - 1, 0)
                        self._say_left()
                    elif isinstance(event, Ended):
                        self._result.ended[event.trial.number] = event
                        self._show_result()
        except CockpitError as error:
            self.cockpit.report(error)
        finally:
            self._sending = False
            if self.is_attached:
                self.query_one("#chart").border_subtitle = ""
                self._show_result()

    @work(exclusive=True, group="ask", exit_on_error=False)
    async def action_earlier(self) -> None:
        """Choose an earlier experiment and show its stored numbers."""
        from cockpit.experiments import reopen
        from cockpit.screens.curve_ask import pick_earlier

        chosen = await pick_earlier(self, self._project)
        if chosen is None or self._sending:
            return
        store = self.services.store
        found = await asyncio.to_thread(lambda: reopen(store.read(), chosen))
        self._result, self._of, self._kind = found.result, chosen.of, chosen.kind
        self._show_result()
        missing = f"; {len(found.missing)} left out: {found.missing[0]}" if found.missing else ""
        self.query_one("#chart").border_subtitle = plain_title(f"by {found.metric or 'no metric'}{missing}")

    @work(exclusive=True, group="use", exit_on_error=False)
    async def action_use(self) -> None:
        """Put the set into Play with the number of examples that scored best, or that stands under the cursor."""
        from cockpit.screens.play_shots import put_set

        result, of = self._result, self._of
        if result is None or of is None or self._kind != "curve" or not result.ended:
            self.notify_plain("There is no curve yet to take a number of examples from.")
            return
        table = self.query_one("#table", RowList)
        here = table.current.key if table.has_focus and table.current is not None else result.curve(self._model).best
        if not isinstance(here, int):
            self.notify_plain("Nothing was scored yet.")
            return
        await put_set(self.cockpit, of.name, of.number, replace(self.setup.wish(), k=here))

    def action_ask(self) -> None:
        """Back to the settings, which a narrow terminal hides while there are numbers."""
        self._turn_to("asking")

    def _turn_to(self, side: str) -> None:
        """The keyboard to the settings or to the numbers; a narrow terminal shows that side alone."""
        if not self.has_class(f"-{side}"):
            self.set_class(side == "asking", "-asking")
            self.set_class(side == "results", "-results")
            self.query_one("#settings" if side == "asking" else "#table").focus()

    def action_curve(self) -> None:
        """Ask for the curve."""
        self.change(replace(self.setup, kind="curve"))

    def action_each(self) -> None:
        """Ask what each example does."""
        self.change(replace(self.setup, kind="leave one out"))

    def action_orders(self) -> None:
        """Ask what the order does."""
        self.change(replace(self.setup, kind="orders"))

    def action_model_before(self) -> None:
        """The numbers of the model before."""
        self._turn(-1)

    def action_model_after(self) -> None:
        """The numbers of the model after."""
        self._turn(1)

    def _turn(self, by: int) -> None:
        if self._result is not None:
            self._model = (self._model + by) % len(self._result.models)
            self._show_result()

    def action_copy(self) -> None:
        """Copy the table with its sentence."""
        if self._result is None or self._of is None:
            self.notify_plain("There are no numbers yet.")
            return
        rows = words.result_rows(self._result, self._kind, self._model, self._of)
        heads = "\t".join(column.title for column in words.COLUMNS[self._kind])
        lines = [heads, *("\t".join(row.cells) for row in rows)]
        lines.append(words.summary(self._result, self._kind, self._model))
        self.cockpit.copy_text("\n".join(lines), "The table")


async def open_curve(screen: PaneScreen[Any], set_name: str | None = None) -> None:
    """Ask whether examples help, with Play's prompt and models; call it from a worker."""
    from cockpit.screens.tokens_play import sending_draft
    from cockpit.screens.tokens_source import written_in

    app = screen.cockpit
    saved = app.get_setting(f"curve.{app.project}")
    setup = Setup.from_json(saved) if isinstance(saved, dict) else Setup()
    if set_name:
        setup = replace(setup, set_name=set_name, set_number=None)
    setup = await asyncio.to_thread(first_setup, screen.services, app.project, setup)
    play = sending_draft(app, replace(written_in(app).draft, shots=None))
    await app.push_screen_wait(CurveScreen(screen.services, app.project, play, setup))
