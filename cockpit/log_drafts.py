"""What an entry tells of runs and jobs, gathered from the database. Words are `core.log_draft`'s; stores nothing."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from cockpit.core.clock import utc_now
from cockpit.core.errors import InputError
from cockpit.core.job_state import fold
from cockpit.core.job_words import clock, shown, span
from cockpit.core.log_context import Gap, gaps
from cockpit.core.log_draft import Cited, JobFacts, PromptFacts, Quote, RunFacts, entry_text, entry_title
from cockpit.core.log_refs import Kind, cited, parse_target, target_of
from cockpit.core.telling import Seen, telling
from cockpit.log_figures import figure
from cockpit.store import jobs
from cockpit.store.log import Draft
from cockpit.store.prompts import get_version
from cockpit.store.runs import RunRow, get_run, load_params, load_plan
from cockpit.store.scores import run_scores, run_verdicts
from cockpit.store.sets import set_of_run
from cockpit.store.text import show_bytes

QUOTE_BYTES = 2000
MOST_METRICS = 6


def draft_about(db: sqlite3.Connection, places: Sequence[tuple[Kind, int]], now: datetime, *, idea: str = "") -> Draft:
    """A draft of an entry that cites these, with everything the database knows of them and two empty sections.

    Raises:
        StoreError: one of them is not there.
    """
    runs = [run_facts(db, number) for kind, number in places if kind == "run"]
    found_jobs = [job_facts(db, number, now) for kind, number in places if kind == "job"]
    others = [place for place in places if place[0] not in ("run", "job")]
    ideas = [get_run(db, run.id).idea for run in runs]
    title = entry_title(runs, found_jobs)
    body = entry_text(runs, found_jobs, others)
    return Draft(title, body, local_day(now), idea=idea or next((one for one in ideas if one), ""))


def local_day(at: datetime) -> str:
    """The day of a moment where the person is, as YYYY-MM-DD."""
    return at.astimezone().date().isoformat()


def run_facts(db: sqlite3.Connection, run_id: int) -> RunFacts:
    """A run as an entry tells it.

    Raises:
        StoreError: there is no such run.
    """
    row, plan = get_run(db, run_id), load_plan(db, run_id)
    scores = run_scores(db, run_id)
    columns = tuple(dict.fromkeys(name for values in plan.inputs for name in values))
    models = tuple(dict.fromkeys(target.title for target in plan.targets))
    metric = max(scores, key=lambda name: len(scores[name]), default="")
    return RunFacts(
        run_id,
        clock(row.created_at),
        _prompt(db, row),
        models,
        load_params(db, run_id),
        row.n,
        row.inputs,
        columns,
        tuple((model, tuple(_figures(db, row, model, list(scores)))) for model in models),
        tuple(_quotes(db, run_id, metric)),
        examples=_examples(db, run_id),
        missing=row.missing,
        failed=row.failed - row.cancelled,
        chart=metric if len(models) > 1 else "",
    )


def job_facts(db: sqlite3.Connection, job_id: int, now: datetime) -> JobFacts:
    """A job as an entry tells it, by what is stored of it.

    Raises:
        StoreError: there is no such job.
    """
    row = jobs.get_job(db, job_id)
    standing = fold(jobs.observations(db, [job_id])[job_id], now)
    known = jobs.known(db, [job_id]).get(job_id)
    names = list(known.metrics)[:MOST_METRICS] if known else []
    metrics = [(name, found) for name in names if (found := _cited(db, "job", job_id, {"metric": name}))]
    captures = jobs.captures(db, job_id)
    facts: dict[str, Any] = captures.get("start") or captures.get("submit") or {}
    git = facts.get("git") or {}
    return JobFacts(
        job_id,
        row.name,
        shown(standing),
        shlex.join(row.spec.argv),
        commit=str(git.get("commit") or "")[:10],
        changed=bool(git.get("dirty")),
        host=str(facts.get("host") or ""),
        took=span(standing.elapsed_s) if standing.elapsed_s is not None else "",
        metrics=tuple(metrics),
        chart=metrics[0][0] if metrics else "",
        evidence=standing.evidence if standing.state != "finished" else "",
        state=standing.state,
    )


def _prompt(db: sqlite3.Connection, row: RunRow) -> PromptFacts:
    found = get_version(db, row.version_id)
    parent = None
    if found.parent_id is not None:
        before = get_version(db, found.parent_id)
        parent = (before.number, before.id, before.version)
    return PromptFacts(row.prompt, found.number, found.id, found.version, parent)


def _figures(db: sqlite3.Connection, row: RunRow, model: str, metrics: Iterable[str]) -> Iterable[tuple[str, Cited]]:
    """One model's figures by heading; what is not known is left out, and the table shows a question mark."""
    only = {"model": model} if len(row.models) > 1 or row.targets > 1 else {}
    wanted = [("answers", {"n": ""}), *((name, {"score": name}) for name in metrics)]
    wanted += [("hit a stop", {"ended": "stop"}), ("cut", {"ended": "length"}), ("cost", {"cost": ""})]
    for head, options in wanted:
        if found := _cited(db, "run", row.id, {**options, **only}):
            yield head, found


def _cited(db: sqlite3.Connection, kind: Kind, number: int, options: dict[str, str]) -> Cited | None:
    target = target_of(kind, number, options)
    ref = parse_target(target)
    assert ref is not None
    try:
        return Cited(target, figure(db, ref))
    except InputError:
        return None


def _quotes(db: sqlite3.Connection, run_id: int, metric: str) -> Iterable[Quote]:
    scores = run_scores(db, run_id).get(metric, {})
    verdicts = run_verdicts(db, run_id)
    plan = load_plan(db, run_id)
    rows = db.execute("SELECT id, target, ended, length(text) FROM sample WHERE run_id = ? AND NOT failed", (run_id,))
    seen = [
        Seen(number, plan.targets[target].title, ended, length, scores.get(number), verdicts.get(number, ""))
        for number, target, ended, length in rows
    ]
    for one in telling(seen):
        row = db.execute("SELECT substr(text, 1, ?) FROM sample WHERE id = ?", (QUOTE_BYTES, one.sample.id)).fetchone()
        yield Quote(one.sample.id, one.sample.model, one.why, show_bytes(row[0]))


def _examples(db: sqlite3.Connection, run_id: int) -> str:
    use = set_of_run(db, run_id)
    if use is None:
        return ""
    examples, detail = use
    k = detail.get("k")
    return f"{examples.name} v{examples.number}" + (f", k = {k}" if k is not None else "")


def entry_gaps(db: sqlite3.Connection, body: str) -> list[Gap]:
    """What a stranger would miss in an entry, with what the database could fill in."""
    places = cited(body)
    runs = [run_facts(db, number) for kind, number in places if kind == "run"]
    return gaps(body, runs, [job_facts(db, number, utc_now()) for kind, number in places if kind == "job"])
