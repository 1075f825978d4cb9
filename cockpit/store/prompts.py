"""Prompts and their immutable versions, and what came back of each. Rendering and diffs are the core's."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cockpit.core.errors import StoreError
from cockpit.core.prompts import Version
from cockpit.store.clock import now
from cockpit.store.tally import TallyRow, version_tally
from cockpit.store.text import pack, pack_json, unpack, unpack_json

__all__ = [
    "PromptRow",
    "TallyRow",
    "VersionRow",
    "ensure_prompt",
    "get_version",
    "list_prompts",
    "list_versions",
    "save_version",
    "set_note",
    "version_tally",
]


@dataclass(frozen=True, slots=True)
class PromptRow:
    """A named prompt, its newest version's number and how many versions there are."""

    id: int
    project_id: int
    name: str
    created_at: str
    newest: int
    versions: int


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A stored version. `number` counts from 1 within its prompt; without a prompt it is 0."""

    id: int
    number: int
    prompt_id: int | None
    parent_id: int | None
    version: Version
    note: str
    created_at: str


def ensure_prompt(db: sqlite3.Connection, project_id: int, name: str) -> int:
    """The id of the project's prompt of that name, made if need be."""
    key = (project_id, pack(name))
    row = db.execute("SELECT id FROM prompt WHERE project_id = ? AND name = ?", key).fetchone()
    if row:
        return int(row[0])
    found = db.execute("INSERT INTO prompt (project_id, name, created_at) VALUES (?, ?, ?)", (*key, now()))
    return int(found.lastrowid or 0)


def list_prompts(db: sqlite3.Connection, project_id: int) -> list[PromptRow]:
    """The project's prompts, the one changed last first."""
    rows = db.execute(
        """SELECT prompt.id, project_id, name, prompt.created_at, coalesce(max(number), 0), count(version.id)
           FROM prompt LEFT JOIN version ON prompt_id = prompt.id WHERE project_id = ?
           GROUP BY prompt.id ORDER BY max(version.id) DESC, prompt.id DESC""",
        (project_id,),
    )
    return [PromptRow(row[0], row[1], unpack(row[2]), *row[3:]) for row in rows]


def save_version(
    db: sqlite3.Connection, prompt_id: int | None, version: Version, parent: int | None = None, note: str = ""
) -> int:
    """The id of that content under the prompt; new content gets the prompt's next number.

    Args:
        prompt_id: None for what is sent once without a name; such versions are not numbered.
        parent: the version it was made from.
        note: kept only with new content.
    """
    digest = version.digest()
    row = db.execute("SELECT id FROM version WHERE prompt_id IS ? AND digest = ?", (prompt_id, digest)).fetchone()
    if row:
        return int(row[0])
    number = 0
    if prompt_id is not None:
        known = db.execute("SELECT coalesce(max(number), 0) FROM version WHERE prompt_id = ?", (prompt_id,))
        number = known.fetchone()[0] + 1
    words = "\n".join(text for text in (*version.texts(), version.examples) if text)
    found = db.execute(
        """INSERT INTO version (prompt_id, number, parent_id, digest, created_at, note, body, words)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        (prompt_id, number, parent, digest, now(), pack(note), pack_json(version.to_json()), pack(words)),
    )
    return int(found.lastrowid or 0)


_VERSION = "SELECT id, number, prompt_id, parent_id, body, note, created_at FROM version"


def get_version(db: sqlite3.Connection, version_id: int) -> VersionRow:
    """One version.

    Raises:
        StoreError: there is none of that id.
    """
    row = db.execute(f"{_VERSION} WHERE id = ?", (version_id,)).fetchone()
    if row is None:
        raise StoreError(f"There is no version {version_id}.")
    return _version_row(row)


def list_versions(db: sqlite3.Connection, prompt_id: int) -> list[VersionRow]:
    """The prompt's versions, newest first."""
    rows = db.execute(f"{_VERSION} WHERE prompt_id = ? ORDER BY number DESC", (prompt_id,))
    return [_version_row(row) for row in rows]


def set_note(db: sqlite3.Connection, version_id: int, note: str) -> None:
    """Replace a version's note; the version itself never changes."""
    db.execute("UPDATE version SET note = ? WHERE id = ?", (pack(note), version_id))


def _version_row(row: tuple[int, int, int | None, int | None, str, str, str]) -> VersionRow:
    version = Version.from_json(unpack_json(row[4]))
    return VersionRow(row[0], row[1], row[2], row[3], version, unpack(row[5]), row[6])
