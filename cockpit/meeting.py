"""What a weekly meeting will show, kept by project: entries in order, questions, minutes. No screens."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from cockpit.core.report import Slide
from cockpit.log_reports import weekly_slides
from cockpit.store import settings
from cockpit.store.log import is_there

LEAST, MOST, USUAL = 5, 600, 30
"""Minutes."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Entries in the order in which they are shown (none: the week's, by weight), questions, minutes of it all."""

    chosen: tuple[int, ...] = ()
    questions: tuple[str, ...] = ()
    minutes: int = USUAL


def kept(db: sqlite3.Connection, project: str) -> Meeting:
    """The meeting as it was left; entries that were removed since are left out."""
    found = settings.get(db, f"weekly.{project}")
    if not isinstance(found, dict):
        return Meeting()
    chosen = tuple(one for one in found.get("chosen", ()) if isinstance(one, int) and is_there(db, "entry", one))
    minutes = found.get("minutes")
    return Meeting(
        chosen,
        tuple(str(one) for one in found.get("questions", ())),
        min(max(minutes, LEAST), MOST) if isinstance(minutes, int) else USUAL,
    )


def keep(db: sqlite3.Connection, project: str, meeting: Meeting) -> None:
    """Remember it."""
    settings.put(db, f"weekly.{project}", asdict(meeting))


def slides(db: sqlite3.Connection, project: str, now: datetime, meeting: Meeting) -> Sequence[Slide]:
    """What it shows, slide by slide.

    Raises:
        StoreError: a chosen entry is gone.
    """
    return weekly_slides(db, project, now, chosen=meeting.chosen, questions=meeting.questions, minutes=meeting.minutes)
