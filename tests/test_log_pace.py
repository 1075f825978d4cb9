"""Velocity: weeks, hours, latency and what waits to be logged are what the database holds, worked by hand."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta

from cockpit.core.velocity import hours_by_day, latency, week_of, weeks_to
from cockpit.log_pace import pace, reminder, waiting
from cockpit.store import projects, runs, samples, settings
from cockpit.store.db import Store
from cockpit.store.log import Draft, add_entry
from cockpit.store.predictions import predict, resolve
from tests.store.conftest import make_run, plan_of, sample_of, store  # noqa: F401
from tests.store.conftest import path as path  # noqa: PLC0414

PROJECT = "refusals"


def test_hours_are_the_time_between_things_done_without_breaks() -> None:
    day = datetime(2026, 11, 24, 9, tzinfo=UTC)
    times = [day + timedelta(minutes=at) for at in (0, 20, 50, 81, 90, 24 * 60 - 540 - 5, 24 * 60 - 540 + 5)]
    # 20 + 30, a break of 31, 9; then two that midnight parts.
    assert hours_by_day(times) == {date(2026, 11, 24): (20 + 30 + 9) / 60}
    assert hours_by_day(times[:1]) == {}


def test_latency_is_the_median_of_those_that_have_a_result() -> None:
    start = datetime(2026, 11, 24, tzinfo=UTC)
    found = latency([(start, start + timedelta(hours=h)) for h in (1, 10, 3)] + [(start, None)])
    assert (found.hours, found.n, found.waiting) == (3, 3, 1)
    assert latency([(start, None)]).hours is None


def test_weeks_begin_on_monday() -> None:
    weeks = weeks_to(date(2026, 11, 24), 2)
    assert [week.monday for week in weeks] == [date(2026, 11, 16), date(2026, 11, 23)]
    assert week_of(weeks, date(2026, 11, 22)) is weeks[0]
    assert week_of(weeks, date(2026, 11, 15)) is None


def test_a_project_is_told_by_its_weeks_and_by_what_is_not_logged(store: Store) -> None:  # noqa: F811
    now = datetime.now(UTC)
    first = make_run(store, plan_of(n=12))
    make_run(store, plan_of(n=2))

    def fill(db: sqlite3.Connection) -> None:
        for at in range(12):
            samples.add_sample(db, sample_of(first, at))
        runs.finish_run(db, first)
        number = predict(db, 1, "it works", 0.25)
        resolve(db, number, True)
        add_entry(db, 1, Draft("T", "## What I conclude\n\nYes.", now.astimezone().date().isoformat()))

    store.write_now(fill)
    db = store.read()
    found = pace(db, PROJECT, now)
    week = found.weeks[-1]
    assert (week.runs, week.samples, week.results, week.bits) == (2, 12, 1, 2.0)
    assert week.days is not None and sum(week.days) == 5, "two runs, an entry, a prediction and its outcome"
    assert [(one.kind, one.id) for one in found.waiting] == [("run", first)]
    assert "12 answers" in found.waiting[0].words
    store.write_now(lambda d: add_entry(d, 1, Draft("U", f"run:{first}", "2026-11-24")))
    assert waiting(store.read(), 1, "", now) == []
    assert pace(db, "nobody", now).latency.hours is None


def test_the_header_reminds_of_what_the_phase_needs(store: Store) -> None:  # noqa: F811
    now = datetime.now(UTC)
    run = make_run(store, plan_of(n=12))

    def fill(db: sqlite3.Connection) -> None:
        for at in range(12):
            samples.add_sample(db, sample_of(run, at))
        runs.finish_run(db, run)
        add_entry(db, projects.ensure_project(db, PROJECT), Draft("T", "It rose by 12 %.", "2026-11-24"))

    store.write_now(fill)

    def said(mode: str | None) -> str:
        store.write_now(lambda db: settings.put(db, f"mode.{PROJECT}", mode))
        return reminder(store.read(), PROJECT, now, {})

    assert said(None) == ""
    assert said("explore") == "12 msgs · zero-shot"
    assert said("execute") == "1 to read"
    assert said("write") == "1 lack context · 1 not logged"
