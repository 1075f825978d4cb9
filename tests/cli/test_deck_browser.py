"""The weekly deck as a real browser sees it: quiet, offline, whole at 1280 × 720, one slide a page in print."""

from __future__ import annotations

import asyncio
import base64
import re
from pathlib import Path

import pytest

from tests import chromium
from tests.cli.conftest import Cli
from tests.cli.test_report import HOSTILE

pytestmark = pytest.mark.skipif(chromium.FOUND is None, reason="NOT RUN: no Chromium on this machine")
LONG = "\n\n".join(
    f"Paragraph {at}: " + "the answers differ between inputs more than between models. " * 4 for at in range(30)
)
WHOLE = """[...document.querySelectorAll('section')].map(page => {
  page.classList.add('on');
  const found = [page.scrollHeight <= page.clientHeight + 1, page.scrollWidth <= page.clientWidth + 1,
    page.innerText.length > 10];
  page.classList.remove('on');
  return found.every(Boolean); })"""


def deck(cli: Cli, folder: Path) -> Path:
    cli.send("Say yes", "-m", "openai:fake-tok5,openai:fake-hostile", "-n", "4")
    cli("log", "add", "## What I conclude\n\nIt says yes.", "--title", "Yes", "--idea", "yes", "--cite", "run:1")
    cli("log", "add", HOSTILE + "\n\n```\n" + "x" * 3000 + "\n```\n\n\x1b[31m red \x9b", "--title", "<b>odd</b>")
    cli("log", "add", LONG, "--title", "A long one")
    cli("step", "add", "try 8 examples", "--why", "zero-shot is unsure")
    path = folder / "weekly.html"
    cli("report", "weekly", "--format", "html", "--question", "Is <i>this</i> enough?", "--out", str(path))
    return path


def test_the_deck_is_quiet_offline_whole_and_prints_a_slide_a_page(cli: Cli, tmp_path: Path) -> None:
    path = deck(cli, tmp_path)

    async def look() -> None:
        async with chromium.page(tmp_path / "profile") as page:
            await page.open(path)
            assert page.complaints() == []
            assert page.requests() == [path.as_uri()]
            slides = await page.run("document.querySelectorAll('section').length")
            assert await page.run("document.querySelectorAll('script').length") == 1, "only the player's own script"
            assert await page.run("document.querySelectorAll('a, img, iframe, link, object').length") == 0
            assert await page.run(WHOLE) == [True] * slides
            text = await page.run("[...document.querySelectorAll('section')].map(one => one.textContent).join(' ')")
            assert "<script>alert(1)</script>" in text and "</style>" in text and "onerror=y" in text
            assert "Paragraph 0:" in text and "Paragraph 29:" in text, "what does not fit goes on, and is not cut off"
            await page.press("ArrowRight")
            shot = base64.b64decode((await page.do("Page.captureScreenshot"))["data"])
            assert int.from_bytes(shot[16:20]) == 1280 and int.from_bytes(shot[20:24]) == 720
            await page.run("document.body.replaceChildren()")
            blank = base64.b64decode((await page.do("Page.captureScreenshot"))["data"])
            assert len(shot) > 2 * len(blank), "there is something to see"
            await page.do("Page.reload")
            await page.loaded()
            printed = await page.do("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
            pdf = base64.b64decode(printed["data"])
            assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == slides
            assert re.search(rb"/MediaBox\s*\[\s*0 0 960(\.\d+)? 540(\.\d+)?\s*\]", pdf), "as wide as a screen"
            assert page.complaints() == []

    asyncio.run(look())


def test_the_player_goes_through_the_slides_with_keys_and_counts_minutes(cli: Cli, tmp_path: Path) -> None:
    path = deck(cli, tmp_path)
    here = "[...document.querySelectorAll('section')].findIndex(one => one.classList.contains('on'))"

    async def look() -> None:
        async with chromium.page(tmp_path / "profile") as page:
            await page.open(path)
            last = await page.run("document.querySelectorAll('section').length") - 1
            for key, place in (
                ("ArrowRight", 1),
                ("j", 2),
                ("ArrowLeft", 1),
                ("End", last),
                (" ", last),
                ("Home", 0),
                ("k", 0),
            ):
                await page.press(key)
                assert await page.run(here) == place, key
            assert await page.run("document.querySelectorAll('section.on').length") == 1
            await page.press("ArrowRight")
            said = await page.run("document.getElementById('at').textContent")
            assert re.fullmatch(rf"0:0\d of \d+:00   2 / {last + 1}", said)
            await page.run("since = Date.now() - 3600000; tick()")
            assert await page.run("document.getElementById('at').classList.contains('over')")

    asyncio.run(look())
