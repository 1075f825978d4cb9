"""The first view of the stops screen: each string against each model, and what is wrong. Judges nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from cockpit.core.stats import Rate
from cockpit.core.stop_checks import StopFinding, StopReport
from cockpit.screens.opened import plain_title
from cockpit.screens.stops_lines import Line, Lines, Part, bar, percent
from cockpit.screens.words import count, plural
from widgets.row_list import ListColumn, ListRow, RowList
from widgets.visible import visible

Pieces = Callable[[str, int], bytes]
"""Model and token id → the bytes of the token; empty where unknown."""
SEVERITIES = {"error": ("✗", "error"), "warning": ("▲", "cut"), "note": ("·", "quiet")}
ORDER = tuple(SEVERITIES)
WIDE = (
    ListColumn("stop string", 14),
    ListColumn("model"),
    ListColumn("tokens", 6, right=True),
    ListColumn("answers", 8, right=True),
    ListColumn("early", 5, right=True),
)
NARROW = (ListColumn("stop string", 12), ListColumn("model"), ListColumn("answers", 8, right=True))
NARROW_BELOW = 110
NO_STOPS = ("No stop string is set.", "i types some; they are checked as you type.")
NO_MODELS = ("No model is chosen.", "Choose some in Play: stop strings are checked for each.")


def quoted(stop: str) -> str:
    """A stop string as it is typed."""
    return json.dumps(stop, ensure_ascii=False)


def worst(findings: Sequence[StopFinding]) -> str:
    """The severity that counts most; empty where nothing was found."""
    return next((name for name in ORDER if any(f.severity == name for f in findings)), "")


def sorted_findings(report: StopReport) -> list[StopFinding]:
    """Errors, then warnings, then notes."""
    return sorted(report.findings, key=lambda finding: ORDER.index(finding.severity))


def check_row(at: int, report: StopReport, *, narrow: bool) -> ListRow:
    """A report as a row of the list."""
    glyph, tone = ("✗", "error") if not report.allowed else SEVERITIES.get(worst(report.findings), ("✓", "ok"))
    hits = "–" if not report.n else f"?/{report.n}" if report.unclear else f"{report.hits}/{report.n}"
    if narrow:
        return ListRow(at, (quoted(report.stop), report.model, hits), glyph, tone)
    tokens = "?" if report.token_ids is None else str(len(report.token_ids))
    return ListRow(at, (quoted(report.stop), report.model, tokens, hits, str(report.early or "–")), glyph, tone)


def chip(data: bytes) -> str:
    """A token as text with its white space visible; bytes that are no whole character as numbers."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return "".join(f"‹{byte:02x}›" for byte in data)
    return visible(text, newlines="mark").replace(" ", "·")


def chips(ids: Sequence[int], model: str, pieces: Pieces) -> tuple[Part, ...]:
    """Tokens side by side in two shades."""
    found: list[Part] = []
    for at, token in enumerate(ids):
        text = chip(pieces(model, token)) or f"‹{token}›"
        found.append((text, "odd" if at % 2 else "even"))
    return tuple(found)


def report_lines(report: StopReport, pieces: Pieces, how: str = "") -> list[Line]:
    """One stop string with one model, whole.

    Args:
        how: which tokenizer this is, and how sure that is.
    """
    lines = [
        Line(((quoted(report.stop), "strong"), (f"  {report.model}", "quiet"))),
        Line(),
        _allowed(report),
    ]
    if report.token_ids is not None:
        ids = " ".join(map(str, report.token_ids))
        said = (f"  {plural(len(report.token_ids), 'token')}  {ids}", "quiet")
        lines.append(Line((*chips(report.token_ids, report.model, pieces), said), _lead("tokens")))
        lines += [Line(((how, "quiet"),), indent=11)] if how else []
    elif how:
        lines.append(Line(((how, "quiet"),), _lead("tokens")))
    return [*lines, *_stored(report), *_variants(report, pieces), *_findings(report)]


def _lead(name: str) -> Part:
    return (f"{name:<11}", "quiet")


def _allowed(report: StopReport) -> Line:
    if report.allowed:
        return Line((("✓ ", "ok"), (report.reason or "the API takes it", "plain")), _lead("allowed"))
    return Line((("✗ ", "error"), (report.reason or "the API refuses it", "plain")), _lead("allowed"))


