"""The parts of a prompt tile what is sent, and are called what a person would call them."""

from __future__ import annotations

from cockpit.core.prompts import Message, Version, render, single
from cockpit.core.sections import Section, sections

SHOTS = "Q: 1+1?\nA: 2\n\nQ: 2+2?\nA: 4"


def names(found: tuple[Section, ...]) -> list[tuple[str, str]]:
    return [(section.kind, section.label) for section in found]


def assert_tiled(version: Version) -> None:
    found = sections(version)
    fields = {"system": version.system, "prefill": version.prefill}
    fields |= {f"turn:{i}": message.content for i, message in enumerate(version.messages)}
    for field, text in fields.items():
        parts = [section for section in found if section.field == field]
        assert "".join(section.text for section in parts) == text
        assert [section.start for section in parts[1:]] == [section.end for section in parts[:-1]]


def test_each_field_is_a_section_and_the_empty_ones_none() -> None:
    version = single("Hello", system="Be kind.", prefill="Hi")
    assert names(sections(version)) == [("system", "system"), ("message", "user"), ("prefill", "prefill")]
    assert sections(Version()) == ()
    assert_tiled(version)


def test_turns_are_numbered_in_pairs() -> None:
    version = Version(messages=(Message("user", "a"), Message("assistant", "b"), Message("user", "c")))
    assert [label for _, label in names(sections(version))] == ["user 1", "assistant 1", "user 2"]


def test_examples_and_question_of_a_turn_are_sections() -> None:
    version = single(f"Add up.\n\n{SHOTS}\n\nQ: 3+3?\nA:")
    kinds = [("message", "user"), ("example", "example 1"), ("example", "example 2"), ("question", "question")]
    found = sections(version)
    assert names(found) == kinds
    assert found[1].text == "Q: 1+1?\nA: 2\n\n"
    assert found[3].text == "Q: 3+3?\nA:"
    assert_tiled(version)


def test_the_examples_block_is_found_where_it_was_put() -> None:
    labelled = render(Version(messages=(Message("user", "{{examples}}\n\nQ: {{q}}\nA:"),), examples=SHOTS), {"q": "5?"})
    assert [label for _, label in names(sections(labelled))] == ["example 1", "example 2", "question"]
    plain = render(
        Version(messages=(Message("user", "Like these:\n{{examples}}\n\nGo."),), examples="a poem\n\na song"), {}
    )
    assert names(sections(plain)) == [("message", "user"), ("example", "examples"), ("question", "question")]
    assert_tiled(labelled)
    assert_tiled(plain)
