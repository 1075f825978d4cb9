"""Examples in other tools' formats, and what those tools would refuse."""

from __future__ import annotations

import csv
import io
import json

from cockpit.core.example_exports import FORMATS, check_dpo, check_sft, export
from cockpit.core.examples import Example, Source

ONE = Example('a\n"q"', "é", id=3, tags=("x",), label="L", source=Source("file", {"path": "f", "line": 2}))
BAD = Example('A "q"', "worse", verdict="rejected", id=4)


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_format_has_the_texts_exactly() -> None:
    for form in FORMATS:
        if form != "openai-dpo":
            text = export([ONE], form)
            assert "é" in text, form
    table = list(csv.DictReader(io.StringIO(export([ONE], "csv"), newline="")))
    assert (table[0]["input"], table[0]["output"]) == (ONE.input, "é")
    assert rows(export([ONE], "hf"))[0]["source"] == {"kind": "file", "path": "f", "line": 2}
    inspected = rows(export([ONE], "inspect"))[0]
    assert (inspected["id"], inspected["input"], inspected["target"]) == (3, ONE.input, "é")


def test_chat_formats_put_the_system_prompt_where_each_wants_it() -> None:
    asked, answer = {"role": "user", "content": ONE.input}, {"role": "assistant", "content": "é"}
    sft = rows(export([ONE], "openai-sft", system="S"))[0]
    assert sft == {"messages": [{"role": "system", "content": "S"}, asked, answer]}
    assert rows(export([ONE], "anthropic", system="S"))[0] == {"system": "S", "messages": [asked, answer]}


def test_preference_pairs_are_gold_against_rejected_of_the_same_input() -> None:
    twin = Example('A "q"', "good", id=5)
    found = rows(export([twin, BAD, ONE, Example('A "q"', "maybe", verdict="candidate")], "openai-dpo"))
    assert len(found) >= 1
    assert found[0]["preferred_output"] == [{"role": "assistant", "content": "good"}]
    assert found[0]["non_preferred_output"] == [{"role": "assistant", "content": "worse"}]


def line(*turns: tuple[str, str]) -> str:
    return json.dumps({"messages": [{"role": role, "content": text} for role, text in turns]})


def test_what_openai_refuses_is_named_by_line() -> None:
    good = line(("user", "q"), ("assistant", "a"))
    assert check_sft([good] * 10, len) == []
    few = check_sft([good] * 9, len)
    assert [(one.line, one.reason) for one in few] == [(0, "9 rows, and 10 are the fewest")]
    bad = [
        line(("user", "q")), line(("bot", "q"), ("assistant", "a")), line(("user", " "), ("assistant", "a")),
        "{", "{}", line(("user", "q" * 70_000), ("assistant", "a")),
        good.replace('"content": "a"', '"content": "a", "weight": 2'),
    ]  # fmt: skip
    found = {one.line: one.reason for one in check_sft([*bad, *[good] * 10], len)}
    assert found == {
        1: "the last turn is not the assistant's", 2: "turn 1: 'bot' is no role", 3: "turn 1 is empty",
        4: "there are no messages", 5: "there are no messages", 6: "70,012 tokens, and 65,536 are the most",
        7: "turn 2: a weight is 0 or 1",
    }  # fmt: skip


def test_preference_files_are_checked_on_both_sides() -> None:
    good = export([Example("q", "a"), Example("q", "b", verdict="rejected")], "openai-dpo").strip()
    assert check_dpo([good] * 10, len) == []
    broken = json.loads(good)
    broken["preferred_output"] = []
    broken["input"]["messages"][0]["role"] = "assistant"
    reasons = [one.reason for one in check_dpo([json.dumps(broken), *[good] * 10], len)]
    assert reasons == ["the last turn is not the user's", "preferred_output is not one turn"]
