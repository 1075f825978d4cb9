"""`cockpit job compare|digest|busy|metrics`, the 16-hour note, and a webhook that is told with no app open."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.backends.jobs import end_everything, until
from tests.cli.conftest import Cli

TRAIN = """
import sys
from cockpit.track import log
for i in range(5):
    log(step=i, loss=float(sys.argv[sys.argv.index('--lr') + 1]) / (i + 1))
"""


@pytest.fixture
def job(cli: Cli) -> Iterator[Cli]:
    yield cli
    cli("job", "queue", "default", "--pause")
    list(end_everything(Path(f"{cli.db}.jobs")))


@pytest.fixture
def heard() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A webhook on loopback: its URL, and what it was told. It refuses the first message."""
    told: list[dict[str, Any]] = []
    refused: list[int] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not refused:
                refused.append(1)
                self.send_response(503)
            else:
                told.append(json.loads(body))
                self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/secret-path", told
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_sweep_is_compared_and_its_metrics_are_those_of_its_files(job: Cli) -> None:
    done = job("job", "run", "--sweep", "lr=1,2", "--wait", "--", sys.executable, "-c", TRAIN, "--lr", "0")
    assert done.status == 0, done.err
    rows = {row["name"]: row for row in job("job", "compare", "1", "2", "--json").rows()}
    assert rows["lr"]["values"] == {"1": "1", "2": "2"}
    assert rows["loss"]["values"] == {"1": "0.2", "2": "0.4"}
    assert rows["loss"]["best"] == 1
    assert "commit" not in rows
    table = job("job", "compare", "1", "2", "--markdown").out
    assert "| lr | 1 | 2 |" in table
    points = job("job", "metrics", "2", "--name", "loss", "--json").rows()
    assert [point["value"] for point in points] == [2.0 / (i + 1) for i in range(5)]
    assert [row["best"] for row in job("job", "metrics", "2", "--json").rows()] == [0.4]
    assert job("job", "metrics", "2", "--name", "no").status == 2


def test_the_digest_names_the_first_error_line(job: Cli) -> None:
    job("job", "run", "--wait", "--", sys.executable, "-c", "raise ValueError('night')")
    (told,) = job("job", "digest", "--json").rows()
    assert told["first"] == ["job 1 failed (1): ValueError: night"]
    assert "ValueError: night" in job("job", "digest").out
    (busy,) = job("job", "busy", "--json").rows()
    assert 0 <= busy["share"] < 1
    assert busy["gaps"][0]["why"] == "the queue was empty"


def test_a_job_that_ends_too_late_is_said_at_once(job: Cli) -> None:
    done = job("job", "run", "--expect", "30h", "--", "true", "--epochs", "3")
    assert done.status == 0
    assert "more than 16 h" in done.err and "as you expect" in done.err
    assert "fewer epochs or steps (--epochs)" in done.err


def test_a_webhook_is_told_by_the_job_itself_and_its_url_is_nowhere(
    job: Cli, heard: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url, told = heard
    config = tmp_path / "hook.toml"
    config.write_text('[jobs]\nwebhook_env = "MY_WEBHOOK_TOKEN"\n')
    monkeypatch.setenv("MY_WEBHOOK_TOKEN", url)
    job("--config", str(config), "job", "run", "--name", "told", "--", "sh", "-c", "exit 3")
    until(lambda: told)
    assert (told[0]["job"], told[0]["state"], told[0]["exit_code"]) == (1, "failed", 3)
    assert told[0]["text"].startswith("job 1 told: failed (3)")
    folder = Path(f"{job.db}.jobs")
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file()) + job.db.read_bytes()
    assert b"secret-path" not in kept


def test_a_backend_that_is_not_there_is_refused_in_words(job: Cli) -> None:
    done = job("job", "run", "--backend", "moon", "--", "true")
    assert done.status != 0
    assert "no backend 'moon'" in done.err
    assert job("job", "list", "--json").rows() == []


def test_doctor_says_which_places_answer(job: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "places.toml"
    config.write_text('[backends.ray]\nurl = "http://127.0.0.1:9"\n[backends.odd]\nkind = "nothing"\n')
    monkeypatch.setenv("COCKPIT_CONFIG", str(config))
    said = {row["text"].split(":")[0]: row for row in job("doctor", "--json").rows() if row["what"] == "jobs"}
    assert "does not answer" in said["ray"]["text"]
    assert "no kind of backend" in said["odd"]["text"]
