"""Writing and editing examples in the Examples pane; what is unfinished is kept. The form is `examples_form`'s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cockpit.core.examples import Example
from cockpit.screens import examples_words as words
from cockpit.screens.opened import plain_title
from cockpit.screens.words import clip, one_line
from cockpit.store import examples as store
from cockpit.store.example_list import Head, read_heads

if TYPE_CHECKING:
    from textual.timer import Timer
    from textual.widget import Widget

    from cockpit.screens.examples import ExamplesScreen
    from cockpit.screens.examples_form import ExampleForm, Texts
    from cockpit.store.db import Database

TYPED_S = 0.15
"""A pause in typing after which duplicates are looked for."""
REMEMBER_S = 0.8
SAME_NAMED = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """Texts that are not saved yet, and what the example said when typing began (None: it is a new one)."""

    texts: Texts
    base: Texts | None = None


class Writing:
    """The form: open for a new example (key None) or for one of the list."""

    def __init__(self, screen: ExamplesScreen) -> None:
        self.screen = screen
        self.drafts: dict[int | None, Draft] = {}
        """What is unfinished, by example; None is the new one."""
        self.key: int | None = None
        self._base: Texts | None = None
        self._form: ExampleForm | None = None
        self._typed: Timer | None = None
        self._remembering: Timer | None = None

    @property
    def is_open(self) -> bool:
        """Whether the form is shown."""
        return self.screen.has_class("-form")

    # Between sessions

    def to_json(self) -> list[dict[str, Any]]:
        """What is unfinished, to remember."""
        return [
            {"id": key, **asdict(draft.texts), "base": asdict(draft.base) if draft.base else None}
            for key, draft in self.drafts.items()
        ]

    def restore(self, data: object) -> None:
        """Take up what `to_json` returned."""
        from cockpit.screens.examples_form import Texts

        def texts(of: Mapping[str, Any]) -> Texts:
            return Texts(*(str(of.get(name) or "") for name in ("input", "output", "label")))

        for one in data if isinstance(data, list) else ():
            if isinstance(one, Mapping) and isinstance(one.get("id"), int | None):
                base = one.get("base")
                self.drafts[one.get("id")] = Draft(texts(one), texts(base) if isinstance(base, Mapping) else None)

    def remember(self) -> None:
        """Store the session: nothing typed may be lost, whatever ends the program."""
        self.screen.cockpit.put_setting(self.screen.session_key, self.screen.save_session())

    # The form

    async def mount(self) -> None:
        """The editors come after the first paint, since loading them takes as long."""
        from cockpit.screens.examples_form import ExampleForm

        if self._form is None:
            self._form = ExampleForm()
            await self.screen.query_one("#side").mount(self._form)

    async def add(self) -> None:
        """A new example; one that was begun goes on."""
        await self.mount()
        self.open(None, None, "form-input")

    async def edit_input(self) -> None:
        """Edit the example under the cursor from its input."""
        await self._edit("form-input")

    async def edit(self) -> None:
        """Edit the example under the cursor from its output."""
        await self._edit("form-output")

    async def _edit(self, field: str) -> None:
        await self.mount()
        example = self.screen.look.example
        if example is not None and example.id is not None:
            self.open(example.id, example, field)

    def open_output(self) -> Widget | None:
        """Open the example under the cursor at its output, for the person's own editor; None where that cannot be."""
        example = self.screen.look.example
        if self._form is None or example is None or example.id is None:
            return None
        self.open(example.id, example, "form-output")
        return self._form.query_one("#form-output")

    def open(self, key: int | None, example: Example | None, field: str) -> None:
        """Show the form with what is unfinished, else with what the example says."""
        from cockpit.screens.examples_form import Texts, texts_of

        form = self._form
        if form is None:
            return
        self.key, self._base = key, texts_of(example) if example is not None else None
        draft = self.drafts.get(key)
        if draft is not None and draft.base is not None:
            self._base = draft.base
        form.fill(draft.texts if draft is not None else self._base or Texts())
        self.screen.set_class(True, "-form")
        form.type_in(field)
        self._show_title()
        form.say("")
        self.typed()
        self.screen.refresh_bindings()

    def _show_title(self) -> None:
        form = self._form
        if form is not None:
            which = "new example" if self.key is None else f"example {self.key}"
            form.query_one("#form-input").border_title = plain_title(f"{which}: input")

    def close(self) -> None:
        """Away with the form; what is unfinished is kept."""
        if not self.is_open:
            return
        self.typed()
        self.screen.set_class(False, "-form")
        self.screen.listing.rows.focus()
        self.remember()
        if self.key in self.drafts:
            which = "The new example" if self.key is None else f"Example {self.key}"
            self.screen.say(f"{which} is not saved yet: {'a' if self.key is None else 'e'} goes on", undo=False)
        self.screen.listing.show()
        self.screen.look.draw()

    def typed(self) -> None:
        """Something was typed: keep it, and look for duplicates when typing rests."""
        form = self._form
        if form is None or not self.is_open:
            return
        texts = form.typed()
        if texts == self._base or (self._base is None and texts.empty):
            self.drafts.pop(self.key, None)
        else:
            self.drafts[self.key] = Draft(texts, self._base)
        for timer in (self._typed, self._remembering):
            if timer is not None:
                timer.stop()
        self._typed = self.screen.set_timer(TYPED_S, self._look_for_same)
        self._remembering = self.screen.set_timer(REMEMBER_S, self.remember)

    def _look_for_same(self) -> None:
        self.screen.run_worker(self._find_same, group="same", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]

    async def _find_same(self) -> None:
        form, key = self._form, self.key
        if form is None or not self.is_open:
            return
        text = form.texts.input
        none: tuple[list[Head], int] = ([], 0)
        if text.strip():
            none = await self.screen.read(lambda db, project: _same(db, project, text, key), none)
        if self.is_open and self.key == key and form.texts.input == text:
            form.say_same(words.same_words(*none) if none[0] else "")

    # Saving

    async def save(self) -> None:
        """Save what is typed; after a new one the form is empty for the next."""
        form = self._form
        if form is None or not self.is_open:
            return
        texts, key = form.texts, self.key
        problem = "An example needs an input." if not texts.input.strip() else ""
        if not problem and not texts.output.strip() and not texts.label:
            problem = "An example needs an output, or a label."
        if problem:
            form.say(f"✗ {problem}")
        elif key is None:
            await self._save_new(form, texts)
        else:
            await self._save_edit(key, texts)

    async def _save_new(self, form: ExampleForm, texts: Texts) -> None:
        from cockpit.screens.examples_form import Texts as Empty

        example = Example(texts.input, texts.output, texts.label or None)
        project = await self.screen.ensure_project()
        # The fields are free for the next before the disk has this one; a failed write puts it back.
        self.drafts.pop(None, None)
        form.fill(Empty())
        form.type_in("form-input")
        try:
            made = await self.screen.judge.record(
                (), lambda db, _: (store.add_example(db, project, example),), "a new example, gold"
            )
        except Exception:
            if form.texts.empty and self.key is None:
                form.fill(texts)
            self.drafts.setdefault(None, Draft(texts))
            raise
        self.remember()
        form.say(f"✓ saved as example {made[0]}; this is the next one")

    async def _save_edit(self, key: int, texts: Texts) -> None:
        from cockpit.screens.examples_form import texts_of

        form, base = self._form, self._base

        def work(db: Database, there: Sequence[int]) -> Sequence[int]:
            for one in there:
                found = texts_of(store.get_example(db, one))
                if found != base:
                    raise _Changed(found)
                store.update_example(db, one, input=texts.input, output=texts.output, label=texts.label or None)
            return ()

        try:
            await self.screen.judge.record((key,), work, f"example {key} edited")
        except _Changed as other:
            self._base = other.texts
            if form is not None:
                form.say("⚠ it was changed elsewhere since you began; ctrl+j again puts your text in its place")
            return
        if self.key == key:
            self._base = texts
            self.drafts.pop(key, None)
            self.close()

    async def discard(self) -> None:
        """Throw unsaved text away, after asking."""
        from cockpit.screens.dialogs import Confirm

        screen = self.screen
        key = screen.listing.current if screen.listing.current in self.drafts else None
        if key not in self.drafts:
            screen.notify_plain("Everything typed here is saved.", timeout=3)
            return
        which = "the new example that you began" if key is None else f"your unsaved edit of example {key}"
        text = clip(one_line(self.drafts[key].texts.input), 200)
        dialog = Confirm("Throw it away?", f"This is {which}:\n\n{text}", yes="Throw away", no="Keep")
        if await screen.cockpit.push_screen_wait(dialog):
            self.drafts.pop(key, None)
            self.remember()
            screen.say(f"thrown away: {which}", undo=False)
            screen.listing.show()
            screen.look.draw()


class _Changed(Exception):
    """The example says something else than when typing began."""

    def __init__(self, texts: Texts) -> None:
        super().__init__("changed elsewhere")
        self.texts = texts


def _same(db: Database, project: int, text: str, but: int | None) -> tuple[list[Head], int]:
    """The heads of the first examples with the same input, and how many more there are."""
    ids = [one for one in store.find_duplicates(db, project, text) if one != but]
    heads = read_heads(db, ids[:SAME_NAMED])
    return [heads[one] for one in ids[:SAME_NAMED] if one in heads], max(len(ids) - SAME_NAMED, 0)
