"""The Tokens pane's words: counts, the window as a bar, the token under the cursor. Pure: no widget, no store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from cockpit.screens.tokens_read import HEAD, UNKNOWN, Lane, SectionCount
from cockpit.screens.words import clip, count, money, plural
from widgets.row_list import ListRow
from widgets.token_shown import shown
from widgets.top_bar import BarPart
from widgets.visible import visible, wrap

if TYPE_CHECKING:
    from cockpit.core.checks import Finding
    from cockpit.core.estimate import Estimate
    from cockpit.core.tokens import Count

GLYPHS = {"error": ("✗", "error"), "warning": ("⚠", "cut"), "note": ("·", "wait")}
MOST_BYTES = 12
BAR = 14
NAME = 8
MOST_LINES = 4
EMPTY = (
    "What a model sees: tokens, counts, cost, checks.",
    "Press i to type here, or F2 to write in Play.",
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line under the sections: a name, a bar where there is one, a value, and what is said beside it if it fits."""

    name: str
    value: str
    quiet: str = ""
    bar: tuple[str, ...] = ()
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """The planned run, as far as the shown model takes part in it."""

    requests: int
    """Requests to this model."""
    input_usd: float | None
    """What their prompts cost, without answers; None where the price is unknown."""
    whole: Estimate | None
    """The whole send over all models."""


def about(*, exact: bool) -> str:
    """The sign before a number that is not exact."""
    return "" if exact else "≈ "


def lane_title(lane: Lane, first: Lane | None = None, *, narrow: bool = False) -> str:
    """'gpt-5 · o200k_base · 424 tokens, exact', and the difference from the first where this is the second."""
    name = lane.chosen.model.rpartition(":")[2]
    encoding = lane.tokenizer.name
    words = [name] if name and name != encoding else []
    words.append(encoding)
    number = f"{about(exact=lane.exact)}{plural(lane.total, 'token')}"
    if first is not None and first.total:
        more = lane.total - first.total
        number += f", {'+' if more >= 0 else '−'}{count(abs(more))} ({abs(more) / first.total:.0%})"
    sure = "exact" if lane.exact else "estimate"
    if narrow:
        return f"{about(exact=lane.exact)}{count(lane.total)}, {sure} · {words[0]}"
    return " · ".join([*words, f"{number}, {sure}"])


def lane_note(lane: Lane) -> str:
    """What the view cannot show of a tokenizer; empty where it shows everything."""
    return "" if lane.tokenizer.boundaries else "boundaries not public: counts only"


def section_rows(found: Sequence[SectionCount], *, exact: bool) -> list[ListRow]:
    """Sections with their tokens and share, in the order sent."""
    total = sum(section.tokens for section in found) or 1
    sign = about(exact=exact)
    return [
        ListRow(
            (section.field, section.start, at),
            (_indent(section), f"{sign}{count(section.tokens)}", _share(section.tokens / total)),
            quiet=not section.tokens,
        )
        for at, section in enumerate(found)
    ]


def _indent(section: SectionCount) -> str:
    if section.field == "text" and section.kind == "message":
        return "text"
    return ("  " if section.kind in ("example", "question") else "") + section.label


def _share(share: float) -> str:
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 1 or not percent else "<1 %"


def window_bar(used: int, reserved: int, context: int, width: int = BAR) -> tuple[str, str, str]:
    """A bar of `width` cells in three stretches: the prompt, what max_tokens keeps for the answer, what is free."""
    first = min(max(round(width * used / context), 1 if used else 0), width)
    second = min(max(round(width * reserved / context), 1 if reserved else 0), width - first)
    return "━" * first, "╍" * second, "─" * (width - first - second)


def window_words(used: int, reserved: int, context: int, *, exact: bool) -> str:
    """'12 % of 400 000', and by how much it is too long."""
    over = used + reserved - context
    sign = about(exact=exact)
    if over > 0:
        return f"{sign}{count(over)} over {count(context)}"
    return f"{sign}{_share(used / context)} of {count(context)}"


