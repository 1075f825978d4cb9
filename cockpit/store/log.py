"""Entries of the research log: rows in, rows out, with every edit kept. What an entry should say is the core's."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from cockpit.core.errors import StoreError
from cockpit.core.log_query import Query
from cockpit.core.log_refs import Kind, cited
from cockpit.store import projects
from cockpit.store.clock import now
from cockpit.store.schema import CITED
from cockpit.store.text import pack, pack_json, show_bytes, unpack, unpack_json

EntryKind = Literal["note", "daily", "weekly"]
_COLUMNS = """entry.id, entry.project_id, project.name, entry.kind, entry.created_at, entry.changed_at,
    entry.revision, entry.title, entry.body, entry.tags, idea.title, entry.day"""
# Entries that cite a run, or a sample of one, that asked a model of such a name.
_ASKED = """EXISTS (SELECT 1 FROM entry_cite AS cite JOIN run ON run.id = CASE cite.kind WHEN 'run' THEN cite.target
    WHEN 'sample' THEN (SELECT run_id FROM sample WHERE sample.id = cite.target) END,
    json_each(CASE WHEN json_valid(run.targets) THEN run.targets ELSE '[]' END) AS asked
    WHERE cite.entry_id = entry.id AND asked.value ->> '$.name' LIKE :model ESCAPE '\\')"""
_FROM = "entry JOIN project ON project.id = entry.project_id LEFT JOIN idea ON idea.id = entry.idea_id"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person writes: a title, Markdown, tags, the idea it is about, the day (YYYY-MM-DD) it belongs to."""

    title: str
    body: str
    day: str
    tags: tuple[str, ...] = ()
    idea: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands. `revision` is the number of its latest edit, from 1."""

    id: int
    project_id: int
    project: str
    kind: EntryKind
    created_at: str
    changed_at: str
    revision: int
    draft: Draft

    @property
    def title(self) -> str:
        """Its title, else its first words."""
        return _title(self.draft.title, self.draft.body)


@dataclass(frozen=True, slots=True)
class Head:
    """What a list shows of an entry, without its text."""

    id: int
    day: str
    kind: EntryKind
    title: str
    idea: str


@dataclass(frozen=True, slots=True)
class Revision:
    """What an entry said after an edit."""

    number: int
    at: str
    draft: Draft


class EditConflict(StoreError):
    """Somebody else has edited the entry since: nothing was overwritten. `theirs` is how it stands now."""

    def __init__(self, theirs: Entry) -> None:
        super().__init__(
            f"Entry {theirs.id} was edited elsewhere at {theirs.changed_at[11:16]} UTC.",
            hint="Your text is kept; read theirs, then save again.",
        )
        self.theirs = theirs


def add_entry(db: sqlite3.Connection, project_id: int, draft: Draft, *, kind: EntryKind = "note") -> int:
    """Store an entry and return its id.

    Raises:
        StoreError: it cites something that is not there.
    """
    draft = _clean(draft)
    idea_id = projects.ensure_idea(db, project_id, draft.idea) if draft.idea else None
    at = now()
    found = db.execute(
        """INSERT INTO entry (project_id, idea_id, kind, day, created_at, changed_at, revision, tags, title, body)
           VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?)""",
        (project_id, idea_id, kind, draft.day, at, at, pack_json(draft.tags), pack(draft.title), pack(draft.body)),
    )
    entry_id = int(found.lastrowid or 0)
    _follow(db, entry_id, 1, at, draft)
    return entry_id


def save_entry(db: sqlite3.Connection, entry_id: int, draft: Draft, *, seen: int) -> int:
    """Store an edit of the revision `seen`; the new revision's number, or the same where nothing changed.

    Raises:
        EditConflict: the entry has been edited since; nothing was changed.
        StoreError: there is no such entry, or it cites something that is not there.
    """
    old, draft = get_entry(db, entry_id), _clean(draft)
    if old.draft == draft:
        return old.revision
    if old.revision != seen:
        raise EditConflict(old)
    idea_id = projects.ensure_idea(db, old.project_id, draft.idea) if draft.idea else None
    at, number = now(), seen + 1
    db.execute(
        """UPDATE entry SET idea_id = ?, day = ?, changed_at = ?, revision = ?, tags = ?, title = ?, body = ?
           WHERE id = ?""",
        (
            idea_id, draft.day, at, number, pack_json(draft.tags), pack(draft.title), pack(draft.body), entry_id,
        ),
    )  # fmt: skip
    _follow(db, entry_id, number, at, draft)
    return number


def remove_entry(db: sqlite3.Connection, entry_id: int) -> None:
    """Take an entry out of every list; its text and history stay, and `restore_entry` brings it back.

    Raises:
        StoreError: there is no such entry, or another one cites it.
    """
    get_entry(db, entry_id)
    citing = backlinks(db, "entry", entry_id)
    if citing:
        names = ", ".join(str(entry.id) for entry in citing)
        raise StoreError(f"Entry {entry_id} is cited in entry {names}.", hint="Take the citation out first.")
    db.execute("DELETE FROM entry_cite WHERE entry_id = ?", (entry_id,))
    db.execute("UPDATE entry SET removed_at = ? WHERE id = ?", (now(), entry_id))


def restore_entry(db: sqlite3.Connection, entry_id: int) -> None:
    """Bring a removed entry back."""
    db.execute("UPDATE entry SET removed_at = NULL WHERE id = ?", (entry_id,))
    _cite(db, entry_id, get_entry(db, entry_id).draft)


def get_entry(db: sqlite3.Connection, entry_id: int) -> Entry:
    """One entry.

    Raises:
        StoreError: there is none of that number, or it was removed.
    """
    row = db.execute(f"SELECT {_COLUMNS} FROM {_FROM} WHERE entry.id = ? AND removed_at IS NULL", (entry_id,))
    found = row.fetchone()
    if found is None:
        raise StoreError(f"There is no entry {entry_id}.", hint="`cockpit log list` shows them.")
    return _entry(found)


def list_entries(
    db: sqlite3.Connection,
    project_id: int | None = None,
    *,
    limit: int = 100,
    before: tuple[str, int] | None = None,
    since: str = "",
    until: str = "",
    idea: str = "",
    tag: str = "",
    kind: EntryKind | None = None,
    words: str = "",
) -> list[Entry]:
    """Entries, newest day first; of every project where none is given.

    Args:
        before: (day, id) of the last entry of the page before.
        since: the first day, `until` the last one, both inclusive.
        words: what they must say; each word may be the beginning of one.
    """
    where, values = ["removed_at IS NULL"], dict[str, object](limit=limit)
    for condition, name, value in (
        ("entry.project_id = :project", "project", project_id), ("idea.title = :idea", "idea", idea and pack(idea)),
        ("entry.kind = :kind", "kind", kind), ("entry.day >= :since", "since", since),
        ("entry.day <= :until", "until", until),
        ("entry.id IN (SELECT entry_id FROM entry_tag WHERE name = :tag)", "tag", tag and pack(tag)),
        ("entry.id IN (SELECT rowid FROM entry_fts WHERE entry_fts MATCH :words)", "words", _match(words)),
    ):  # fmt: skip
        if value not in (None, ""):
            where.append(condition)
            values[name] = value
    if before is not None:
        where.append("(entry.day, entry.id) < (:day, :id)")
        values["day"], values["id"] = before
    chosen = f"{_FROM} WHERE {' AND '.join(where)} ORDER BY entry.day DESC, entry.id DESC LIMIT :limit"
    rows = db.execute(f"SELECT {_COLUMNS} FROM {chosen}", values)
    return [_entry(row) for row in rows]


def list_heads(db: sqlite3.Connection, project_id: int, query: Query = Query()) -> list[Head]:  # noqa: B008
    """Every entry that a query asks for, newest day first, without its text: ten thousand are as quick as ten."""
    where, values = ["removed_at IS NULL", "entry.project_id = :project"], dict[str, object](project=project_id)
    for condition, name, value in (
        ("idea.title LIKE :idea ESCAPE '\\'", "idea", _like(query.idea)),
        ("EXISTS (SELECT 1 FROM entry_tag WHERE entry_id = entry.id AND name LIKE :tag ESCAPE '\\')", "tag",
         _like(query.tag)[1:]),
        ("entry.kind = :kind", "kind", query.kind), ("entry.day >= :since", "since", query.since),
        ("entry.day <= :until", "until", query.until), (_ASKED, "model", _like(query.model)),
        ("entry.id IN (SELECT rowid FROM entry_fts WHERE entry_fts MATCH :words)", "words", _match(query.words)),
    ):  # fmt: skip
        if value:
            where.append(condition)
            values[name] = value
    if query.cites is not None:
        where.append("entry.id IN (SELECT entry_id FROM entry_cite WHERE kind = :cited AND target = :target)")
        values["cited"], values["target"] = query.cites
    rows = db.execute(
        f"""SELECT entry.id, entry.day, entry.kind, entry.title, CASE entry.title WHEN '' THEN substr(body, 1, 400)
            ELSE '' END, idea.title FROM {_FROM} WHERE {" AND ".join(where)} ORDER BY entry.day DESC, entry.id DESC""",
        values,
    )
    return [
        Head(number, day, kind, _title(unpack(title), show_bytes(body)), unpack(idea or ""))
        for number, day, kind, title, body, idea in rows
    ]


def revisions(db: sqlite3.Connection, entry_id: int) -> list[Revision]:
    """Everything an entry ever said, oldest first."""
    rows = db.execute(
        "SELECT number, at, title, body, tags, idea, day FROM entry_revision WHERE entry_id = ? ORDER BY number",
        (entry_id,),
    )
    return [Revision(number, at, _draft(rest)) for number, at, *rest in rows]


def backlinks(db: sqlite3.Connection, kind: Kind, number: int) -> list[Entry]:
    """The entries that cite something, newest first."""
    rows = db.execute(
        f"""SELECT {_COLUMNS} FROM {_FROM} JOIN entry_cite ON entry_cite.entry_id = entry.id
            WHERE entry_cite.kind = ? AND target = ? AND removed_at IS NULL ORDER BY entry.id DESC""",
        (kind, number),
    )
    return [_entry(row) for row in rows]


def cited_ids(db: sqlite3.Connection, project_id: int, kind: Kind) -> set[int]:
    """The numbers of one kind that some entry of the project cites."""
    rows = db.execute(
        """SELECT DISTINCT target FROM entry_cite JOIN entry ON entry.id = entry_id
           WHERE project_id = ? AND entry_cite.kind = ?""",
        (project_id, kind),
    )
    return {row[0] for row in rows}


def tags(db: sqlite3.Connection, project_id: int | None = None) -> list[tuple[str, int]]:
    """Every tag with the number of its entries, the most used first."""
    where = "" if project_id is None else " AND project_id = ?"
    rows = db.execute(
        f"""SELECT name, count(*) FROM entry_tag JOIN entry ON entry.id = entry_id WHERE removed_at IS NULL{where}
            GROUP BY name ORDER BY 2 DESC, 1""",
        () if project_id is None else (project_id,),
    )
    return [(unpack(name), n) for name, n in rows]


def days(db: sqlite3.Connection, project_id: int | None = None) -> dict[str, int]:
    """Day → number of entries."""
    where = "" if project_id is None else " AND project_id = ?"
    rows = db.execute(
        f"SELECT day, count(*) FROM entry WHERE removed_at IS NULL{where} GROUP BY day",
        () if project_id is None else (project_id,),
    )
    return dict(rows.fetchall())


def is_there(db: sqlite3.Connection, kind: Kind, number: int) -> bool:
    """Whether what a citation names is stored."""
    gone = " AND removed_at IS NULL" if kind == "entry" else ""
    return db.execute(f"SELECT 1 FROM {_table(kind)} WHERE id = ?{gone}", (number,)).fetchone() is not None


def _follow(db: sqlite3.Connection, entry_id: int, number: int, at: str, draft: Draft) -> None:
    """Keep the revision, and what follows from the text: tags and citations."""
    db.execute(
        """INSERT INTO entry_revision (entry_id, number, at, day, idea, tags, title, body)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            entry_id, number, at, draft.day, pack(draft.idea), pack_json(draft.tags), pack(draft.title),
            pack(draft.body),
        ),
    )  # fmt: skip
    db.execute("DELETE FROM entry_tag WHERE entry_id = ?", (entry_id,))
    db.executemany("INSERT INTO entry_tag (entry_id, name) VALUES (?, ?)", [(entry_id, pack(t)) for t in draft.tags])
    _cite(db, entry_id, draft)


