"""The draft on the Play pane: what would be sent, what keeps it from being sent, what the next session finds."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cockpit.core.draft import SETTINGS, PlayDraft, parse_stops
from cockpit.core.errors import InputError
from cockpit.core.params import Params
from cockpit.core.prompts import Message

DRAFT = PlayDraft(turns=(Message("user", "Grade {{reply}} like {{judge}}."),), system="Be brief.")


def test_the_version_is_the_text_character_for_character() -> None:
    draft = PlayDraft(turns=(Message("user", "  a\n\n"),), system=" s ", prefill=" p")
    version = draft.version()
    assert (version.system, version.messages[0].content, version.prefill) == (" s ", "  a\n\n", " p")


def test_a_variable_without_a_value_is_named() -> None:
    assert DRAFT.unfilled() == ("reply", "judge")
    assert "{{reply}}, {{judge}}" in DRAFT.problems()[0]
    assert DRAFT.with_value("reply", "No.").with_value("judge", "").problems() == []


def test_the_columns_of_the_inputs_file_win_over_typed_values() -> None:
    draft = replace(
        DRAFT.with_value("reply", "typed").with_value("judge", "me"), inputs=({"reply": "1"}, {"reply": "2"})
    )
    assert [row["reply"] for row in draft.rows()] == ["1", "2"]
    assert draft.typed_variables() == ("judge",)
    assert replace(draft, models=("a:b", "a:c"), n=3).requests() == 12


def test_a_sweep_multiplies_the_requests() -> None:
    assert replace(PlayDraft(n=2), sweep={"temperature": (0.0, 1.0), "top_p": (0.5, 0.9, 1.0)}).requests() == 12


@pytest.mark.parametrize("turns", [(Message("user", ""),), (Message("user", "a"), Message("assistant", "b"))])
def test_what_cannot_be_answered_is_not_sent(turns: tuple[Message, ...]) -> None:
    assert PlayDraft(turns=turns).problems()


def test_turns_are_added_edited_and_taken_out() -> None:
    draft = PlayDraft(turns=(Message("user", "a"),)).with_turn_after(0).with_turn(1, "b").with_turn_after(1)
    assert [turn.role for turn in draft.turns] == ["user", "assistant", "user"]
    assert [turn.content for turn in draft.without_turn(1).turns] == ["a", ""]
    assert PlayDraft(turns=(Message("user", "a"),)).without_turn(0).turns == (Message("user", ""),)


@pytest.mark.parametrize(
    ("typed", "stops"),
    [
        ("", ()),
        ('"\\n\\n"', ("\n\n",)),
        ('"a", "b c"', ("a", "b c")),
        ("Human:", ("Human:",)),
        ("\\n", ("\n",)),
        ('" "', (" ",)),
    ],
)
def test_stop_strings_are_read_as_typed_and_shown_so_that_they_read_back(typed: str, stops: tuple[str, ...]) -> None:
    draft = PlayDraft().with_setting("stop", typed)
    assert draft.params.stop == stops
    assert parse_stops(draft.setting("stop")) == stops


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("temperature", "hot"),
        ("temperature", "3"),
        ("max_tokens", "1.5"),
        ("n", "0"),
        ("n", "many"),
        ("stop", '"a'),
        ("top_p", "nan"),
        ("cap_usd", "x"),
        ("reasoning_effort", "huge"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(name: str, text: str) -> None:
    with pytest.raises(InputError) as refused:
        PlayDraft().with_setting(name, text)
    assert str(refused.value).endswith(".")


def test_every_setting_can_be_set_shown_and_unset() -> None:
    values = {"models": "a:b, c:d", "n": "3", "stop": '"x"', "reasoning_effort": "low", "cap_usd": "$2"}
    for name in SETTINGS:
        text = values.get(name, "1")
        draft = PlayDraft().with_setting(name, text)
        assert draft.with_setting(name, draft.setting(name)) == draft
        if name != "n":
            assert draft.with_setting(name, "").setting(name) == ""


def test_the_next_session_finds_all_but_the_rows_of_the_inputs_file() -> None:
    params = Params(temperature=0.5, stop=("\n",))
    draft = replace(
        DRAFT, params=params, models=("a:b",), sweep={"seed": (1, 2)}, inputs=({"a": "b"},), inputs_path="x"
    )
    back = PlayDraft.from_json(json.loads(json.dumps(draft.to_json())))
    assert back == replace(draft, inputs=())


@pytest.mark.parametrize(
    "junk", [{}, {"turns": 3}, {"turns": []}, {"n": "x"}, {"params": {"zeal": 1}}, {"models": None}]
)
def test_what_another_version_wrote_does_no_harm(junk: dict[str, object]) -> None:
    draft = PlayDraft.from_json(junk)
    assert draft.turns
    assert draft.n >= 1


def test_the_draft_is_changed_until_its_very_content_is_saved() -> None:
    saved = DRAFT.with_version(DRAFT.version(), number=7, saved=True)
    assert not saved.changed
    assert saved.with_turn(0, "other").changed
    assert not saved.with_turn(0, "other").with_turn(0, DRAFT.turns[0].content).changed
