"""The checks of what a prompt says: placeholders, repeated instructions, characters, stops, template tokens."""

from __future__ import annotations

import pytest

from cockpit.core.check_values import Fix
from cockpit.core.checks import Target
from cockpit.core.models import Capabilities
from cockpit.core.params import Params
from cockpit.core.prompts import Message, Version, single
from cockpit.core.tokens import Tokenizer
from tests.core.test_checks import ASK, CLAUDE, SHOTS3, mended, run, text_at


@pytest.fixture(scope="module")
def harmony() -> Tokenizer:
    from cockpit.tokenizers import openai

    return openai.load("o200k_harmony")


# Placeholders


def test_a_variable_without_a_value() -> None:
    found = run("Say {{what}} about {{text}}.", "placeholder")
    assert [one.severity for one in found] == ["error"]
    assert text_at("Say {{what}} about {{text}}.", found[0]) == "{{what}}"


def test_a_variable_in_single_braces() -> None:
    text = "Answer the question.\n\nQuestion: {question}\n"
    found = run(text, "placeholder")
    assert [one.severity for one in found] == ["warning"]
    assert mended(text, found[0])[0] == single(text.replace("{question}", "{{question}}"))
    assert run("Use {text} here and there.", "placeholder") != [], "the name of a value that is given"


@pytest.mark.parametrize("text", ["Dear [insert name here],", "<paste the text>", "Say {{two words}} now."])
def test_a_gap_left_to_fill(text: str) -> None:
    assert [one.severity for one in run(text, "placeholder")] == ["warning"]


@pytest.mark.parametrize(
    "text",
    [
        "Format: {city}, {country}",
        '{"name": "x"} and {key} in JSON',
        "`{name}` and ${HOME} and f'{name}'",
        "[1] [a link](b) <b>x</b>",
        "All of {{text}}.",
    ],
)
def test_braces_that_are_meant(text: str) -> None:
    assert run(text, "placeholder") == []


def test_an_examples_block_that_is_not_sent() -> None:
    version = Version(messages=(Message("user", "Hello"),), examples="Q: a\nA: b")
    found = run(version, "placeholder")
    assert "not sent" in found[0].sentence
    mended_version = mended(version, found[0])[0]
    assert mended_version.messages[0].content == "{{examples}}\n\nHello"
    assert run(mended_version, "placeholder") == []


def test_an_examples_block_that_is_empty_or_has_variables_of_its_own() -> None:
    assert "empty" in run("{{examples}} Hello", "placeholder")[0].sentence
    version = Version(messages=(Message("user", "{{examples}} Hello"),), examples="Q: {{text}}")
    found = run(version, "placeholder")
    assert text_at(version, found[0]) == "{{text}}"


def test_a_raw_turn_is_sent_as_it_stands_by_design() -> None:
    version = Version(
        messages=(Message("user", "Hi"), Message("assistant", "{{x}}", raw=True), Message("user", "Go on"))
    )
    assert run(version, "placeholder") == []


# Repeated instructions


def test_the_same_instruction_twice_is_found_and_one_dropped() -> None:
    text = "Answer the question in one short sentence.\n{{text}}\nAnswer the question in one short sentence."
    found = run(text, "repeated-instruction")
    assert [one.severity for one in found] == ["note"]
    assert mended(text, found[0])[0] == single("Answer the question in one short sentence.\n{{text}}")


def test_nearly_the_same_in_the_system_prompt() -> None:
    version = single(
        "Please always answer the questions in formal British English.",
        system="Answer questions in formal British English.",
    )
    found = run(version, "repeated-instruction")
    assert "nearly" in found[0].sentence
    assert found[0].fix is None


@pytest.mark.parametrize(
    "text",
    [
        "Write 3 poems about the green sea. Write 5 poems about the green sea.",
        "Do not mention the price of the car. Do not mention the colour of the car.",
        "Use formal language about the king. Don't use formal language about the king.",
        "Log: error while reading the disk.\nLog: error while reading the disk.",
        "Say yes. Say yes.",
    ],
)
def test_instructions_that_only_look_alike(text: str) -> None:
    assert run(text, "repeated-instruction") == []


def test_examples_may_repeat_themselves() -> None:
    text = "Q: Write a poem about green trees.\nA: x\n\nQ: Write a poem about green trees.\nA: y\n\nQ: {{q}}\nA:"
    assert run(text, "repeated-instruction") == []


# Characters


@pytest.mark.parametrize(
    ("text", "mended_text", "severity"),
    [
        ("zero\u200bwidth", "zerowidth", "warning"),
        ("\ufeffHello", "Hello", "warning"),
        ("no\u00a0break", "no break", "note"),
        ("soft\u00adhyphen", "softhyphen", "warning"),
        ("ev\u202eil", "evil", "warning"),
        ("bell\x07", "bell", "warning"),
        ("tag\U000e0041", "tag", "warning"),
        ("\u0440aypal", "paypal", "warning"),
        ("b\u043enus \u0441ode", "bonus code", "warning"),
    ],
)
def test_characters_that_deceive_are_found_and_mended(text: str, mended_text: str, severity: str) -> None:
    found = run(text, "hidden-characters")
    assert [one.severity for one in found] == [severity]
    assert mended(text, found[0])[0] == single(mended_text)


