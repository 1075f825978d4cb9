"""The chart alone in an empty app: what is drawn where, the exact values, keys, gaps, hostile names, size, speed."""

from __future__ import annotations

import math
import random
import time
from itertools import pairwise

import pytest
from textual.pilot import Pilot

from tests.widgets.host import Host, screen_lines
from themes import load_themes
from widgets.chart import Axes, Chart, Level, Mark, Series
from widgets.chart_canvas import Canvas
from widgets.chart_data import line_of, smoothed
from widgets.chart_picture import GLYPHS
from widgets.chart_scale import Scale, tick_texts, ticks

THEMES, _ = load_themes()
KS = (0, 1, 2, 4, 8)
CURVE = Series("sonnet", KS, (0.5, 0.55, 0.6, 0.58, 0.7), (0.4, 0.45, 0.5, 0.48, 0.6), (0.6, 0.65, 0.7, 0.68, 0.8))
RATES = Axes("k", "score", x_scale="each", y_range=(0, 1))


async def settle(pilot: Pilot[None]) -> list[str]:
    await pilot.pause()
    return [line.rstrip() for line in screen_lines(pilot.app)]


def dots(lines: list[str]) -> set[tuple[int, int]]:
    """Where a cell has any dot: row, column."""
    return {(y, x) for y, line in enumerate(lines) for x, char in enumerate(line) if "\u2801" <= char <= "\u28ff"}


async def test_a_curve_with_its_interval_chance_and_labels() -> None:
    chart = Chart(RATES)
    async with Host(chart).run_test(size=(80, 24)) as pilot:
        chart.show([CURVE], levels=[Level("chance", 0.25)])
        lines = await settle(pilot)
    assert lines[0].startswith("score")
    assert lines[0].endswith("k 8")
    assert sum(line.count("●") for line in lines[1:-3]) == len(KS)
    assert lines[-2].split()[:6] == ["●", "sonnet", "0.7", "(0.6", "…", "0.8)"] or "0.7 (0.6 … 0.8)" in lines[-1]
    assert any("┄┄┄" in line for line in lines)
    assert any(line.rstrip().endswith("chance") for line in lines)
    axis = next(line for line in lines if "└" in line)
    labels = lines[lines.index(axis) + 1]
    assert labels.split() == ["k", "0", "1", "2", "4", "8"]
    ticks_at = [at for at, char in enumerate(axis) if char in "┬▲"]
    gaps = {b - a for a, b in pairwise(ticks_at)}
    assert max(gaps) - min(gaps) <= 1, "each k has the same room"


async def test_keys_move_the_cursor_and_say_exact_values() -> None:
    chart = Chart(RATES)
    app = Host(chart)
    async with app.run_test(size=(100, 30), message_hook=app.hear) as pilot:
        chart.show([CURVE, Series("gpt", (0, 8), (0.123456, 0.25))])
        await pilot.press("h")
        lines = await settle(pilot)
        assert chart.cursor_x == 4
        heard = app.last(Chart.Moved)
        assert isinstance(heard, Chart.Moved)
        assert heard.x == 4
        text = "\n".join(lines[-3:])
        assert "0.58 (0.48 … 0.68)" in text
        assert "0.123456 at 0" in text, "the nearest point of a series without one here, said as such"
        await pilot.press("g")
        assert "0.123456" in "\n".join(await settle(pilot))
        await pilot.press("G", "right")
        assert chart.cursor_x == 8
        chart.show([Series("sonnet", (*KS, 16), (0.5,) * 6)])
        assert chart.cursor_x == 16, "a cursor on the last point follows"
        await pilot.press("h", "h")
        chart.show([Series("sonnet", (*KS, 16, 32), (0.5,) * 7)])
        assert chart.cursor_x == 4, "elsewhere it stays"
        chart.move_to(1.2)
        assert chart.cursor_x == 1


