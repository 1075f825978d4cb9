"""Stop strings: checks before sending, an audit of what came, others tried on it. It arranges and decides no rule.

How to open it; it is a screen like any other:

    StopsScreen(services, StopsSubject(draft=writing.draft, run_ids=(live.run_id,)))    # from Play
    StopsScreen(services, StopsSubject(draft=draft))                                     # from the Tokens pane
    StopsScreen(services, StopsSubject(run_ids=(7,)), view="audit")                     # from a list of runs
    StopsScreen(services, StopsSubject(sample_ids=(3, 5, 8)), view="audit")             # a selection of samples

With a draft and no run, the newest runs of the draft's prompt are looked at. Stop strings that a person chooses here
are put into Play's draft by the screen itself, wherever it was opened from (`take_stops`): what it leaves with only
says so, and a caller may use plain `push_screen`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.widget import Widget

from cockpit.core.draft import parse_stops
from cockpit.core.errors import InputError
from cockpit.screens.draft_params import take_params
from cockpit.screens.opened import OpenedScreen
from cockpit.screens.stops_apply import ApplyView
from cockpit.screens.stops_audit import AuditView
from cockpit.screens.stops_checks import ChecksView, quoted
from cockpit.screens.stops_flow import Flow
from cockpit.screens.stops_lines import Lines
from cockpit.screens.stops_read import StopsSubject
from widgets.field import Field
from widgets.row_list import RowList

if TYPE_CHECKING:
    from cockpit.services import Services

__all__ = ["StopsChoice", "StopsScreen", "StopsSubject", "View"]

View = Literal["checks", "audit", "apply"]
TITLES: dict[View, str] = {"checks": "Checks", "audit": "Audit", "apply": "Apply"}
LISTS: dict[View, str] = {"checks": "#checks", "audit": "#missed", "apply": "#applied"}
TYPED_S = 0.15
"""A pause in typing after which the stop strings are tried."""


@dataclass(frozen=True, slots=True)
class StopsChoice:
    """The stop strings that were put into Play's draft."""

    stops: tuple[str, ...]


