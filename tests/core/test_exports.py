"""Exports as text: exact whatever the sample holds, and JSON that any reader takes."""

from __future__ import annotations

import csv
import io
import json
import re

from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.exports import Exported, RunInfo, csv_text, fenced, inline, jsonl, markdown, one_line, sample_json
from cockpit.core.ports import TokenLogprob, Usage
from cockpit.core.prompts import Message, Version
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import Failure, Sample, SampleKey

ANY = st.text(st.characters(codec=None, exclude_categories=[]), max_size=30)
PLAN = Plan(Version(messages=(Message("user", "{{q}}"),)), (Target("m", "p", "m", "e"),), ({"q": "1"},), run_id=4)


def item(text: str, **more: object) -> Exported:
    sample = Sample(4, SampleKey(0, 0, 0), "m", text=text, ended="ended", **more)  # type: ignore[arg-type]
    return Exported(RunInfo(PLAN, "proj", "name", 2), sample)


@given(ANY)
def test_any_text_comes_back_from_jsonl_and_csv(text: str) -> None:
    (line,) = jsonl([item(text)])
    assert line.isascii() and line.count("\n") == 1 and json.loads(line)["text"] == text
    table = "".join(csv_text([item(text)])).encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")
    (row,) = csv.DictReader(io.StringIO(table, newline=""))
    assert row["text"] == text


@given(ANY)
def test_a_fence_is_never_closed_by_its_text(text: str) -> None:
    block = fenced(text)
    fence = re.match("`+", block)
    assert fence is not None and fence[0] not in text and block == f"{fence[0]}text\n{text}\n{fence[0]}\n"


@given(ANY)
def test_one_line_has_no_control_character(text: str) -> None:
    line = one_line({"x": text})
    assert json.loads(line) == {"x": text} and all(" " <= char < "\x7f" for char in line)


def test_an_unknown_is_null_and_a_failure_keeps_its_words() -> None:
    failure = Failure("rate_limit", "Too many.", "Wait.", 429)
    found = sample_json(Sample(1, SampleKey(0, 0, 3), "m", ended="error", error=failure), {"q": "x"})
    assert found["error"] == {"kind": "rate_limit", "message": "Too many.", "hint": "Wait.", "status": 429}
    assert found["cost_usd"] is None and found["input_tokens"] is None and found["index"] == 3
    assert found["input"] == {"q": "x"}


def test_infinite_log_probabilities_are_valid_json() -> None:
    token = TokenLogprob("a", float("-inf"), (("b", -0.5),))
    (line,) = jsonl([item("x", logprobs=(token,), usage=Usage(1, 2))])
    assert json.loads(line)["logprobs"] == [{"token": "a", "logprob": None, "top": [{"token": "b", "logprob": -0.5}]}]


def test_markdown_shows_what_was_sent_and_how_it_ended() -> None:
    page = "".join(markdown([item("an answer", stop_reason="stop")]))
    assert "# Run 4 · name v2" in page and "```text\n{{q}}\n```" in page and "```text\nan answer\n```" in page
    assert "ended (stop)" in page and "cost unknown" in page


def test_names_are_no_markup() -> None:
    assert inline("a*b`[c](d)\n# e") == r"a\*b\`\[c\]\(d\) \# e"
