"""`cockpit send` against the fake provider: what is printed, what is stored, how it ends."""

from __future__ import annotations

import base64
import json
import signal
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.fake_provider import HOSTILE, KEY, FakeProcess

FIELDS = {
    "run", "sample", "model", "index", "input", "text", "reasoning", "stop_reason", "ended", "stop", "input_tokens",
    "output_tokens", "ttft_ms", "latency_ms", "cost_usd", "cached", "error",
}  # fmt: skip


def coded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def test_each_sample_is_one_object_with_the_promised_fields(cli: Cli) -> None:
    rows = cli.send("-m", "openai:fake-tok5", "-m", "anthropic:fake-tok5", "-n", "3", "hi")
    assert len(rows) == 6
    assert all(row.keys() >= FIELDS for row in rows)
    assert {(row["model"], row["index"]) for row in rows} == {
        (model, index) for model in ("openai:fake-tok5", "anthropic:fake-tok5") for index in range(3)
    }
    assert len({row["sample"] for row in rows}) == 6
    assert all(row["ended"] == "ended" and row["error"] is None and row["output_tokens"] == 5 for row in rows)
    assert all(row["cost_usd"] is None for row in rows), "an unknown price is not zero"


def test_a_printed_sample_is_stored_and_can_be_shown(cli: Cli) -> None:
    row = cli.send("-m", "openai:fake-tok5", "hi")[0]
    shown = cli("show", str(row["sample"]), "--json").rows()[0]
    assert {name: shown[name] for name in FIELDS} == {name: row[name] for name in FIELDS}
    assert shown["request"]["messages"] == [{"role": "user", "content": "hi"}]


def test_a_send_counts_for_its_idea(cli: Cli) -> None:
    cli.send("-m", "openai:fake-tok5", "--idea", "CoT helps", "hi")
    cli.send("-m", "openai:fake-tok5", "hi again")
    assert [row["idea"] for row in cli("run", "list", "--json").rows()] == ["", "CoT helps"]
    assert "CoT helps" in cli("run", "list").out


def test_what_is_sent_is_what_was_given(cli: Cli, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text('q,a\n"one, two",1\nthree,2\n', "utf-8")
    found = cli.send(
        "-m", "openai:fake-echo", "--inputs", str(rows), "--system", "Be brief.", "--temperature", "0.5", "--seed", "7",
        "--max-tokens", "40", "--stop", r"\n\n", "--stop", "END", "--var", "z= x ", "-n", "2", "{{q}} / {{ a }}{{z}}",
    )  # fmt: skip
    assert len(found) == 4
    exported = cli("run", "export", str(found[0]["run"])).rows()
    sent = {(row["input"]["q"], row["index"]): row["request"] for row in exported}
    body = sent["one, two", 1]
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "one, two / 1 x "},
    ]  # fmt: skip
    assert body["temperature"] == 0.5 and body["stop"] == ["\n\n", "END"] and body["seed"] == 8
    assert sent["three", 0]["seed"] == 7
    assert all(row["text"].startswith('{"model"') for row in found)


def test_openai_cannot_tell_a_stop_string_from_a_natural_end(cli: Cli) -> None:
    row = cli.send("-m", "openai:fake-tok3", "--stop", "never", "hi")[0]
    assert (row["ended"], row["stop_reason"], row["stop"]) == ("unknown", "stop", None)
    told = cli.send("-m", "anthropic:fake-stopseq-tok3", "--stop", "never", "hi")[0]
    assert (told["ended"], told["stop"]) == ("stop", "never")


def test_the_prompt_on_stdin_is_taken_exactly(cli: Cli) -> None:
    done = cli.process("send", "--json", "-m", "openai:fake-echo", "-", stdin=" two\nlines é\n".encode())
    assert json.loads(done.rows()[0]["text"])["messages"][0]["content"] == " two\nlines é\n"
    bad = cli.process("send", "-m", "openai:fake-echo", "-", stdin=b"\xff\xfe")
    assert bad.status == 2 and "not UTF-8" in bad.err


