"""Sets of examples: versions with frozen texts, and what runs used of them. Rendering and choosing are the core's."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from cockpit.core.errors import StoreError
from cockpit.core.examples import Example, ExampleSet, Source, Template
from cockpit.store.clock import now
from cockpit.store.examples import get_example
from cockpit.store.text import pack, pack_json, unpack, unpack_json


@dataclass(frozen=True, slots=True)
class SetRow:
    """A set in a list: its newest version's number, id, size and kind of template; how many versions; runs of any."""

    id: int
    name: str
    number: int
    version_id: int
    n: int
    kind: str
    versions: int
    runs: int
    created_at: str
    """Of the newest version."""


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a set in a list: how many examples, its kind of template, when it was made and runs that used it."""

    id: int
    number: int
    n: int
    kind: str
    runs: int
    created_at: str


def save_set(db: sqlite3.Connection, project_id: int, name: str, example_ids: Sequence[int], template: Template) -> int:
    """The id of a version of the set that holds these examples as they are now, in this order, with that template.

    It is a new version unless the newest would be sent and chosen from alike: same inputs, outputs, labels, groups,
    order and template. What else an example has (tags, notes, source) is frozen with it.

    Raises:
        StoreError: there is no such example, or one is another project's.
    """
    examples = [get_example(db, id) for id in example_ids]
    _refuse_strangers(db, project_id, example_ids)
    return _save(db, project_id, name, examples, template)


def save_frozen(
    db: sqlite3.Connection, project_id: int, name: str, examples: Sequence[Example], template: Template
) -> int:
    """As `save_set`, but with the texts that are given: those of an older version, say, or of examples removed since.

    An example of which nothing is stored any more is frozen without its id.

    Raises:
        StoreError: an example is another project's.
    """
    marks = {id for (id,) in db.execute("SELECT id FROM example WHERE project_id = ?", (project_id,))}
    known = [one if one.id is None or one.id in marks else replace(one, id=_left(db, one.id)) for one in examples]
    _refuse_strangers(db, project_id, [one.id for one in known if one.id is not None])
    return _save(db, project_id, name, known, template)


def _left(db: sqlite3.Connection, example_id: int) -> int | None:
    """The id where there is still such an example, of whichever project."""
    return example_id if db.execute("SELECT 1 FROM example WHERE id = ?", (example_id,)).fetchone() else None


def _save(db: sqlite3.Connection, project_id: int, name: str, examples: Sequence[Example], template: Template) -> int:
    set_id = _ensure_set(db, project_id, name)
    digest = _digest(examples, template)
    newest = db.execute(
        "SELECT id, number, digest FROM example_set_version WHERE set_id = ? ORDER BY number DESC LIMIT 1", (set_id,)
    ).fetchone()
    if newest is not None and newest[2] == digest:
        return int(newest[0])
    number = newest[1] + 1 if newest else 1
    made = db.execute(
        "INSERT INTO example_set_version (set_id, number, digest, n, created_at, template) VALUES (?, ?, ?, ?, ?, ?)",
        (set_id, number, digest, len(examples), now(), pack_json(asdict(template))),
    )
    version_id = int(made.lastrowid or 0)
    items = [(version_id, place, _text_id(db, example), example.id) for place, example in enumerate(examples)]
    db.executemany("INSERT INTO example_set_item (version_id, place, text_id, example_id) VALUES (?, ?, ?, ?)", items)
    return version_id


def _refuse_strangers(db: sqlite3.Connection, project_id: int, example_ids: Sequence[int]) -> None:
    for id in example_ids:
        owner = db.execute("SELECT project_id FROM example WHERE id = ?", (id,)).fetchone()
        if owner[0] != project_id:
            raise StoreError(f"Example {id} belongs to another project.", hint="Export it there and import it here.")


def _ensure_set(db: sqlite3.Connection, project_id: int, name: str) -> int:
    key = (project_id, pack(name))
    row = db.execute("SELECT id FROM example_set WHERE project_id = ? AND name = ?", key).fetchone()
    if row:
        return int(row[0])
    made = db.execute("INSERT INTO example_set (project_id, name, created_at) VALUES (?, ?, ?)", (*key, now()))
    return int(made.lastrowid or 0)


def _digest(examples: Sequence[Example], template: Template) -> str:
    """A hash of everything that is sent, or that examples are chosen by."""
    said = [[one.input, one.output, one.label, one.group] for one in examples]
    return _hash(pack_json([said, asdict(template)])).hex()


def _hash(packed: str | bytes) -> bytes:
    return hashlib.sha256(packed if isinstance(packed, bytes) else packed.encode()).digest()


def _text_id(db: sqlite3.Connection, example: Example) -> int:
    """The id of an example as it is now, stored once."""
    plain = asdict(replace(example, id=None, source=Source()))
    plain |= {"source": [example.source.kind, dict(example.source.detail)]}
    del plain["id"]
    body = pack_json(plain)
    digest = _hash(body)
    row = db.execute("SELECT id FROM example_text WHERE hash = ?", (digest,)).fetchone()
    if row:
        return int(row[0])
    return int(db.execute("INSERT INTO example_text (hash, body) VALUES (?, ?)", (digest, body)).lastrowid or 0)


_VERSION = """SELECT example_set_version.id, name, number, template FROM example_set_version
    JOIN example_set ON example_set.id = set_id"""


def get_set(db: sqlite3.Connection, project_id: int, name: str, number: int | None = None) -> ExampleSet:
    """A set at one of its versions, the newest unless `number` says which, with its texts as they were frozen.

    An example that was removed since has no id.

    Raises:
        StoreError: there is no such set or version.
    """
    where = "WHERE project_id = ? AND name = ?" + (" AND number = ?" if number is not None else "")
    values = (project_id, pack(name)) if number is None else (project_id, pack(name), number)
    row = db.execute(f"{_VERSION} {where} ORDER BY number DESC LIMIT 1", values).fetchone()
    if row is None:
        which = f"set {name!r}" if number is None else f"version {number} of a set {name!r}"
        raise StoreError(f"There is no {which}.", hint="`cockpit example set list` shows them.")
    return _set(db, row)


def get_set_version(db: sqlite3.Connection, set_version_id: int) -> ExampleSet:
    """The same by the version's id.

    Raises:
        StoreError: there is none of that id.
    """
    row = db.execute(f"{_VERSION} WHERE example_set_version.id = ?", (set_version_id,)).fetchone()
    if row is None:
        raise StoreError(f"There is no version {set_version_id} of a set.")
    return _set(db, row)


def _set(db: sqlite3.Connection, row: Sequence[Any]) -> ExampleSet:
    id, name, number, template = row
    items = db.execute(
        """SELECT body, example_id FROM example_set_item JOIN example_text ON example_text.id = text_id
           WHERE version_id = ? ORDER BY place""",
        (id,),
    )
    examples = tuple(_frozen(unpack_json(body), example_id) for body, example_id in items)
    return ExampleSet(unpack(name), examples, Template(**unpack_json(template)), number, id)


def _frozen(plain: dict[str, Any], example_id: int | None) -> Example:
    known = {**plain, "tags": tuple(plain["tags"]), "source": Source(*plain["source"])}
    return Example(**known, id=example_id)


def list_sets(db: sqlite3.Connection, project_id: int) -> list[SetRow]:
    """The project's sets, the one changed last first; no text is read."""
    rows = db.execute(
        """SELECT example_set.id, name, v.number, v.id, v.n, v.template,
           (SELECT count(*) FROM example_set_version AS any WHERE any.set_id = example_set.id),
           (SELECT count(*) FROM run_examples JOIN example_set_version AS used ON used.id = run_examples.version_id
            WHERE used.set_id = example_set.id), v.created_at
           FROM example_set JOIN example_set_version AS v ON v.set_id = example_set.id
           WHERE project_id = ? AND v.number =
               (SELECT max(number) FROM example_set_version WHERE set_id = example_set.id)
           ORDER BY v.id DESC""",
        (project_id,),
    )
    return [
        SetRow(id, unpack(name), number, version_id, n, unpack_json(template)["kind"], versions, runs, when)
        for id, name, number, version_id, n, template, versions, runs, when in rows
    ]


