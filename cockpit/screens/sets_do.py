"""What the keys of a set's screen do to it: order, members, template, saving. It draws nothing but dialogs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.core.example_block import render_block
from cockpit.core.examples import Example
from cockpit.core.wish import Wish
from cockpit.screens import sets_draft as draft
from cockpit.screens.dialogs import Ask, Choice, Confirm, Pick, PickMany, ShowText
from cockpit.screens.sets_read import read_now, read_others, save
from cockpit.screens.sets_template import TemplateForm
from cockpit.screens.sets_words import VERDICTS
from cockpit.screens.words import one_line, plural

if TYPE_CHECKING:
    from cockpit.core.examples import TemplateKind
    from cockpit.screens.sets_edit import SetScreen

KIND_WORDS: dict[TemplateKind, str] = {
    "pairs": "Input: … and Output: … in one text, where {{examples}} stands",
    "turns": "a user and an assistant turn each, before the last user turn",
    "xml": "<input>…</input> and <output>…</output>, where {{examples}} stands",
    "custom": "your own text around {{input}}, {{output}} and {{label}}",
}
HEAD = 48


def place_of(state: draft.State, key: int | None) -> int | None:
    """Where an item stands (from 0); None where it does not."""
    return next((at for at, item in enumerate(state.items) if item.key == key), None)


class Doing:
    """The commands of a set's screen, by name."""

    def __init__(self, screen: SetScreen) -> None:
        self.screen = screen

    async def run(self, name: str) -> None:
        """Carry out the command of that name."""
        match name:
            case "up" | "down":
                self._step(-1 if name == "up" else 1)
            case "undo" | "redo":
                self._turn(name)
            case "model_before" | "model_after":
                self._model(-1 if name == "model_before" else 1)
            case "spaces":
                self.screen.marks_shown = not self.screen.marks_shown
                self.screen.show_here()
            case "edit":
                self._edit()
            case "remove":
                self._remove()
            case "mark_all":
                self._mark_all()
            case "copy":
                state = self.screen.state
                self.screen.cockpit.copy_text(render_block(state.examples, state.template), "Block")
            case "read":
                await self._read()
            case "discard":
                self._discard()
            case _:
                await self._ask(name)

    async def _ask(self, name: str) -> None:
        match name:
            case "add":
                await self._add()
            case "add_gold":
                await self._add_gold()
            case "move_to":
                await self._move_to()
            case "shuffle":
                await self._shuffle()
            case "kind":
                await self._kind()
            case "renew":
                await self._renew()
            case "save":
                await self._save()
            case "use":
                await self._use()
            case "versions":
                await self._versions()

    # Order and members

    def _change(self, name: str, state: draft.State, cursor: int | None = None) -> bool:
        if not self.screen.editing.change(name, state):
            return False
        self.screen.settle(cursor=cursor)
        return True

    def _here(self) -> int | None:
        row = self.screen.rows.current
        return row.key if row is not None and isinstance(row.key, int) else None

    def _step(self, by: int) -> None:
        chosen, here = self.screen.chosen(), self._here()
        state = draft.move(self.screen.state, chosen, by)
        self._change(f"moving {plural(len(chosen), 'example')}", state, place_of(state, here))

    async def _move_to(self) -> None:
        chosen, screen = self.screen.chosen(), self.screen
        if not chosen:
            return
        last = len(screen.state.items)
        what = plural(len(chosen), "example")

        def check(text: str) -> str:
            fits = text.strip().isdecimal() and 1 <= int(text) <= last
            return "" if fits else f"A place from 1 to {last}."

        text = await screen.app.push_screen_wait(Ask(f"Move {what} to place", placeholder=f"1 to {last}", check=check))
        if text:
            here = self._here()
            state = draft.move_to(screen.state, chosen, int(text))
            self._change(f"moving {what}", state, place_of(state, here))

    def _remove(self) -> None:
        chosen, screen = self.screen.chosen(), self.screen
        if not chosen:
            return
        at = min((place_of(screen.state, key) or 0 for key in chosen), default=0)
        state = draft.remove(screen.state, chosen)
        screen.rows.clear_marks()
        self._change(f"removing {plural(len(chosen), 'example')}", state, min(at, max(len(state.items) - 1, 0)))
        screen.notify_plain(
            f"{plural(len(chosen), 'example')} left the set; {screen.key('undo')} brings back.", timeout=3
        )

    def add_examples(self, examples: Sequence[Example]) -> None:
        """Put these at the end, those that are in the set already left out; say what came of it."""
        screen = self.screen
        before = len(screen.state.items)
        state = draft.add(screen.state, examples)
        added = len(state.items) - before
        twice = len(examples) - added
        said = f"{plural(added, 'example')} added at the end"
        said += f"; {plural(twice, 'example')} already there." if twice else "."
        screen.now.update({one.id: one for one in examples if one.id is not None})
        self._change(f"adding {plural(added, 'example')}", state, before if added else None)
        screen.notify_plain(said, timeout=4)

    async def _others(self) -> list[Example]:
        screen = self.screen
        ids = {one.id for one in screen.state.examples if one.id is not None}
        return await asyncio.to_thread(read_others, screen.services, screen.cockpit.project, ids)

    async def _add(self) -> None:
        others = await self._others()
        if not others:
            self.screen.notify_plain("Every example that is not rejected is in the set already.")
            return
        choices = [
            Choice(
                str(one.id),
                one_line(one.input, HEAD),
                f"→ {one_line(one.answer, HEAD)}",
                f"{VERDICTS[one.verdict][0]} {one.verdict}",
            )
            for one in others
        ]
        hint = f"{plural(len(others), 'example')} not in the set, gold first. They go to its end."
        picked = await self.screen.app.push_screen_wait(PickMany("Add examples", choices, hint=hint))
        if picked:
            wanted = set(picked)
            self.add_examples([one for one in others if str(one.id) in wanted])

    async def _add_gold(self) -> None:
        gold = [one for one in await self._others() if one.verdict == "gold"]
        if gold:
            self.add_examples(gold)
        else:
            self.screen.notify_plain("Every gold example is in the set already.")

    async def _shuffle(self) -> None:
        screen = self.screen
        if len(screen.state.items) < 2:
            return

        def check(text: str) -> str:
            return "" if text.strip().lstrip("-").isdecimal() else "A whole number, such as 0."

        prompt = "The same seed gives the same order on any machine, here and in Fill."
        text = await screen.app.push_screen_wait(Ask("Shuffle by seed", prompt=prompt, value="0", check=check))
        if text:
            seed = int(text)
            if self._change(f"shuffling by seed {seed}", draft.shuffle(screen.state, seed), 0):
                screen.notify_plain(f"In the order of seed {seed}; {screen.key('undo')} brings the old order back.")
            else:
                screen.notify_plain(f"They are in the order of seed {seed} already.")

    async def _renew(self) -> None:
        screen = self.screen
        screen.now = await asyncio.to_thread(read_now, screen.services, screen.cockpit.project, screen.state)
        n = sum(draft.differs(item, screen.now) for item in screen.state.items)
        if n:
            self._change(f"taking {plural(n, 'edit')}", draft.renew(screen.state, screen.now))
            screen.notify_plain(f"{plural(n, 'example')} now with the text as it was edited.")
        else:
            screen.notify_plain("No example was edited since it was put into the set.")

    def _turn(self, name: str) -> None:
        editing, here = self.screen.editing, self._here()
        done = editing.undo() if name == "undo" else editing.redo()
        if done:
            self.screen.settle(cursor=place_of(editing.state, here))
            self.screen.notify_plain(f"{'Taken back' if name == 'undo' else 'Done again'}: {done}.", timeout=3)
        else:
            self.screen.notify_plain(f"Nothing to {'take back' if name == 'undo' else 'do again'}.", timeout=2)

    def _mark_all(self) -> None:
        rows, keys = self.screen.rows, {item.key for item in self.screen.state.items}
        if keys <= rows.marked:
            rows.clear_marks()
        else:
            rows.marked |= keys
            rows.refresh()

    # Template, counts, reading

    async def _kind(self) -> None:
        screen = self.screen
        now = screen.state.template.kind
        choices = [Choice(kind, kind, KIND_WORDS[kind]) for kind in draft.KINDS]
        picked = await screen.app.push_screen_wait(Pick("Template", choices, selected=now))
        kind = next((one for one in draft.KINDS if one == picked), None)
        if kind is not None and kind != now:
            state = draft.State(screen.state.items, draft.turn_to(kind, screen.templates))
            self._change(f"the template {kind}", state)

    def _edit(self) -> None:
        first = self.screen.query_one(TemplateForm).first_part()
        if first is None:
            self.screen.notify_plain(f"Turns have nothing to type; {self.screen.key('kind')} chooses another template.")
            return
        self.screen.set_class(True, "-template")
        self.screen.call_after_refresh(first.focus)

    def _model(self, by: int) -> None:
        screen = self.screen
        if len(screen.models) < 2:
            screen.notify_plain("There is one model only in Play.", timeout=2)
            return
        screen.column = (screen.column + by) % len(screen.models)
        screen.counted()

    async def _read(self) -> None:
        at, state = self.screen.rows.cursor, self.screen.state
        if at < len(state.items):
            one = state.items[at].example
            label = "" if one.label is None else f"\n\nlabel\n{one.label}"
            text = f"input\n{one.input}\n\noutput\n{one.output}{label}"
            await self.screen.app.push_screen_wait(ShowText(f"Number {at + 1} of {self.screen.name_of_set}", text))

    # Versions

    def _discard(self) -> None:
        screen, base = self.screen, self.screen.editing.base
        if not screen.editing.changed:
            screen.notify_plain("There is nothing unsaved.", timeout=2)
            return
        state = draft.State() if base is None else draft.state_of(base)
        self._change("the return to what was saved", state, 0)
        was = "empty" if base is None else f"as v{base.number} has it"
        screen.notify_plain(f"The set is {was}; {screen.key('undo')} brings the changes back.")

    async def _save(self) -> bool:
        """Save what is there; whether it is saved now."""
        screen, editing = self.screen, self.screen.editing
        problem = draft.problem_of(editing.state.template)
        if not editing.state.items:
            problem = "A set without examples is not saved."
        if problem:
            screen.notify_plain(problem, title="Not saved", severity="warning")
            return False
        if not editing.changed and editing.base is not None:
            screen.notify_plain(f"Nothing has changed since v{editing.base.number}.", timeout=3)
            return True
        state, project, name = editing.state, screen.cockpit.project, screen.name_of_set
        saved = await screen.services.store.write(lambda db: save(db, project, name, state))
        editing.saved(saved, state)
        screen.settle()
        screen.keep()
        screen.notify_plain(f"{name} v{saved.number} is saved: {plural(len(saved.examples), 'example')}.")
        return True

    async def _use(self) -> None:
        screen, editing = self.screen, self.screen.editing
        if editing.changed or editing.base is None:
            number = 1 if editing.base is None else editing.base.number + 1
            question = f"Play sends saved versions. Save this as v{number} first?"
            dialog = Confirm("Not saved", question, yes="Save", no="Stay", enter_means_yes=True)
            if not await screen.app.push_screen_wait(dialog) or not await self._save():
                return
        if editing.base is not None:
            from cockpit.screens.play_shots import put_set

            await put_set(screen.cockpit, screen.name_of_set, editing.base.number, Wish())

    async def _versions(self) -> None:
        from cockpit.screens.sets_versions import SetVersionsScreen

        screen = self.screen
        if screen.editing.base is None:
            screen.notify_plain(f"Nothing is saved yet: {screen.key('save')} saves the first version.")
            return
        now = draft.snapshot(screen.editing)
        chosen = await screen.app.push_screen_wait(SetVersionsScreen(screen.services, screen.name_of_set, now))
        if chosen is None:
            return
        if self._change(f"restoring v{chosen.number}", draft.state_of(chosen), 0):
            screen.notify_plain(f"v{chosen.number} is here; {screen.key('save')} saves it as a new version.")
        else:
            screen.notify_plain(f"The set is as v{chosen.number} has it already.")
