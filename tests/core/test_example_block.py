"""Examples as text and as turns: exactly what was written, nothing expanded, one version for all inputs."""

from __future__ import annotations

import pytest

from cockpit.core.errors import PlanError
from cockpit.core.example_block import apply, apply_by_row, render_block
from cockpit.core.examples import Example, Template
from cockpit.core.prompts import Message, Version, render, single

TWO = (Example("one {{q}}", "A {{examples}}"), Example("two", "", label="B"))


def test_templates() -> None:
    assert render_block(TWO, Template()) == "Input: one {{q}}\nOutput: A {{examples}}\n\nInput: two\nOutput: B"
    assert render_block(TWO[1:], Template("xml", "q", "a")) == "<q>two</q>\n<a>B</a>"
    custom = Template("custom", body="{{input}} ({{label}}) -> {{ output }}", separator="\n--\n")
    assert render_block(TWO, custom) == "one {{q}} () -> A {{examples}}\n--\ntwo (B) -> B"
    assert render_block((), Template()) == ""


def test_text_of_an_example_is_never_expanded() -> None:
    for template in (Template(), Template("custom", body="{{input}}={{output}}"), Template("turns")):
        sent = render(apply(single("{{examples}}|{{q}}"), TWO, template), {"q": "Q"})
        text = "|".join(message.content for message in sent.messages)
        assert "one {{q}}" in text
        assert "A {{examples}}" in text
        assert text.endswith("|Q")


def test_turns_stand_before_the_last_user_turn() -> None:
    version = Version("s", (Message("user", "hi"), Message("assistant", "yes?"), Message("user", "{{q}}")))
    sent = apply(version, TWO, Template("turns"))
    assert [m.content for m in sent.messages] == ["hi", "yes?", "one {{q}}", "A {{examples}}", "two", "B", "{{q}}"]


def test_a_prompt_without_a_place_is_refused() -> None:
    with pytest.raises(PlanError, match="no place"):
        apply(single("{{q}}"), TWO, Template())


def test_each_input_has_its_own_examples_in_one_version() -> None:
    for template in (Template(), Template("turns")):
        version, values = apply_by_row(single("{{examples}}{{q}}"), (TWO[:1], TWO[1:]), template)
        for row, own in zip(values, (TWO[:1], TWO[1:]), strict=True):
            filled = {**row, "q": "Q"}
            direct = render(apply(single("{{examples}}{{q}}"), own, template), {"q": "Q"})
            found = render(version, filled)
            assert [m.content for m in found.messages] == [m.content for m in direct.messages]


def test_turns_must_be_as_many_for_each_input() -> None:
    with pytest.raises(PlanError, match="between 1 and 2"):
        apply_by_row(single("{{q}}"), (TWO, TWO[:1]), Template("turns"))
