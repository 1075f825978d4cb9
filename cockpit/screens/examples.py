"""The Examples pane: curate few-shot examples by keys. It arranges; the work is done in `examples_*`."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from cockpit.command_tables.app import PANES
from cockpit.command_tables.command import Command
from cockpit.commands import by_id
from cockpit.screens.base import PaneScreen
from cockpit.screens.examples_go import Going
from cockpit.screens.examples_judge import Judging
from cockpit.screens.examples_list import ExampleList, Listing
from cockpit.screens.examples_look import ExampleText, FactLines, Looking
from cockpit.screens.examples_narrow import Narrowing
from cockpit.screens.examples_write import Writing
from cockpit.screens.play_status import top_parts
from cockpit.store import projects
from widgets.field import Field
from widgets.row_list import RowList
from widgets.top_bar import BarPart, TopBar

if TYPE_CHECKING:
    from cockpit.store.db import Database

T = TypeVar("T")
PARTS = ("#rows", "#input", "#output", "#facts")
FOOT = (
    *("examples.gold", "examples.candidate", "examples.rejected", "examples.undo", "examples.add", "examples.edit"),
    *("examples.filter", "examples.remove", "list.mark", "examples.reason", "examples.tags", "examples.sets"),
    *("examples.fill", "examples.curve", "examples.datasets", "examples.export", "examples.import_from"),
    *("app.palette", "app.help"),
)
FOOT_EMPTY = ("examples.add", "examples.import_from", "examples.datasets", "examples.undo", "app.palette", "app.help")
FOOT_FORM = ("examples.save", "app.escape", "app.editor", "app.palette", "app.help")
FOOT_TYPING = ("app.escape", "app.palette", "app.help")
NEEDS_ONE = frozenset(
    {"gold", "candidate", "rejected", "reason", "tags", "note", "label", "group", "remove", "edit", "edit_input"}
    | {"history", "source", "yank", "mark_all"}
)
"""Commands that mean nothing where no example is listed."""


class ExamplesScreen(PaneScreen[None]):
    """A list of examples, the one under the cursor beside it, and a form to write one in."""

    scope: ClassVar[str] = "examples"
    pane_title: ClassVar[str] = "Examples"
    DEFAULT_CSS = Path(__file__).with_name("examples.tcss").read_text("utf-8")
    AUTO_FOCUS = "#rows"

    def __init__(self) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (96, "-middle"), (130, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-high")]
        self.listing = Listing(self)
        self.narrow = Narrowing(self)
        self.look = Looking(self)
        self.judge = Judging(self)
        self.write = Writing(self)
        self.go = Going(self)
        self._at: int | None = None

    def compose_body(self) -> ComposeResult:
        """Counts, filter, list beside texts over facts, what was done last."""
        yield TopBar(id="about")
        yield Field("/", id="filter", hint="words  is:gold  tag:hard  label:yes  from:row  -tag:easy")
        with Horizontal(id="work"):
            yield ExampleList(empty=("",), id="rows", classes="box")
            with Vertical(id="side"), Vertical(id="look"):
                with Vertical(id="texts"):
                    yield ExampleText(id="input", classes="box")
                    yield ExampleText(id="output", classes="box")
                yield FactLines(id="facts", classes="box")
        yield TopBar(id="said")

    def on_mount(self) -> None:
        """Take up the last session; the list comes when the screen is resumed."""
        self.listing.rows.mark_moves = True
        for name in ("input", "output", "facts"):
            self.query_one(f"#{name}").border_title = Content(name)
        data = self.cockpit.get_setting(self.session_key)
        self.restore_session(data if isinstance(data, Mapping) else {})
        self.call_after_refresh(self.write.mount)

    def on_screen_resume(self) -> None:
        """Examples may have come or gone meanwhile. Textual calls this beside the base's own."""
        panes = [(pane.number, pane.title) for pane in PANES]
        self.query_one("#top-bar", TopBar).show(
            top_parts(self.cockpit.project, panes, self.pane_title, self.cockpit.badge)
        )
        self.listing.reload(self._at)
        self._at = None

    # What the app asks

    def footer_commands(self) -> list[Command]:
        """The most useful keys of the state the pane is in."""
        to_list = "to the list"
        self.footer_labels = {"app.escape": "later" if self.write.is_open else to_list, "app.palette": "palette"}
        typing = FOOT_FORM if self.write.is_open else FOOT_TYPING
        names = typing if self.typing else FOOT if self.listing.ids else FOOT_EMPTY
        return [by_id(name) for name in names]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that mean something now."""
        if action != "in_part":
            return super().check_action(action, parameters)
        name = str(parameters[1])
        if name in NEEDS_ONE and not self.listing.ids:
            return False
        match name:
            case "save":
                return self.write.is_open
            case "undo":
                return self.judge.can_undo
            case "redo":
                return self.judge.can_redo
            case "clear":
                return not self.typing and self.narrow.can_clear
            case "discard":
                return bool(self.write.drafts)
        return True

    def stop_typing(self) -> None:
        """The list takes the keyboard; what is unfinished is kept."""
        if self.write.is_open:
            self.write.close()
        self.query_one("#rows").focus()
        self.listing.show_counts()

    on_prompt_editor_left_typing = stop_typing

    def editor_field(self) -> Widget | None:
        """The text being typed; from the list, the output of the example under the cursor."""
        focused = super().editor_field()
        return focused if focused is not None else self.write.open_output()

    def jump_targets(self) -> Mapping[str, Widget]:
        """A letter for each part."""
        wanted = {"l": "#rows", "i": "#input", "o": "#output", "f": "#facts"}
        found = {key: self.query_one(where) for key, where in wanted.items()}
        return {} if self.write.is_open else found

    def save_session(self) -> dict[str, Any]:
        """What is listed, where the cursor is, and everything that is unfinished."""
        return {**self.listing.to_json(), "model": self.look.model, "drafts": self.write.to_json()}

    def restore_session(self, data: Mapping[str, Any]) -> None:
        """Take up what `save_session` returned last time."""
        self._at = self.listing.restore(data)
        self.look.model = str(data.get("model") or "")
        self.write.restore(data.get("drafts"))
        if None in self.write.drafts:
            self.say("The example that you began is not saved yet: a goes on", undo=False)

    # What the parts ask of the screen

    async def read(self, load: Callable[[Database, int], T], none: T) -> T:
        """What `load` reads of the project, in a thread; `none` where there is no such project yet."""

        def work() -> T:
            db = self.services.store.read()
            project = projects.find_project(db, self.cockpit.project)
            return none if project is None else load(db, project)

        return await asyncio.to_thread(work)

    async def ensure_project(self) -> int:
        """The project's id; it is made if there is none yet."""
        name = self.cockpit.project
        return await self.services.store.write(lambda db: projects.ensure_project(db, name))

    def say(self, text: str, *, undo: bool) -> None:
        """The line at the bottom: what was done last."""
        parts: list[BarPart] = [(text, "plain"), *([("   u undoes it", "quiet")] if undo else [])]
        self.query_one("#said", TopBar).show(parts)
        self.refresh_bindings()

    # Messages and actions

    def on_text_area_changed(self) -> None:
        """Something was typed in the form."""
        self.write.typed()

    def on_field_changed(self, event: Field.Changed) -> None:
        """The filter, or the form's label."""
        if event.field.id == "filter":
            self.narrow.typed(event.value)
        else:
            self.write.typed()

    @on(Field.Submitted)
    def _submitted(self, event: Field.Submitted) -> None:
        if event.field.id == "filter":
            self.stop_typing()

    @on(RowList.Moved)
    def _moved(self) -> None:
        self.look.look()

    @on(ExampleList.Resized)
    def _resized(self) -> None:
        self.listing.show()

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.query_one("#input").focus()

    @on(RowList.MarksChanged)
    def _marked(self) -> None:
        self.listing.show_counts()

    def action_step(self, step: int) -> None:
        """To the next field of the form, else the next part."""
        form = self.query_one_optional("#form")
        if self.write.is_open and form is not None:
            form.step(self.focused, step)  # type: ignore[attr-defined]
            return
        here = f"#{self.focused.id}" if self.focused is not None else ""
        at = (PARTS.index(here) + step) % len(PARTS) if here in PARTS else 0
        self.query_one(PARTS[at]).focus()

    def action_in_part(self, part: str, name: str) -> None:
        """Run a command of a part; one that waits gets a worker, whose errors the base screen shows."""
        work = getattr(getattr(self, part), name)
        if inspect.iscoroutinefunction(work):
            self.run_worker(work, group=name, exit_on_error=False)
        else:
            work()