class StopsScreen(OpenedScreen[StopsChoice | None]):
    """Three views on one subject: checks, audit, apply.

    Args:
        subject: the draft to check, and the runs or samples to look at.
        view: the one to begin with; where not given, checks with a draft and the audit without.
    """

    scope: ClassVar[str] = "stops"
    pane_title: ClassVar[str] = "Stops"
    AUTO_FOCUS = ""
    typing_enter: ClassVar[str] = "to the list"
    CSS_PATH = ["opened.tcss", "stops.tcss"]  # type: ignore[assignment]  # noqa: RUF012

    def __init__(self, services: Services, subject: StopsSubject, *, view: View | None = None) -> None:
        super().__init__(services)
        self._subject = subject
        self._view: View = view or ("checks" if subject.draft is not None else "audit")
        self.stops: tuple[str, ...] = ()
        self.flow = Flow(self)
        self._shown: dict[View, tuple[str, ...]] = {}
        """The stop strings that each view was last made from."""
        self._typed: Timer | None = None

    def compose_body(self) -> ComposeResult:
        """The line of stop strings over the three views."""
        with Vertical(classes="body"):
            yield Field("stop strings", id="stops", hint='such as "\\n\\n", "END"')
            yield ChecksView(id="view-checks")
            yield AuditView(id="view-audit")
            yield ApplyView(id="view-apply")

    def on_mount(self) -> None:
        """Read what it is about in a thread."""
        self._turn()
        self.run_worker(self._begin(), group="begin", exit_on_error=False)

    def on_unmount(self) -> None:
        """Nobody waits for what threads still read."""
        self.flow.stop()

    async def _begin(self) -> None:
        ground = await self.flow.begin(self._subject)
        self.stops = ground.stops
        self.query_one("#stops", Field).value = ", ".join(map(quoted, ground.stops))
        self._turn()

    @property
    def busy(self) -> bool:
        """Whether a probe is being sent."""
        return bool(self.flow.sending)

    def cancel_running(self) -> None:
        """Stop the probe, else whatever is being read."""
        if self.busy:
            self.workers.cancel_group(self, "probe")
        else:
            self.flow.stop()

    def stop_typing(self) -> None:
        """The view's list takes the keyboard."""
        self.query_one(LISTS[self._view]).focus()

    on_field_submitted = stop_typing

    def _turn(self) -> None:
        """Show the view, and make it anew where something it stands on has changed."""
        for name in TITLES:
            self.query_one(f"#view-{name}", Widget).display = name == self._view
        self.query_one("#stops").display = self._view != "audit"
        if not self.typing or self._view == "audit":
            self.stop_typing()
        self.flush()
        self.refresh_bindings()
        state = () if self._view == "audit" else self.stops
        if self.flow.reading is not None and self._shown.get(self._view) != state:
            self.run_worker(self._make(self._view, state), group=self._view, exclusive=True, exit_on_error=False)

    async def _make(self, view: View, stops: tuple[str, ...]) -> None:
        flow = self.flow
        makers: dict[View, Callable[[tuple[str, ...]], Awaitable[bool]]] = {
            "checks": flow.check,
            "audit": flow.audit,
            "apply": flow.try_stops,
        }
        if await makers[view](stops):
            self._shown[view] = stops

    def flush(self) -> None:
        """The views, and where the samples are from or how far the reading is."""
        if not self.is_attached:
            return
        tabs = [(title, "on" if name == self._view else "quiet") for name, title in TITLES.items()]
        self.head(*tabs, right=[(f"{self.flow.said()} ", "quiet")])

    @on(RowList.Moved, "#applied")
    def _moved(self) -> None:
        self.run_worker(self.flow.show_text(), group="text", exclusive=True, exit_on_error=False)

    # Typing

    @on(Field.Changed, "#stops")
    def _changed(self, event: Field.Changed) -> None:
        if self._typed is not None:
            self._typed.stop()
        try:
            written(self.query_one("#stops", Field).value)
        except InputError as error:
            event.field.set_problem(error.message)
            return
        event.field.set_problem("")
        self._typed = self.set_timer(TYPED_S, self._settle)

    def _settle(self) -> None:
        self.stops = written(self.query_one("#stops", Field).value)
        self._turn()

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_open()

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that mean something in this view."""
        views = {"only": ("apply",), "probe": ("audit",), "edit": ("checks", "apply"), "use": ("checks", "apply")}
        if action in views and self._view not in views[action]:
            return False
        return super().check_action(action, parameters)

    def action_view(self, name: View) -> None:
        """Show another view."""
        self._view = name
        self._turn()

    def action_edit(self) -> None:
        """Type the stop strings."""
        self.query_one("#stops", Field).focus()

    def action_use(self) -> None:
        """Put the stop strings into Play's draft, and leave."""
        try:
            stops = written(self.query_one("#stops", Field).value)
        except InputError as error:
            self.notify_plain(error.sentence(), severity="error")
            return
        if take_params(self.cockpit, stop=stops):
            said = ", ".join(map(quoted, stops)) or "nothing"
            self.notify_plain(f"Play's draft now stops at {said}.")
            self.dismiss(StopsChoice(stops))
        else:
            self.notify_plain("There is no draft yet: open Play first.", severity="warning")

    def action_open(self) -> None:
        """Open the highlighted sample, with its neighbours in the list."""
        from cockpit.screens.sample import SampleScreen

        if self._view == "checks":
            self.set_focus(self.query_one("#found"))
            return
        view = self.query_one(AuditView) if self._view == "audit" else self.query_one(ApplyView)
        one = view.current
        if one is not None and one.sample_id is not None:
            self.app.push_screen(SampleScreen(self.services, one.sample_id, None, view.sample_ids()))

    def action_keep(self) -> None:
        """Ask what to make of the highlighted sample as an example."""
        from cockpit.screens.keep_open import ask_keep

        view = self.query_one(ApplyView) if self._view == "apply" else self.query_one(AuditView)
        sample_id = view.current.sample_id if self._view != "checks" and view.current is not None else None
        if sample_id is None:
            self.notify_plain("There is no sample under the cursor: a and p list some.", timeout=3)
        else:
            ask_keep(self, (sample_id,))

    def action_only(self) -> None:
        """Show only what would be cut, or all."""
        view = self.query_one(ApplyView)
        view.only_cut = not view.only_cut
        view.show_rows()
        self._moved()

    def action_copy(self) -> None:
        """Copy what the view says as text."""
        name = {"checks": "#found", "audit": "#counts", "apply": "#sums"}[self._view]
        self.cockpit.copy_text(self.query_one(name, Lines).text, self._view)

    def action_probe(self) -> None:
        """Ask whether to ask again without stop strings, then do it."""
        from cockpit.screens.stops_probe import probe

        if self.busy:
            self.notify_plain("A probe is being sent. ctrl+c stops it.")
        else:
            self.run_worker(probe(self), group="probe", exit_on_error=False)

    def probed(self) -> None:
        """A probe came to its end: what it shows is part of the audit."""
        self._shown.pop("audit", None)
        if self.is_attached:
            self._turn()


def written(text: str) -> tuple[str, ...]:
    """The stop strings as a person typed them, each once.

    Raises:
        InputError: what stands there is none.
    """
    stops = tuple(dict.fromkeys(parse_stops(text)))
    if "" in stops:
        raise InputError("An empty one would end every answer at once.")
    return stops
