"""The Tokens pane: what a model will see, counted and checked. It arranges; the work is done in `tokens_*`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from cockpit.command_tables.app import PANES
from cockpit.command_tables.command import Command
from cockpit.commands import by_id
from cockpit.screens import play_status, tokens_words
from cockpit.screens.base import PaneScreen
from cockpit.screens.tokens_draw import Drawing
from cockpit.screens.tokens_go import Going
from cockpit.screens.tokens_lane import LaneView
from cockpit.screens.tokens_look import Looking
from widgets.plain import Plain
from widgets.row_list import ListColumn, RowList
from widgets.top_bar import TopBar

if TYPE_CHECKING:
    from cockpit.core.checks import Finding

SECTIONS = (ListColumn("part"), ListColumn("tokens", 9, right=True), ListColumn("", 5, right=True, quiet=True))
FOOT = (
    *("tokens.model", "tokens.beside", "tokens.scratch", "tokens.fix", "tokens.edit", "tokens.ids"),
    *("tokens.template", "tokens.stops", "tokens.shorter", "tokens.file", "tokens.sample", "app.palette", "app.help"),
)
FOOT_TYPING = ("app.escape", "app.editor", "app.palette", "app.help")


class TokensScreen(PaneScreen[None]):
    """The text in tokens, beside it what each part counts and costs, and what the checks found."""

    scope: ClassVar[str] = "tokens"
    pane_title: ClassVar[str] = "Tokens"
    DEFAULT_CSS = Path(__file__).with_name("tokens.tcss").read_text("utf-8")
    AUTO_FOCUS = "#first"

    def __init__(self) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (96, "-middle"), (130, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-high")]
        self.look = Looking(self)
        self.go = Going(self)
        self.draw = Drawing(self)

    def compose_body(self) -> ComposeResult:
        """The text at the left; counts over checks at the right, or below where it is narrow."""
        yield TopBar(id="about")
        with Horizontal(id="work"):
            with Vertical(id="texts"):
                yield Vertical(id="scratch-box", classes="box")
                with Horizontal(id="lanes"):
                    yield LaneView(empty=tokens_words.EMPTY, id="first", classes="box")
                    yield LaneView(empty=("",), id="second", classes="box")
            with Vertical(id="side"):
                with Vertical(id="counts", classes="box"):
                    yield RowList(SECTIONS, id="sections", empty=("Nothing to count yet.",))
                    yield Plain("", id="totals")
                with Vertical(id="checks", classes="box"):
                    yield RowList((ListColumn("worst first"),), id="findings", empty=("",))
                    yield Plain("", id="finding")
        yield TopBar(id="token")

    def on_mount(self) -> None:
        """Take up the last session, and look."""
        self.query_one("#scratch-box").border_title = Content("scratch")
        self.query_one("#counts").border_title = Content("counts")
        self.query_one("#checks").border_title = Content("checks")
        data = self.cockpit.get_setting(self.session_key)
        self.restore_session(data if isinstance(data, Mapping) else {})

    def on_screen_resume(self) -> None:
        """Play's draft may be another by now. Textual calls this beside the base's own."""
        panes = [(pane.number, pane.title) for pane in PANES]
        self.query_one("#top-bar", TopBar).show(
            play_status.top_parts(self.cockpit.project, panes, self.pane_title, self.cockpit.badge)
        )
        self.look.take()

    def on_resize(self) -> None:
        """Wrap the totals anew, once the parts have their new widths."""
        self.call_after_refresh(self.draw.resized)

    @property
    def view(self) -> LaneView:
        """The tokens that have the keyboard, else the first tokenizer's."""
        second = self.query_one("#second", LaneView)
        return second if second.has_focus else self.query_one("#first", LaneView)

    @property
    def finding(self) -> Finding | None:
        """The highlighted finding."""
        facts = self.look.follow.facts
        at = self.query_one("#findings", RowList).cursor
        return facts.findings[at] if facts is not None and facts.findings and at < len(facts.findings) else None

    # What the app asks

    def footer_commands(self) -> list[Command]:
        """The most useful keys of the state the pane is in."""
        self.footer_labels = {"app.escape": "to the tokens", "app.palette": "palette"}
        return [by_id(name) for name in (FOOT_TYPING if self.typing else FOOT)]

    def stop_typing(self) -> None:
        """The tokens take the keyboard."""
        self.query_one("#first").focus()

    on_prompt_editor_left_typing = stop_typing

    def jump_targets(self) -> Mapping[str, Widget]:
        """A letter for each part."""
        wanted = {"t": "#first", "b": "#second", "c": "#sections", "f": "#findings", "s": "#scratch"}
        found = {key: self.query_one_optional(where) for key, where in wanted.items()}
        return {key: widget for key, widget in found.items() if widget is not None and widget.display}

    def save_session(self) -> dict[str, Any]:
        """What is looked at, and with which tokenizers."""
        return self.look.to_json()

    def restore_session(self, data: Mapping[str, Any]) -> None:
        """Take up what `save_session` returned last time; with nothing to take up, Play's prompt."""
        self.look.restore(data)
        self.set_class(self.look.kind == "scratch", "-scratch")
        self.draw.ids(on=self.look.ids_on)
        if self.look.kind == "scratch":
            self.call_after_refresh(self.go.mount_scratch)

    # Messages and actions

    def on_text_area_changed(self, event: Any) -> None:
        """Something was typed."""
        self.look.scratch = event.text_area.text
        if self.look.kind == "scratch":
            self.look.take()

    @on(LaneView.Moved)
    def _moved(self, event: LaneView.Moved) -> None:
        """The other tokenizer's cursor goes to the same byte."""
        view = event.view
        if not isinstance(view, LaneView) or view.lane is None:
            return
        other = self.query_one("#second" if view.id == "first" else "#first", LaneView)
        if view is self.view and other.lane is not None and self.has_class("-beside"):
            other.move_to_byte(view.byte)
        if view is self.view:
            self.draw.token(view)

    @on(RowList.Moved, "#findings")
    def _finding_moved(self) -> None:
        self.draw.finding()

    @on(RowList.Opened)
    def _opened(self, event: RowList.Opened) -> None:
        """Enter on a finding or a part goes to its place in the text."""
        if event.rows.id == "findings":
            self.go.go_to(self.finding)
        elif isinstance(event.key, tuple) and self.view.lane is not None:
            byte = self.view.lane.byte_of(str(event.key[0]), int(event.key[1]))
            self.view.move_to_byte(byte or 0)
            self.view.focus()

    def action_look(self, name: str) -> None:
        """Run a command of `tokens_look`."""
        self._run(self.look, name)

    def action_go(self, name: str) -> None:
        """Run a command of `tokens_go`."""
        self._run(self.go, name)

    def _run(self, part: object, name: str) -> None:
        """Call an action; one that waits gets a worker, whose errors the base screen shows."""
        work = getattr(part, name)()
        if inspect.isawaitable(work):
            self.run_worker(work, group=name, exit_on_error=False)
