"""What the checks say of Play's draft, and token counts for its status line. The rules are the core's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.strip import Strip

from cockpit import log
from cockpit.commands import by_id
from cockpit.screens.base import keymap_of, shown_keys
from cockpit.screens.play_fix import Fixes
from cockpit.screens.words import clip
from widgets.top_bar import BarPart, TopBar
from widgets.visible import visible

if TYPE_CHECKING:
    from cockpit.core.checks import Finding
    from cockpit.core.draft import PlayDraft
    from cockpit.core.estimate import Counted
    from cockpit.screens.play import PlayScreen
    from cockpit.screens.play_look import Looker

SLOW_S = 0.05
"""Checks that took longer wait for a longer pause in typing, since a thread takes its turns from the keys."""
PAUSE_TIMES, PAUSE_MOST_S = 4.0, 3.0
SEVERITIES: Mapping[str, tuple[str, str]] = {"error": ("✗", "error"), "warning": ("⚠", "warn"), "note": ("•", "accent")}
"""Glyph and tone of each."""
_GAP = 3


class FindingLine(TopBar):
    """The worst finding in one line: what is too long is its sentence, never its keys."""

    DEFAULT_CSS = "FindingLine { background: $background; }"

    def render_line(self, y: int) -> Strip:
        """The sentence gives way to what stands at the right."""
        left, width = self._left, self.size.width
        room = width - sum(cell_len(text) for text, _ in self._right) - _GAP
        if len(left) == 2 and cell_len(left[1][0]) + cell_len(left[0][0]) > room > 0:
            head, (sentence, tone) = left
            self._left = (head, (clip(sentence, max(room - cell_len(head[0]), 8)), tone))
        try:
            return super().render_line(y)
        finally:
            self._left = left


class Checks:
    """Findings and counts of the draft: worked out in a thread once typing pauses, the newest draft first."""

    def __init__(self, screen: PlayScreen) -> None:
        self.screen = screen
        self.findings: tuple[Finding, ...] = ()
        self.trouble = ""
        """Why the checks could not run."""
        self.on_change: Callable[[], None] | None = None
        self._counted: tuple[object, dict[str, Counted]] = (None, {})
        self._looker: Looker | None = None
        self._first: PlayDraft | None = None
        self._seen: PlayDraft | None = None
        self._checked: PlayDraft | None = None
        self._more = asyncio.Event()
        self._looking = False
        self._cost = 0.0
        self._dismissed: set[str] = set()
        self._name: str | None = None
        self.fixes = Fixes(screen, self)

    async def mount(self) -> None:
        """Put the line in place, unseen until something is found."""
        line = FindingLine(id="finding")
        line.display = False
        await self.screen.mount(line, before="#status")

    # Looking

    @property
    def counted(self) -> dict[str, Counted] | None:
        """Input tokens by model for the draft as it is; None while they are being counted."""
        draft, counted = self._counted
        return counted if draft is self.screen.writing.draft else None

    @property
    def counting(self) -> bool:
        """Whether a count for the draft as it is will be there in a moment."""
        return self._looking and bool(self._counted[1]) and self.counted is None

    def look_soon(self) -> None:
        """Look at the draft, if it is another than the one looked at last. Typing has just paused."""
        draft = self.screen.writing.draft
        if self.screen.starting or draft is self._seen:
            return
        self._seen = draft
        self._first = self._first or draft
        self._more.set()
        if not self._looking:
            self._looking = True
            self.screen.run_worker(self._look(), group="checks", exit_on_error=False)

    async def _look(self) -> None:
        try:
            while self._more.is_set():
                self._more.clear()
                if self._seen is not None:
                    await self._look_at(self._seen)
        finally:
            self._looking = False

    async def _look_at(self, draft: PlayDraft) -> None:
        """Counts at once, findings after a pause that suits what they cost, both again once tokenizers are there."""
        looker = self.looker
        look = await self.screen.shots.look_at(draft, self._more.is_set)
        if look is None:
            return
        self.screen.writing.show_examples_words()
        waiting = await self._count(draft)
        if self._cost > SLOW_S and await self._is_outdated(min(self._cost * PAUSE_TIMES, PAUSE_MOST_S)):
            return
        await self._check(draft)
        if waiting and self._was_edited(draft) and not self._more.is_set():
            await asyncio.to_thread(looker.load, draft.models)
            if not self._more.is_set():
                await self._count(draft)
                await self._check(draft)

    @property
    def looker(self) -> Looker:
        """What counts and checks, made when first needed."""
        if self._looker is None:
            from cockpit.screens.play_look import Looker

            self._looker = Looker(self.screen.services, self.screen.cockpit.project)
        return self._looker

    def _was_edited(self, draft: PlayDraft) -> bool:
        """Whether this is not just what the last session left: a start waits for no vocabulary and holds none."""
        first = self._first
        return first is None or draft.models != first.models or draft.version() != first.version()

    async def _is_outdated(self, seconds: float) -> bool:
        """Whether the draft changes within a time."""
        try:
            await asyncio.wait_for(self._more.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _count(self, draft: PlayDraft) -> bool:
        try:
            look = self.screen.shots.look
            sent = look.sent if look is not None and look.draft is draft else draft
            counted, waiting = await asyncio.to_thread(self.looker.count, sent)
        except Exception:
            log.LOGGER.exception("the tokens could not be counted")
            counted, waiting = {}, False
        self._counted = (draft, counted)
        self.screen.writing.show_status()
        return waiting

    async def _check(self, draft: PlayDraft) -> None:
        began = time.perf_counter()
        try:
            look = await self.screen.shots.look_at(draft, lambda: False)
            found = await asyncio.to_thread(self.looker.check, draft if look is None else look.first)
            found = found if look is None else look.back(found)
            self.trouble = ""
        except Exception:
            # A fault of ours must not come up as a dialog at every pause in typing.
            log.LOGGER.exception("the checks could not run")
            found, self.trouble = (), "the checks could not run: the log says why"
        self._cost = time.perf_counter() - began
        if draft is self.screen.writing.draft:
            self.findings, self._checked = found, draft
            self.show()

    # Showing

    def show(self) -> None:
        """The worst finding with its keys; once there was one, the line stays, so that nothing jumps."""
        line = self.screen.query_one_optional("#finding", FindingLine)
        if line is None:
            return
        self._take_dismissed()
        left, right = self._parts(self.open_findings())
        line.show(left, right)
        line.display = bool(left) and (line.display or bool(self.open_findings()) or bool(self.trouble))
        if self.on_change is not None:
            self.on_change()

    def _parts(self, found: Sequence[Finding]) -> tuple[list[BarPart], list[BarPart]]:
        if self.trouble:
            return [("⚠ ", "warn"), (self.trouble, "quiet")], []
        if not found:
            return [("✓ ", "ok"), ("the checks find nothing", "quiet")], []
        worst = found[0]
        glyph, tone = SEVERITIES[worst.severity]
        wanted = [by_id("play.fix"), by_id("play.findings")][worst.fix is None :]
        keymap = keymap_of(self.screen.app)
        keys = {command.id: key for command, key in shown_keys(wanted, keymap, typing=self.screen.typing)}
        right: list[BarPart] = [(f"+{len(found) - 1} more   ", "quiet")] if len(found) > 1 else []
        for name, label in (("play.fix", "fix"), ("play.findings", "all" if len(found) > 1 else "more")):
            if name in keys:
                right += [(f"{keys[name]} ", "accent"), (f"{label}  ", "quiet")]
        return [(f"{glyph} ", tone), (visible(said(worst), newlines="mark"), "plain")], right

    # What is not to be said again

    def open_findings(self) -> list[Finding]:
        """The findings that were not dismissed for this prompt, worst first."""
        return [finding for finding in self.findings if not self.is_dismissed(finding)]

    def is_dismissed(self, finding: Finding) -> bool:
        """Whether this is not to be said of this prompt again."""
        return mark_of(finding) in self._dismissed

    def dismiss(self, finding: Finding) -> None:
        """Say this no more of this prompt, or say it again; remembered between sessions."""
        self._take_dismissed()
        self._dismissed ^= {mark_of(finding)}
        self.screen.cockpit.put_setting(self._setting, sorted(self._dismissed) or None)
        self.show()

    @property
    def _setting(self) -> str:
        return f"checks.dismissed.{self.screen.cockpit.project}.{self.screen.writing.name}"

    def _take_dismissed(self) -> None:
        if self._name != self.screen.writing.name:
            self._name = self.screen.writing.name
            kept = self.screen.cockpit.get_setting(self._setting, ())
            self._dismissed = {mark for mark in kept if isinstance(mark, str)} if isinstance(kept, list) else set()

    async def catch_up(self) -> None:
        """Findings of the draft as it is: a key may come before the pause after the last edit."""
        draft = self.screen.writing.draft
        if self._checked is not draft:
            await self._check(draft)

    async def list(self) -> None:
        """Every finding, to go to, fix or dismiss."""
        from cockpit.screens.play_findings import FindingsScreen

        await self.catch_up()
        place = await self.screen.cockpit.push_screen_wait(FindingsScreen(self))
        if place is not None:
            await self.fixes.go(place)


def said(finding: Finding) -> str:
    """The finding's sentence, after the model it holds for where it does not name it."""
    short = finding.model.rpartition(":")[2]
    return f"{short}: {finding.sentence}" if short and short not in finding.sentence else finding.sentence


def mark_of(finding: Finding) -> str:
    """What a dismissal is remembered by: the check, the field and the model, not the words, which may hold a count."""
    return f"{finding.check} {finding.place.field if finding.place is not None else '-'} {finding.model or '-'}"


def counts_of(findings: Iterable[Finding]) -> str:
    """'1 error, 2 warnings'; empty where there are none."""
    from cockpit.screens.words import plural

    found = [finding.severity for finding in findings]
    return ", ".join(plural(found.count(name), name) for name in ("error", "warning", "note") if name in found)
