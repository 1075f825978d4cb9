"""The Examples pane's words: rows, counts, facts about one example. Pure: no widget, no store, no key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cockpit.core.examples import Example, Source, Verdict
from cockpit.core.tokens import Count
from cockpit.screens.stops_lines import Line
from cockpit.screens.words import age, clip, count, one_line, plural
from cockpit.store.example_list import Head, Order, Whole
from cockpit.store.examples import Edit
from widgets.row_list import ListColumn, ListRow
from widgets.top_bar import BarPart

GLYPHS: Mapping[Verdict, tuple[str, str, str]] = {
    "gold": ("★", "ok", "gold"),
    "candidate": ("○", "wait", "candidate"),
    "rejected": ("✗", "error", "rejected"),
}
"""Per verdict: the glyph, the tone and the word."""
UNSAVED = "✎"
ORDER_WORDS: Mapping[Order, str] = {
    "newest": "newest first",
    "oldest": "oldest first",
    "verdict": "to judge first, then gold, then rejected",
    "input": "by input, A to Z",
    "longest": "longest first",
    "shortest": "shortest first",
    "label": "by label",
    "source": "by where they came from",
}
LEAD = 12
EDITS_NAMED = 3
NO_EXAMPLES = (
    "Inputs with the output they should have: what few-shot prompts show a model.",
    "a writes one, * keeps a sample anywhere, I reads a file, D takes dataset rows",
)
WIDE, MIDDLE = 88, 56
"""Cells from which the list has room for tags and sources, and for labels."""
LABEL = ListColumn("label", 9, quiet=True)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an example's two texts count for a model; None where that cannot be told, with the reason."""

    model: str
    input: Count | None = None
    answer: Count | None = None
    problem: str = ""


