"""What the Tokens pane looks at and with which tokenizers: state, and the worker that follows it. It draws nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cockpit.core.errors import CockpitError
from cockpit.screens import tokens_source as source
from cockpit.screens.tokens_follow import Following
from cockpit.screens.tokens_read import Ask
from cockpit.screens.tokens_source import Part, Subject
from cockpit.screens.tokens_words import ids_json

if TYPE_CHECKING:
    from cockpit.core.tokens import Count
    from cockpit.screens.tokens import TokensScreen

KEPT_SCRATCH = 200_000
"""Characters of a scratch text that are kept between sessions."""


class Looking:
    """The state of the pane. Every change asks for a new reading; the newest wins, and none blocks the screen."""

    def __init__(self, screen: TokensScreen) -> None:
        self.screen = screen
        self.kind: source.Kind = "prompt"
        self.path = ""
        self.sample_id: int | None = None
        self.scratch = ""
        self.chosen = ""
        """'model:…' or 'encoding:…'; empty: Play's first model, or the one that gave the sample."""
        self.second = ""
        self.row = 0
        self.ids_on = False
        self.template_on = False
        self.follow = Following(screen)
        self.subject = Subject("prompt", "", ())
        self.asked: Count | None = None
        """What a server counted for the text shown."""
        self.sample_model = ""
        """The model that gave the shown sample."""

    # What is shown

    def take(self) -> None:
        """Look at the subject as it is now."""
        match self.kind:
            case "prompt":
                written = source.written_in(self.screen.cockpit)
                self.row = max(min(self.row, len(written.draft.rows()) - 1), 0)
                self._take(source.prompt_subject(written, self.row))
            case "scratch":
                self._take(source.scratch_subject(self.scratch))
            case _:
                self.screen.run_worker(self._fetch(), group="fetch", exclusive=True, exit_on_error=False)

    async def _fetch(self) -> None:
        """Read the file, or the stored sample."""
        try:
            if self.kind == "file":
                self._take(await asyncio.to_thread(source.file_subject, self.path))
            elif self.sample_id is not None:
                sample = await asyncio.to_thread(self._sample, self.sample_id)
                self.sample_model = sample.model
                self._take(source.sample_subject(sample))
        except CockpitError as error:
            self.screen.cockpit.report(error)
            self.show("prompt")

    def _sample(self, sample_id: int) -> Any:
        from cockpit.store.samples import get_sample

        return get_sample(self.screen.services.store.read(), sample_id).sample

    def show(self, kind: source.Kind) -> None:
        """Look at another subject."""
        self.kind, self.template_on = kind, False
        self.sample_model = ""
        self.screen.set_class(kind == "scratch", "-scratch")
        self.take()

    def _take(self, subject: Subject) -> None:
        if subject != self.subject:
            self.asked = None
        self.subject = subject
        if self.template_on and subject.version is not None:
            self.screen.run_worker(self._render(subject), group="template", exclusive=True, exit_on_error=False)
        else:
            self.follow.want(Ask(subject, self.first_name(), self.second))

    async def _render(self, subject: Subject) -> None:
        """The prompt as the chat template renders it."""
        from cockpit.tokenizers.count import chat_template

        model = self.model_name()
        rendered = None
        if model and subject.version is not None:
            rendered = await chat_template(self.screen.services, model, subject.version)
        if rendered is None:
            self.template_on = False
            name = model.rpartition(":")[2] or "an encoding"
            self.screen.notify_plain(f"No chat template is known for {name}.", severity="warning")
            self.follow.want(Ask(subject, self.first_name(), self.second))
            return
        sure = "" if rendered.exact else ", not exact"
        part = Part("template", "template", rendered.text)
        shown = replace(subject, parts=(part,), note=f"chat template: {rendered.source}{sure}")
        self.follow.want(Ask(shown, self.first_name(), self.second, special=True, exact=rendered.exact))

    def first_name(self) -> str:
        """Whose tokens are shown: what was chosen, else the sample's model, else Play's first."""
        if self.chosen:
            return self.chosen
        models = (self.sample_model,) if self.sample_model else source.written_in(self.screen.cockpit).draft.models
        return f"model:{models[0]}" if models else "encoding:o200k_base"

    def model_name(self) -> str:
        """The model chosen; empty where an encoding is."""
        kind, _, name = self.first_name().partition(":")
        return name if kind == "model" else ""

    # Actions

    async def model(self) -> None:
        """Choose whose tokens are shown."""
        from cockpit.screens.tokens_go import ask_tokenizer

        picked = await ask_tokenizer(self.screen, "Whose tokens", self.first_name())
        if picked is not None:
            self.chosen = picked
            self.take()

    async def beside(self) -> None:
        """A second tokenizer beside the first, or none."""
        from cockpit.screens.tokens_go import ask_tokenizer

        if self.second:
            self.second = ""
            self.take()
            return
        picked = await ask_tokenizer(self.screen, "Beside it", "", but=self.first_name())
        if picked is not None:
            self.second = picked
            self.take()

    def ids(self) -> None:
        """Ids, or none."""
        self.ids_on = not self.ids_on
        self.screen.draw.ids(on=self.ids_on)

    def template(self) -> None:
        """The chat template, or the texts."""
        if self.subject.version is None:
            self.screen.notify_plain("Only a prompt is rendered by a chat template.")
            return
        self.template_on = not self.template_on
        self.take()

    async def ask(self) -> None:
        """Let the provider count the request."""
        if not self.model_name() or self.subject.version is None:
            self.screen.notify_plain("A provider counts a prompt for one of its models: choose a model (m).")
            return
        await self.let_count(only_exact=False)

    async def let_count(self, *, only_exact: bool) -> None:
        """Show the provider's count of the request; with `only_exact` nothing where it gives none."""
        from cockpit.tokenizers.count import count_request

        model, subject = self.model_name(), self.subject
        if not model or subject.version is None:
            return
        params = source.written_in(self.screen.cockpit).draft.params
        counted = await count_request(self.screen.services, model, subject.version, params)
        if subject == self.subject and model == self.model_name() and (counted.exact or not only_exact):
            self.asked = counted
            if self.follow.reading is not None:
                self.screen.draw.totals(self.follow.reading, self.follow.facts)

    def before(self) -> None:
        """The input before."""
        self._step(-1)

    def after(self) -> None:
        """The input after."""
        self._step(1)

    def _step(self, by: int) -> None:
        rows = len(source.written_in(self.screen.cockpit).draft.rows())
        if self.kind != "prompt" or rows < 2:
            self.screen.notify_plain("There is one input only: u in Play reads a file of them.")
            return
        self.row = (self.row + by) % rows
        self.take()

    def yank(self) -> None:
        """Copy the text."""
        text = "\n\n".join(part.text for part in self.subject.parts)
        self.screen.cockpit.copy_text(text, "Text")

    def yank_ids(self) -> None:
        """Copy the ids."""
        if self.follow.reading is not None:
            self.screen.cockpit.copy_text(ids_json(self.follow.reading.lanes[0]), "Token ids")

    # Between sessions

    def to_json(self) -> dict[str, Any]:
        """What to remember."""
        kept = self.scratch if len(self.scratch) <= KEPT_SCRATCH else ""
        return {
            "kind": self.kind,
            "path": self.path,
            "sample": self.sample_id,
            "scratch": kept,
            "chosen": self.chosen,
            "second": self.second,
            "ids": self.ids_on,
            "row": self.row,
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take up what `to_json` gave, as far as it can be read."""
        texts = {
            name: value for name in ("path", "scratch", "chosen", "second") if isinstance(value := data.get(name), str)
        }
        for name, value in texts.items():
            setattr(self, name, value)
        sample, row = data.get("sample"), data.get("row")
        self.sample_id = sample if isinstance(sample, int) else None
        self.row = row if isinstance(row, int) and row >= 0 else 0
        self.ids_on = data.get("ids") is True
        kind = data.get("kind")
        can = {"scratch": True, "file": bool(self.path), "sample": self.sample_id is not None}
        if isinstance(kind, str) and can.get(kind):
            self.kind = kind  # type: ignore[assignment]
