"""`cockpit job finetune|adopt`: the file is checked, the cost said, the ladder asked, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.fake_vendor_jobs import FakeVendor


@pytest.fixture
def vendor(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeVendor]:
    made = FakeVendor()
    config = tmp_path / "vendors.toml"
    config.write_text(f'[backends.openai]\nbase_url = "{made.url}/v1"\n')
    monkeypatch.setenv("COCKPIT_CONFIG", str(config))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-probe-0123456789")
    yield made
    made.close()


def a_set(cli: Cli, n: int) -> None:
    for at in range(n):
        cli("example", "add", "--input", f"question {at}", "--output", f"answer {at}")
    assert cli("example", "set", "save", "few", *(str(at + 1) for at in range(n))).status == 0


def test_the_ladder_is_asked_and_its_answer_kept(cli: Cli, vendor: FakeVendor) -> None:
    a_set(cli, 12)
    (plan,) = cli("job", "finetune", "few", "--model", "gpt-x", "--dry-run", "--usd-per-million", "25", "--json").rows()
    assert (plan["n"], plan["problems"]) == (12, [])
    assert plan["usd"] == pytest.approx(plan["tokens"] * 3 * 25 / 1e6)
    assert plan["not_tried"] == ["zero-shot", "few-shot", "many-shot", "best-of-N"]
    refused = cli("job", "finetune", "few", "--model", "gpt-x")
    assert refused.status == 2 and "Not tried yet" in refused.err and "--reason" in refused.err
    assert vendor.asked == []
    done = cli("job", "finetune", "few", "--model", "gpt-x", "--reason", "only to see the curve", "--json")
    assert done.status == 0, done.err
    assert "cost ?" in done.err
    row = done.rows()[-1]
    assert (row["backend"], row["state"]) == ("openai", "queued")
    assert len(vendor.files["file-1"].splitlines()) == 12
    shown = cli("job", "show", "1").out
    assert "only to see the curve" in shown


def test_too_few_examples_are_refused_before_anything_is_sent(cli: Cli, vendor: FakeVendor) -> None:
    a_set(cli, 3)
    done = cli("job", "finetune", "few", "--model", "gpt-x", "--reason", "x")
    assert done.status == 2 and "would refuse the file" in done.err
    assert vendor.asked == []


def test_a_job_that_is_there_already_is_adopted(cli: Cli, vendor: FakeVendor) -> None:
    vendor._new_job({"model": "gpt-y", "training_file": "file-9"})
    vendor.jobs["ftjob-1"]["status"] = "running"
    (row,) = cli("job", "adopt", "ftjob-1", "--json").rows()
    assert (row["native"], row["state"]) == ("ftjob-1", "running")
    assert cli("job", "adopt", "run-3").status == 2
    (there,) = cli("job", "adopt", "--list", "openai", "--json").rows()
    assert (there["id"], there["what"], there["status"]) == ("ftjob-1", "finetune of gpt-y", "running")
