"""Every number that the log writes is worked out again from samples by another way, and found to be the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from scipy.stats import binomtest

from cockpit.core.errors import InputError
from cockpit.core.log_refs import parse_target, refs
from cockpit.core.metric_points import Point
from cockpit.core.paired import paired_difference
from cockpit.core.samples import Usage
from cockpit.log_drafts import draft_about, entry_gaps
from cockpit.log_figures import figure, trace, trace_all
from cockpit.log_sources import sources
from cockpit.store import log, projects, samples, scores
from cockpit.store.db import Store
from cockpit.store.job_points import add_points
from tests.store.conftest import make_run, plan_of, sample_of, store  # noqa: F401
from tests.store.conftest import path as path  # noqa: PLC0414
from tests.store.test_job_points import a_job

INPUTS = tuple({"word": f"w{at}", "label": "x"} for at in range(20))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def filled(store: Store, right: int, n: int = 1) -> int:  # noqa: F811
    """A run over the inputs by two models; the first `right` inputs are right for the first of them, none else."""
    run = make_run(store, plan_of(n=n, inputs=INPUTS))

    def fill(db: Any) -> None:
        values: dict[int, float | None] = {}
        for target in (0, 1):
            for row in range(len(INPUTS)):
                for index in range(n):
                    ended = "stop" if row % 4 == 0 else "length" if row == 1 else "ended"
                    usage = Usage(input_tokens=5, output_tokens=row)
                    sample = sample_of(
                        run, index, target=target, row=row, ended=ended, usage=usage, cost_usd=0.001, text=f"t{row}"
                    )
                    values[samples.add_sample(db, sample)] = float(target == 0 and row < right)
        scores.set_scores(db, "exact", values)

    store.write_now(fill)
    return run


def said(store: Store, target: str) -> Any:  # noqa: F811
    ref = parse_target(target)
    assert ref is not None
    return figure(store.read(), ref)


def test_rates_scores_costs_and_differences_are_what_the_samples_say(store: Store) -> None:  # noqa: F811
    first, second = filled(store, 5), filled(store, 12)
    exact = said(store, f"run:{second}?score=exact&model=anthropic:claude-one")
    wilson = binomtest(12, 20).proportion_ci(method="wilson")
    assert (exact.value, exact.n) == (0.6, 20)
    assert (exact.low, exact.high) == pytest.approx((wilson.low, wilson.high), abs=2e-5)
    assert said(store, f"run:{first}?ended=stop").value == 0.25
    assert said(store, f"run:{first}?n").words() == "40"
    assert said(store, f"run:{first}?cost").value == pytest.approx(0.04)
    assert said(store, f"run:{first}?tokens&model=openai:gpt-two").value == pytest.approx(9.5)
    gain = said(store, f"run:{second}?score=exact&less={first}&model=anthropic:claude-one")
    by_hand = paired_difference([float(at < 12) for at in range(20)], [float(at < 5) for at in range(20)])
    assert (gain.value, gain.low, gain.high) == (by_hand.mean, by_hand.low, by_hand.high)
    assert gain.unit == "points"


def test_several_answers_of_one_input_are_one_cluster(store: Store) -> None:  # noqa: F811
    run = filled(store, 10, n=8)
    one = said(store, f"run:{run}?score=exact&model=anthropic:claude-one")
    wilson = binomtest(10, 20).proportion_ci(method="wilson")
    assert one.words().endswith("n = 160 on 20 inputs")
    assert (one.low, one.high) == pytest.approx((wilson.low, wilson.high), abs=0.02)


@pytest.mark.parametrize(
    "target",
    ["run:9?n", "run:1?score=nothing", "run:1?colour=red", "run:1?n&model=nobody", "job:4?metric=loss", "entry:1?n"],
)
def test_what_cannot_be_known_is_said_and_never_made_up(store: Store, target: str) -> None:  # noqa: F811
    filled(store, 3)
    ref = parse_target(target)
    assert ref is not None
    found = trace(store.read(), ref)
    assert found.figure is None
    assert found.problem


def test_every_number_of_a_draft_is_traced_and_worked_out_again(store: Store) -> None:  # noqa: F811
    run = filled(store, 7)
    draft = draft_about(store.read(), [("run", run)], NOW, idea="words")
    entry = store.write_now(lambda db: log.add_entry(db, projects.ensure_project(db, "refusals"), draft))
    body = log.get_entry(store.read(), entry).draft.body
    traced = trace_all(store.read(), body)
    assert len(traced) >= 10
    assert not [one for one in traced if one.problem or one.changed]
    assert {gap.need for gap in entry_gaps(store.read(), body)} == {"baseline", "observed", "concluded"}
    quoted = [ref.id for ref in refs(body) if ref.kind == "sample"]
    assert len(quoted) == 3


def test_a_figure_whose_samples_changed_is_told_apart(store: Store) -> None:  # noqa: F811
    run = filled(store, 7)
    body = draft_about(store.read(), [("run", run)], NOW).body
    row = (
        store.read().execute("SELECT id FROM sample WHERE run_id = ? AND input = 15 AND target = 0", (run,)).fetchone()
    )
    store.write_now(lambda db: scores.set_scores(db, "exact", {row[0]: 1.0}))
    changed = [one for one in trace_all(store.read(), body) if one.changed]
    assert [one.figure.words() for one in changed if one.figure] == ["40 % [22, 61], n = 20"]
    assert [one.ref.words for one in changed] == ["35 % [18, 57], n = 20"]


def test_a_run_in_which_a_cost_is_unknown_has_no_cost(store: Store) -> None:  # noqa: F811
    run = make_run(store)
    store.write_now(lambda db: samples.add_sample(db, sample_of(run)))
    with pytest.raises(InputError, match="is not known"):
        said(store, f"run:{run}?cost")
    assert "cost" not in draft_about(store.read(), [("run", run)], NOW).body


def test_a_jobs_lowest_and_highest_value_are_those_of_its_points(store: Store) -> None:  # noqa: F811
    job = a_job(store)
    points = [Point("loss", value, float(step)) for step, value in enumerate((2.0, 0.5, float("nan"), 1.0))]
    store.write_now(lambda db: add_points(db, job, "/m.jsonl", points))
    assert said(store, f"job:{job}?metric=loss&pick=min").value == 0.5
    assert said(store, f"job:{job}?metric=loss&pick=max").value == 2.0
    for wrong in (f"job:{job}?metric=loss&pick=mean", f"job:{job}?metric=none&pick=min"):
        with pytest.raises(InputError):
            said(store, wrong)


@pytest.mark.parametrize("asked", ["n", "failed", "ended=stop", "score=exact", "cost", "tokens"])
def test_what_is_shown_behind_a_figure_is_what_it_was_worked_out_from(store: Store, asked: str) -> None:  # noqa: F811
    run = filled(store, 5)
    odd = [  # Each counts in some figures only.
        {"ended": "cancelled", "failed": True}, {"ended": "error", "failed": True, "cost_usd": 0.5}, {"cost_usd": None},
    ]  # fmt: skip
    rows = store.read().execute("SELECT id FROM sample WHERE run_id = ? ORDER BY id LIMIT 3", (run,)).fetchall()

    def spoil(db: Any) -> None:
        for (number,), values in zip(rows, odd, strict=True):
            for name, value in values.items():
                db.execute(f"UPDATE sample SET {name} = ? WHERE id = ?", (value, number))
        if asked == "cost":  # Of a run with whole answers that have no price nothing is said.
            db.execute("UPDATE sample SET cost_usd = 0.001 WHERE cost_usd IS NULL")

    store.write_now(spoil)
    ref = parse_target(f"run:{run}?{asked}")
    assert ref is not None
    found, total = sources(store.read(), ref)
    says = figure(store.read(), ref)
    assert total == len(found)
    if asked in ("n", "failed"):
        assert says.value == total
    elif asked == "cost":
        assert says.value == pytest.approx(sum(float(one.value.removeprefix("$")) for one in found))
    else:
        assert says.n == total
        if asked == "ended=stop":
            assert says.value == sum(one.value == "stop" for one in found) / total
        else:
            assert says.value == pytest.approx(sum(float(one.value) for one in found) / total)
