"""What a person says about a sample: tags, a note, whether it is an example. Samples themselves do not change here."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Literal

from cockpit.core.errors import PlanError, StoreError
from cockpit.core.prompts import Version, render, variables
from cockpit.store.clock import now
from cockpit.store.text import pack, unpack, unpack_json

Verdict = Literal["gold", "candidate", "rejected"]


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
    row = db.execute(
        """SELECT run.project_id, text, input, version.body, input_set.body FROM sample JOIN run ON run.id = run_id
           JOIN version ON version.id = version_id JOIN input_set ON input_set.id = input_set_id
           WHERE sample.id = ?""",
        (sample_id,),
    ).fetchone()
    if row is None:
        raise StoreError(f"There is no sample {sample_id}.")
    project_id, output, place, version, inputs = row
    asked = pack(asked_text(Version.from_json(unpack_json(version)), unpack_json(inputs)[place]))
    db.execute(
        """INSERT INTO example (project_id, sample_id, verdict, input, output, created_at) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (sample_id) DO UPDATE SET verdict = excluded.verdict""",
        (project_id, sample_id, verdict, asked, output, now()),
    )
    found = db.execute("SELECT id FROM example WHERE sample_id = ?", (sample_id,)).fetchone()
    return int(found[0])


def asked_text(version: Version, values: dict[str, str]) -> str:
    """What an example's input is: the variables' values where there are any (JSON if several), else the last turn."""
    names = variables(version)
    if len(names) == 1 and names[0] in values:
        return values[names[0]]
    if names:
        return json.dumps({name: values.get(name) for name in names}, ensure_ascii=False)
    try:
        turns = render(version, values).messages
    except PlanError:
        turns = version.messages
    return next((turn.content for turn in reversed(turns) if turn.role == "user"), "")


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
