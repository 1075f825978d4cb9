"""`cockpit stops`: one line a stop string and model, and an exit status that a script can gate on."""

from __future__ import annotations

import json

from tests.cli.conftest import Cli
from tests.cli.test_send import coded

FIELDS = (
    "stop", "model", "allowed", "reason", "token_ids", "hits", "n", "rate", "low", "high", "cut_by_length", "early",
    "variants",
)  # fmt: skip
GPT = "openai:gpt-4o"


def test_each_stop_and_model_is_a_line_with_every_field(cli: Cli) -> None:
    done = cli("stops", "--json", "--stop", r"\n\n", "--stop", "###", "-m", GPT, "-m", "openai:gpt-4.1")
    assert done.status == 0, done.err
    rows = done.rows()
    assert [(row["model"], row["stop"]) for row in rows] == [
        (model, stop) for model in (GPT, "openai:gpt-4.1") for stop in ("\n\n", "###")
    ]
    assert all(set(FIELDS) <= row.keys() for row in rows)
    assert rows[0]["token_ids"] == [279], "o200k's own id of two line ends"
    assert (rows[0]["allowed"], rows[0]["n"], rows[0]["rate"]) == (True, 0, None)


def test_a_failed_check_is_exit_status_one(cli: Cli) -> None:
    done = cli("stops", "--json", "--stop", r"\n", "-m", "anthropic:claude-sonnet-4-5")
    assert done.status == 1
    (row,) = done.rows()
    assert (row["allowed"], row["token_ids"]) == (False, None)
    assert "only whitespace" in row["reason"]
    assert cli("stops", "--stop", "x", "-m", "openai:o3").status == 1
    five = cli("stops", *(word for stop in "abcde" for word in ("--stop", stop)), "-m", GPT)
    assert five.status == 1
    assert "takes 4 stop strings, not 5" in five.out


def test_a_wrong_call_is_exit_status_two(cli: Cli) -> None:
    for words, said in (
        (("-m", GPT), "no stop string"),
        (("--stop", "x", "-m", "nowhere"), "nowhere"),
        (("--stop", "x", "--run", "1", "--file", "a.txt"), "exclude"),
        (("--stop", "x", "--file", "none.txt"), "Cannot read"),
    ):
        done = cli("stops", *words)
        assert (done.status, done.out, done.err.count("\n")) == (2, "", 1), done
        assert said in done.err
    assert cli("stops", "--stop", "x", "--run", "99").status == 1


def test_answers_of_a_file(cli: Cli) -> None:
    plain = cli.home / "answers.txt"
    plain.write_text("yes # no\n\nplain\r\n# at once\n", "utf-8")
    (row,) = cli("stops", "--json", "--stop", "#", "-m", GPT, "--file", str(plain)).rows()
    assert (row["hits"], row["n"]) == (2, 3)
    assert any(finding["check"] == "S10" for finding in row["findings"])
    rows = [
        {"text": "a\nHuman: b"},
        {"text": "c", "model": GPT, "ended": "stop", "stop": "\n\nHuman:"},
        {"text": "d", "model": GPT, "ended": "length"},
        {"text": "e", "model": "openai:other", "ended": "stop", "stop": "\n\nHuman:"},
    ]
    jsonl = cli.home / "answers.jsonl"
    jsonl.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (row,) = cli("stops", "--json", "--stop", r"\n\nHuman:", "-m", GPT, "--file", str(jsonl)).rows()
    assert (row["hits"], row["n"], row["cut_by_length"]) == (1, 3, 1)
    assert {"text": "\nHuman:", "seen": 1} in [{k: v[k] for k in ("text", "seen")} for v in row["variants"]]


def test_a_malformed_file_is_said_by_its_row(cli: Cli) -> None:
    path = cli.home / "answers.jsonl"
    for content, said in (
        ('{"text": "a"}\n{"txt": 1}\n', "row 2"),
        ("{\n", "row 1"),
        ("\n\n", "no answers"),
        (b"\xff", "UTF-8"),
    ):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        done = cli("stops", "--stop", "x", "-m", GPT, "--file", str(path))
        assert (done.status, done.err.count("\n")) == (2, 1)
        assert said in done.err


def test_an_export_is_read_as_it_is(cli: Cli) -> None:
    model = f"openai:fake-vllm-text={coded('one # two')}"
    cli.send("-m", model, "--stop", "#", "hi")
    path = cli.home / "out.jsonl"
    assert cli("run", "export", "1", "-o", str(path)).status == 0
    (row,) = cli("stops", "--json", "--stop", "#", "-m", model, "--file", str(path)).rows()
    assert (row["hits"], row["n"], row["rate"]) == (1, 1, 1.0)


def test_a_gold_answer_that_would_be_cut_fails(cli: Cli) -> None:
    from cockpit.store.db import open_store
    from cockpit.store.samples import set_gold

    (sample,) = cli.send("-m", f"openai:fake-text={coded('first. second')}", "hi")
    store = open_store(cli.db)
    store.write_now(lambda db: set_gold(db, sample["sample"]))
    store.close()
    done = cli("stops", "--json", "--stop", ".", "-m", GPT)
    assert (done.status, done.rows()[0]["early"]) == (1, 1)
    assert cli("stops", "--json", "--stop", "END", "-m", GPT).rows()[0]["early"] == 0


def test_a_run_says_what_was_sent_and_names_may_be_aliases(cli: Cli) -> None:
    model = f"openai:fake-vllm-text={coded('one # two')}"
    cli.home.joinpath("config.toml").write_text(f'[aliases]\nmine = "{model}"\n', "utf-8")
    cli.send("-m", "mine", "--stop", "#", "-n", "2", "hi")
    for words in ((), ("-m", model), ("-m", "mine")):
        (row,) = cli("stops", "--json", "--run", "1", *words).rows()
        assert (row["stop"], row["hits"], row["n"], row["audit"]["n"]) == ("#", 2, 2, 2)
    cli.send("-m", "mine", "without")
    done = cli("stops", "--run", "2")
    assert done.status == 2
    assert "sent without any" in done.err


def test_people_read_it_in_words_and_hostile_text_is_shown(cli: Cli) -> None:
    cli.send("-m", f"openai:fake-llamacpp-text={coded('one [/] two')}", "--stop", "\x1b[31m", "--stop", "[/]", "hi")
    done = cli("stops", "--run", "1")
    assert done.status == 0, done.err
    assert "\x1b" not in done.out
    assert '"[/]" · openai:fake-llamacpp' in done.out
    assert "hit in 1 of 1" in done.out
    assert "never hit in 1 answers" in done.out


def test_it_runs_as_a_process(cli: Cli) -> None:
    done = cli.process("stops", "--json", "--stop", "\\n", "-m", "anthropic:claude-sonnet-4-5")
    assert (done.status, len(done.rows())) == (1, 1)
    assert "stops" in cli.process("--help").out
