"""What is known about how right a run's answers are: stored scores and a person's verdicts. Scores nothing itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from cockpit.store.marks import set_score
from cockpit.store.text import pack, unpack


def set_scores(db: sqlite3.Connection, metric: str, values: Mapping[int, float | None]) -> None:
    """Record a metric's values by sample, in place of earlier ones; None takes an earlier one away."""
    for sample_id, value in values.items():
        if value is None:
            db.execute("DELETE FROM score WHERE sample_id = ? AND metric = ?", (sample_id, pack(metric)))
        else:
            set_score(db, sample_id, metric, value)


def run_scores(db: sqlite3.Connection, run_id: int) -> dict[str, dict[int, float]]:
    """Every score of a run's samples: metric → sample → value."""
    found: dict[str, dict[int, float]] = {}
    rows = db.execute(
        "SELECT metric, sample_id, value FROM score JOIN sample ON sample.id = sample_id WHERE run_id = ?", (run_id,)
    )
    for metric, sample_id, value in rows:
        found.setdefault(unpack(metric), {})[sample_id] = value
    return found


def run_verdicts(db: sqlite3.Connection, run_id: int) -> dict[int, str]:
    """What a person said of a run's samples: sample → 'gold', 'candidate' or 'rejected'."""
    rows = db.execute(
        "SELECT sample_id, verdict FROM example JOIN sample ON sample.id = sample_id WHERE run_id = ?", (run_id,)
    )
    return dict(rows.fetchall())
