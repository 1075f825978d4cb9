"""The reading list: rows in, rows out. What BibTeX means is the core's."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cockpit.core.errors import InputError, StoreError
from cockpit.core.papers import Paper
from cockpit.store.clock import now
from cockpit.store.text import pack, pack_json, unpack, unpack_json

How = Literal["", "tangential", "direct"]
ReadState = Literal["to read", "reading", "read"]
HOWS: dict[str, str] = {
    "tangential": "abstract, figure 1, stop",
    "direct": "the whole paper",
    "": "not decided how to read it",
}
_COLUMNS = "id, key, title, authors, year, arxiv, doi, kind, fields, how, state, ideas, notes, added_at, read_at"


@dataclass(frozen=True, slots=True)
class Listed:
    """A paper on the list: how it is read, how far, which ideas it bears on and how, notes."""

    id: int
    paper: Paper
    how: How = ""
    state: ReadState = "to read"
    ideas: tuple[str, ...] = ()
    notes: str = ""
    added_at: str = ""
    read_at: str | None = None

    @property
    def title(self) -> str:
        """Its title, else what it is known by."""
        paper = self.paper
        return paper.title or (f"arXiv:{paper.arxiv}" if paper.arxiv else paper.doi or paper.key) + " (no title yet)"


def add_paper(db: sqlite3.Connection, project_id: int, paper: Paper) -> tuple[int, bool]:
    """Put a paper at the end of the list; its number, and whether it was not there before.

    One with the same arXiv id, or the same key and title, is the same; what was unknown of it is filled in.
    """
    for condition, value in (("arxiv = ? AND arxiv != ''", paper.arxiv), ("key = ?", paper.key)):
        row = db.execute(
            f"SELECT {_COLUMNS} FROM paper WHERE project_id = ? AND {condition}", (project_id, pack(value))
        )
        if (found := row.fetchone()) is not None:
            old = _listed(found)
            if condition.startswith("arxiv") or not paper.title or old.paper.title in ("", paper.title):
                _fill(db, old, paper)
                return old.id, False
    key, at = paper.key, 1
    while db.execute("SELECT 1 FROM paper WHERE project_id = ? AND key = ?", (project_id, pack(key))).fetchone():
        at += 1
        key = f"{paper.key}-{at}"
    (place,) = db.execute("SELECT coalesce(max(place), 0) + 1 FROM paper").fetchone()
    made = db.execute(
        """INSERT INTO paper (project_id, key, kind, title, authors, year, arxiv, doi, how, state, place, ideas, notes,
           added_at, fields) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', 'to read', ?, '[]', '', ?, ?)""",
        (
            project_id, pack(key), pack(paper.kind), pack(paper.title), pack(paper.authors), pack(paper.year),
            pack(paper.arxiv), pack(paper.doi), place, now(), pack_json(dict(paper.fields)),
        ),
    )  # fmt: skip
    return int(made.lastrowid or 0), True


def list_papers(db: sqlite3.Connection, project_id: int) -> list[Listed]:
    """The list in its order; what has been read comes last."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM paper WHERE project_id = ? ORDER BY state = 'read', place, id", (project_id,)
    )
    return [_listed(row) for row in rows]


def get_paper(db: sqlite3.Connection, paper_id: int) -> Listed:
    """One paper.

    Raises:
        StoreError: there is none of that number.
    """
    row = db.execute(f"SELECT {_COLUMNS} FROM paper WHERE id = ?", (paper_id,)).fetchone()
    if row is None:
        raise StoreError(f"There is no paper {paper_id}.", hint="`cockpit paper list` shows them.")
    return _listed(row)


def read_paper(db: sqlite3.Connection, paper_id: int, how: How, state: ReadState) -> None:
    """Say how it is read, and how far."""
    get_paper(db, paper_id)
    at = now() if state == "read" else None
    db.execute("UPDATE paper SET how = ?, state = ?, read_at = ? WHERE id = ?", (how, state, at, paper_id))


def note_paper(
    db: sqlite3.Connection, paper_id: int, *, notes: str | None = None, ideas: Sequence[str] | None = None
) -> None:
    """Keep notes, or the ideas that it bears on ('idea: how').

    Raises:
        InputError: nothing was given.
        StoreError: there is no such paper.
    """
    old = get_paper(db, paper_id)
    if notes is None and ideas is None:
        raise InputError("Nothing to note.")
    kept = old.ideas if ideas is None else tuple(" ".join(one.split()) for one in ideas if one.strip())
    db.execute(
        "UPDATE paper SET notes = ?, ideas = ? WHERE id = ?",
        (pack(old.notes if notes is None else notes), pack_json(kept), paper_id),
    )


def move_paper(db: sqlite3.Connection, project_id: int, paper_id: int, by: int) -> None:
    """One place up (-1) or down (1) among those that are not read."""
    order = [one.id for one in list_papers(db, project_id) if one.state != "read"]
    if paper_id in order:
        at = order.index(paper_id)
        order.insert(min(max(at + by, 0), len(order) - 1), order.pop(at))
        db.executemany("UPDATE paper SET place = ? WHERE id = ?", [(at, one) for at, one in enumerate(order)])


def drop_paper(db: sqlite3.Connection, paper_id: int) -> None:
    """Take it off the list, with its notes."""
    get_paper(db, paper_id)
    db.execute("DELETE FROM paper WHERE id = ?", (paper_id,))


def _fill(db: sqlite3.Connection, old: Listed, new: Paper) -> None:
    """Put what was unknown of a paper into it."""
    was = old.paper
    db.execute(
        "UPDATE paper SET title = ?, authors = ?, year = ?, arxiv = ?, doi = ?, fields = ? WHERE id = ?",
        (
            pack(was.title or new.title), pack(was.authors or new.authors), pack(was.year or new.year),
            pack(was.arxiv or new.arxiv), pack(was.doi or new.doi),
            pack_json({**new.fields, **was.fields}), old.id,
        ),
    )  # fmt: skip


def _listed(row: Sequence[Any]) -> Listed:
    number, key, title, authors, year, arxiv, doi, kind, fields, how, state, ideas, notes, added, read = row
    texts = {"title": title, "authors": authors, "year": year, "arxiv": arxiv, "doi": doi}
    known = {name: unpack(value) for name, value in texts.items()}
    paper = Paper(unpack(key), kind=unpack(kind), fields=unpack_json(fields), **known)
    return Listed(number, paper, how, state, tuple(unpack_json(ideas)), unpack(notes), added, read)
