"""The part of the `*` dialog where an answer is typed anew, here or in the person's own editor. It stores nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical

if TYPE_CHECKING:
    from cockpit.app import CockpitApp
    from widgets.prompt_editor import PromptEditor

LOW = 30
"""Rows of a terminal below which less room is taken beside the facts."""


class AnswerDesk(Vertical):
    """A place for an editor, which comes when it is first wanted: loading it takes as long as a first paint."""

    DEFAULT_CSS = """
    AnswerDesk { height: auto; margin-top: 1; display: none; }
    AnswerDesk PromptEditor { background: $boost; border: round $accent; }
    """

    @property
    def editor(self) -> PromptEditor | None:
        """The editor, while there is one."""
        return self.query_one_optional("#answer")  # type: ignore[return-value]

    async def open(self, text: str) -> None:
        """Begin typing in a text."""
        from widgets.prompt_editor import PromptEditor

        await self.remove_children()
        editor = PromptEditor(text, id="answer")
        editor.highlight_cursor_line = False
        rows = self.app.size.height
        wanted = len(text) // 70 + text.count("\n") + 4
        editor.styles.height = max(min(wanted, rows - (15 if rows < LOW else 20)), 5)
        await self.mount(editor)
        self.display = True
        editor.move_cursor(editor.document.end)
        editor.start_typing()

    async def use_own_editor(self, app: CockpitApp) -> None:
        """Hand the text to $VISUAL or $EDITOR; what comes back is one step that can be undone."""
        from cockpit.screens.editor import put_text

        editor = self.editor
        changed = await app.edit_text(editor.text) if editor is not None else None
        if changed is not None and editor is not None and editor.is_attached:
            put_text(editor, changed)
