"""The token view alone in an empty app: boundaries, marks, keys, hostile text, and what an update costs."""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence
from itertools import accumulate

import pytest
from rich.style import Style
from textual.color import Color
from textual.pilot import Pilot

from tests.widgets.host import Host, screen_lines
from themes import load_themes
from widgets.token_layout import BLOCK, TokenLayout
from widgets.token_shown import MOST, shown
from widgets.token_view import TokenView

THEMES, _ = load_themes()
SHADES = ("even", "odd", *(f"p{level}-{shade}" for level in range(5) for shade in ("even", "odd")))
FRAME_MS = 1000 / 24


def show(view: TokenView, parts: Sequence[bytes], **more: object) -> None:
    ends = array("I", accumulate(map(len, parts)))
    view.show(b"".join(parts), array("I", range(1000, 1000 + len(parts))), ends, **more)  # type: ignore[arg-type]


def words(text: str) -> list[bytes]:
    """Tokens as a BPE would make them, more or less: a word with the space before it."""
    out: list[bytes] = []
    for word in text.encode().split(b" "):
        out.append(b" " + word if out else word)
    return out


async def settle(pilot: Pilot[None]) -> list[str]:
    await pilot.pause()
    return [line.rstrip() for line in screen_lines(pilot.app)]


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (b" the", "·the"),
        (b"a\n", "a↵"),
        (b"\t", "⇥"),
        (b"\r\n", "‹CR›↵"),
        (b"\x00\x1b[31m\x7f", "‹NUL›‹ESC›[31m‹DEL›"),
        ("\u200b\u200d\ufeff\xa0\u202e".encode(), "‹ZWSP›‹ZWJ›‹BOM›‹NBSP›‹RLO›"),
        ("❤\ufe0f".encode(), "❤‹VS16›"),
        (b"\xf0\x9f", "‹F0 9F›"),
        (b"\x91\xa9 ok", "‹91 A9›·ok"),
        ("\u0301e".encode(), "◌\u0301e"),
        ("a·b".encode(), "a‹U+00B7›b"),
        (b"[bold]x[/]", "[bold]x[/]"),
        (b"", "∅"),
    ],
)
def test_every_byte_of_a_token_can_be_seen(part: bytes, text: str) -> None:
    assert shown(part)[0] == text


def test_a_token_of_any_size_is_cut_where_it_is_drawn() -> None:
    text, _ = shown(b"x" * (MOST + 1))
    assert text.endswith("bytes›")
    assert len(text) < MOST + 40


def test_rows_tile_the_text_and_read_the_same_both_ways() -> None:
    parts = [b"aa", b" b\n", b"\n\n", b"x\nyz", b" ", b"w" * 50, *[b" tok"] * (2 * BLOCK + 7), b"\n", b"end"]
    layout = TokenLayout(b"".join(parts), range(len(parts)), array("I", accumulate(map(len, parts))), width=20)
    spot = layout.spot_of_byte(0)
    down = [spot]
    while (found := layout.after(spot)) is not None:
        spot = found
        down.append(spot)
    up = [spot]
    while (found := layout.before(spot)) is not None:
        spot = found
        up.append(spot)
    assert down == up[::-1]
    drawn = "".join(piece.text.strip() for spot in down for piece in layout.row(spot).pieces)
    assert drawn == "".join(parts[i].decode() for i in range(len(parts))).replace(" ", "·").replace("\n", "↵")
    assert all(sum(piece.width for piece in layout.row(spot).pieces) <= 20 for spot in down)


async def test_tokens_wrap_at_tokens_and_ids_stand_under_them() -> None:
    view = TokenView()
    app = Host(view)
    async with app.run_test(size=(20, 8)) as pilot:
        show(view, [b"One", b" two", b" three", b" four", b"\n", b"next"])
        assert (await settle(pilot))[:3] == ["▎ One·two·three·four", "  ↵", "  next"]
        view.set_ids(True)
        assert (await settle(pilot))[:4] == ["▎ One  ·two ·three", "▎ 1000 1001 1002", "  ·four↵", "  1003 1004"]
        view.set_ids(False)
        assert (await settle(pilot))[0] == "▎ One·two·three·four"


