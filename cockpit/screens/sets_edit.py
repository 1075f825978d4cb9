"""One set of examples: order, tokens, template, the block as it is sent. What each key does is decided elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.timer import Timer

from cockpit.commands import by_id
from cockpit.core.examples import Example
from cockpit.screens import sets_words as words
from cockpit.screens.base import keymap_of
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.sets_do import Doing
from cockpit.screens.sets_draft import FRESH, Editing, State
from cockpit.screens.sets_read import Unsaved, open_editing, read_examples, read_now
from cockpit.screens.sets_sent import Counting, SentView
from cockpit.screens.sets_template import TemplateForm
from cockpit.screens.stops_lines import Lines
from cockpit.screens.words import clip, one_line, plural
from widgets.plain import Plain
from widgets.prompt_editor import PromptEditor
from widgets.row_list import ListRow, RowList

if TYPE_CHECKING:
    from cockpit.services import Services

NARROW_BELOW = 110
NAME = 60
"""Characters of the set's name that the top bar has room for; half of it where the screen is narrow."""
KEEP_S = 0.3
"""A pause in changing after which unsaved changes are kept."""


class SetScreen(OpenedScreen[None]):
    """A set under change: the list beside its template, its counts and its block.

    Args:
        unsaved: where unsaved changes are kept; shared with the list of sets.
        to_add: ids of examples to add at once.
    """

    scope: ClassVar[str] = "set"
    pane_title: ClassVar[str] = "Set"
    typing_enter: ClassVar[str] = "next"
    CSS_PATH = ["opened.tcss", "sets.tcss"]  # type: ignore[assignment]  # noqa: RUF012

    def __init__(self, services: Services, name: str, unsaved: Unsaved, to_add: Sequence[int] = ()) -> None:
        super().__init__(services)
        self.name_of_set, self.unsaved, self._to_add = name, unsaved, tuple(to_add)
        self.editing = Editing(name, None)
        self.ready = False
        self.now: dict[int, Example] = {}
        self.counting = Counting(self, self.counted)
        self.doing = Doing(self)
        self.models: tuple[str, ...] = ()
        self.column = 0
        self.marks_shown = False
        self.templates = dict(FRESH)
        self._keep: Timer | None = None

    def compose_body(self) -> ComposeResult:
        """The list with facts below it; template, counts and block beside it."""
        with Container(classes="body split"):
            with Vertical(id="left"):
                rows = RowList(words.ITEMS, id="rows", classes="box tall", empty=("Reading …",))
                rows.border_title = "examples, in the order they are sent"
                yield rows
                yield Plain("", id="about", classes="hint")
                yield Plain("", id="balance", classes="hint")
            with Vertical(id="right"):
                yield TemplateForm(id="template", classes="box")
                yield Lines(id="counts")
                yield SentView(id="sent", classes="box")

    def on_mount(self) -> None:
        """Read the set in a thread."""
        self.rows.focus()
        self.run_worker(self._begin(), group="begin", exit_on_error=False)

    def on_unmount(self) -> None:
        """What is not saved is kept; nobody waits for counts."""
        self.counting.stop()
        self.keep()

    @on(RowList.Resized, "#rows")
    def _resized(self) -> None:
        """Fewer columns where there is less room."""
        if self.ready:
            self.call_after_refresh(self.show)

    def on_screen_resume(self) -> None:
        """Examples and Play's models may have changed meanwhile."""
        if self.ready:
            self._again()

    async def _begin(self) -> None:
        project, name = self.cockpit.project, self.name_of_set
        found = await asyncio.to_thread(open_editing, self.services, project, name, self.unsaved.get(name))
        self.editing, self.now, self.ready = found.editing, dict(found.now), True
        if found.said:
            self.notify_plain(found.said)
        self._read_models()
        self.rows.set_empty(*words.NO_EXAMPLES)
        if self._to_add:
            given = await asyncio.to_thread(read_examples, self.services, project, self._to_add)
            self.doing.add_examples([given[id] for id in self._to_add if id in given])
        self.settle(cursor=0)

    @work(group="again", exclusive=True, exit_on_error=False)
    async def _again(self) -> None:
        self.now = await asyncio.to_thread(read_now, self.services, self.cockpit.project, self.editing.state)
        self._read_models()
        self.settle()

    def _read_models(self) -> None:
        from cockpit.screens.tokens_source import written_in

        self.models = tuple(dict.fromkeys(written_in(self.cockpit).draft.models))
        self.column = min(self.column, max(len(self.models) - 1, 0))

    @property
    def rows(self) -> RowList:
        """The examples."""
        return self.query_one("#rows", RowList)

    @property
    def state(self) -> State:
        """What would be saved."""
        return self.editing.state

    def chosen(self) -> set[int]:
        """Keys of the marked examples, else of the highlighted one."""
        keys = {item.key for item in self.state.items}
        marked = {key for key in self.rows.marked if isinstance(key, int) and key in keys}
        current = self.rows.current
        return marked or ({current.key} if current is not None and isinstance(current.key, int) else set())

    # Drawing

    def settle(self, *, cursor: int | None = None) -> None:
        """The state is another: show it, count it, keep it."""
        if not self.is_attached:
            return
        self.templates[self.state.template.kind] = self.state.template
        self.counting.want(self.models, self.state)
        if self._keep is not None:
            self._keep.stop()
        self._keep = self.set_timer(KEEP_S, self.keep)
        if cursor is not None:
            self.rows.cursor = cursor
        self.query_one(TemplateForm).show(self.state.template)
        self.show()

    def show(self) -> None:
        """The list, its facts, the block."""
        state, base = self.state, self.editing.base
        self._show_rows()
        unsaved = self.editing.changed
        version = ("new" if base is None else f"v{base.number}") + ("*" if unsaved else "")
        said = f"{words.UNSAVED} not saved: {self.key('save')} saves " if unsaved else ""
        name = clip(one_line(self.name_of_set), NAME if self.size.width >= NARROW_BELOW else NAME // 2)
        head = [(name, "plain"), (version, "warn" if unsaved else "quiet")]
        self.head(*head, (plural(len(state.items), "example"), "quiet"), right=[(said, "warn")] if said else [])
        self.query_one("#balance", Plain).update(words.balance_words(state.examples))
        self.query_one("#template").border_title = plain_title(f"template: {state.template.kind}")
        self.show_here()
        self._show_counts()

    def counted(self) -> None:
        """The tokens are known."""
        if self.is_attached:
            self._show_rows()
            self._show_counts()

    def _show_rows(self) -> None:
        state, rows = self.state, self.rows
        narrow = rows.size.width < words.WIDE_FROM
        rows.columns = words.item_columns(state.examples, narrow=narrow)
        labelled = any(column.title == "label" for column in rows.columns)

        def fetch(offset: int, limit: int) -> list[ListRow]:
            found = state.items[offset : offset + limit]
            return [
                words.item_row(item, at, self.counting.tokens(item, self.column), self.now, labelled=labelled)
                for at, item in enumerate(found, offset + 1)
            ]

        rows.show_from(len(state.items), fetch)

    def key(self, name: str) -> str:
        """The key of a command of this screen, as it is mapped."""
        return keymap_of(self.app).shown(by_id(f"set.{name}"))

    def show_here(self) -> None:
        """What stands on the highlighted example."""
        at, state = self.rows.cursor, self.state
        here = state.items[at] if at < len(state.items) else None
        self.query_one("#about", Plain).update(
            "" if here is None else words.item_words(here, self.now, self.key("renew"))
        )
        sent = self.query_one(SentView)
        sent.show_set(state, at, marks=self.marks_shown)
        kind = "turns, before the last user turn" if state.template.kind == "turns" else "as it is sent"
        sent.border_title = plain_title(f"{kind}, white space marked" if self.marks_shown else kind)

    def _show_counts(self) -> None:
        found = self.counting.fresh
        lines = words.count_lines(found, self.column) if found or not self.models else [words.COUNTING]
        counts = self.query_one("#counts", Lines)
        counts.show(lines, keep_place=True)
        counts.styles.height = min(len(lines), 6)
        here = found[self.column] if self.column < len(found) else None
        shown = bool(self.state.items) and self.size.width < NARROW_BELOW
        self.rows.border_subtitle = plain_title(words.model_words(here) if here is not None and shown else "")

    def keep(self) -> None:
        """Keep what is not saved, for whenever this set is opened again."""
        if self.ready:
            self.unsaved.put(self.name_of_set, self.editing.to_json() if self.editing.changed else None)

    # Typing and moving

    @on(PromptEditor.LeftTyping)
    def stop_typing(self) -> None:
        """The list takes the keyboard."""
        self.set_class(False, "-template")
        self.rows.focus()
        if self.ready:
            self.call_after_refresh(self.show)

    @on(RowList.Moved)
    def _moved(self) -> None:
        self.show_here()

    @on(RowList.Opened)
    def _opened(self) -> None:
        self.action_act("read")

    @on(TemplateForm.Changed)
    def _typed(self, event: TemplateForm.Changed) -> None:
        changed = replace(self.state, template=event.template)
        if self.editing.change(f"typing the {event.part.replace('_', ' ')}", changed, run=event.part):
            self.settle()

    def action_act(self, name: str) -> None:
        """Carry out a command of this screen."""
        if self.ready:
            self.run_worker(self.doing.run(name), group="do", exit_on_error=False)
