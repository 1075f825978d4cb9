"""Sets: a version holds what it held when it was saved, whatever happens to its examples afterwards."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from cockpit.core.errors import StoreError
from cockpit.core.examples import Example, ExampleSet, Source, Template
from cockpit.store import examples, sets
from cockpit.store.db import Store
from tests.store.conftest import make_run
from tests.store.test_examples import ODD, add, project

XML = Template("xml", "q", "a", "\n")


def save(store: Store, project_id: int, name: str, ids: list[int], template: Template = XML) -> int:
    return store.write_now(lambda db: sets.save_set(db, project_id, name, ids, template))


def three(store: Store) -> tuple[int, list[int]]:
    ours = project(store)
    whole = Example(ODD, "c", "L", tags=("t",), group="g", note="n", source=Source("file", {"path": "x", "line": 3}))
    return ours, add(store, ours, Example("q1", "a"), Example("q2", "b"), whole)


def test_a_set_keeps_its_order_and_its_template(store: Store) -> None:
    ours, ids = three(store)
    order = [ids[2], ids[0], ids[1], ids[0]]
    custom = Template("custom", "", "", "---", "{{input}} => {{output}}\ud83d")
    version = save(store, ours, ODD, order, custom)
    got = sets.get_set(store.read(), ours, ODD)
    assert got == ExampleSet(ODD, tuple(examples.get_example(store.read(), id) for id in order), custom, 1, version)
    assert sets.get_set_version(store.read(), version) == got


def test_what_would_be_sent_alike_is_no_new_version(store: Store) -> None:
    ours, ids = three(store)
    first = save(store, ours, "s", ids)
    assert save(store, ours, "s", ids) == first
    store.write_now(lambda db: examples.update_example(db, ids[0], note="seen", tags=["new"]))
    assert save(store, ours, "s", ids) == first
    changes = [
        save(store, ours, "s", ids[::-1]),
        save(store, ours, "s", ids[::-1], replace(XML, separator=" ")),
        save(store, ours, "s", ids),
    ]
    store.write_now(lambda db: examples.update_example(db, ids[0], label="A"))
    changes.append(save(store, ours, "s", ids))
    assert len({first, *changes}) == 5
    assert sets.get_set(store.read(), ours, "s").number == 5
    assert sets.get_set(store.read(), ours, "s", 2).examples[0].input == ODD
    assert save(store, ours, "other", ids) not in (first, *changes)


def test_the_texts_of_a_set_used_by_a_run_never_change(store: Store) -> None:
    ours, ids = three(store)
    version, run = save(store, ours, "s", ids), make_run(store)
    detail = {"k": 2, "strategy": "nearest", "chosen": [2, 0], "why": {ODD: 0.25}}
    store.write_now(lambda db: sets.use_set(db, run, version, detail))
    before = sets.set_of_run(store.read(), run)
    assert before == (sets.get_set(store.read(), ours, "s"), detail)
    store.write_now(lambda db: examples.update_example(db, ids[0], input="Q", output="A", label="X", tags=["u"]))
    store.write_now(lambda db: examples.set_verdict(db, ids[1], "rejected", "bad"))
    store.write_now(lambda db: examples.set_verdict(db, ids[2], None))
    save(store, ours, "s", ids[:2])
    add(store, ours, Example("takes the id that is free", "a"))
    after = sets.set_of_run(store.read(), run)
    assert after is not None and before is not None and after[1] == detail
    assert after[0].number == 1 and after[0].template == XML
    gone = (*before[0].examples[:2], replace(before[0].examples[2], id=None))
    assert after[0].examples == gone


@pytest.mark.parametrize("sql", ["UPDATE example_text SET body = '{}'", "UPDATE example_set_item SET text_id = 1"])
def test_the_database_itself_refuses_to_change_them(store: Store, sql: str) -> None:
    ours, ids = three(store)
    save(store, ours, "s", ids)
    with pytest.raises((StoreError, sqlite3.Error), match="frozen"):
        store.write_now(lambda db: db.execute(sql).rowcount)
    assert [one.input for one in sets.get_set(store.read(), ours, "s").examples] == ["q1", "q2", ODD]


def test_a_run_says_once_what_it_was_given(store: Store) -> None:
    ours, ids = three(store)
    version, other, run = save(store, ours, "s", ids), save(store, ours, "s", ids[:1]), make_run(store)
    assert sets.set_of_run(store.read(), run) is None
    store.write_now(lambda db: sets.use_set(db, run, version, {"k": 1, "seed": 2}))
    store.write_now(lambda db: sets.use_set(db, run, version, {"seed": 2, "k": 1}))
    for id, detail in ((version, {"k": 2}), (other, {"k": 1, "seed": 2})):
        with pytest.raises(StoreError) as caught:
            store.write_now(lambda db, id=id, detail=detail: sets.use_set(db, run, id, detail))  # type: ignore[misc]
        assert caught.value.hint
    for run_id, id in ((99, version), (make_run(store), 99)):
        with pytest.raises(StoreError, match="99"):
            store.write_now(lambda db, run_id=run_id, id=id: sets.use_set(db, run_id, id, {}))  # type: ignore[misc]


def test_a_list_of_sets(store: Store) -> None:
    ours, ids = three(store)
    assert sets.list_sets(store.read(), ours) == []
    first = save(store, ours, "a", ids)
    last = save(store, ours, "b", ids)
    newest = save(store, ours, "a", ids[:2], Template("turns"))
    for version in (first, newest):
        run = make_run(store)
        store.write_now(lambda db, run=run, version=version: sets.use_set(db, run, version, {}))  # type: ignore[misc]
    a, b = sets.list_sets(store.read(), ours)
    assert (a.name, a.number, a.version_id, a.n, a.kind, a.versions, a.runs) == ("a", 2, newest, 2, "turns", 2, 2)
    assert (b.name, b.number, b.version_id, b.n, b.kind, b.versions, b.runs) == ("b", 1, last, 3, "xml", 1, 0)


def test_what_is_not_there_is_said(store: Store) -> None:
    ours, ids = three(store)
    with pytest.raises(StoreError, match="99"):
        save(store, ours, "s", [ids[0], 99])
    assert sets.list_sets(store.read(), ours) == []
    with pytest.raises(StoreError, match="another project"):
        save(store, project(store, "other"), "s", ids)
    save(store, ours, "s", ids)
    for name, number in (("none", None), ("s", 2)):
        with pytest.raises(StoreError) as caught:
            sets.get_set(store.read(), ours, name, number)
        assert caught.value.hint


def test_a_text_is_stored_once_however_many_versions_hold_it(store: Store) -> None:
    ours, ids = three(store)
    for n in range(1, 4):
        save(store, ours, "s", ids[:n])
    assert store.read().execute("SELECT count(*) FROM example_text").fetchone() == (3,)
