"""Examples kept for few-shot use: rows in, values out. How sets of them are frozen, rendered or chosen is elsewhere."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import EllipsisType
from typing import Any

from cockpit.core.errors import InputError, PlanError, StoreError
from cockpit.core.examples import VERDICTS, Example, Source, Verdict
from cockpit.core.prompts import Version, render, variables
from cockpit.store.clock import now
from cockpit.store.text import pack, pack_json, unpack, unpack_json

BATCH = 500
"""Examples read at a time, so that no statement stays open while somebody works on them."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What an example said until `replaced_at`."""

    replaced_at: str
    input: str
    output: str
    label: str | None


def add_example(db: sqlite3.Connection, project_id: int, example: Example) -> int:
    """Keep an example and return its id. One with the same input is kept too: ask `find_duplicates` first.

    Raises:
        InputError: a verdict that is none.
    """
    found = db.execute(
        """INSERT INTO example (project_id, verdict, label, input, output, created_at, reason, note, tags, "group",
           source, input_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            project_id,
            _checked(example.verdict),
            _optional(example.label),
            pack(example.input),
            pack(example.output),
            now(),
            pack(example.reason),
            pack(example.note),
            pack_json(list(example.tags)),
            _optional(example.group),
            _packed(example.source),
            input_key(example.input),
        ),
    )
    return int(found.lastrowid or 0)


def update_example(
    db: sqlite3.Connection,
    example_id: int,
    *,
    input: str | None = None,
    output: str | None = None,
    label: str | EllipsisType | None = ...,
    verdict: Verdict | None = None,
    reason: str | None = None,
    note: str | None = None,
    group: str | EllipsisType | None = ...,
    tags: Sequence[str] | None = None,
) -> None:
    """Change what is given; None leaves a value as it is, except for `label` and `group`, where it takes it away.

    Where the input, output or label changes, the old one goes to `edits_of`. Where the input or output does, an example
    that was not typed by hand is from then on 'edited', with where it was from: a label says something about the same
    texts. Sets that hold it keep what they froze.

    Raises:
        StoreError: there is no such example.
        InputError: a verdict that is none.
    """
    old = get_example(db, example_id)
    new = replace(
        old,
        input=old.input if input is None else input,
        output=old.output if output is None else output,
        label=old.label if isinstance(label, EllipsisType) else label,
        verdict=old.verdict if verdict is None else verdict,
        reason=old.reason if reason is None else reason,
        note=old.note if note is None else note,
        group=old.group if isinstance(group, EllipsisType) else group,
        tags=old.tags if tags is None else tuple(dict.fromkeys(tags)),
    )
    if (new.input, new.output, new.label) != (old.input, old.output, old.label):
        db.execute(
            "INSERT INTO example_edit (example_id, created_at, label, input, output) VALUES (?, ?, ?, ?, ?)",
            (example_id, now(), _optional(old.label), pack(old.input), pack(old.output)),
        )
        if (new.input, new.output) != (old.input, old.output):
            new = replace(new, source=_edited(old.source, example_id))
    _write(db, example_id, new)


def _edited(source: Source, example_id: int) -> Source:
    if source.kind in ("typed", "edited"):
        return source
    return Source("edited", {**source.detail, "from": source.kind, "example": example_id})


def _write(db: sqlite3.Connection, example_id: int, example: Example) -> None:
    db.execute(
        """UPDATE example SET verdict = ?, label = ?, input = ?, output = ?, reason = ?, note = ?, tags = ?,
           "group" = ?, source = ?, input_key = ? WHERE id = ?""",
        (
            _checked(example.verdict),
            _optional(example.label),
            pack(example.input),
            pack(example.output),
            pack(example.reason),
            pack(example.note),
            pack_json(list(example.tags)),
            _optional(example.group),
            _packed(example.source),
            input_key(example.input),
            example_id,
        ),
    )


def set_verdict(db: sqlite3.Connection, example_id: int, verdict: Verdict | None, reason: str = "") -> None:
    """Replace an example's verdict and the reason for it; None removes the example, with what it said before edits.

    Raises:
        StoreError: there is no such example.
        InputError: a verdict that is none.
    """
    if verdict is None:
        changed = db.execute("DELETE FROM example WHERE id = ?", (example_id,))
    else:
        values = (_checked(verdict), pack(reason), example_id)
        changed = db.execute("UPDATE example SET verdict = ?, reason = ? WHERE id = ?", values)
    if not changed.rowcount:
        raise _no_example(example_id)


def from_sample(db: sqlite3.Connection, sample_id: int, verdict: Verdict, reason: str = "") -> int:
    """Make a sample an example, or change its verdict where it is one, and return the example's id.

    A new verdict takes the old one's reason away. To undo, give `set_verdict` what `of_sample` said before.

    Raises:
        StoreError: there is no such sample.
        InputError: a verdict that is none.
    """
    row = db.execute(
        """SELECT run.project_id, text, input, version.body, input_set.body FROM sample JOIN run ON run.id = run_id
           JOIN version ON version.id = version_id JOIN input_set ON input_set.id = input_set_id
           WHERE sample.id = ?""",
        (sample_id,),
    ).fetchone()
    if row is None:
        raise StoreError(f"There is no sample {sample_id}.", hint="`cockpit search` finds them.")
    project_id, output, place, version, inputs = row
    asked = asked_text(Version.from_json(unpack_json(version)), unpack_json(inputs)[place])
    db.execute(
        """INSERT INTO example (project_id, sample_id, verdict, reason, input, output, created_at, input_key)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sample_id) DO UPDATE SET verdict = excluded.verdict,
           reason = CASE WHEN excluded.reason != '' OR verdict != excluded.verdict THEN excluded.reason ELSE reason
           END""",
        (project_id, sample_id, _checked(verdict), pack(reason), pack(asked), output, now(), input_key(asked)),
    )
    found = of_sample(db, sample_id)
    return 0 if found is None or found.id is None else found.id


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


_EXAMPLE = """SELECT example.id, example.input, output, label, verdict, reason, note, tags, "group", source, sample_id,
    model.name FROM example LEFT JOIN sample ON sample.id = sample_id LEFT JOIN model ON model.id = sample.model_id"""


def get_example(db: sqlite3.Connection, example_id: int) -> Example:
    """One example.

    Raises:
        StoreError: there is none of that id.
    """
    row = db.execute(f"{_EXAMPLE} WHERE example.id = ?", (example_id,)).fetchone()
    if row is None:
        raise _no_example(example_id)
    return _example(row)


def of_sample(db: sqlite3.Connection, sample_id: int) -> Example | None:
    """The example that a sample is; None where it is none."""
    row = db.execute(f"{_EXAMPLE} WHERE sample_id = ?", (sample_id,)).fetchone()
    return None if row is None else _example(row)


def iter_examples(
    db: sqlite3.Connection,
    project_id: int,
    *,
    verdict: Verdict | None = None,
    tag: str | None = None,
    limit: int | None = None,
) -> Iterator[Example]:
    """The project's examples in the order they were added, at most `limit`; of one verdict or tag if given.

    They may be changed on the way: those are read a few hundred at a time.
    """
    where = "AND verdict = ?" if verdict else ""
    last, left = 0, 2**62 if limit is None else limit
    while left > 0:
        values = (project_id, last, verdict, BATCH) if verdict else (project_id, last, BATCH)
        sql = f"{_EXAMPLE} WHERE project_id = ? AND example.id > ? {where} ORDER BY example.id LIMIT ?"
        rows = db.execute(sql, values).fetchall()
        for row in rows:
            example = _example(row)
            if left > 0 and (tag is None or tag in example.tags):
                left -= 1
                yield example
        if len(rows) < BATCH:
            return
        last = rows[-1][0]


def edits_of(db: sqlite3.Connection, example_id: int) -> list[Edit]:
    """What an example said before each of its edits, the latest first."""
    rows = db.execute(
        "SELECT created_at, input, output, label FROM example_edit WHERE example_id = ? ORDER BY id DESC", (example_id,)
    )
    return [
        Edit(when, unpack(input), unpack(output), None if label is None else unpack(label))
        for when, input, output, label in rows
    ]


def find_duplicates(db: sqlite3.Connection, project_id: int, input: str) -> list[int]:
    """The ids of the project's examples with the same input once both are normalised, oldest first."""
    key = input_key(input)
    rows = db.execute(
        """SELECT id, NULL FROM example WHERE project_id = ? AND input_key = ?
           UNION ALL SELECT id, input FROM example WHERE project_id = ? AND input_key IS NULL""",
        (project_id, key, project_id),
    )
    return sorted(int(id) for id, text in rows if text is None or input_key(unpack(text)) == key)


