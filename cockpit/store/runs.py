"""Runs: their plans, stored before anything is sent, and the counts of what came back. No sample is read here."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cockpit.core.errors import StoreError
from cockpit.core.params import Params
from cockpit.core.prompts import Version
from cockpit.core.runs import Plan, target_from_json, target_to_json
from cockpit.store.clock import now
from cockpit.store.prompts import save_version
from cockpit.store.text import pack_json, unpack, unpack_json


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in a list. `total` = targets × inputs × n; `done` are whole answers, `failed` errors and cancelled.

    `cost_usd` is the sum of known costs in dollars, None where none is known; `cost_unknown` counts whole answers
    whose cost is not known. `prompt` is empty and `version_number` 0 for what was sent without a name, `idea` is empty
    for what was sent for none.
    """

    id: int
    created_at: str
    prompt: str
    version_number: int
    models: tuple[str, ...]
    n: int
    inputs: int
    done: int
    failed: int
    total: int
    cost_usd: float | None
    finished_at: str | None
    cost_unknown: int
    project_id: int
    prompt_id: int | None
    version_id: int
    idea_id: int | None
    parent_sample: int | None
    targets: int
    cancelled: int = 0
    """Of those failed: cancelled ones, which nothing speaks against."""
    idea: str = ""

    @property
    def missing(self) -> int:
        """Samples that were never tried, or were cancelled; those that failed for good are not among them."""
        return max(self.total - self.done - self.failed + self.cancelled, 0)