def list_set_versions(db: sqlite3.Connection, project_id: int, name: str) -> list[VersionRow]:
    """A set's versions, newest first, without their texts; none where there is no such set."""
    rows = db.execute(
        """SELECT v.id, v.number, v.n, v.template,
           (SELECT count(*) FROM run_examples WHERE version_id = v.id), v.created_at
           FROM example_set_version AS v JOIN example_set ON example_set.id = v.set_id
           WHERE project_id = ? AND name = ? ORDER BY v.number DESC""",
        (project_id, pack(name)),
    )
    return [
        VersionRow(id, number, n, unpack_json(body)["kind"], runs, when) for id, number, n, body, runs, when in rows
    ]


def use_set(db: sqlite3.Connection, run_id: int, set_version_id: int, detail: Mapping[str, Any]) -> None:
    """Record what a run was given of a set; said once, it never changes.

    Args:
        detail: plain data: what was chosen, by which strategy, order and seed.

    Raises:
        StoreError: there is no such run or version, or the run has said otherwise before.
    """
    body = pack(json.dumps(dict(detail), ensure_ascii=False, sort_keys=True))
    known = db.execute("SELECT version_id, detail FROM run_examples WHERE run_id = ?", (run_id,)).fetchone()
    if known is not None:
        if known != (set_version_id, body):
            raise StoreError(f"Run {run_id} was sent with other examples.", hint="Start a new run for these.")
        return
    for table, id, noun in (("run", run_id, "run"), ("example_set_version", set_version_id, "version of a set")):
        if db.execute(f"SELECT 1 FROM {table} WHERE id = ?", (id,)).fetchone() is None:
            raise StoreError(f"There is no {noun} {id}.")
    values = (run_id, set_version_id, body)
    db.execute("INSERT INTO run_examples (run_id, version_id, detail) VALUES (?, ?, ?)", values)


def set_of_run(db: sqlite3.Connection, run_id: int) -> tuple[ExampleSet, dict[str, Any]] | None:
    """The set a run was given and what was chosen of it; None where it had none."""
    row = db.execute("SELECT version_id, detail FROM run_examples WHERE run_id = ?", (run_id,)).fetchone()
    return None if row is None else (get_set_version(db, row[0]), unpack_json(row[1]))