def _cite(db: sqlite3.Connection, entry_id: int, draft: Draft) -> None:
    places = [place for place in cited(draft.body) if place != ("entry", entry_id)]
    for kind, number in places:
        if not is_there(db, kind, number):
            raise StoreError(f"There is no {kind} {number} to cite.", hint=f"Correct {kind}:{number} in the text.")
    db.execute("DELETE FROM entry_cite WHERE entry_id = ?", (entry_id,))
    db.executemany(
        "INSERT INTO entry_cite (entry_id, kind, target) VALUES (?, ?, ?)", [(entry_id, *place) for place in places]
    )


def _table(kind: Kind) -> str:
    if kind not in CITED:
        raise ValueError(f"{kind!r} cannot be cited")
    return kind


def _title(title: str, body: str) -> str:
    first = next((line.strip("# ").strip() for line in body.splitlines() if line.strip("# ")), "")
    return title or first[:80] or "(empty)"


def _like(part: str) -> str:
    """A LIKE pattern of a part of a name; empty where there is none."""
    safe = re.sub(r"([\\%_])", r"\\\1", part)
    return f"%{safe}%" if part else ""


def _match(words: str) -> str:
    """An FTS5 query in which each word is taken as it is, and as a beginning."""
    return " ".join('"' + word.replace('"', '""') + '"*' for word in words.split())


def _clean(draft: Draft) -> Draft:
    names = [" ".join(tag.split()).lstrip("#") for tag in draft.tags]
    tags = tuple(dict.fromkeys(name for name in names if name))
    return replace(draft, title=" ".join(draft.title.split()), idea=" ".join(draft.idea.split()), tags=tags)


def _draft(row: Sequence[Any]) -> Draft:
    title, body, tags, idea, day = row
    return Draft(
        unpack(title or ""), unpack(body or ""), unpack(day or ""), tuple(unpack_json(tags)), unpack(idea or "")
    )


def _entry(row: Sequence[Any]) -> Entry:
    values: list[Any] = [*row[:2], unpack(row[2]), *row[3:7], _draft(row[7:])]
    return Entry(*values)