async def test_zoom_goes_to_the_cursor_and_back() -> None:
    chart = Chart(Axes("step", "loss"))
    async with Host(chart).run_test(size=(80, 24)) as pilot:
        chart.show([Series("a", range(1000), [1.0] * 500 + [5.0] * 500)])
        whole = await settle(pilot)
        chart.move_to(100)
        await pilot.press("plus", "plus")
        near = await settle(pilot)
        assert "zoom ×4" in near[0]
        assert not any("5.0" in line for line in near[1:-3]), "the heights fit what is seen"
        await pilot.press("G")
        assert "step 999" in (await settle(pilot))[0]
        assert any("▲" in line for line in await settle(pilot)), "the view follows the cursor"
        await pilot.press("0")
        assert dots(await settle(pilot)) == dots(whole)
        for _ in range(40):
            await pilot.press("plus")
        assert "zoom ×4,096" in (await settle(pilot))[0], "no nearer than the numbers can be told apart"


async def test_a_spike_among_100_000_points_stays_and_drawing_is_fast() -> None:
    random.seed(1)
    ys = [random.gauss(1, 0.1) for _ in range(100_000)]
    ys[61_803] = 9.0
    chart = Chart(Axes("step", "loss"))
    async with Host(chart).run_test(size=(160, 45)) as pilot:
        best = math.inf
        for _ in range(3):
            start = time.process_time()
            chart.show([Series("train", range(100_000), ys)])
            chart.render_line(0)
            best = min(best, time.process_time() - start)
        lines = await settle(pilot)
        assert best < 0.1
        top = min(y for y, _ in dots(lines))
        assert top <= 5, "the spike is drawn to its top"
        chart.move_to(61_803)
        assert "9" in (await settle(pilot))[-1].split()
        before = chart.cursor_x
        await pilot.press("l")
        assert chart.cursor_x is not None
        assert before is not None
        assert chart.cursor_x > before + 1, "points that share a column are passed together"


async def test_gaps_are_gaps_and_bad_numbers_are_said() -> None:
    chart = Chart(Axes("step", "loss", log_y=True))
    async with Host(chart).run_test(size=(80, 24)) as pilot:
        ys = [1.0, 2.0, math.nan, math.inf, 0.0, 3.0, 4.0]
        chart.show([Series("a", range(7), ys)])
        lines = await settle(pilot)
        assert "1 not above 0 left out" in lines[0]
        columns = {x for _, x in dots(lines)}
        assert max(b - a for a, b in pairwise(sorted(columns))) > 20
        chart.move_to(3)
        assert "none here" in (await settle(pilot))[-1]


async def test_smoothing_is_said_and_the_exact_value_stays() -> None:
    chart = Chart()
    async with Host(chart).run_test(size=(80, 24)) as pilot:
        chart.show([Series("a", range(3), (1.0, 2.0, 4.0))])
        await pilot.press("s")
        lines = await settle(pilot)
        assert "smoothed: EMA 0.6" in lines[0]
        assert "4 smoothed" in lines[-1]
        await pilot.press("s", "s", "s", "s")
        assert "EMA" not in (await settle(pilot))[0]


def test_the_moving_average_by_hand() -> None:
    w = 0.5
    raw = [1.0, math.nan, 3.0]
    found = smoothed(raw, w)
    assert found[0] == pytest.approx(1.0)
    assert math.isnan(found[1])
    assert found[2] == pytest.approx((w * (1 - w) * 1.0 + (1 - w) * 3.0) / (1 - w**2))


@pytest.mark.parametrize("theme", sorted(THEMES))
async def test_every_series_has_its_own_sign_and_a_colour_of_the_theme(theme: str) -> None:
    chart = Chart(RATES)
    app = Host(chart)
    async with app.run_test(size=(100, 30)) as pilot:
        for one in THEMES.values():
            app.register_theme(one)
        app.theme = theme
        chart.show([Series(f"m{at}", KS, [0.1 + at / 8] * 5) for at in range(6)])
        lines = await settle(pilot)
        assert all(any(glyph in line for line in lines) for glyph in GLYPHS[:6])
        colours = {str(chart._styles_of(f"s{at}").color) for at in range(6)}
        assert len(colours) == 6


