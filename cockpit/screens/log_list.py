"""What the Log pane lists: drafts before entries, and the days they were written on. Rows and words; no widget."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from cockpit.core.log_query import Query, parse_query
from cockpit.core.log_refs import cited
from cockpit.store.entry_drafts import OpenDraft, list_drafts
from cockpit.store.log import Entry, Head, days, list_heads
from cockpit.store.projects import find_project
from widgets.row_list import ListRow
from widgets.top_bar import BarPart

LEVELS = "·▁▃▅▇"
"""A day with none, one, two, three or four, and more entries."""
WEEKS = 4
Key = tuple[str, int | str]


@dataclass(frozen=True)
class Listed:
    """What is listed, and how many entries there are in all."""

    drafts: Sequence[OpenDraft] = ()
    heads: Sequence[Head] = ()
    query: Query = field(default_factory=Query)
    days: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.drafts) + len(self.heads)

    @property
    def total(self) -> int:
        """Entries of the project."""
        return sum(self.days.values())

    def rows(self, offset: int, limit: int) -> list[ListRow]:
        """A page of rows; a day is named where it begins."""
        count = len(self.drafts)
        before = [_draft_row(one) for one in self.drafts[offset : offset + limit]]
        first = max(offset - count, 0)
        heads = self.heads[first : max(offset + limit - count, 0)]
        return [
            *before,
            *(_head_row(head, self._is_new_day(at)) for at, head in enumerate(heads, first)),
        ]

    def place(self, key: Key) -> int | None:
        """Where a row stands."""
        kind, name = key
        if kind == "draft":
            return next((at for at, one in enumerate(self.drafts) if one.session == name), None)
        found = next((at for at, one in enumerate(self.heads) if one.id == name), None)
        return None if found is None else found + len(self.drafts)

    def draft(self, session: int | str) -> OpenDraft | None:
        """A draft by its sitting."""
        return next((one for one in self.drafts if one.session == session), None)

    def _is_new_day(self, at: int) -> bool:
        return at == 0 or self.heads[at - 1].day != self.heads[at].day


def read_listed(db: sqlite3.Connection, project: str, typed: str) -> Listed:
    """What a person asks for of a project."""
    number, query = find_project(db, project), parse_query(typed)
    if number is None:
        return Listed(query=query)
    return Listed(list_drafts(db, number), list_heads(db, number, query), query, days(db, number))


def about_parts(listed: Listed) -> list[BarPart]:
    """The line over the list: how many there are and were found, and what is not saved."""
    total, shown, kept = listed.total, len(listed.heads), len(listed.drafts)
    said = f"{total:,} {'entry' if total == 1 else 'entries'}".replace(",", " ")
    if not listed.query.is_empty:
        said = f"{shown:,} of {said}".replace(",", " ")
    parts = [(f" {said}", "quiet"), (f"   ✎ {kept} not saved yet" if kept else "", "plain")]
    return [*parts, *((f"   {problem}", "warn") for problem in listed.query.problems[:1])]


def day_parts(counts: Mapping[str, int], today: str, here: str) -> list[BarPart]:
    """The last weeks, a cell a day, Mondays apart, with the day of the entry under the cursor marked."""
    last = date.fromisoformat(today)
    first = last - timedelta(days=last.weekday() + 7 * (WEEKS - 1))
    parts: list[BarPart] = [(f"{first:%d %b} ", "quiet")]
    for at in range((last - first).days + 1):
        day = first + timedelta(days=at)
        name = day.isoformat()
        cell = LEVELS[min(counts.get(name, 0), len(LEVELS) - 1)]
        gap = " " if at and day.weekday() == 0 else ""
        parts += [(gap, "quiet"), (cell, "on" if name == here else "quiet")]
    return [*parts, (" today ", "quiet")]


def entry_text(entry: Entry, citing: Sequence[int] = ()) -> str:
    """An entry as it is read: its facts, its text, what it cites and where it is cited."""
    draft = entry.draft
    facts = [draft.day, f"revision {entry.revision}", *([draft.idea] if draft.idea else [])]
    facts += [f"#{name}" for name in draft.tags]
    places = ", ".join(f"{kind}:{number}" for kind, number in cited(draft.body))
    tail = f"\n\nCites {places}." if places else ""
    tail += f"\n\nCited in {', '.join(f'entry:{number}' for number in citing)}." if citing else ""
    return f"# {entry.title}\n{' · '.join(facts)}\n\n{draft.body}{tail}"


def _head_row(head: Head, is_new_day: bool) -> ListRow:
    kind = {"daily": "☼", "weekly": "▤"}.get(head.kind, "")
    return ListRow(("entry", head.id), (head.day if is_new_day else "", head.title, head.idea), glyph=kind)


def _draft_row(kept: OpenDraft) -> ListRow:
    title = kept.draft.title or "(no title)"
    said = f"{title}  · not saved" + (f", of entry {kept.entry_id}" if kept.entry_id else "")
    return ListRow(("draft", kept.session), (kept.draft.day, said, kept.draft.idea), glyph="✎", tone="mark")
