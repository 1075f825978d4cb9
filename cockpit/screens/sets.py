"""The project's sets of examples, and the way into each. What a set is stands in core; one is changed elsewhere.

To open it: `await open_sets(screen, add=())` from a worker of any screen; `add` are ids of examples that go into the
set that is opened first. It returns None.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container

from cockpit.commands import by_id
from cockpit.core.example_block import render_block
from cockpit.core.examples import ExampleSet
from cockpit.core.wish import Wish
from cockpit.screens import sets_words as words
from cockpit.screens.base import keymap_of
from cockpit.screens.dialogs import Ask, Confirm
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.sets_draft import Editing, snapshot, state_of
from cockpit.screens.sets_edit import SetScreen
from cockpit.screens.sets_read import Unsaved, open_editing, read_newest, read_rows
from cockpit.screens.sets_sent import SentView
from cockpit.screens.words import plural
from cockpit.store.sets import SetRow
from widgets.plain import Plain
from widgets.row_list import RowList

if TYPE_CHECKING:
    from cockpit.screens.base import PaneScreen
    from cockpit.services import Services

REST_S = 0.04
"""How long the cursor rests before a set is read."""


class SetsScreen(OpenedScreen[None]):
    """The sets beside the highlighted one's block.

    Args:
        add: ids of examples to add to the set that is opened first.
    """

    scope: ClassVar[str] = "sets"
    pane_title: ClassVar[str] = "Sets"
    CSS_PATH = ["opened.tcss", "sets.tcss"]  # type: ignore[assignment]  # noqa: RUF012

    def __init__(self, services: Services, add: Sequence[int] = ()) -> None:
        super().__init__(services)
        self._add = tuple(add)
        self._sets: list[SetRow] = []
        self._unsaved: Unsaved | None = None
        self._shown: Editing | None = None
        self._marks = False

    def compose_body(self) -> ComposeResult:
        """The list beside the block."""
        yield Plain("", id="adding")
        with Container(classes="body split"):
            rows = RowList(words.SETS_WIDE, id="rows", classes="box", empty=("Reading …",))
            rows.border_title = "sets, the one changed last on top"
            yield rows
            yield SentView(id="sent", classes="box")

    def on_mount(self) -> None:
        """Read the list in a thread."""
        self.rows.focus()
        self._read()

    @on(RowList.Resized, "#rows")
    def _resized(self) -> None:
        """Fewer columns where there is less room."""
        self.call_after_refresh(self._show)

    def on_screen_resume(self) -> None:
        """A set may have been changed."""
        if self._unsaved is not None:
            self._read()

    @property
    def rows(self) -> RowList:
        """The sets."""
        return self.query_one("#rows", RowList)

    @property
    def unsaved(self) -> Unsaved:
        """What is not saved, of any set."""
        if self._unsaved is None:
            self._unsaved = Unsaved(self.cockpit)
        return self._unsaved

    @work(group="read", exclusive=True, exit_on_error=False)
    async def _read(self) -> None:
        self._sets = await asyncio.to_thread(read_rows, self.services, self.cockpit.project)
        self.rows.set_empty(*words.NO_SETS)
        self._show()
        await self._look()

    def _show(self) -> None:
        if not self.is_attached:
            return
        narrow, now = self.rows.size.width < words.SETS_WIDE_FROM, self.services.clock()
        self.rows.columns = words.SETS_NARROW if narrow else words.SETS_WIDE
        saved = {row.name for row in self._sets}
        new = [name for name in self.unsaved.names() if name not in saved]
        shown = [words.new_row(name, *self.unsaved.size(name), narrow=narrow) for name in new]
        shown += [words.set_row(row, now, unsaved=row.name in self.unsaved, narrow=narrow) for row in self._sets]
        self.rows.show(shown)
        self.head((plural(len(shown), "set"), "quiet"))
        self.query_one(SentView).display = bool(shown)
        if self._add:
            enter, key = keymap_of(self.app).shown(by_id("sets.edit")), keymap_of(self.app).shown(by_id("sets.new"))
            said = f"{plural(len(self._add), 'marked example')}: {enter} adds to this set, {key} makes a new one."
            self.query_one("#adding", Plain).update(said)
        self.set_class(bool(self._add), "-adding")

    @property
    def _here(self) -> str:
        row = self.rows.current
        return str(row.key) if row is not None else ""

    @on(RowList.Moved)
    @work(group="look", exclusive=True, exit_on_error=False)
    async def _moved(self) -> None:
        await self._look()

    async def _look(self) -> None:
        await asyncio.sleep(REST_S)
        name = self._here
        if name:
            data = self.unsaved.get(name)
            found = await asyncio.to_thread(open_editing, self.services, self.cockpit.project, name, data)
            if name != self._here:
                return
            self._shown = found.editing
        else:
            self._shown = None
        self._draw()

    def _draw(self) -> None:
        editing = self._shown
        sent = self.query_one(SentView)
        if editing is None:
            sent.border_title = plain_title("as it is sent")
            sent.show([])
            return
        sent.show_set(editing.state, -1, marks=self._marks)
        spaces = ", white space marked" if self._marks else ""
        sent.border_title = plain_title(f"{editing.name}, as it is sent{spaces}")
        sent.border_subtitle = plain_title(words.template_words(editing.state.template))

    # Actions

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_act("edit")

    def action_act(self, name: str) -> None:
        """Carry out a command of this screen."""
        if self._here or name == "new":
            self.run_worker(self._do(name, self._here), group="do", exit_on_error=False)
        else:
            self.notify_plain("There is no set yet.", timeout=2)

    async def _do(self, name: str, of: str) -> None:
        match name:
            case "edit":
                await self._edit(of)
            case "new":
                await self._new()
            case "use" | "fill" | "curve" | "versions" | "finetune":
                await self._with_saved(name, of)
            case "copy":
                if self._shown is not None:
                    state = self._shown.state
                    self.cockpit.copy_text(render_block(state.examples, state.template), "Block")
            case "spaces":
                self._marks = not self._marks
                self._draw()
            case _:
                await self._discard(of)

    async def _edit(self, name: str) -> None:
        add, self._add = self._add, ()
        screen = SetScreen(self.services, name, self.unsaved, add)
        await self.app.push_screen_wait(screen)
        screen.keep()
        self._read()

    async def _new(self) -> None:
        taken = {row.name for row in self._sets} | set(self.unsaved.names())

        def check(text: str) -> str:
            name = text.strip()
            return "A name, such as few." if not name else f"There is a set {name} already." if name in taken else ""

        prompt = "Runs and the command line name the set by it."
        name = await self.app.push_screen_wait(Ask("New set", prompt=prompt, placeholder="such as few", check=check))
        if name and name.strip():
            await self._edit(name.strip())

    async def _with_saved(self, name: str, of: str) -> None:
        """What needs a saved version: the newest."""
        newest = await asyncio.to_thread(read_newest, self.services, self.cockpit.project, of)
        if newest is None:
            self.notify_plain(f"{of} is not saved yet: open it and save it first.", severity="warning")
            return
        match name:
            case "use":
                from cockpit.screens.play_shots import put_set

                await put_set(self.cockpit, of, newest.number, Wish())
            case "fill":
                from cockpit.screens.fill import open_fill

                await open_fill(self, of)
            case "finetune":
                from cockpit.screens.finetune import open_finetune

                await open_finetune(self, of)
            case "curve":
                from cockpit.screens.curve import open_curve

                await open_curve(self, of)
            case _:
                await self._versions(of, newest)

    async def _versions(self, of: str, newest: ExampleSet) -> None:
        from cockpit.screens.sets_versions import SetVersionsScreen

        editing = self._shown if self._shown is not None and self._shown.name == of else Editing(of, newest)
        chosen = await self.app.push_screen_wait(SetVersionsScreen(self.services, of, snapshot(editing)))
        if chosen is None:
            return
        restored = Editing(of, newest)
        if restored.change(f"restoring v{chosen.number}", state_of(chosen)) and restored.changed:
            self.unsaved.put(of, restored.to_json())
        await self._edit(of)

    async def _discard(self, of: str) -> None:
        if of not in self.unsaved:
            self.notify_plain(f"{of} has no unsaved changes.", timeout=2)
            return
        if await self.app.push_screen_wait(
            Confirm("Discard?", f"The unsaved changes of {of} are forgotten.", yes="Discard", no="Keep")
        ):
            self.unsaved.put(of, None)
            self._read()


async def open_sets(screen: PaneScreen[None], add: Sequence[int] = ()) -> None:
    """Show the project's sets over a screen until the person leaves; call it from a worker.

    Args:
        add: ids of examples to add to the set that is opened first.
    """
    await screen.app.push_screen_wait(SetsScreen(screen.services, add))
