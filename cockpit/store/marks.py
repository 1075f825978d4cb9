"""What a person says about a sample: tags, a note, whether it is an example. Samples themselves do not change here."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cockpit.core.examples import Verdict
from cockpit.store.clock import now
from cockpit.store.examples import from_sample
from cockpit.store.text import pack, unpack


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """An input and output kept for few-shot use, with the sample it came from (None for imported ones)."""

    id: int
    project_id: int
    sample_id: int | None
    verdict: str
    label: str | None
    input: str
    output: str
    created_at: str


def tag(db: sqlite3.Connection, sample_id: int, name: str) -> None:
    """Put a tag on a sample; one that is there already stays."""
    values = (sample_id, pack(name), now())
    db.execute("INSERT INTO tag (sample_id, name, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", values)


def untag(db: sqlite3.Connection, sample_id: int, name: str) -> None:
    """Take a tag off a sample."""
    db.execute("DELETE FROM tag WHERE sample_id = ? AND name = ?", (sample_id, pack(name)))


def list_tags(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """Every tag in use with the number of its samples, by name."""
    return [(unpack(name), n) for name, n in db.execute("SELECT name, count(*) FROM tag GROUP BY name ORDER BY name")]


def set_sample_note(db: sqlite3.Connection, sample_id: int, text: str) -> None:
    """Replace a sample's note; an empty one removes it."""
    if not text:
        db.execute("DELETE FROM note WHERE sample_id = ?", (sample_id,))
        return
    db.execute(
        """INSERT INTO note (sample_id, text, created_at) VALUES (?, ?, ?)
           ON CONFLICT (sample_id) DO UPDATE SET text = excluded.text, created_at = excluded.created_at""",
        (sample_id, pack(text), now()),
    )


def set_score(db: sqlite3.Connection, sample_id: int, metric: str, value: float) -> None:
    """Record a metric's value for a sample, in place of an earlier one."""
    db.execute(
        """INSERT INTO score (sample_id, metric, value, created_at) VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET value = excluded.value, created_at = excluded.created_at""",
        (sample_id, pack(metric), value, now()),
    )


def set_gold(db: sqlite3.Connection, sample_id: int, verdict: Verdict | None = "gold") -> int | None:
    """Make a sample an example, change its verdict, or (None) take it out of the examples; returns the example's id.

    Raises:
        StoreError: there is no such sample.
    """
    if verdict is None:
        db.execute("DELETE FROM example WHERE sample_id = ?", (sample_id,))
        return None
    return from_sample(db, sample_id, verdict)


def list_examples(db: sqlite3.Connection, project_id: int, verdict: Verdict | None = None) -> list[ExampleRow]:
    """The project's examples, newest first; of one verdict if given."""
    rows = db.execute(
        f"""SELECT id, project_id, sample_id, verdict, label, input, output, created_at FROM example
            WHERE project_id = ? {"AND verdict = ?" if verdict else ""} ORDER BY id DESC""",
        (project_id, verdict) if verdict else (project_id,),
    )
    return [
        ExampleRow(
            id=row[0],
            project_id=row[1],
            sample_id=row[2],
            verdict=row[3],
            label=None if row[4] is None else unpack(row[4]),
            input=unpack(row[5]),
            output=unpack(row[6]),
            created_at=row[7],
        )
        for row in rows
    ]
