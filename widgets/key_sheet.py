"""A sheet of keys in titled groups, in two columns where there is room; it binds and runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from widgets.line_view import LineView
from widgets.tones import Styles, component_classes
from widgets.visible import fit, pad, visible, wrap

TWO_COLUMNS_FROM = 110
_GAP = 4


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One command: its keys as a person reads them, its name, and a sentence."""

    keys: str
    title: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class KeySection:
    """A titled group of keys."""

    title: str
    lines: tuple[KeyLine, ...]


Part = tuple[str, str]
"""Text and the name of its style."""
Row = tuple[Part, ...]


class KeySheet(LineView):
    """The keys of a place, to read and to search."""

    COMPONENT_CLASSES = component_classes("sheet", ("plain", "title", "key", "name", "help"))
    DEFAULT_CSS = """
    KeySheet { height: 1fr; padding: 0 1; background: $background; color: $foreground; }
    KeySheet > .sheet--title { color: $text-accent; text-style: bold; }
    KeySheet > .sheet--key { color: $foreground; text-style: bold; }
    KeySheet > .sheet--name { color: $foreground; }
    KeySheet > .sheet--help { color: $text-muted; }
    """

    def __init__(self, sections: Sequence[KeySection] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.sections = tuple(map(_clean, sections))
        self._query = ""
        self._laid_out: tuple[int, list[Row]] | None = None
        self._styles_of = Styles(self, "sheet")

    def narrow(self, query: str) -> int:
        """Show only commands whose keys, name or sentence hold every word of the query; how many there are."""
        self._query = query.lower()
        self._laid_out = None
        self.top = 0
        self.refresh()
        return sum(len(section.lines) for section in self._shown())

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def line_count(self) -> int:
        return len(self._rows(self.size.width))

    def line_strip(self, index: int, width: int) -> Strip:
        style = self._styles_of
        segments = [Segment(text, style(name)) for text, name in self._rows(width)[index]]
        return Strip(segments).adjust_cell_length(width, style("plain"))

    def _shown(self) -> list[KeySection]:
        words = self._query.split()
        kept = []
        for section in self.sections:
            lines = tuple(
                line
                for line in section.lines
                if all(w in f"{line.keys} {line.title} {line.help}".lower() for w in words)
            )
            if lines:
                kept.append(KeySection(section.title, lines))
        return kept

    def _rows(self, width: int) -> list[Row]:
        if self._laid_out is None or self._laid_out[0] != width:
            self._laid_out = (width, arrange(self._shown(), width))
        return self._laid_out[1]


def _clean(section: KeySection) -> KeySection:
    """The same with every text harmless: keys and names may come from a person's configuration."""
    lines = [KeyLine(*(visible(text, newlines="mark") for text in (x.keys, x.title, x.help))) for x in section.lines]
    return KeySection(visible(section.title, newlines="mark"), tuple(lines))


def arrange(sections: Sequence[KeySection], width: int) -> list[Row]:
    """Visible sections as rows of styled text: in two columns of about the same height where the width allows it."""
    if not sections:
        return [(("Nothing matches.", "help"),)]
    is_wide = width >= TWO_COLUMNS_FROM
    wide = (width - _GAP) // 2 if is_wide else width
    lines = [line for section in sections for line in section.lines]
    keys_width = min(max(cell_len(line.keys) for line in lines), wide // 4)
    title_width = min(max(cell_len(line.title) for line in lines), wide // 4)
    blocks = [section_rows(section, wide, keys_width, title_width) for section in sections]
    if not is_wide:
        return [row for block in blocks for row in block]
    half = sum(map(len, blocks)) / 2
    left: list[Row] = []
    while blocks and (not left or len(left) + len(blocks[0]) / 2 <= half):
        left += blocks.pop(0)
    right = [row for block in blocks for row in block]
    count = max(len(left), len(right))
    left += [()] * (count - len(left))
    right += [()] * (count - len(right))
    return [_beside(a, b, wide) for a, b in zip(left, right, strict=True)]


def section_rows(section: KeySection, width: int, keys_width: int, title_width: int) -> list[Row]:
    """A title, its lines with keys and names in columns of the given widths and wrapped sentences, and a blank row."""
    rows: list[Row] = [((fit(section.title, width), "title"),)]
    lead = keys_width + title_width + 4
    for line in section.lines:
        help_lines = wrap(line.help, max(width - lead, 12), 4) or [""]
        rows.append(
            (
                (pad(line.keys, keys_width), "key"),
                ("  ", "plain"),
                (pad(line.title, title_width), "name"),
                ("  ", "plain"),
                (help_lines[0], "help"),
            )
        )
        rows += [((" " * lead, "plain"), (text, "help")) for text in help_lines[1:]]
    return [*rows, ()]


def _beside(left: Row, right: Row, wide: int) -> Row:
    used = sum(cell_len(text) for text, _ in left)
    return (*left, (" " * (wide + _GAP - used), "plain"), *right)