def cost_lines(lane: Lane, run: Run | None) -> list[Line]:
    """What the text costs as the input of one request, and in the planned run."""
    model, price, sign = lane.chosen.model, lane.chosen.price, about(exact=lane.exact)
    if not model:
        return [Line("cost", "m chooses a model, which has a price")]
    if model.startswith("local:"):
        found = [Line("cost", "free: it runs on this machine")]
    elif price is None:
        found = [Line("cost", "price unknown")]
    else:
        listed = f"   ${price.input:g} a million in, {price.date}"
        found = [Line("cost", f"{sign}{money(lane.total * price.input / 1_000_000)} a request", listed)]
    return found + (run_lines(run, exact=lane.exact) if run is not None else [])


def run_lines(run: Run, *, exact: bool) -> list[Line]:
    """What the planned run costs: the prompts of the shown model, then everything."""
    if not run.requests:
        return [Line("run", "this model is not among Play's")]
    usd = "" if run.input_usd is None else f"{about(exact=exact)}{money(run.input_usd)} in, "
    found = [Line("run", usd + plural(run.requests, "request"))]
    whole = run.whole
    if whole is not None and whole.usd:
        more = " + ?" if whole.unpriced else ""
        found.append(Line("", f"≈ {money(whole.usd)}{more}", "   every model, with answers"))
    return found


def total_lines(lane: Lane, run: Run | None, reserved: int, width: int) -> list[Line]:
    """The lines under the sections: total, window, cost, how it was counted and how sure that is."""
    sign, can = about(exact=lane.exact), lane.chosen.can
    lines = [Line("total", f"{sign}{plural(lane.total, 'token')}", "   of text, without a template")]
    if lane.special:
        lines = [Line("total", f"{sign}{plural(lane.total, 'token')}", "   with the template's")]
    if can is not None and can.context:
        words = window_words(lane.total, reserved, can.context, exact=lane.exact)
        over = lane.total + reserved > can.context
        room = min(max(width - NAME - len(words) - 1, 4), BAR)
        lines.append(Line("window", f" {words}", "", window_bar(lane.total, reserved, can.context, room), over))
    elif lane.chosen.model:
        lines.append(Line("window", "unknown"))
    lines += cost_lines(lane, run)
    how = lane.chosen.choice.why if lane.exact else f"estimate: {lane.error.removeprefix('estimate: ')}"
    return [*lines, Line("how", f"{lane.tokenizer.name}, {how}")]


def most_wanted(lines: Sequence[Line], *, exact: bool) -> list[Line]:
    """The lines for a screen that has no room for all: an estimate still says that it is one."""
    return [line for line in lines if line.name and (line.name != "how" or not exact)]


def totals_content(lines: Sequence[Line], width: int) -> Content:
    """The lines with their names stepping back; a value that does not fit goes on under its beginning."""
    parts: list[tuple[str, str] | str] = []
    for at, line in enumerate(lines):
        parts += ["\n" if at else "", (f"{line.name:<{NAME}}", "$text-muted")]
        for stretch, tone in zip(line.bar, ("$text-accent", "$text-warning", "$foreground 30%"), strict=False):
            parts.append((stretch, tone))
        parts.append(_value(line, width))
        if line.quiet and NAME + len(line.value) + len(line.quiet) <= width:
            parts.append((visible(line.quiet, newlines="mark"), "$text-muted"))
    return Content.assemble(*parts)


def _value(line: Line, width: int) -> tuple[str, str]:
    room = max(width - NAME - sum(map(len, line.bar)), 8)
    rows = wrap(visible(line.value, newlines="mark"), room, MOST_LINES)
    return f"\n{' ' * NAME}".join(rows), "$text-error" if line.bad else "$foreground"


