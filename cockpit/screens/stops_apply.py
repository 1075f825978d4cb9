"""The third view of the stops screen: what others would have made of the stored samples. Cuts nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from textual.app import ComposeResult
from textual.containers import Container, Vertical

from cockpit.core.samples import Ended, Sample
from cockpit.core.stats import wilson
from cockpit.core.stop_audit import Applied
from cockpit.core.stops import Cut
from cockpit.screens.opened import plain_title
from cockpit.screens.stops_audit import ENDINGS
from cockpit.screens.stops_checks import quoted
from cockpit.screens.stops_lines import BAR, SMALL_BAR, Line, Lines, Part, bar, percent
from cockpit.screens.words import GLYPHS, count, one_line, plural
from widgets.row_list import ListColumn, ListRow, RowList

NEAR = 500
"""Samples before and after the highlighted one that can be stepped to."""
HEAD = 160
"""Characters of a sample's beginning kept for its row."""
AROUND = 20_000
"""Characters shown on either side of a cut."""
WIDE = (
    ListColumn("sample", 8, right=True),
    ListColumn("model", 22, quiet=True),
    ListColumn("was", 8),
    ListColumn("kept", 7, right=True),
    ListColumn("cut", 7, right=True),
    ListColumn("text"),
)
NARROW = (ListColumn("sample", 7, right=True), ListColumn("cut", 6, right=True), ListColumn("text"))
NARROW_BELOW = 110
SHORT: dict[Ended, str] = {
    "ended": "ended",
    "stop": "stopped",
    "unknown": "either",
    "length": "length",
    "refusal": "refused",
    "filter": "filtered",
    "tool": "tool",
    "cancelled": "cancel",
    "error": "failed",
}


@dataclass(frozen=True, slots=True)
class Became:
    """What one stored sample would have become, without its text."""

    sample_id: int | None
    model: str
    was: Ended
    now: Ended
    cut: Cut | None
    chars: int
    head: str

    @property
    def kept(self) -> int:
        """Characters before the cut."""
        return self.chars if self.cut is None else self.cut.at


def became(sample: Sample, applied: Applied) -> Became:
    """The few things worth keeping of a sample for its row."""
    kept = applied.after_text[: 2 * HEAD] if applied.cut is not None else sample.text[: 2 * HEAD]
    return Became(
        applied.sample_id,
        applied.model,
        applied.was_ended,
        applied.now_ended,
        applied.cut,
        applied.before_chars,
        one_line(kept, HEAD),
    )


@dataclass(slots=True)
class Sums:
    """Counts before and after, folded over the samples."""

    n: int = 0
    chars: int = 0
    saved: int = 0
    cut: int = 0
    emptied: int = 0
    was: Counter[Ended] = field(default_factory=Counter)
    now: Counter[Ended] = field(default_factory=Counter)
    by_stop: Counter[str] = field(default_factory=Counter)

    def add(self, one: Became) -> None:
        """Take in one sample."""
        self.n += 1
        self.chars += one.chars
        self.was[one.was] += 1
        self.now[one.now] += 1
        if one.cut is not None:
            self.cut += 1
            self.saved += one.chars - one.kept
            self.emptied += one.kept == 0
            self.by_stop[one.cut.stop] += 1


def sums_lines(sums: Sums, stops: Sequence[str], *, wide: bool) -> list[Line]:
    """Counts before and after, and which stop string would have cut."""
    if not sums.n:
        return [Line((("No stored sample to try it on.", "quiet"),))]
    rate = wilson(sums.cut, sums.n)
    said = f"{count(sums.cut)} of {plural(sums.n, 'sample')} would be cut"
    interval = f"  {percent(rate.value)} %  {percent(rate.low)}–{percent(rate.high)}  "
    lines = [Line(((said, "strong"), (interval, "quiet"), *bar(rate, "stop", BAR if wide else SMALL_BAR)))]
    share = percent(sums.saved / sums.chars if sums.chars else 0.0)
    saved = f"{count(sums.saved)} of {count(sums.chars)} characters never generated ({share} %)"
    empty: list[Part] = [(f"   {plural(sums.emptied, 'answer')} would be empty", "error")] if sums.emptied else []
    lines.append(Line(((saved, "plain"), *empty)))
    lines.append(Line(_changes(sums)))
    if stops:
        by: list[Part] = []
        for stop in stops:
            n = sums.by_stop[stop]
            by.append((f"{quoted(stop)} {count(n)}   ", "stop" if n else "quiet"))
        lines.append(Line(tuple(by)))
    return lines


