"""Every theme loads, can be read, and a bad one is reported and never used."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App
from textual.color import Color
from textual.theme import Theme

from themes import load_themes
from themes.loader import TONES

BUILT_IN, PROBLEMS = load_themes()
TEXTS = ("foreground", "text-muted", *sorted({*TONES.values()}))


def luminance(color: Color) -> float:
    parts = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(Color.parse(one)), luminance(Color.parse(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def colours(theme: Theme) -> dict[str, str]:
    return {**theme.to_color_system().generate(), **theme.variables}


def test_all_built_in_themes_load() -> None:
    assert PROBLEMS == []
    assert {"cockpit-dark", "cockpit-light", "cockpit-contrast", "cockpit-safe"} <= set(BUILT_IN)


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("ground", ["background", "surface", "panel"])
@pytest.mark.parametrize("text", TEXTS)
def test_text_can_be_read_on_every_ground(name: str, ground: str, text: str) -> None:
    found = colours(BUILT_IN[name])
    assert contrast(found[text], found[ground]) >= (7 if name == "cockpit-contrast" else 4.5)


@pytest.mark.parametrize("name", BUILT_IN)
async def test_an_app_can_wear_it(name: str) -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        app.register_theme(BUILT_IN[name])
        app.theme = name
        await pilot.pause()
        assert app.current_theme.name == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name = ", "cannot be read"),
        ('name = "x"\ndark = true\nprimary = "#12"', "not a colour"),
        ('name = "x"\ndark = true\nprimary = "#123456"\nsparkle = "yes"', "unknown setting sparkle"),
        ('name = "x"\ndark = "yes"\nprimary = "#123456"', "dark has the wrong type"),
        ('dark = true\nprimary = "#123456"', "name is missing"),
        ('name = "x"\ndark = true\nprimary = "#123456"\n[variables]\ntext-muted = "blurple"', "not a colour"),
        ('name = "x"\ndark = true\nprimary = "#123456"\n[variables]\nborder = 3', "text only"),
    ],
)
def test_a_bad_file_is_reported_with_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    found, problems = load_themes([tmp_path])
    assert set(found) == set(BUILT_IN)
    assert len(problems) == 1
    assert problems[0].startswith(f"{tmp_path / 'bad.toml'}: ")
    assert reason in problems[0]


def test_a_theme_of_ones_own_joins_and_may_replace_a_built_in_one(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "mine"\ndark = true\nprimary = "#88aacc"')
    (tmp_path / "b.toml").write_text('name = "cockpit-dark"\ndark = true\nprimary = "#010203"')
    found, problems = load_themes([tmp_path, tmp_path / "missing"])
    assert problems == []
    assert found["mine"].variables["tone-ok"]
    assert found["cockpit-dark"].primary == "#010203"
