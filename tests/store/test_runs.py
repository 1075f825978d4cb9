"""Runs, versions, samples and marks: what a person finds again, and counts that agree with what is there."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from cockpit.core.errors import StoreError
from cockpit.core.params import Params
from cockpit.core.ports import TokenLogprob, Usage
from cockpit.core.prompts import single
from cockpit.core.samples import Failure, Sample, SampleKey
from cockpit.store import marks, projects, prompts, runs, samples, tally
from cockpit.store.db import Store
from tests.store.conftest import MODELS, make_run, plan_of, sample_of

Save = Callable[[Sample], int]
CUT = Failure("cut", "The stream broke off.", "Retry it.", 200)


def test_a_plan_survives(store: Store) -> None:
    inputs = tuple({"word": f"w{i}", "更": "\ud800"} for i in range(3))
    plan = plan_of(inputs=inputs, cap_usd=1.5, fresh=True, deadline_s=9.0, max_retries=2)
    targets = (replace(plan.targets[0], params=Params(temperature=0.0, stop=("\n",)), left_out=("seed",), label="t 0"),)
    plan = replace(plan, targets=targets)
    run = make_run(store, plan, params=Params(seed=3))
    loaded = runs.load_plan(store.read(), run)
    assert loaded == replace(plan, run_id=run, version_id=loaded.version_id)
    assert runs.load_params(store.read(), run) == Params(seed=3)
    with pytest.raises(StoreError, match="no run 99"):
        runs.load_plan(store.read(), 99)


def test_versions_are_numbered_per_prompt_and_kept_once(store: Store) -> None:
    def make(db: object) -> list[int]:
        project = projects.ensure_project(db, "p")  # type: ignore[arg-type]
        first, second = (prompts.ensure_prompt(db, project, name) for name in ("a", "b"))  # type: ignore[arg-type]
        assert prompts.ensure_prompt(db, project, "a") == first  # type: ignore[arg-type]
        one = prompts.save_version(db, first, single("one"), note="start")  # type: ignore[arg-type]
        two = prompts.save_version(db, first, single("two"), one)  # type: ignore[arg-type]
        assert prompts.save_version(db, first, single("one"), two, "other") == one  # type: ignore[arg-type]
        prompts.save_version(db, second, single("one"))  # type: ignore[arg-type]
        return [first, second]

    first, second = store.write_now(make)
    rows = prompts.list_versions(store.read(), first)
    assert [(r.number, r.version, r.note, r.parent_id) for r in rows] == [
        (2, single("two"), "", rows[1].id),
        (1, single("one"), "start", None),
    ]
    assert [(p.id, p.name, p.newest, p.versions) for p in prompts.list_prompts(store.read(), 1)] == [
        (second, "b", 1, 1),
        (first, "a", 2, 2),
    ]


def test_a_whole_answer_stays_and_a_failed_one_is_replaced_and_remembered(store: Store, save: Save) -> None:
    run = make_run(store)
    logprobs = (TokenLogprob("a", -0.5, (("b", -1.0),)),)
    failed = sample_of(run, text="Half an an", ended="error", error=CUT, cost_usd=0.25, logprobs=logprobs)
    sample_id = save(failed)
    assert samples.done_keys(store.read(), run) == set()
    assert samples.done_keys(store.read(), run, retry_failed=False) == {SampleKey(0, 0, 0)}
    assert save(sample_of(run, ended="cancelled", text="")) == sample_id
    whole = sample_of(run, text="Whole.", cost_usd=0.5)
    assert save(whole) == sample_id
    assert save(sample_of(run, text="Too late.")) == sample_id
    row = samples.get_sample(store.read(), sample_id)
    assert row.sample == replace(whole, id=sample_id)
    assert [(a.text, a.ended, a.error, a.logprobs) for a in row.attempts] == [
        ("Half an an", "error", CUT, logprobs),
        ("", "cancelled", None, ()),
    ]
    listed = runs.get_run(store.read(), run)
    assert (listed.done, listed.failed, listed.cost_usd) == (1, 0, 0.75)


def test_counts_agree_with_a_recount(store: Store) -> None:
    rng = random.Random(5)
    run = make_run(store, plan_of(n=6))
    for _ in range(120):
        one = sample_of(
            run,
            rng.randrange(6),
            target=rng.randrange(2),
            ended=rng.choice(["ended", "stop", "length", "error", "error", "error", "cancelled", "cancelled"]),
            text="x" * rng.randrange(9),
            usage=Usage(1, rng.choice([None, 2, 3])),
            cost_usd=rng.choice([None, 0.5]),
        )
        store.write_now(lambda db, one=one: samples.add_sample(db, one))
    kept = samples.run_samples(store.read(), run)
    history = [a for s in kept for a in samples.get_sample(store.read(), s.id or 0).attempts]
    row = runs.get_run(store.read(), run)
    assert (row.done, row.failed, row.total) == (sum(s.ok for s in kept), sum(not s.ok for s in kept), 12)
    assert row.cost_usd == sum(s.cost_usd or 0 for s in (*kept, *history))
    assert row.cost_unknown == sum(s.ok and s.cost_usd is None for s in kept)
    for model, told in zip(MODELS, prompts.version_tally(store.read(), row.version_id), strict=True):
        mine = [s for s in kept if s.model == model]
        whole = [s for s in mine if s.ok]
        tokens = [s.usage.output_tokens for s in whole if s.usage.output_tokens is not None]
        assert (told.model, told.n) == (model, len(mine))
        for name in ("ended", "stop", "length", "error", "cancelled"):
            assert getattr(told, name) == sum(s.ended == name for s in mine)
        assert told.mean_chars == (sum(len(s.text) for s in whole) / len(whole) if whole else None)
        assert told.mean_tokens == (sum(tokens) / len(tokens) if tokens else None)


def test_a_tally_spans_runs_and_carries_scores(store: Store, save: Save) -> None:
    first, second = make_run(store), make_run(store)
    ids = [save(sample_of(run, i)) for run in (first, second) for i in range(2)]
    for sample_id, value in zip(ids, (0.0, 1.0, 1.0), strict=False):
        store.write_now(lambda db, i=sample_id, v=value: marks.set_score(db, i, "right", v))
    one, two = prompts.version_tally(store.read(), 1)
    assert (one.n, one.cost_usd, one.cost_unknown, two.n, two.mean_chars) == (4, None, 4, 0, None)
    assert one.scores == {"right": (3, pytest.approx(2 / 3))}


def test_runs_are_listed_newest_first_in_pages(store: Store) -> None:
    ids = [make_run(store) for _ in range(5)]
    page = runs.list_runs(store.read(), 1, 3)
    rest = runs.list_runs(store.read(), 1, 3, before=page[-1].id)
    assert [r.id for r in (*page, *rest)] == ids[::-1]
    assert (page[0].prompt, page[0].version_number, page[0].models, page[0].cost_usd) == ("probe", 1, MODELS, None)
    assert runs.list_runs(store.read(), 2) == []
    loose = runs.get_run(store.read(), make_run(store, prompt=None))
    assert (loose.prompt, loose.version_number, loose.prompt_id) == ("", 0, None)


def test_a_run_is_unfinished_until_it_is_finished_and_again_when_topped_up(store: Store) -> None:
    run, other = make_run(store), make_run(store)
    store.write_now(lambda db: runs.finish_run(db, run))
    assert [r.id for r in runs.unfinished_runs(store.read())] == [other]
    store.write_now(lambda db: runs.set_n(db, run, 12))
    row = runs.unfinished_runs(store.read(), 1)[-1]
    assert (row.id, row.total, row.finished_at) == (run, 24, None)
    with pytest.raises(StoreError, match="no run 50"):
        store.write_now(lambda db: runs.set_n(db, 50, 2))


def test_what_failed_for_good_is_not_missing_and_what_was_cancelled_is(store: Store, save: Save) -> None:
    run = make_run(store)
    save(sample_of(run, 0))
    save(sample_of(run, 1, ended="error", error=CUT))
    save(sample_of(run, 2, ended="cancelled"))
    row = runs.get_run(store.read(), run)
    assert (row.total, row.done, row.failed, row.cancelled, row.missing) == (8, 1, 2, 1, 6)


def test_work_is_summed_by_idea_and_version(store: Store, save: Save) -> None:
    project = store.write_now(lambda db: projects.ensure_project(db, "refusals"))
    idea = store.write_now(lambda db: projects.ensure_idea(db, project, "CoT helps"))
    assert tally.project_work(store.read(), project) == []
    first = save(sample_of(make_run(store, idea_id=idea), cost_usd=0.25))
    save(sample_of(make_run(store, idea_id=idea), cost_usd=None))
    save(sample_of(make_run(store, parent_sample=first), ended="error", error=CUT))
    version = prompts.list_versions(store.read(), 1)[0].id
    assert tally.project_work(store.read(), project) == [
        tally.WorkRow(None, version, True, 1, 0, None, 0),
        tally.WorkRow(idea, version, False, 2, 2, 0.25, 1),
    ]
    assert runs.list_runs(store.read())[1].idea == "CoT helps"


def test_the_cache_answers_with_whole_answers_by_hash_and_index(store: Store, save: Save) -> None:
    run = make_run(store)
    save(sample_of(run, 0, request_hash="h", request_body={"seed": 1}, text="first"))
    save(sample_of(run, 1, request_hash="h", request_body={"seed": 2}, ended="error", error=CUT))
    save(sample_of(run, 2, request_hash="h", request_body={"seed": 3, "extra": 1}, text="third"))
    asked = [("h", 0), ("h", 1), ("h", 2), ("h", 3), ("other", 0), ("", 0)]
    found = samples.find_cached(store.read(), asked)
    assert {pair: one.text for pair, one in found.items()} == {("h", 0): "first", ("h", 2): "third"}


def test_samples_for_compare(store: Store, save: Save) -> None:
    first = make_run(store, plan_of(inputs=({"word": "a"}, {"word": "b"})))
    second = make_run(store, plan_of(inputs=({"word": "b"},)))
    a, b = save(sample_of(first, row=0)), save(sample_of(first, row=1))
    again = save(sample_of(second, row=0))
    assert [s.id for s in samples.samples_for(store.read(), 1, 0)] == [a, again]
    assert [s.id for s in samples.samples_for(store.read(), 1, inputs={"word": "b"})] == [b, again]


def test_gold_makes_an_example_of_what_was_asked(store: Store, save: Save) -> None:
    run = make_run(store)
    sample_id = save(sample_of(run, text="Yes."))
    example = store.write_now(lambda db: samples.set_gold(db, sample_id))
    assert store.write_now(lambda db: samples.set_gold(db, sample_id, "rejected")) == example
    (row,) = marks.list_examples(store.read(), 1)
    assert (row.id, row.input, row.output, row.verdict) == (example, "yes", "Yes.", "rejected")
    assert marks.list_examples(store.read(), 1, "gold") == []
    assert samples.get_sample(store.read(), sample_id).verdict == "rejected"
    store.write_now(lambda db: samples.set_gold(db, sample_id, None))
    assert samples.get_sample(store.read(), sample_id).verdict is None
    plain = save(sample_of(make_run(store, plan_of(single("Plain question", system="S")))))
    store.write_now(lambda db: samples.set_gold(db, plain))
    assert marks.list_examples(store.read(), 1)[0].input == "Plain question"


def test_tags_and_notes(store: Store, save: Save) -> None:
    sample_id = save(sample_of(make_run(store)))
    for name in ("odd", "odd", "keep"):
        store.write_now(lambda db, name=name: samples.tag(db, sample_id, name))
    store.write_now(lambda db: samples.set_sample_note(db, sample_id, "look again"))
    row = samples.get_sample(store.read(), sample_id)
    assert (row.tags, row.note) == (("keep", "odd"), "look again")
    assert marks.list_tags(store.read()) == [("keep", 1), ("odd", 1)]
    store.write_now(lambda db: (samples.untag(db, sample_id, "odd"), samples.set_sample_note(db, sample_id, "")))
    row = samples.get_sample(store.read(), sample_id)
    assert (row.tags, row.note) == (("keep",), "")


def test_projects_and_ideas(store: Store) -> None:
    project = store.write_now(lambda db: projects.ensure_project(db, "p"))
    assert store.write_now(lambda db: projects.ensure_project(db, "p")) == project
    idea = store.write_now(lambda db: projects.ensure_idea(db, project, "CoT helps"))
    assert store.write_now(lambda db: projects.ensure_idea(db, project, "CoT helps")) == idea
    make_run(store, idea_id=idea)
    assert [(i.title, i.runs) for i in projects.list_ideas(store.read(), project)] == [("CoT helps", 1)]
    assert [(p.name, bool(p.last_run_at)) for p in projects.list_projects(store.read())] == [
        ("p", False),
        ("refusals", True),
    ]
    assert len(runs.list_runs(store.read(), idea_id=idea)) == 1
    assert projects.find_project(store.read(), "none") is None
