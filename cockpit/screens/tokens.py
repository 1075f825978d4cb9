"""The Tokens pane: what a model will see, counted and checked. It arranges; the work is done in `tokens_*`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
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
from cockpit.screens import play_status, tokens_source, tokens_words
from cockpit.screens.base import PaneScreen, keymap_of
from cockpit.screens.tokens_go import Going
from cockpit.screens.tokens_lane import LaneView, finding_marks
from cockpit.screens.tokens_look import Facts, Looking
from cockpit.screens.tokens_read import Lane, Reading
from widgets.plain import Plain
from widgets.row_list import ListColumn, RowList
from widgets.top_bar import TopBar
from widgets.visible import visible

if TYPE_CHECKING:
    from cockpit.core.checks import Finding
    from widgets.prompt_editor import PromptEditor

SECTIONS = (ListColumn("part"), ListColumn("tokens", 9, right=True), ListColumn("", 5, right=True, quiet=True))
FOOT = (
    *("tokens.model", "tokens.beside", "tokens.scratch", "tokens.fix", "tokens.edit", "tokens.ids"),
    *("tokens.template", "tokens.stops", "tokens.shorter", "tokens.file", "tokens.sample", "app.palette", "app.help"),
)
FOOT_TYPING = ("app.escape", "app.editor", "app.palette", "app.help")
FEWEST_SECTIONS, MOST_SECTIONS = 2, 12
WIDTH = 46


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
        self.query_one("#top-bar", TopBar).show(play_status.top_parts(self.cockpit.project, panes, self.pane_title))
        self.look.take()

    @property
    def view(self) -> LaneView:
        """The tokens that have the keyboard, else the first tokenizer's."""
        second = self.query_one("#second", LaneView)
        return second if second.has_focus else self.query_one("#first", LaneView)

    @property
    def finding(self) -> Finding | None:
        """The highlighted finding."""
        facts = self.look.facts
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
        self.show_ids(on=self.look.ids_on)
        if self.look.kind == "scratch":
            self.call_after_refresh(self._mount_scratch)

    # What the parts ask of the screen

    def show_loading(self, encodings: Sequence[str]) -> None:
        """A tokenizer is being read for the first time."""
        self.query_one("#about", TopBar).show(self._about(), [(f"loading {' and '.join(encodings)}… ", "accent")])

    def show_trouble(self, sentence: str) -> None:
        """A tokenizer cannot be had."""
        self.query_one("#about", TopBar).show(self._about(), [(f"{sentence} ", "error")])

    def show_reading(self, reading: Reading, facts: Facts | None) -> None:
        """Tokens as they were cut; what was found before stays until it is found anew."""
        lanes = reading.lanes
        first, second = self.query_one("#first", LaneView), self.query_one("#second", LaneView)
        self.set_class(len(lanes) > 1, "-beside")
        self._show_lane(first, lanes[0], None)
        self._show_lane(second, lanes[1] if len(lanes) > 1 else None, lanes[0])
        note = reading.ask.subject.note
        self.query_one("#about", TopBar).show(self._about(), [(f"{note} ", "quiet")] if note else [("", "quiet")])
        self.show_totals(reading, facts)
        self._show_token(self.view)

    def _show_lane(self, view: LaneView, lane: Lane | None, beside: Lane | None) -> None:
        empty, fresh = self.look.subject.empty, view.lane is None
        view.show_lane(None if empty else lane, self._marks(lane) if lane is not None else ())
        if fresh and lane is not None and lane.parts:
            view.move_to(lane.parts[0].token)
        narrow = self.has_class("-narrow") and self.has_class("-beside")
        title = tokens_words.lane_title(lane, beside, narrow=narrow) if lane is not None else ""
        view.border_title = Content(visible(title))
        view.border_subtitle = Content(tokens_words.lane_note(lane)) if lane is not None else None

    def _marks(self, lane: Lane) -> list[tuple[int, int, str]]:
        facts = self.look.facts
        if facts is None or not facts.findings:
            return []
        places = [(finding, *place) for finding in facts.findings if (place := self.place_of(finding)) is not None]
        return finding_marks(lane, places)

    def place_of(self, finding: Finding) -> tuple[str, int, int] | None:
        """The field and the characters of the shown text that a finding is about."""
        return tokens_source.shown_place(self.cockpit, self.look.subject, finding.place, self.look.row)

    def show_totals(self, reading: Reading, facts: Facts | None) -> None:
        """Total, window, cost: under the sections."""
        plain, lane = self.query_one("#totals", Plain), reading.lanes[0]
        width = plain.size.width or WIDTH
        lines = tokens_words.total_lines(lane, facts.run if facts is not None else None, self._reserved(), width)
        if self.has_class("-narrow") and self.has_class("-low"):
            lines = tokens_words.most_wanted(lines, exact=lane.exact)
        if self.look.asked is not None:
            lines.insert(1, tokens_words.Line("asked", tokens_words.count_words(self.look.asked)))
        plain.update("" if self.look.subject.empty else tokens_words.totals_content(lines, width))

    def _reserved(self) -> int:
        draft = tokens_source.written_in(self.cockpit).draft
        return (draft.params.max_tokens or 0) if self.look.kind == "prompt" else 0

    def show_facts(self, reading: Reading, facts: Facts) -> None:
        """What was worked out once typing rested."""
        lane = reading.lanes[0]
        sections = self.query_one("#sections", RowList)
        rows = [] if self.look.subject.empty else tokens_words.section_rows(facts.sections, exact=lane.exact)
        sections.show(rows)
        if not self.has_class("-narrow"):
            sections.styles.height = min(max(len(rows), FEWEST_SECTIONS), MOST_SECTIONS) + 1
        else:
            sections.styles.height = "1fr"
        findings = self.query_one("#findings", RowList)
        empty = "Nothing found." if facts.findings is not None else "Checks look at prompts."
        findings.set_empty("" if self.look.subject.empty else empty)
        findings.show(tokens_words.finding_rows(facts.findings or ()))
        self.query_one("#checks").border_title = Content(tokens_words.findings_title(facts.findings))
        self._show_finding()
        self.show_reading(reading, facts)

    def show_ids(self, *, on: bool) -> None:
        """Ids under the tokens, or none."""
        for view in self.query(LaneView):
            view.set_ids(on)

    def _about(self) -> list[tuple[str, str]]:
        kinds = {"prompt": "Play's prompt", "scratch": "typed here", "file": "file", "sample": "sample"}
        subject = self.look.subject
        name: list[tuple[str, str]] = [] if subject.kind == "scratch" else [(f"   {subject.title}", "plain")]
        return [(kinds[subject.kind], "name"), *name]

    # The scratch text

    async def type_scratch(self) -> None:
        """Type in the scratch field."""
        await self._mount_scratch()
        editor: PromptEditor | None = self.query_one_optional("#scratch")  # type: ignore[assignment]
        if editor is not None:
            editor.start_typing()

    async def _mount_scratch(self) -> None:
        """The field comes when it is first wanted: loading the editor takes as long as a first paint."""
        if self.query_one_optional("#scratch") is not None:
            return
        from widgets.prompt_editor import PromptEditor

        editor = PromptEditor(self.look.scratch, id="scratch")
        editor.highlight_cursor_line = False
        await self.query_one("#scratch-box").mount(editor)
        editor.move_cursor(editor.document.end)

    async def set_scratch(self, text: str) -> None:
        """Put another text in the field."""
        from cockpit.screens.editor import put_text

        await self._mount_scratch()
        put_text(self.query_one("#scratch"), text)

    def on_text_area_changed(self, event: Any) -> None:
        """Something was typed."""
        self.look.scratch = event.text_area.text
        if self.look.kind == "scratch":
            self.look.take()

    # Messages and actions

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
            self._show_token(view)

    def _show_token(self, view: LaneView) -> None:
        bar = self.query_one("#token", TopBar)
        if view.lane is None or self.look.subject.empty:
            bar.show([("", "quiet")], [("", "quiet")])
            return
        bar.show(*tokens_words.token_parts(view.lane, view.cursor, vocabulary=len(view.lane.tokenizer.vocabulary())))

    @on(RowList.Moved, "#findings")
    def _finding_moved(self) -> None:
        self._show_finding()

    def _show_finding(self) -> None:
        key = keymap_of(self.app).shown(by_id("tokens.fix"))
        sourced = not self.has_class("-narrow")
        self.query_one("#finding", Plain).update(tokens_words.finding_words(self.finding, key, sourced=sourced))

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
