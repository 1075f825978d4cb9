"""A short list to choose from, narrowed by typing elsewhere; it takes no keys and knows nothing of the choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from widgets.fuzzy import best
from widgets.tones import Styles, component_classes
from widgets.visible import fit, visible


@dataclass(frozen=True, slots=True)
class Choice:
    """A row: what it stands for, its name, a quiet second column, and a third at the right edge (such as a key)."""

    value: str
    label: str
    detail: str = ""
    right: str = ""


SHORTEST_IN_DETAIL = 3
"""Letters from which on the second column is searched too: fewer are in almost every sentence."""


class ChoiceList(Widget):
    """Choices with a cursor, marks, and the letters that matched standing out."""

    COMPONENT_CLASSES = component_classes("choice", ("row", "detail", "match", "right", "cursor", "bar", "mark"))
    DEFAULT_CSS = """
    ChoiceList { width: 1fr; background: $surface; color: $foreground; }
    ChoiceList > .choice--row { color: $foreground; }
    ChoiceList > .choice--detail { color: $text-muted; }
    ChoiceList > .choice--match { color: $text-accent; text-style: bold; }
    ChoiceList > .choice--right { color: $text-accent; }
    ChoiceList > .choice--cursor { background: $accent 18%; }
    ChoiceList > .choice--bar { color: $accent; }
    ChoiceList > .choice--mark { color: $text-accent; }
    """

    def __init__(
        self, choices: Sequence[Choice], *, marks: bool = False, empty: str = "Nothing matches.", id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.choices = tuple(
            Choice(c.value, *(visible(t, newlines="mark") for t in (c.label, c.detail, c.right))) for c in choices
        )
        self.marked: set[str] = set()
        self.cursor = 0
        self._top = 0
        self._has_marks = marks
        self._empty = empty
        self._hits: list[tuple[int, tuple[int, ...]]] = best("", [c.label for c in self.choices])
        self._label_width = max((cell_len(c.label) for c in self.choices), default=0)
        self._styles_of = Styles(self, "choice")

    @property
    def current(self) -> Choice | None:
        """The choice under the cursor."""
        return self.choices[self._hits[self.cursor][0]] if self._hits else None

    @property
    def count(self) -> int:
        """How many match."""
        return len(self._hits)

    def narrow(self, query: str) -> None:
        """Show what matches, best first, with the cursor on the best; names count before details."""
        texts = [c.label for c in self.choices]
        hits = best(query, texts)
        seen = {index for index, _ in hits}
        if len(query.strip()) >= SHORTEST_IN_DETAIL:
            more = best(query, [f"{c.label} {c.detail}" for c in self.choices])
            wide = [(i, tuple(p for p in at if p < len(texts[i]))) for i, at in more if i not in seen]
            hits += [hit for hit in wide if query.strip().lower() in self.choices[hit[0]].detail.lower()]
        self._hits = hits
        self.cursor = self._top = 0
        self.refresh()

    def move(self, rows: int, *, wrap: bool = True) -> None:
        """Move the cursor; past an end it comes in at the other."""
        if not self._hits:
            return
        at = self.cursor + rows
        self.cursor = at % len(self._hits) if wrap else min(max(at, 0), len(self._hits) - 1)
        self._show_cursor()

    def select(self, value: str) -> None:
        """Put the cursor on a value, if it is shown."""
        for at, (index, _) in enumerate(self._hits):
            if self.choices[index].value == value:
                self.cursor = at
                self._show_cursor()
                return

    def toggle(self) -> None:
        """Mark the choice under the cursor, or unmark it."""
        if self.current is not None:
            self.marked ^= {self.current.value}
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()

    def on_resize(self) -> None:
        self._show_cursor()

    def render_line(self, y: int) -> Strip:
        """One choice, or nothing."""
        width, at = self.size.width, self._top + y
        if not self._hits and y == 0:
            return Strip([Segment(fit(f"  {self._empty}", width), self._styles_of("detail"))]).adjust_cell_length(
                width, self.rich_style
            )
        if at >= len(self._hits):
            return Strip.blank(width, self.rich_style)
        index, positions = self._hits[at]
        return self._strip(self.choices[index], positions, "cursor" if at == self.cursor else "", width)

    def _strip(self, choice: Choice, positions: Sequence[int], ground: str, width: int) -> Strip:
        style = self._styles_of
        segments = [Segment("▎" if ground else " ", style("bar", ground))]
        room = width - 1
        if self._has_marks:
            segments.append(Segment("● " if choice.value in self.marked else "○ ", style("mark", ground)))
            room -= 2
        right = f" {choice.right} " if choice.right else " "
        room -= cell_len(right)
        label = fit(choice.label, min(room, max(self._label_width, 1)))
        segments += _spans(label, set(positions), style("row", ground), style("match", ground))
        gap = self._label_width + 2 - cell_len(label)
        detail = fit(choice.detail, max(room - cell_len(label) - gap, 0)) if choice.detail else ""
        used = cell_len(label) + (gap + cell_len(detail) if detail else 0)
        if detail:
            segments += [Segment(" " * gap, style("row", ground)), Segment(detail, style("detail", ground))]
        segments.append(Segment(" " * max(room - used, 0), style("row", ground)))
        segments.append(Segment(right, style("right", ground)))
        return Strip(segments).adjust_cell_length(width, style("row", ground))

    def _show_cursor(self) -> None:
        height = max(self.size.height, 1)
        if self.cursor < self._top:
            self._top = self.cursor
        elif self.cursor >= self._top + height:
            self._top = self.cursor - height + 1
        self._top = min(self._top, max(len(self._hits) - height, 0))
        self.refresh()


def _spans(text: str, positions: set[int], plain: Style, match: Style) -> list[Segment]:
    """The text in as few segments as its matched and other letters allow."""
    segments: list[Segment] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or (at in positions) != (start in positions):
            segments.append(Segment(text[start:at], match if start in positions else plain))
            start = at
    return segments
