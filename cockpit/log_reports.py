"""Daily updates, weekly decks and an idea's report, gathered from what was really done. Words are `core.report`'s."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from cockpit.core.errors import InputError
from cockpit.core.job_digest import BAD
from cockpit.core.log_draft import CONCLUDED, JobFacts, RunFacts, params_words, plain_words, section
from cockpit.core.log_refs import link, target_of
from cockpit.core.report import Slide, by_weight, daily, weekly
from cockpit.log_drafts import job_facts, local_day, run_facts
from cockpit.store import jobs, steps
from cockpit.store.log import Entry, get_entry, list_entries
from cockpit.store.projects import find_project, list_ideas
from cockpit.store.runs import list_runs

MOST = 20
"""Runs and jobs that are told one by one; of the others the number is told."""


def daily_text(db: sqlite3.Connection, project: str, now: datetime) -> str:
    """What was done since the last daily was saved (a day ago without one), what is next, what is in the way."""
    number = find_project(db, project)
    if number is None:
        return daily([], [], [])
    since = _since(db, number, now)
    runs = [run_facts(db, row.id) for row in list_runs(db, number, limit=500) if row.created_at >= since]
    work = [job_facts(db, row.id, now) for row in jobs.jobs_since(db, since) if row.project_id == number]
    last = [_entry_line(one) for one in list_entries(db, number, kind="note") if one.created_at >= since]
    last += _some([_run_line(one) for one in runs], "runs") + _some([_job_line(one) for one in work], "jobs")
    listed = steps.list_steps(db, number)
    following = [_step_line(one) for one in listed if not one.new.blocked_by]
    blocked = [f"{_step_line(one)}: waits for {plain_words(', '.join(one.new.blocked_by))}" for one in listed
               if one.new.blocked_by]  # fmt: skip
    bad = [f"- job:{one.id} {plain_words(one.name)}: {plain_words(one.shown)}. {plain_words(one.evidence)}"
           for one in work if one.state in BAD]  # fmt: skip
    return daily(last, following[:MOST], [*bad, *blocked])


def weekly_slides(
    db: sqlite3.Connection,
    project: str,
    now: datetime,
    *,
    chosen: Sequence[int],
    questions: Sequence[str],
    minutes: int,
) -> list[Slide]:
    """The week's results as slides: the chosen entries in their order, else those of the last seven days by weight.

    Raises:
        StoreError: a chosen entry is not there.
    """
    number = find_project(db, project)
    week = local_day(now - timedelta(days=6))
    if chosen:
        found = [get_entry(db, one) for one in chosen]
        bodies = [(one.title, one.draft.body) for one in found]
    else:
        found = [] if number is None else list_entries(db, number, kind="note", since=week)
        bodies = by_weight([(one.title, one.draft.body) for one in found])
    listed = [] if number is None else steps.list_steps(db, number)
    following = [_step_line(one) for one in listed][:MOST]
    title = f"{project}: week to {local_day(now)}"
    return weekly(title, bodies, following, [f"- {plain_words(one)}" for one in questions], minutes)


def idea_text(db: sqlite3.Connection, project: str, idea: str) -> str:
    """An idea from its first message to what is concluded: conclusions, then runs, then entries, oldest first.

    Raises:
        InputError: the project has no such idea.
    """
    number = find_project(db, project)
    known = {} if number is None else {one.title: one.id for one in list_ideas(db, number)}
    if number is None or idea not in known:
        names = ", ".join(known) or "none yet"
        raise InputError(f"There is no idea {idea!r} in {project}.", hint=f"Ideas: {names}.")
    entries = list_entries(db, number, idea=idea, limit=1000)[::-1]
    runs = [run_facts(db, row.id) for row in list_runs(db, number, 1000, idea_id=known[idea])][::-1]
    ends = [_entry_line(one) for one in entries if section(one.draft.body, CONCLUDED)]
    lines = [f"# {plain_words(idea)}", "", "## What is concluded", "", *(ends or ["- nothing yet"])]
    lines += ["", f"## What was sampled: {len(runs)} runs", "", *(_run_line(one) for one in runs)]
    for one in entries:
        body = one.draft.body.replace("\n## ", "\n### ").removeprefix("## ")
        body = f"### {body}" if one.draft.body.startswith("## ") else body
        lines += ["", f"## {one.draft.day}: {plain_words(one.title)} (entry:{one.id})", "", body]
    return "\n".join(lines) + "\n"


def _since(db: sqlite3.Connection, project_id: int, now: datetime) -> str:
    before = list_entries(db, project_id, kind="daily", limit=1)
    return before[0].created_at if before else (now - timedelta(days=1)).isoformat(timespec="microseconds")


def _some(lines: list[str], what: str) -> list[str]:
    more = len(lines) - MOST
    return lines[:MOST] + ([f"- and {more} more {what}"] if more > 0 else [])


def _entry_line(one: Entry) -> str:
    end = " ".join(section(one.draft.body, CONCLUDED).split()) or "nothing concluded yet"
    return f"- {plain_words(one.title)} (entry:{one.id}): {end}"


def _run_line(run: RunFacts) -> str:
    prompt = link(run.prompt.title(), target_of("version", run.prompt.version_id))
    over = f" on each of {run.inputs} inputs" if run.inputs > 1 else ""
    said = []
    for model, figures in run.rows:
        told = ", ".join(f"{plain_words(head)} {cited.markdown()}" for head, cited in figures)
        said.append(f"{plain_words(model)}: {told}")
    head = f"- run:{run.id}, {prompt}, n = {run.n}{over}, {plain_words(params_words(run.params))}. "
    return head + "; ".join(said) + "."


def _job_line(job: JobFacts) -> str:
    took = f" after {job.took}" if job.took else ""
    told = ", ".join(f"{plain_words(name)} {cited.markdown()}" for name, cited in job.metrics)
    return f"- job:{job.id} {plain_words(job.name)}: {plain_words(job.shown)}{took}" + (f"; {told}." if told else ".")


def _step_line(step: steps.Step) -> str:
    new = step.new
    known = [f"{new.bits:g} bits" if new.bits is not None else "", f"{new.hours:g} h" if new.hours is not None else ""]
    facts = ", ".join(one for one in (new.rung, *known) if one)
    why = f": {plain_words(new.why)}" if new.why else ""
    return f"- {plain_words(new.title)}" + (f" ({facts})" if facts else "") + why
