"""A real database in a temporary directory, and small builders of what goes into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.core.prompts import Version, single
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import Sample, SampleKey
from cockpit.store import projects, prompts, runs, samples
from cockpit.store.db import Store, open_store

WHEN = "2026-01-02T03:04:05.000006+00:00"
MODELS = ("anthropic:claude-one", "openai:gpt-two")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "cockpit.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = open_store(path)
    yield opened
    opened.close()


def plan_of(version: Version | None = None, *, n: int = 4, models: tuple[str, ...] = MODELS, **more: Any) -> Plan:
    targets = tuple(Target(name, name.split(":")[0], name, "https://example.test/v1") for name in models)
    return Plan(version or single("Say {{word}}"), targets, more.pop("inputs", ({"word": "yes"},)), n=n, **more)


def make_run(store: Store, plan: Plan | None = None, *, prompt: str | None = "probe", **more: Any) -> int:
    def make(db: Any) -> int:
        project_id = projects.ensure_project(db, "refusals")
        prompt_id = None if prompt is None else prompts.ensure_prompt(db, project_id, prompt)
        return runs.create_run(db, plan or plan_of(), project_id=project_id, prompt_id=prompt_id, **more)

    return store.write_now(make)


def sample_of(run_id: int, index: int = 0, *, target: int = 0, row: int = 0, **more: Any) -> Sample:
    values: dict[str, Any] = {"model": MODELS[target], "text": "An answer.", "ended": "ended", "created_at": WHEN}
    return Sample(run_id, SampleKey(target, row, index), **{**values, **more})


@pytest.fixture
def save(store: Store) -> Callable[[Sample], int]:
    return lambda sample: store.write_now(lambda db: samples.add_sample(db, sample))
