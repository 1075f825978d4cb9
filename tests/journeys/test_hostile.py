"""Text made to break a terminal, a markup parser or a file: stored exactly, shown harmlessly, exported exactly."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from tests.cli.conftest import Cli
from tests.fake_provider import HOSTILE, text_model
from tests.journeys.conftest import OpenApp, finished, stored
from tests.journeys.real_app import RealApp

NASTY = (
    "[/] [bold [@click=app.quit]quit[/] [red]$x[/red] \x1b]52;c;SE9TVElMRQ==\x07 \x1b]52;p;SE9TVElMRQ==\x1b\\"
    "\x1b]0;TITLE\x07\x1b]8;;http://evil/\x07link \x1b[38;5;77;9;9mCSI \x1b[2J\x1b[6n\x1b[?1000h \x9b31m \x90q\x9c "
    "\x1bPq#0\x1b\\ \u202eRTL\u2066 \u200bz\u200d\ufeff 漢字 👩‍🔬 e\u0301\u0301 \x00nul \x08\x7f \ud83d "
    "\udc00\ud800 \u2028end"
)
OBEYED = (
    b"\x1b]52", b"\x1b]0;", b"\x1b]8;;http", b"\x1b[38;5;77;9;9m", b"\x1b[6n", b"\x1b[31mred", b"\x1bPq", b"\x00",
    b"\x7f", b"\xc2\x9b", b"\xc2\x90", *(c.encode() for c in "\u202e\u2066\u200b\ufeff\u2028"), b"\xed\xa0",
    b"\xed\xb0",
)  # fmt: skip
PROJECT = "[/][@click=app.quit]\u202ep"
LONG = "one line [/] \x1b[31m" * 55_000


def nothing_obeyed(app: RealApp) -> None:
    raw = app.raw
    assert [sequence for sequence in OBEYED if sequence in raw] == []


def test_hostile_answers_are_kept_exactly_and_shown_harmlessly(cli: Cli, open_app: OpenApp, tmp_path: Path) -> None:
    models = (f"openai:{text_model(NASTY)}", "anthropic:fake-hostile", "openai-responses:fake-hostile-refusal")
    with open_app(*models, n=2, more='aliases = { nasty = "openai:fake-hostile" }') as app:
        app.until_ready()
        app.press("\n")
        app.until(lambda: finished_here(cli), "the run's end")
        app.until_text("[bold")
        app.escape()
        app.press("w")
        before = len(app.text)
        app.press("\r")
        app.until(lambda: "[@click=app.quit]" in app.text[before:], "the sample, full screen")
        app.press("q")
        assert app.quit() == 0
        nothing_obeyed(app)
    texts = [sample.text for sample in stored(cli.db)]
    assert sorted(set(texts)) == sorted({NASTY, HOSTILE})
    assert len(texts) == 6
    exported_exactly(cli, tmp_path, texts)


def finished_here(cli: Cli) -> bool:
    return cli.db.exists() and bool(cli("run", "list", "--json").rows()) and finished(cli.db)


def exported_exactly(cli: Cli, tmp_path: Path, texts: list[str]) -> None:
    for name in ("out.jsonl", "out.csv"):
        assert cli("run", "export", "1", "-o", str(tmp_path / name)).status == 0
    lines = (tmp_path / "out.jsonl").read_text("ascii").splitlines()
    assert [json.loads(line)["text"] for line in lines] == texts
    text = (tmp_path / "out.csv").read_bytes().decode("utf-8", "surrogatepass")
    csv.field_size_limit(1 << 24)
    assert [row["text"] for row in csv.DictReader(io.StringIO(text, newline=""))] == texts
    shown = cli.process("run", "show", "1")
    assert shown.status == 0
    assert not any(sequence in shown.out.encode() for sequence in OBEYED)


def test_a_megabyte_in_one_line_is_kept_and_shown(cli: Cli, open_app: OpenApp, tmp_path: Path) -> None:
    done = cli.process("send", "--json", "-m", "openai:fake-echo", "-", stdin=LONG.encode())
    assert done.status == 0, done.err
    (sample,) = stored(cli.db)
    assert json.loads(sample.text)["messages"][0]["content"] == LONG
    assert len(sample.text) > 1_000_000
    assert "\n" not in sample.text
    with open_app("openai:fake-tok1") as app:
        app.until_ready()
        app.escape()
        app.press("H")
        app.until_text("openai:fake-echo")
        app.press("\r")
        app.until_text('{"model": "fake-echo"')
        app.press("w")
        app.press("\r")
        app.until(lambda: app.text.count('{"model": "fake-echo"') > 1, "the sample, full screen")
        app.press("q")
        assert app.quit() == 0
        assert b"\x1b[31m" not in app.raw.replace(b"\x1b[31m\x1b", b"")
    exported_exactly(cli, tmp_path, [sample.text])


def test_a_hostile_prompt_and_names_are_sent_exactly_and_shown_harmlessly(cli: Cli, open_app: OpenApp) -> None:
    prompt = "[/] [bold [@click=app.quit] \x1b]52;c;SE9TVElMRQ==\x07 \u202e \x1b[6n"
    done = cli.process(
        "--project",
        "[/][@click=app.quit]\u202ep",
        "send",
        "--json",
        "-m",
        "openai:fake-echo",
        "-",
        stdin=prompt.encode(),
    )
    assert done.status == 0, done.err
    (sample,) = stored(cli.db)
    assert json.loads(sample.text)["messages"][0]["content"] == prompt
    with open_app("openai:fake-tok1", COCKPIT_PROJECT=PROJECT) as app:
        app.until_ready()
        app.escape()
        app.press("H")
        app.until_text("openai:fake-echo")
        app.press("\r")
        app.until_text('{"model": "fake-echo"')
        assert app.quit() == 0
        nothing_obeyed(app)
