"""The wall shows what it was given, moves by keys, and repaints exactly what changed."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from rich.cells import cell_len

from tests.widgets.host import Host, screen_lines
from widgets.sample_wall import SampleWall, WallCell, WallColumn
from widgets.wall_cells import CellLines, kept_lines
from widgets.wall_column import ColumnView

HOSTILE = (
    "[/] [bold [@click=app.quit]x[/]",
    "\x1b]52;c;aGk=\x07\x1b[2J",
    "\u202ertl \u200b zero",
    "東京は日本の首都です。" * 20,
    "👨\u200d👩\u200d👧 👍🏽 ❤\ufe0f 🇩🇪 1\ufe0f\u20e3 " * 9,
    "x" * 1_000_000,
    "a\0b\rc\td\x85e\u2028f\ud800",
    "e" + "\u0301" * 500,
)


def cell(column: int, row: int, text: str = "", tone: str = "ok") -> WallCell:
    return WallCell((column, row), str(row + 1), "▌" if tone == "stream" else "✓", tone, text, version=len(text))


def columns(count: int, rows: int, text: str = "answer") -> list[WallColumn]:
    cells = [[cell(c, r, f"{text} {c}.{r}") for r in range(rows)] for c in range(count)]
    return [WallColumn(f"model{c}", f"{rows}/{rows}", cells[c]) for c in range(count)]


@pytest.mark.parametrize("size", [(160, 45), (100, 30), (80, 24), (30, 8)])
async def test_hostile_text_never_shifts_a_column(size: tuple[int, int]) -> None:
    wall = SampleWall()
    app = Host(wall)
    async with app.run_test(size=size, notifications=True) as pilot:
        for tone in ("ok", "stream", "error"):
            cells = [replace(cell(0, r, text, tone), note=text[:50], label=str(r)) for r, text in enumerate(HOSTILE)]
            wall.show([WallColumn("[/] \x1b[31m東京", "[bold 1/8", cells)] * 2)
            await pilot.pause()
            for line in screen_lines(app)[: size[1] - 1]:
                assert cell_len(line) == size[0]
                assert line[-1] in "╮│╯"
                assert line.isprintable()


async def test_titles_statuses_and_answers_are_on_the_screen() -> None:
    wall = SampleWall()
    app = Host(wall)
    async with app.run_test(size=(100, 20)) as pilot:
        wall.show(columns(2, 3))
        await pilot.pause()
        lines = screen_lines(app)
        assert "model0" in lines[0]
        assert "3/3" in lines[0]
        assert any("1 ✓ answer 0.0" in line and "1 ✓ answer 1.0" in line for line in lines)


async def test_keys_move_mark_and_open() -> None:
    wall = SampleWall()
    app = Host(wall)
    async with app.run_test(size=(100, 20), message_hook=app.hear) as pilot:
        wall.show(columns(5, 30))
        await pilot.press("j", "j", "l", "k", "space", "enter")
        assert wall.cursor == (1, 1)
        assert wall.marked == {(1, 1)}
        opened = app.last(SampleWall.Opened)
        assert isinstance(opened, SampleWall.Opened)
        assert opened.key == (1, 1)
        await pilot.press("G")
        assert wall.current == (1, 29)
        assert any("answer 1.29" in line for line in screen_lines(app))
        await pilot.press("l", "l", "l")
        assert wall.current == (4, 29)
        await pilot.pause()
        lines = screen_lines(app)
        assert "model4" in lines[0]
        assert "2/2" in lines[-1]
        await pilot.press("g", "ctrl+d", "ctrl+u", "h", "space")
        assert wall.current == (3, 0)
        assert wall.marked == {(1, 1), (3, 0)}


async def test_the_cursor_stays_on_its_sample_when_columns_change() -> None:
    wall = SampleWall()
    app = Host(wall)
    async with app.run_test(size=(100, 20)) as pilot:
        wall.show(columns(2, 4))
        assert wall.move_to((1, 2))
        wall.show(list(reversed(columns(2, 6))))
        await pilot.pause()
        assert wall.current == (1, 2)
        assert wall.cursor == (0, 2)
        assert not wall.move_to("nowhere")


async def test_an_empty_wall_says_what_it_is_for() -> None:
    wall = SampleWall()
    wall.set_empty("Nothing sent yet", "Press [/] ctrl+j")
    app = Host(wall)
    async with app.run_test(size=(60, 10), notifications=True) as pilot:
        await pilot.press("j", "enter", "space", "G")
        text = "\n".join(screen_lines(app))
        assert "Nothing sent yet" in text
        assert "Press [/] ctrl+j" in text
        wall.show(columns(1, 1))
        await pilot.pause()
        assert "answer 0.0" in "\n".join(screen_lines(app))
        wall.show([])
        await pilot.pause()
        assert "Nothing sent yet" in "\n".join(screen_lines(app))


async def test_zoom_shows_one_column_and_comes_back() -> None:
    wall = SampleWall()
    app = Host(wall)
    async with app.run_test(size=(120, 12)) as pilot:
        wall.show(columns(3, 2))
        wall.toggle_zoom()
        await pilot.pause()
        assert "model1" not in screen_lines(app)[0]
        wall.toggle_zoom()
        await pilot.pause()
        assert "model1" in screen_lines(app)[0]


@pytest.mark.parametrize("count", [2, 4])
async def test_what_is_repainted_equals_a_full_redraw(count: int) -> None:
    rng = random.Random(count)
    wall = SampleWall()
    app = Host(wall)
    words = ["alpha", "\n\n", "東京", "x" * 50, "\x1b[0m", "e\u0301", "gamma delta", "👍🏽"]
    texts = {(c, r): "" for c in range(count) for r in range(8)}
    async with app.run_test(size=(130, 30)) as pilot:
        wall.show([WallColumn(f"m{c}", "0/8", [cell(c, r, "", "stream") for r in range(8)]) for c in range(count)])
        await pilot.pause()
        for step in range(25):
            for c in range(count):
                for r in range(8):
                    texts[c, r] += " " + rng.choice(words)
                tone = "stream" if step < 20 else "ok"
                wall.update_cells(c, {r: cell(c, r, texts[c, r], tone) for r in range(8)}, f"{step}/8")
            await pilot.pause()
        seen = screen_lines(app)
        for view in wall.query(ColumnView):
            view._styles_cache.clear()
        wall._styles_cache.clear()
        assert screen_lines(app) == seen
        assert "24/8" in seen[0]


async def test_a_crowd_of_streams_is_drawn_to_the_last_token() -> None:
    wall = SampleWall()
    app = Host(wall)
    async with app.run_test(size=(130, 30)) as pilot:
        wall.show([WallColumn(f"m{c}", "", [cell(c, r, "", "stream") for r in range(8)]) for c in range(4)])
        await pilot.pause()
        for word in ("one", "one two"):
            for c in range(4):
                wall.update_cells(c, {r: cell(c, r, word, "stream") for r in range(8)})
            await pilot.pause()
        deadline = time.monotonic() + 5
        while "\n".join(screen_lines(app)).count("one two") < 32:
            assert time.monotonic() < deadline
            await pilot.pause(0.02)


def test_a_growing_megabyte_costs_the_same_per_frame() -> None:
    lines = CellLines()
    text = "word " * 200_000
    start = time.process_time()
    for step in range(200):
        lines.update(cell(0, 0, text + "tail " * step, "stream"), 30, 4)
    assert time.process_time() - start < 1.0
    assert len(lines.lines) <= 4
    assert lines.lines[-1].rstrip().endswith("tail")


def test_the_tail_always_ends_with_the_newest_text() -> None:
    rng = random.Random(1)
    for height in (1, 2, 3, 8):
        lines = CellLines()
        text = ""
        for _ in range(300):
            text += rng.choice(["a", "bc ", "\n", "\n\n\n", "東京", "\u200b", "longerword "])
            lines.update(cell(0, 0, text, "stream"), 12, height)
            assert len(lines.lines) <= height
            assert all(cell_len(line) <= 12 for line in lines.lines)
        lines.update(cell(0, 0, text + "END", "stream"), 12, height)
        assert "".join(lines.lines).endswith("END")


def test_a_note_stands_under_a_cut_off_answer_and_before_it_in_one_line() -> None:
    lines = CellLines()
    lines.update(replace(cell(0, 0, "so far", "error"), note="connection reset"), 30, 3)
    assert lines.lines == ["so far", "connection reset"]
    lines.update(replace(cell(0, 0, "so far", "error"), note="connection reset"), 30, 1)
    assert lines.lines == ["connection reset"]


@pytest.mark.parametrize("height", [2, 3, 4, 8])
def test_a_full_tail_that_moves_up_keeps_half_of_what_was_read(height: int) -> None:
    lines, text, moved = CellLines(), "", 0
    for step in range(400):
        before, text = lines.lines, text + f"w{step} "
        lines.update(cell(0, 0, text, "stream"), 24, height)
        if len(before) == height and lines.lines[0] != before[0]:
            moved += 1
            assert len(lines.lines) >= kept_lines(height) > height / 2
            kept = [line.rstrip() for line in lines.lines[:-1]]
            read = [line.rstrip() for line in before[-len(kept) :]]
            assert kept[:-1] == read[:-1]
            assert kept[-1].startswith(read[-1])
    assert moved > 5


def test_a_tail_of_one_line_keeps_most_of_its_words() -> None:
    lines, text = CellLines(), ""
    for step in range(400):
        text += f"w{step} "
        lines.update(cell(0, 0, text, "stream"), 24, 1)
        assert step < 5 or len(lines.lines[0]) > 24 // 2 - 4
        assert lines.lines[0].startswith("w")


async def test_a_column_wide_failure_is_read_whole_in_a_crowded_wall() -> None:
    words = "No API key for anthropic. Set ANTHROPIC_API_KEY and start again."
    alone = WallColumn("sonnet", "", [WallCell("alone", "1–100", "✗", "error", "", words)], "error")
    wall = SampleWall()
    app = Host(wall)
    async with app.run_test(size=(84, 20)) as pilot:
        wall.show([*columns(2, 100), alone])
        await pilot.press("G")
        edge = wall.plan.boxes[2].x
        shown = " ".join(line[edge + 1 : -1].replace("1–100 ✗", "").strip(" ▎") for line in screen_lines(app)[1:-1])
        assert shown.replace(" ", "") == words.replace(" ", "")


def test_a_failure_under_an_answer_wraps() -> None:
    lines = CellLines()
    note = "The connection was cut. r sends it again."
    lines.update(replace(cell(0, 0, "so far " * 90, "error"), note=note), 24, 4)
    assert " ".join(lines.lines[lines.note_from :]) == note
    assert lines.lines[0].startswith("so far")


def test_signs_that_terminals_measure_differently_are_marked_in_columns() -> None:
    lines = CellLines()
    lines.update(cell(0, 0, "\u0928\u093e"), 24, 2)
    assert lines.lines == ["\u0928‹U+093E›"]
