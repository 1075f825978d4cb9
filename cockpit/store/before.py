"""The answer that an earlier version of a prompt gave to the same input. Reads only."""

from __future__ import annotations

import sqlite3

from cockpit.store.runs import load_plan
from cockpit.store.samples import get_sample, samples_for


def sample_before(db: sqlite3.Connection, sample_id: int) -> int | None:
    """The sample to lay beside this one: the newest whole answer of the nearest earlier version on the same input.

    The same model and sample index are taken where that version has them; else the same model; never another model.
    """
    row = get_sample(db, sample_id)
    key = row.sample.key
    inputs = dict(load_plan(db, row.sample.run_id).inputs[key.input])
    earlier = db.execute(
        "SELECT id FROM version WHERE prompt_id = ? AND number < ? ORDER BY number DESC",
        (row.prompt_id, row.version_number),
    ).fetchall()
    for (version_id,) in earlier:
        found = samples_for(db, version_id, inputs=inputs)
        same = [sample for sample in found if sample.model == row.sample.model and sample.ok]
        if same:
            return max(same, key=lambda sample: (sample.key.index == key.index, sample.id or 0)).id
    return None
