"""What is being typed into the log and not saved yet, so that a killed app loses nothing. Rows in, rows out."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass

from cockpit.store.clock import now
from cockpit.store.log import Draft, EntryKind
from cockpit.store.text import pack_json, unpack_json


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """A text under way: its sitting, and the entry and revision that it changes (None and 0 for a new one)."""

    session: str
    entry_id: int | None
    revision: int
    draft: Draft
    at: str = ""
    kind: EntryKind = "note"
    instead_of: tuple[str, str] | None = None
    """The sitting that this one goes on with, and when it was kept last, as it was read."""


def put_draft(db: sqlite3.Connection, project_id: int, kept: OpenDraft) -> None:
    """Keep a text as it stands, in place of what was kept of the same sitting, and of the one it goes on with unless
    that was typed in since: two terminals that open one draft keep two."""
    finish_draft(db, kept)
    db.execute(
        "INSERT INTO entry_draft (project_id, entry_id, revision, session, at, state) VALUES (?, ?, ?, ?, ?, ?)",
        (
            project_id,
            kept.entry_id,
            kept.revision,
            kept.session,
            now(),
            pack_json({**asdict(kept.draft), "kind": kept.kind}),
        ),
    )


def finish_draft(db: sqlite3.Connection, kept: OpenDraft) -> None:
    """Forget what was kept of a sitting that was saved or thrown away, and of the one it went on with unless that was
    typed in since."""
    drop_draft(db, kept.session)
    if kept.instead_of is not None:
        db.execute("DELETE FROM entry_draft WHERE session = ? AND at = ?", kept.instead_of)


def drop_draft(db: sqlite3.Connection, session: str) -> None:
    """Forget what was kept of a sitting."""
    db.execute("DELETE FROM entry_draft WHERE session = ?", (session,))


def list_drafts(db: sqlite3.Connection, project_id: int) -> list[OpenDraft]:
    """Texts that were never saved, the latest first."""
    rows = db.execute(
        "SELECT session, entry_id, revision, state, at FROM entry_draft WHERE project_id = ? ORDER BY at DESC, id DESC",
        (project_id,),
    )
    return [_open(*row) for row in rows]


def _open(session: str, entry: int | None, revision: int, state: bytes | str, at: str) -> OpenDraft:
    found = unpack_json(state)
    kind: EntryKind = found.pop("kind", "note")
    return OpenDraft(session, entry, revision, Draft(**{**found, "tags": tuple(found["tags"])}), at, kind)