async def test_keys_move_by_token_word_row_and_end() -> None:
    view = TokenView()
    app = Host(view)
    async with app.run_test(size=(40, 6), message_hook=app.hear) as pilot:
        show(view, [b"a", b" b", b"c", b" d\n", b"e", b" f", b"\n\n\n", b"g", b" h"])
        seen = []
        for key in ("l", "right", "h", "w", "j", "k", "j", "j", "j", "k", "G", "j", "g", "k", "b", "end", "home"):
            await pilot.press(key)
            seen.append(view.cursor)
        assert seen == [1, 2, 1, 3, 6, 3, 6, 8, 8, 6, 8, 8, 0, 0, 0, 8, 0]
        moved = app.last(TokenView.Moved)
        assert isinstance(moved, TokenView.Moved)
        assert (moved.token, moved.control) == (0, view)


async def test_a_long_text_scrolls_to_its_end_and_back() -> None:
    view = TokenView()
    app = Host(view)
    async with app.run_test(size=(60, 10)) as pilot:
        show(view, [f"line {n}\n".encode() for n in range(50_000)])
        await pilot.press("G")
        assert (await settle(pilot))[-1] == "▎ line·49999↵"
        await pilot.press("ctrl+u", "pageup")
        assert view.cursor == 49_999 - 15
        await pilot.press("g", "ctrl+d")
        assert view.cursor == 5
        assert (await settle(pilot))[5] == "▎ line·5↵"


async def test_an_edit_leaves_cursor_and_window_at_the_same_byte() -> None:
    view = TokenView()
    app = Host(view)
    async with app.run_test(size=(60, 10)) as pilot:
        parts = [f"line {n}\n".encode() for n in range(500)]
        show(view, parts)
        view.move_to(300)
        before = await settle(pilot)
        show(view, [*parts[:450], b"more", *parts[450:]])
        assert await settle(pilot) == before
        assert view.cursor == 300
        show(view, parts[:4])
        assert (await settle(pilot))[:4] == ["  line·0↵", "  line·1↵", "  line·2↵", "▎ line·3↵"]
        assert view.cursor == 3
        show(view, [])
        assert "No text." in "".join(await settle(pilot))
        await pilot.press("j", "k", "l", "w", "b", "G", "g", "ctrl+d")
        assert view.cursor == 0


def style_at(app: Host, y: int, text: str) -> Style:
    """The style in which a stretch of a line is drawn."""
    strip = app.screen._compositor.render_strips()[y]
    found = [segment.style for segment in strip if text in segment.text]
    assert found, strip.text
    assert found[0] is not None
    return found[0]


async def test_marks_have_a_sign_beside_the_row_and_a_style_on_every_token_they_touch() -> None:
    view = TokenView()
    app = Host(view)
    async with app.run_test(size=(40, 8)) as pilot:
        text = "Q: one two\nA: three \nB four\nC five\nD six"
        tones = ("section", "error", "warning", "stop", "note")
        places = [text.index(word) for word in ("Q", " \n", "four", "five", "six")]
        parts = [
            b"Q",
            b":",
            b" one",
            b" two\n",
            b"A:",
            b" three",
            b" \n",
            b"B",
            b" four\n",
            b"C",
            b" five\n",
            b"D",
            b" six",
        ]
        show(view, parts, marks=[(at, at + 1, tone) for at, tone in zip(places, tones, strict=True)])
        lines = await settle(pilot)
        assert [line[:3] for line in lines[:5]] == ["▎§Q", " !A", " ?B", " ■C", " •D"]
        assert style_at(app, 1, "·↵").underline
        assert not style_at(app, 1, "·three").underline
        assert style_at(app, 2, "four").underline
        assert style_at(app, 3, "five").bold
        assert style_at(app, 4, "six").italic


async def test_an_unlikely_token_is_underlined_and_an_unknown_chance_is_plain() -> None:
    view = TokenView()
    app = Host(view)
    async with app.run_test(size=(40, 4)) as pilot:
        show(
            view,
            words("sure likely perhaps rare never unknown missing"),
            tones=[1, 0.7, 0.2, 0.05, 0.001, float("nan")],
        )
        await pilot.press("G")
        await pilot.pause()
        underlined = {
            word: bool(style_at(app, 0, word).underline)
            for word in ("sure", "likely", "perhaps", "rare", "never", "unknown")
        }
        assert underlined == {
            "sure": False, "likely": False, "perhaps": False, "rare": True, "never": True, "unknown": False
        }  # fmt: skip
        assert style_at(app, 0, "never").bold


