"""Examples: kept as they were said, found again, edited with the old text kept, brought over from old files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.core.errors import InputError, StoreError
from cockpit.core.examples import Example, Source
from cockpit.core.prompts import single
from cockpit.store import examples, marks, opening, projects, samples, sets
from cockpit.store.db import Store, check, open_store
from cockpit.store.schema import STEPS
from tests.store.conftest import MODELS, make_run, plan_of, sample_of

ODD = "two\nlines, \U0001f600 and half a pair \ud83d"


def project(store: Store, name: str = "refusals") -> int:
    return store.write_now(lambda db: projects.ensure_project(db, name))


def add(store: Store, project_id: int, *given: Example) -> list[int]:
    return store.write_now(lambda db: [examples.add_example(db, project_id, one) for one in given])


def test_an_example_comes_back_as_it_was(store: Store) -> None:
    whole = Example(
        input=ODD,
        output=f"{ODD} too",
        label="B",
        verdict="candidate",
        reason="too short",
        note="ask again",
        tags=("b", "a", ODD),
        group="one author",
        source=Source("row", {"dataset": "jokes", "row": 7}),
    )
    bare, full = add(store, project(store), Example("q", "a"), whole)
    db = store.read()
    assert examples.get_example(db, full) == replace(whole, id=full)
    assert examples.get_example(db, bare) == Example("q", "a", id=bare)
    with pytest.raises(StoreError) as caught:
        examples.get_example(db, 99)
    assert caught.value.hint
    with pytest.raises(InputError):
        add(store, 1, Example("q", "a", verdict="golden"))  # type: ignore[arg-type]


def test_lists_are_in_the_order_of_adding_and_may_be_narrowed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "BATCH", 3)
    ours, other = project(store), project(store, "other")
    for n in range(10):
        even = n % 2 == 0
        one = Example(f"q{n}", "a", verdict="gold" if even else "rejected", tags=("hard",) if n % 3 == 0 else ())
        add(store, ours, one)
        add(store, other, one)
    db = store.read()

    def found(**narrow: object) -> list[str]:
        return [one.input for one in examples.iter_examples(db, ours, **narrow)]  # type: ignore[arg-type]

    assert found() == [f"q{n}" for n in range(10)]
    assert found(verdict="gold") == ["q0", "q2", "q4", "q6", "q8"]
    assert found(tag="hard") == ["q0", "q3", "q6", "q9"]
    assert found(tag="hard", verdict="rejected") == ["q3", "q9"]
    assert found(limit=4) == ["q0", "q1", "q2", "q3"]
    assert found(tag="hard", limit=2) == ["q0", "q3"]
    assert found(limit=0) == []


def test_triage_may_change_examples_while_it_walks_them(store: Store) -> None:
    ours = project(store)
    add(store, ours, *(Example(f"q{n}", "a", verdict="candidate") for n in range(5)))
    seen = []
    for one in examples.iter_examples(store.read(), ours, verdict="candidate"):
        seen.append(one.input)
        store.write_now(lambda db, id=one.id: examples.set_verdict(db, id, "gold", "good"))  # type: ignore[misc]
    assert seen == [f"q{n}" for n in range(5)]
    assert [one.reason for one in examples.iter_examples(store.read(), ours, verdict="gold")] == ["good"] * 5


def test_an_edit_keeps_what_it_replaced(store: Store) -> None:
    from_row = Example("q", "a", label="A", source=Source("row", {"dataset": "d", "row": 3}))
    (id,) = add(store, project(store), from_row)
    store.write_now(lambda db: examples.update_example(db, id, output="b", note="mine", tags=["x", "y", "x"]))
    store.write_now(lambda db: examples.update_example(db, id, input="q2", label=None, group="g"))
    store.write_now(lambda db: examples.update_example(db, id, verdict="rejected", reason="wrong"))
    got = examples.get_example(store.read(), id)
    source = Source("edited", {"dataset": "d", "row": 3, "from": "row", "example": id})
    assert got == Example("q2", "b", None, "rejected", "wrong", "mine", ("x", "y"), "g", source, id)
    edits = examples.edits_of(store.read(), id)
    assert [(e.input, e.output, e.label) for e in edits] == [("q", "b", "A"), ("q", "a", "A")]
    store.write_now(lambda db: examples.update_example(db, id, group=None))
    assert examples.get_example(store.read(), id).group is None and len(examples.edits_of(store.read(), id)) == 2
    with pytest.raises(StoreError):
        store.write_now(lambda db: examples.update_example(db, 99, note="x"))


def test_what_was_typed_stays_typed(store: Store) -> None:
    (id,) = add(store, project(store), Example("q", "a"))
    store.write_now(lambda db: examples.update_example(db, id, output="b"))
    assert examples.get_example(store.read(), id).source == Source("typed")
    assert [e.output for e in examples.edits_of(store.read(), id)] == ["a"]


def test_a_sample_becomes_an_example_and_undo_takes_it_back(store: Store) -> None:
    run = make_run(store)
    sample_id = store.write_now(lambda db: samples.add_sample(db, sample_of(run, text=ODD)))
    db = store.read()
    assert examples.of_sample(db, sample_id) is None
    id = store.write_now(lambda db: examples.from_sample(db, sample_id, "candidate", "close"))
    got = examples.get_example(db, id)
    assert got.source == Source("sample", {"sample": sample_id, "model": MODELS[0]})
    assert (got.input, got.output, got.verdict, got.reason) == ("yes", ODD, "candidate", "close")
    assert store.write_now(lambda db: examples.from_sample(db, sample_id, "candidate")) == id
    assert examples.of_sample(db, sample_id) == got
    store.write_now(lambda db: examples.from_sample(db, sample_id, "gold"))
    assert examples.get_example(db, id) == replace(got, verdict="gold", reason="")
    store.write_now(lambda db: examples.set_verdict(db, id, got.verdict, got.reason))
    assert examples.of_sample(db, sample_id) == got
    store.write_now(lambda db: examples.set_verdict(db, id, None))
    assert examples.of_sample(db, sample_id) is None
    for gone in (lambda db: examples.set_verdict(db, id, "gold"), lambda db: examples.from_sample(db, 99, "gold")):
        with pytest.raises(StoreError):
            store.write_now(gone)


def test_an_edited_answer_of_a_model_is_not_passed_off_as_its_own(store: Store) -> None:
    run = make_run(store)
    sample_id = store.write_now(lambda db: samples.add_sample(db, sample_of(run)))
    id = store.write_now(lambda db: examples.from_sample(db, sample_id, "gold"))
    store.write_now(lambda db: examples.update_example(db, id, output="A better answer."))
    got = examples.get_example(store.read(), id)
    assert got.source.kind == "edited"
    assert got.source.detail == {"sample": sample_id, "model": MODELS[0], "from": "sample", "example": id}
    store.write_now(lambda db: marks.set_gold(db, sample_id, "rejected"))
    assert examples.get_example(store.read(), id).output == "A better answer."


def test_duplicates_are_found_whatever_they_look_like(store: Store) -> None:
    ours = project(store)
    a, b, _ = add(store, ours, Example("What is  two?", "2"), Example(' "WHAT is\ntwo?" ', "two"), Example("-5", "x"))
    add(store, project(store, "other"), Example("What is two?", "2"))
    db = store.read()
    assert examples.find_duplicates(db, ours, "what is two") == [a, b]
    assert examples.find_duplicates(db, ours, "5") == []
    store.write_now(lambda db: examples.update_example(db, a, input="What is three?"))
    assert examples.find_duplicates(db, ours, "what is two") == [b]
    assert examples.find_duplicates(db, ours, "What is three") == [a]


def old_database(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of the first step with three examples: of two samples, and of none."""
    monkeypatch.setattr(opening, "STEPS", STEPS[:1])
    store = open_store(path)
    run = make_run(store, plan_of(single("Say {{word}}")))
    made = [store.write_now(lambda db, i=i: samples.add_sample(db, sample_of(run, i, text=f"t{i}"))) for i in (0, 1)]  # type: ignore[misc]
    rows = [(1, made[0], "gold", None, "Yes!", "t0"), (1, made[1], "rejected", "B", "no", "t1")]
    sql = "INSERT INTO example (project_id, sample_id, verdict, label, input, output, created_at)"
    for row in (*rows, (1, None, "candidate", None, ODD.encode("utf-8", "surrogatepass"), "z")):
        store.write_now(lambda db, row=row: db.execute(f"{sql} VALUES (?, ?, ?, ?, ?, ?, 'then')", row).rowcount)  # type: ignore[misc]
    store.close()
    monkeypatch.setattr(opening, "STEPS", STEPS)


