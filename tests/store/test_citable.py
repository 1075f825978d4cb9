"""What can be cited is found by number and by name, of this project only."""

from __future__ import annotations

import sqlite3

import pytest

from cockpit.core.log_refs import KINDS, Kind
from cockpit.store import projects
from cockpit.store.citable import citable
from cockpit.store.db import Store
from cockpit.store.log import Draft, add_entry
from tests.store.conftest import make_run, sample_of


def test_runs_versions_samples_and_entries_are_found_by_number_and_name(store: Store) -> None:
    from cockpit.store import samples

    run = make_run(store, prompt="judge")
    other = make_run(store, prompt="probe")

    def fill(db: sqlite3.Connection) -> tuple[int, int]:
        sample = samples.add_sample(db, sample_of(run, text="An answer\nof two lines \ud800"))
        return sample, add_entry(db, 1, Draft("Judges agree", "x", "2026-11-24"))

    sample, entry = store.write_now(fill)
    db = store.read()
    assert [number for number, _ in citable(db, 1, "run", "")] == [other, run]
    assert [number for number, _ in citable(db, 1, "run", "JUDGE")] == [run]
    assert citable(db, 1, "run", str(other))[0][0] == other
    assert [words for _, words in citable(db, 1, "version", "judge")] == ["judge v1"]
    assert citable(db, 1, "sample", "two")[0][0] == sample
    assert "\n" not in citable(db, 1, "sample", "two")[0][1]
    assert citable(db, 1, "entry", "agree") == [(entry, "2026-11-24 Judges agree")]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_another_project_is_offered_and_no_letters_break_it(store: Store, kind: Kind) -> None:
    make_run(store)
    elsewhere = store.write_now(lambda db: projects.ensure_project(db, "other"))
    for letters in ("", "%", "'", "9" * 18, "x" * 50):
        assert citable(store.read(), elsewhere, kind, letters) == []
