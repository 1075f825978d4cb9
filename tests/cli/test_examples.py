"""`cockpit example` and `cockpit send --examples`, end to end against the fake provider."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.store import sets
from cockpit.store.db import open_store
from tests.cli.conftest import Cli

PROMPT = "{{examples}}\n\nInput: {{q}}\nOutput:"
TOPICS = ("good film", "bad film", "good soup", "bad soup", "good song", "bad song")


@pytest.fixture
def full(cli: Cli) -> Cli:
    """A project with six examples and a set of them."""
    for topic in TOPICS:
        label = "pos" if topic.startswith("good") else "neg"
        assert cli("example", "add", "--input", topic, "--output", label, "--label", label).status == 0
    assert cli("example", "set", "save", "s").out == "s@1: 6 examples.\n"
    return cli


def asked(cli: Cli, *words: str) -> list[str]:
    """The last user turn of each request that a dry run shows."""
    done = cli("send", "--dry-run", "--json", "-m", "openai:gpt-4o", *words)
    assert done.status == 0, done.err
    return [row["body"]["messages"][-1]["content"] for row in done.rows() if "body" in row]


def rows_file(tmp_path: Path, *rows: dict[str, str]) -> str:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return str(path)


def test_examples_are_added_found_twice_edited_and_listed(full: Cli) -> None:
    again = full("example", "add", "--json", "--input", " GOOD film", "--label", "pos", "--tag", "t").rows()[0]
    assert again["duplicates"] == [1]
    assert full("example", "edit", "7", "--verdict", "rejected", "--reason", "twin").status == 0
    listed = full("example", "list", "--json", "--tag", "t").rows()
    assert [(row["id"], row["verdict"], row["reason"]) for row in listed] == [(7, "rejected", "twin")]
    assert full("example", "edit", "7").status == 2
    assert full("example", "add", "--input", "x").status == 2


def test_a_sample_becomes_an_example_with_where_it_is_from(cli: Cli) -> None:
    sample = cli.send("-m", "openai:fake-echo", "hello")[0]
    assert cli("example", "add", "--sample", str(sample["sample"]), "--tag", "greeting").status == 0
    row = cli("example", "list", "--json").rows()[0]
    assert (row["input"], row["tags"], row["source"]["kind"]) == ("hello", ["greeting"], "sample")


def test_a_set_is_versioned_and_its_template_stays(full: Cli) -> None:
    xml = ("--template", "xml", "--input-label", "q", "--output-label", "a")
    assert full("example", "set", "save", "s", "2", "1", *xml).out == "s@2: 2 examples.\n"
    assert full("example", "set", "save", "s", "2", "1").out == "s@2: 2 examples.\n"
    block = "<q>bad film</q>\n<a>neg</a>\n\n<q>good film</q>\n<a>pos</a>"
    assert full("example", "render", "s", "--json").rows()[0]["block"] == block
    assert full("example", "render", "s@1").out.startswith("Input: good film\nOutput: pos\n\n")
    assert full("example", "set", "save", "s", "--template", "turns", "--separator", "x").status == 2
    assert full("example", "set", "save", "s", "--template", "custom", "--body", "{{nope}}").status == 2
    assert (
        full("example", "set", "save", "c", "1", "--template", "custom", "--body", r"{{input}}\n= {{output}}").status
        == 0
    )
    assert full("example", "render", "c").out == "good film\n= pos\n"
    shuffled = full("example", "set", "shuffle", "s", "--seed", "3", "--json").rows()[0]
    assert shuffled["examples"] == 2
    assert [row["name"] for row in full("example", "set", "list", "--json").rows()] == ["c", "s"]
    assert full("example", "set", "show", "nope").status == 1


def test_a_send_has_the_examples_and_the_run_keeps_what_it_was_given(full: Cli) -> None:
    sent = full.send("-m", "openai:fake-echo", "--examples", "s", "-k", "2", "--var", "q=a tune", PROMPT)
    full("example", "edit", "1", "--input", "changed")
    full("example", "set", "save", "s")
    store = open_store(full.db)
    found = sets.set_of_run(store.read(), sent[0]["run"])
    assert found is not None
    kept, detail = found
    assert (kept.number, detail["chosen"], detail["by_row"]) == (1, [[1, 2]], False)
    assert kept.examples[0].input == "good film"
    exported = full("run", "export", str(sent[0]["run"])).rows()[0]
    wanted = "Input: good film\nOutput: pos\n\nInput: bad film\nOutput: neg\n\nInput: a tune\nOutput:"
    assert wanted in json.dumps(exported["request"]).encode().decode("unicode_escape")


def test_nearest_gives_each_row_its_own_and_never_itself(full: Cli, tmp_path: Path) -> None:
    path = rows_file(tmp_path, {"q": "Good Soup."}, {"q": "a song"})
    near = ("--examples", "s", "-k", "2", "--select", "nearest", "--order", "nearest-last", "--inputs", path)
    first, second = asked(full, *near, PROMPT)
    assert first.startswith("Input: good ")
    assert "Input: good soup\n" not in first
    assert first.endswith("Input: bad soup\nOutput: neg\n\nInput: Good Soup.\nOutput:")
    assert "good song" in second and "bad song" in second
    runs = full.send("-m", "openai:fake-echo", *near, PROMPT)
    assert len({row["run"] for row in runs}) == 1


def test_turns_for_each_row(full: Cli, tmp_path: Path) -> None:
    full("example", "set", "save", "s", "--template", "turns")
    path = rows_file(tmp_path, {"q": "some soup"}, {"q": "a song"})
    words = ("--examples", "s", "-k", "1", "--select", "nearest", "--inputs", path, "{{q}}")
    done = full("send", "--dry-run", "--json", "-m", "openai:gpt-4o", *words)
    turns = [[turn["content"] for turn in row["body"]["messages"]] for row in done.rows() if "body" in row]
    assert turns == [["good soup", "pos", "some soup"], ["good song", "pos", "a song"]]


def test_an_example_that_an_input_is_is_shown_to_no_input(full: Cli, tmp_path: Path) -> None:
    path = rows_file(tmp_path, {"q": "bad film"}, {"q": "x"})
    done = full("send", "--dry-run", "-m", "openai:gpt-4o", "--examples", "s", "--inputs", path, PROMPT)
    assert "Input: bad film\\nOutput: neg" not in done.out
    assert "1 example is an input of this run" in done.err


def test_a_near_twin_of_an_input_is_said_before_the_run(cli: Cli) -> None:
    long = "the quick brown fox jumps over the lazy dog while the old grey cat sleeps by the warm fire all day"
    cli("example", "add", "--input", f"{long} long", "--output", "y")
    cli("example", "set", "save", "s")
    done = cli("send", "--dry-run", "-m", "openai:gpt-4o", "--examples", "s", "--var", f"q={long} too", PROMPT)
    assert "leak (" in done.err


def test_fill_takes_as_many_as_fit_and_a_fixed_number_is_never_cut(full: Cli) -> None:
    fit = ("example", "set", "fill", "s", "-m", "openai:gpt-4o", "--window", "60", "--reserve", "10", "--query", "x")
    row = full(*fit, "-k", "fit", "--json").rows()[0]["examples"]
    given = row["rows"][0]
    assert 0 < len(given["examples"]) < 6
    assert given["tokens"] + given["room"] == 50
    assert given["stopped"].startswith("the next would be")
    assert row["models"][0]["exact"] is True
    over = full(*fit, "-k", "6")
    assert (over.status, "fit into the 60 tokens" in over.err) == (2, True)
    assert "WHY" in full(*fit, "-k", "fit").out
    short = full("example", "set", "fill", "s", "-m", "openai:gpt-4o", "--query", "x", "-k", "9")
    assert (short.status, "6 examples" in short.err) == (2, True)


def test_the_tightest_model_and_the_longest_input_decide(full: Cli, tmp_path: Path) -> None:
    path = rows_file(tmp_path, {"input": "x"}, {"input": "word " * 20})
    words = (
        "example",
        "set",
        "fill",
        "s",
        "--inputs",
        path,
        "--window",
        "100",
        "--reserve",
        "0",
        "-k",
        "fit",
        "--json",
    )
    alone = full(*words, "-m", "openai:gpt-4o").rows()[0]["examples"]["rows"][0]
    both = full(*words, "-m", "openai:gpt-4o", "-m", "anthropic:claude-sonnet-4-5").rows()[0]["examples"]
    assert len(both["rows"][0]["examples"]) < len(alone["examples"])
    assert both["rows"][0]["model"] == "anthropic:claude-sonnet-4-5"
    assert [model["margin"] > 0 for model in both["models"]] == [False, True]


def test_what_would_do_nothing_is_refused(full: Cli) -> None:
    assert full("send", "-m", "openai:fake-echo", "-k", "3", "hi").status == 2
    no_place = full("send", "-m", "openai:fake-echo", "--examples", "s", "hi")
    assert (no_place.status, "no place for the examples" in no_place.err) == (2, True)
    unknown = full("send", "-m", "openai:fake-tok5", "--examples", "s", "-k", "fit", "--var", "q=x", PROMPT)
    assert (unknown.status, "--window" in unknown.err) == (2, True)


def test_export_and_import_again(full: Cli, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    assert full("example", "export", "--format", "hf", "-o", str(path)).status == 0
    assert full("example", "import", str(path), "--skip-duplicates", "--json").rows()[0]["duplicates"] == 6
    other = full("--project", "other", "example", "import", str(path), "--json").rows()[0]
    assert (len(other["ids"]), other["bad"]) == (6, 0)
    again = full("--project", "other", "example", "list", "--json").rows()
    assert (again[0]["input"], again[0]["output"], again[0]["label"]) == ("good film", "pos", "pos")
    few = full("example", "export", "--format", "openai-sft", "-o", str(tmp_path / "few.jsonl"))
    assert (few.status, "10 are the fewest" in few.err, (tmp_path / "few.jsonl").exists()) == (2, True, False)
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"input": "a", "output": "b"}\n{nope\n', "utf-8")
    assert full("example", "import", str(broken)).status == 2
    assert full("example", "import", str(broken), "--skip-bad", "--json").rows()[0]["bad"] == 1


def test_rows_of_a_dataset_become_examples_that_know_their_row(cli: Cli, tmp_path: Path) -> None:
    path = rows_file(tmp_path, {"id": "r1", "input": "one", "output": "1"}, {"id": "r2", "input": "two", "output": "2"})
    assert cli("dataset", "import", path, "--name", "d").status == 0
    assert cli("example", "import", "--dataset", "d").status == 0
    assert [row["source"] for row in cli("example", "list", "--json").rows()] == [
        {"kind": "row", "dataset": "d", "row": "r1"},
        {"kind": "row", "dataset": "d", "row": "r2"},
    ]
