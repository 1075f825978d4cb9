"""Applies what a finding offers to Play's draft, takes it back, goes to its place. What is found is not its concern."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.commands import by_id
from cockpit.screens.base import keymap_of

if TYPE_CHECKING:
    from textual.document._document import Location

    from cockpit.core.checks import Finding, Place
    from cockpit.core.draft import PlayDraft
    from cockpit.screens.play import PlayScreen
    from cockpit.screens.play_checks import Checks
    from widgets.prompt_editor import PromptEditor

KEPT = 20
"""Fixes that can be undone."""
FIELDS = ("system", "examples", "prefill")


class Fixes:
    """Fixes as edits of the draft, newest last."""

    def __init__(self, screen: PlayScreen, checks: Checks) -> None:
        self.screen = screen
        self.checks = checks
        self._fixed: list[tuple[PlayDraft, PlayDraft]] = []

    async def fix(self) -> None:
        """Apply the fix of the finding that is shown."""
        await self.checks.catch_up()
        found = self.checks.open_findings()
        if not found:
            self.screen.notify_plain("The checks find nothing to fix.")
        elif found[0].fix is None:
            key = keymap_of(self.screen.app).shown(by_id("play.findings"))
            self.screen.notify_plain(f"This has no fix of its own. {key} shows what it is and where.")
        else:
            await self.apply(found[0])

    async def apply(self, finding: Finding) -> None:
        """Apply a finding's fix to the draft, as one edit that can be undone."""
        await self.checks.catch_up()
        from cockpit.screens.play_checks import mark_of

        same = (one for one in self.checks.findings if mark_of(one) == mark_of(finding) and one.place == finding.place)
        now = next(same, finding)
        if now.fix is None:
            return
        before = self.screen.writing.draft
        version, params = now.fix.apply(before.version(), before.params)
        after = replace(before.with_version(version), params=params)
        if after == before:
            self.screen.notify_plain("There is nothing left to fix here.")
            return
        self._fixed = [*self._fixed[1 - KEPT :], (before, after)]
        await self._put(after)
        key = keymap_of(self.screen.app).shown(by_id("play.unfix"))
        leave = "esc " if self.screen.typing else ""
        self.screen.notify_plain(
            f"{now.fix.title[:1].upper()}{now.fix.title[1:]}: done. {leave}{key} undoes it.", timeout=4
        )

    async def unfix(self) -> None:
        """Put back what the last fix changed."""
        draft = self.screen.writing.draft
        if not self._fixed:
            self.screen.notify_plain("No fix was made.")
            return
        before, after = self._fixed[-1]
        if (draft.version(), draft.params) != (after.version(), after.params):
            self.screen.notify_plain("The prompt was changed since the fix; the editor's own undo takes steps back.")
            return
        del self._fixed[-1]
        await self._put(replace(draft.with_version(before.version()), params=before.params))

    async def _put(self, draft: PlayDraft) -> None:
        """Put a draft in the editors by editing them, so that their own undo knows of it."""
        writing = self.screen.writing
        writing.draft, writing.turn = draft, min(writing.turn, len(draft.turns) - 1)
        texts = {"prompt": draft.turns[writing.turn].content, **{name: getattr(draft, name) for name in FIELDS}}
        for name, text in texts.items():
            editor = writing.editor(name)
            if editor is not None:
                change(editor, text)
        await writing.show_variables()
        writing.settle()
        writing.remember_soon()

    async def go(self, place: Place) -> None:
        """Type at the place that a finding is about, with what it is about selected."""
        screen, writing = self.screen, self.screen.writing
        name, _, at = place.field.partition(":")
        if name == "turn":
            if at.isdigit() and int(at) != writing.turn and int(at) < len(writing.draft.turns):
                await writing.load(writing.draft, turn=int(at))
            screen.editing.edit()
        elif name in FIELDS:
            getattr(screen.editing, name)()
        else:
            screen.editing.params()
            return
        editor = writing.editor("prompt" if name == "turn" else name)
        if editor is not None:
            select(editor, place.start, place.end)


def change(editor: PromptEditor, text: str) -> None:
    """Make an editor say `text` by one edit of what differs, which its undo takes back at once."""
    old = editor.text
    if old == text:
        return
    from cockpit.core.retokenise import same_head

    head = same_head(old, text)
    tail = same_head(old[head:][::-1], text[head:][::-1])
    editor.history.checkpoint()
    editor.replace(text[head : len(text) - tail], location(editor, head), location(editor, len(old) - tail))
    editor.history.checkpoint()


def select(editor: PromptEditor, start: int, end: int) -> None:
    """Select characters of an editor's text, and bring them into view."""
    from textual.document._document import Selection

    editor.selection = Selection(location(editor, start), location(editor, end))


def location(editor: PromptEditor, index: int) -> Location:
    """Row and column of a character; the end where there are not so many."""
    return editor.document.get_location_from_index(min(max(index, 0), len(editor.text)))  # type: ignore[attr-defined, no-any-return]
