"""What a cited figure was worked out from: the answers of a run, or the points of a job. Rows out; writes nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cockpit.core.log_refs import Ref
from cockpit.store.job_points import points_of
from cockpit.store.runs import load_plan
from cockpit.store.text import show_bytes, unpack

MOST = 2000
"""Rows that are read; of more the first are, and the number is told."""
HEAD = 300


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that a figure counts. `sample_id` is None for a point of a job; `value` is as it was counted."""

    sample_id: int | None
    run_id: int | None
    what: str
    place: str
    value: str
    text: str = ""


def sources(db: sqlite3.Connection, ref: Ref) -> tuple[list[Source], int]:
    """What one reference was worked out from, at most MOST of them, and how many there are.

    Raises:
        StoreError: its run is not there.
    """
    if ref.kind == "job":
        return _points(db, ref)
    if ref.kind != "run":
        return [], 0
    runs = [ref.id, *([int(ref.option("less"))] if ref.option("less").isdecimal() else [])]
    found, total = list[Source](), 0
    for run_id in runs:
        rows, count = _answers(db, ref, run_id)
        found += rows
        total += count
    return found, total


def _answers(db: sqlite3.Connection, ref: Ref, run_id: int) -> tuple[list[Source], int]:
    targets = load_plan(db, run_id).targets
    model, names = ref.option("model"), dict(ref.options)
    columns = [at for at, one in enumerate(targets) if model in ("", one.name, one.title)]
    only = {"failed": "failed", "ended": "ended != 'cancelled'"}
    where = next((condition for name, condition in only.items() if name in names), "NOT failed")
    chosen = f"sample WHERE run_id = ? AND target IN ({','.join('?' * len(columns))}) AND {where}"
    scored, metric = dict[int, float](), names.get("score")
    if metric is not None:
        rows = db.execute(
            "SELECT sample_id, metric, value FROM score JOIN sample ON sample.id = sample_id WHERE run_id = ?",
            (run_id,),
        )
        scored = {sample: value for sample, name, value in rows if unpack(name) == metric}
        chosen += " AND EXISTS (SELECT 1 FROM score WHERE sample_id = sample.id)"
    picked = db.execute(
        f"""SELECT id, target, input, idx, ended, output_tokens, cost_usd, substr(text, 1, {HEAD})
            FROM {chosen} ORDER BY input, idx, target""",
        (run_id, *columns),
    ).fetchall()
    kept = [row for row in picked if metric is None or row[0] in scored]
    found = []
    for number, target, row, index, ended, tokens, usd, text in kept[:MOST]:
        value = _value(names, ended, tokens, usd, scored.get(number))
        place = f"{row + 1}.{index + 1}"
        found.append(Source(number, run_id, targets[target].title, place, value, show_bytes(text)))
    return found, len(kept)


def _value(names: dict[str, str], ended: str, tokens: int | None, usd: float | None, score: float | None) -> str:
    if "score" in names:
        return "?" if score is None else f"{score:g}"
    if "tokens" in names:
        return "?" if tokens is None else f"{tokens}"
    if "cost" in names:
        return "?" if usd is None else f"${usd:.3g}"
    return ended


def _points(db: sqlite3.Connection, ref: Ref) -> tuple[list[Source], int]:
    name = ref.option("metric") or ref.option("chart")
    points = points_of(db, ref.id, name)
    pairs = list(zip(points.steps, points.values, strict=True))
    return [Source(None, None, name, f"{step:g}", f"{value:.6g}") for step, value in reversed(pairs[-MOST:])], len(
        pairs
    )
