"""The sheet of keys shows every key once, at every width, and finds them."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.widgets.host import Host, screen_lines
from widgets.key_sheet import KeyLine, KeySection, KeySheet, arrange

SECTIONS = [
    KeySection("Play", tuple(KeyLine(f"p{n}", f"Play {n}", f"What play {n} does, in a sentence.") for n in range(9))),
    KeySection("Everywhere", (KeyLine("ctrl+p", "Commands", "Every command by its name."), KeyLine("F1", "Keys"))),
]


@pytest.mark.parametrize("width", [30, 80, 110, 160])
def test_every_key_is_there_once_and_no_row_is_too_wide(width: int) -> None:
    rows = arrange(SECTIONS, width)
    texts = ["".join(text for text, _ in row) for row in rows]
    keys = [text.strip() for row in rows for text, name in row if name == "key"]
    assert sorted(keys) == sorted(line.keys for section in SECTIONS for line in section.lines)
    assert all(cell_len(text) <= width for text in texts)


def test_a_wide_sheet_has_two_columns() -> None:
    assert len(arrange(SECTIONS, 120)) < len(arrange(SECTIONS, 100))


async def test_searching_keeps_what_holds_every_word() -> None:
    sheet = KeySheet(SECTIONS)
    app = Host(sheet)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.press("G")
        assert "F1" in "\n".join(screen_lines(app))
        assert sheet.narrow("COMMAND name") == 1
        await pilot.pause()
        text = "\n".join(screen_lines(app))
        assert "ctrl+p" in text
        assert "Play" not in text
        assert sheet.narrow("zzz") == 0
        await pilot.pause()
        assert "Nothing matches." in screen_lines(app)[0]


async def test_hostile_words_are_shown_and_not_obeyed() -> None:
    evil = "[/] [bold \x1b[31m\u202e東京"
    app = Host(KeySheet([KeySection(evil, (KeyLine(evil, evil, evil),))]))
    async with app.run_test(size=(100, 6), notifications=True) as pilot:
        await pilot.pause()
        text = "\n".join(screen_lines(app))
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert all(cell_len(line) == 100 for line in screen_lines(app))
