"""Few-shot examples are found by their labels, exactly where they stand; data that only looks so is left alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.shots import Shots, find_shots

CASES: tuple[tuple[str, list[str], str, str], ...] = (
    ("Q: 1+1?\nA: 2\n\nQ: 2+2?\nA: 4\n\nQ: {{q}}\nA:", ["2", "4"], "Q: {{q}}\nA:", "A:"),
    (
        "Do it.\n\nNote: a\nNote: b\n\nReview: x\nSentiment: up\n\nReview: y\nSentiment: ",
        ["up"],
        "Review: y\nSentiment: ",
        "Sentiment:",
    ),
    ("Example 1:\nQ: a\nA: b\n---\nExample 2:\nQ: c\nA: d\n---\nQ: {{x}}\nA:", ["b", "d"], "Q: {{x}}\nA:", "A:"),
    (
        "<examples>\n<example>\n<input>a</input>\n<output>b</output>\n</example>\n"
        "<example>\n<input>c</input>\n<output>d\ne</output>\n</example>\n</examples>\n\nNow do {{x}}",
        ["b", "d\ne"],
        "Now do {{x}}",
        "<output>",
    ),
    ("sea otter => loutre\ncheese => fromage\nplush giraffe =>", ["loutre", "fromage"], "plush giraffe =>", "=>"),
    (
        "Review: good. Sentiment: up\nReview: bad. Sentiment: down\nReview: {{x}} Sentiment:",
        ["up", "down"],
        "Review: {{x}} Sentiment:",
        "Sentiment:",
    ),
    (
        "Text: a\nLabel: x\n\nText: b\nLabel: y\n\nNow classify this:\n{{t}}",
        ["x", "y"],
        "Now classify this:\n{{t}}",
        "Label:",
    ),
    (
        "### Input\nfoo\n### Output\nbar\n\n### Input\n{{x}}\n### Output\n",
        ["bar"],
        "### Input\n{{x}}\n### Output\n",
        "### Output",
    ),
    ("**Q:** a\n**A:** b\n\n**Q:** c\n**A:** d\n\n**Q:** {{x}}\n**A:**", ["b", "d"], "**Q:** {{x}}\n**A:**", "**A:**"),
    ("问题：一\n答案：二\n\n问题：三\n答案：四\n\n问题：五\n答案：", ["二", "四"], "问题：五\n答案：", "答案："),
    (
        "Q: a\nThought: hm\nA: b\n\nQ: c\nThought: so\nA: d\n\nQ: e\nThought:",
        ["hm\nA: b", "so\nA: d"],
        "Q: e\nThought:",
        "Thought:",
    ),
    ("Joke: one\nJoke: two\nJoke: three\nJoke:", ["one", "two", "three"], "Joke:", "Joke:"),
    ("Q: a\nA: first\n\nsecond\n\nQ: b\nA: third\n\nQ: c\nA:", ["first\n\nsecond", "third"], "Q: c\nA:", "A:"),
    ("Review: x\nSentiment: up\n\nReview: y\nSentiment: down", ["up", "down"], "", "Sentiment:"),
)


def tiles(text: str, found: Shots) -> None:
    at = 0
    for i, shot in enumerate(found.shots):
        assert at <= shot.start <= shot.answer_at <= shot.answer_at + len(shot.answer) <= shot.end
        assert text[shot.start : shot.end] == shot.text
        assert text[shot.answer_at : shot.answer_at + len(shot.answer)] == shot.answer
        if i + 1 < len(found.shots):
            assert found.separators[i] == text[shot.end : found.shots[i + 1].start]
        at = shot.end
    assert at <= found.question_at <= len(text)
    assert text[found.question_at :] == found.question


@pytest.mark.parametrize(("text", "answers", "question", "cue"), CASES)
def test_examples_are_found_by_their_labels(text: str, answers: list[str], question: str, cue: str) -> None:
    found = find_shots(text)
    assert [shot.answer for shot in found.shots] == answers
    assert (found.question, found.cue) == (question, cue)
    tiles(text, found)


def test_separators_are_what_stands_between() -> None:
    found = find_shots("Q: a\nA: b\n---\nQ: c\nA: d\n\n\nQ: e\nA:")
    assert found.separators == ("\n---\n", "\n\n\n")


def test_an_example_without_an_answer_is_kept_with_none() -> None:
    found = find_shots("Q: a\nA: b\n\nQ: c\nA:\n\nQ: e\nA: f\n\nQ: g\nA:")
    assert [shot.answer for shot in found.shots] == ["b", "", "f"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Name one animal.",
        "Name: X\nAge: 3\n\nName: Y\nAge: 4\n\nWrite a poem.",
        "Is the reply a refusal?\n\nReply: {{reply}}\n\nVerdict:",
        "Alice: hi\nBob: hello\nAlice: how\nBob: fine\n\nSummarise.",
        "Human: hi\n\nAssistant: hello\n\nHuman: bye\n\nAssistant: bye\n\nWas that polite?",
        "try:\n  x\nexcept:\n  y\ntry:\n z\nexcept:\n  w\n",
        "def f() -> int:\n  pass\ndef g() -> str:\n  pass",
        "<table><tr><td>a</td><td>b</td></tr><tr><td>a</td><td>b</td></tr></table>",
        "Note: be brief.\nNote: be kind.",
    ],
)
def test_what_only_looks_like_examples(text: str) -> None:
    assert find_shots(text) == Shots(question=text)


@given(
    st.lists(
        st.sampled_from(["Q: ", "A: ", "A:", "x", "\n", "\n\n", "---", "=>", "<a>", "</a>", " ", "# B\n"]), max_size=40
    )
)
def test_whatever_the_text_the_places_are_right(parts: list[str]) -> None:
    text = "".join(parts)
    tiles(text, find_shots(text))


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 200_000,
        "a" + " " * 200_000 + "b",
        "--\n" * 60_000,
        "Q: 1\nA: 2\n" + "--\n" * 50_000 + "Q: 2\nA:",
        "<a<" * 60_000,
        "Q: x\nA: y\n\n" * 20_000,
        "".join(f"L{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}: x\n" for i in range(30_000)),
    ],
    ids=["newlines", "spaces", "dividers", "divided", "tags", "examples", "labels"],
)
def test_long_texts_take_no_long_time(text: str) -> None:
    before = time.thread_time()
    find_shots(text)
    assert time.thread_time() - before < 2
