"""What stored samples say about making a prompt shorter: outcomes and lengths, without their texts. Reads only."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable

from cockpit.core.lengths import Length
from cockpit.core.shot_effect import Outcome
from cockpit.store.text import unpack, unpack_json

ENDED = ("ended", "stop")


def version_id_of(db: sqlite3.Connection, digest: str, prompt_id: int | None) -> int | None:
    """The stored version of that content, of that prompt if it has it; None where it was never sent."""
    row = db.execute(
        "SELECT id FROM version WHERE digest = ? ORDER BY prompt_id IS ? DESC, id DESC LIMIT 1", (digest, prompt_id)
    ).fetchone()
    return None if row is None else int(row[0])


def runs_of(db: sqlite3.Connection, version_id: int) -> tuple[int, ...]:
    """The runs of a version, oldest first."""
    return tuple(row[0] for row in db.execute("SELECT id FROM run WHERE version_id = ? ORDER BY id", (version_id,)))


def outcomes(db: sqlite3.Connection, version_id: int) -> list[Outcome]:
    """What every whole answer to a version came to. Where no stop reason came, nothing is known, and it is left out."""
    found: list[Outcome] = []
    for run_id in runs_of(db, version_id):
        targets, body = db.execute(
            "SELECT targets, body FROM run JOIN input_set ON input_set.id = input_set_id WHERE run.id = ?", (run_id,)
        ).fetchone()
        columns = [f"{t['name']} {json.dumps(t['params'], sort_keys=True)}" for t in unpack_json(targets)]
        inputs = [json.dumps(values, sort_keys=True) for values in unpack_json(body)]
        scores = _scores(db, run_id)
        rows = db.execute(
            """SELECT id, target, input, ended FROM sample
               WHERE run_id = ? AND NOT failed AND (ended != 'unknown' OR stop_reason IS NOT NULL)""",
            (run_id,),
        )
        found += [
            # A stop reason that does not tell a stop string from an end is still one of these two.
            Outcome(columns[target], inputs[at], ended in ENDED or ended == "unknown", scores.get(sample, {}))
            for sample, target, at, ended in rows
        ]
    return found


def _scores(db: sqlite3.Connection, run_id: int) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = defaultdict(dict)
    rows = db.execute(
        "SELECT sample_id, metric, value FROM score JOIN sample ON sample.id = sample_id WHERE run_id = ?", (run_id,)
    )
    for sample, metric, value in rows:
        found[sample][unpack(metric)] = value
    return found


def lengths(
    db: sqlite3.Connection, run_ids: tuple[int, ...], count: Callable[[str, str], int | None]
) -> tuple[dict[str, list[Length]], int]:
    """Output tokens of every whole answer by model, and how many of them the API did not count.

    An answer taken from the cache is left out where the one it repeats is among the runs.

    Args:
        count: model and text → tokens, for an answer whose tokens the API did not tell; None leaves it out.
    """
    found: dict[str, list[Length]] = defaultdict(list)
    seen: set[tuple[int, int]] = set()
    counted = 0
    marks = ", ".join("?" * len(run_ids))
    rows = db.execute(
        f"""SELECT model.name, run_id, input, idx, ended, output_tokens, cached, request_id,
            CASE WHEN output_tokens IS NULL THEN text END, CASE WHEN output_tokens IS NULL THEN reasoning END
            FROM sample JOIN model ON model.id = model_id
            WHERE run_id IN ({marks}) AND NOT failed ORDER BY cached, sample.id""",
        run_ids,
    )
    for name, run_id, place, index, ended, told, cached, request, *texts in rows:
        if request is not None:
            if cached and (request, index) in seen:
                continue
            seen.add((request, index))
        model = unpack(name)
        tokens = count(model, "".join(unpack(text) for text in texts)) if told is None else told
        counted += told is None and tokens is not None
        if tokens is not None:
            found[model].append(Length(tokens, (run_id, place), ended == "length"))
    return dict(found), counted