HOSTILE = [
    b"\x1b[31m\x1b]0;title\x07",
    b"\xf0\x9f",
    b"\x91",
    b"\xa9\xff\xfe",
    "\u202eRTL שלום".encode(),
    "\u0301\u0301\u0301\u0301\u0301\u0301\u0301".encode(),
    "東京\u3000\u200b👩🏽\u200d🚀🇨🇭".encode(),
    b"\n" * 30,
    b" " * 500,
    b"",
    b"[/] [bold [@click=app.quit]x[/]",
    b"\x00" * 9,
    b"x" * 9000,
]


@pytest.mark.parametrize("size", [(100, 30), (12, 4), (3, 2), (1, 1)])
@pytest.mark.parametrize("ids", [False, True])
async def test_hostile_text_is_drawn_and_never_obeyed(size: tuple[int, int], ids: bool) -> None:
    view = TokenView()
    app = Host(view)
    async with app.run_test(size=size) as pilot:
        view.set_ids(ids)
        show(view, HOSTILE, marks=[(-5, 10**9, "error"), (3, 3, "note"), (10**8, 10**9, "stop"), (0, 1, "unheard of")])
        for key in ("G", "k", "g", *("j" * 12), "ctrl+d", "l", "w", "b", "h"):
            await pilot.press(key)
            lines = screen_lines(app)
            assert not set("\x1b\x07\x00\u202e\u200b\x9b") & set("".join(lines))


async def test_a_megabyte_in_one_line_opens_and_ends_within_a_frame() -> None:
    view = TokenView()
    app = Host(view)
    async with app.run_test(size=(100, 30)) as pilot:
        began = time.perf_counter()
        data, count = b"abcd" * 262_144, 262_144
        view.show(data, array("I", [7]) * count, array("I", range(4, 4 * count + 4, 4)))
        view.move_to(count)
        spent = (time.perf_counter() - began) * 1000
        assert view.cursor == count - 1
        assert "▎" in "".join(await settle(pilot))
        assert spent < 10 * FRAME_MS


async def test_only_what_is_near_the_window_is_looked_at() -> None:
    """Each look at a token is counted, so that no loop over all of them can creep in."""
    looks = 0

    class Ends(array):  # type: ignore[type-arg]
        def __getitem__(self, index):  # type: ignore[no-untyped-def]
            nonlocal looks
            looks += 1
            return super().__getitem__(index)

    parts = [f"w{n}\n".encode() if n % 9 == 0 else b" word" for n in range(200_000)]
    ends = Ends("I", accumulate(map(len, parts)))
    view = TokenView()
    app = Host(view)
    async with app.run_test(size=(160, 45)) as pilot:
        view.show(b"".join(parts), array("I", [1]) * len(parts), ends, marks=[(0, 10**7, "note")])
        await pilot.press("j", "G", "k")
        await pilot.pause()
        assert 0 < looks < 20_000


def luminance(color: Color) -> float:
    parts = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: object, other: object) -> float:
    """Contrast of two Rich colours: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio ."""
    high, low = sorted((luminance(Color.from_rich_color(c)) for c in (one, other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", THEMES)
async def test_shades_can_be_told_apart_and_read_in_every_theme(name: str) -> None:
    view = TokenView()
    app = Host(view)
    async with app.run_test() as pilot:
        app.register_theme(THEMES[name])
        app.theme = name
        await pilot.pause()
        style = view._styles_of
        least = 7 if name == "cockpit-contrast" else 4.5
        for each in (*SHADES, "error", "warning", "stop", "note", "cursor", "number", "bar", "empty"):
            assert contrast(style(each).color, style(each).bgcolor) >= least, each
        assert contrast(style("even").bgcolor, style("odd").bgcolor) >= 1.4
        for even, odd in zip(SHADES[2::2], SHADES[3::2], strict=True):
            assert contrast(style(even).bgcolor, style(odd).bgcolor) >= 1.15, even
