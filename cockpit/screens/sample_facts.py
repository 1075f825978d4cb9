"""The panel of facts beside a sample: names and values in two columns. What the facts are is in sample_view."""

from __future__ import annotations

from datetime import datetime

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from cockpit.core.live import LiveSample
from cockpit.core.samples import Sample
from cockpit.screens.sample_view import Fact, Marks, end_text, facts, failure_text, strip_text
from cockpit.screens.words import TONES
from widgets.plain import Plain
from widgets.visible import visible

NAME_WIDTH = 13
NARROW_BELOW = 110
VERDICTS = {
    "gold": ("★ gold", "$text-success"),
    "candidate": ("○ candidate", "$foreground"),
    "rejected": ("✗ rejected example", "$text-error"),
}
"""Per verdict: the words and their style."""


class FactsPanel(VerticalScroll):
    """Everything known of a sample; the few most wanted where the screen is narrow."""

    can_focus = False

    def compose(self) -> ComposeResult:
        """One text."""
        yield Plain("", id="fact-text")

    def on_mount(self) -> None:
        """The border's own words."""
        self.border_title = "facts"

    def show(self, sample: Sample, marks: Marks, n: int, inputs: int, now: datetime) -> None:
        """Show a sample's facts.

        Args:
            n, inputs: of its run, to say which of them this is.
        """
        glyph, tone, words = end_text(sample)
        lines = [Content.assemble((f"{glyph} {words}", f"{TONES[tone]} bold"))]
        why = failure_text(sample)
        if why and sample.text:
            lines.append(Content.styled(visible(why), "$text-error"))
        lines += [Content.styled(visible(text, newlines="mark"), style) for text, style in mark_lines(marks)]
        if self.app.size.width < NARROW_BELOW:
            lines.append(Content.styled(visible(strip_text(sample)), "$text-muted"))
        else:
            lines += [Content(""), *(fact_line(fact) for fact in facts(sample, n=n, inputs=inputs, now=now))]
        self.query_one("#fact-text", Plain).update(Content("\n").join(lines))

    def follow(self, live: LiveSample) -> None:
        """Say where a sample stands that has not ended."""
        lines = [Content.styled(live.state, "$text-accent bold")]
        if live.state == "retrying":
            lines.append(Content.styled(visible(live.retry_reason), "$text-warning"))
        if live.ttft_ms is not None:
            lines.append(Content.styled(f"first token after {live.ttft_ms / 1000:.1f} s", "$text-muted"))
        self.query_one("#fact-text", Plain).update(Content("\n").join(lines))


def mark_lines(marks: Marks) -> list[tuple[str, str]]:
    """Verdict as an example, tags and note as lines with their styles."""
    tags = "  ".join(f"#{tag}" for tag in marks.tags)
    kept, tone = VERDICTS.get(marks.verdict or "", ("", ""))
    lines = [(kept, tone), (tags, "$text-accent"), (marks.note, "italic")]
    lines += [(f"✎ entry {number}: {title}", "$text-muted") for number, title in marks.entries]
    return [line for line in lines if line[0]]


def fact_line(fact: Fact) -> Content:
    """A name in its column and its value."""
    value = visible(fact.value, newlines="mark")
    return Content.assemble((f"{fact.name:<{NAME_WIDTH}} ", "$text-muted"), (value, TONES.get(fact.tone, "")))