def test_examples_of_an_old_database_come_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_database(path, monkeypatch)
    store = open_store(path)
    db = store.read()
    model = MODELS[0]
    assert list(examples.iter_examples(db, 1)) == [
        Example("Yes!", "t0", source=Source("sample", {"sample": 1, "model": model}), id=1),
        Example("no", "t1", "B", "rejected", source=Source("sample", {"sample": 2, "model": model}), id=2),
        Example(ODD, "z", verdict="candidate", id=3),
    ]
    assert [row.created_at for row in marks.list_examples(db, 1)] == ["then"] * 3
    assert examples.find_duplicates(db, 1, " yes ") == [1] and examples.find_duplicates(db, 1, ODD.upper()) == [3]
    store.write_now(lambda db: examples.update_example(db, 1, output="t0!"))
    store.write_now(lambda db: marks.set_gold(db, 2, "gold"))
    version = store.write_now(lambda db: sets.save_set(db, 1, "old", [3, 1, 2], sets.Template()))
    assert [one.output for one in sets.get_set_version(db, version).examples] == ["z", "t0!", "t1"]
    assert examples.find_duplicates(db, 1, "yes") == [1]
    store.close()
    assert {finding.level for finding in check(path)} == {"ok"}
    assert path.with_name("cockpit.db.backup-1").exists()
