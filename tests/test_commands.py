"""The registry: every command can be found, read and carried out."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from textual.actions import parse

from cockpit.app import CockpitApp
from cockpit.command_tables.app import LISTS, PANES
from cockpit.commands import COMMANDS, Command, by_id, for_scope, key_table
from cockpit.keymap import Keymap, is_plain
from cockpit.screens import shell
from cockpit.screens.base import ModalPane, PaneScreen
from widgets.chart import Chart
from widgets.line_view import LineView
from widgets.row_list import RowList


def every_screen() -> dict[str, type[Any]]:
    """Scope → screen class, found by importing every module of cockpit.screens."""
    from importlib import import_module
    from pkgutil import iter_modules

    import cockpit.screens

    for module in iter_modules(cockpit.screens.__path__):
        import_module(f"cockpit.screens.{module.name}")
    found: dict[str, type[Any]] = {}
    waiting: list[type[Any]] = [PaneScreen, ModalPane]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("cockpit.") and kind.__dict__.get("scope"):
            found[kind.scope] = kind
    return found


def test_ids_are_unique_and_begin_with_their_scope() -> None:
    ids = [command.id for command in COMMANDS]
    assert len(ids) == len(set(ids))
    assert [c.id for c in COMMANDS if c not in LISTS and not c.id.startswith(f"{c.scope}.")] == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.id)
def test_a_command_has_a_title_and_one_sentence_of_help(command: Command) -> None:
    assert 0 < len(command.title) <= 16
    assert command.help[0].isupper()
    assert command.help.endswith(".")
    assert len(command.help) <= 110
    assert command.group


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.scope not in ("list", "chart")], ids=lambda c: c.id)
def test_a_commands_action_exists_where_it_is_looked_for(command: Command) -> None:
    _, name, parameters = parse(command.action)
    target = CockpitApp if command.scope == "app" else every_screen()[command.scope]
    method = getattr(target, f"action_{name}", None)
    assert callable(method), f"{target.__name__} has no action_{name}"
    inspect.signature(method).bind(None, *parameters)
    if name == "do":
        assert inspect.iscoroutinefunction(getattr(shell, str(parameters[0])))


def test_a_command_that_works_while_typing_has_a_key_that_is_no_letter() -> None:
    letters_only = [
        c.id for c in COMMANDS if c.typing and (keys := Keymap().of(c)) and all(is_plain(key) for key in keys)
    ]
    assert letters_only == []


def test_the_keys_of_lists_and_charts_are_those_the_widgets_bind() -> None:
    bound: dict[str, set[str]] = {}
    for binding in [*LineView.BINDINGS, *RowList.BINDINGS, *Chart.BINDINGS]:
        assert not isinstance(binding, tuple)
        bound.setdefault(str(binding.id), set()).update(binding.key.split(","))
    for command in (*LISTS, *for_scope("chart")):
        assert set(command.keys.split(",")) <= bound[command.id], command.id


def test_panes_have_numbers_and_function_keys_of_their_own() -> None:
    assert [pane.number for pane in PANES] == sorted({pane.number for pane in PANES})
    assert len({pane.key for pane in PANES}) == len(PANES)


def test_commands_are_found_by_id_and_scope() -> None:
    assert by_id("app.help").title == "Keys"
    assert by_id("app.help") in for_scope("app")
    assert for_scope("nowhere") == ()
    with pytest.raises(KeyError):
        by_id("app.nothing")


def test_the_key_table_holds_every_command_and_breaks_no_cell() -> None:
    table = key_table()
    for command in COMMANDS:
        assert f"`{command.id}`" in table
    for line in table.splitlines():
        assert not line.startswith("|") or line.count("|") == 5
    assert "<kbd>F1</kbd> <kbd>?</kbd>" in table
