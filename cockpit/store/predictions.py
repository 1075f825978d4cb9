"""Predictions: a claim with a probability, made before the result, and what happened. Scores nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.core.calibration import LEAST, MOST, Guess
from cockpit.core.errors import InputError, StoreError
from cockpit.core.log_refs import Kind
from cockpit.store import projects
from cockpit.store.clock import now
from cockpit.store.log import is_there
from cockpit.store.text import pack, unpack

_COLUMNS = """prediction.id, prediction.project_id, prediction.kind, target, made_at, p, claim, resolved_at, happened,
    note, idea.title"""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One prediction; `kind` and `target` are what it is about, None where nothing is stored of it yet.

    `happened` is None while it is open.
    """

    id: int
    project_id: int
    kind: Kind | None
    target: int | None
    made_at: str
    p: float
    claim: str
    resolved_at: str | None = None
    happened: bool | None = None
    note: str = ""
    idea: str = ""

    def guess(self) -> Guess | None:
        """It as a pair of probability and outcome, grouped by its idea; None while it is open."""
        return None if self.happened is None else Guess(self.p, self.happened, self.idea)


def predict(
    db: sqlite3.Connection,
    project_id: int,
    claim: str,
    p: float,
    *,
    about: tuple[Kind, int] | None = None,
    idea: str = "",
) -> int:
    """Store a prediction and return its id.

    Raises:
        InputError: no claim, or a probability that nobody can have of an experiment.
        StoreError: what it is about is not there.
    """
    claim = " ".join(claim.split())
    if not claim:
        raise InputError("A prediction needs a claim that can turn out true or false.")
    if not LEAST <= p <= MOST:
        raise InputError(f"{p:g} is no probability for a prediction.", hint=f"Give one from {LEAST:g} to {MOST:g}.")
    if about is not None and not is_there(db, *about):
        raise StoreError(f"There is no {about[0]} {about[1]} to predict.")
    idea_id = projects.ensure_idea(db, project_id, idea) if idea else None
    kind, target = about or ("", None)
    found = db.execute(
        "INSERT INTO prediction (project_id, idea_id, kind, target, made_at, p, claim) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (project_id, idea_id, kind, target, now(), p, pack(claim)),
    )
    return int(found.lastrowid or 0)


def resolve(db: sqlite3.Connection, prediction_id: int, happened: bool | None, note: str = "") -> Prediction:
    """Say what happened; None opens it again. Returns it as it stands then.

    Raises:
        StoreError: there is no such prediction.
    """
    at = None if happened is None else now()
    found = db.execute(
        "UPDATE prediction SET happened = ?, resolved_at = ?, note = ? WHERE id = ?",
        (happened, at, pack(note), prediction_id),
    )
    if not found.rowcount:
        raise StoreError(f"There is no prediction {prediction_id}.", hint="`cockpit predict list` shows them.")
    return get_prediction(db, prediction_id)


def get_prediction(db: sqlite3.Connection, prediction_id: int) -> Prediction:
    """One prediction.

    Raises:
        StoreError: there is none of that number.
    """
    found = _select(db, "prediction.id = ?", (prediction_id,))
    if not found:
        raise StoreError(f"There is no prediction {prediction_id}.", hint="`cockpit predict list` shows them.")
    return found[0]


def list_predictions(
    db: sqlite3.Connection,
    project_id: int | None = None,
    *,
    open_only: bool = False,
    about: tuple[Kind, int] | None = None,
) -> list[Prediction]:
    """Predictions, newest first; of every project where none is given."""
    where, values = ["1"], list[Any]()
    if project_id is not None:
        where.append("prediction.project_id = ?")
        values.append(project_id)
    if open_only:
        where.append("happened IS NULL")
    if about is not None:
        where.append("kind = ? AND target = ?")
        values.extend(about)
    return _select(db, " AND ".join(where), values)


def _select(db: sqlite3.Connection, where: str, values: Sequence[Any]) -> list[Prediction]:
    rows = db.execute(
        f"""SELECT {_COLUMNS} FROM prediction LEFT JOIN idea ON idea.id = prediction.idea_id
            WHERE {where} ORDER BY prediction.id DESC""",
        values,
    )
    return [_prediction(row) for row in rows]


def _prediction(row: Sequence[Any]) -> Prediction:
    number, project, kind, target, made, p, claim, resolved, happened, note, idea = row
    outcome = None if happened is None else bool(happened)
    return Prediction(
        number, project, kind or None, target, made, p, unpack(claim), resolved, outcome, unpack(note),
        unpack(idea or ""),
    )  # fmt: skip