@pytest.mark.parametrize("size", [(80, 24), (24, 8), (12, 4), (5, 2), (1, 1)])
async def test_hostile_names_and_any_size(size: tuple[int, int]) -> None:
    hostile = "[/] \x1b]0;owned\x07 漢字 \u202e e\u0301 \n tab\t" * 3
    chart = Chart(Axes(hostile, hostile, labels=[(0, hostile), (2, "[b]")]))
    async with Host(chart).run_test(size=size) as pilot:
        rows = [Series(hostile, (0, 1, 2), (math.nan, 1e300, -1e300)) for _ in range(30)]
        chart.show(rows, levels=[Level(hostile, 0.0), Level("x", math.nan)], marks=[Mark(1, hostile)])
        lines = await settle(pilot)
        await pilot.press("h", "plus", "s", "f", "H", "0")
        await settle(pilot)
    assert not any(char in "\n".join(lines) for char in "\x1b\x07\t\u202e")
    assert all(len(line) <= size[0] for line in lines)


async def test_nothing_yet_and_one_point() -> None:
    chart = Chart(empty=("No curve yet.", "enter starts one."))
    async with Host(chart).run_test(size=(40, 10)) as pilot:
        assert any("No curve yet." in line for line in await settle(pilot))
        await pilot.press("h", "plus", "0", "s", "f", "g", "G")
        assert chart.cursor_x is None
        chart.show([Series("a", [], [])])
        assert any("No curve yet." in line for line in await settle(pilot))
        chart.show([Series("a", [3], [7])])
        assert any("●" in line for line in (await settle(pilot))[1:-1])
        chart.show([Series("a", [3], [math.nan])])
        assert "none here" in "\n".join(await settle(pilot))


async def test_a_resize_draws_it_anew() -> None:
    chart = Chart(RATES)
    async with Host(chart).run_test(size=(100, 30)) as pilot:
        chart.show([CURVE])
        await settle(pilot)
        await pilot.resize_terminal(60, 16)
        lines = await settle(pilot)
        assert sum(line.count("●") for line in lines[1:-2]) == len(KS)
        assert any("└" in line for line in lines)


def test_unequal_lengths_are_refused_and_order_does_not_matter() -> None:
    with pytest.raises(ValueError, match="not equally many"):
        line_of(Series("a", (1, 2), (1,)))
    with pytest.raises(ValueError, match="not equally many"):
        line_of(Series("a", (1,), (1,), (0,)))
    made = line_of(Series("a", (3, 1, math.nan), (30, 10, 0), (29, 9, 0), (31, 11, 0)))
    assert (made.xs, made.ys, made.low) == ([1, 3], [10, 30], [9, 29])


@pytest.mark.parametrize(
    ("scale", "most", "texts"),
    [
        (Scale("linear", 0, 1), 6, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (Scale("linear", -0.5, 120_000), 5, ["0", "50,000", "100,000"]),
        (Scale("log", -4, 0), 5, ["0.0001", "0.001", "0.01", "0.1", "1"]),
        (Scale("log", 0, 1), 4, ["1", "2", "5", "10"]),
        (Scale("linear", 2e-6, 4e-6), 3, ["2e-06", "3e-06", "4e-06"]),
    ],
)
def test_ticks_are_round(scale: Scale, most: int, texts: list[str]) -> None:
    assert tick_texts(ticks(scale, most)) == texts


def test_a_steep_line_has_no_holes() -> None:
    canvas = Canvas(4, 4)
    canvas.segment(0, 15, 7, 0, "a")
    marks = [[ord(char) - 0x2800 if char != " " else 0 for char, _, _ in canvas.row(row)] for row in range(4)]
    bits = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
    columns = [
        [row * 4 + at for row in range(4) for at in range(4) if marks[row][x // 2] & bits[x % 2][at]] for x in range(8)
    ]
    assert all(columns)
    for before, after in pairwise(columns):
        assert min(abs(a - b) for a in before for b in after) <= 1
