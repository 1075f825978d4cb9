"""The `cockpit` command's first step, and the commands about the installation: models, keys, doctor, demo."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cockpit import __main__ as start
from cockpit.commands import COMMANDS
from tests.cli.conftest import ROOT, Cli
from tests.fake_provider import KEY


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], {}),
        (["--db", "x", "--project=p"], {"--db": "x", "--project": "p"}),
        (["--config", "c"], {"--config": "c"}),
        (["--db"], None),
        (["--db="], None),
        (["send", "hi"], None),
        (["--db", "x", "run", "list"], None),
        (["--help"], None),
    ],
)
def test_only_the_three_options_open_the_app(words: list[str], options: dict[str, str] | None) -> None:
    assert start.app_options(words) == options


def test_without_a_terminal_the_app_says_so_in_one_line(cli: Cli) -> None:
    done = cli.process("--project", "p")
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert "terminal" in done.err and not cli.db.exists()


def test_the_app_starts_without_click_and_with_textual_set_up(cli: Cli) -> None:
    code = """
import gc, os, sys, types
from cockpit import __main__ as start
def run_app(config, db_path, *, project, demo=False):
    assert not gc.isenabled() and os.environ["TEXTUAL_FPS"] == "240" and os.environ["TEXTUAL_SMOOTH_SCROLL"] == "0"
    assert "click" not in sys.modules and "cockpit.cli" not in sys.modules
    assert (str(db_path), project, demo) == ("/x/y.db", "mine", False), (db_path, project)
    return 7
sys.modules["cockpit.app"] = types.SimpleNamespace(run_app=run_app)
start.no_terminal = lambda: ""
sys.exit(start.main(["--db", "/x/y.db", "--project", "mine"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=cli.env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 7, done.stderr


def test_keys_are_those_of_the_registry_as_configured(cli: Cli) -> None:
    cli.home.joinpath("config.toml").write_text('[keys]\n"play.send" = "f9"\n', "utf-8")
    rows = {row["id"]: row for row in cli("keys", "--json").rows()}
    assert rows.keys() == {command.id for command in COMMANDS}
    assert rows["play.send"]["keys"] == ["f9"]
    assert "F9" in cli("keys").out


def test_models_say_what_is_missing(cli: Cli) -> None:
    cli.home.joinpath("config.toml").write_text(
        '[aliases]\nmine = "box:tiny"\n[servers.box]\nbase_url = "http://127.0.0.1:9/v1"\nkey_env = "BOX_KEY"\n',
        "utf-8",
    )
    rows = {row["model"]: row for row in cli("models", "--json").rows()}
    assert rows["mine"]["key"] is False and "BOX_KEY" in rows["mine"]["key_hint"]
    assert rows["mine"]["price"] is None and rows["local:smollm2"]["price"]["input"] == 0
    assert "unknown" in cli("models", "mine").out
    listed = cli("models", "--remote", "openai", "--json")
    assert listed.status == 0 and all(row["model"].startswith("openai:") for row in listed.rows())
    assert cli("models", "--remote", "nobody").status == 2


def test_doctor_tells_facts_and_never_a_key(cli: Cli) -> None:
    cli.send("-m", "openai:fake-tok1", "hi")
    done = cli("doctor")
    assert done.status == 0, done.out
    assert str(cli.db) in done.out and "key is set" in done.out and KEY not in done.out


def test_doctor_finds_what_is_broken(cli: Cli) -> None:
    cli.home.joinpath("config.toml").write_text('theme = "nope"\nn = 3\n[keys]\n"no.such" = "f9"\n', "utf-8")
    cli.db.write_bytes(b"this is not a database" * 100)
    done = cli("doctor", "--json")
    broken = [row for row in done.rows() if row["level"] == "error"]
    assert done.status == 1
    assert {row["what"] for row in broken} >= {"database", "config", "key map"}
    assert any("line 2" in row["text"] for row in broken) and any("nope" in row["text"] for row in broken)


def test_a_database_that_is_none_is_one_sentence_for_every_command(cli: Cli) -> None:
    cli.db.write_bytes(b"this is not a database" * 100)
    for words in (("run", "list"), ("search", "x"), ("send", "-m", "openai:fake-tok1", "hi"), ("export",)):
        done = cli(*words)
        assert (done.status, done.out, done.err.count("\n")) == (1, "", 1), done


def test_help_lists_every_command(cli: Cli) -> None:
    done = cli("--help")
    for name in ("send", "run", "search", "show", "models", "export", "import", "keys", "doctor", "demo"):
        assert f"  {name} " in done.out
        assert cli(name, "--help").status == 0


def test_a_fault_of_ours_is_one_line_and_its_traceback_is_in_the_log(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("oops", KEY)

    monkeypatch.setattr("cockpit.store.search.search", broken)
    done = cli("search", "x")
    assert (done.status, done.err.count("\n")) == (1, 1) and "KeyError" in done.err and KEY not in done.err
    log = (cli.home / "state" / "cockpit" / "log" / "cockpit.log", cli.home / "state" / "cockpit" / "cockpit.log")
    text = next(path for path in log if path.exists()).read_text("utf-8")
    assert "Traceback" in text and KEY not in text


def test_a_wrong_config_is_said_once_and_the_command_goes_on(cli: Cli) -> None:
    cli.home.joinpath("config.toml").write_text("nonsense = 1\nmore = 2\n", "utf-8")
    done = cli("send", "-m", "openai:fake-tok1", "hi")
    assert done.status == 0 and "line 1" in done.err and done.err.count("\n") == 1


@pytest.mark.local_model
def test_demo_without_a_terminal_prints_answers_and_leaves_nothing(cli: Cli, tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    done = cli.process("demo", "--json", TMPDIR=str(tmp_path))
    assert done.status == 0, done.err
    assert [row["index"] for row in sorted(done.rows(), key=lambda row: row["index"])] == [0, 1]
    assert all(row["text"] for row in done.rows())
    assert not cli.db.exists() and not list(tmp_path.glob("cockpit-demo-*"))