def count_words(counted: Count) -> str:
    """A count as a server gave it."""
    sure = "exact" if counted.exact else "estimate"
    return f"{about(exact=counted.exact)}{plural(counted.tokens, 'token')} by {counted.how}, {sure}"


def token_parts(lane: Lane, token: int, *, vocabulary: int = 0) -> tuple[list[BarPart], list[BarPart]]:
    """The token under the cursor: what it is at the left, where it stands at the right."""
    if not lane.ids:
        return [("", "quiet")], []
    token = min(token, len(lane.ids) - 1)
    placed = lane.part_at(token)
    where = placed.part.label if placed is not None else ""
    start, end, ident = lane.start(token), lane.ends[token], lane.ids[token]
    if ident == HEAD:
        if not lane.tokenizer.boundaries:
            return [(f"No token boundaries are public for {lane.tokenizer.name}: only counts.", "quiet")], []
        size = placed.count if placed is not None else 0
        return [(where, "name"), (f"  {plural(size, 'token')}; this heading is none", "quiet")], []
    data = lane.data[start:end]
    if ident == UNKNOWN:
        return [(shown(data)[0], "on"), ("   a special token; its id is not published", "warn")], _where(
            lane, token, where
        )
    special = next((text for text, number in lane.tokenizer.specials.items() if number == ident), "")
    text = special or shown(data[:200])[0]
    left: list[BarPart] = [(clip(text, 32), "on"), ("   id ", "quiet"), (str(ident), "name")]
    if special:
        left.append(("   special token", "warn"))
    elif vocabulary:
        left += [("   rank ", "quiet"), (f"{count(ident)} of {count(vocabulary)}", "plain")]
    left += [("   bytes ", "quiet"), (_hex(data), "plain")]
    return left, _where(lane, token, where)


def _where(lane: Lane, token: int, where: str) -> list[BarPart]:
    """The part, the byte and the number of a token among those of the text."""
    heads = len(lane.parts) if len(lane.parts) > 1 else 0
    behind = sum(1 for each in lane.parts if each.token <= token) if heads else 0
    placed = lane.part_at(token)
    byte = lane.start(token) - (placed.byte if placed is not None else 0)
    number = f"token {count(token + 1 - behind)} of {count(len(lane.ids) - heads)}"
    return [(f"   {where}", "quiet"), (f"  byte {count(byte)}", "quiet"), (f"  {number}", "plain")]


def _hex(data: bytes) -> str:
    more = f" … {len(data)} bytes" if len(data) > MOST_BYTES else ""
    return data[:MOST_BYTES].hex(" ").upper() + more


def finding_rows(found: Sequence[Finding]) -> list[ListRow]:
    """The checks' findings, worst first; what has a fix says so."""
    return [
        ListRow(
            at,
            ((f"{finding.model.rpartition(':')[2]}: " if finding.model else "") + finding.sentence,),
            *GLYPHS[finding.severity],
        )
        for at, finding in enumerate(found)
    ]


def findings_title(found: Sequence[Finding] | None) -> str:
    """'checks: 1 error, 2 warnings'; what was not looked at says so."""
    if found is None:
        return "checks"
    parts = []
    for severity in ("error", "warning", "note"):
        n = sum(finding.severity == severity for finding in found)
        if n:
            parts.append(plural(n, severity))
    return f"checks: {', '.join(parts)}" if parts else "checks: nothing found"


def finding_words(finding: Finding | None, fix_key: str, *, sourced: bool = True) -> str:
    """The whole of a finding: its sentence, its fix, its source."""
    if finding is None:
        return ""
    fix = f"\n{fix_key}: {finding.fix.title}" if finding.fix is not None else ""
    return f"{finding.sentence}{fix}" + (f"\n{finding.source}" if sourced else "")


def ids_json(lane: Lane) -> str:
    """Every id as a JSON list, headings left out."""
    return json.dumps([ident for ident in lane.ids if ident != HEAD])
