"""`make shots`: pictures of the panes with real answers of the local model, for the README and for looking at.

docs/play.svg is the README's; the rest goes to shots/, which is not kept.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

from cockpit import runner
from cockpit.app import CockpitApp
from cockpit.config import Config
from cockpit.core.params import Params
from cockpit.core.prompts import single
from cockpit.services import Services, close_services, open_services

SIZES = ((160, 45), (100, 30), (80, 24))
THEMES = ("cockpit-dark", "cockpit-light")
KEYS = {"play": (), "sample": ("enter",), "versions": ("v",), "models": ("m",), "runs": ("H",), "keys": ("f1",)}
QUESTION = "Name one animal that could be a good detective, and say why in one sentence."
README = Path("docs/play.svg")
WEB_FONT = re.compile(r"@font-face \{.*?\}", re.S)
"""Textual's picture asks a server for its font; ours asks nobody."""


async def _fill(services: Services) -> None:
    """One run: the local model at three temperatures, eight samples each."""
    draft = runner.Draft(
        single(QUESTION),
        ("local:smollm2",),
        Params(max_tokens=80, seed=1),
        8,
        sweep={"temperature": (0.2, 0.7, 1.0)},
        prompt_id=None,
        project="animals",
    )
    plan, live = await runner.launch(services, draft)
    async for _ in runner.fly(services, plan, live):
        pass


async def _shoot(services: Services, theme: str, size: tuple[int, int], pane: str, to: Path) -> None:
    app = CockpitApp(services, project="animals", state_dir=to.parent)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(0.6)
        app.theme = theme
        await pilot.press("escape", "H")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause(0.5)
        await pilot.press(*(KEYS[pane] or ("i",)))
        await pilot.pause(0.5)
        _keep(to, WEB_FONT.sub("", app.export_screenshot(title="")))


def _keep(to: Path, picture: str) -> None:
    to.parent.mkdir(exist_ok=True)
    to.write_text(picture)


async def _all(folder: Path) -> None:
    filled = False
    for theme in THEMES:
        for size in SIZES:
            for pane in KEYS:
                services = open_services(Config(), folder / "shots.db")
                name = f"{pane}-{theme.removeprefix('cockpit-')}-{size[0]}x{size[1]}.svg"
                if not filled:
                    await _fill(services)
                    filled = True
                await _shoot(services, theme, size, pane, Path("shots") / name)
                await close_services(services)


def main() -> None:
    """Make every picture."""
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(_all(Path(name)))
    _keep(README, Path("shots/play-dark-160x45.svg").read_text())


if __name__ == "__main__":
    main()
