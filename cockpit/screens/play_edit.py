"""Keys that go to an editor of the Play pane, or change its turns. What follows an edit is `play_write`'s."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.core.draft import EXAMPLE_VALUES, EXAMPLES
from cockpit.core.prompts import Message

if TYPE_CHECKING:
    from cockpit.screens.play import PlayScreen
    from cockpit.screens.play_write import Writing


class Editing:
    """The actions of the commands in the group 'Writing'."""

    def __init__(self, screen: PlayScreen, writing: Writing) -> None:
        self.screen = screen
        self.writing = writing

    def edit(self) -> None:
        """Type in the prompt."""
        self._type_in("prompt")

    def system(self) -> None:
        """Type in the system prompt."""
        self._type_in("system")

    def prefill(self) -> None:
        """Type how the answer must begin."""
        self.screen.add_class("-prefill")
        self._type_in("prefill")

    def examples(self) -> None:
        """Type the examples block."""
        self.writing.show_examples(open_=True)
        self._type_in("examples")

    def variable(self) -> None:
        """Type the value of the first variable without one, else of the first."""
        draft = self.writing.draft
        names = draft.typed_variables()
        if not names:
            hint = "Every variable comes from the inputs file." if draft.inputs else "Write {{name}} in the prompt."
            self.screen.notify_plain(f"No variable needs a value. {hint}")
            return
        empty = [name for name in names if not draft.values.get(name)]
        self._type_in(f"var-{names.index(empty[0] if empty else names[0])}")

    def params(self) -> None:
        """Move among the settings."""
        # At once, not with the next message: the key after this one may be here already.
        self.screen.set_focus(self.screen.query_one("#params"))

    async def fix(self) -> None:
        """Apply the fix of the finding that is shown."""
        await self.screen.checks.fixes.fix()

    async def unfix(self) -> None:
        """Take the last fix back."""
        await self.screen.checks.fixes.unfix()

    def newline(self) -> None:
        """Begin a new line where Enter sends."""
        editor = self.writing.editor(self.screen.focused.id if self.screen.focused and self.screen.focused.id else "")
        if editor is not None and hasattr(editor, "insert"):
            editor.insert("\n")

    async def turn_up(self) -> None:
        """Show the turn before."""
        await self._show_turn(self.writing.turn - 1)

    async def turn_down(self) -> None:
        """Show the turn after."""
        await self._show_turn(self.writing.turn + 1)

    async def turn_add(self) -> None:
        """An empty turn of the other speaker after this one."""
        writing = self.writing
        await writing.load(writing.draft.with_turn_after(writing.turn), turn=writing.turn + 1)
        self.edit()

    async def turn_delete(self) -> None:
        """Take this turn out."""
        writing = self.writing
        await writing.load(writing.draft.without_turn(writing.turn), turn=max(writing.turn - 1, 0))

    async def example_1(self) -> None:
        """The first example prompt."""
        await self._example(0)

    async def example_2(self) -> None:
        """The second example prompt."""
        await self._example(1)

    async def example_3(self) -> None:
        """The third example prompt."""
        await self._example(2)

    async def _example(self, which: int) -> None:
        turns = (Message("user", EXAMPLES[which][1]),)
        draft = replace(self.writing.draft, turns=turns, parent_sample=None)
        filled = {**{n: v for n, v in EXAMPLE_VALUES.items() if n in draft.variables()}, **draft.values}
        await self.writing.load(replace(draft, values=filled))

    async def _show_turn(self, at: int) -> None:
        if 0 <= at < len(self.writing.draft.turns):
            await self.writing.load(self.writing.draft, turn=at)

    def _type_in(self, name: str) -> None:
        editor = self.writing.editor(name)
        if editor is not None:
            editor.start_typing()
