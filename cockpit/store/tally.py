"""Counts per run, column and reading, kept as samples come in, and their sums per version. Counts no samples."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from cockpit.core.samples import Ended, Sample
from cockpit.store.text import unpack, unpack_json

_ENDINGS: tuple[str, ...] = get_args(Ended)

_COUNT = """INSERT INTO tally
    (run_id, target, ended, failed, n, chars, tokens, tokens_n, cost_usd, cost_n, cost_unknown)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n,
    chars = chars + excluded.chars, tokens = tokens + excluded.tokens, tokens_n = tokens_n + excluded.tokens_n,
    cost_usd = cost_usd + excluded.cost_usd, cost_n = cost_n + excluded.cost_n,
    cost_unknown = cost_unknown + excluded.cost_unknown"""


@dataclass(frozen=True, slots=True)
class TallyRow:
    """What came back from one model for one version; `scores` is metric → (n, mean).

    `n` counts every sample, failed ones too; the fields named like a reading count those. Means are over whole
    answers (None where there are none), characters of text and output tokens as reported. `cost_usd` is the sum of
    known costs in dollars, None where none is known; `cost_unknown` counts whole answers whose cost is not.
    """

    model: str
    n: int = 0
    ended: int = 0
    stop: int = 0
    length: int = 0
    refusal: int = 0
    filter: int = 0
    tool: int = 0
    cancelled: int = 0
    error: int = 0
    unknown: int = 0
    mean_chars: float | None = None
    mean_tokens: float | None = None
    cost_usd: float | None = None
    cost_unknown: int = 0
    scores: Mapping[str, tuple[int, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkRow:
    """What the runs of one version did for one idea (None: for none).

    `samples` are whole answers. `cost_usd` is the sum of known costs, None where none is known; `cost_unknown` counts
    whole answers whose cost is not.
    """

    idea_id: int | None
    version_id: int
    continued: bool
    """The runs continue a sample as a conversation."""
    runs: int
    samples: int
    cost_usd: float | None
    cost_unknown: int


def count(db: sqlite3.Connection, sample: Sample, *, sign: int = 1) -> None:
    """Add a sample to its run's counts, or take a replaced one out (sign -1): what it cost stays spent."""
    key = (sample.run_id, sample.key.target, sample.ended, not sample.ok)
    tokens = sample.usage.output_tokens
    known = sample.cost_usd is not None and sign > 0
    db.execute(
        _COUNT,
        (
            *key,
            sign,
            sign * len(sample.text),
            sign * (tokens or 0),
            sign * (tokens is not None),
            (sample.cost_usd or 0.0) if known else 0.0,
            int(known),
            sign * (sample.ok and sample.cost_usd is None),
        ),
    )


def project_work(db: sqlite3.Connection, project_id: int) -> list[WorkRow]:
    """What a project's runs did, a row for each idea and version; no sample is read."""
    rows = db.execute(
        """SELECT idea_id, version_id, parent_sample IS NOT NULL, count(DISTINCT run.id),
           sum(CASE WHEN failed THEN 0 ELSE tally.n END), sum(tally.cost_usd), sum(cost_n), sum(cost_unknown)
           FROM run JOIN tally ON tally.run_id = run.id WHERE project_id = ? GROUP BY 1, 2, 3""",
        (project_id,),
    )
    return [
        WorkRow(idea, version, bool(continued), runs, samples or 0, cost if cost_n else None, unknown or 0)
        for idea, version, continued, runs, samples, cost, cost_n, unknown in rows
    ]


def version_tally(db: sqlite3.Connection, version_id: int) -> list[TallyRow]:
    """What came back for a version over all its runs, a row a model, in order of first use."""
    names: dict[int, list[str]] = {}
    for run_id, targets in db.execute("SELECT id, targets FROM run WHERE version_id = ? ORDER BY id", (version_id,)):
        names[run_id] = [target["name"] for target in unpack_json(targets)]
    sums: dict[str, dict[str, Any]] = {name: {} for columns in names.values() for name in columns}
    rows = db.execute(
        """SELECT run_id, target, ended, failed, tally.n, chars, tokens, tokens_n, tally.cost_usd, cost_n, cost_unknown
           FROM tally JOIN run ON run.id = run_id WHERE version_id = ?""",
        (version_id,),
    )
    for run_id, target, *numbers in rows:
        _add(sums[names[run_id][target]], numbers)
    scores = _scores(db, version_id)
    return [_row(name, total, scores.get(name, {})) for name, total in sums.items()]


def _add(total: dict[str, Any], numbers: list[Any]) -> None:
    ended, failed, n, chars, tokens, tokens_n, cost, cost_n, cost_unknown = numbers
    whole = 0 if failed else 1
    parts = {
        "n": n,
        ended if ended in _ENDINGS else "unknown": n,
        "whole": n * whole,
        "chars": chars * whole,
        "tokens": tokens * whole,
        "tokens_n": tokens_n * whole,
        "cost": cost,
        "cost_n": cost_n,
        "cost_unknown": cost_unknown,
    }
    for name, value in parts.items():
        total[name] = total.get(name, 0) + value


def _row(model: str, total: dict[str, Any], scores: Mapping[str, tuple[int, float]]) -> TallyRow:
    return TallyRow(
        model=model,
        n=total.get("n", 0),
        **{name: total.get(name, 0) for name in _ENDINGS},
        mean_chars=total["chars"] / total["whole"] if total.get("whole") else None,
        mean_tokens=total["tokens"] / total["tokens_n"] if total.get("tokens_n") else None,
        cost_usd=total["cost"] if total.get("cost_n") else None,
        cost_unknown=total.get("cost_unknown", 0),
        scores=scores,
    )


def _scores(db: sqlite3.Connection, version_id: int) -> dict[str, dict[str, tuple[int, float]]]:
    """Model → metric → (n, mean); the samples are walked only where any score exists."""
    if db.execute("SELECT 1 FROM score LIMIT 1").fetchone() is None:
        return {}
    rows = db.execute(
        """SELECT model.name, metric, count(*), avg(value) FROM run JOIN sample ON sample.run_id = run.id
           JOIN score ON score.sample_id = sample.id JOIN model ON model.id = model_id
           WHERE version_id = ? GROUP BY 1, 2""",
        (version_id,),
    )
    found: dict[str, dict[str, tuple[int, float]]] = {}
    for model, metric, n, mean in rows:
        found.setdefault(unpack(model), {})[unpack(metric)] = (n, mean)
    return found
