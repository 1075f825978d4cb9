"""A stored few-shot curve, made without a provider; no test is here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cockpit.core.example_block import apply
from cockpit.core.examples import Example, Template
from cockpit.core.prompts import Version, single
from cockpit.core.samples import Sample, SampleKey
from cockpit.store import examples, projects, runs, samples, scores, sets
from cockpit.store.db import Store
from tests.store.conftest import WHEN, plan_of

PROMPT = single("{{examples}}\nQ: {{input}}")
TEMPLATE = Template("pairs", "Q:", "A:", "\n\n")
MODEL = "openai:gpt-two"
INPUTS = 10


def save_set(store: Store, n: int = 16, project: str = "default") -> int:
    """A set of n examples; its version's id."""

    def make(db: Any) -> int:
        project_id = projects.ensure_project(db, project)
        ids = [examples.add_example(db, project_id, Example(f"in {at}", f"out {at}")) for at in range(n)]
        return sets.save_set(db, project_id, "few", ids, TEMPLATE)

    return store.write_now(make)


def add_trial(
    store: Store,
    version_id: int,
    k: int,
    right: int,
    *,
    prompt: Version = PROMPT,
    idea: str = "",
    project: str = "default",
    metric: str | None = "exact",
    rows: int = INPUTS,
    detail: Mapping[str, Any] | None = None,
) -> int:
    """A run with k examples of which the first `right` inputs are answered right; its id."""

    def make(db: Any) -> int:
        project_id = projects.ensure_project(db, project)
        idea_id = projects.ensure_idea(db, project_id, idea) if idea else None
        used = sets.get_set_version(db, version_id)
        version = apply(prompt, used.examples[:k], used.template)
        inputs = tuple({"input": f"question {at}", "key": f"r{at}", "output": "x"} for at in range(rows))
        plan = replace(plan_of(version, n=1, models=(MODEL,), inputs=inputs))
        run_id = runs.create_run(db, plan, project_id=project_id, idea_id=idea_id)
        wish = {"k": k, "strategy": "first", "order": "as chosen", "seed": 0, "by_row": False}
        said = {**wish, "chosen": [list(range(1, k + 1))], "experiment": "curve", **(detail or {})}
        sets.use_set(db, run_id, version_id, said)
        ids = [
            samples.add_sample(
                db, Sample(run_id, SampleKey(0, at, 0), model=MODEL, text="x", ended="ended", created_at=WHEN)
            )
            for at in range(rows)
        ]
        if metric is not None:
            scores.set_scores(db, metric, {id: float(at < right) for at, id in enumerate(ids)})
        return run_id

    return store.write_now(make)
