"""Stop checks: each fires where it must and stays silent where it must; the report's numbers are exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cockpit.core.keys import SampleKey
from cockpit.core.models import Capabilities
from cockpit.core.params import Params
from cockpit.core.samples import Sample
from cockpit.core.stats import clustered, wilson
from cockpit.core.stop_checks import CHECKS, StopFinding, StopTarget, as_markdown, check_stops
from cockpit.core.tokens import Tokenizer, Tokens

VOCABULARY = [b"", b"\n", b"\n\n", b".\n\n", b"#", b"##", b"###", b"###x", b"42", b"Q", b":", b" ", b"A"]
CLAUDE = Capabilities(whitespace_stop=False, reports_stop=True, api_version="2023-06-01", max_temperature=1.0)
SHOTS = "Q: a?\nA: 1\n\nQ: b?\nA: 2\n\nQ: c?\nA:"


class Greedy:
    """The longest known token each time; unknown bytes are tokens of their own."""

    name, exact, boundaries, error, local = "greedy", True, True, "", True
    specials: Mapping[str, int] = {"<|im_end|>": 900}

    def count(self, text: str) -> int:
        return len(self.encode(text))

    def encode(self, text: str) -> Tokens:
        data, ids, ends, at = text.encode(), [], [], 0
        while at < len(data):
            best = max((t for t in VOCABULARY if t and data.startswith(t, at)), key=len, default=data[at : at + 1])
            at += len(best)
            ids.append(VOCABULARY.index(best) if best in VOCABULARY else 100 + best[0])
            ends.append(at)
        return Tokens(data, ids, ends)

    def encode_special(self, text: str) -> Tokens:
        return self.encode(text)

    def token_bytes(self, token: int) -> bytes:
        return VOCABULARY[token]

    def vocabulary(self) -> Sequence[bytes]:
        return VOCABULARY


class CountsOnly(Greedy):
    boundaries = False


def target(
    tokenizer: Tokenizer | None = None, prefill: str = "", can: Capabilities | None = None, **p: Any
) -> StopTarget:
    return StopTarget("m:x", can or Capabilities(reports_stop=True), Params(**p), tokenizer, prefill)


def sample(text: str, at: int = 0, **facts: Any) -> Sample:
    return replace(Sample(1, SampleKey(0, at, 0), "m:x", text, ended="ended"), **facts)


def texts(*words: str) -> list[Sample]:
    return [sample(word, at) for at, word in enumerate(words)]


def found(check: str, stops: Sequence[str], one: StopTarget | None = None, **more: Any) -> list[StopFinding]:
    reports = check_stops(stops, [one or target()], **more)
    findings = dict.fromkeys(finding for report in reports for finding in report.findings)
    return [finding for finding in findings if finding.check == check]


FIRES: list[tuple[str, str, list[str], StopTarget | None, dict[str, Any], str]] = [
    ("S1", "error", list("abcde"), target(can=Capabilities(max_stops=4)), {}, "takes 4 stop strings, not 5: drop one."),
    ("S2", "error", ["\n"], target(can=CLAUDE), {}, "only whitespace"),
    ("S2", "error", [""], None, {}, "empty"),
    ("S3", "error", ["x"], target(can=Capabilities(stop=False)), {}, "does not take stop strings"),
    (
        "S3",
        "warning",
        ["x"],
        target(can=Capabilities(sampling_needs_effort_none=True, max_tokens_field="max_completion_tokens")),
        {},
        "unless reasoning_effort is none",
    ),
    ("S4", "note", ["\n\nQ:"], target(Greedy()), {"answers": ["42."]}, "in 1 of 1 likely places"),
    ("S4", "note", ["\n\nQ:"], target(Greedy()), {}, "is 3 tokens alone (2, 9, 10)."),
    ("S5", "note", ["##"], target(Greedy()), {}, 'such as "###x"'),
    ("S5", "warning", ["###"], target(Greedy(), logprobs=1), {}, "1 token of greedy can carry text past"),
    ("S6", "warning", ["<|im_end|>\n"], target(Greedy()), {}, "is a special token here"),
    ("S6", "warning", ["</s>"], None, {}, "looks like a special token"),
    ("S7", "warning", ["ab", "abc"], None, {}, '"abc" never cuts: "ab" in it is complete first'),
    ("S7", "warning", ["a", "a"], None, {}, "2 times"),
    ("S7", "note", ["5", "4, 5"], None, {}, 'ends with "5"'),
    ("S7", "note", ["a##", "##b"], None, {}, "may begin inside"),
    ("S8", "error", ["\n"], None, {"answers": ["one\ntwo", "fine", "ok\n"]}, "cuts 1 of 3 good answers short"),
    ("S8", "error", ["A"], None, {"answers": ["A: yes"]}, "at its very beginning"),
    ("S8", "error", ["1"], None, {"prompt": SHOTS}, "cuts 1 of 2 good answers"),
    ("S9", "warning", ["END"], None, {"prompt": SHOTS}, '"\\n\\nQ:" would'),
    ("S9", "warning", ["Q: c"], None, {"prompt": SHOTS}, "after 1 of 2 examples"),
    ("S10", "warning", ["\n"], None, {"samples": texts("\nHi", "Hi")}, "leaves nothing of 1 of 2"),
    ("S10", "warning", ["\n"], None, {"samples": [sample("", ended="stop", stop="\n")]}, "nothing of 1 of 1"),
    (
        "S11",
        "note",
        ["#", "!"],
        None,
        {"samples": texts("a#bc", "d!", "e")},
        'shorten 2 ("#" 1, "!" 1), by 4 characters',
    ),
    ("S12", "note", ["x"], target(can=Capabilities()), {}, "until a probe tells"),
    ("S13", "error", ["x"], target(prefill="A: ", can=CLAUDE), {}, "refuses it"),
    ("S13", "warning", ["x"], target(prefill="A: "), {}, "no longer fit"),
    ("S13", "error", ["x"], target(prefill="A:", can=Capabilities(prefill=False)), {}, "does not take a prefill"),
    (
        "S14",
        "warning",
        ["x"],
        target(can=Capabilities(reasoning_effort=True), reasoning_effort="high"),
        {},
        "reasons first",
    ),
    ("S14", "warning", ["x"], None, {"samples": [sample("", ended="stop", reasoning="hm")]}, "1 of 1"),
    ("S15", "warning", ["\n\nHuman:"], None, {"samples": texts("Hi\nHuman: a", "Hi")}, '"\\nHuman:" in 1 of 2'),
]


@pytest.mark.parametrize(("check", "severity", "stops", "one", "more", "said"), FIRES, ids=lambda v: str(v)[:24])
def test_it_fires(
    *, check: str, severity: str, stops: list[str], one: StopTarget | None, more: dict[str, Any], said: str
) -> None:
    findings = [finding for finding in found(check, stops, one, **more) if said in finding.sentence]
    assert findings, found(check, stops, one, **more)
    assert {finding.severity for finding in findings} == {severity}
    assert all(finding.model == "m:x" and finding.source.startswith("https://") for finding in findings)


SILENT: list[tuple[str, list[str], StopTarget | None, dict[str, Any]]] = [
    ("S1", list("abcd"), target(can=Capabilities(max_stops=4)), {}),
    ("S1", list("abcdefgh"), None, {}),
    ("S2", ["\n#"], target(can=CLAUDE), {}),
    ("S2", ["\n"], None, {}),
    ("S3", ["x"], target(can=Capabilities(sampling_needs_effort_none=True)), {}),
    ("S4", ["\n\nQ:"], None, {}),
    ("S4", ["\n\nQ:"], target(CountsOnly()), {}),
    ("S5", ["Q:"], target(Greedy(), logprobs=1), {}),
    ("S5", ["#"], target(CountsOnly()), {}),
    ("S6", ["|end|", "<b>", "###"], target(Greedy()), {}),
    ("S7", ["\n\nQ:", "###", "END"], None, {}),
    ("S8", ["\n\nQ:"], None, {"answers": ["one\ntwo", "three\n\nQ:"], "prompt": SHOTS}),
    ("S9", ["\n\nQ:"], None, {"prompt": SHOTS}),
    ("S9", ["\n"], None, {"prompt": SHOTS}),
    ("S9", ["END"], None, {"prompt": "Just a question?"}),
    ("S10", ["\n"], None, {"samples": texts("Hi\nthere", "Hi")}),
    ("S11", ["#"], None, {"samples": texts("abc")}),
    ("S12", ["x"], target(can=CLAUDE), {}),
    ("S13", ["x"], target(prefill="A:"), {}),
    ("S14", ["x"], target(can=Capabilities(reasoning_effort=True), reasoning_effort="none"), {}),
    ("S15", ["\nHuman:"], None, {"samples": texts("Hi\n\nHuman: a", "Human beings")}),
]


@pytest.mark.parametrize(("check", "stops", "one", "more"), SILENT, ids=lambda v: str(v)[:24])
def test_it_stays_silent(check: str, stops: list[str], one: StopTarget | None, more: dict[str, Any]) -> None:
    assert found(check, stops, one, **more) == []


def test_every_check_of_the_table_is_tried_both_ways() -> None:
    ids = [check.id for check in CHECKS]
    assert ids == [f"S{n}" for n in range(1, 16)]
    assert {row[0] for row in FIRES} == {row[0] for row in SILENT} == set(ids)
    assert all(check.source.startswith("https://") and check.what.endswith(".") for check in CHECKS)


def test_the_docs_are_the_table() -> None:
    path = Path(__file__).parent.parent.parent / "docs" / "stop-checks.md"
    assert path.read_text("utf-8") == as_markdown()


def test_the_reports_numbers() -> None:
    body = {"stop": ["#"]}
    samples = [
        sample("a", 0, ended="stop", stop="#", request_body=body),
        sample("b#c", 1),
        sample("long", 2, ended="length"),
        sample("long#er", 3, ended="length"),
        sample("d", 4),
        sample("e", 5, ended="error"),
        sample("other model", 6, model="m:y", ended="stop", stop="#"),
    ]
    (report,) = check_stops(["#"], [target(Greedy())], answers=["x#y", "z#"], samples=samples)
    rate = wilson(3, 5)
    assert (report.hits, report.n, report.rate, report.low, report.high) == (3, 5, 0.6, rate.low, rate.high)
    assert (report.cut_by_length, report.early, report.unclear) == (1, 1, 0)
    assert (report.allowed, report.reason, report.token_ids) == (True, "", (4,))


def test_samples_of_one_input_are_a_cluster() -> None:
    samples = [sample("a#" if row else "a", row, key=SampleKey(0, row, k)) for row in range(2) for k in range(3)]
    (report,) = check_stops(["#"], [target()], samples=samples)
    assert (report.low, report.high) == (clustered([(0, 3), (3, 3)]).low, clustered([(0, 3), (3, 3)]).high)


def test_a_merged_ending_makes_the_rate_unknown() -> None:
    body = {"stop": ["#"]}
    merged = [sample("a", n, ended="unknown", stop_reason="stop", request_body=body) for n in range(4)]
    (report,) = check_stops(["#"], [target()], samples=merged)
    assert (report.hits, report.n, report.rate, report.unclear) == (0, 4, None, 4)
    assert (report.low, report.high) == (0.0, 1.0)
    (other,) = check_stops(["!"], [target()], samples=merged)
    assert (other.rate, other.unclear) == (0.0, 0), "it was not sent, so its absence is seen"


def test_what_was_sent_may_be_given() -> None:
    merged = [sample("a", ended="unknown", stop_reason="stop")]
    (report,) = check_stops(["#"], [target()], samples=merged, stops_of=lambda s: ("#",))
    assert report.unclear == 1


def test_what_is_refused_says_why() -> None:
    can = replace(CLAUDE, max_stops=2)
    reports = check_stops(["\n", "a", "b"], [target(can=can)])
    assert [report.allowed for report in reports] == [False, False, False]
    assert "only whitespace" in reports[0].reason
    assert "only whitespace" not in reports[1].reason
    assert "takes 2" in reports[1].reason
    assert [finding.severity for finding in reports[0].findings][:2] == ["error", "error"], "worst first"


def test_variants_are_those_seen_first() -> None:
    samples = texts("x\nHuman: 1", "y\nHuman: 2", "z\n\nHuman: 3", "w\n  human: 4", "plain")
    (report,) = check_stops(["\n\nHuman:"], [target(Greedy())], samples=samples)
    seen = {variant.text: variant.seen for variant in report.variants}
    assert [variant.text for variant in report.variants][:2] == ["\nHuman:", "\n  human:"]
    assert (seen["\nHuman:"], seen["\n  human:"], seen[" Human:"]) == (2, 1, 0)
    assert "\n\nHuman:" not in seen
    assert all(variant.token_ids for variant in report.variants)


def test_every_stop_and_model_has_a_report_even_a_bad_one() -> None:
    models = [target(), replace(target(), model="m:y")]
    reports = check_stops(["", "a", "a"], models, answers=["x"], samples=texts("y"))
    assert [(r.model, r.stop) for r in reports] == [("m:x", ""), ("m:x", "a"), ("m:y", ""), ("m:y", "a")]
    assert reports[0].early == 1
    assert not reports[0].allowed
    assert reports[0].hits == 0, "nobody sends it"
