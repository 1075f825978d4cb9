"""Every row of the design's table of failures that concerns Play, tried on the real command line and the real app."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.fake_provider import FakeProcess
from tests.journeys.conftest import OpenApp, finished, stored
from tests.journeys.real_app import ROOT, RealApp, wait_for
from tests.journeys.test_hostile import finished_here

SECRET = "sk-very-secret-0987654321-DoNotPrint"
NOBODY = '[servers.nobody]\nbase_url = "http://127.0.0.1:9/v1"\n'
KEYLESS = '[servers.keyless]\nbase_url = "http://127.0.0.1:9/v1"\nkey_env = "KEYLESS_KEY"\n'


def test_no_key_no_network_and_a_wrong_name_are_said_and_the_other_models_go_on(cli: Cli, open_app: OpenApp) -> None:
    models = ("keyless:x", "nobody:x", "openai:fake-err404", "openai:fake-tok3")
    cli.home.joinpath("config.toml").write_text(NOBODY + KEYLESS, "utf-8")
    words = [word for model in models for word in ("-m", model)]
    done = cli.process("send", "--json", "--max-retries", "0", *words, "hi")
    rows = {row["model"]: row for row in done.rows()}
    assert done.status == 1
    assert "Traceback" not in done.err
    kinds = {model: row["error"] and row["error"]["kind"] for model, row in rows.items()}
    assert kinds == dict(zip(models, ("no_key", "connection", "not_found", None), strict=True))
    assert "KEYLESS_KEY" in done.err
    with open_app(models[0], models[2], models[3], n=1, more=KEYLESS) as app:
        app.until_ready()
        app.press("\n")
        app.until(lambda: len(cli("run", "list", "--json").rows()) == 2 and finished(cli.db, 2), "the run's end")
        for words_ in ("No API key for keyless", "fake error 404", "✗", "✓"):
            app.until_text(words_)
        assert app.quit() == 0
    assert sum(sample.ok for sample in stored(cli.db, 2)) == 1


def test_a_wait_is_counted_down_in_the_cell(cli: Cli, open_app: OpenApp, fake_process: FakeProcess) -> None:
    models = ("openai:fake-err429-1-ra1500-tok3", "openai:fake-err503-1-ra1500-tok4")
    with open_app(*models, n=1) as app:
        app.until_ready()
        app.press("\n")
        app.until_text("again in 1.")
        app.until_text("again in 0.")
        app.until(lambda: finished_here(cli), "the run's end")
        assert app.quit() == 0
    assert [(sample.ok, sample.attempts) for sample in stored(cli.db)] == [(True, 2)] * 2


def test_a_cut_stream_keeps_its_part_and_one_key_retries_it(
    cli: Cli, open_app: OpenApp, fake_process: FakeProcess
) -> None:
    model = "fake-cut-tok40"
    before = fake_process.stats()["received"].get(model, 0)
    with open_app(f"openai:{model}", "openai:fake-tok5", n=1) as app:
        app.until_ready()
        app.press("\n")
        app.until(lambda: finished_here(cli), "the run's end")
        part = next(sample for sample in stored(cli.db) if not sample.ok)
        assert part.error is not None
        assert (part.error.kind, bool(part.text)) == ("cut", True)
        app.until_text("broke off")
        app.escape()
        app.press("r")
        app.until(lambda: fake_process.stats()["received"][model] == before + 2, "the retry")
        assert app.quit() == 0
    assert len(stored(cli.db)) == 2
    resumed = cli.process("run", "resume", "1", "--json")
    assert [row["model"] for row in resumed.rows()] == [f"openai:{model}"]


@pytest.mark.parametrize("end", ["hang up", "kill -9"])
def test_a_lost_terminal_loses_no_finished_sample_and_the_run_is_offered(cli: Cli, open_app: OpenApp, end: str) -> None:
    with open_app("openai:fake-tok3", "openai:fake-hang", n=3) as app:
        app.until_ready()
        app.press("\n")
        app.until(lambda: cli.db.exists() and len(stored_if_any(cli)) == 3, "three samples")
        assert [row["state"] for row in cli("run", "list", "--json").rows()] == ["sending"]
        with open_app() as other:
            other.until_ready()
            assert other.quit() == 0
            assert "misses" not in other.text, "a run in flight elsewhere is not offered"
        if end == "hang up":
            app.hang_up()
        else:
            app.kill()
    assert [sample.ok for sample in stored(cli.db) if sample.model == "openai:fake-tok3"] == [True] * 3
    with open_app() as app:
        app.until_ready()
        app.until_text("Run 1 misses 3 of 6")
        assert app.quit() == 0


def stored_if_any(cli: Cli) -> list[object]:
    return cli("run", "show", "1", "--json").rows() if cli("run", "list", "--json").rows() else []


@pytest.mark.tmux
@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_a_killed_tmux_session_loses_no_finished_sample(cli: Cli, open_app: OpenApp) -> None:
    config = '[defaults]\nn = 3\nmodels = ["openai:fake-tok3", "openai:fake-hang"]\n'
    cli.home.joinpath("config.toml").write_text(config, "utf-8")
    socket = str(cli.home / "tmux")

    def tmux(*words: str) -> str:
        command = ["tmux", "-f", "/dev/null", "-S", socket, *words]
        return subprocess.run(command, env=cli.env, cwd=ROOT, capture_output=True, text=True, check=False).stdout

    tmux("new-session", "-d", "-x", "160", "-y", "45", f"exec {sys.executable} -m cockpit")
    try:
        wait_for(lambda: "✎ typing" in tmux("capture-pane", "-p"))
        tmux("send-keys", "C-j")
        wait_for(lambda: len(stored_if_any(cli)) == 3)
    finally:
        tmux("kill-server")
    wait_for(lambda: [row["state"] for row in cli("run", "list", "--json").rows()] == ["unfinished"])
    assert sum(sample.ok for sample in stored(cli.db)) == 3
    with open_app() as app:
        app.until_ready()
        app.until_text("Run 1 misses 3 of 6")


def test_a_full_disk_is_said_and_what_was_saved_stays(cli: Cli) -> None:
    cli.send("-m", "openai:fake-tok2", "before")
    size = cli.db.stat().st_size + 100_000
    limited = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
        "from cockpit.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", limited, "send", "--json", "-m", "openai:fake-tok400", "-n", "300", "much"]
    done = subprocess.run(command, cwd=ROOT, env=cli.env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert "disk" in done.stderr
    told = len(done.stdout.splitlines())
    kept = stored(cli.db, 2)
    assert told <= len(kept) < 300
    assert len(stored(cli.db, 1)) == 1
    resumed = cli.process("run", "resume", "2", "--json")
    assert resumed.status == 0, resumed.err
    assert len(resumed.rows()) == 300 - len(kept)


def newer(db: Path) -> None:
    with closing(sqlite3.connect(db, isolation_level=None)) as file:
        file.execute("PRAGMA user_version = 99")


def corrupt(db: Path) -> None:
    with db.open("r+b") as file:
        file.truncate(5000)


def foreign(db: Path) -> None:
    db.unlink()
    with closing(sqlite3.connect(db)) as file:
        file.execute("CREATE TABLE theirs (id INTEGER)")


@pytest.mark.parametrize(("harm", "words"), [(newer, "newer"), (corrupt, "damaged"), (foreign, "not one of")])
def test_a_database_that_cannot_be_used_is_one_sentence_and_status_1(
    cli: Cli, open_app: OpenApp, harm: object, words: str
) -> None:
    cli.send("-m", "openai:fake-tok1", "hi")
    assert callable(harm)
    harm(cli.db)
    done = cli.process("run", "list")
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert words in done.err
    one_sentence_in_the_app(open_app(), words)


def one_sentence_in_the_app(opened: RealApp, words: str) -> None:
    with opened as app:
        assert app.wait() == 1
        assert app.text.count("\n") == 1
        assert words in app.text
        assert "Traceback" not in app.text


def test_a_locked_database_is_one_sentence_and_status_1(cli: Cli, open_app: OpenApp) -> None:
    with closing(sqlite3.connect(cli.db, isolation_level=None)) as file:
        file.execute("PRAGMA locking_mode = EXCLUSIVE")
        file.execute("BEGIN EXCLUSIVE")
        one_sentence_in_the_app(open_app(), "locked")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("config.toml", "n = = 3\n", "line 1"),
        ("config.toml", 'theme = "nope"\n', "nope"),
        ("config.toml", '[keys]\n"no.such" = "f9"\n', "no.such"),
        ("themes/mine.toml", "name = = 3\n", "line 1"),
    ],
)
def test_broken_settings_start_with_defaults_and_say_where(
    cli: Cli, open_app: OpenApp, name: str, text: str, words: str
) -> None:
    path = cli.home / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    with open_app() as app:
        app.until_ready()
        app.until_text("Configuration")
        app.until_text(words)
        assert app.quit() == 0


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [("in.jsonl", '{"q": "1"}\n{"q": \n', "2"), ("in.csv", "q,r\n1,2\n3\n", "3"), ("in.jsonl", '{"q": "1"}\n7\n', "2")],
)
def test_malformed_inputs_name_row_and_reason_and_nothing_is_kept(cli: Cli, name: str, text: str, words: str) -> None:
    path = cli.home / name
    path.write_text(text, "utf-8")
    done = cli.process("send", "--inputs", str(path), "-m", "openai:fake-tok1", "{{q}}")
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert words in done.err
    assert cli("run", "list", "--json", "--all").rows() == []


def test_the_key_is_nowhere_on_the_screen_or_in_any_file(cli: Cli, open_app: OpenApp) -> None:
    models = (
        "openai:fake-err401", "anthropic:fake-err401", "openai-responses:fake-err403", "openai:fake-html-err500",
        "openai:fake-plain-err400", "anthropic:fake-string-err429-99", "openai:fake-cut", "openai:fake-tok2",
    )  # fmt: skip
    env = {"OPENAI_API_KEY": SECRET, "ANTHROPIC_API_KEY": SECRET}
    address = f"http://user:{SECRET}@127.0.0.1:9/v1?key={SECRET}"
    with open_app(*models, n=1, **env) as app:
        app.until_ready()
        app.press("\n")
        app.until(lambda: len(stored_if_any(cli)) >= 5, "most samples")
        app.until_text("fake error 401")
        app.escape()
        for key in ("w", "\r", "q"):
            app.press(key)
        app.until(lambda: "fake error 403" in app.text, "the other refusals")
        assert SECRET.encode() not in app.raw
    with open_app("openai:fake-tok1", **env, OPENAI_BASE_URL=address) as app:
        app.until_ready()
        app.press("\n")
        app.until_text("user or password")
        assert SECRET.encode() not in app.raw
    shown = cli.process("send", "--dry-run", "-m", "openai:fake-tok1", "hi", OPENAI_BASE_URL=address)
    assert SECRET not in shown.out + shown.err
    files = [path for path in cli.home.rglob("*") if path.is_file()]
    assert cli.db in files
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


def test_a_command_whose_terminal_goes_away_keeps_what_came(cli: Cli, fake_process: FakeProcess) -> None:
    process = cli.start("send", "--json", "-m", "openai:fake-tok2", "-m", "openai:fake-hang", "-n", "2", "hi")
    assert process.stdout is not None
    for _ in range(2):
        process.stdout.readline()
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=20)
    assert sum(sample.ok for sample in stored(cli.db)) == 2
