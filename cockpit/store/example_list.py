"""Lists of examples as a screen pages through them: ids, heads, counts, what one hangs together with. Reads only."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cockpit.core.example_filter import DUPLICATE, Filter
from cockpit.core.examples import VERDICTS, Example, Source, Verdict
from cockpit.store.examples import (
    Edit,
    edits_of,
    find_duplicates,
    get_example,
    input_key,
    iter_examples,
    source_of,
)
from cockpit.store.text import show_bytes, unpack, unpack_json

Order = Literal["newest", "oldest", "verdict", "input", "longest", "shortest", "label", "source"]
HEAD = 400
"""Characters of a text that a row of the list can show."""

_LENGTH = "length(input) + length(output)"
_ORDERS: Mapping[Order, str] = {
    "newest": "id DESC",
    "oldest": "id",
    "verdict": "CASE verdict WHEN 'candidate' THEN 0 WHEN 'gold' THEN 1 ELSE 2 END, id DESC",
    "input": "CAST(input AS TEXT) COLLATE NOCASE, id",
    "longest": f"{_LENGTH} DESC, id",
    "shortest": f"{_LENGTH}, id",
    "label": "label IS NULL, CAST(label AS TEXT) COLLATE NOCASE, id",
    "source": "sample_id IS NULL, CAST(source AS TEXT), sample_id, id",
}
ORDERS: tuple[Order, ...] = tuple(_ORDERS)


@dataclass(frozen=True, slots=True)
class Head:
    """What a row of a list shows of an example; texts only as far as a row can show them."""

    id: int
    verdict: Verdict
    input: str
    output: str
    label: str
    tags: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Whole:
    """An example with what hangs together with it."""

    example: Example
    created_at: str
    edits: tuple[Edit, ...]
    duplicates: tuple[int, ...]
    """Ids of other examples with the same input once both are normalised."""
    sets: tuple[str, ...]
    """Names of the sets of which any version holds it."""


def count_verdicts(db: sqlite3.Connection, project_id: int) -> dict[Verdict, int]:
    """How many examples of each verdict a project has; reads an index alone."""
    rows = db.execute("SELECT verdict, count(*) FROM example WHERE project_id = ? GROUP BY verdict", (project_id,))
    counted = dict(rows.fetchall())
    return {verdict: counted.get(verdict, 0) for verdict in VERDICTS}


def list_ids(
    db: sqlite3.Connection, project_id: int, wanted: Filter | None = None, order: Order = "newest"
) -> dict[int, Verdict]:
    """Ids with verdicts of the examples that a filter takes, in an order. Texts are read only where it asks for them.

    `input`, `longest` and `label` break ties by age, the oldest first.
    """
    wanted = wanted or Filter()
    sql = f"SELECT id, verdict FROM example WHERE project_id = ? ORDER BY {_ORDERS[order]}"
    found: list[tuple[int, Verdict]] = db.execute(sql, (project_id,)).fetchall()
    if any(term.field == "is" for term in wanted.terms):
        asks = any(term.value == DUPLICATE for term in wanted.terms)
        doubles = duplicate_ids(db, project_id) if asks else frozenset[int]()
        found = [(one, verdict) for one, verdict in found if wanted.allows(verdict, duplicate=one in doubles)]
    if wanted.reads_texts:
        taken = {example.id for example in iter_examples(db, project_id) if wanted.takes(example)}
        found = [(one, verdict) for one, verdict in found if one in taken]
    return dict(found)


def duplicate_ids(db: sqlite3.Connection, project_id: int) -> frozenset[int]:
    """The examples whose normalised input another example of the project has too."""
    sql = "SELECT id, input_key, CASE WHEN input_key IS NULL THEN input END FROM example WHERE project_id = ?"
    keys = {id: key if text is None else input_key(unpack(text)) for id, key, text in db.execute(sql, (project_id,))}
    times = Counter(keys.values())
    return frozenset(id for id, key in keys.items() if times[key] > 1)


def read_heads(db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Head]:
    """The heads of these examples; those that are gone are left out."""
    marks = ", ".join("?" * len(ids))
    rows = db.execute(
        f"""SELECT example.id, verdict, substr(example.input, 1, {HEAD}), substr(output, 1, {HEAD}), label, tags,
            source, sample_id, model.name FROM example LEFT JOIN sample ON sample.id = sample_id
            LEFT JOIN model ON model.id = sample.model_id WHERE example.id IN ({marks})""",
        tuple(ids),
    )
    return {
        id: Head(
            id,
            verdict,
            show_bytes(input),
            show_bytes(output),
            "" if label is None else unpack(label),
            tuple(unpack_json(tags)),
            source_of(source, sample_id, model),
        )
        for id, verdict, input, output, label, tags, source, sample_id, model in rows
    }


def read_whole(db: sqlite3.Connection, project_id: int, example_id: int) -> Whole:
    """One example with its edits, its duplicates and the sets that hold it.

    Raises:
        StoreError: there is none of that id.
    """
    example = get_example(db, example_id)
    (created_at,) = db.execute("SELECT created_at FROM example WHERE id = ?", (example_id,)).fetchone()
    same = find_duplicates(db, project_id, example.input)
    held = db.execute(
        """SELECT DISTINCT name FROM example_set_item JOIN example_set_version ON example_set_version.id = version_id
           JOIN example_set ON example_set.id = set_id WHERE example_id = ? ORDER BY name""",
        (example_id,),
    )
    return Whole(
        example,
        created_at,
        tuple(edits_of(db, example_id)),
        tuple(one for one in same if one != example_id),
        tuple(name for (name,) in held),
    )