@pytest.mark.parametrize(
    "text",
    [
        "👩‍💻 👨‍👩‍👧 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "می‌خواهم क्‍ष",
        "« Bonjour » : ça va ?",
        "日本語　テキスト",
        "שלום\u200f hello",
        "Привет мир, это слово",
        "Ωmega µm Δt αx café naïve – — “” ’ …",
        "ภาษา\u200bไทย",
        "tab\tand\r\nline",
        "10\u00a0000 km",
    ],
)
def test_characters_that_a_script_needs(text: str) -> None:
    assert run(text, "hidden-characters") == []


def test_characters_in_every_field_are_placed_there() -> None:
    version = Version("sys\u200btem", (Message("user", "{{examples}} ok"),), "ex\u200bample", "pre\u200bfill")
    found = run(version, "hidden-characters")
    assert {one.place.field for one in found if one.place} == {"system", "examples", "prefill"}


# Stop strings


def fixed_stops(fix: Fix | None, *stops: str) -> tuple[str, ...]:
    assert fix is not None
    return fix.apply(single("x"), Params(stop=stops))[1].stop


def test_a_stop_inside_the_examples_answers() -> None:
    text = "Q: a\nA: first line\nsecond line\n\nQ: b\nA: one\ntwo\n\nQ: {{q}}\nA:"
    found = run(text, "stop-in-format", params=Params(stop=("\n", "\n\nQ:")))
    assert [one.severity for one in found] == ["error"]
    assert "2 examples' answers" in found[0].sentence
    assert fixed_stops(found[0].fix, "\n", "\n\nQ:") == ("\n\nQ:",)


def test_a_stop_that_answers_begin_with() -> None:
    text = "Q: a\nA:\nParis\n\nQ: b\nA:\nRome\n\nQ: c"
    version = single(text, prefill="A:")
    found = run(version, "stop-in-format", params=Params(stop=("\n",)))
    assert "empty" in found[0].sentence
    assert run(single(text.replace("A:\n", "A: "), prefill="A:"), "stop-in-format", params=Params(stop=("\n",))) == []


def test_a_stop_inside_right_answers() -> None:
    found = run("Hi", "stop-in-format", params=Params(stop=(".",)), answers=("It is. So there.", "Yes"))
    assert found[0].severity == "warning", "right answers are the project's, maybe to another prompt"
    assert "1 of 2" in found[0].sentence
    assert run("Hi", "stop-in-format", params=Params(stop=("\n",)), answers=("It is.\n", "Yes")) == []


def test_a_stop_that_the_prompt_asks_to_write() -> None:
    text = "Think aloud, then write 'Answer:' followed by the letter."
    found = run(text, "stop-in-format", params=Params(stop=("Answer:",)))
    assert [one.severity for one in found] == ["warning"]
    assert text_at(text, found[0]) == "Answer:"


@pytest.mark.parametrize(
    ("text", "stop"),
    [
        (SHOTS3 + ASK, "\n\nReview:"),
        (SHOTS3 + ASK, "\n"),
        ("Write a story. Finish with 'THE END' and nothing more.", "THE END"),
        ("Write the code in <code> tags.", "</code>"),
    ],
)
def test_a_stop_that_ends_what_it_should(text: str, stop: str) -> None:
    assert run(text, "stop-in-format", params=Params(stop=(stop,))) == []


# Template tokens


def test_a_special_token_of_the_model_in_use(harmony: Tokenizer) -> None:
    target = Target("server:gpt-oss-20b", Capabilities(), harmony)
    text = "What does <|end|> mean? And <|im_end|>?"
    found = run(text, "template-token", target)
    assert [(one.severity, text_at(text, one)) for one in found] == [("warning", "<|end|>"), ("note", "<|im_end|>")]


@pytest.mark.parametrize("text", ["a <| b |> c", "x |> f", "</s> and <s>", "[INSTALL] it", "Human: hi", "<b>|</b>"])
def test_signs_that_are_no_token(text: str, harmony: Tokenizer) -> None:
    assert run(text, "template-token", Target("server:x", Capabilities(), harmony), CLAUDE) == []


def test_turn_marks_of_the_old_text_api() -> None:
    assert run("Hello\n\nAssistant:", "template-token", CLAUDE)[0].severity == "note"
    assert run("A transcript.\n\nHuman: a\n\nAssistant: b", "template-token", CLAUDE) == []
    assert run("Hello\n\nAssistant:", "template-token", Target("openai:gpt-4o")) == []
