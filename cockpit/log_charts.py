"""The pictures that entries cite, drawn from samples and metrics. One text in, SVG by reference out; writes nothing."""

from __future__ import annotations

import sqlite3

from cockpit.core.errors import InputError, StoreError
from cockpit.core.figures import Figure
from cockpit.core.log_refs import Ref, refs
from cockpit.core.svg import bars, curve
from cockpit.log_figures import figure
from cockpit.store.job_points import points_of
from cockpit.store.runs import load_plan


def charts_in(db: sqlite3.Connection, text: str) -> dict[str, str]:
    """Target → SVG for each picture in a Markdown text that can be drawn now."""
    found = {ref.target: chart(db, ref) for ref in refs(text) if ref.picture}
    return {target: svg for target, svg in found.items() if svg}


def chart(db: sqlite3.Connection, ref: Ref) -> str:
    """One picture: a metric of a run by model, or a metric of a job over its steps; empty where there is nothing."""
    if ref.kind == "job" and (name := ref.option("chart")):
        points = points_of(db, ref.id, name)
        return curve(ref.words, points.steps, points.values)
    if ref.kind == "run" and ref.option("chart") == "score":
        return bars(ref.words, by_model(db, ref.id, ref.option("score")))
    return ""


def bars_in(db: sqlite3.Connection, text: str) -> dict[str, list[tuple[str, Figure]]]:
    """Target → its bars, for each picture of a run in a Markdown text."""
    found = [ref for ref in refs(text) if ref.picture and ref.kind == "run" and ref.option("chart") == "score"]
    return {ref.target: by_model(db, ref.id, ref.option("score")) for ref in found}


def by_model(db: sqlite3.Connection, run_id: int, metric: str) -> list[tuple[str, Figure]]:
    """Each model's mean score with its interval; models without one are left out."""
    rows = []
    try:
        models = dict.fromkeys(target.title for target in load_plan(db, run_id).targets)
    except StoreError:
        return []
    for model in models:
        try:
            rows.append((model, figure(db, Ref("run", run_id, (("score", metric), ("model", model))))))
        except (InputError, StoreError):
            continue
    return rows
