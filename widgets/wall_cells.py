"""What the sample wall shows, as plain values, and how each cell's text becomes lines; nothing is drawn here."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WallCell:
    """One sample: who it is, how it stands, and its text as it came."""

    key: Hashable
    label: str
    glyph: str
    tone: str
    text: str = ""
    note: str = ""
    flags: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class WallColumn:
    """One model: a title, a short status ("5/8  71 tok/s") and its samples, top to bottom."""

    title: str
    status: str = ""
    cells: Sequence[WallCell] = ()
    tone: str = ""
