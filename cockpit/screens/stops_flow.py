"""What the stops screen does in threads, and what it knows so far. Which view is shown is not its business."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cockpit.screens.stops_apply import ApplyView, text_lines
from cockpit.screens.stops_audit import AuditView
from cockpit.screens.stops_checks import NO_MODELS, NO_STOPS, ChecksView
from cockpit.screens.stops_lines import Lines
from cockpit.screens.stops_read import Ground, Progress, Reading, Stopped, StopsSubject, read_ground
from cockpit.screens.words import count, plural
from cockpit.store.samples import get_plain

if TYPE_CHECKING:
    from cockpit.core.samples import Sample
    from cockpit.screens.stops import StopsScreen
    from cockpit.screens.stops_work import Audited, Vocabulary


class Flow:
    """The screen's reads, each in a thread of its own; a new one of a kind has the one before give up."""

    def __init__(self, screen: StopsScreen) -> None:
        self.screen = screen
        self.reading: Reading | None = None
        self.audited: Audited | None = None
        self.sending = ""
        """What is being sent now, in words."""
        self._known: dict[str, Vocabulary] = {}
        self._stored: list[Sample] | None = None
        self._passes: dict[str, Progress] = {}

    @property
    def ground(self) -> Ground | None:
        """What everything stands on, once it was read."""
        return self.reading.ground if self.reading is not None else None

    async def begin(self, subject: StopsSubject) -> Ground:
        """Read what the screen is about, or read it again."""
        screen = self.screen
        ground = await asyncio.to_thread(read_ground, screen.services, subject, screen.cockpit.project)
        self.reading = Reading(screen.services, ground)
        return ground

    def stop(self) -> None:
        """Have every thread give up."""
        for progress in self._passes.values():
            progress.stop()

    def _start(self, name: str) -> Progress:
        if name in self._passes:
            self._passes[name].stop()
        progress = self._passes[name] = Progress()
        self.screen.start_flush()
        return progress

    def _end(self, progress: Progress) -> None:
        progress.running = False
        if not any(one.running for one in self._passes.values()):
            self.screen.stop_flush()

    def said(self) -> str:
        """Where the samples are from, or how far the reading is."""
        ground = self.ground
        if self.sending:
            return self.sending
        if ground is None:
            return "reading…"
        running = [progress.done for progress in self._passes.values() if progress.running]
        if running and ground.total:
            return f"reading {count(max(running))} of {plural(ground.total, 'sample')}"
        runs = f"run{'s' if len(ground.run_ids) > 1 else ''} {', '.join(map(str, ground.run_ids))}"
        picked = f"{plural(len(ground.sample_ids), 'sample')} chosen" if ground.sample_ids else ""
        return "   ".join(part for part in (runs if ground.run_ids else "", picked) if part) or "no stored samples"

    async def check(self, stops: tuple[str, ...]) -> bool:
        """Fill the view of checks; False where it was given up."""
        from cockpit.screens import stops_work as long

        if self.reading is None:
            return False
        progress = self._start("checks")
        try:
            if self._stored is None:
                self._stored = await asyncio.to_thread(long.looked_at, self.reading, progress)
            if not self._known:
                self._known = await asyncio.to_thread(long.vocabularies, self.screen.services, self.reading.ground)
            reports = await asyncio.to_thread(long.check, self.reading.ground, stops, self._known, self._stored)
        except Stopped:
            return False
        finally:
            self._end(progress)
        empty = NO_STOPS if not stops else NO_MODELS
        some = self.ground is not None and self.ground.total > long.LOOKED_AT
        note = f"the first {count(long.LOOKED_AT)} stored samples looked into" if some else ""
        self.screen.query_one(ChecksView).show(reports, self._piece, self._how, empty, note=note)
        return True

    def _piece(self, model: str, token: int) -> bytes:
        known = self._known.get(model)
        return known.tokenizer.token_bytes(token) if known is not None and known.tokenizer is not None else b""

    def _how(self, model: str) -> str:
        known = self._known.get(model)
        return known.how if known is not None else ""

    async def audit(self, stops: tuple[str, ...] = ()) -> bool:
        """Fill the view of the audit, which is about the stop strings that were sent; False where it was given up."""
        from cockpit.screens import stops_work as long

        if self.reading is None:
            return False
        progress = self._start("audit")
        try:
            self.audited = await asyncio.to_thread(long.audit_all, self.screen.services, self.reading, progress)
        except Stopped:
            return False
        finally:
            self._end(progress)
        self.screen.query_one(AuditView).show(self.audited.audit, self.audited.evidence)
        return True

    async def try_stops(self, stops: tuple[str, ...]) -> bool:
        """Fill the view of what other stop strings would have made of the samples; False where it was given up."""
        from cockpit.screens import stops_work as long

        if self.reading is None:
            return False
        progress = self._start("apply")
        try:
            tried = await asyncio.to_thread(long.try_stops, self.reading, stops, progress)
        except Stopped:
            return False
        finally:
            self._end(progress)
        self.screen.query_one(ApplyView).show(tried.samples, tried.sums, stops)
        await self.show_text()
        return True

    async def show_text(self) -> None:
        """The highlighted sample's text, with what would be cut."""
        one = self.screen.query_one(ApplyView).current
        lines = self.screen.query_one("#became", Lines)
        sample_id = one.sample_id if one is not None else None
        if one is None or sample_id is None:
            lines.show(())
            return
        store = self.screen.services.store
        sample = await asyncio.to_thread(lambda: get_plain(store.read(), sample_id))
        lines.show(text_lines(sample.text, one.cut))
