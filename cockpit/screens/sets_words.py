"""What the screens of sets say: rows, counts, the block as it is sent, changes. Pure: values in, words out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.cells import cell_len

from cockpit.core.example_block import render_example
from cockpit.core.examples import Example, Source, Template, Verdict
from cockpit.screens.sets_count import Counted
from cockpit.screens.sets_draft import Change, Item, State, balance, differs, escaped
from cockpit.screens.stops_lines import Line, Part
from cockpit.screens.words import age, clip, count, one_line, plural
from cockpit.store.sets import SetRow, VersionRow
from widgets.row_list import ListColumn, ListRow

VERDICTS: Mapping[Verdict, tuple[str, str]] = {
    "gold": ("★", "ok"),
    "candidate": ("○", "wait"),
    "rejected": ("✗", "error"),
}
"""Per verdict: the glyph and the tone."""
UNSAVED = "✎"
CHANGED = "≠"
GONE = "–"
BAR = "▌"
AROUND = 60
"""Examples before and after the highlighted one that the preview lays out."""
LONG_LINE = 20_000
"""Characters that are laid out as one line."""
COUNTING = Line((("  counting …", "quiet"),))
LABELS_NAMED = 6
NAME = 26
"""Characters of a model's name that a line has room for."""
LOOKED_AT = 500
"""Examples whose outputs say how wide their column is."""
WIDEST = 24
SPACE, NEWLINE = "·", "↵"
NO_SETS = (
    "Sets are ordered examples with the template they are sent by.",
    "n names the first one; then a adds examples to it.",
)
NO_EXAMPLES = ("No examples in this set yet.", "a adds some from a list · A adds every gold one")
SETS_WIDE = (
    ListColumn("set"),
    ListColumn("version", 7, right=True),
    ListColumn("n", 6, right=True),
    ListColumn("template", 8),
    ListColumn("runs", 5, right=True),
    ListColumn("saved", 10, right=True, quiet=True),
)
SETS_NARROW = (SETS_WIDE[0], SETS_WIDE[1], ListColumn("n", 5, right=True), SETS_WIDE[3], SETS_WIDE[4])
SETS_WIDE_FROM = 62
"""Cells of the list of sets from which every column has room."""
ITEMS = (
    ListColumn("", 4, right=True, quiet=True),
    ListColumn("input"),
    ListColumn("tokens", 8, right=True),
)
WIDE_FROM = 74
"""Cells of the list from which every column has room."""
VERSIONS = (
    ListColumn("version", 7, right=True),
    ListColumn("n", 6, right=True),
    ListColumn("template", 8),
    ListColumn("runs", 5, right=True),
    ListColumn("saved", 10, right=True, quiet=True),
    ListColumn("what changed"),
)
OPS: Mapping[str, tuple[str, str]] = {
    "removed": ("−", "error"),
    "added": ("+", "ok"),
    "changed": ("≠", "cut"),
    "moved": ("↕", "stop"),
    "template": ("¶", "mark"),
}
"""Per kind of change: the sign and its tone."""


def set_row(row: SetRow, now: datetime, *, unsaved: bool, narrow: bool) -> ListRow:
    """A saved set in the list."""
    cells = (row.name, f"v{row.number}", count(row.n), row.kind, count(row.runs))
    mark = (UNSAVED, "cut") if unsaved else ("", "")
    return ListRow(row.name, cells if narrow else (*cells, age(row.created_at, now)), *mark)


def new_row(name: str, n: int, kind: str, *, narrow: bool) -> ListRow:
    """A set that was never saved."""
    cells = (name, "new", count(n), kind, "0")
    return ListRow(name, cells if narrow else (*cells, "not saved"), UNSAVED, "cut")


