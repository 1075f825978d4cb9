"""How likely each token of a stored sample was, its alternatives, where two samples part. No arithmetic lives here.

To open it: push `LogprobsScreen(services, sample_id)`; a sample without logprobs is shown with what to do to get them.
It returns None.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content

from cockpit.core.logprobs import parting, unlikely
from cockpit.screens.dialogs import Choice, Pick
from cockpit.screens.logprobs_read import (
    Line,
    Seen,
    about_sample,
    as_table,
    missing_words,
    parting_lines,
    read_seen,
    token_lines,
)
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.words import one_line
from cockpit.store.samples import get_plain
from widgets.plain import Plain
from widgets.token_view import TokenView
from widgets.visible import visible

if TYPE_CHECKING:
    from cockpit.services import Services

NARROW_BELOW = 110
STYLES = {
    "": "$foreground",
    "quiet": "$foreground 60%",
    "strong": "$text-accent bold",
    "here": "$text-success bold",
    "warn": "$text-warning",
}


class LogprobsScreen(OpenedScreen[None]):
    """A sample's tokens coloured by their probability, beside what else the model might have said."""

    scope: ClassVar[str] = "logprobs"
    pane_title: ClassVar[str] = "Probabilities"
    DEFAULT_CSS = """
    LogprobsScreen #tokens { padding: 0 1; background: $background; }
    LogprobsScreen #panels { width: 50; height: 1fr; margin-left: 1; }
    LogprobsScreen #parting { max-height: 9; }
    LogprobsScreen.-narrow #panels { layout: horizontal; width: 1fr; height: 12; margin-left: 0; }
    LogprobsScreen.-narrow #parting { max-height: 100%; }
    LogprobsScreen #missing { display: none; }
    """

    def __init__(self, services: Services, sample_id: int) -> None:
        super().__init__(services)
        self._sample_id = sample_id
        self._seen: Seen | None = None
        self._other: Seen | None = None
        self._parts_at: int | None = None

    def compose_body(self) -> ComposeResult:
        """The tokens beside the alternatives and the other sample."""
        with Vertical(classes="body"):
            yield Plain("", id="missing", classes="said")
            with Container(classes="split"):
                tokens = TokenView(empty=("Reading …",), id="tokens", classes="box")
                tokens.border_title = "tokens, coloured by probability"
                yield tokens
                with Vertical(id="panels"):
                    yield self._panel("token", "under the cursor")
                    yield self._panel("parting", "against another sample")

    @staticmethod
    def _panel(name: str, title: str) -> Plain:
        panel = Plain("", id=name, classes="box")
        panel.border_title = title
        return panel

    def on_mount(self) -> None:
        """Read the sample in a thread."""
        self.tokens.focus()
        self._read(self._sample_id)

    def on_resize(self, event: events.Resize) -> None:
        """As many alternatives as there is room for."""
        self.call_after_refresh(self._show_token)

    @property
    def tokens(self) -> TokenView:
        """The sample's tokens."""
        return self.query_one("#tokens", TokenView)

    @work(exclusive=True, group="read", exit_on_error=False)
    async def _read(self, sample_id: int) -> None:
        seen = await asyncio.to_thread(read_seen, self.services, sample_id)
        self._seen, self._sample_id = seen, sample_id
        if self._other is not None and self._other.sample.id == sample_id:
            self._other = None
        self._show(seen)

    @work(exclusive=True, group="read", exit_on_error=False)
    async def _lay_against(self, sample_id: int) -> None:
        self._other = await asyncio.to_thread(read_seen, self.services, sample_id)
        if self._seen is not None:
            self._show(self._seen)
            if self._parts_at is not None:
                self.tokens.move_to(self._parts_at)

    def _show(self, seen: Seen) -> None:
        sample, tokens = seen.sample, self.tokens
        missing = self.query_one("#missing", Plain)
        missing.display = not sample.logprobs
        missing.update("" if sample.logprobs else missing_words(sample))
        tokens.set_empty("No logprobs.")
        self._parts_at, lines = parting_lines(seen, self._other)
        ends = seen.spelled.ends
        marks: list[tuple[int, int, str]] = []
        if self._parts_at is not None and self._parts_at < len(ends):
            marks.append((ends[self._parts_at - 1] if self._parts_at else 0, ends[self._parts_at], "note"))
        tokens.show(seen.spelled.data, (0,) * len(ends), ends, marks=marks, tones=seen.tones)
        beyond = "" if seen.spelled.whole or not sample.logprobs else "these tokens are not exactly the stored text"
        tokens.border_subtitle = plain_title(beyond)
        self._write("#parting", lines)
        at = seen.siblings.index(self._sample_id) + 1 if self._sample_id in seen.siblings else 0
        place = f"{at} of {len(seen.siblings)} with this input " if at else ""
        narrow = self.size.width < NARROW_BELOW
        name = f"{sample.id}" if narrow else f"{sample.id}   {sample.model}"
        self.head((name, "plain"), (about_sample(seen), "quiet"), right=[] if narrow else [(place, "quiet")])
        self._show_token()

    def _show_token(self) -> None:
        if self._seen is not None:
            room = self.query_one("#token", Plain).content_size
            self._write("#token", token_lines(self._seen, self.tokens.cursor, room.width, room.height))

    def _write(self, name: str, lines: Sequence[Line]) -> None:
        shown = [Content.styled(visible(text, newlines="mark"), STYLES[tone]) for text, tone in lines]
        self.query_one(name, Plain).update(Content("\n").join(shown))

    @on(TokenView.Moved)
    def _moved(self) -> None:
        self._show_token()

    def _to_unlikely(self, by: int) -> None:
        places = unlikely(self._seen.sample.logprobs) if self._seen is not None else []
        here = self.tokens.cursor
        beyond = [at for at in places if (at > here if by > 0 else at < here)]
        if beyond:
            self.tokens.move_to(beyond[0] if by > 0 else beyond[-1])
        else:
            self.notify_plain("No token there was less likely than one in ten.", timeout=2)

    def action_unlikely(self) -> None:
        """The next unlikely token."""
        self._to_unlikely(1)

    def action_unlikely_before(self) -> None:
        """The unlikely token before."""
        self._to_unlikely(-1)

    @work(exit_on_error=False)
    async def action_against(self) -> None:
        """Choose the other sample, and go where the two part."""
        seen = self._seen
        others = [one for one in seen.siblings if one != self._sample_id] if seen is not None else []
        if seen is None or not others:
            self.notify_plain("No other sample of this input has logprobs.", timeout=3)
            return
        choices = await asyncio.to_thread(self._choices, seen, others)
        chosen = await self.app.push_screen_wait(Pick("Compare with", choices, hint="Samples of the same input."))
        if chosen is not None:
            self._lay_against(int(chosen))

    def _choices(self, seen: Seen, others: Sequence[int]) -> list[Choice]:
        """In a thread: each other sample with where it parts from this one."""
        found = []
        for sample_id in others:
            sample = get_plain(self.services.store.read(), sample_id)
            at = parting(seen.sample.logprobs, sample.logprobs)
            parts = "the same tokens" if at is None else f"parts at token {at.index + 1}"
            found.append(Choice(str(sample_id), f"{sample_id}  {sample.model}  {one_line(sample.text, 60)}", parts))
        return found

    def action_keep(self) -> None:
        """Ask what to make of this sample as an example."""
        from cockpit.screens.keep_open import ask_keep

        ask_keep(self, (self._sample_id,))

    def action_parting(self) -> None:
        """Where the two part."""
        if self._parts_at is None:
            self.notify_plain("Choose another sample first (d), one that says something else.", timeout=3)
        else:
            self.tokens.move_to(self._parts_at)

    def action_previous(self) -> None:
        """The sample before."""
        self._turn_to(-1)

    def action_next(self) -> None:
        """The sample after."""
        self._turn_to(1)

    def _turn_to(self, by: int) -> None:
        siblings = self._seen.siblings if self._seen is not None else ()
        at = siblings.index(self._sample_id) + by if self._sample_id in siblings else -1
        if 0 <= at < len(siblings):
            self._read(siblings[at])
        else:
            self.notify_plain("No sample of this input beyond this one has logprobs.", timeout=2)

    def action_copy(self) -> None:
        """Copy the tokens with their probabilities."""
        if self._seen is not None:
            self.cockpit.copy_text(as_table(self._seen.sample.logprobs), "probabilities")
