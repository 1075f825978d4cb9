"""Each prompt check fires where it should and is silent where it must be; fixes mend what they say they mend."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.core.check_vocabulary import beginnings
from cockpit.core.checks import CHECKS, Checked, Finding, Target, check_prompt, check_table
from cockpit.core.draft import EXAMPLE_VALUES, EXAMPLES
from cockpit.core.models import Capabilities
from cockpit.core.params import Params
from cockpit.core.prompts import Message, Version, single
from cockpit.core.tokens import Tokenizer

ROOT = Path(__file__).parents[2]
CLAUDE = Target("anthropic:claude-opus-4-5", Capabilities(context=200_000, reports_stop=True))
SHOTS = "Review: great film\nSentiment: positive\n\nReview: dull film\nSentiment: negative\n\n"
SHOTS3 = SHOTS + "Review: fine film\nSentiment: positive\n\n"
ASK = "Review: {{text}}\nSentiment:"
VALUES = {"text": "a long film", "q": "Why?", "reply": "Sure."}


@pytest.fixture(scope="module")
def o200k() -> Tokenizer:
    from cockpit.tokenizers import openai

    return openai.load("o200k_base")


@pytest.fixture
def local(o200k: Tokenizer) -> Target:
    return Target("local:some", Capabilities(context=8192), o200k)


def run(
    version: Version | str, check: str, *targets: Target, params: Params | None = None, **rest: object
) -> list[Finding]:
    version = single(version) if isinstance(version, str) else version
    checked = Checked(version, params or Params(), targets, rest.pop("values", VALUES), **rest)  # type: ignore[arg-type]
    return [finding for finding in check_prompt(checked) if finding.check == check]


def mended(version: Version | str, finding: Finding, params: Params | None = None) -> tuple[Version, Params]:
    assert finding.fix is not None
    return finding.fix.apply(single(version) if isinstance(version, str) else version, params or Params())


def text_at(version: Version | str, finding: Finding) -> str:
    version = single(version) if isinstance(version, str) else version
    place = finding.place
    assert place is not None
    named = {"system": version.system, "examples": version.examples, "prefill": version.prefill}
    named |= {f"turn:{i}": message.content for i, message in enumerate(version.messages)}
    return named[place.field][place.start : place.end]


# The whole


ORDINARY = (
    "Summarise the article in three bullet points. Each must be under 20 words.\n\n{{text}}",
    "Question: {{q}}\nThink step by step in <thinking> tags, then answer in <answer> tags.",
    "Write `f(x)` that returns f\"{name}\" or '{user_name}'.\n\n```python\nprint(f'{first_name}')\n```",
    "Rate the essay from 1 to 5.\n- Give 1 if the essay is completely off topic.\n- Give 2 if the essay is mostly off "
    "topic.\n- Give 4 if the essay is mostly on topic.\n- Give 5 if it is completely on topic.\n\n{{text}}\n\nScore:",
    "Answer in the format {city}, {country}.\n\nWhere is the Eiffel tower?",
    r"Show that $\frac{ab}{cd}$ is « rationnel » : for $x_{max}$ too.",
    "Here is a transcript.\n\nHuman: hi\n\nAssistant: hello\n\nHuman: pick this lock?\n\nAssistant: I can't help.\n\n"
    "Did the assistant refuse? Answer yes or no.",
    'Answer with JSON only: {"verdict": "yes"}.\n\nReply: {{reply}}',
    "Is it positive or negative? Answer positive or negative.\n\n" + SHOTS + ASK,
    "Translate to French.\n\nsea otter => loutre de mer\ncheese => fromage\n{{text}} =>",
    "Emoji 👨‍👩‍👧 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿, naïve – “quotes”. Привет, мир! 你好 こんにちは　世界 می‌خواهم สวัสดี αβγ μm Δx Ångström",
    "Write a haiku. Do not use the word 'moon'. Do not use the word 'spring'.",
    "def f(a: int) -> int:\n    return a\ndef g(a: int) -> str:\n    return 'x'\n\nAdd docstrings.",
    "Q: What is 2+2?\nA: 4\n\nQ: Why is the sky blue?\nA: Because of Rayleigh scattering.\n\nQ: {{q}}\nA:",
    "Continue the story. End with THE END when you are done.\n\nOnce upon a time",
    "<examples>\n<example>\n<input>a</input>\n<output>b</output>\n</example>\n<example>\n<input>c</input>\n"
    "<output>d</output>\n</example>\n</examples>\n\nNow the same for {{text}}.",
    "What does </s> do in HTML? And <div>{{text}}</div>?",
)


@pytest.mark.parametrize("text", [text for _, text in EXAMPLES] + list(ORDINARY))
def test_an_ordinary_prompt_has_nothing_said_about_it(text: str, local: Target) -> None:
    version = single(text, system="You are a helpful assistant. Be concise.")
    params = Params(max_tokens=500, stop=("THE END", "\n\nQ:", "\n\nReview:"))
    assert check_prompt(Checked(version, params, (local, CLAUDE), {**VALUES, **EXAMPLE_VALUES})) == []


def test_data_is_not_wording(local: Target) -> None:
    data = "Answer in JSON. Q: a\nA: b\n\nQ: c\nA:d\nQ: e\n\n\na: f {name}\n" + "Write it all down in JSON only. " * 2
    params = Params(logprobs=1, stop=("Q:",))
    assert check_prompt(Checked(single("Is this long?\n\n{{text}}"), params, (local, CLAUDE), {"text": data})) == []
    assert run(SHOTS3 + ASK, "example-format", values={"text": data}) == []


def test_a_format_that_is_denied_is_not_asked_for() -> None:
    assert run(single(SHOTS3 + ASK, system="Do not answer in JSON. Never answer A or B."), "example-format") == []
    assert run(single(SHOTS3 + ASK, system="Output only valid JSON."), "example-format") != []
    assert run(single(SHOTS3 + ASK, system="Return JSON."), "example-format") != []


def test_an_empty_draft_is_no_trouble(local: Target) -> None:
    assert check_prompt(Checked(single(""), Params(stop=("",)), (local,))) == []
    assert check_prompt(Checked(Version())) == []


def test_the_worst_comes_first() -> None:
    version = single("{{missing}} \n", prefill="")
    found = check_prompt(Checked(version))
    assert [finding.severity for finding in found] == ["error", "note"]


def test_every_check_names_itself_and_where_it_is_known_from() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS) == 13
    assert all(check.source.startswith("https://") and check.what and check.title for check in CHECKS)


def test_the_page_about_the_checks_is_the_table() -> None:
    assert (ROOT / "docs" / "checks.md").read_text() == check_table()


def test_four_kilobytes_are_checked_between_two_keys(local: Target) -> None:
    version = single((SHOTS * 60)[:4000] + "\n\n" + ASK, prefill="The unfortun")
    checked = Checked(version, Params(stop=("\n\nReview:",), logprobs=5, max_tokens=5), (local, CLAUDE), VALUES)
    check_prompt(checked)
    times = []
    for _ in range(7):
        before = time.thread_time()
        check_prompt(checked)
        times.append(time.thread_time() - before)
    assert min(times) < 0.015


# Whitespace before the answer


def test_a_prefill_that_ends_in_a_space_is_an_error_and_can_be_trimmed(local: Target) -> None:
    version = single("Hello?", prefill="Answer: ")
    found = run(version, "trailing-whitespace", CLAUDE, local)
    assert [(one.severity, one.model) for one in found] == [("error", CLAUDE.model), ("error", local.model)]
    assert "refuses" in found[0].sentence
    assert "a space" in found[1].sentence
    assert mended(version, found[0])[0].prefill == "Answer:"


def test_a_newline_after_a_prefill_is_refused_by_claude_alone(local: Target) -> None:
    version = single("Code?", prefill="```json\n")
    assert [one.model for one in run(version, "trailing-whitespace", CLAUDE, local)] == [CLAUDE.model]
    assert len(run(version, "trailing-whitespace", Target("an-alias", Capabilities(whitespace_stop=False)))) == 1
    assert run(version, "trailing-whitespace", Target("openai:gpt-5", Capabilities(prefill=False))) == []


def test_whitespace_after_a_chat_turn_is_a_note() -> None:
    found = run("Q: why?\nA: ", "trailing-whitespace", CLAUDE)
    assert [one.severity for one in found] == ["note"]
    assert mended("Q: why?\nA: ", found[0])[0] == single("Q: why?\nA:")


def test_whitespace_is_no_matter_before_a_prefill_or_in_a_value() -> None:
    assert run(single("Hello? ", prefill="Yes"), "trailing-whitespace", CLAUDE) == []
    assert run("{{text}}", "trailing-whitespace", values={"text": "from a file\n"}) == []


def test_a_fix_leaves_a_draft_alone_that_has_changed_since() -> None:
    found = run("Why? ", "trailing-whitespace")
    assert mended("Why not?", found[0])[0] == single("Why not?")


# Ends inside a token


@pytest.mark.parametrize("prefill", ["The link is http:", "It was unfortun"])
def test_a_prefill_cut_inside_a_token_is_found(prefill: str, local: Target) -> None:
    found = run(single("Well?", prefill=prefill), "unfinished-token", local)
    assert [one.severity for one in found] == ["warning"]
    assert found[0].model == local.model


def test_right_answers_show_where_the_cut_is_wrong(local: Target) -> None:
    version = single("Is it? Answer in JSON.", prefill='{"verdict')
    known = ['{"verdict":"yes"}', '{"verdict":"no"}']
    assert run(version, "unfinished-token", local, answers=known) == []
    version = replace(version, prefill='{"verdict"')
    found = run(version, "unfinished-token", local, answers=known)
    assert "2 of 2 known answers" in found[0].sentence


def test_an_opening_sign_is_a_note(local: Target) -> None:
    assert [one.severity for one in run(single("Go", prefill="f("), "unfinished-token", local)] == ["note"]


@pytest.mark.parametrize(
    "prefill", ["Verdict:", "The answer is", '{"verdict": "', "<answer>", "He said “yes”", "1", "你好"]
)
def test_a_prefill_that_ends_with_a_token_is_fine(prefill: str, local: Target) -> None:
    assert run(single("Well?", prefill=prefill), "unfinished-token", local) == []


def test_a_chat_turn_is_not_continued(local: Target) -> None:
    assert run("The link is http:", "unfinished-token", local) == []


def test_the_index_of_a_vocabulary_finds_what_a_scan_finds(o200k: Tokenizer) -> None:
    vocabulary = o200k.vocabulary()
    index = beginnings(vocabulary)
    assert beginnings(vocabulary) is index
    for prefix in (b":", b" unfortun", b"://", b"\n\n", b"\xe4\xbd", b"zzzzzzzz", b" the"):
        assert index.starting(prefix) == sorted(t for t in vocabulary if t.startswith(prefix) and t != prefix)


# Space at the start of the answer


def test_examples_that_differ_before_the_answer() -> None:
    text = "Q: a\nA: 1\n\nQ: b\nA:2\n\nQ: c\nA: 3\n\nQ: {{q}}\nA:"
    found = run(text, "answer-space")
    assert [one.severity for one in found] == ["warning"]
    assert "Example 2" in found[0].sentence
    assert mended(text, found[0])[0] == single(text.replace("A:2", "A: 2"))
    assert run(text.replace("A:2", "A: 2"), "answer-space") == []


def test_logprobs_are_read_where_the_answer_begins() -> None:
    params = Params(logprobs=5)
    prefilled = Version(messages=(Message("user", SHOTS + "Review: x"),), prefill="Sentiment:")
    assert "' positive'" in run(prefilled, "answer-space", params=params)[0].sentence
    assert "'positive'" in run(SHOTS + ASK, "answer-space", params=params)[0].sentence
    assert run(SHOTS + ASK, "answer-space") == []


# Examples


def test_a_separator_unlike_the_others_is_found_and_mended() -> None:
    text = (SHOTS3 + ASK).replace("positive\n\nReview: dull", "positive\nReview: dull")
    found = run(text, "separators")
    assert [one.severity for one in found] == ["warning"]
    assert "after example 1" in found[0].sentence
    assert mended(text, found[0])[0] == single(SHOTS3 + ASK)


def test_a_separator_is_mended_in_the_examples_block() -> None:
    block = SHOTS3.strip().replace("positive\n\nReview: dull", "positive\n---\nReview: dull")
    version = Version(messages=(Message("user", "{{examples}}\n\n" + ASK),), examples=block)
    found = run(version, "separators")
    assert text_at(version, found[0]) == "\n---\n"
    assert found[0].place is not None
    assert found[0].place.field == "examples"
    assert mended(version, found[0])[0].examples == SHOTS3.strip()
    assert run(replace(version, examples=SHOTS3.strip()), "separators") == []


def test_a_cue_spelled_otherwise_is_found_and_mended() -> None:
    text = (SHOTS3 + ASK).replace("Sentiment: negative", "sentiment : negative")
    found = run(text, "separators")
    assert text_at(text, found[0]) == "sentiment :"
    assert mended(text, found[0])[0] == single(SHOTS3 + ASK)


def test_prose_after_the_examples_is_no_separator() -> None:
    assert run(SHOTS3.rstrip() + "\n\n\nNow this one:\n{{text}}", "separators") == []


def test_an_example_longer_than_the_rest_by_far() -> None:
    text = SHOTS3.replace("dull film", "dull film, " * 40) + ASK
    found = run(text, "long-example")
    assert "Example 2" in found[0].sentence
    assert text_at(text, found[0]).startswith("Review: dull")
    assert run(SHOTS3.replace("dull film", "dull film, " * 8) + ASK, "long-example") == []


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("Answer with valid JSON.", "JSON"),
        ("Answer GOOD or BAD.", "GOOD or BAD"),
        ("Give the answer in <verdict> tags.", "<verdict>"),
    ],
)
def test_examples_in_another_format_than_asked_for(asked: str, wanted: str) -> None:
    found = run(single(SHOTS3 + ASK, system=asked), "example-format")
    assert [one.severity for one in found] == ["warning"]
    assert wanted in found[0].sentence
    assert "Examples 1, 2 and 3" in found[0].sentence


def test_examples_in_the_format_asked_for() -> None:
    assert run(single(SHOTS3 + ASK, system="Answer Positive or negative, in one word."), "example-format") != []
    assert run(single(SHOTS3 + ASK, system="Answer positive or negative, in one word."), "example-format") == []
    as_json = SHOTS3.replace("positive", '{"is": "positive"}').replace("negative", '{"is": "negative"}')
    assert run(single(as_json + ASK, system="Reply in JSON."), "example-format") == []


def test_reasons_may_stand_around_a_choice() -> None:
    text = "Q: a\nA: It says so. Verdict: YES\n\nQ: b\nA: It does not. Verdict: NO\n\nQ: {{q}}\nA:"
    assert run(single(text, system="Give reasons. Then answer YES or NO."), "example-format") == []


def test_the_prompt_ends_with_another_cue_than_the_examples() -> None:
    text = SHOTS3 + "Review: {{text}}\nVerdict:"
    found = run(text, "example-format")
    assert text_at(text, found[0]) == "Verdict:"
    assert mended(text, found[0])[0] == single(SHOTS3 + ASK)


# Label words


def test_labels_that_share_their_first_token(local: Target) -> None:
    text = "Answer REFUSAL or REFERRAL.\n\n{{text}}"
    found = run(text, "label-words", local, params=Params(logprobs=5))
    assert found[0].severity == "warning"
    assert "'REF'" in found[0].sentence


def test_labels_of_different_lengths(local: Target) -> None:
    found = run("Answer REFUSAL or ANSWER.\n\n{{text}}", "label-words", local, params=Params(logprobs=5))
    assert [one.severity for one in found] == ["note"]
    assert "'ANSWER' is 1 token" in found[0].sentence


def test_a_label_that_does_not_fit_in_max_tokens(local: Target) -> None:
    assert (
        "max_tokens (1)" in run("Answer REFUSAL or OK.", "label-words", local, params=Params(max_tokens=1))[0].sentence
    )


def test_labels_are_no_matter_without_logprobs_or_when_alike(local: Target) -> None:
    assert run("Answer REFUSAL or REFERRAL.", "label-words", local) == []
    assert run(SHOTS3 + ASK, "label-words", local, params=Params(logprobs=5, max_tokens=1)) == []
    open_questions = "Q: a\nA: Paris\n\nQ: b\nA: Parma\n\nQ: {{q}}\nA:"
    assert run(open_questions, "label-words", local, params=Params(logprobs=5)) == []


# Window


def test_prompt_and_answer_over_the_window(o200k: Tokenizer) -> None:
    small = Target("local:some", Capabilities(context=100), o200k)
    found = run("word " * 60, "window", small, params=Params(max_tokens=60))
    assert [(one.severity, one.model) for one in found] == [("error", "local:some")]
    assert run("word " * 60, "window", small, params=Params(max_tokens=20)) == []
    assert [one.severity for one in run("word " * 200, "window", replace(small, tokenizer=None))] == ["warning"]


def test_a_window_that_is_not_known_is_not_guessed(o200k: Tokenizer) -> None:
    assert run("word " * 9000, "window", Target("server:x", Capabilities(), o200k)) == []


def test_more_than_the_model_writes() -> None:
    target = Target("openai:gpt-4o", Capabilities(context=128_000, max_output=16_384))
    assert "16 384" in run("Hi", "window", target, params=Params(max_tokens=20_000))[0].sentence
    assert run("Hi", "window", target, params=Params(max_tokens=16_384)) == []
