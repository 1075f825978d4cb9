"""One sample on the whole screen: its answer, its reasoning, the request as sent, all that is known of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from cockpit.core.errors import CockpitError
from cockpit.core.snippets import as_curl, as_python
from cockpit.screens.dialogs import Ask
from cockpit.screens.opened import OpenedScreen, plain_title
from cockpit.screens.sample_facts import FactsPanel
from cockpit.screens.sample_texts import MARKDOWN_MOST, AnswerView, MarkdownView
from cockpit.screens.sample_view import Marks, body_text, failure_text, sent_wire, sibling_place, step, wire_text
from cockpit.screens.words import count
from cockpit.store import marks as marking
from cockpit.store.log import backlinks
from cockpit.store.runs import get_run, load_plan
from cockpit.store.samples import get_sample
from widgets.text_view import TextView

if TYPE_CHECKING:
    from cockpit.core.live import LiveSample
    from cockpit.core.ports import Wire
    from cockpit.core.samples import Sample
    from cockpit.services import Services


@dataclass(frozen=True, slots=True)
class SampleAction:
    """What the pane behind has to do: continue the sample (`data` is its id) as a conversation."""

    kind: Literal["continue"]
    data: Any = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A stored sample with what surrounds it."""

    sample: Sample
    marks: Marks
    n: int
    inputs: int
    wire: Wire | None


def read_sample(services: Services, sample_id: int) -> Opened:
    """In a thread: a stored sample, its marks, and its request as it went over the wire."""
    db = services.store.read()
    row = get_sample(db, sample_id)
    run = get_run(db, row.sample.run_id)
    wire: Wire | None = None
    try:
        plan = load_plan(db, row.sample.run_id)
        provider = services.providers.get(plan.targets[row.sample.key.target].provider)
        wire = sent_wire(provider.wire(plan.request(row.sample.key)), row.sample)
    except (CockpitError, LookupError):
        wire = None  # The provider is no longer configured: the stored body is still there.
    found = [*backlinks(db, "sample", sample_id), *backlinks(db, "run", row.sample.run_id)]
    citing = {one.id: one.title for one in found}
    marks = Marks(row.verdict, row.tags, row.note, tuple(citing.items())[:5])
    return Opened(row.sample, marks, run.n, run.inputs, wire)


def subtitle(sample: Sample, *, request: bool, reasoning: bool) -> str:
    """What stands under the text: how long it is, or what a key would show."""
    if request:
        return "= shows the answer"
    if sample.reasoning and not reasoning:
        return f"r unfolds {count(len(sample.reasoning))} characters of reasoning"
    return f"{count(len(sample.text))} characters"