def _changes(sums: Sums) -> tuple[Part, ...]:
    """Each ending's count, before and after where that differs."""
    parts: list[Part] = []
    for ended in ENDINGS:
        was, now = sums.was[ended], sums.now[ended]
        if not was and not now:
            continue
        glyph, tone, _ = GLYPHS[ended]
        change = f"{count(was)} → {count(now)}" if was != now else count(was)
        parts += [(f"{glyph} ", tone), (f"{SHORT[ended]} ", "quiet"), (f"{change}   ", "plain")]
    return tuple(parts)


def became_row(at: int, one: Became, *, narrow: bool) -> ListRow:
    """A sample as a row: how it would end now."""
    glyph, tone, _ = GLYPHS[one.now]
    number = str(one.sample_id) if one.sample_id is not None else "–"
    gone = f"−{count(one.chars - one.kept)}" if one.cut is not None else "–"
    text = one.head or "(empty)"
    if narrow:
        return ListRow(at, (number, gone, text), glyph, tone, quiet=one.cut is None)
    cells = (number, one.model, SHORT[one.was], count(one.kept), gone, text)
    return ListRow(at, cells, glyph, tone, quiet=one.cut is None)


def text_lines(text: str, cut: Cut | None) -> list[Line]:
    """A sample's text: what is kept, then, dimmer, what would not have been generated."""
    at = len(text) if cut is None else cut.at
    start, end = max(at - AROUND, 0), min(at + AROUND, len(text))
    parts: list[Part] = [(f"… {count(start)} characters before …\n", "quiet")] if start else []
    parts.append((text[start:at], "plain"))
    if cut is not None:
        parts += [("■", "stop"), (text[at:end], "gone")]
        parts += [(f"\n… {count(len(text) - end)} more …", "quiet")] if end < len(text) else []
    if not text:
        parts = [("(The answer is empty.)", "quiet")]
    return [Line(tuple(parts), keep=True)]


class ApplyView(Vertical):
    """Counts over the samples, and the highlighted one's text with what would be cut."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.all: Sequence[Became] = ()
        self.shown: Sequence[Became] = ()
        self.only_cut = False

    def compose(self) -> ComposeResult:
        """Counts over list and text."""
        yield Lines(id="sums")
        with Container(classes="split"):
            rows = RowList(WIDE, id="applied", classes="box", empty=("Reading…",))
            rows.border_title = "samples"
            yield rows
            text = Lines(id="became", classes="box")
            text.border_title = "kept, and what would be cut"
            yield text

    def show(self, all_: Sequence[Became], sums: Sums, stops: Sequence[str]) -> None:
        """Show what came of trying these stop strings."""
        self.all = all_
        self.query_one("#sums", Lines).show(sums_lines(sums, stops, wide=self.app.size.width >= NARROW_BELOW))
        self.show_rows()

    def show_rows(self) -> None:
        """Show all samples, or those that would be cut."""
        self.shown = [one for one in self.all if one.cut is not None] if self.only_cut else self.all
        narrow = self.app.size.width < NARROW_BELOW
        rows = self.query_one("#applied", RowList)
        rows.columns = NARROW if narrow else WIDE
        rows.set_empty(*(("None would be cut.", "x shows all of them.") if self.only_cut else ("No stored sample.",)))
        shown = self.shown
        rows.show_from(
            len(shown),
            lambda offset, limit: [
                became_row(offset + i, one, narrow=narrow) for i, one in enumerate(shown[offset : offset + limit])
            ],
        )
        rows.border_subtitle = plain_title("only those cut" if self.only_cut else "")

    @property
    def current(self) -> Became | None:
        """The sample under the cursor."""
        at = self.query_one("#applied", RowList).cursor
        return self.shown[at] if at < len(self.shown) else None

    def sample_ids(self) -> tuple[int, ...]:
        """The samples around the cursor, for stepping through."""
        at = self.query_one("#applied", RowList).cursor
        near = self.shown[max(at - NEAR, 0) : at + NEAR]
        return tuple(one.sample_id for one in near if one.sample_id is not None)
