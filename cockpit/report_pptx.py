"""A meeting's slides as a PowerPoint file with native tables and bar charts. Slides in, bytes out; looks nothing up."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cockpit.core.errors import InputError
from cockpit.core.figures import Figure
from cockpit.core.log_plain import as_read, writable
from cockpit.core.report import Slide

WIDTH, HEIGHT, LEFT, TOP = 13.333, 7.5, 0.6, 1.35
"""Inches: the slide, and where its text begins."""
LINE = 0.3
WIDE = 105
"""Characters of a line of text at 14 points."""
Bars = Mapping[str, Sequence[tuple[str, Figure]]]
"""Target of a picture → its bars: a label and a figure each."""


@dataclass(slots=True)
class Block:
    """A part of a slide: text of a style and level, a table, or the target of a chart."""

    kind: str
    text: str = ""
    level: int = 0
    rows: list[list[str]] = field(default_factory=list)


def as_pptx(slides: Sequence[Slide], bars: Bars) -> bytes:
    """The slides as a .pptx file.

    Raises:
        InputError: the package that writes it is not installed.
    """
    try:
        from pptx import Presentation
        from pptx.util import Inches
    except ImportError:
        raise InputError(
            "PowerPoint files need the extra `pptx`.", hint="pip install 'research-cockpit[pptx]'"
        ) from None
    show: Any = Presentation()
    show.slide_width, show.slide_height = Inches(WIDTH), Inches(HEIGHT)
    for one in slides:
        page = show.slides.add_slide(show.slide_layouts[5])
        minutes = f"   ({one.minutes} min)" if one.minutes else ""
        _title(page, writable(one.title) + minutes)
        down = TOP
        for block in blocks(one.body):
            down += _put(page, block, bars, down)
    out = io.BytesIO()
    show.save(out)
    return out.getvalue()


def blocks(body: str) -> list[Block]:
    """Markdown as blocks; tags are text, links are their words."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    found: list[Block] = []
    level, kind, row = 0, "text", list[str]()
    for token in parser.parse(writable(body)):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            level += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            level -= 1
        elif token.type == "heading_open":
            kind = "heading"
        elif token.type == "heading_close":
            kind = "text"
        elif token.type == "table_open":
            found.append(Block("table"))
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            found[-1].rows.append(row)
        elif token.type in ("fence", "code_block"):
            found.append(Block("code", token.content.rstrip("\n")))
        elif token.type == "inline" and found and found[-1].kind == "table" and token.level >= 3:
            row.append(_words(token))
        elif token.type == "inline":
            found += _inline(token, kind, level)
    return found


def _inline(token: Any, kind: str, level: int) -> list[Block]:
    pictures = [Block("chart", str(one.attrGet("src") or "")) for one in token.children or () if one.type == "image"]
    said = _words(token)
    return [*([Block(kind, said, level)] if said.strip() else []), *pictures]


def _words(token: Any) -> str:
    parts = ["\n" if one.type in ("softbreak", "hardbreak") else one.content for one in token.children or ()
             if one.type != "image"]  # fmt: skip
    return as_read("".join(parts))


def _title(page: Any, text: str) -> None:
    from pptx.util import Inches, Pt

    title = page.shapes.title
    title.left, title.top, title.width, title.height = Inches(LEFT), Inches(0.35), Inches(WIDTH - 2 * LEFT), Inches(0.9)
    title.text_frame.text = text
    for paragraph in title.text_frame.paragraphs:
        paragraph.font.size, paragraph.font.bold = Pt(28), True


def _put(page: Any, block: Block, bars: Bars, down: float) -> float:
    """Draw a block; the inches it takes."""
    if block.kind == "table":
        return _table(page, block.rows, down)
    if block.kind == "chart":
        return _chart(page, bars.get(block.text, ()), down)
    from pptx.util import Inches, Pt

    lines = sum(max(1, -(-len(line) // WIDE)) for line in block.text.split("\n"))
    tall = LINE * lines + 0.05
    frame = page.shapes.add_textbox(
        Inches(LEFT + 0.3 * block.level), Inches(down), Inches(WIDTH - 2 * LEFT - 0.3 * block.level), Inches(tall)
    ).text_frame
    frame.word_wrap = True
    frame.text = ("• " if block.level else "") + block.text
    for paragraph in frame.paragraphs:
        paragraph.font.size = Pt(16 if block.kind == "heading" else 14)
        paragraph.font.bold = block.kind == "heading"
        if block.kind == "code":
            paragraph.font.name, paragraph.font.size = "Consolas", Pt(12)
    return tall


def _table(page: Any, rows: list[list[str]], down: float) -> float:
    from pptx.util import Inches, Pt

    count = max((len(row) for row in rows), default=0)
    if not count:
        return 0.0
    tall = LINE * len(rows)
    table = page.shapes.add_table(
        len(rows), count, Inches(LEFT), Inches(down), Inches(WIDTH - 2 * LEFT), Inches(tall)
    ).table
    for at, row in enumerate(rows):
        for column, text in enumerate(row):
            cell = table.cell(at, column)
            cell.text = text
            for paragraph in cell.text_frame.paragraphs:
                paragraph.font.size = Pt(12)
    return tall + 0.2


def _chart(page: Any, rows: Sequence[tuple[str, Figure]], down: float) -> float:
    if not rows:
        return 0.0
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    make: Any = CategoryChartData
    data = make()
    data.categories = [f"{writable(label)}: {figure.words()}" for label, figure in rows]
    data.add_series("mean", [figure.value for _, figure in rows])
    tall = 0.7 + 0.45 * len(rows)
    page.shapes.add_chart(
        XL_CHART_TYPE.BAR_CLUSTERED, Inches(LEFT), Inches(down), Inches(9), Inches(tall), data
    ).chart.has_legend = False
    return tall + 0.1
