"""A sample continued as a conversation: its turns to read, edit and send again, its branches to walk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from cockpit.core.errors import PlanError
from cockpit.screens.conversation_view import Conversation, Turn, edited, read_conversation, send_text, to_send
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.sample_view import step
from cockpit.screens.versions import VersionChoice
from cockpit.screens.words import one_line, plural
from widgets.plain import Plain
from widgets.row_list import ListColumn, ListRow, RowList
from widgets.text_view import TextView

if TYPE_CHECKING:
    from cockpit.services import Services
    from widgets.prompt_editor import PromptEditor

COLUMNS = (ListColumn("", 9, quiet=True), ListColumn("turn"), ListColumn("", 8, right=True))
NAMES = {"system": "system", "user": "you", "assistant": "model"}
NEXT = "(your next turn: i to write it)"


class ConversationScreen(OpenedScreen[VersionChoice | None]):
    """The turns up to a sample and the one after it; leaves with what is to be sent."""

    scope: ClassVar[str] = "conversation"
    pane_title: ClassVar[str] = "Conversation"
    typing_escape: ClassVar[str] = "keep it"

    def __init__(self, services: Services, sample_id: int) -> None:
        super().__init__(services)
        self._sample_id = sample_id
        self._read_as: Conversation | None = None
        self._turns: tuple[Turn, ...] = ()

    def compose_body(self) -> ComposeResult:
        """The turns beside the whole of one."""
        with Vertical(classes="body"):
            with Container(classes="split"):
                rows = RowList(COLUMNS, id="rows", classes="box", empty=("Reading…",))
                rows.border_title = "turns"
                yield rows
                with Container(id="turn", classes="box"):
                    yield TextView("", id="text")
            yield Plain("", id="said", classes="said")

    def on_mount(self) -> None:
        """Read the conversation in a thread."""
        self.rows.focus()
        self._read(self._sample_id)

    @property
    def rows(self) -> RowList:
        """The turns."""
        return self.query_one("#rows", RowList)

    @property
    def _editor(self) -> PromptEditor | None:
        from widgets.prompt_editor import PromptEditor

        return self.query_one_optional("#editor", PromptEditor)

    def stop_typing(self) -> None:
        """Keep what was typed and go back to the turns."""
        self._close_editor()

    @work(exclusive=True, group="read", exit_on_error=False)
    async def _read(self, sample_id: int) -> None:
        store = self.services.store
        found = await asyncio.to_thread(lambda: read_conversation(store.read(), sample_id))
        self._sample_id, self._read_as, self._turns = sample_id, found, found.turns
        self._show()
        self.rows.move_to(len(self._turns) - 1)

    def _show(self) -> None:
        rows = [self._row(at, turn) for at, turn in enumerate(self._turns)]
        self.rows.show(rows)
        self._show_turn()
        found = self._read_as
        if found is not None:
            going_on = plural(len(found.children), "continuation") if found.children else ""
            self.head(
                (f"{found.model}   sample {found.sample_id}", "plain"),
                right=[(f"{going_on}: l follows " if going_on else "", "accent")],
            )

    @staticmethod
    def _row(at: int, turn: Turn) -> ListRow:
        mark = "edited" if turn.edited else turn.place
        glyph = {"system": "§", "user": "▸", "assistant": "◂"}[turn.who]
        text = one_line(turn.text) or NEXT
        return ListRow(at, (NAMES[turn.who], text, mark), glyph, "mark" if turn.who == "user" else "wait")

    @property
    def _at(self) -> int:
        return min(self.rows.cursor, max(len(self._turns) - 1, 0))

    def _show_turn(self) -> None:
        if not self._turns:
            return
        turn = self._turns[self._at]
        box = self.query_one("#turn", Container)
        box.border_title = plain_title(f"{NAMES[turn.who]}, turn {self._at + 1}")
        box.border_subtitle = plain_title(f"{turn.place} [ ] steps through" if turn.place else "")
        self.query_one("#text", TextView).show(turn.text or NEXT)
        self.query_one("#said", Plain).update(send_text(self._turns, self._at))

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._close_editor(refocus=False)
        self._show_turn()

    @on(RowList.Opened)
    async def _opened(self) -> None:
        await self.action_edit()

    async def action_edit(self) -> None:
        """Type in the highlighted turn."""
        from widgets.prompt_editor import PromptEditor

        if self._editor is not None or not self._turns:
            return
        self.query_one("#text").display = False
        editor = PromptEditor(self._turns[self._at].text, id="editor")
        await self.query_one("#turn", Container).mount(editor)
        editor.move_cursor(editor.document.end)
        editor.start_typing()
        self.query_one("#said", Plain).update("escape keeps the turn, ctrl+j keeps and sends it.")

    def on_prompt_editor_left_typing(self) -> None:
        """Escape keeps what was typed."""
        self._close_editor()

    def _close_editor(self, *, refocus: bool = True) -> None:
        editor = self._editor
        if editor is None:
            return
        self._turns = edited(self._turns, self._at, editor.text)
        editor.remove()
        self.query_one("#text").display = True
        self._show()
        if refocus:
            self.rows.focus()

    def action_send(self) -> None:
        """Leave with the turns up to the highlighted one, to be sent."""
        self._close_editor()
        if not self._turns:
            return
        try:
            version, parent = to_send(self._turns, self._at)
        except PlanError as error:
            self.notify_plain(error.sentence(), severity="warning")
            return
        self.dismiss(VersionChoice(None, version, parent_sample=parent, send=True))

    def _beside(self, by: int) -> None:
        turn = self._turns[self._at] if self._turns else None
        if turn is None or turn.sample_id is None:
            answers = [t for t in self._turns if t.sample_id is not None]
            turn = answers[-1] if answers else None
        target = step(turn.beside, turn.sample_id, by) if turn else None
        if target is None:
            self.notify_plain("There is no branch beyond this one.", timeout=2)
        else:
            self._read(target)

    def action_previous(self) -> None:
        """The branch before."""
        self._beside(-1)

    def action_next(self) -> None:
        """The branch after."""
        self._beside(1)

    def action_child(self) -> None:
        """The newest continuation."""
        children = self._read_as.children if self._read_as else ()
        if children:
            self._read(children[-1])
        else:
            self.notify_plain("Nobody continued this answer yet: i writes the next turn.", timeout=3)

    def action_parent(self) -> None:
        """The answer that this continued."""
        parent = self._read_as.parent if self._read_as else None
        if parent is None:
            self.notify_plain("The conversation begins here.", timeout=2)
        else:
            self._read(parent)

    def action_keep(self) -> None:
        """Ask what to make of the highlighted answer as an example."""
        from cockpit.screens.keep_open import ask_keep

        self._close_editor()
        sample_id = self._turns[self._at].sample_id if self._turns else None
        if sample_id is None:
            self.notify_plain("Only a stored answer of a model can be kept: go to one.", timeout=3)
        else:
            ask_keep(self, (sample_id,))

    def action_copy(self) -> None:
        """Copy the highlighted turn."""
        if self._turns:
            self.cockpit.copy_text(self._turns[self._at].text, "turn")

    def action_reset(self) -> None:
        """Put every turn back."""
        if self._read_as is not None:
            self._turns = self._read_as.turns
            self._show()