class SampleScreen(OpenedScreen[SampleAction | None]):
    """A sample, stored or still streaming; with neighbours to step through."""

    scope: ClassVar[str] = "sample"
    pane_title: ClassVar[str] = "Sample"

    def __init__(
        self,
        services: Services,
        sample_id: int | None,
        live: LiveSample | None = None,
        siblings: Sequence[int] = (),
    ) -> None:
        super().__init__(services)
        self._sample_id = sample_id
        self._live = live
        self._seen = -1
        self._siblings = tuple(siblings)
        self._opened: Opened | None = None
        self._markdown = False
        self._reasoning = False
        self._request = False

    def compose_body(self) -> ComposeResult:
        """The texts beside the facts."""
        with Container(classes="body split"):
            with Vertical(id="texts"):
                reasoning = TextView("", id="reasoning", classes="box")
                reasoning.border_title = "reasoning"
                reasoning.display = False
                yield reasoning
                yield AnswerView("", id="text", classes="box")
            yield FactsPanel(id="facts", classes="box side")

    def on_mount(self) -> None:
        """Read the sample in a thread, or follow it while it streams."""
        self.query_one("#text").focus()
        if self._sample_id is not None:
            self._read(self._sample_id)
        elif self._live is not None:
            self.start_flush()

    @work(exclusive=True, group="read", exit_on_error=False)
    async def _read(self, sample_id: int) -> None:
        self._opened = await asyncio.to_thread(read_sample, self.services, sample_id)
        self._sample_id = sample_id
        self._show()

    def flush(self) -> None:
        """Draw what came since the last time; stop once the sample is done."""
        live = self._live
        if live is None or self._opened is not None or live.version == self._seen:
            return
        self._seen = live.version
        if live.sample is not None:
            self._opened = Opened(live.sample, Marks(), 1, 1, None)
            self._sample_id = live.sample.id
            self.stop_flush()
            self._show()
            if self._sample_id is not None:
                self._read(self._sample_id)
            return
        text = self.query_one("#text", TextView)
        text.show(live.text)
        text.action_scroll_last()
        text.border_title = f"answer, {live.state}"
        self.query_one(FactsPanel).follow(live)
        self.head((f"{live.state}   ≈ {count(live.tokens)} tokens", "accent"))

    def _show(self) -> None:
        opened = self._opened
        if opened is None:
            return
        sample = opened.sample
        self.query_one(FactsPanel).show(sample, opened.marks, opened.n, opened.inputs, self.services.clock())
        text, reasoning = self.query_one("#text", AnswerView), self.query_one("#reasoning", TextView)
        reasoning.display = self._reasoning and bool(sample.reasoning) and not self._request
        if reasoning.display and reasoning.text != sample.reasoning:
            reasoning.show(sample.reasoning)
        if text.text != self._text(opened):
            text.show(self._text(opened))
            text.searched = ""
        wanted = self._markdown and not self._request and len(sample.text) <= MARKDOWN_MOST
        self._show_markdown(sample.text if wanted else "")
        text.border_title = "request, as it was sent" if self._request else "answer"
        text.border_subtitle = plain_title(subtitle(sample, request=self._request, reasoning=self._reasoning))
        place = sibling_place(self._siblings, self._sample_id)
        name = f"{sample.id or 'not stored yet'}   {sample.model}   run {sample.run_id}"
        self.head((name, "plain"), right=[(f"{place} ", "quiet")] if place else [])

    @work(exclusive=True, group="markdown", exit_on_error=False)
    async def _show_markdown(self, text: str) -> None:
        """Put the rendered text in place of the plain one, or (empty) take it away."""
        plain = self.query_one("#text", AnswerView)
        await self.query(MarkdownView).remove()
        plain.display = not text
        if text:
            view = MarkdownView(text, classes="box")
            view.border_title = "answer, as Markdown"
            await self.query_one("#texts", Vertical).mount(view)
            view.focus()
        elif self.focused is None:
            plain.focus()

    def _text(self, opened: Opened) -> str:
        if self._request:
            return wire_text(opened.wire) if opened.wire else body_text(opened.sample.request_body)
        why = failure_text(opened.sample)
        if not opened.sample.text:
            return why or "(The answer is empty.)"
        return opened.sample.text

    def _turn_to(self, by: int) -> None:
        target = step(self._siblings, self._sample_id, by)
        if target is None:
            self.notify_plain("There is no sample beyond this one.", timeout=2)
        else:
            self._read(target)

    def action_previous(self) -> None:
        """The sample before."""
        self._turn_to(-1)

    def action_next(self) -> None:
        """The sample after."""
        self._turn_to(1)

    def action_markdown(self) -> None:
        """As Markdown, or as it came."""
        if self._opened is not None and len(self._opened.sample.text) > MARKDOWN_MOST:
            self.notify_plain(f"Markdown is rendered up to {count(MARKDOWN_MOST)} characters.", timeout=3)
            return
        self._request = False
        self._markdown = not self._markdown
        self._show()

    def action_reasoning(self) -> None:
        """Unfold or fold the reasoning."""
        if self._opened is not None and not self._opened.sample.reasoning:
            self.notify_plain("The API returned no reasoning for this sample.", timeout=3)
            return
        self._request = False
        self._reasoning = not self._reasoning
        self._show()

    def action_request(self) -> None:
        """The request as sent, or the answer again."""
        self._request = not self._request
        self._show()

    def action_logprobs(self) -> None:
        """Show how likely each token was."""
        from cockpit.screens.logprobs import LogprobsScreen

        if self._sample_id is None or self._opened is None:
            self.notify_plain("It can be looked at once it is whole and stored.", timeout=3)
        else:
            self.app.push_screen(LogprobsScreen(self.services, self._sample_id))

    def action_copy(self) -> None:
        """Copy what is shown, exactly as it came."""
        if self._opened is not None:
            self.cockpit.copy_text(self._text(self._opened), "request" if self._request else "answer")
        elif self._live is not None:
            self.cockpit.copy_text(self._live.text, "answer so far")

    def action_copy_curl(self) -> None:
        """Copy the request as curl; the key stays a variable."""
        self._copy_request(as_curl, "curl command")

    def action_copy_python(self) -> None:
        """Copy the request as Python; the key stays a variable."""
        self._copy_request(as_python, "Python script")

    def _copy_request(self, render: Callable[[Wire], str], what: str) -> None:
        if self._opened is None or self._opened.wire is None:
            self.notify_plain("This model's provider is not configured, so its address is unknown.", severity="warning")
        else:
            self.cockpit.copy_text(render(self._opened.wire), what)

    def _markable(self) -> int | None:
        """The stored sample's id; said where there is none yet."""
        if self._sample_id is None or self._opened is None:
            self.notify_plain("It can be marked once it is whole and stored.", timeout=3)
            return None
        return self._sample_id

    @work(exit_on_error=False)
    async def action_find(self) -> None:
        """Search in the text; an empty search ends it."""
        text = self.query_one("#text", AnswerView)
        query = await self.app.push_screen_wait(Ask("Find in this text", value=text.searched))
        if query is not None:
            found = text.find(query)
            stepping = plain_title(f"{count(found)} found: n and N step, / with nothing ends")
            text.border_subtitle = stepping if query else ""

    def action_gold(self) -> None:
        """Ask what to make of the answer as an example."""
        from cockpit.screens.keep_open import ask_keep

        sample_id = self._markable()
        if sample_id is None:
            return

        async def then(changed: bool) -> None:
            self._read(sample_id)

        ask_keep(self, (sample_id,), then=then)

    @work(exit_on_error=False)
    async def action_tag(self) -> None:
        """Add a tag, or take away one that is there."""
        sample_id = self._markable()
        if sample_id is None or self._opened is None:
            return
        tags = self._opened.marks.tags
        has = f"has: {', '.join(tags)}" if tags else ""
        name = await self.app.push_screen_wait(Ask("Tag", prompt=has, placeholder="a word, such as hedged"))
        name = (name or "").strip().lstrip("#")
        if name:
            change = marking.untag if name in tags else marking.tag
            await self.services.store.write(lambda db: change(db, sample_id, name))
            self._read(sample_id)

    @work(exit_on_error=False)
    async def action_note(self) -> None:
        """Write a short note."""
        sample_id = self._markable()
        if sample_id is None or self._opened is None:
            return
        note = await self.app.push_screen_wait(Ask("Note on this sample", value=self._opened.marks.note))
        if note is not None:
            await self.services.store.write(lambda db: marking.set_sample_note(db, sample_id, note.strip()))
            self._read(sample_id)

    def action_converse(self) -> None:
        """Leave, to continue from this answer."""
        sample_id = self._markable()
        if sample_id is not None:
            self.dismiss(SampleAction("continue", sample_id))
