"""The real command line and the real app, with one home directory for both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.core.samples import Sample
from cockpit.store import runs, samples
from cockpit.store.db import open_store
from tests.cli.conftest import Cli, cli
from tests.journeys.real_app import RealApp

__all__ = ["cli"]

OpenApp = Callable[..., RealApp]


@pytest.fixture
def open_app(cli: Cli) -> OpenApp:
    """Starts the app in the home directory of `cli`: models and n as named, any further lines of its config."""

    def start(*models: str, n: int = 2, more: str = "", **env: str) -> RealApp:
        if models:
            names = ", ".join(f'"{model}"' for model in models)
            config = f"{more}\n[defaults]\nmodels = [{names}]\nn = {n}\n"
            cli.home.joinpath("config.toml").write_text(config, "utf-8")
        return RealApp({**cli.env, **env})

    return start


def stored(db: Path, run_id: int = 1) -> list[Sample]:
    """A run's samples, read as another process would."""
    store = open_store(db)
    try:
        return samples.run_samples(store.read(), run_id)
    finally:
        store.close()


def finished(db: Path, run_id: int = 1) -> bool:
    """Whether a run has been brought to its end."""
    store = open_store(db)
    try:
        return runs.get_run(store.read(), run_id).finished_at is not None
    finally:
        store.close()