def create_run(
    db: sqlite3.Connection,
    plan: Plan,
    *,
    project_id: int,
    prompt_id: int | None = None,
    idea_id: int | None = None,
    params: Params | None = None,
    parent_sample: int | None = None,
) -> int:
    """Store a plan and return the run's id; its version is saved too where the plan names none.

    Args:
        params: as the person set them, before any model left some out.
        parent_sample: the sample that this run continues as a conversation.
    """
    version_id = plan.version_id or save_version(db, prompt_id, plan.version)
    targets = pack_json([target_to_json(target) for target in plan.targets])
    found = db.execute(
        """INSERT INTO run (project_id, version_id, idea_id, parent_sample, input_set_id, created_at, n, cap_usd,
           deadline_s, max_retries, fresh, params, targets) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            project_id,
            version_id,
            idea_id,
            parent_sample,
            _input_set(db, plan.inputs),
            now(),
            plan.n,
            plan.cap_usd,
            plan.deadline_s,
            plan.max_retries,
            plan.fresh,
            pack_json((params or Params()).to_json()),
            targets,
        ),
    )
    return int(found.lastrowid or 0)


def _input_set(db: sqlite3.Connection, inputs: tuple[Mapping[str, str], ...]) -> int:
    """The id of these input rows, stored once however many runs go over them."""
    body = pack_json([dict(row) for row in inputs])
    digest = hashlib.sha256(body if isinstance(body, bytes) else body.encode()).digest()
    row = db.execute("SELECT id FROM input_set WHERE hash = ?", (digest,)).fetchone()
    if row:
        return int(row[0])
    found = db.execute("INSERT INTO input_set (hash, n, body) VALUES (?, ?, ?)", (digest, len(inputs), body))
    return int(found.lastrowid or 0)


def load_plan(db: sqlite3.Connection, run_id: int) -> Plan:
    """The plan as it was stored; capabilities and prices are not, and must be looked up again.

    Raises:
        StoreError: there is no such run.
    """
    row = db.execute(
        """SELECT version.body, targets, input_set.body, run.n, cap_usd, deadline_s, max_retries, fresh, version_id
           FROM run JOIN version ON version.id = version_id JOIN input_set ON input_set.id = input_set_id
           WHERE run.id = ?""",
        (run_id,),
    ).fetchone()
    if row is None:
        raise _no_run(run_id)
    version, targets, inputs, n, cap, deadline, retries, fresh, version_id = row
    return Plan(
        version=Version.from_json(unpack_json(version)),
        targets=tuple(target_from_json(target) for target in unpack_json(targets)),
        inputs=tuple(unpack_json(inputs)),
        n=n,
        cap_usd=cap,
        deadline_s=deadline,
        max_retries=retries,
        fresh=bool(fresh),
        run_id=run_id,
        version_id=version_id,
    )


def load_params(db: sqlite3.Connection, run_id: int) -> Params:
    """The params of a run as the person set them.

    Raises:
        StoreError: there is no such run.
    """
    row = db.execute("SELECT params FROM run WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise _no_run(run_id)
    return Params.from_json(unpack_json(row[0]))


def set_n(db: sqlite3.Connection, run_id: int, n: int) -> None:
    """Ask for n samples of each; the run is unfinished until they are there."""
    _changed(db.execute("UPDATE run SET n = ?, finished_at = NULL WHERE id = ?", (n, run_id)), run_id)


def set_cap(db: sqlite3.Connection, run_id: int, cap_usd: float | None) -> None:
    """Change how many dollars the run may spend; None is without limit."""
    _changed(db.execute("UPDATE run SET cap_usd = ? WHERE id = ?", (cap_usd, run_id)), run_id)


def finish_run(db: sqlite3.Connection, run_id: int) -> None:
    """Nothing more will be sent for it, unless somebody asks."""
    _changed(db.execute("UPDATE run SET finished_at = ? WHERE id = ?", (now(), run_id)), run_id)


def _changed(cursor: sqlite3.Cursor, run_id: int) -> None:
    if not cursor.rowcount:
        raise _no_run(run_id)


def _no_run(run_id: int) -> StoreError:
    return StoreError(f"There is no run {run_id}.", hint="`cockpit run list` shows them.")


_RUNS = """SELECT run.id, run.created_at, prompt.name, version.number, targets, run.n, input_set.n, finished_at,
    sum(CASE WHEN failed THEN 0 ELSE tally.n END), sum(CASE WHEN failed THEN tally.n ELSE 0 END),
    sum(cost_usd), sum(cost_n), sum(cost_unknown),
    run.project_id, version.prompt_id, run.version_id, run.idea_id, run.parent_sample,
    sum(CASE WHEN ended = 'cancelled' THEN tally.n ELSE 0 END), idea.title
    FROM run JOIN version ON version.id = run.version_id JOIN input_set ON input_set.id = run.input_set_id
    LEFT JOIN prompt ON prompt.id = version.prompt_id LEFT JOIN idea ON idea.id = run.idea_id
    LEFT JOIN tally ON tally.run_id = run.id
    WHERE run.id IN ({chosen}) GROUP BY run.id ORDER BY run.id DESC"""


def list_runs(
    db: sqlite3.Connection,
    project_id: int | None = None,
    limit: int = 100,
    before: int | None = None,
    *,
    version_id: int | None = None,
    idea_id: int | None = None,
) -> list[RunRow]:
    """Runs, newest first, at most `limit`, older than run `before`; of one project, version or idea if given."""
    given = {"project_id": project_id, "version_id": version_id, "idea_id": idea_id}
    known = {name: value for name, value in given.items() if value is not None}
    where = " AND ".join(["id < ?", *(f"{name} = ?" for name in known)])
    chosen = f"SELECT id FROM run WHERE {where} ORDER BY id DESC LIMIT ?"
    values = (2**62 if before is None else before, *known.values(), limit)
    return [_run_row(row) for row in db.execute(_RUNS.format(chosen=chosen), values)]


def get_run(db: sqlite3.Connection, run_id: int) -> RunRow:
    """One run as lists show it.

    Raises:
        StoreError: there is no such run.
    """
    row = db.execute(_RUNS.format(chosen="?"), (run_id,)).fetchone()
    if row is None:
        raise _no_run(run_id)
    return _run_row(row)


def unfinished_runs(db: sqlite3.Connection, project_id: int | None = None, limit: int = 100) -> list[RunRow]:
    """Runs that were not brought to their end, newest first; one that is in flight now is among them.

    One that was killed between its last sample and its end is too, though nothing of it is missing: ask `missing`.
    """
    where = "finished_at IS NULL" + (" AND project_id = ?" if project_id is not None else "")
    chosen = f"SELECT id FROM run WHERE {where} ORDER BY id DESC LIMIT ?"
    values = (limit,) if project_id is None else (project_id, limit)
    return [_run_row(row) for row in db.execute(_RUNS.format(chosen=chosen), values)]


def _run_row(row: tuple[Any, ...]) -> RunRow:
    run_id, created, prompt, number, targets, n, inputs, finished, done, failed, cost, cost_n, unknown, *rest = row
    columns = [target_from_json(target) for target in unpack_json(targets)]
    return RunRow(
        id=run_id,
        created_at=created,
        prompt=unpack(prompt) if prompt is not None else "",
        version_number=number,
        models=tuple(dict.fromkeys(column.name for column in columns)),
        n=n,
        inputs=inputs,
        done=done or 0,
        failed=failed or 0,
        total=len(columns) * inputs * n,
        cost_usd=cost if cost_n else None,
        finished_at=finished,
        cost_unknown=unknown or 0,
        project_id=rest[0],
        prompt_id=rest[1],
        version_id=rest[2],
        idea_id=rest[3],
        parent_sample=rest[4],
        targets=len(columns),
        cancelled=rest[5] or 0,
        idea=unpack(rest[6]) if rest[6] is not None else "",
    )
