"""The second view of the stops screen: how stored samples ended, what was missed. It counts nothing."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from cockpit.core.samples import Ended
from cockpit.core.stop_audit import Audit, Group, Missed
from cockpit.core.stop_probe import Evidence
from cockpit.screens.opened import plain_title
from cockpit.screens.stops_checks import quoted
from cockpit.screens.stops_lines import Line, Lines, rate_parts
from cockpit.screens.words import GLYPHS, count, money, plural
from widgets.row_list import ListColumn, ListRow, RowList

ENDINGS: dict[Ended, str] = {
    "ended": "ended by itself",
    "stop": "a stop string matched",
    "unknown": "either: the API does not say",
    "length": "cut by length",
    "refusal": "refused",
    "filter": "held back by a filter",
    "tool": "asked for a tool",
    "cancelled": "cancelled",
    "error": "failed",
}
"""In the order shown."""
WIDE = (
    ListColumn("sample", 7, right=True),
    ListColumn("model"),
    ListColumn("written", 10),
    ListColumn("at", 6, right=True),
    ListColumn("after it", 8, right=True),
)
NARROW = (
    ListColumn("sample", 8, right=True),
    ListColumn("model"),
    ListColumn("written", 12),
    ListColumn("after it", 9, right=True),
)
NARROW_BELOW = 110
NAME = 29
PROBE = "P asks again without stop strings: it tells a stop from an end."
LISTED = 5_000
"""Missed stops in the list; the counts are of all."""


def audit_lines(audit: Audit, evidence: Sequence[Evidence], *, wide: bool) -> list[Line]:
    """The whole audit as lines: by model, then by stop string."""
    lines: list[Line] = []
    by_model = {one.model: [e for e in evidence if e.model == one.model] for one in audit.models}
    for group in audit.models:
        lines += [Line(), *group_lines(group, wide=wide)] if lines else group_lines(group, wide=wide)
        for one in by_model[group.model]:
            lines += evidence_lines(one, wide=wide)
    if audit.stops:
        lines += [Line(), Line((("by stop string", "head"),))]
        lines += [line for group in audit.stops for line in stop_lines(group, wide=wide)]
    if audit.remarks:
        lines += [Line(), Line((("to read the numbers", "head"),))]
        lines += [Line(((remark, "plain"),), ("· ", "quiet")) for remark in audit.remarks]
    if any(group.unclear for group in audit.models):
        lines += [Line(), Line(((PROBE, "mark"),))]
    return lines


def group_lines(group: Group, *, wide: bool) -> list[Line]:
    """One model: every ending that came, with its interval, and what length cuts cost."""
    lines = [Line(((group.model, "head"), (f"  {plural(group.n, 'sample')}", "quiet")))]
    for ended, words in ENDINGS.items():
        rate = group.endings.get(ended)
        if rate is not None and rate.k:
            glyph, tone, _ = GLYPHS[ended]
            lines.append(Line(rate_parts(words, rate, tone, name_width=NAME, wide=wide), (f"{glyph} ", tone)))
    if group.wasted_tokens or group.uncounted:
        lines.append(Line(((wasted_words(group), "cut"),), indent=2))
    return lines


def wasted_words(group: Group) -> str:
    """Tokens of answers cut by length, and what they cost."""
    cost = "cost unknown" if group.wasted_usd is None else money(group.wasted_usd)
    more = f" and {plural(group.uncounted, 'answer')} uncounted" if group.uncounted else ""
    return f"{count(group.wasted_tokens)} tokens in answers cut by length{more}, {cost}"


def stop_lines(group: Group, *, wide: bool) -> list[Line]:
    """One stop string with one model: how often it is known to have matched."""
    name = f"{quoted(group.stop or '')}  {group.model}"
    value = None if group.rate is not None else "?"
    parts = rate_parts(name, group.hit, "stop", name_width=NAME, wide=wide, value=value)
    lines = [Line(parts, ("■ ", "stop"))]
    said = []
    if group.unclear:
        said.append(f"{count(group.unclear)} more may have: the API does not say")
    if group.ignored:
        said.append(f"ignored in {count(group.ignored)}")
    if said:
        lines.append(Line((("; ".join(said), "quiet"),), indent=2))
    return lines


def evidence_lines(evidence: Evidence, *, wide: bool) -> list[Line]:
    """What a probe showed about one model."""
    where = ", ".join(map(str, evidence.run_ids))
    head = f"probe  {plural(evidence.n, 'answer')} without stop strings, run {where}"
    lines = [Line(((head, "mark"),), indent=2)]
    if evidence.stopped.n:
        parts = rate_parts("would have been stopped", evidence.stopped, "stop", name_width=NAME, wide=wide)
        lines.append(Line(parts, ("  ", "plain")))
        if len(evidence.by_stop) > 1:
            lines += [
                Line(rate_parts(f"  {quoted(stop)}", rate, "stop", name_width=NAME, wide=wide), ("  ", "plain"))
                for stop, rate in evidence.by_stop
            ]
    if evidence.undecided:
        lines.append(Line(((f"{plural(evidence.undecided, 'answer')} came to neither end", "quiet"),), indent=2))
    lines.append(Line(((settled_words(evidence), "quiet"),), indent=2))
    return lines


def settled_words(evidence: Evidence) -> str:
    """How many stored samples the probe says something about, and how sure that is."""
    found = evidence.settled
    if not found:
        unclear = plural(evidence.merged, "unclear sample")
        return f"None of {unclear} came again word for word: only the share is known."
    stopped = sum(one.way == "stop" for one in found)
    said = f"{stopped} matched a stop string, {len(found) - stopped} ended"
    if evidence.repeatable:
        return f"{len(found)} of {plural(evidence.merged, 'unclear sample')} came again word for word: {said}."
    return (
        f"{len(found)} of {plural(evidence.merged, 'unclear sample')} read like one of its answers (no proof): {said}."
    )


def missed_row(at: int, missed: Missed, *, narrow: bool) -> ListRow:
    """A missed stop as a row."""
    after = f"{count(missed.chars_after)} ch" if missed.tokens_after is None else f"{count(missed.tokens_after)} tok"
    written = quoted(missed.written or missed.stop)
    number = str(missed.sample_id) if missed.sample_id is not None else "–"
    glyph, tone = ("✗", "error") if missed.ignored else ("▲", "cut")
    if narrow:
        return ListRow(at, (number, missed.model, written, after), glyph, tone)
    return ListRow(at, (number, missed.model, written, count(missed.at), after), glyph, tone)


def missed_lines(missed: Missed) -> list[Line]:
    """What is wrong with a missed stop, and the text that came after it."""
    stop = quoted(missed.stop)
    said = (
        f"{stop} was sent, and the server went on after it:"
        if missed.ignored
        else f"{stop} was sent; the model wrote {quoted(missed.written)}, which does not match:"
    )
    more = "…" if missed.chars_after > len(missed.after) else ""
    return [Line(((said, "quiet"),)), Line(((missed.written, "stop"), (missed.after + more, "gone")))]


class AuditView(Container):
    """Counts with their intervals beside the places where a stop was missed."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="split")
        self.audit: Audit | None = None
        self.evidence: Sequence[Evidence] = ()

    def compose(self) -> ComposeResult:
        """Counts and list."""
        counts = Lines(id="counts", classes="box")
        counts.border_title = "how they ended"
        yield counts
        with Vertical(id="misses"):
            rows = RowList(WIDE, id="missed", classes="box", empty=("Reading…",))
            rows.border_title = "missed stops"
            yield rows
            yield Lines(id="after")

    def show(self, audit: Audit, evidence: Sequence[Evidence]) -> None:
        """Show an audit, with what probes found."""
        self.audit, self.evidence = audit, evidence
        counts, rows = self.query_one("#counts", Lines), self.query_one("#missed", RowList)
        narrow = self.app.size.width < NARROW_BELOW
        rows.columns = NARROW if narrow else WIDE
        if audit.n:
            counts.show(audit_lines(audit, evidence, wide=self.app.size.width >= NARROW_BELOW), keep_place=True)
            rows.set_empty("No stop string was missed.")
        else:
            counts.show(
                [Line((("No stored sample yet.", "quiet"),)), Line((("Send the prompt in Play first.", "quiet"),))]
            )
            rows.set_empty("")
        rows.show([missed_row(at, one, narrow=narrow) for at, one in enumerate(audit.missed[:LISTED])])
        rows.border_subtitle = plain_title(missed_words(audit.missed))
        counts.border_subtitle = plain_title(plural(audit.n, "sample"))
        self._show_after()

    @on(RowList.Moved, "#missed")
    def _show_after(self) -> None:
        one = self.current
        self.query_one("#after", Lines).show(missed_lines(one) if one is not None else ())

    @property
    def current(self) -> Missed | None:
        """The missed stop under the cursor."""
        at = self.query_one("#missed", RowList).cursor
        return self.audit.missed[at] if self.audit is not None and at < len(self.audit.missed) else None

    def sample_ids(self) -> tuple[int, ...]:
        """The samples in the list, each once, for stepping through."""
        found = self.audit.missed[:LISTED] if self.audit is not None else ()
        return tuple(dict.fromkeys(one.sample_id for one in found if one.sample_id is not None))


def missed_words(missed: Sequence[Missed]) -> str:
    """How many, of which kind."""
    ignored = sum(one.ignored for one in missed)
    near = len(missed) - ignored
    listed = f", the first {count(LISTED)} listed" if len(missed) > LISTED else ""
    parts = [f"{count(ignored)} ignored" if ignored else "", f"{count(near)} written otherwise" if near else ""]
    return ", ".join(part for part in parts if part) + listed
