"""One tokenizer's view of a text in the Tokens pane: headings between parts, lines where no boundaries are known."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.screens.tokens_read import HEAD, UNKNOWN, Lane
from widgets.token_layout import Piece, Spot
from widgets.token_paint import Line, Span
from widgets.token_view import TokenView
from widgets.tones import component_classes

if TYPE_CHECKING:
    from cockpit.core.checks import Finding

Mark = tuple[int, int, str]


class LaneView(TokenView):
    """Tokens in shades; a heading of id HEAD stands out as none of them."""

    COMPONENT_CLASSES = component_classes("tokens", ("head", "line", "special"))
    DEFAULT_CSS = """
    LaneView > .tokens--head { color: $text-accent; text-style: bold; }
    LaneView > .tokens--line { color: $foreground; }
    LaneView > .tokens--special { background: $warning 24%; color: $text-warning; text-style: bold; }
    """

    def __init__(self, *, empty: Sequence[str] = (), id: str | None = None, classes: str | None = None) -> None:
        super().__init__(empty=empty, id=id, classes=classes)
        self.lane: Lane | None = None

    def show_lane(self, lane: Lane | None, marks: Sequence[Mark] = ()) -> None:
        """Show a text as a tokenizer cuts it; the cursor stays at its byte."""
        self.lane = lane
        if lane is None:
            self.show(b"", (), ())
        else:
            self.show(lane.data, lane.ids, lane.ends, marks=marks)

    @property
    def byte(self) -> int:
        """Where the token under the cursor begins."""
        return self.lane.start(self.cursor) if self.lane is not None else 0

    def _drawn(self) -> list[Line]:
        """The lines, with headings in a style of their own and no shades where boundaries are not known."""
        lines, lane = super()._drawn(), self.lane
        if lane is None or (len(lane.parts) < 2 and lane.tokenizer.boundaries and not lane.special):
            return lines
        heads = {placed.token - 1 for placed in lane.parts}
        spot: Spot | None = self._top
        at, step = 0, 2 if self._is_numbered else 1
        while spot is not None and at < len(lines):
            pieces = self._layout.row(spot).pieces
            for y in range(at, min(at + step, len(lines))):
                spans = zip(pieces, lines[y][1:], strict=False)
                lines[y] = (lines[y][0], *(_restyled(piece, span, lane, heads, is_id=y > at) for piece, span in spans))
            spot, at = self._layout.after(spot), at + step
        return lines


def _restyled(piece: Piece, span: Span, lane: Lane, heads: Container[int], *, is_id: bool) -> Span:
    """A span in the style of a heading, a line or a special token, where it is one; a heading has no line's end."""
    ident = lane.ids[piece.token]
    is_plain = span.name in ("even", "odd")
    if is_id:
        known = "?" if ident == UNKNOWN else "" if ident == HEAD else span.text
        return replace(span, text=known.ljust(len(span.text)))
    if piece.token in heads:
        return replace(span, text=span.text.replace("↵", " "), name="head" if is_plain else span.name)
    if ident == HEAD:
        return replace(span, name="line" if is_plain else span.name)
    is_special = lane.special and (ident == UNKNOWN or ident in lane.tokenizer.specials.values())
    return replace(span, name="special") if is_special and is_plain else span


def finding_marks(lane: Lane, places: Sequence[tuple[Finding, str, int, int]]) -> list[Mark]:
    """The stretches that findings are about, as ranges of bytes, worst last so that it is seen."""
    marks = []
    for finding, field, start, end in reversed(places):
        first, last = lane.byte_of(field, start), lane.byte_of(field, max(end, start + 1))
        if first is not None and last is not None and last > first:
            marks.append((first, last, finding.severity))
    return sorted(marks)