def item_columns(examples: Sequence[Example], *, narrow: bool) -> tuple[ListColumn, ...]:
    """The columns of the list; short outputs leave their room to the inputs."""
    longest = max((cell_len(one_line(one.answer, WIDEST)) for one in examples[:LOOKED_AT]), default=0)
    is_short = longest < (WIDEST if not narrow else WIDEST // 2)
    output = ListColumn("output", max(longest, 6)) if is_short else ListColumn("output", 0 if not narrow else 16)
    labelled = not narrow and any(one.label is not None for one in examples)
    label = (ListColumn("label", 10, quiet=True),) if labelled else ()
    return (ITEMS[0], ITEMS[1], output, *label, ITEMS[2])


def item_row(item: Item, place: int, tokens: str, now: Mapping[int, Example], *, labelled: bool) -> ListRow:
    """An example in its place (from 1); `now` has the examples as they are stored now."""
    one = item.example
    cells: tuple[str, ...] = (str(place), one_line(one.input, 200), one_line(one.answer, 200))
    cells += (one.label or "", tokens) if labelled else (tokens,)
    glyph, tone = mark_of(item, now)
    return ListRow(item.key, cells, glyph, tone)


def mark_of(item: Item, now: Mapping[int, Example]) -> tuple[str, str]:
    """The glyph of an example: of what it is now, or that it is gone or says something else."""
    current = now.get(item.example.id) if item.example.id is not None else None
    if current is None:
        return GONE, "unknown"
    return (CHANGED, "cut") if differs(item, now) else VERDICTS[current.verdict]


def item_words(item: Item, now: Mapping[int, Example], key: str) -> str:
    """Facts about the highlighted example in a sentence; `key` takes the texts as they are now."""
    one = item.example
    current = now.get(one.id) if one.id is not None else None
    parts = [f"example {one.id}" if one.id is not None else "an example that was removed"]
    if current is not None:
        parts.append(f"{VERDICTS[current.verdict][0]} {current.verdict}")
    if one.label is not None:
        parts.append(f"label {clip(one.label, 30)}")
    parts.append(source_words(one.source))
    if one.tags:
        parts.append(clip(" ".join(one.tags), 30))
    if current is None:
        parts.append("only its text here is left")
    elif differs(item, now):
        parts.append(f"edited since: {key} takes the text as it is now")
    return " · ".join(parts)


def source_words(source: Source) -> str:
    """Where an example is from, in a few words."""
    detail = source.detail
    match source.kind:
        case "sample":
            return f"sample {detail.get('sample', '?')}" + (f" of {m}" if (m := detail.get("model")) else "")
        case "row":
            return f"row {detail.get('row', '?')} of {detail.get('dataset', '?')}"
        case "edited":
            return "edited"
        case "file":
            return "from a file"
    return "typed"


def about(tokens: int, *, exact: bool) -> str:
    """A number of tokens; an estimate says that it is one."""
    return count(tokens) if exact else f"≈{count(tokens)}"


def model_words(counted: Counted) -> str:
    """What the whole set counts for one model, in a line."""
    if counted.problem:
        return f"{_short(counted)}: not counted"
    share = share_words(counted)
    tokens = f"{_short(counted)} {about(counted.whole, exact=counted.exact)} tok"
    return f"{tokens}, {share}" if share else tokens


def share_words(counted: Counted) -> str:
    """The share of a model's context that the whole set takes; empty where that is not known."""
    if not counted.window:
        return ""
    if counted.whole > counted.window:
        return "over its context"
    part = counted.whole / counted.window * 100
    return f"{part:.0f} % of context" if part >= 9.95 else f"{part:.1f} % of context"


def _short(counted: Counted) -> str:
    return clip(counted.model.rpartition(":")[2] or counted.model, NAME)


def count_lines(counted: Sequence[Counted], chosen: int) -> list[Line]:
    """A line for each model: the whole set's tokens, how sure that is; the one in the list's column stands out."""
    name = max((len(_short(one)) for one in counted), default=0)
    tokens = [about(one.whole, exact=one.exact) if not one.problem else "?" for one in counted]
    wide = max(map(len, tokens), default=0)
    lines = []
    for at, (one, n) in enumerate(zip(counted, tokens, strict=True)):
        tone = "plain" if at == chosen else "quiet"
        lead: Part = (f"{BAR} " if at == chosen and len(counted) > 1 else "  ", "mark")
        if one.problem:
            lines.append(Line(((f"{_short(one):<{name}}  ", tone), (one.problem, "quiet")), lead))
            continue
        said = f"{_short(one):<{name}}  {n:>{wide}} tok  {share_words(one):>16}"
        tone = "error" if one.window and one.whole > one.window else tone
        lines.append(Line(((said, tone), (f"  {'exact' if one.exact else 'estimate'}", "quiet")), lead))
    return lines or [Line((("  No model is chosen in Play: nothing is counted.", "quiet"),))]


def balance_words(examples: Sequence[Example]) -> str:
    """How the labels are spread, with shares; empty where no example has one."""
    found = balance(examples)
    if not found or (len(found) == 1 and found[0][0] is None):
        return "no labels" if examples else ""
    total = len(examples)
    named = [
        f"{clip(one_line(label), 20) if label is not None else 'no label'} {count(n)} ({n / total * 100:.0f} %)"
        for label, n in found[:LABELS_NAMED]
    ]
    more = len(found) - LABELS_NAMED
    return "labels: " + " · ".join(named) + (f" · {count(more)} more" if more > 0 else "")


def template_words(template: Template) -> str:
    """A template in one line."""
    match template.kind:
        case "turns":
            return "turns: a user and an assistant turn each"
        case "custom":
            return f"custom, separator {escaped(template.separator) or 'none'}"
        case _:
            labels = f"{escaped(template.input_label) or 'none'} / {escaped(template.output_label) or 'none'}"
            return f"{template.kind}, {labels}, separator {escaped(template.separator) or 'none'}"


def sent_lines(state: State, cursor: int, *, marks: bool) -> list[Line]:
    """The set as it is sent, around the highlighted example, which has a bar before it; `marks` shows white space."""
    examples, template = state.examples, state.template
    first, last = max(cursor - AROUND, 0), min(cursor + AROUND + 1, len(examples))
    laid = _Laid(marks=marks)
    if first:
        laid.heading(f"… {plural(first, 'example')} before", here=False, tone="quiet")
    for at in range(first, last):
        here = at == cursor
        if template.kind == "turns":
            laid.heading("user", here=here)
            laid.text(examples[at].input, here=here)
            laid.heading("assistant", here=here)
            laid.text(examples[at].answer, here=here)
            continue
        laid.text(render_example(examples[at], template), here=here)
        if at + 1 < len(examples):
            laid.text(template.separator, here=False, tone="quiet")
    if last < len(examples):
        laid.heading(f"… {plural(len(examples) - last, 'example')} after", here=False, tone="quiet")
    return laid.lines()


class _Laid:
    """Stretches of text put one after the other, as lines."""

    def __init__(self, *, marks: bool) -> None:
        self._marks = marks
        self._parts: list[list[Part]] = []
        self._here: list[bool] = []
        self._closed = True

    def heading(self, text: str, *, here: bool, tone: str = "strong") -> None:
        """A line of our own, which is not sent."""
        self._begin(here=here)
        self._parts[-1].append((text, tone))
        self._closed = True

    def text(self, text: str, *, here: bool, tone: str = "plain") -> None:
        """A stretch that is sent; it goes on where the one before it ended."""
        if self._closed:
            self._begin(here=here)
        for at, piece in enumerate(text.split("\n")):
            if at:
                if self._marks:
                    self._parts[-1].append((NEWLINE, "quiet"))
                self._begin(here=here)
            shown = piece.replace(" ", SPACE) if self._marks else piece
            for start in range(0, len(shown), LONG_LINE):
                if start:
                    self._begin(here=here)
                self._parts[-1].append((shown[start : start + LONG_LINE], tone))
                self._here[-1] = self._here[-1] or here

    def _begin(self, *, here: bool) -> None:
        self._parts.append([])
        self._here.append(here)
        self._closed = False

    def lines(self) -> list[Line]:
        """As the preview shows them."""
        return [
            Line(tuple(parts), (BAR if here else " ", "mark"))
            for parts, here in zip(self._parts, self._here, strict=True)
        ]


def change_words(found: Sequence[Change]) -> str:
    """The differences between two versions, counted."""
    counts = {op: sum(one.op == op for one in found) for op in OPS}
    names = {"removed": "−", "added": "+"}
    parts = [f"{names[op]}{count(counts[op])}" for op in ("added", "removed") if counts[op]]
    parts += [f"{count(counts['changed'])} edited"] if counts["changed"] else []
    parts += [f"{count(counts['moved'])} moved"] if counts["moved"] else []
    parts += ["template"] if counts["template"] else []
    return " · ".join(parts) or "nothing"


def change_lines(found: Sequence[Change]) -> list[Line]:
    """Every difference, a line or two each."""
    if not found:
        return [Line((("Nothing differs.", "quiet"),))]
    lines = []
    for one in found:
        sign, tone = OPS[one.op]
        text = one_line(one.text, 1_000)
        place = f"{one.place:>4}  " if one.place else "      "
        lead: Part = (f"{sign}{place}", tone)
        match one.op:
            case "moved":
                lines.append(Line(((text, "plain"), (f"  from {one.before}", "quiet")), lead))
            case "changed" | "template":
                lines.append(Line(((text, "plain"),), lead))
                lines.append(Line(((one_line(one.before, 1_000) or "none", "gone"),), ("  was  ", "quiet")))
            case _:
                lines.append(Line(((text, "gone" if one.op == "removed" else "plain"),), lead))
    return lines


def version_row(row: VersionRow, changed: str, now: datetime, *, narrow: bool) -> ListRow:
    """A version in the list."""
    cells = (f"v{row.number}", count(row.n), row.kind, count(row.runs))
    return ListRow(row.number, (*cells, changed) if narrow else (*cells, age(row.created_at, now), changed))
