"""`--similarity MODEL`: nearness by an embedding model, asked once for each text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.fake_provider import FakeProcess

PROMPT = "{{examples}}\n\nInput: {{q}}\nOutput:"
EMBED = ("--similarity", "openai:fake-embed")


@pytest.fixture
def full(cli: Cli) -> Cli:
    for text in ("alpha beta", "gamma delta", "beta beta beta gamma"):
        assert cli("example", "add", "--input", text, "--output", text[0]).status == 0
    assert cli("example", "set", "save", "s").status == 0
    return cli


def rows_file(tmp_path: Path) -> str:
    path = tmp_path / "in.jsonl"
    path.write_text('{"q": "delta"}\n{"q": "beta"}\n', "utf-8")
    return str(path)


def test_each_input_gets_what_the_model_says_is_nearest(full: Cli, tmp_path: Path) -> None:
    near = ("--examples", "s", "-k", "1", "--select", "nearest", *EMBED, "--inputs", rows_file(tmp_path))
    done = full("send", "--dry-run", "--json", "-m", "openai:gpt-4o", *near, PROMPT)
    assert done.status == 0, done.err
    chosen = json.loads(done.out.splitlines()[0])["examples"]
    assert [[one["input"] for one in row["examples"]] for row in chosen["rows"]] == [
        ["gamma delta"],
        ["beta beta beta gamma"],
    ]
    assert chosen["rows"][0]["examples"][0]["why"] == "cosine 0.707 by openai:fake-embed"
    assert chosen["similarity"] == "openai:fake-embed"
    sent = full.send("-m", "openai:fake-echo", *near, PROMPT)
    exported = full("run", "export", str(sent[0]["run"])).out
    assert "gamma delta" in exported


def test_a_text_is_sent_once_and_a_later_choice_needs_no_server(
    full: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--examples", "s", "-k", "2", "--order", "nearest-last", *EMBED, "--var", "q=delta", PROMPT)
    first = full("send", "--dry-run", "--json", "-m", "openai:gpt-4o", *words)
    assert first.status == 0, first.err
    kept = [path.name for path in tmp_path.glob("*-embeddings.db")]
    assert kept == ["cockpit-embeddings.db"]
    broken = ("--examples", "s", "-k", "2", "--order", "nearest-last", *EMBED, "--var", "q=a new text", PROMPT)
    monkeypatch.setenv("OPENAI_API_KEY", "")
    assert full("send", "--dry-run", "--json", "-m", "openai:gpt-4o", *words).out == first.out
    monkeypatch.setattr("cockpit.embedding._ask_now", lambda *_: pytest.fail("asked"))
    assert full("send", "--dry-run", "--json", "-m", "openai:gpt-4o", *words).out == first.out
    assert full("send", "--dry-run", "--json", "-m", "openai:gpt-4o", *broken).status != 0


def test_it_is_refused_where_it_would_do_nothing_or_cannot_be_asked(full: Cli, fake_process: FakeProcess) -> None:
    base = ("send", "--dry-run", "-m", "openai:gpt-4o", "--examples", "s", "--var", "q=x")
    done = full(*base, *EMBED, PROMPT)
    assert done.status != 0 and "nearest" in done.err
    done = full(*base, "--select", "nearest", "--similarity", "openai:fake-embed-err500", PROMPT)
    assert done.status != 0 and "500" in done.err
    done = full(*base, "--select", "nearest", "--similarity", "nowhere:x", PROMPT)
    assert done.status != 0 and "nowhere" in done.err
    assert "--examples" in full("send", "--dry-run", "-m", "openai:gpt-4o", *EMBED, "hello").err
