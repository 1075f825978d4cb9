"""How the Tokens pane shows what was read: lanes, counts, findings, the token under the cursor. It reads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from cockpit.commands import by_id
from cockpit.screens import tokens_source, tokens_words
from cockpit.screens.base import keymap_of
from cockpit.screens.tokens_lane import LaneView, finding_marks
from cockpit.screens.tokens_read import Lane, Reading
from widgets.plain import Plain
from widgets.row_list import RowList
from widgets.top_bar import TopBar
from widgets.visible import visible

if TYPE_CHECKING:
    from cockpit.core.checks import Finding
    from cockpit.screens.tokens import TokensScreen
    from cockpit.screens.tokens_follow import Facts

FEWEST_SECTIONS, MOST_SECTIONS = 2, 12
WIDTH = 46


class Drawing:
    """Puts readings and what follows from them into the pane's widgets."""

    def __init__(self, screen: TokensScreen) -> None:
        self.screen = screen

    def loading(self, encodings: Sequence[str]) -> None:
        """A tokenizer is being read for the first time."""
        self.screen.query_one("#about", TopBar).show(
            self._about(), [(f"loading {' and '.join(encodings)}… ", "accent")]
        )

    def trouble(self, sentence: str) -> None:
        """A tokenizer cannot be had."""
        self.screen.query_one("#about", TopBar).show(self._about(), [(f"{sentence} ", "error")])

    def reading(self, reading: Reading, facts: Facts | None) -> None:
        """Tokens as they were cut; what was found before stays until it is found anew."""
        lanes = reading.lanes
        first, second = self.screen.query_one("#first", LaneView), self.screen.query_one("#second", LaneView)
        self.screen.set_class(len(lanes) > 1, "-beside")
        self._lane(first, lanes[0], None)
        self._lane(second, lanes[1] if len(lanes) > 1 else None, lanes[0])
        note = reading.ask.subject.note
        self.screen.query_one("#about", TopBar).show(
            self._about(), [(f"{note} ", "quiet")] if note else [("", "quiet")]
        )
        self.totals(reading, facts)
        self.token(self.screen.view)

    def _lane(self, view: LaneView, lane: Lane | None, beside: Lane | None) -> None:
        empty, fresh = self.screen.look.subject.empty, view.lane is None
        view.show_lane(None if empty else lane, self._marks(lane) if lane is not None else ())
        if fresh and lane is not None and lane.parts:
            view.move_to(lane.parts[0].token)
        narrow = self.screen.has_class("-narrow") and self.screen.has_class("-beside")
        title = tokens_words.lane_title(lane, beside, narrow=narrow) if lane is not None else ""
        view.border_title = Content(visible(title))
        view.border_subtitle = Content(tokens_words.lane_note(lane)) if lane is not None else None

    def _marks(self, lane: Lane) -> list[tuple[int, int, str]]:
        facts = self.screen.look.follow.facts
        if facts is None or not facts.findings:
            return []
        places = [(finding, *place) for finding in facts.findings if (place := self.place_of(finding)) is not None]
        return finding_marks(lane, places)

    def place_of(self, finding: Finding) -> tuple[str, int, int] | None:
        """The field and the characters of the shown text that a finding is about."""
        return tokens_source.shown_place(
            self.screen.cockpit, self.screen.look.subject, finding.place, self.screen.look.row
        )

    def resized(self) -> None:
        """The parts have other widths now."""
        follow = self.screen.look.follow
        if follow.reading is not None:
            self.totals(follow.reading, follow.facts)

    def totals(self, reading: Reading, facts: Facts | None) -> None:
        """Total, window, cost: under the sections."""
        plain, lane = self.screen.query_one("#totals", Plain), reading.lanes[0]
        width = plain.size.width or WIDTH
        lines = tokens_words.total_lines(lane, facts.run if facts is not None else None, self._reserved(), width)
        if self.screen.has_class("-narrow") and self.screen.has_class("-low"):
            lines = tokens_words.most_wanted(lines, exact=lane.exact)
        if self.screen.look.asked is not None:
            lines.insert(1, tokens_words.Line("asked", tokens_words.count_words(self.screen.look.asked)))
        plain.update("" if self.screen.look.subject.empty else tokens_words.totals_content(lines, width))

    def _reserved(self) -> int:
        draft = tokens_source.written_in(self.screen.cockpit).draft
        return (draft.params.max_tokens or 0) if self.screen.look.kind == "prompt" else 0

    def facts(self, reading: Reading, facts: Facts) -> None:
        """What was worked out once typing rested."""
        lane = reading.lanes[0]
        sections = self.screen.query_one("#sections", RowList)
        rows = [] if self.screen.look.subject.empty else tokens_words.section_rows(facts.sections, exact=lane.exact)
        sections.show(rows)
        if not self.screen.has_class("-narrow"):
            sections.styles.height = min(max(len(rows), FEWEST_SECTIONS), MOST_SECTIONS) + 1
        else:
            sections.styles.height = "1fr"
        findings = self.screen.query_one("#findings", RowList)
        empty = "Nothing found." if facts.findings is not None else "Checks look at prompts."
        findings.set_empty("" if self.screen.look.subject.empty else empty)
        findings.show(tokens_words.finding_rows(facts.findings or ()))
        self.screen.query_one("#checks").border_title = Content(tokens_words.findings_title(facts.findings))
        self.finding()
        self.reading(reading, facts)

    def ids(self, *, on: bool) -> None:
        """Ids under the tokens, or none."""
        for view in self.screen.query(LaneView):
            view.set_ids(on)

    def _about(self) -> list[tuple[str, str]]:
        kinds = {"prompt": "Play's prompt", "scratch": "typed here", "file": "file", "sample": "sample"}
        subject = self.screen.look.subject
        name: list[tuple[str, str]] = [] if subject.kind == "scratch" else [(f"   {subject.title}", "plain")]
        return [(kinds[subject.kind], "name"), *name]

    def token(self, view: LaneView) -> None:
        bar = self.screen.query_one("#token", TopBar)
        if view.lane is None or self.screen.look.subject.empty:
            bar.show([("", "quiet")], [("", "quiet")])
            return
        bar.show(*tokens_words.token_parts(view.lane, view.cursor, vocabulary=len(view.lane.tokenizer.vocabulary())))

    def finding(self) -> None:
        key = keymap_of(self.screen.app).shown(by_id("tokens.fix"))
        sourced = not self.screen.has_class("-narrow")
        self.screen.query_one("#finding", Plain).update(
            tokens_words.finding_words(self.screen.finding, key, sourced=sourced)
        )
