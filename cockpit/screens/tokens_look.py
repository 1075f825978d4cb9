"""What the Tokens pane looks at and with which tokenizers: state, and the worker that follows it. It draws nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cockpit.core.errors import CockpitError
from cockpit.screens import tokens_source as source
from cockpit.screens.tokens_read import Ask, Chosen, Reader, Reading, SectionCount, count_sections
from cockpit.screens.tokens_source import Part, Subject
from cockpit.screens.tokens_words import Run, ids_json

if TYPE_CHECKING:
    from cockpit.core.checks import Finding
    from cockpit.core.tokens import Count
    from cockpit.screens.play_look import Looker
    from cockpit.screens.tokens import TokensScreen

KEPT_SCRATCH = 200_000
"""Characters of a scratch text that are kept between sessions."""
CHECKED = 200_000
"""Characters of a text that the checks still look at."""
REST_S = 0.15


@dataclass(frozen=True, slots=True)
class Facts:
    """What follows from a reading once typing rests: sections, findings, what the planned run costs."""

    sections: tuple[SectionCount, ...]
    findings: tuple[Finding, ...] | None = None
    """None: this text is not checked."""
    run: Run | None = None


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
        self.subject = Subject("prompt", "", ())
        self.reading: Reading | None = None
        self.facts: Facts | None = None
        self.asked: Count | None = None
        """What a server counted for the text shown."""
        self.sample_model = ""
        """The model that gave the shown sample."""
        self._wanted: Ask | None = None
        self._reads = False
        self._reader: Reader | None = None
        self._looker: Looker | None = None

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
            self._want(Ask(subject, self.first_name(), self.second))

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
            self._want(Ask(subject, self.first_name(), self.second))
            return
        sure = "" if rendered.exact else ", not exact"
        part = Part("template", "template", rendered.text)
        shown = replace(subject, parts=(part,), note=f"chat template: {rendered.source}{sure}")
        self._want(Ask(shown, self.first_name(), self.second, special=True, exact=rendered.exact))

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

    # The worker

    def _want(self, ask: Ask) -> None:
        self._wanted = ask
        if not self._reads:
            self._reads = True
            self.screen.run_worker(self._read(), group="read", exit_on_error=False)

    async def _read(self) -> None:
        """Follow what is wanted until nothing newer is; then work out what can wait."""
        try:
            while (ask := self._wanted) is not None:
                self._wanted = None
                await self._read_one(ask)
                if self._wanted is None:
                    await asyncio.sleep(REST_S)
                if self._wanted is None and self.reading is not None and self.reading.ask is ask:
                    await self._work_out(self.reading)
        finally:
            self._reads = False

    async def _read_one(self, ask: Ask) -> None:
        screen = self.screen
        if self._reader is None:
            self._reader = Reader(screen.services)
        try:
            names = [name for name in (ask.first, ask.second) if name]
            chosen = [await asyncio.to_thread(self._reader.choose, name) for name in names]
            await self._say_loading(chosen)
            reading = await asyncio.to_thread(self._reader.read, ask, chosen)
        except CockpitError as error:
            screen.show_trouble(error.sentence())
            return
        self.reading = reading
        screen.show_reading(reading, self.facts if self.facts is not None else None)

    async def _say_loading(self, chosen: list[Chosen]) -> None:
        tokenizers = self.screen.services.tokenizers
        waiting = [each.choice.encoding for each in chosen if tokenizers.loaded(each.choice.encoding) is None]
        if waiting:
            self.screen.show_loading(waiting)

    async def _work_out(self, reading: Reading) -> None:
        facts = await asyncio.to_thread(self._facts, reading)
        if self.reading is reading:
            self.facts = facts
            self.screen.show_facts(reading, facts)

    def _facts(self, reading: Reading) -> Facts:
        """In a thread: what can wait for a rest in typing."""
        from cockpit.screens.tokens_run import find_run, findings_of

        if self._looker is None:
            from cockpit.screens.play_look import Looker

            self._looker = Looker(self.screen.services, self.screen.cockpit.project)
        lane, subject = reading.lanes[0], reading.ask.subject
        draft = source.written_in(self.screen.cockpit).draft
        size = sum(len(part.text) for part in subject.parts)
        checked = subject.version is not None and not reading.ask.special and 0 < size <= CHECKED
        return Facts(
            count_sections(lane, subject),
            findings_of(self._looker, draft, subject) if checked else None,
            find_run(self._looker, self.screen.services, draft, lane) if subject.kind == "prompt" else None,
        )

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
        self.screen.show_ids(on=self.ids_on)

    def template(self) -> None:
        """The chat template, or the texts."""
        if self.subject.version is None:
            self.screen.notify_plain("Only a prompt is rendered by a chat template.")
            return
        self.template_on = not self.template_on
        self.take()

    async def ask(self) -> None:
        """Let the provider count the request."""
        from cockpit.tokenizers.count import count_request

        model, subject = self.model_name(), self.subject
        if not model or subject.version is None:
            self.screen.notify_plain("A provider counts a prompt for one of its models: choose a model (m).")
            return
        params = source.written_in(self.screen.cockpit).draft.params
        counted = await count_request(self.screen.services, model, subject.version, params)
        if subject == self.subject:
            self.asked = counted
            if self.reading is not None:
                self.screen.show_totals(self.reading, self.facts)

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
        if self.reading is not None:
            self.screen.cockpit.copy_text(ids_json(self.reading.lanes[0]), "Token ids")

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