def input_key(text: str) -> bytes:
    """What two inputs share that are the same once normalised: 16 bytes of SHA-256."""
    from cockpit.core.leak_texts import normalise

    return hashlib.sha256(normalise(text).encode("utf-8", "surrogatepass")).digest()[:16]


def _example(row: Sequence[Any]) -> Example:
    """An example from a row of _EXAMPLE."""
    id, input, output, label, verdict, reason, note, tags, group, source, sample_id, model = row
    return Example(
        input=unpack(input),
        output=unpack(output),
        label=None if label is None else unpack(label),
        verdict=verdict,
        reason=unpack(reason),
        note=unpack(note),
        tags=tuple(unpack_json(tags)),
        group=None if group is None else unpack(group),
        source=source_of(source, sample_id, model),
        id=id,
    )


def source_of(packed: str | bytes | None, sample_id: int | None, model: str | bytes | None) -> Source:
    """The source that a row of `example` holds, packed; its sample's own where nothing is stored."""
    if packed is not None:
        return Source(*unpack_json(packed))
    if sample_id is None:
        return Source()
    return Source("sample", {"sample": sample_id, "model": None if model is None else unpack(model)})


def _packed(source: Source) -> str | bytes:
    return pack_json([source.kind, dict(source.detail)])


def _optional(text: str | None) -> str | bytes | None:
    return None if text is None else pack(text)


def _checked(verdict: str) -> str:
    if verdict not in VERDICTS:
        raise InputError(f"{verdict!r} is no verdict.", hint=f"One of {', '.join(VERDICTS)}.")
    return verdict


def _no_example(example_id: int) -> StoreError:
    return StoreError(f"There is no example {example_id}.", hint="`cockpit example list` shows them.")
