"""Earlier few-shot curves: which runs belong together, and what they say of examples."""

from __future__ import annotations

from cockpit.core.prompts import single
from cockpit.store import projects, shot_curves
from cockpit.store.db import Store
from tests.store.curves import MODEL, add_trial, save_set


def project_of(store: Store) -> int:
    found = projects.find_project(store.read(), "default")
    assert found is not None
    return found


def test_the_runs_of_a_curve_are_put_together_and_its_gain_is_paired(store: Store) -> None:
    few = save_set(store)
    made = {k: add_trial(store, few, k, right) for k, right in ((0, 2), (1, 4), (4, 8), (16, 9))}
    db = store.read()
    (curve,) = shot_curves.curve_runs(db, project_of(store))
    assert (dict(curve.runs), curve.set_version_id, curve.newest) == (made, few, made[16])
    loaded = shot_curves.load_curve(db, curve)
    assert loaded is not None and loaded.metric == "exact" and list(loaded.by_model[MODEL]) == [0, 1, 4, 16]
    found = shot_curves.gains(db, [curve])
    assert (found["few-shot"].k, found["few-shot"].effect.mean, found["few-shot"].effect.n) == (4, 0.6, 10)
    assert (found["many-shot"].k, found["many-shot"].tried) == (16, 1)


def test_a_later_run_of_the_same_number_counts_and_other_ways_are_other_curves(store: Store) -> None:
    few = save_set(store)
    for k, right in ((0, 2), (2, 9), (2, 3)):
        last = add_trial(store, few, k, right)
    other = add_trial(store, few, 2, 10, detail={"order": "shuffled"})
    add_trial(store, few, 2, 10, detail={"experiment": "leave one out"})
    newest, older = shot_curves.curve_runs(store.read(), project_of(store))
    assert dict(newest.runs) == {2: other}
    assert older.runs[2] == last
    assert shot_curves.load_curve(store.read(), newest) is None, "nothing without examples to compare it with"
    assert shot_curves.gains(store.read(), [newest, older])["few-shot"].effect.mean == 0.1


def test_another_prompt_or_other_inputs_are_never_compared(store: Store) -> None:
    few = save_set(store)
    add_trial(store, few, 0, 2)
    add_trial(store, few, 1, 5)
    add_trial(store, few, 2, 9, prompt=single("{{examples}}\nAnother prompt: {{input}}"))
    add_trial(store, few, 4, 8, rows=8)
    (curve,) = shot_curves.curve_runs(store.read(), project_of(store))
    loaded = shot_curves.load_curve(store.read(), curve)
    assert loaded is not None and list(loaded.by_model[MODEL]) == [0, 1]


def test_what_was_never_scored_says_nothing(store: Store) -> None:
    few = save_set(store)
    add_trial(store, few, 0, 2, metric=None)
    add_trial(store, few, 1, 5)
    (curve,) = shot_curves.curve_runs(store.read(), project_of(store))
    assert shot_curves.load_curve(store.read(), curve) is None
    assert shot_curves.gains(store.read(), [curve]) == {}


def test_an_ideas_curves_are_its_own(store: Store) -> None:
    few = save_set(store)
    for k, right in ((0, 2), (1, 5)):
        add_trial(store, few, k, right, idea="shots help")
        add_trial(store, few, k, right + 1, idea="another")
    ours = project_of(store)
    idea = next(row.id for row in projects.list_ideas(store.read(), ours) if row.title == "shots help")
    (curve,) = shot_curves.curve_runs(store.read(), ours, idea)
    assert curve.idea_id == idea
    assert len(shot_curves.curve_runs(store.read(), ours)) == 2
