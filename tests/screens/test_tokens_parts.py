"""The Tokens pane's parts that need no screen: places in a prompt, headings, words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.catalog import Catalog
from cockpit.core.draft import PlayDraft
from cockpit.core.errors import InputError
from cockpit.core.models import Capabilities, Price
from cockpit.core.params import Params
from cockpit.core.prompts import Message, fill
from cockpit.core.tokens import Choice, Tokens
from cockpit.screens import tokens_words as words
from cockpit.screens.tokens_read import (
    HEAD,
    UNKNOWN,
    Ask,
    Chosen,
    Lane,
    Placed,
    count_sections,
    cut_special,
    lines_of,
)
from cockpit.screens.tokens_source import (
    Part,
    Subject,
    Written,
    complete_file,
    file_subject,
    prompt_subject,
    rendered_place,
    scratch_subject,
    values_at,
    with_fix,
    written_place,
)
from cockpit.tokenizers.registry import Tokenizers

KNOWN = {"a": "one", "b": "", "long": "x" * 30}
PIECES = st.lists(st.sampled_from(["{{a}}", "{{b}}", "{{long}}", "{{none}}", "text ", "é", "\n"]), max_size=8)


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> Tokenizers:
    return Tokenizers(Catalog({}), {}, tmp_path_factory.mktemp("home"), {})


@given(PIECES, st.integers(0, 8))
def test_a_place_between_variables_is_found_in_the_rendered_text_and_back(pieces: list[str], n: int) -> None:
    text, before = "".join(pieces), "".join(pieces[:n])
    there = rendered_place(text, KNOWN, "", len(before))
    assert there == len(fill(before, KNOWN))
    assert rendered_place(text, KNOWN, "", written_place(text, KNOWN, "", there)) == there


def test_raw_turns_have_no_variables() -> None:
    assert rendered_place(Message("assistant", "{{a}} b", raw=True), KNOWN, "", 6) == 6


def test_a_variable_without_a_value_stands_as_it_is_written() -> None:
    draft = PlayDraft(turns=(Message("user", "Say {{a}} and {{b}}"),), values={"a": "x"})
    assert prompt_subject(Written(draft, "p")).parts[0].text == "Say x and {{b}}"


def test_each_input_fills_the_prompt_in_turn() -> None:
    draft = PlayDraft(turns=(Message("user", "Say {{a}}"),), inputs=({"a": "1"}, {"a": "2"}))
    assert values_at(draft, 1) == {"a": "2"}
    second = prompt_subject(Written(draft, "p"), 1)
    assert (second.parts[0].text, second.title) == ("Say 2", "p · input 2 of 2")


def test_a_fix_keeps_what_a_version_does_not_hold() -> None:
    draft = PlayDraft(turns=(Message("user", "a "),), models=("m",), values={"x": "1"}, saved_digest="d")
    fixed = with_fix(draft, PlayDraft(turns=(Message("user", "a"),)).version(), Params(max_tokens=5))
    assert (fixed.turns[0].content, fixed.params.max_tokens, fixed.models) == ("a", 5, ("m",))
    assert fixed.values == {"x": "1"}
    assert fixed.changed


def test_scratch_text_is_never_filled() -> None:
    subject = scratch_subject("{{a}}")
    assert subject.version is not None
    assert subject.version.messages[0].raw


def test_a_files_bytes_that_are_no_text_are_shown_and_said(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"a\xffb")
    subject = file_subject(str(tmp_path / "f"))
    assert subject.parts[0].text == "a\ufffdb"
    assert "UTF-8" in subject.note


@pytest.mark.parametrize("path", ["/nowhere/at/all", "a\0b", "."])
def test_a_file_that_cannot_be_read_says_so(path: str) -> None:
    with pytest.raises(InputError, match="Cannot read"):
        file_subject(path)


def test_tab_completes_any_file(tmp_path: Path) -> None:
    (tmp_path / "prompt-one.txt").touch()
    (tmp_path / "prompt-two.weird").touch()
    (tmp_path / ".hidden").touch()
    done, names = complete_file(f"{tmp_path}/pr")
    assert done == f"{tmp_path}/prompt-"
    assert names == ["prompt-one.txt", "prompt-two.weird"]
    assert complete_file(f"{tmp_path}/.h")[0] == f"{tmp_path}/.hidden"
    assert complete_file("a\0/b") == ("a\0/b", [])


@given(st.text())
def test_lines_tile_the_text(text: str) -> None:
    made = lines_of(text)
    assert b"".join(made.bytes_of(i) for i in range(len(made))) == made.data
    assert set(made.ids) <= {HEAD}


def test_special_tokens_of_an_unpublished_template_are_one_token_each(tokenizers: Tokenizers) -> None:
    o200k = tokenizers.get("o200k_base")
    made = cut_special(o200k, "<|im_start|>user\nHello<|im_end|>")
    assert [made.bytes_of(i) for i, ident in enumerate(made.ids) if ident == UNKNOWN] == [
        b"<|im_start|>",
        b"<|im_end|>",
    ]
    assert b"".join(made.bytes_of(i) for i in range(len(made))) == made.data


def a_lane(tokenizers: Tokenizers, text: str, encoding: str = "o200k_base", **chosen: object) -> Lane:
    tokenizer = tokenizers.get(encoding)
    tokens = tokenizer.encode(text) if tokenizer.boundaries else lines_of(text)
    made = Chosen("openai:gpt-5", Choice(encoding, True, "OpenAI publishes it"), **chosen)  # type: ignore[arg-type]
    count = len(tokens) if tokenizer.boundaries else tokenizer.count(text)
    part = Placed(Part("turn:0", "user", text), 0, 0, tokens, count)
    return Lane(made, tokenizer, tokens.data, tokens.ids, tokens.ends, (part,))


def test_a_token_over_a_sections_edge_counts_once(tokenizers: Tokenizers) -> None:
    text = "Do it.\n\nQ: 1?\nA: 2\n\nQ: 3?\nA: 4\n\nQ: 5?\nA:"
    lane = a_lane(tokenizers, text)
    draft = PlayDraft(turns=(Message("user", text),))
    found = count_sections(lane, prompt_subject(Written(draft, "p")))
    assert sum(section.tokens for section in found) == lane.total
    assert len(found) > 2


def test_places_survive_characters_of_several_bytes(tokenizers: Tokenizers) -> None:
    lane = a_lane(tokenizers, "äöü 表 x")
    assert lane.byte_of("turn:0", 4) == 7
    assert lane.char_at(7) == ("turn:0", 4)
    assert lane.char_at(8) == ("turn:0", 4)


def test_costs_and_windows_say_what_is_unknown(tokenizers: Tokenizers) -> None:
    plain = words.total_lines(a_lane(tokenizers, "Hello world"), None, 0, 48)
    assert {line.name: line.value for line in plain} == {
        "total": "2 tokens",
        "window": "unknown",
        "cost": "price unknown",
        "how": "o200k_base, OpenAI publishes it",
    }
    known = a_lane(
        tokenizers, "Hello world", can=Capabilities(context=100), price=Price(1000.0, 1.0, date="2026-01-01")
    )
    lines = {line.name: line for line in words.total_lines(known, None, 200, 48)}
    assert lines["cost"].value == "$0.002 a request"
    assert lines["window"].bad
    assert "102 over 100" in lines["window"].value


def test_an_estimate_is_marked_in_every_number(tokenizers: Tokenizers) -> None:
    lane = a_lane(tokenizers, "Hello world", "claude-4.7", can=Capabilities(context=100), price=Price(3.0, 15.0))
    lines = {line.name: line.value for line in words.total_lines(lane, None, 0, 48)}
    assert all("≈" in lines[name] for name in ("total", "window", "cost"))
    assert "estimate" in lines["how"]
    assert "≈" in words.lane_title(lane)
    assert words.lane_note(lane)


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(1, 10**7), st.integers(1, 40))
def test_the_bar_is_always_as_wide(used: int, reserved: int, context: int, width: int) -> None:
    bar = words.window_bar(used, reserved, context, width)
    assert sum(map(len, bar)) == width
    assert bool(bar[0]) == bool(used)


def test_ids_to_copy_hold_no_headings(tokenizers: Tokenizers) -> None:
    lane = a_lane(tokenizers, "Hello world")
    headed = Lane(lane.chosen, lane.tokenizer, b"user\nHello world", [HEAD, *lane.ids], [5, 10, 16], lane.parts)
    assert words.ids_json(headed) == "[13225, 2375]"


def test_a_subject_without_text_is_empty() -> None:
    assert Subject("scratch", "scratch", ()).empty
    assert not Ask(scratch_subject("a"), "encoding:gpt2").subject.empty
    assert Tokens(b"", (), ()).data == b""