def _stored(report: StopReport) -> list[Line]:
    """What stored answers and gold examples say."""
    if not report.n:
        lines = [Line((("no stored answer to look in", "quiet"),), _lead("in answers"))]
    else:
        rate = Rate(report.hits, report.n, report.low, report.high)
        said = f"{report.hits}/{report.n}  " + ("" if report.rate is None else f"{percent(report.rate)} %  ")
        interval = f"{percent(report.low)}–{percent(report.high)}  "
        lines = [Line(((said, "plain"), (interval, "quiet"), *bar(rate, "stop")), _lead("in answers"))]
    if report.unclear:
        words = f"{count(report.unclear)} more may have hit it: the API does not say"
        lines.append(Line(((words, "quiet"),), _lead("")))
    if report.cut_by_length:
        words = f"{plural(report.cut_by_length, 'answer')} cut by length before it came"
        lines.append(Line(((words, "cut"),), _lead("")))
    if report.early:
        words = f"cuts {plural(report.early, 'gold answer')} too early"
        lines.append(Line(((words, "error"),), _lead("gold")))
    return lines


def _variants(report: StopReport, pieces: Pieces) -> list[Line]:
    """Other ways to write it, those that were seen first."""
    lines = []
    for at, variant in enumerate(sorted(report.variants, key=lambda v: -v.seen)):
        seen = (f"  seen in {plural(variant.seen, 'answer')}", "cut") if variant.seen else ("  not seen", "quiet")
        shown = chips(variant.token_ids, report.model, pieces) or ((chip(variant.text.encode()), "plain"),)
        lines.append(Line((*shown, seen), _lead("" if at else "variants")))
    return lines


def _findings(report: StopReport) -> list[Line]:
    lines: list[Line] = []
    for finding in sorted_findings(report):
        glyph, tone = SEVERITIES[finding.severity]
        said: tuple[Part, ...] = ((finding.sentence, "plain"), (f"  {finding.check}", "quiet"))
        lines += [Line(), Line(said, (f"{glyph} ", tone)), Line(((finding.source, "quiet"),), indent=2)]
    return lines if lines else [Line(), Line((("nothing to object to", "plain"),), ("✓ ", "ok"))]


class ChecksView(Container):
    """The list of stop × model beside all that is known of the highlighted one."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="split")
        self.reports: Sequence[StopReport] = ()
        self._pieces: Pieces = lambda model, token: b""
        self._how: Callable[[str], str] = lambda model: ""

    def compose(self) -> ComposeResult:
        """List and detail."""
        rows = RowList(WIDE, id="checks", classes="box", empty=("Reading…",))
        rows.border_title = "stop strings"
        yield rows
        yield Lines(id="found", classes="box")

    def on_mount(self) -> None:
        self.query_one("#found").border_title = "what is known"

    def show(
        self,
        reports: Sequence[StopReport],
        pieces: Pieces,
        how: Callable[[str], str],
        empty: Sequence[str],
        *,
        note: str = "",
    ) -> None:
        """Show these reports.

        Args:
            how: model → the words about its tokenizer.
            note: what was left out, to be shown beside the counts.
        """
        self.reports, self._pieces, self._how = reports, pieces, how
        rows = self.query_one("#checks", RowList)
        narrow = self.app.size.width < NARROW_BELOW
        rows.columns = NARROW if narrow else WIDE
        rows.set_empty(*empty)
        rows.show([check_row(at, report, narrow=narrow) for at, report in enumerate(reports)])
        rows.border_subtitle = plain_title(" · ".join(part for part in (note, said_of(reports)) if part))
        self._show_current()

    @on(RowList.Moved, "#checks")
    def _show_current(self) -> None:
        rows = self.query_one("#checks", RowList)
        found = self.query_one("#found", Lines)
        if rows.cursor < len(self.reports):
            report = self.reports[rows.cursor]
            found.show(report_lines(report, self._pieces, self._how(report.model)))
        else:
            found.show(())


def said_of(reports: Sequence[StopReport]) -> str:
    """How many of what was found."""
    findings = {(f.check, f.stop, f.model, f.sentence): f for report in reports for f in report.findings}
    counts = [(sum(f.severity == name for f in findings.values()), name) for name in ORDER]
    return ", ".join(plural(n, name) for n, name in counts if n)
