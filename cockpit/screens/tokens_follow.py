"""Follows what the Tokens pane wants read: the newest text, in worker threads, latest wins. It decides nothing."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.core.errors import CockpitError
from cockpit.screens import tokens_source as source
from cockpit.screens.tokens_read import Ask, Chosen, Reader, Reading, SectionCount, count_sections
from cockpit.screens.tokens_words import Run

if TYPE_CHECKING:
    from cockpit.core.checks import Finding
    from cockpit.screens.play_look import Looker
    from cockpit.screens.tokens import TokensScreen

CHECKED = 200_000
"""Characters of a text that the checks still look at."""
REST_S = 0.15
ASK_REST_S = 1.0
"""Seconds without a change before a provider is asked to count."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What follows from a reading once typing rests: sections, findings, what the planned run costs."""

    sections: tuple[SectionCount, ...]
    findings: tuple[Finding, ...] | None = None
    """None: this text is not checked."""
    run: Run | None = None


class Following:
    """One reading at a time, each shown; what can wait is worked out when nothing newer comes."""

    def __init__(self, screen: TokensScreen) -> None:
        self.screen = screen
        self.reading: Reading | None = None
        self.facts: Facts | None = None
        self._wanted: Ask | None = None
        self._reads = False
        self._reader: Reader | None = None
        self._looker: Looker | None = None

    @property
    def rests(self) -> bool:
        """Whether everything wanted was read and worked out."""
        return not self._reads

    def want(self, ask: Ask) -> None:
        """Read this next."""
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
                    self._let_count(self.reading)
        finally:
            self._reads = False

    def _let_count(self, reading: Reading) -> None:
        """Where only an estimate can be made here, the provider is asked, once typing has rested for longer."""
        if not reading.lanes[0].exact and reading.ask.subject.version is not None:
            self.screen.run_worker(self._counted(reading), group="ask", exclusive=True, exit_on_error=False)

    async def _counted(self, reading: Reading) -> None:
        await asyncio.sleep(ASK_REST_S)
        if self.reading is reading and self._wanted is None:
            with suppress(CockpitError):
                await self.screen.look.let_count(only_exact=True)

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
            screen.draw.trouble(error.sentence())
            return
        self.reading = reading
        screen.draw.reading(reading, self.facts)

    async def _say_loading(self, chosen: list[Chosen]) -> None:
        tokenizers = self.screen.services.tokenizers
        waiting = [each.choice.encoding for each in chosen if tokenizers.loaded(each.choice.encoding) is None]
        if waiting:
            self.screen.draw.loading(waiting)

    async def _work_out(self, reading: Reading) -> None:
        facts = await asyncio.to_thread(self._facts, reading)
        if self.reading is reading:
            self.facts = facts
            self.screen.draw.facts(reading, facts)

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
