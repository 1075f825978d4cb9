"""The `*` dialog: make a sample, or several, an example by one letter. What that does to the store is `keep_read`'s."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from weakref import WeakKeyDictionary

from textual import events, work
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.content import Content

from cockpit.commands import by_id
from cockpit.core.errors import CockpitError
from cockpit.screens import keep_words as words
from cockpit.screens.base import ModalPane, keymap_of, panel
from cockpit.screens.dialogs import Confirm
from cockpit.screens.keep_edit import LOW, AnswerDesk
from cockpit.screens.keep_read import Kept, Several, Standing, keep, read_several, read_standing, take_away, take_back
from cockpit.screens.opened import plain_title
from cockpit.screens.words import plural
from widgets.field import Field
from widgets.plain import Plain

if TYPE_CHECKING:
    from cockpit.core.examples import Verdict
    from cockpit.screens.base import PaneScreen

Mode = Literal["choose", "reason", "edit"]
EDGES = 6
"""Cells of the panel's border and padding."""
_last: WeakKeyDictionary[App[Any], Kept] = WeakKeyDictionary()
"""What the dialog did last in each app, so that it can be taken back from any place that shows a sample."""


class Keep(ModalPane[bool]):
    """Gold, candidate, rejected, edited to gold or taken away; True if something was changed."""

    scope: ClassVar[str] = "keep"
    AUTO_FOCUS = ""
    starting = True
    """What is to take the keys is still to come: the app holds them until `release_keys`."""
    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding(
            "ctrl+e", "edit(True)", "$EDITOR", id="dialog.editor", priority=True, tooltip="Edit it in your editor."
        ),
    )
    DEFAULT_CSS = """
    Keep > .panel { width: 92; padding: 1 2 1 2; }
    Keep Plain { height: auto; }
    Keep #problem { color: $text-error; display: none; }
    Keep #reason { background: $boost; margin-top: 1; display: none; }
    Keep #choices { margin-top: 1; }
    """

    def __init__(self, behind: PaneScreen[Any], subjects: Sequence[Sequence[int]], names: Sequence[str] = ()) -> None:
        super().__init__()
        self._services = behind.services
        self._subjects = [tuple(ids) for ids in subjects]
        self._names = tuple(names)
        self._at = 0
        self._mode: Mode = "choose"
        self._found: Standing | Several | None = None
        self._ready = asyncio.Event()
        self._reason: str | None = None
        self._typed: str | None = None
        self._acting = False

    @property
    def ids(self) -> tuple[int, ...]:
        """The samples it is about now."""
        return self._subjects[self._at]

    def compose(self) -> ComposeResult:
        """What there is now, a line for the reason, an editor, the keys."""
        with panel("Keep as an example", "esc close"):
            yield Plain("", id="facts")
            yield Field("reason", "", hint="why: enter takes it, then judge", id="reason")
            yield AnswerDesk()
            yield Plain("", id="problem")
            yield Plain("", id="choices")

    def on_mount(self) -> None:
        """Read the samples in a thread; letters act at once."""
        self._read()
        self._show()
        self._take_keys()

    def on_resize(self, event: events.Resize) -> None:
        """As much of the texts as there is room for."""
        self._show()

    @work(exclusive=True, group="read", exit_on_error=False)
    async def _read(self) -> None:
        ids, store = self.ids, self._services.store
        if len(ids) == 1:
            self._found = await asyncio.to_thread(lambda: read_standing(store.read(), ids[0]))
        else:
            self._found = await asyncio.to_thread(lambda: read_several(store.read(), ids))
        self._ready.set()
        self._show()

    def _take_keys(self) -> None:
        """Once what was asked for is drawn, it gets the keys, those pressed meanwhile included."""

        def let_go() -> None:
            self.starting = False
            self.cockpit.release_keys()

        self.call_after_refresh(let_go)

    # What is shown

    def _show(self) -> None:
        facts = self.query_one("#facts", Plain)
        facts.update(Content("\n").join(self._facts()))
        self.query_one("#choices", Plain).update(Content("\n").join(self._keys()))
        frame = self.query_one(".panel")
        name = f"{self._names[self._at]}: " if self._names else ""
        found = self._found
        what = words.head(found) if isinstance(found, Standing) else plural(len(self.ids), "sample")
        frame.border_title = plain_title(f"Keep as an example · {name}{what}")
        back = {"choose": "esc close", "reason": "enter take it · esc leave it", "edit": "esc back"}
        frame.border_subtitle = plain_title(back[self._mode])

    def _facts(self) -> list[Content]:
        found, low = self._found, self.app.size.height < LOW
        width = min(92, self.app.size.width * 94 // 100) - EDGES
        if found is None:
            return [Content.styled("Reading…", "$text-muted")]
        if isinstance(found, Several):
            lines = words.several_lines(found)
        elif self._mode == "edit":
            asked = found.asked if found.example is None else found.example.input
            lines = words.block("input", asked, width, 2 if low else 4)
        else:
            lines = words.standing_lines(found, width, texts=4 if low else 10, twins=2 if low else 4)
        if self._reason:
            lines.append(words.fact("reason", (self._reason, "accent")))
        return lines

    def _keys(self) -> list[Content]:
        keymap = keymap_of(self.app)

        def key(name: str) -> str:
            return keymap.shown(by_id(f"keep.{name}"))

        if self._mode == "edit":
            return [words.key_line([(key("save"), "keep as ★ gold", "ok"), ("ctrl+e", "$EDITOR", "plain")])]
        if self._mode == "reason":
            return []
        verdicts = [
            (key("gold"), "★ gold", "ok"),
            (key("candidate"), "○ candidate", "plain"),
            (key("rejected"), "✗ rejected", "error"),
        ]
        more = [(key("reason"), "reason", "plain")]
        if len(self.ids) == 1:
            edited = "✎ go on editing" if self._typed is not None else "✎ edit to gold"
            verdicts.append((key("edit"), edited, "plain"))
        if self._is_kept:
            more.append((key("away"), "take away", "plain"))
        if len(self._subjects) > 1:
            more.append((key("other"), "the other sample", "plain"))
        if (last := _last.get(self.app)) is not None:
            more.append((key("back"), words.undo_words(last), "quiet"))
        return [words.key_line(verdicts), words.key_line(more)]

    @property
    def _is_kept(self) -> bool:
        found = self._found
        return bool(found.verdicts) if isinstance(found, Several) else found is not None and found.example is not None

    def _turn(self, mode: Mode) -> None:
        self._mode = mode
        self.query_one("#reason").display = mode == "reason"
        self.query_one(AnswerDesk).display = mode == "edit"
        if mode == "choose":
            self.set_focus(None)
        self.refresh_bindings()
        self._show()

    def _complain(self, problem: str) -> None:
        line = self.query_one("#problem", Plain)
        line.display = bool(problem)
        line.update(problem)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters judge only while nothing is typed; saving needs an edit."""
        if action == "save":
            return self._mode == "edit"
        if action == "edit":
            return self._mode == "choose" or (self._mode == "edit" and bool(parameters))
        if action in ("judge", "reason", "away", "back", "other"):
            return self._mode == "choose"
        return super().check_action(action, parameters)

    @work(exit_on_error=False)
    async def action_judge(self, verdict: Verdict | None, output: str | None = None) -> None:
        """Keep the samples so (None: take them out of the examples), and close."""
        if self._acting:
            return
        self._acting = True
        ids, reason = self.ids, self._reason
        try:
            if verdict is None:
                kept = await self._services.store.write(lambda db: take_away(db, ids))
            else:
                kept = await self._services.store.write(lambda db: keep(db, ids, verdict, reason, output))
        finally:
            self._acting = False
        if not kept.sample_ids:
            empty = kept.empty and len(ids) == 1
            self._complain("There is no text to show a model: e types one." if empty else words.done_words(kept))
            return
        _last[self.app] = kept
        self.app.notify(words.done_words(kept), timeout=3, markup=False)
        self.dismiss(True)

    def action_away(self) -> None:
        """Take the samples out of the examples."""
        if self._is_kept or self._found is None:
            self.action_judge(None)
        else:
            self._complain("It is no example." if len(self.ids) == 1 else "None of them is an example.")

    @work(exit_on_error=False)
    async def action_back(self) -> None:
        """Take back what the dialog did last."""
        last = _last.get(self.app)
        if last is None:
            self._complain("Nothing was kept in this session yet.")
            return
        try:
            await self._services.store.write(lambda db: take_back(db, last))
        except CockpitError as error:
            self._complain(error.sentence())
            return
        finally:
            _last.pop(self.app, None)
        self.app.notify(f"Done: {words.undo_words(last)}.", timeout=3, markup=False)
        self.dismiss(True)

    def action_other(self) -> None:
        """The next subject."""
        if len(self._subjects) > 1:
            self._at = (self._at + 1) % len(self._subjects)
            self._found, self._typed = None, None
            self._ready.clear()
            self._complain("")
            self._read()

    def action_reason(self) -> None:
        """Type the reason first."""
        field = self.query_one("#reason", Field)
        if self._reason is None and isinstance(self._found, Standing) and self._found.example is not None:
            field.value = self._found.example.reason
        self.starting = True
        self._turn("reason")
        field.focus()
        self._take_keys()

    def on_field_submitted(self, event: Field.Submitted) -> None:
        """That is the reason; now judge."""
        event.stop()
        self._reason = event.value.strip()
        self._turn("choose")

    @work(exclusive=True, group="edit", exit_on_error=False)
    async def action_edit(self, own_editor: bool = False) -> None:
        """Type what the answer should have been, here or in the person's own editor."""
        desk = self.query_one(AnswerDesk)
        if len(self.ids) != 1:
            self._complain("One at a time: an edit is of one sample.")
            return
        if self._mode != "edit":
            self.starting = True
            try:
                await self._ready.wait()
                if isinstance(self._found, Standing):
                    await desk.open(self._found.output if self._typed is None else self._typed)
                    self._turn("edit")
            finally:
                self._take_keys()
        if own_editor:
            await desk.use_own_editor(self.cockpit)

    def action_save(self) -> None:
        """Keep what was typed, as gold."""
        editor, found = self.query_one(AnswerDesk).editor, self._found
        if editor is None or not isinstance(found, Standing):
            return
        if not editor.text.strip():
            self._complain("There is no text to keep.")
            return
        self.action_judge("gold", editor.text if editor.text != found.output else None)

    def action_leave(self) -> None:
        """Out of what is typed; then close, but never throw away an edit unasked."""
        if self._mode == "edit":
            editor, found = self.query_one(AnswerDesk).editor, self._found
            if editor is not None and isinstance(found, Standing):
                self._typed = editor.text if editor.text != found.output else None
            self._turn("choose")
        elif self._mode == "reason":
            self._turn("choose")
        elif self._typed is not None:
            dialog = Confirm("Throw the edit away?", "What you typed is not kept yet.", yes="Throw away", no="Stay")
            self.app.push_screen(dialog, self._thrown_away)
        else:
            self.dismiss(False)

    def _thrown_away(self, answer: bool | None) -> None:
        if answer:
            self.dismiss(False)
