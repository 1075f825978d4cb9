"""The example under the cursor in the Examples pane: texts, facts, tokens. Nothing is changed here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cockpit.core.errors import CockpitError, StoreError
from cockpit.core.tokens import Count
from cockpit.screens import examples_words as words
from cockpit.screens.examples_words import Tokens
from cockpit.screens.opened import plain_title
from cockpit.screens.stops_lines import Lines
from cockpit.store.example_list import Head, Whole, read_heads, read_whole
from widgets.text_view import TextView

if TYPE_CHECKING:
    from cockpit.core.examples import Example
    from cockpit.screens.examples import ExamplesScreen
    from cockpit.services import Services
    from cockpit.store.db import Database

SAME_NAMED = 4
REST_S = 0.03
"""A cursor that moves on within this time is not read after."""


class ExampleText(TextView):
    """A text in which `g` and `n` mean what they mean in the list."""

    def on_mount(self) -> None:
        """Leave the letters to the screen."""
        for key in ("g", "n", "N"):
            self._bindings.key_to_bindings.pop(key, None)


class FactLines(Lines):
    """Facts, in which `g` means what it means in the list."""

    def on_mount(self) -> None:
        """Leave the letter to the screen."""
        self._bindings.key_to_bindings.pop("g", None)


class Looking:
    """Reads the example under the cursor in a thread, and draws it."""

    def __init__(self, screen: ExamplesScreen) -> None:
        self.screen = screen
        self.whole: Whole | None = None
        self.model = ""
        """Whose tokens are counted; empty: the first of Play's."""
        self._same: Sequence[Head] = ()
        self._tokens: Tokens | None = None

    @property
    def example(self) -> Example | None:
        """The example under the cursor, once it is read."""
        whole = self.whole
        return whole.example if whole is not None and whole.example.id == self.screen.listing.current else None

    def look(self) -> None:
        """The cursor is on another example, or it changed."""
        self.screen.run_worker(self._look, group="look", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]

    async def _look(self) -> None:
        one = self.screen.listing.current
        if one is None:
            self.whole, self._same, self._tokens = None, (), None
            self.draw()
            return
        if self.whole is None or self.whole.example.id != one:
            await asyncio.sleep(REST_S)
        found = await self.screen.read(lambda db, project: _read(db, project, one), None)
        if found is None or self.screen.listing.current != one:
            return
        if self.whole is None or found[0].example != self.whole.example:
            self._tokens = None
        self.whole, self._same = found
        self.draw()
        await self._count()

    async def _count(self) -> None:
        """Count once the cursor rests: what is not counted yet is not shown as a guess."""
        whole, model = self.whole, self.model_name()
        if whole is None or (self._tokens is not None and self._tokens.model == model):
            return
        tokens = await asyncio.to_thread(count_texts, self.screen.services, model, whole.example)
        if self.whole is whole:
            self._tokens = tokens
            self.draw()

    def model_name(self) -> str:
        """Whose tokens are counted."""
        if self.model:
            return self.model
        from cockpit.screens.tokens_source import written_in

        models = written_in(self.screen.cockpit).draft.models
        return models[0] if models else ""

    def draw(self) -> None:
        """Texts and facts; what is scrolled stays scrolled where the text is the same."""
        screen, whole = self.screen, self.whole
        if not screen.is_attached:
            return
        texts = {"#input": "", "#output": ""}
        if whole is not None:
            texts = {"#input": whole.example.input, "#output": whole.example.output}
        for where, text in texts.items():
            view = screen.query_one(where, ExampleText)
            if view.text != text:
                view.show(text)
        tokens = self._tokens
        counts = (None, None) if tokens is None else (tokens.input, tokens.answer)
        for where, one in zip(("#input", "#output"), counts, strict=True):
            title = where[1:]
            if where == "#output" and whole is not None and not whole.example.output:
                title = "output: none, its label is shown instead" if whole.example.label else "output: none"
            box = screen.query_one(where)
            box.border_title = plain_title(title)
            box.border_subtitle = plain_title(words.tokens_words(one) if one is not None else "")
        unsaved = whole is not None and whole.example.id in screen.write.drafts
        now = screen.services.clock()
        lines = words.facts(whole, self._same, tokens, now, unsaved=unsaved) if whole is not None else []
        box = screen.query_one("#facts", FactLines)
        box.border_title = plain_title(f"example {whole.example.id}" if whole is not None else "facts")
        box.show(lines, keep_place=True)

    # Commands

    async def model_of(self) -> None:
        """Choose the model whose tokens are counted: one of Play's."""
        from cockpit.screens.pick import Choice, Pick
        from cockpit.screens.tokens_source import written_in

        screen = self.screen
        models = written_in(screen.cockpit).draft.models
        if not models:
            screen.notify_plain("Play has no model yet.")
            return
        hint = "These are the models chosen in Play."
        dialog = Pick("Tokens of", [Choice(name, name) for name in models], selected=self.model_name(), hint=hint)
        picked = await screen.cockpit.push_screen_wait(dialog)
        if picked:
            self.model, self._tokens = picked, None
            await self._count()

    async def history(self) -> None:
        """Everything that the example ever said."""
        from cockpit.screens.dialogs import ShowText

        whole = self.whole
        if whole is None or not whole.edits:
            self.screen.notify_plain("This example was never edited.", timeout=3)
            return
        await self.screen.cockpit.push_screen_wait(
            ShowText(f"Example {whole.example.id}: what it said", words.history_text(whole))
        )

    async def source(self) -> None:
        """The sample that it came from."""
        from cockpit.screens.sample import SampleScreen

        screen, example = self.screen, self.example
        sample = example.source.detail.get("sample") if example is not None else None
        if not isinstance(sample, int):
            said = words.source_words(example.source) if example is not None else "not known"
            screen.notify_plain(f"It came from no sample: {said}.", timeout=4)
            return
        await screen.cockpit.push_screen_wait(SampleScreen(screen.services, sample))

    def yank(self) -> None:
        """Copy the input and the output."""
        example = self.example
        if example is not None:
            self.screen.cockpit.copy_text(f"{example.input}\n\n{example.answer}", f"Example {example.id}")


def _read(db: Database, project: int, one: int) -> tuple[Whole, list[Head]] | None:
    try:
        whole = read_whole(db, project, one)
    except StoreError:
        return None
    heads = read_heads(db, whole.duplicates[:SAME_NAMED])
    return whole, [heads[id] for id in whole.duplicates[:SAME_NAMED] if id in heads]


def count_texts(services: Services, model: str, example: Example) -> Tokens:
    """The tokens of an example's two texts, each alone, without what a template puts around them. Blocks."""
    from cockpit.core.catalog import parse_model

    if not model:
        return Tokens("no model", problem="Play has none")
    try:
        choice = services.tokenizers.choose(str(parse_model(model, services.config.aliases)))
        tokenizer = services.tokenizers.get(choice.encoding)
        sizes = tokenizer.count(example.input), tokenizer.count(example.answer)
    except CockpitError as error:
        return Tokens(model, problem=error.sentence())
    how, exact = choice.encoding, choice.exact
    counts = [Count(size, exact, how, choice.error) for size in sizes]
    return Tokens(model, counts[0], counts[1])
