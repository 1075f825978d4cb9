"""The floor: the smallest Textual app, with an input when asked. Run as a program."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from textual.app import App
from textual.widget import Widget
from textual.widgets import Input, Static


class Floor(App[None]):
    """A line of text, and perhaps a field."""

    def compose(self) -> Iterable[Widget]:
        yield Static("floor-ready")
        if "--input" in sys.argv:
            yield Input()


if __name__ == "__main__":
    Floor().run(mouse=False)
