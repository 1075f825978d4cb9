"""A headless Chromium of a test's own, spoken to over loopback in its DevTools protocol (chromedevtools.github.io).

It says what pages print, fetch and throw; it is ended by its process id, with whatever it started.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

FOUND = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
START_S = 60.0


class Page:
    """One page: commands go out, events are kept."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._number = socket, 0
        self.events: list[dict[str, Any]] = []

    async def do(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command; its result."""
        self._number += 1
        number = self._number
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            found = await self._socket.receive_json(timeout=30)
            if found.get("id") == number:
                assert "error" not in found, found
                return dict(found["result"])
            self.events.append(found)

    async def run(self, script: str) -> Any:
        """What an expression gives."""
        found = await self.do("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def press(self, key: str) -> None:
        """A key down and up."""
        await self.do("Input.dispatchKeyEvent", type="keyDown", key=key)
        await self.do("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def open(self, path: Path) -> None:
        """Load a file and wait until it has loaded."""
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.do(f"{domain}.enable")
        await self.do("Emulation.setDeviceMetricsOverride", width=1280, height=720, deviceScaleFactor=1, mobile=False)
        await self.do("Page.navigate", url=path.as_uri())
        await self.loaded()

    async def loaded(self) -> None:
        """Wait until the page that is asked for has loaded."""
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(await self._socket.receive_json(timeout=30))
        self.events = [event for event in self.events if event.get("method") != "Page.loadEventFired"]

    def complaints(self) -> list[str]:
        """What was printed to the console, thrown, or refused."""
        names = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [str(event["params"])[:500] for event in self.events if event.get("method") in names]

    def requests(self) -> list[str]:
        """Every address that the page asked for."""
        asked = [event for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in asked]


@asynccontextmanager
async def page(folder: Path) -> AsyncIterator[Page]:
    """A blank page in a browser of its own; `folder` is its profile."""
    assert FOUND is not None
    quiet = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--remote-debugging-port=0")  # fmt: skip
    browser = await asyncio.create_subprocess_exec(
        FOUND, *quiet, f"--user-data-dir={folder}", "about:blank", start_new_session=True,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(START_S), aiohttp.ClientSession() as session:
            port = await _port(browser)
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                (target, *_) = [one for one in await answer.json() if one["type"] == "page"]
            socket = await session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0)
            async with socket:
                yield Page(socket)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(browser.pid, signal.SIGKILL)
        await browser.wait()
        # The pipe is closed by hand: nobody reads it to its end.
        browser._transport.close()  # type: ignore[attr-defined]


async def _port(browser: asyncio.subprocess.Process) -> int:
    """The port that it says it listens on."""
    assert browser.stderr is not None
    while line := await browser.stderr.readline():
        if b"DevTools listening on ws://127.0.0.1:" in line:
            return int(line.split(b"127.0.0.1:")[1].split(b"/")[0])
    raise AssertionError("the browser ended before it listened")