def test_asking_again_sends_only_what_is_not_there(cli: Cli, fake_process: FakeProcess) -> None:
    model = "fake-tok6-ttft1"
    cli.send("-m", f"openai:{model}", "-n", "2", "again")
    rows = cli.send("-m", f"openai:{model}", "-n", "5", "again")
    assert sorted(row["cached"] for row in rows) == [False] * 3 + [True] * 2
    assert all(row["cost_usd"] == 0.0 for row in rows if row["cached"])
    fresh = cli.send("-m", f"openai:{model}", "-n", "2", "--fresh", "again")
    assert not any(row["cached"] for row in fresh)
    assert fake_process.stats()["received"][model] == 2 + 3 + 2


def test_failures_belong_to_their_column_and_make_the_status_1(cli: Cli) -> None:
    words = ("-m", "openai:fake-tok3", "-m", "openai:fake-err400", "-m", "openai:fake-cut-tok10", "hi")
    done = cli("send", "--json", *words)
    by_model = {row["model"]: row for row in done.rows()}
    assert done.status == 1
    assert by_model["openai:fake-tok3"]["ended"] == "ended"
    assert by_model["openai:fake-err400"]["error"]["kind"] == "bad_request"
    cut = by_model["openai:fake-cut-tok10"]
    assert cut["ended"] == "error" and cut["error"]["kind"] == "cut" and cut["text"], "the partial text is kept"
    assert done.err.count("\n") == 1 and "1 of 3" in done.err and "cockpit run resume" in done.err


def test_a_missing_key_says_what_to_set(cli: Cli) -> None:
    done = cli.process("send", "-m", "openai:gpt-4.1", "hi", OPENAI_API_KEY="", OPENAI_BASE_URL="")
    assert done.status == 1
    assert "OPENAI_API_KEY" in done.err and "Traceback" not in done.err


