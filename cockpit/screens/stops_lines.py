"""Lines of words in several tones, wrapped to the window, and the small bars of a rate. It knows nothing of stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.strip import Strip

from cockpit.core.stats import Rate
from cockpit.screens.words import count
from widgets.line_view import LineView
from widgets.tones import TONES, Styles, component_classes
from widgets.visible import aligned, pad, wrap_offsets

Part = tuple[str, str]
"""Text and the name of its tone."""
WRAPPED_MOST = 400
"""Rows that one line may wrap to."""
BAR = 18
SMALL_BAR = 11


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its lead stands once, before the parts, which wrap beside it; `keep` has newlines begin new rows."""

    parts: tuple[Part, ...] = ()
    lead: Part = ("", "plain")
    indent: int = 0
    keep: bool = False


class Lines(LineView):
    """Lines to read, as long as there are; they scroll and open nothing."""

    COMPONENT_CLASSES = component_classes(
        "lines", ("plain", "quiet", "head", "strong", "even", "odd", "gone", "mark", "here", *TONES)
    )
    DEFAULT_CSS = """
    Lines { height: 1fr; padding: 0 1; background: $background; color: $foreground; }
    Lines > .lines--plain { color: $foreground; }
    Lines > .lines--quiet, Lines > .lines--wait, Lines > .lines--cancel, Lines > .lines--unknown { color: $text-muted; }
    Lines > .lines--gone { color: $text-muted; text-style: italic; }
    Lines > .lines--head, Lines > .lines--strong { color: $foreground; text-style: bold; }
    Lines > .lines--even { color: $foreground; background: $accent 30%; }
    Lines > .lines--odd { color: $foreground; background: $foreground 14%; }
    Lines > .lines--here { background: $boost; }
    Lines > .lines--ok { color: $text-success; }
    Lines > .lines--stop { color: $text-primary; }
    Lines > .lines--cut, Lines > .lines--retry { color: $text-warning; }
    Lines > .lines--stream, Lines > .lines--mark { color: $text-accent; }
    Lines > .lines--refuse { color: $text-secondary; }
    Lines > .lines--error { color: $text-error; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: Sequence[Line] = ()
        self._rows: list[list[Part]] = []
        self._width = -1
        self._styles_of = Styles(self, "lines")

    @property
    def text(self) -> str:
        """What is shown, as plain text."""
        return "\n".join(_plain(line) for line in self._lines)

    def show(self, lines: Sequence[Line], *, keep_place: bool = False) -> None:
        """Show other lines, from the top unless told to stay."""
        self._lines, self._width = lines, -1
        self._lay_out()
        self.top = min(self.top, max(len(self._rows) - self.size.height, 0)) if keep_place else 0
        self.refresh()

    def _lay_out(self) -> None:
        width = self.size.width
        if width == self._width or not width:
            return
        self._width = width
        self._rows = [row for line in self._lines for row in _wrapped(line, width)]

    def line_count(self) -> int:
        self._lay_out()
        return len(self._rows)

    def line_strip(self, index: int, width: int) -> Strip:
        style = self._styles_of
        segments = [Segment(text, style(tone)) for text, tone in self._rows[index]]
        return Strip(segments).adjust_cell_length(width, style("plain"))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()
        super().on_resize(event)


def _plain(line: Line) -> str:
    return " " * line.indent + line.lead[0] + "".join(text for text, _ in line.parts)


def _wrapped(line: Line, width: int) -> list[list[Part]]:
    """A line as rows of parts."""
    lead = aligned(line.lead[0], newlines="mark")
    left = line.indent + cell_len(lead)
    room = max(width - left, 8)
    shown = [(aligned(text, newlines="keep" if line.keep else "mark"), tone) for text, tone in line.parts]
    text = "".join(piece for piece, _ in shown)
    rows: list[list[Part]] = []
    for at, (start, end) in enumerate(wrap_offsets(text, room, WRAPPED_MOST)):
        first: Part = (" " * line.indent + lead, line.lead[1]) if at == 0 else (" " * left, "plain")
        rows.append([first, *_between(shown, start, end)])
    return rows


def _between(parts: Sequence[Part], start: int, end: int) -> list[Part]:
    """The parts of a stretch of their joined text."""
    found: list[Part] = []
    at = 0
    for text, tone in parts:
        low, high = max(start - at, 0), min(end - at, len(text))
        if low < high:
            found.append((text[low:high], tone))
        at += len(text)
    return found


def percent(share: float | None) -> str:
    """A share as whole percents; '–' where there is none."""
    return "–" if share is None else f"{100 * share:.0f}"


def bar(rate: Rate, tone: str, width: int = BAR) -> tuple[Part, ...]:
    """A rate as a line: thick to the rate, thin over its interval."""
    if not rate.n:
        return ((" " * width, "plain"),)
    value, low, high = (round(share * width) for share in (rate.value or 0.0, rate.low, rate.high))
    low, high = min(low, value), max(high, value)
    return (
        ("━" * low, tone),
        ("╍" * (value - low), tone),
        ("╌" * (high - value), "quiet"),
        (" " * (width - high), "plain"),
    )


def rate_parts(
    name: str, rate: Rate, tone: str, *, name_width: int, wide: bool = True, value: str | None = None
) -> tuple[Part, ...]:
    """Name, count, percents with their interval, and the bar; `value` stands for percents that cannot be known."""
    counts = pad(f"{count(rate.k)}/{count(rate.n)}", 13, right=True)
    share = pad(value if value is not None else f"{percent(rate.value)} %", 6, right=True)
    interval = pad(f"{percent(rate.low)}–{percent(rate.high)}", 7, right=True)
    drawn = (("  ", "plain"), *bar(rate, tone, BAR if wide else SMALL_BAR))
    quiet = "quiet" if not rate.k else "plain"
    return (
        (pad(name, name_width), quiet),
        (counts, quiet),
        (share, quiet),
        ("  ", "plain"),
        (interval, "quiet"),
        *drawn,
    )
