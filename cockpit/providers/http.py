"""One HTTP client per provider and event loop: connections, time limits, proxies. Knows no protocol of a vendor."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cockpit.providers.errors import Place, from_exception

if TYPE_CHECKING:
    import aiohttp
    import httpx

CONNECT_TIMEOUT = 10.0
CONNECT_DEADLINE = 30.0
"""With name look-up, proxy and TLS."""


class HttpClient:
    """Sends requests over pooled connections, made when first needed.

    Args:
        base_url: decides about proxy and TLS.
        keep_alive: whether connections are used again.
        read_timeout: seconds without a byte before a request fails.
    """

    def __init__(self, base_url: str, *, keep_alive: bool = True, read_timeout: float = 120.0) -> None:
        self._base_url = base_url
        self._keep_alive = keep_alive
        self._read_timeout = read_timeout
        self._transport: Any = None
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timeout: dict[str, float | None] = {
            "connect": CONNECT_TIMEOUT,
            "read": read_timeout,
            "write": None,
            "pool": CONNECT_DEADLINE,
        }

    @asynccontextmanager
    async def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes, place: Place
    ) -> AsyncIterator[httpx.Response]:
        """One request; the response is closed, and with it an unfinished stream's connection, at the end.

        Raises:
            ProviderError: no response came.
        """
        import httpx

        transport = self._open()
        try:
            request = httpx.Request(
                method, url, headers=dict(headers), content=content, extensions={"timeout": self._timeout}
            )
            response = await transport.handle_async_request(request)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise from_exception(error, place) from None
        try:
            yield response
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        session, self._session, self._transport = self._session, None, None
        if session is not None:
            await session.close()

    def _open(self) -> Any:
        loop = asyncio.get_running_loop()
        if self._transport is None or self._loop is not loop:
            self._abandon()
            self._loop = loop
            self._session, self._transport = self._make()
        return self._transport

    def _abandon(self) -> None:
        """Let go of a session whose loop is gone; it can no longer be closed in order."""
        if self._session is not None:
            connector = self._session.connector
            self._session.detach()
            if connector is not None:
                with suppress(RuntimeError):
                    connector._close_immediately()
            self._session = None

    def _make(self) -> tuple[aiohttp.ClientSession, Any]:
        import aiohttp
        import httpx
        from httpx_aiohttp import AiohttpTransport

        secure = self._base_url.startswith("https")
        proxy = proxy_for(self._base_url)
        # httpx_aiohttp cannot turn keep-alive off nor lift aiohttp's limit of 100, so the session is ours.
        # trust_env stays off there: it would also read ~/.netrc and put its password beside the key.
        transport = AiohttpTransport(verify=secure, proxy=httpx.Proxy(proxy) if proxy else None)
        connector = aiohttp.TCPConnector(
            limit=0, force_close=not self._keep_alive, ssl=transport.ssl_context if secure else True
        )
        session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), skip_auto_headers=("User-Agent",)
        )
        transport.client = session
        return session, transport


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for this URL, or None."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    if not found:
        return None
    return found if "//" in found else f"http://{found}"