def test_wrong_calls_send_nothing_and_end_with_2_and_one_line(cli: Cli, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"q": "1"}\n{"q": \n', "utf-8")
    calls = [
        ("send", "-m", "openai:fake-tok1", "{{q}}"),
        ("send", "-m", "nobody:x", "hi"),
        ("send", "-m", "openai:fake-tok1", "--temperature", "9", "hi"),
        ("send", "-m", "openai:fake-tok1", "--inputs", str(broken), "{{q}}"),
        ("send", "-m", "openai:fake-tok1", "--var", "q", "{{q}}"),
        ("send", "-m", "openai:fake-tok1", "--sweep", "heat=1,2", "hi"),
        ("send", "-m", "openai:fake-tok1", "-n", "0", "hi"),
        ("send",),
        ("no-such-command",),
    ]
    for words in calls:
        done = cli(*words)
        assert (done.status, done.out, done.err.count("\n")) == (2, "", 1), (words, done)
    assert "row 2" in cli(*calls[3]).err
    assert cli("run", "list", "--json").rows() == []


def test_settings_a_model_lacks_are_refused_or_left_out_as_chosen(cli: Cli) -> None:
    cli.home.joinpath("config.toml").write_text('[catalog.openai.models."fake-*"]\nseed = false\n', "utf-8")
    words = ("-m", "openai:fake-echo", "--seed", "1", "hi")
    refused = cli("send", *words)
    assert refused.status == 2 and "does not take seed" in refused.err
    left_out = cli.send("--unsupported", "leave-out", *words)[0]
    assert left_out["left_out"] == ["seed"]
    assert "seed" not in json.loads(left_out["text"])


def test_a_sweep_makes_a_column_of_each_value(cli: Cli) -> None:
    rows = cli.send("-m", "openai:fake-echo", "--sweep", "temperature=0,0.7", "--sweep", "max-tokens=5,6", "hi")
    found = {(json.loads(row["text"])["temperature"], json.loads(row["text"])["max_tokens"]) for row in rows}
    assert found == {(0, 5), (0, 6), (0.7, 5), (0.7, 6)}
    assert len({row["label"] for row in rows}) == 4


def test_a_dry_run_shows_the_requests_without_the_key_and_sends_nothing(cli: Cli, fake_process: FakeProcess) -> None:
    done = cli("send", "--dry-run", "--json", "-m", "openai:fake-tok9", "-n", "2", "--seed", "4", "hi")
    assert [row["body"]["seed"] for row in done.rows()] == [4, 5]
    assert "$OPENAI_API_KEY" in done.out and KEY not in done.out
    assert "fake-tok9" not in fake_process.stats()["received"]
    assert cli("run", "list", "--json").rows() == []


def test_hostile_text_is_shown_not_obeyed_and_stored_exactly(cli: Cli) -> None:
    plain = cli("send", "-m", "openai:fake-hostile", "hi")
    assert "[@click=app.quit]" in plain.out
    for bad in ("\x1b", "\x07", "\x00", "\u202e", "\u200b", "\x9b", "\r"):
        assert bad not in plain.out
    row = cli.send("-m", "openai:fake-hostile", "hi")[0]
    assert row["text"] == HOSTILE
    raw = cli("run", "show", str(row["run"]), "--json").out
    assert raw.isascii() and not {"\x1b", "\x7f"} & set(raw)


def test_a_lone_surrogate_survives_the_whole_way(cli: Cli) -> None:
    text = "half \ud83d of a pair"
    row = cli.send("-m", f"openai:fake-text={coded(text)}", "hi")[0]
    assert row["text"] == text
    assert cli("show", str(row["sample"]), "--json").rows()[0]["text"] == text
    assert cli("show", str(row["sample"])).status == 0


def test_one_answer_alone_is_printed_as_its_text(cli: Cli) -> None:
    done = cli("send", "-m", f"openai:fake-text={coded('just this')}", "hi")
    assert (done.out, done.err) == ("just this\n", "")


def test_ctrl_c_keeps_what_came_and_says_130(cli: Cli) -> None:
    process = cli.start("send", "--json", "-m", "openai:fake-tok2", "-m", "openai:fake-stall3", "-n", "2", "--", "wait")
    assert process.stdout is not None
    ended = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert {row["model"] for row in ended} == {"openai:fake-tok2"}
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130 and time.monotonic() - began < 5
    cancelled = [json.loads(line) for line in out.splitlines()]
    assert [row["ended"] for row in cancelled] == ["cancelled"] * 2
    assert all(row["text"] for row in cancelled), "the partial text is kept"
    assert "cockpit run resume" in err.decode()
    stored = cli("run", "show", str(ended[0]["run"]), "--json").rows()
    assert len(stored) == 4


def test_a_reader_that_leaves_ends_the_command_quietly(cli: Cli) -> None:
    process = cli.start("send", "--json", "-m", "openai:fake-tok2", "-n", "500", "many")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    process.wait(30)
    assert b"Traceback" not in err


def test_a_prompt_name_files_the_versions(cli: Cli) -> None:
    cli.send("--name", "judge", "-m", "openai:fake-tok1", "first")
    cli.send("--name", "judge", "-m", "openai:fake-tok1", "second")
    runs = cli("run", "list", "--json").rows()
    assert [(run["prompt"], run["version_number"]) for run in runs] == [("judge", 2), ("judge", 1)]


@pytest.mark.parametrize("option", ["--cap", "--deadline"])
@pytest.mark.parametrize("amount", ["nan", "inf", "0", "-1"])
def test_what_is_no_amount_is_a_wrong_call(cli: Cli, option: str, amount: str) -> None:
    refused = cli("send", "-m", "openai:fake-tok1", option, amount, "hi")
    assert (refused.status, len(refused.err.splitlines())) == (2, 1)
    assert cli("run", "list", "--json").rows() == []


def test_a_request_as_code_is_one_object_too(cli: Cli) -> None:
    cli.send("-m", "openai:fake-tok1", "hi")
    for option in ("curl", "python"):
        (row,) = cli("show", "1", f"--{option}", "--json").rows()
        assert "chat/completions" in row[option]


def test_a_reached_cap_stops_cleanly_and_says_so(cli: Cli) -> None:
    price = '[catalog.openai.models."fake-*"]\nprice = { input = 1000.0, output = 100000.0 }\n'
    cli.home.joinpath("config.toml").write_text(price, "utf-8")
    done = cli("send", "--json", "-m", "openai:fake-tok10", "--max-tokens", "10", "-n", "20", "--cap", "3.5", "hi")
    assert done.status == 1 and "spend cap" in done.err
    assert 0 < len(done.rows()) < 20
    assert sum(row["cost_usd"] for row in done.rows()) <= 3.5
