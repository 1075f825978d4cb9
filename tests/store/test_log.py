"""Entries, predictions and steps in a real database: nothing cited goes, no edit is lost, all history is kept."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cockpit.core.errors import InputError, StoreError
from cockpit.core.samples import Sample
from cockpit.store import log, predictions, projects, steps
from cockpit.store.db import Store, open_store
from cockpit.store.log import Draft, EditConflict
from cockpit.store.steps import NewStep
from tests.store.conftest import make_run, sample_of

DAY = "2026-11-24"


def add(store: Store, body: str, title: str = "", day: str = DAY, **more: Any) -> int:
    def make(db: Any) -> int:
        return log.add_entry(db, projects.ensure_project(db, "refusals"), Draft(title, body, day, **more))

    return store.write_now(make)


def test_an_entry_is_found_by_its_words_tag_idea_and_day(store: Store) -> None:
    first = add(store, "The stop string never fired", tags=("#stops", "stops", " "), idea="shorter  prompts")
    second = add(store, "# Überraschung\nnothing helped", day="2026-11-25")
    db = store.read()
    assert [e.id for e in log.list_entries(db)] == [second, first]
    assert [e.title for e in log.list_entries(db)] == ["Überraschung", "The stop string never fired"]
    for only in ({"words": "str fir"}, {"tag": "stops"}, {"idea": "shorter prompts"}, {"until": DAY}):
        assert [e.id for e in log.list_entries(db, **only)] == [first], only  # type: ignore[arg-type]
    assert [e.id for e in log.list_entries(db, words="uberra")] == [second]
    assert log.list_entries(db, words='"') == []
    assert log.tags(db) == [("stops", 1)]
    assert log.days(db) == {DAY: 1, "2026-11-25": 1}
    assert [e.id for e in log.list_entries(db, before=("2026-11-25", second))] == [first]


def test_every_edit_is_kept_and_found_by_the_new_words_alone(store: Store) -> None:
    entry = add(store, "first words")
    draft = log.get_entry(store.read(), entry).draft
    assert store.write_now(lambda db: log.save_entry(db, entry, draft, seen=1)) == 1
    changed = Draft("T", "second words", DAY, ("x",))
    assert store.write_now(lambda db: log.save_entry(db, entry, changed, seen=1)) == 2
    db = store.read()
    assert [(r.number, r.draft.body) for r in log.revisions(db, entry)] == [(1, "first words"), (2, "second words")]
    assert log.list_entries(db, words="first") == []
    assert [e.id for e in log.list_entries(db, words="second")] == [entry]
    for statement in ("UPDATE entry_revision SET body = ''", "DELETE FROM entry_revision"):
        with pytest.raises(sqlite3.IntegrityError):
            store.write_now(lambda db, said=statement: db.execute(said))


def test_two_terminals_never_lose_an_edit(store: Store, path: Path) -> None:
    entry = add(store, "mine")
    other = open_store(path)
    try:
        other.write_now(lambda db: log.save_entry(db, entry, Draft("", "theirs", DAY), seen=1))
        with pytest.raises(EditConflict, match="was edited elsewhere") as caught:
            store.write_now(lambda db: log.save_entry(db, entry, Draft("", "mine again", DAY), seen=1))
        assert caught.value.theirs.draft.body == "theirs"
        assert log.get_entry(store.read(), entry).draft.body == "theirs"
        store.write_now(lambda db: log.save_entry(db, entry, Draft("", "both", DAY), seen=2))
    finally:
        other.close()
    assert [r.draft.body for r in log.revisions(store.read(), entry)] == ["mine", "theirs", "both"]


def test_nothing_cited_can_be_deleted_underneath(store: Store, save: Callable[[Sample], int]) -> None:
    run = make_run(store)
    sample = save(sample_of(run))
    entry = add(store, f"See sample:{sample} and [3](run:{run}?n).")
    assert [e.id for e in log.backlinks(store.read(), "sample", sample)] == [entry]
    assert log.cited_ids(store.read(), 1, "run") == {run}
    for statement in (f"DELETE FROM sample WHERE id = {sample}", f"DELETE FROM run WHERE id = {run}"):
        with pytest.raises(sqlite3.IntegrityError, match="cited in the log"):
            store.write_now(lambda db, said=statement: db.execute(said))
    store.write_now(lambda db: log.save_entry(db, entry, Draft("", "no longer", DAY), seen=1))
    store.write_now(lambda db: db.execute(f"DELETE FROM sample WHERE id = {sample}"))


def test_what_is_not_there_cannot_be_cited(store: Store) -> None:
    with pytest.raises(StoreError, match="no run 7"):
        add(store, "as in run:7")
    assert log.list_entries(store.read()) == []


def test_an_entry_that_another_cites_cannot_be_removed_and_others_come_back(store: Store) -> None:
    first = add(store, "one")
    second = add(store, f"after entry:{first}")
    with pytest.raises(StoreError, match=f"cited in entry {second}"):
        store.write_now(lambda db: log.remove_entry(db, first))
    store.write_now(lambda db: log.remove_entry(db, second))
    assert [e.id for e in log.list_entries(store.read())] == [first]
    store.write_now(lambda db: log.remove_entry(db, first))
    store.write_now(lambda db: (log.restore_entry(db, first), log.restore_entry(db, second)))
    assert [e.id for e in log.backlinks(store.read(), "entry", first)] == [second]


def test_ten_thousand_entries_list_and_search_as_fast_as_ten(store: Store) -> None:
    def fill(n: int) -> Callable[[Any], None]:
        def make(db: Any) -> None:
            project = projects.ensure_project(db, "refusals")
            for at in range(n):
                words = f"entry about topic{at % 97} and more words of an ordinary day " * 5
                log.add_entry(db, project, Draft(f"Title {at}", words, f"2026-{1 + at % 12:02}-{1 + at % 28:02}"))

        return make

    def quickest(work: Callable[[], Any]) -> float:
        taken = []
        for _ in range(5):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
        return min(taken)

    def page() -> None:
        assert log.list_entries(store.read(), 1, limit=10)

    def search() -> None:
        assert log.list_entries(store.read(), 1, limit=10, words="topic7 ordin")

    store.write_now(fill(100))
    few = quickest(page), quickest(search)
    store.write_now(fill(9_900))
    many = quickest(page), quickest(search)
    assert many[0] < 5 * few[0] + 0.005
    assert many[1] < 0.1


# --- predictions and steps ---


def test_a_prediction_is_fixed_and_its_outcome_is_not(store: Store) -> None:
    run = make_run(store)
    project = 1
    made = store.write_now(
        lambda db: predictions.predict(db, project, "few-shot helps", 0.7, about=("run", run), idea="examples")
    )
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        store.write_now(lambda db: db.execute("UPDATE prediction SET p = 0.9"))
    assert [p.guess() for p in predictions.list_predictions(store.read(), project)] == [None]
    found = store.write_now(lambda db: predictions.resolve(db, made, False, "no difference"))
    assert (found.happened, found.note, found.idea) == (False, "no difference", "examples")
    assert predictions.list_predictions(store.read(), open_only=True) == []
    assert store.write_now(lambda db: predictions.resolve(db, made, None)).resolved_at is None
    assert [p.id for p in predictions.list_predictions(store.read(), about=("run", run))] == [made]


def test_a_prediction_needs_a_claim_an_honest_probability_and_something_that_is_there(store: Store) -> None:
    project = store.write_now(lambda db: projects.ensure_project(db, "refusals"))
    for claim, p, about in ((" ", 0.5, None), ("x", 1.0, None), ("x", 0.5, ("run", 9))):
        with pytest.raises((InputError, StoreError)):
            store.write_now(
                lambda db, said=(claim, p, about): predictions.predict(db, project, *said[:2], about=said[2])
            )


def test_steps_keep_a_persons_order_and_no_rule_repeats_itself(store: Store) -> None:
    project = store.write_now(lambda db: projects.ensure_project(db, "refusals"))

    def propose(title: str, **more: Any) -> int | None:
        return store.write_now(lambda db: steps.add_step(db, project, NewStep(title, **more)))

    def order() -> list[str]:
        return [step.new.title for step in steps.list_steps(store.read(), project)]

    a, b, c = propose("a"), propose("b", rule="stops", about="run:1"), propose("c")
    assert propose("b again", rule="stops", about="run:1") is None
    store.write_now(lambda db: steps.move_step(db, c or 0, -1))
    assert order() == ["a", "c", "b"]
    store.write_now(lambda db: steps.move_step(db, a or 0, 99))
    assert order() == ["c", "b", "a"]
    store.write_now(lambda db: steps.close_step(db, b or 0, "dropped", "too dear"))
    assert order() == ["c", "a"]
    assert propose("b once more", rule="stops", about="run:1") is None
    with pytest.raises(StoreError, match="is closed"):
        store.write_now(lambda db: steps.move_step(db, b or 0, 1))
    store.write_now(lambda db: steps.close_step(db, b or 0, "open"))
    assert order() == ["c", "b", "a"]
