"""Pictures of the wall, compared with those kept beside this file; update them with --snapshot-update and look."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from textual.app import App

from tests.widgets.host import Host
from themes import load_themes
from widgets.sample_wall import SampleWall, WallCell, WallColumn

NO_KEY = "No API key for anthropic. Set ANTHROPIC_API_KEY and start again."
REFUSAL = "I can't help with that, but I would be glad to look at the same question from a safer side.\n\nShall we?"
POINTS = "Three things matter here:\n\n1. The probe reads activations.\n2. Refusals cluster.\n3. The rest is taste."
SHORT = "The capital of France is the city of Paris, which lies on the river Seine and has been"
CELLS = (
    ("✓", "ok", REFUSAL, "", ""),
    ("✓", "ok", POINTS, "", "★"),
    ("■", "stop", "\n\nHuman:", "", ""),
    ("✂", "cut", SHORT * 3, "", ""),
    ("▌", "stream", (REFUSAL + POINTS) * 2, "", ""),
    ("⟳", "retry", "", "again in 1.5 s: the server asked for a pause (429)", ""),
    ("⊘", "refuse", "I can't.", "", "#"),
    ("✗", "error", "Half of an answer", "The connection was cut. r sends it again.", ""),
)
HOSTILE = (
    "\x1b]52;c;aGVsbG8=\x07 \x1b[31mred\x1b[0m [/] [bold [@click=app.quit]x[/]",
    "\u202eright to left\u202c \u200bno width \ufeff mark",
    "東京は日本の首都です。" * 9,
    "👨\u200d👩\u200d👧 👍🏽 ❤\ufe0f 🇩🇪 1\ufe0f\u20e3 " * 9,
    "x" * 1_000_000,
    "a\0b\rc\td\x85e\u2028f\ud800",
    "e" + "\u0301" * 500,
    "שלום עולם مرحبا بالعالم " * 6,
)


def samples(name: str, count: int, shift: int = 0) -> list[WallCell]:
    chosen = [CELLS[(row * 5 + shift) % len(CELLS)] for row in range(count)]
    return [WallCell((name, row), str(row + 1), *each) for row, each in enumerate(chosen)]


def typical() -> list[WallColumn]:
    return [
        WallColumn("sonnet", "0/8", [WallCell("sonnet", "1–8", "✗", "error", "", NO_KEY)], "error"),
        WallColumn("gpt-mini", "5/8  71 tok/s", samples("gpt-mini", 8)),
        WallColumn("smollm2 (local)", "8/8  1.4 s", samples("smollm2", 8, 3)),
    ]


def overfull() -> list[WallColumn]:
    return [WallColumn(f"model-{at}", "64/100  71 tok/s", samples(str(at), 100, at)) for at in range(10)]


def hostile() -> list[WallColumn]:
    cells = [
        WallCell(row, str(row + 1), *(("▌", "stream") if row % 2 else ("✓", "ok")), text)
        for row, text in enumerate(HOSTILE)
    ]
    return [WallColumn(f"[/] \x1b[31m東京{side}", "[bold 8/8", cells) for side in "ab"]


def picture(columns: Sequence[WallColumn], theme: str) -> App[None]:
    wall = SampleWall()
    app = Host(wall)
    for each in load_themes()[0].values():
        app.register_theme(each)
    app.theme = theme
    app.animation_level = "none"
    wall.show(columns)
    return app


@pytest.mark.parametrize("size", [(160, 45), (80, 24)], ids=["160x45", "80x24"])
@pytest.mark.parametrize("columns", [typical, overfull, hostile], ids=["typical", "overfull", "hostile"])
def test_the_wall_looks_as_it_did(
    snap_compare: Callable[..., bool], columns: Callable[[], list[WallColumn]], size: tuple[int, int]
) -> None:
    assert snap_compare(picture(columns(), "cockpit-dark"), terminal_size=size, press=["j", "space"])


@pytest.mark.parametrize("theme", ["cockpit-light", "cockpit-contrast"])
def test_the_wall_looks_as_it_did_in_another_theme(snap_compare: Callable[..., bool], theme: str) -> None:
    assert snap_compare(picture(typical(), theme), terminal_size=(80, 24), press=["j", "l"])
