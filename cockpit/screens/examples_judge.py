"""What changes examples in the Examples pane, and takes changes back. Typing their texts is `examples_write`'s."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cockpit.core.errors import InputError, StoreError
from cockpit.core.examples import Example, Verdict
from cockpit.screens.examples_words import GLYPHS
from cockpit.screens.words import count, plural
from cockpit.store import examples as store
from cockpit.store.example_undo import Change, apply_change, change

if TYPE_CHECKING:
    from cockpit.screens.examples import ExamplesScreen
    from cockpit.store.db import Database

MOST_STEPS = 200
Work = Callable[["Database", int], None]


@dataclass(frozen=True, slots=True)
class Step:
    """A change that was made, and what it was in words."""

    said: str
    change: Change

    @property
    def ids(self) -> list[int]:
        """The examples that it was about."""
        return list(self.change.before)


class Judging:
    """Verdicts, words about examples, removal; one change at a time, in the order of the keys."""

    def __init__(self, screen: ExamplesScreen) -> None:
        self.screen = screen
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._lock = asyncio.Lock()
        self._last: int | None = None
        """The example that got the last verdict."""
        self._reasoned: set[int] = set()
        """Those whose reason was typed since their last verdict: the next verdict keeps it."""

    @property
    def can_undo(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether anything was taken back."""
        return bool(self._undone)

    def targets(self) -> list[int]:
        """The marked examples, else the one under the cursor."""
        listing = self.screen.listing
        return listing.marked or ([listing.current] if listing.current is not None else [])

    # Verdicts

    async def gold(self) -> None:
        """Worth showing to a model."""
        await self._verdict("gold")

    async def candidate(self) -> None:
        """Still to be judged."""
        await self._verdict("candidate")

    async def rejected(self) -> None:
        """Not to be shown."""
        await self._verdict("rejected")

    async def _verdict(self, verdict: Verdict) -> None:
        """The cursor goes on before anything is written, so that the next key is for the next example."""
        screen, ids = self.screen, self.targets()
        if not ids:
            return
        was_marked, kept = bool(screen.listing.rows.marked), self._reasoned & set(ids)
        self._last, self._reasoned = ids[-1], self._reasoned - set(ids)
        screen.listing.rows.clear_marks()
        screen.listing.expect(ids, verdict)
        went_on = screen.listing.to_next(ids) if not was_marked else True

        def work(db: Database, one: int) -> None:
            old = store.get_example(db, one)
            reason = None if old.verdict == verdict or one in kept else ""
            store.update_example(db, one, verdict=verdict, reason=reason)

        glyph, _, word = GLYPHS[verdict]
        await self.change(ids, work, f"{_named(ids)} {glyph} {word}", after="" if went_on else "nothing left to judge")

    # Words about examples

    async def reason(self) -> None:
        """Why the verdict."""
        await self._ask_reason(self.targets())

    async def reason_last(self) -> None:
        """Why the last verdict."""
        if self._last is None:
            self.screen.notify_plain("Nothing was judged yet in this session.", timeout=3)
            return
        await self._ask_reason([self._last])

    async def _ask_reason(self, ids: list[int]) -> None:
        text = await self._ask(ids, "Reason", lambda e: e.reason, "Why the verdict; the next verdict keeps it.")
        if text is not None:
            self._reasoned |= set(ids)
            await self.change(ids, lambda db, one: store.update_example(db, one, reason=text), f"{_named(ids)}: reason")

    async def note(self) -> None:
        """Anything worth knowing."""
        ids = self.targets()
        text = await self._ask(ids, "Note", lambda e: e.note)
        if text is not None:
            await self.change(ids, lambda db, one: store.update_example(db, one, note=text), f"{_named(ids)}: note")

    async def label(self) -> None:
        """The class."""
        ids = self.targets()
        text = await self._ask(ids, "Label", lambda e: e.label or "", "Its class; empty takes it away.")
        if text is not None:
            put = text or None
            await self.change(ids, lambda db, one: store.update_example(db, one, label=put), f"{_named(ids)}: label")

    async def group(self) -> None:
        """What ties it to others."""
        ids = self.targets()
        why = "Examples of one group (an author, a template) stay on one side of every split; empty takes it away."
        text = await self._ask(ids, "Group", lambda e: e.group or "", why)
        if text is not None:
            put = text or None
            await self.change(ids, lambda db, one: store.update_example(db, one, group=put), f"{_named(ids)}: group")

    async def tags(self) -> None:
        """Tags: replaced for one, added and taken away for several."""
        ids = self.targets()
        several = len(ids) > 1
        why = "Tags to add, with spaces between; -tag takes one away." if several else "With spaces between."
        text = await self._ask(ids, "Tags", lambda e: " ".join(e.tags), why, fill=not several)
        if text is None:
            return
        typed = text.replace(",", " ").split()

        def work(db: Database, one: int) -> None:
            old = store.get_example(db, one).tags if several else ()
            gone = {tag[1:] for tag in typed if tag.startswith("-")}
            new = [*old, *(tag for tag in typed if not tag.startswith("-"))]
            store.update_example(db, one, tags=[tag for tag in new if tag not in gone])

        await self.change(ids, work, f"{_named(ids)}: tags")

    async def _ask(
        self, ids: Sequence[int], title: str, value: Callable[[Example], str], why: str = "", *, fill: bool = True
    ) -> str | None:
        """A line of text for these examples, beginning with what they share; None if dismissed."""
        from cockpit.screens.dialogs import Ask

        if not ids:
            return None
        found = await self.screen.read(lambda db, _: _values(db, ids, value), set[str]())
        first = next(iter(found)) if len(found) == 1 and fill else ""
        differ = "They differ now; what you type replaces each." if len(found) > 1 and fill else ""
        prompt = " ".join(part for part in (why, differ) if part)
        return await self.screen.cockpit.push_screen_wait(Ask(f"{title}: {_named(ids)}", prompt=prompt, value=first))

    async def remove(self) -> None:
        """Take examples out of the project; sets keep what they froze."""
        ids = self.targets()
        if ids:
            await self.change(ids, lambda db, one: store.set_verdict(db, one, None), f"{_named(ids)} removed")

    # Changing, and taking back

    async def change(self, ids: Sequence[int], work: Work, said: str, *, after: str = "") -> None:
        """Change each of the examples, in one transaction, and say so."""

        def each(db: Database, there: Sequence[int]) -> Sequence[int]:
            for one in there:
                work(db, one)
            return ()

        await self.record(ids, each, said, after=after)

    async def record(
        self,
        ids: Sequence[int],
        work: Callable[[Database, Sequence[int]], Sequence[int]],
        said: str,
        *,
        after: str = "",
    ) -> list[int]:
        """Write a change that can be taken back; the ids it made. `work` is as `change` of the store has it."""
        screen = self.screen
        async with self._lock:
            try:
                done = await screen.services.store.write(
                    lambda db: change(db, ids, lambda there: work(db, there)),
                )
            except Exception:
                screen.listing.reload()
                raise
            gone = [one for one in ids if one not in done.before]
            if not done.empty:
                self._done = [*self._done[-MOST_STEPS + 1 :], Step(said, done)]
                self._undone.clear()
            tail = f"{plural(len(gone), 'of them was', 'of them were')} gone already" if gone else after
            screen.say(" · ".join(part for part in (said, tail) if part), undo=not done.empty)
            made = [one for one in done.before if done.before[one] is None]
            await self._show(done, at=made[0] if made else None)
            return made

    async def undo(self) -> None:
        """Take the last change back."""
        await self._replay(self._done, self._undone, back=True)

    async def redo(self) -> None:
        """Make the change again that was taken back last."""
        await self._replay(self._undone, self._done, back=False)

    async def _replay(self, taken: list[Step], put: list[Step], *, back: bool) -> None:
        screen = self.screen
        async with self._lock:
            if not taken:
                screen.notify_plain("Nothing to take back." if back else "Nothing was taken back.", timeout=3)
                return
            step = taken.pop()
            how = step.change.reversed() if back else step.change
            try:
                await screen.services.store.write(lambda db: apply_change(db, how))
            except StoreError:
                taken.append(step)
                raise
            except InputError as error:
                screen.listing.reload()
                screen.notify_plain(f"{step.said}: cannot be {'undone' if back else 'done again'}. {error.sentence()}")
                return
            put.append(step)
            left = f" · {count(len(taken))} more" if taken else ""
            screen.say(f"{'undone' if back else 'done again'}: {step.said}{left}", undo=False)
            await self._show(how, at=step.ids[0])

    async def _show(self, done: Change, *, at: int | None) -> None:
        """Rows come or go only where examples do; else only what they say is read again."""
        listing = self.screen.listing
        moved = any((state is None) != (done.after[one] is None) for one, state in done.before.items())
        if moved:
            gone: Any = {one for one, state in done.after.items() if state is None}
            listing.rows.marked -= gone
            await listing.read(at)
        else:
            await listing.touched(done.before)
            if at is not None:
                listing.go_to(at)


def _values(db: Database, ids: Sequence[int], value: Callable[[Example], str]) -> set[str]:
    """What the examples say, up to two different things."""
    found: set[str] = set()
    for one in ids:
        try:
            found.add(value(store.get_example(db, one)))
        except StoreError:
            continue
        if len(found) > 1:
            break
    return found


def _named(ids: Sequence[int]) -> str:
    """'example 12', '3 examples'."""
    return f"example {ids[0]}" if len(ids) == 1 else plural(len(ids), "example")
