"""Merging keys: what a person configured wins, and everything that cannot work is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.command_tables.command import Command
from cockpit.commands import COMMANDS
from cockpit.keymap import PRESETS, Keymap, display, is_plain, long_form, merge, split


def command(id: str, keys: str, *, typing: bool = False) -> Command:
    scope = id.split(".", maxsplit=1)[0]
    return Command(id, keys, id, f"Does {id}.", scope, id.split(".")[1], typing=typing)


HELP = command("app.help", "f1,question_mark", typing=True)
QUIT = command("app.quit", "ctrl+q", typing=True)
LEAVE = command("app.leave", "q")
SEND = command("play.send", "ctrl+j", typing=True)
NEWLINE = command("play.newline", "", typing=True)
OPEN = command("play.open", "enter")
OTHER = command("sample.open", "o")
ALL = (SEND, NEWLINE, OPEN, OTHER, HELP, QUIT, LEAVE)


@pytest.mark.parametrize(
    ("written", "long"),
    [
        ("?", "question_mark"),
        ("+", "plus"),
        ("Ctrl+X", "ctrl+x"),
        ("ctrl++", "ctrl+plus"),
        ("/", "slash"),
        ("*", "asterisk"),
        ("=", "equals_sign"),
        ("G", "G"),
        ("esc", "escape"),
        ("F1", "f1"),
        (" space ", "space"),
    ],
)
def test_keys_may_be_written_as_people_write_them(written: str, long: str) -> None:
    assert long_form(written) == long


@pytest.mark.parametrize("key", ["question_mark", "plus", "slash", "asterisk", "equals_sign", "G", "f1", "tab"])
def test_a_shown_key_reads_back_as_itself(key: str) -> None:
    assert long_form(display(key)) == key


@given(st.text())
def test_any_text_in_the_configuration_is_survived(text: str) -> None:
    keymap = merge(ALL, {"app.help": text, text: "x"})
    assert all(isinstance(problem, str) for problem in keymap.problems)
    for key in keymap.of(HELP):
        display(key)


def test_plain_characters_are_known_from_keys_that_work_while_typing() -> None:
    assert [is_plain(key) for key in ("j", "question_mark", "space", "G")] == [True] * 4
    assert [is_plain(key) for key in ("ctrl+j", "f1", "enter", "escape", "tab", "down")] == [False] * 6


def test_without_overrides_the_defaults_hold_and_nothing_is_wrong() -> None:
    keymap = merge(ALL, {})
    assert keymap.problems == ()
    assert keymap.of(HELP) == ("f1", "question_mark")
    assert keymap.shown(HELP) == "F1"
    assert Keymap().of(HELP) == ("f1", "question_mark")


def test_an_override_replaces_the_keys_and_none_takes_them_away() -> None:
    keymap = merge(ALL, {"app.help": "f9", "play.open": "none"})
    assert keymap.of(HELP) == ("f9",)
    assert keymap.of(OPEN) == ()
    assert keymap.problems == ()


def test_an_unknown_command_is_named_with_the_one_that_was_meant() -> None:
    (problem,) = merge(ALL, {"app.hlep": "f9"}).problems
    assert "app.hlep" in problem
    assert "app.help" in problem


def test_what_is_no_key_is_said_and_the_default_stays() -> None:
    keymap = merge(ALL, {"app.help": "crtl+x"})
    assert keymap.of(HELP) == ("f1", "question_mark")
    assert "crtl+x" in keymap.problems[0]


@pytest.mark.parametrize("key", ["ctrl+i", "ctrl+m", "ctrl+h", "alt+enter", "ctrl+tab", "alt+1", "ctrl+b", "ctrl+z"])
def test_keys_that_terminals_cannot_tell_apart_are_warned_of(key: str) -> None:
    (problem,) = merge(ALL, {"app.help": key}).problems
    assert "app.help" in problem


def test_a_letter_for_a_command_that_must_work_while_typing_is_warned_of() -> None:
    (problem,) = merge(ALL, {"play.send": "s"}).problems
    assert "while typing" in problem


def test_a_persons_key_wins_over_the_default_of_another_command_and_that_is_said() -> None:
    keymap = merge(ALL, {"app.quit": "ctrl+j"})
    assert keymap.of(QUIT) == ("ctrl+j",)
    assert keymap.of(SEND) == ()
    (problem,) = keymap.problems
    assert "play.send" in problem
    assert "app.quit" in problem


def test_screens_that_are_never_in_front_together_may_share_a_key() -> None:
    assert merge(ALL, {"sample.open": "enter"}).problems == ()


def test_a_screen_may_give_leaving_its_own_meaning() -> None:
    assert merge(ALL, {"play.open": "q"}).problems == ()


def test_the_chat_preset_sends_with_enter_and_breaks_lines_with_ctrl_j() -> None:
    commands = tuple(c for c in ALL if c is not OPEN)
    keymap = merge(commands, {}, "chat")
    assert keymap.of(SEND)[0] == "enter"
    assert keymap.of(NEWLINE) == ("ctrl+j",)
    assert "nowhere" in merge(commands, {}, "nowhere").problems[0]


@pytest.mark.parametrize("preset", PRESETS)
def test_the_registry_itself_has_no_clash_and_no_key_that_terminals_confuse(preset: str) -> None:
    assert merge(COMMANDS, {}, preset).problems == ()


def test_a_list_of_keys_is_split_at_commas() -> None:
    assert split("ctrl+j, ?,comma") == ("ctrl+j", "question_mark", "comma")
