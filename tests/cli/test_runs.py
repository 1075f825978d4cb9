"""`cockpit run`, `search` and `show`: what was sent can be found, and what is missing can be sent."""

from __future__ import annotations

import json
import signal
from collections import Counter

from tests.cli.conftest import Cli
from tests.cli.test_send import coded
from tests.fake_provider import FakeProcess


def test_a_killed_run_resumes_with_what_is_missing_and_prints_only_that(cli: Cli, fake_process: FakeProcess) -> None:
    model, n = "fake-tok4-ttft30", 60
    process = cli.start("send", "--json", "-m", f"openai:{model}", "-n", str(n), "count me")
    assert process.stdout is not None and process.stderr is not None
    first = [json.loads(process.stdout.readline()) for _ in range(5)]
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    run = str(first[0]["run"])
    stored = {row["index"] for row in cli("run", "show", run, "--json").rows()}
    assert {row["index"] for row in first} <= stored, "what was printed is durable"
    before = fake_process.stats()["received"][model]
    done = cli("run", "resume", run, "--json")
    assert done.status == 0, done.err
    assert {row["index"] for row in done.rows()} == set(range(n)) - stored
    assert fake_process.stats()["received"][model] - before == n - len(stored)
    assert cli("run", "resume", run, "--json").rows() == []


def test_resuming_asks_again_for_what_failed(cli: Cli) -> None:
    done = cli("send", "--json", "-m", "openai:fake-err400", "-m", "openai:fake-tok2", "hi")
    again = cli("run", "resume", str(done.rows()[0]["run"]), "--json")
    assert again.status == 1
    assert [row["model"] for row in again.rows()] == ["openai:fake-err400"]


def test_runs_are_listed_newest_first_by_project(cli: Cli) -> None:
    cli.send("-m", "openai:fake-tok1", "one")
    cli("--project", "other", "send", "-m", "openai:fake-tok1", "two")
    assert [row["run"] for row in cli("run", "list", "--json").rows()] == [1]
    assert [row["run"] for row in cli("run", "list", "--all", "--json").rows()] == [2, 1]
    assert "openai:fake-tok1" in cli("run", "list").out
    assert cli("--project", "empty", "run", "list").out == ""


def test_what_is_not_there_is_said_in_one_line(cli: Cli) -> None:
    for words in (("run", "show", "99"), ("show", "99"), ("run", "resume", "99"), ("run", "export", "99")):
        done = cli(*words)
        assert (done.status, done.out, done.err.count("\n")) == (1, "", 1), done


def test_search_finds_words_newest_first(cli: Cli) -> None:
    for number in range(3):
        cli.send("-m", f"openai:fake-text={coded('a rare word here')}", f"question {number}")
    hits = cli("search", "rare", "wor", "--json").rows()
    assert [hit["run"] for hit in hits] == [3, 2, 1]
    assert all(hit.keys() >= {"sample", "run", "model", "snippet"} for hit in hits)
    assert len(cli("search", "rare", "--limit", "2", "--json").rows()) == 2
    nothing = cli("search", "xyzzy")
    assert (nothing.status, nothing.out) == (0, "")


def test_search_shows_hostile_text_and_does_not_obey_it(cli: Cli) -> None:
    cli.send("-m", "openai:fake-hostile", "hi")
    done = cli("search", "bold")
    assert "[bold" in done.out and "\x1b" not in done.out and "\u202e" not in done.out


def test_a_sample_as_curl_and_python_has_no_key(cli: Cli) -> None:
    row = cli.send("-m", "openai:fake-tok1", "it's")[0]
    curl = cli("show", str(row["sample"]), "--curl").out
    python = cli("show", str(row["sample"]), "--python").out
    assert "$OPENAI_API_KEY" in curl and "os.environ['OPENAI_API_KEY']" in python
    compile(python, "sample.py", "exec")


def test_a_run_shows_every_sample_with_how_it_ended(cli: Cli) -> None:
    rows = cli.send("-m", "openai:fake-length-tok2", "-m", "openai:fake-refusal-tok2", "-n", "2", "hi")
    done = cli("run", "show", str(rows[0]["run"]))
    assert Counter(word for line in done.out.splitlines() for word in ("✂", "⊘") if word in line) == {"✂": 2, "⊘": 2}
