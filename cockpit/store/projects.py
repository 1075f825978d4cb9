"""Projects and the ideas in them: rows in, rows out. What an idea's rungs mean is the core's."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cockpit.store.clock import now
from cockpit.store.text import pack, unpack


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A line of research, with the time of its last run (None where there is none)."""

    id: int
    name: str
    created_at: str
    last_run_at: str | None


@dataclass(frozen=True, slots=True)
class IdeaRow:
    """A claim under test and the number of its runs."""

    id: int
    project_id: int
    title: str
    created_at: str
    runs: int


def ensure_project(db: sqlite3.Connection, name: str) -> int:
    """The id of the project of that name, made if need be."""
    row = db.execute("SELECT id FROM project WHERE name = ?", (pack(name),)).fetchone()
    if row:
        return int(row[0])
    found = db.execute("INSERT INTO project (name, created_at) VALUES (?, ?)", (pack(name), now()))
    return int(found.lastrowid or 0)


def find_project(db: sqlite3.Connection, name: str) -> int | None:
    """The id of the project of that name; None where there is none (for reading only)."""
    row = db.execute("SELECT id FROM project WHERE name = ?", (pack(name),)).fetchone()
    return int(row[0]) if row else None


def list_projects(db: sqlite3.Connection) -> list[ProjectRow]:
    """Every project, by name."""
    rows = db.execute(
        """SELECT id, name, created_at, (SELECT created_at FROM run WHERE project_id = project.id
           ORDER BY id DESC LIMIT 1) FROM project ORDER BY name"""
    )
    return [ProjectRow(row[0], unpack(row[1]), row[2], row[3]) for row in rows]


def ensure_idea(db: sqlite3.Connection, project_id: int, title: str) -> int:
    """The id of the project's idea of that title, made if need be."""
    row = db.execute("SELECT id FROM idea WHERE project_id = ? AND title = ?", (project_id, pack(title))).fetchone()
    if row:
        return int(row[0])
    found = db.execute(
        "INSERT INTO idea (project_id, title, created_at) VALUES (?, ?, ?)", (project_id, pack(title), now())
    )
    return int(found.lastrowid or 0)


def list_ideas(db: sqlite3.Connection, project_id: int) -> list[IdeaRow]:
    """The project's ideas, newest first."""
    rows = db.execute(
        """SELECT id, project_id, title, created_at, (SELECT count(*) FROM run WHERE idea_id = idea.id)
           FROM idea WHERE project_id = ? ORDER BY id DESC""",
        (project_id,),
    )
    return [IdeaRow(row[0], row[1], unpack(row[2]), row[3], row[4]) for row in rows]
