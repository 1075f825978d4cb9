"""What a person does with the sample under the cursor: yank, mark, tag, note, look at other inputs. Sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.core.keys import SampleKey
from cockpit.screens.play_archive import flags

if TYPE_CHECKING:
    from cockpit.core.live import LiveSample
    from cockpit.screens.play import PlayScreen
    from cockpit.store.samples import SampleRow


class Reading:
    """The actions of the commands in the group 'Samples'."""

    def __init__(self, screen: PlayScreen) -> None:
        self.screen = screen

    def focus(self) -> None:
        """Move among the samples."""
        self.screen.set_focus(self.screen.wall)

    def zoom(self) -> None:
        """One column over the whole width, or all again."""
        self.screen.wall.toggle_zoom()

    def before(self) -> None:
        """The samples of the input before."""
        self._turn_to(-1)

    def after(self) -> None:
        """The samples of the input after."""
        self._turn_to(1)

    def _turn_to(self, by: int) -> None:
        fold = self.screen.flights.fold
        if fold is None or fold.inputs < 2:
            self.screen.notify_plain("This run has one input. u chooses a file of inputs.")
            return
        fold.input = (fold.input + by) % fold.inputs
        self.screen.flights.show_fold()

    def yank(self) -> None:
        """Copy the marked samples' texts, or the text of the one under the cursor."""
        live = self.screen.flights.current_run()
        marked = [key for key in self.screen.wall.marked if isinstance(key, SampleKey)]
        if live is not None and marked:
            texts = [live.samples[key].text for key in sorted(marked)]
            self.screen.cockpit.copy_text("\n\n".join(texts), f"{len(texts)} samples")
            return
        sample = self._here()
        if sample is not None:
            self.screen.cockpit.copy_text(sample.text, "the sample")

    def gold(self) -> None:
        """Ask what to make of the marked samples, or of the one under the cursor, as examples."""
        from cockpit.screens.keep_open import ask_keep

        marked = sorted(key for key in self.screen.wall.marked if isinstance(key, SampleKey))
        here = self._here() if not marked else None
        keys = marked if marked else [here.key] if here is not None else []
        ids = [one for key in keys if (one := self.screen.flights.sample_id(key)) is not None]
        if not ids:
            if keys:
                self.screen.notify_plain("They are not finished yet." if marked else "This sample is not finished yet.")
            return

        async def then(changed: bool) -> None:
            if changed:
                await self.screen.archive.read_flags(keys)

        ask_keep(self.screen, ids, then=then)

    async def tag(self) -> None:
        """Ask for a tag; one the sample has already is taken away."""
        from cockpit.screens.dialogs import Ask
        from cockpit.store import marks

        row = self._row()
        if row is None or row.sample.id is None:
            return
        has = f"It has: {', '.join(row.tags)}. The same name again takes a tag away." if row.tags else ""
        name = await self.screen.cockpit.push_screen_wait(
            Ask("Tag the sample", prompt=has, placeholder="hallucination")
        )
        if not name or not name.strip():
            return
        sample_id, name = row.sample.id, name.strip()
        change = marks.untag if name in row.tags else marks.tag
        await self.screen.services.store.write(lambda db: change(db, sample_id, name))
        self._refresh_flags(row.sample.key)

    async def note(self) -> None:
        """Ask for a note; an empty one removes it."""
        from cockpit.screens.dialogs import Ask
        from cockpit.store import marks

        row = self._row()
        if row is None or row.sample.id is None:
            return
        sample_id = row.sample.id
        text = await self.screen.cockpit.push_screen_wait(Ask("Note on the sample", value=row.note))
        if text is None:
            return
        await self.screen.services.store.write(lambda db: marks.set_sample_note(db, sample_id, text))
        self._refresh_flags(row.sample.key)

    def _here(self) -> LiveSample | None:
        sample = self.screen.flights.current_sample()
        if sample is None:
            self.screen.notify_plain("There is no sample under the cursor yet. Send the prompt first.")
        return sample

    def _row(self) -> SampleRow | None:
        """The stored sample under the cursor; says so where it is not stored yet."""
        from cockpit.store import samples

        sample = self._here()
        if sample is None:
            return None
        sample_id = self.screen.flights.sample_id(sample.key)
        if sample_id is None:
            self.screen.notify_plain("This sample is not finished yet.")
            return None
        return samples.get_sample(self.screen.services.store.read(), sample_id)

    def _refresh_flags(self, key: SampleKey) -> None:
        row = self._row()
        if row is not None:
            self._show_flags(key, flags(row.verdict, tagged=bool(row.tags), noted=bool(row.note)))

    def _show_flags(self, key: SampleKey, shown: str) -> None:
        fold = self.screen.flights.fold
        if fold is not None and key in fold.live.samples:
            fold.flags[key] = shown
            fold.live.touch(fold.live.samples[key])
            self.screen.flights.flush()
