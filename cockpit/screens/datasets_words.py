"""What the datasets screens say, as lines and rows. Pure: numbers come in, words go out; no widget, no store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual.content import Content

from cockpit.core.dataset_shapes import FIELDS
from cockpit.core.leaks import protection
from cockpit.screens.stops_lines import Line, Part
from cockpit.screens.words import clip, count, one_line, plural, short_count
from widgets.row_list import ListColumn, ListRow
from widgets.visible import pad, visible

if TYPE_CHECKING:
    from cockpit.core.examples import Row
    from cockpit.screens.datasets_read import Estimate, Glance
    from cockpit.store.datasets import DatasetRow

WIDE = (
    ListColumn("dataset"),
    ListColumn("rows", 9, right=True),
    ListColumn("labels", 6, right=True),
    ListColumn("splits", 34, quiet=True),
)
NARROW = (ListColumn("dataset"), ListColumn("rows", 9, right=True), ListColumn("", 9, quiet=True))
BAR = 20
NAME = 18
SHOWN = 12
"""Labels in the glance; how many more there are is said."""
EMPTY = (
    "Labelled data to take examples from and to measure on: split, checked for leaks.",
    "a imports a file: JSONL, CSV, TSV, Parquet, Hugging Face folders, Inspect, lm-eval …",
)


def keyed(*pairs: tuple[str, str]) -> Content:
    """Keys and what each stands at, on one line."""
    parts = [
        ((f"{key} ", "$text-accent"), (f"{visible(words, newlines='mark')}   ", "$text-muted")) for key, words in pairs
    ]
    return Content.assemble(*(part for pair in parts for part in pair))


def list_row(dataset: DatasetRow, *, narrow: bool) -> ListRow:
    """A dataset in the list."""
    splits = splits_words(dataset, narrow=narrow)
    labels = count(dataset.distinct_labels) if dataset.distinct_labels else "–"
    cells = (dataset.name, count(dataset.n), splits) if narrow else (dataset.name, count(dataset.n), labels, splits)
    return ListRow(dataset.name, cells, "◆" if dataset.splits else "◇", "ok" if dataset.splits else "wait")


def splits_words(dataset: DatasetRow, *, narrow: bool = False) -> str:
    """Splits with their rows; narrow, how many there are."""
    if not dataset.splits:
        return "not split"
    if narrow:
        return plural(len(dataset.splits), "split")
    return "  ".join(f"{name} {short_count(n)}" for name, n in in_order(dataset.splits))


def in_order(splits: Mapping[str, int]) -> list[tuple[str, int]]:
    """Splits as they are used: examples, others, dev, test."""
    return sorted(splits.items(), key=lambda one: protection(one[0]))


def percents(k: int, n: int) -> str:
    """A share of a whole count as percents: '0.4 %', '12 %'."""
    share = 100 * k / n if n else 0.0
    return f"{share:.0f} %" if share >= 10 or share == 0 else f"{share:.1f} %" if share >= 0.1 else "<0.1 %"


def glance_lines(dataset: DatasetRow, glance: Glance | None, *, width: int) -> list[Line]:
    """All that is known of a dataset."""
    lines = [
        Line(((dataset.name, "head"), (f"   {plural(dataset.n, 'row')}", "plain"))),
        Line(((f"from {dataset.source}{_read_as(dataset.columns)}", "quiet"),)),
    ]
    left_out = dataset.facts.get("left_out")
    if left_out:
        lines.append(Line(((f"{plural(left_out, 'bad row')} of the file left out", "cut"),)))
    lines += _split_lines(dataset, width)
    lines += _label_lines(dataset, width)
    lines += _length_lines(dataset, glance.estimate if glance else None)
    lines += _copy_lines(dataset)
    if glance is not None and glance.first:
        lines += [Line(), Line((("first rows", "head"),))]
        for row in glance.first:
            lines += row_lines(row)
    return lines


def _read_as(columns: Mapping[str, Any]) -> str:
    form, mapping = columns.get("format"), columns.get("mapping")
    mapped = ", ".join(f"{field} = {mapping[field]}" for field in FIELDS if field in mapping) if mapping else ""
    return (f", {form}" if form else "") + (f": {mapped}" if mapped else "")


def bar_line(name: str, k: int, n: int, most: int, tone: str, *, width: int) -> Line:
    """A count, its share and a bar as long as its part of the largest."""
    room = min(BAR, max(width - NAME - 22, 0))
    long = round(room * k / most) if most else 0
    bar: Part = ("━" * max(long, 1 if k else 0), tone) if room else ("", tone)
    counts = f"{count(k):>10}  {percents(k, n):>6}  "
    return Line(((pad(one_line(name), NAME), "plain"), (counts, "plain"), bar), indent=1)


def _split_lines(dataset: DatasetRow, width: int) -> list[Line]:
    lines = [Line(), Line((("splits", "head"),))]
    if not dataset.splits:
        return [*lines, Line((("none yet: s splits it into examples, dev and test", "quiet"),), indent=1)]
    most = max(dataset.splits.values())
    lines += [bar_line(name, k, dataset.n, most, "mark", width=width) for name, k in in_order(dataset.splits)]
    rest = dataset.n - sum(dataset.splits.values())
    if rest:
        lines.append(bar_line("in none", rest, dataset.n, max(most, rest), "quiet", width=width))
    return lines


def _label_lines(dataset: DatasetRow, width: int) -> list[Line]:
    if not dataset.labels:
        return [Line(), Line((("labels", "head"), ("   none", "quiet")))]
    said = f"   {count(dataset.distinct_labels)} different" if dataset.distinct_labels > 1 else ""
    lines = [Line(), Line((("labels", "head"), (said, "quiet")))]
    shown = list(dataset.labels.items())[:SHOWN]
    most = max(*dataset.labels.values(), dataset.unlabelled)
    lines += [bar_line(name, k, dataset.n, most, "stop", width=width) for name, k in shown]
    more = dataset.distinct_labels - len(shown)
    if more > 0:
        rest = dataset.n - dataset.unlabelled - sum(k for _, k in shown)
        lines.append(Line(((f"{count(more)} more, on {plural(rest, 'row')}", "quiet"),), indent=1))
    if dataset.unlabelled:
        lines.append(bar_line("no label", dataset.unlabelled, dataset.n, most, "quiet", width=width))
    return lines


def _length_lines(dataset: DatasetRow, estimate: Estimate | None) -> list[Line]:
    heads = "".join(f"{name:>9}" for name in ("least", "median", "95 %", "most"))
    lines = [Line(), Line((("lengths", "head"), (" " * (NAME - 6) + heads, "quiet")))]
    for name, key, share in (
        ("input", "input_chars", estimate.inputs if estimate else None),
        ("output", "output_chars", estimate.outputs if estimate else None),
    ):
        spread = dataset.facts.get(key) or {}
        if not spread:
            continue
        lengths = [spread[at] for at in ("least", "median", "p95", "most")]
        lines.append(_lengths(f"{name}, characters", lengths))
        if share and lengths[-1]:
            lines.append(_lengths(f"{name}, ≈ tokens", [round(length * share) for length in lengths]))
    if len(lines) == 2:
        return [*lines, Line((("unknown", "quiet"),), indent=1)]
    if estimate is not None:
        how = f"≈ from {plural(estimate.rows, 'row')}, {estimate.encoding} for {estimate.model}"
        lines.append(Line(((how, "quiet"),), indent=1))
    return lines


def _lengths(name: str, lengths: Sequence[int]) -> Line:
    return Line(((pad(name, NAME), "plain"), ("".join(f"{count(n):>9}" for n in lengths), "plain")), indent=1)


def _copy_lines(dataset: DatasetRow) -> list[Line]:
    copies = dataset.facts.get("copies")
    said: Part = ("unknown", "quiet")
    if copies == 0:
        said = ("none: every input stands once", "quiet")
    elif copies is not None:
        said = (f"{plural(copies, 'row has', 'rows have')} the input of an earlier one", "cut")
    return [Line(), Line((("duplicates", "head"),)), Line((said,), indent=1)]


def row_lines(row: Row) -> list[Line]:
    """A row in two lines: its input, its answer."""
    number = pad(count(row.number), 6, right=True)
    answer = row.output or row.label or ""
    return [
        Line(((clip(one_line(row.input), 200), "plain"),), (f"{number}  ", "quiet")),
        Line(((clip(one_line(answer), 120) or "no answer", "stop" if answer else "quiet"),), ("      → ", "quiet")),
    ]
