"""Tokens while a long text is edited: key to screen in a pseudo terminal, and what an update costs on each thread."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from textual.app import App, ComposeResult

from benchmarks.report import Row, percentile
from benchmarks.terminal import Terminal, database_env
from benchmarks.tokens_app import TOKENS, long_text, settle_memory
from cockpit.core.retokenise import LiveTokens
from cockpit.core.tokens import Tokens
from cockpit.tokenizers import openai
from widgets.token_view import TokenView

FRAME_MS = 1000 / 24
PLACES = {"beginning": 0.0, "middle": 0.5, "end": 1.0}
UPDATES = 60
KEYS = 28
"""So many of the letters that are typed are one token each, hence seen as letters."""


def run() -> list[Row]:
    """All figures, at a text of TOKENS tokens of o200k_base and a window of 160 × 45."""
    rows = []
    for name, place in PLACES.items():
        latencies = _keys(place)
        note = f"{KEYS} keys, {TOKENS:,} tokens; a frame is {FRAME_MS:.0f} ms"
        rows.append(Row(f"key to screen, at the {name}, p95", percentile(latencies, 0.95), "ms", 30, note=note))
        rows.append(Row("… the slowest", max(latencies), "ms", FRAME_MS))
    live = LiveTokens(openai.load("o200k_base"))
    settle_memory()
    began = time.perf_counter()
    text = long_text(live)
    first = (time.perf_counter() - began) * 1000
    for name, place in PLACES.items():
        encoded, text, made = _updates(live, text, place)
        drawn = asyncio.run(_drawn(made, place))
        rows.append(Row(f"tokens of an edit at the {name}, p95", percentile(encoded, 0.95), "ms", 5, note="its thread"))
        rows.append(Row("… laid out and drawn, p95", percentile(drawn, 0.95), "ms", 8, note="the screen's thread"))
    rows.append(Row("tokens of the whole text", first, "ms", note="in pieces, on its thread"))
    return rows


def _keys(place: float) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.tokens_app", str(place)]
        terminal = Terminal(command, database_env(Path(folder)))
        try:
            terminal.wait("quick")
            time.sleep(1)
            latencies = terminal.key_latencies(KEYS)
            terminal.quit("\x11")
        finally:
            terminal.close()
    return latencies


def _updates(live: LiveTokens, text: str, place: float) -> tuple[list[float], str, list[Tokens]]:
    """Milliseconds of each update, the text as it is in the end, and the tokens after each."""
    spent, made = [], []
    at = int(place * len(text))
    for letter in ("Hello, world. " * UPDATES)[:UPDATES]:
        text = text[:at] + letter + text[at:]
        at += 1
        began = time.perf_counter()
        made.append(live.update(text))
        spent.append((time.perf_counter() - began) * 1000)
    return spent, text, made


async def _drawn(made: list[Tokens], place: float) -> list[float]:
    """Milliseconds for showing each of some texts and writing the screen out."""
    spent = []
    app = _Alone()
    async with app.run_test(size=(160, 45)) as pilot:
        view = app.query_one(TokenView)
        for tokens in made:
            began = time.perf_counter()
            view.show(tokens.data, tokens.ids, tokens.ends)
            view.move_to_byte(int(place * len(tokens.data)))
            [strip.render(app.console) for strip in app.screen._compositor.render_strips()]
            spent.append((time.perf_counter() - began) * 1000)
            await pilot.pause()
    return spent


class _Alone(App[None]):
    def compose(self) -> ComposeResult:
        yield TokenView()
