"""The small widgets, each alone in an empty app."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass

import pytest
from textual.geometry import Region
from textual.widget import Widget

from tests.widgets.host import Host, screen_lines
from widgets.diff_view import DiffView
from widgets.field import Field
from widgets.jump import JumpOverlay
from widgets.key_bar import KeyBar, key_lines
from widgets.line_edit import LineEdit
from widgets.params_panel import ParamRow, ParamsPanel
from widgets.plain import Plain
from widgets.prompt_editor import PromptEditor
from widgets.row_list import ListColumn, ListRow, RowList
from widgets.text_view import TextView
from widgets.top_bar import TopBar

EVIL = "[/] [bold [@click=app.quit]x[/] \x1b[31m \u202e 東京"


@dataclass(frozen=True)
class Row:
    op: str
    left: str | None
    right: str | None
    left_spans: tuple[tuple[int, int], ...] = ()
    right_spans: tuple[tuple[int, int], ...] = ()


def evil_widgets() -> list[Widget]:
    diff = DiffView()
    diff.show([(EVIL, [Row("change", EVIL, EVIL, ((0, 3),), ((4, 9),))])], titles=(EVIL, EVIL))
    return [
        Plain(EVIL),
        TopBar([(EVIL, "name")], [(EVIL, "quiet")]),
        KeyBar([("F1", EVIL)], note=EVIL),
        RowList([ListColumn(EVIL)], [ListRow(1, (EVIL,))]),
        TextView(EVIL, markdown=True),
        diff,
        Field(EVIL, EVIL, hint=EVIL),
        ParamsPanel([ParamRow(EVIL, EVIL, EVIL, EVIL)]),
        PromptEditor(EVIL),
    ]


@pytest.mark.parametrize("at", range(9))
@pytest.mark.parametrize("size", [(80, 24), (12, 4)])
async def test_hostile_text_is_shown_and_not_obeyed(at: int, size: tuple[int, int]) -> None:
    app = Host(evil_widgets()[at])
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        text = "\n".join(screen_lines(app))
        assert "\x1b" not in text
        if size[0] == 80:
            assert "[bold" in text


def test_keys_that_do_not_fit_give_way_to_the_last() -> None:
    keys = [("ctrl+j", "send"), ("ctrl+e", "editor"), ("F1", "keys")]
    assert key_lines(keys, [80]) == [tuple(keys)]
    assert key_lines(keys, [22]) == [(keys[0], keys[-1])]
    assert key_lines(keys, [8]) == [(keys[-1],)]
    assert key_lines(keys, [2]) == [()]


async def test_a_list_of_a_hundred_thousand_rows_fetches_only_what_is_seen() -> None:
    asked: list[int] = []

    def fetch(offset: int, limit: int) -> list[ListRow]:
        asked.append(offset)
        return [ListRow(i, (f"row {i}",)) for i in range(offset, offset + limit)]

    rows = RowList([ListColumn("name")])
    app = Host(rows)
    async with app.run_test(size=(40, 10), message_hook=app.hear) as pilot:
        rows.show_from(100_000, fetch)
        await pilot.press("G", "space", "enter")
        assert "row 99999" in "\n".join(screen_lines(app))
        opened = app.last(RowList.Opened)
        assert isinstance(opened, RowList.Opened)
        assert opened.key == 99_999
        assert rows.marked == {99_999}
        assert len(asked) <= 3


async def test_a_megabyte_in_one_line_is_read_found_and_scrolled() -> None:
    view = TextView()
    app = Host(view)
    async with app.run_test(size=(80, 24)) as pilot:
        start = time.process_time()
        view.show("word " * 200_000 + "needle")
        await pilot.press("j", "ctrl+d")
        assert time.process_time() - start < 1
        assert view.search("NEEDLE") == 1
        await pilot.pause()
        assert "needle" in "\n".join(screen_lines(app))
        await pilot.press("g")
        assert view.top == 0
        await pilot.press("n")
        assert view.place == (1, 1)
        assert view.top > 0


async def test_differences_stand_side_by_side_or_above_each_other() -> None:
    diff = DiffView()
    app = Host(diff)
    async with app.run_test(size=(100, 10)) as pilot:
        diff.show([("prompt", [Row("change", "one two", "one six", ((4, 7),), ((4, 7),)), Row("add", None, "more")])])
        await pilot.pause()
        assert any("one two" in line and "one six" in line for line in screen_lines(app))
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        lines = [line.strip() for line in screen_lines(app)]
        assert "- one two" in lines
        assert "+ one six" in lines
        assert "+ more" in lines


async def test_a_setting_is_edited_in_place_and_escape_leaves_it() -> None:
    panel = ParamsPanel([ParamRow("n", "8"), ParamRow("temperature", "1", warning="max 1")])
    app = Host(panel)
    async with app.run_test(size=(40, 6), message_hook=app.hear) as pilot:
        await pilot.press("j", "enter", "backspace", "0", ".", "7", "enter")
        changed = app.last(ParamsPanel.Changed)
        assert isinstance(changed, ParamsPanel.Changed)
        assert (changed.name, changed.text) == ("temperature", "0.7")
        assert not panel.typing
        app.heard.clear()
        await pilot.press("k", "enter", "9", "escape")
        assert app.last(ParamsPanel.Changed) is None
        assert "max 1" in "\n".join(screen_lines(app))


async def test_a_field_takes_typing_and_enter() -> None:
    field = Field("name")
    app = Host(field)
    async with app.run_test(size=(40, 3), message_hook=app.hear) as pilot:
        await pilot.press("a", "b", "left", "c", "enter")
        done = app.last(Field.Submitted)
        assert isinstance(done, Field.Submitted)
        assert done.value == field.value == "acb"


async def test_escape_leaves_typing_and_i_comes_back() -> None:
    editor = PromptEditor("{{reply}}")
    app = Host(editor)
    async with app.run_test(size=(40, 6), message_hook=app.hear) as pilot:
        await pilot.press("x", "escape", "j", "k", "z")
        assert editor.text == "x{{reply}}"
        assert app.last(PromptEditor.LeftTyping) is not None
        await pilot.press("i", "y")
        assert editor.text == "xy{{reply}}"


async def test_a_jump_returns_the_part_of_the_pressed_key() -> None:
    app = Host(Plain("under"))
    async with app.run_test(size=(40, 6)) as pilot:
        chosen: list[str | None] = []
        targets = {"a": ("wall", Region(0, 0, 9, 2)), "s": ("prompt", Region(0, 3, 9, 2))}
        app.push_screen(JumpOverlay(targets), chosen.append)
        await pilot.pause()
        assert " s " in "\n".join(screen_lines(app))
        await pilot.press("s")
        app.push_screen(JumpOverlay(targets), chosen.append)
        await pilot.press("escape")
        assert chosen == ["prompt", None]


def test_a_line_is_edited_by_words() -> None:
    line = LineEdit.of("one two")
    for key, text in (("ctrl+w", "one "), ("ctrl+u", "")):
        changed = line.press(key)
        assert changed is not None
        assert changed.text == text
        line = changed
    assert line.insert("a\nb").text == "a b"
    assert line.press("f5") is None


def test_the_first_paint_loads_no_heavy_widget() -> None:
    code = "import sys, widgets.top_bar, widgets.key_bar, widgets.sample_wall, widgets.plain; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"textual.widgets._text_area", "textual.widgets._markdown", "textual.widgets._input", "cockpit", "themes"}
    assert not heavy & set(loaded)


async def test_a_list_says_when_it_has_another_size() -> None:
    class Counting(Host):
        said = 0

        def on_row_list_resized(self) -> None:
            self.said += 1

    app = Counting(RowList((ListColumn("a"),)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = app.said
        assert before
        await pilot.resize_terminal(60, 24)
        await pilot.pause()
        assert app.said > before
