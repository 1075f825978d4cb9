"""One HTTP client per provider and event loop: connections, time limits, proxies. Knows no protocol of a vendor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cockpit.core.errors import ProviderError
from cockpit.providers.errors import Place, cut, from_exception

if TYPE_CHECKING:
    import aiohttp
    import httpx

CONNECT_TIMEOUT = 10.0
CONNECT_DEADLINE = 30.0
"""With name look-up, proxy and TLS."""
KNOWN_URLS = 64
"""Addresses whose parsed form is kept: taking one apart for each request costs a tenth of the request."""


class Reply:
    """A response whose body is read piece by piece as the network brings it."""

    __slots__ = ("_chunks", "_place", "_response", "headers", "status")

    def __init__(self, response: httpx.Response, place: Place) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self._response = response
        self._place = place
        # The stream itself: httpx's aiter_raw around it costs two more generators a chunk and adds nothing.
        self._chunks: Any = response.stream.__aiter__()  # type: ignore[union-attr]

    async def read(self) -> bytes:
        """What one network read brought; empty at the end.

        Raises:
            ProviderError: 'timeout' for silence, 'cut' for a connection that broke.
        """
        try:
            piece: bytes = await self._chunks.__anext__()
        except StopAsyncIteration:
            return b""
        except Exception as error:
            failure = from_exception(error, self._place)
            raise (failure if failure.kind == "timeout" else cut(self._place)) from None
        return piece

    async def read_all(self, limit: int | None = None) -> bytes:
        """The rest of the body, or about `limit` bytes of it."""
        parts: list[bytes] = []
        size = 0
        while piece := await self.read():
            parts.append(piece)
            size += len(piece)
            if limit is not None and size >= limit:
                break
        return b"".join(parts)

    async def drain(self, seconds: float) -> None:
        """Read to the end, so that the connection can be used again; not for long."""
        with suppress(TimeoutError, ProviderError):
            async with asyncio.timeout(seconds):
                while await self.read():
                    pass

    async def aclose(self) -> None:
        """Close the body; a connection with an unfinished one is closed with it."""
        await self._chunks.aclose()
        await self._response.aclose()


class HttpClient:
    """Sends requests over pooled connections, made when first needed.

    Args:
        base_url: decides about proxy and TLS.
        keep_alive: whether connections are used again.
        read_timeout: seconds without a byte before a request fails.
        proxied: whether a proxy of the environment may stand between.
    """

    def __init__(
        self, base_url: str, *, keep_alive: bool = True, read_timeout: float = 120.0, proxied: bool = True
    ) -> None:
        self._base_url = base_url
        self._keep_alive = keep_alive
        self._proxied = proxied
        self._read_timeout = read_timeout
        self._transport: Any = None
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening = asyncio.Lock()
        self._urls: dict[str, httpx.URL] = {}
        self._timeout: dict[str, float | None] = {
            "connect": CONNECT_TIMEOUT,
            "write": None,
            "pool": CONNECT_DEADLINE,
        }

    @asynccontextmanager
    async def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes, place: Place
    ) -> AsyncIterator[Reply]:
        """One request; the reply is closed at the end, and with it an unfinished stream's connection.

        Raises:
            ProviderError: no response came.
        """
        reply = await self.open(method, url, headers, content, place)
        try:
            yield reply
        finally:
            await reply.aclose()

    async def open(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes, place: Place, *, patience: float = 1.0
    ) -> Reply:
        """One request; the caller closes the reply.

        Args:
            patience: how many times the usual silence is borne.

        Raises:
            ProviderError: no response came.
        """
        transport = await self.ready()
        import httpx

        try:
            extensions = {"timeout": {**self._timeout, "read": self._read_timeout * patience}}
            request = httpx.Request(method, self._parsed(url), headers=headers, content=content, extensions=extensions)
            return Reply(await transport.handle_async_request(request), place)
        except Exception as error:
            raise from_exception(error, place) from None

    async def aclose(self) -> None:
        """Close every connection."""
        session, self._session, self._transport = self._session, None, None
        if session is not None:
            await session.close()

    async def ready(self) -> Any:
        """The transport of this loop. Importing it and reading certificates take 0.2 s: not on the loop."""
        loop = asyncio.get_running_loop()
        if self._transport is not None and self._loop is loop:
            return self._transport
        if self._loop is not loop:
            self._abandon()
            self._loop, self._transport, self._opening = loop, None, asyncio.Lock()
        async with self._opening:
            if self._transport is None:
                proxy = proxy_for(self._base_url) if self._proxied else None
                transport = await asyncio.to_thread(_transport, self._base_url, proxy)
                self._session = _session(transport, secure=_secure(self._base_url), keep_alive=self._keep_alive)
                transport.client = self._session
                self._transport = transport
        return self._transport

    def _parsed(self, url: str) -> httpx.URL:
        """The URL as httpx wants it."""
        import httpx

        known = self._urls.get(url)
        if known is None:
            known = httpx.URL(url)
            if len(self._urls) < KNOWN_URLS:
                self._urls[url] = known
        return known

    def _abandon(self) -> None:
        """Let go of a session whose loop has ended; only in that loop could it be closed in order."""
        if self._session is not None:
            self._session.detach()
            self._session = None


def _secure(url: str) -> bool:
    return url.lower().startswith("https")


def _transport(base_url: str, proxy: str | None) -> Any:
    import httpx
    from httpx_aiohttp import AiohttpTransport

    return AiohttpTransport(verify=_secure(base_url), proxy=httpx.Proxy(proxy) if proxy else None)


def _session(transport: Any, *, secure: bool, keep_alive: bool) -> aiohttp.ClientSession:
    """httpx_aiohttp can neither turn keep-alive off nor lift aiohttp's limit of 100 connections, so the session is
    ours. aiohttp's trust_env stays off: it would read ~/.netrc too, and put that password where the key belongs."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=0, force_close=not keep_alive, ssl=transport.ssl_context if secure else True)
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), skip_auto_headers=("User-Agent",)
    )


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for this URL, or None."""
    import urllib.request

    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    if not found:
        return None
    return found if "//" in found else f"http://{found}"