def columns(width: int) -> tuple[ListColumn, ...]:
    """The columns that a list of this width has room for; the input has the most of it."""
    texts = (ListColumn("input"), ListColumn("output", max(width // 5, 14)))
    if width >= WIDE:
        return (*texts, LABEL, ListColumn("tags", 10, quiet=True), ListColumn("from", 10, quiet=True))
    return (*texts, LABEL) if width >= MIDDLE else texts


def row_of(head: Head, width: int, *, unsaved: bool) -> ListRow:
    """A row; what is rejected steps back."""
    glyph, tone, _ = GLYPHS[head.verdict]
    cells: tuple[str, ...] = (one_line(head.input), one_line(head.output) or (f"({head.label})" if head.label else ""))
    if width >= WIDE:
        cells += (head.label, " ".join(head.tags), source_short(head.source))
    elif width >= MIDDLE:
        cells += (head.label,)
    return ListRow(head.id, cells, glyph + (UNSAVED if unsaved else ""), tone, quiet=head.verdict == "rejected")


def source_short(source: Source) -> str:
    """Where an example is from, in a word or two."""
    detail = source.detail
    match source.kind:
        case "sample":
            return f"sample {detail.get('sample', '?')}"
        case "row":
            return f"row {detail.get('row', '?')}"
        case "edited":
            return f"ed. {detail.get('from', '')}".strip()
        case _:
            return source.kind


def source_words(source: Source) -> str:
    """Where an example is from, as one sentence part."""
    detail = source.detail
    kind = str(detail.get("from", "")) if source.kind == "edited" else source.kind
    match kind:
        case "sample":
            said = f"sample {detail.get('sample', '?')} of {detail.get('model') or 'a model not known'}"
        case "row":
            said = f"row {detail.get('row', '?')} of dataset {detail.get('dataset', '?')}"
        case "file":
            said = f"{detail.get('path', 'a file')}, line {detail.get('line', '?')}"
        case "typed":
            said = "typed by hand"
        case _:
            said = ", ".join(f"{name} {value}" for name, value in detail.items()) or "not known"
    return f"edited, from {said}" if source.kind == "edited" else said


def count_parts(counts: Mapping[Verdict, int], marked: int) -> list[BarPart]:
    """How many are gold, left to judge, rejected, marked."""
    left, gold, rejected = counts["candidate"], counts["gold"], counts["rejected"]
    return [
        (f"★ {count(gold)} gold", "ok" if gold else "quiet"),
        (f"   ○ {count(left)} to judge", "accent" if left else "quiet"),
        (f"   ✗ {count(rejected)} rejected", "error" if rejected else "quiet"),
        *([(f"   ● {count(marked)} marked", "on")] if marked else []),
    ]


def list_parts(shown: int, total: int, order: Order, text: str) -> list[BarPart]:
    """What of it is listed, and in which order."""
    some = f"{count(shown)} of {count(total)} shown" if text else plural(total, "example")
    return [(f"{ORDER_WORDS[order].partition(',')[0]} · ", "quiet"), (some, "accent" if text else "quiet")]


def tokens_words(one: Count | None) -> str:
    """'412 tok', '≈ 412 tok', '? tok'."""
    if one is None:
        return "? tok"
    return f"{'' if one.exact else '≈ '}{count(one.tokens)} tok"


def facts(whole: Whole, same: Sequence[Head], tokens: Tokens | None, now: datetime, *, unsaved: bool) -> list[Line]:
    """What is known of an example beside its texts."""
    example = whole.example
    glyph, tone, word = GLYPHS[example.verdict]
    verdict = [(f"{glyph} {word}", tone), (f": {example.reason}" if example.reason else "", "plain")]
    found = [_line("verdict", *verdict)]
    if unsaved:
        found.append(_line("unsaved", ("an edit that you began: e goes on, Z throws it away", "cut")))
    found += _duplicate_lines(whole, same, example)
    found += [
        _line(name, (value, "plain"))
        for name, value in (
            ("label", example.label or ""),
            ("tags", " ".join(example.tags)),
            ("note", example.note),
            ("group", example.group or ""),
        )
        if value
    ]
    found.append(_line("from", (source_words(example.source), "plain"), (f", {age(whole.created_at, now)}", "quiet")))
    if tokens is not None:
        found.append(_token_line(tokens))
    if whole.sets:
        found.append(_line("in sets", (", ".join(whole.sets), "plain")))
    return [*found, *_edit_lines(whole.edits, now)]


def _line(lead: str, *parts: tuple[str, str]) -> Line:
    return Line(tuple(part for part in parts if part[0]), (lead.ljust(LEAD), "quiet"))


def _duplicate_lines(whole: Whole, same: Sequence[Head], example: Example) -> list[Line]:
    found: list[Line] = []
    for head in same:
        glyph, tone, _ = GLYPHS[head.verdict]
        answer = head.output or head.label
        clash = "" if answer.strip() == example.answer.strip() else "another output: "
        parts = (
            (f"{glyph} ", tone),
            (f"{head.id} ", "plain"),
            (f"{clash}{clip(one_line(answer), 60)}", "cut" if clash else "quiet"),
        )
        found.append(_line("same input" if not found else "", *parts))
    if more := len(whole.duplicates) - len(same):
        found.append(_line("", (f"and {count(more)} more", "quiet")))
    return found


def _token_line(tokens: Tokens) -> Line:
    if tokens.problem or tokens.input is None or tokens.answer is None:
        return _line("tokens", (f"? for {tokens.model}: {tokens.problem or 'not known'}", "quiet"))
    both = tokens.input.tokens + tokens.answer.tokens
    about = "" if tokens.input.exact else "≈ "
    sure = "exact" if tokens.input.exact else f"an estimate: {tokens.input.error}" if tokens.input.error else "estimate"
    return _line("tokens", (f"{about}{count(both)}", "plain"), (f" for {tokens.model}, {sure}", "quiet"))


def _edit_lines(edits: Sequence[Edit], now: datetime) -> list[Line]:
    if not edits:
        return []
    found = [_line("edits", (f"{count(len(edits))}", "plain"), (": H shows them whole", "quiet"))]
    for edit in edits[:EDITS_NAMED]:
        said = clip(one_line(edit.output or edit.label or ""), 60)
        found.append(_line("", (f"until {age(edit.replaced_at, now)}: ", "quiet"), (said or "no output", "gone")))
    return found


def history_text(whole: Whole) -> str:
    """Every text that an example had, the newest first."""
    example = whole.example
    parts = [_texts("now", example.input, example.output, example.label)]
    parts += [_texts(f"until {edit.replaced_at}", edit.input, edit.output, edit.label) for edit in whole.edits]
    return "\n\n\n".join(parts)


def _texts(when: str, input: str, output: str, label: str | None) -> str:
    tail = f"\n\nlabel: {label}" if label is not None else ""
    return f"──── {when}\n\ninput:\n{input}\n\noutput:\n{output}{tail}"


def same_words(same: Sequence[Head], more: int) -> str:
    """That an input being typed is an example already."""
    said = ", ".join(
        f"{head.id} {GLYPHS[head.verdict][0]} {clip(one_line(head.output or head.label), 40)}".rstrip() for head in same
    )
    return f"⚠ the same input as example {said}{f' and {count(more)} more' if more else ''}"
