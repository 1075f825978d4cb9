"""What the wire protocols share: keys, headers, the life of one stream. A protocol adds its body and its reader."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from cockpit import __version__
from cockpit.core.catalog import Catalog
from cockpit.core.errors import ProviderError
from cockpit.core.ports import Chunk, ModelInfo, Request, Wire
from cockpit.core.settings import ServerSettings
from cockpit.providers import errors
from cockpit.providers.answer import Answer, Reader
from cockpit.providers.errors import Place
from cockpit.providers.http import KNOWN_URLS, HttpClient, Reply

LONGEST_ERROR = 64 * 1024
DRAIN_SECONDS = 1.0
THINKING_PATIENCE = 5.0
"""Models that think may say nothing for minutes."""
SECRET_NAME = re.compile(r"(?i)auth|key|token|secret|cookie|password")
HARMLESS_QUERY = frozenset({"api-version", "version", "beta", "alt"})
"""What a base URL's query may show; any other value may be a key."""
VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")


class HttpProvider(ABC):
    """One wire protocol at one base URL.

    Args:
        name: as people write it before the colon.
        settings: where it is.
        env: environment variables; read at each request, so that a key may come later.
        catalog: what the models take.
        key_required: False where a missing key may be right.
    """

    path = ""
    first_page: str | None = ""
    """The query of a model list's first page."""
    proxied = True
    """Whether a proxy of the environment may stand between."""

    def __init__(
        self,
        name: str,
        settings: ServerSettings,
        env: Mapping[str, str],
        catalog: Catalog,
        *,
        key_required: bool = True,
    ) -> None:
        self.name = name
        self.settings = settings
        self.endpoint = shown_url(settings.base_url)
        self._env = env
        self._catalog = catalog
        self._key_required = key_required
        self._adapted = False
        """Requests are no longer what `wire` said before."""
        self._http = HttpClient(
            settings.base_url,
            keep_alive=settings.keep_alive,
            read_timeout=settings.read_timeout,
            proxied=self.proxied,
        )

    @abstractmethod
    def body(self, request: Request) -> dict[str, Any]:
        """The JSON of a request."""

    @abstractmethod
    def reader(self, request: Request, place: Place) -> Reader:
        """What folds the answer to a request."""

    def wire(self, request: Request) -> Wire:
        """Exactly what `stream` sends, without the secret."""
        headers, _ = self._headers(request.model)
        return Wire("POST", masked_url(self.url(self.path)), headers, self.body(request))

    async def ready(self, model: str) -> None:
        """Load the HTTP client, which takes 0.2 s once."""
        await self._http.ready()

    async def stream(self, request: Request) -> AsyncIterator[Chunk]:
        """Send and yield what comes, one chunk a network read; closing the iterator closes the connection.

        Raises:
            ProviderError: of the kind that fits; chunks yielded before it stand.
        """
        place = self.place(request.model)
        reply, body = await self._accepted(request, place)
        try:
            if self._adapted:
                yield Chunk(body=body)
            reader = self.reader(request, place)
            answer = Answer(reader, reply.headers.get("content-type", ""), place)
            answer.request_id = reply.headers.get("x-request-id") or reply.headers.get("request-id")
            while not answer.over:
                chunk = answer.take(await self._next(reply, answer))
                if chunk is not None:
                    yield chunk
                if answer.failure is not None:
                    raise answer.failure
            await reply.drain(DRAIN_SECONDS)
        finally:
            await reply.aclose()

    async def _next(self, reply: Reply, answer: Answer) -> bytes:
        try:
            return await reply.read()
        except ProviderError:
            if answer.reader.finished:
                return b""
            raise

    async def _accepted(self, request: Request, place: Place) -> tuple[Reply, Mapping[str, Any]]:
        """The reply to a request that the server took, and its body; what the protocol can adapt to is met once."""
        while True:
            wire = self.wire(request)
            content = json.dumps(wire.body, separators=(",", ":")).encode("ascii")
            headers = self._with_secrets(wire.headers, place)
            thinks = self._catalog.capabilities(self.name, request.model).reasoning_effort
            patience = THINKING_PATIENCE if thinks else 1.0
            url = self.url(self.path)
            reply = await self._http.open(wire.method, url, headers, content, place, patience=patience)
            if reply.status < 300:
                return reply, wire.body
            try:
                failure = await self._refused(reply, place)
            finally:
                await reply.aclose()
            if not self.adapt(failure, wire.body):
                raise failure
            self._adapted = True

    def adapt(self, failure: ProviderError, body: Mapping[str, Any]) -> bool:
        """Whether later requests are changed so that this refusal of this body will not come again."""
        return False

    async def models(self) -> Sequence[ModelInfo]:
        """What the endpoint lists, newest first where it tells.

        Raises:
            ProviderError: it cannot be asked.
        """
        found: list[ModelInfo] = []
        query = self.first_page
        while query is not None:
            data = await self.get_json(self.url("/models") + query)
            rows = data.get("data", ())
            found += [info for row in rows if (info := model_info(row))]
            more = data.get("has_more") and data.get("last_id") and len(found) < 10_000
            query = f"{self.first_page or '?'}&after_id={data['last_id']}" if more else None
        return sorted(found, key=lambda info: info.created or "", reverse=True)

    async def get_json(self, url: str) -> dict[str, Any]:
        """One GET, answered with a JSON object.

        Raises:
            ProviderError: it was not.
        """
        return await self._json("GET", url, "", b"")

    async def post_json(self, url: str, model: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One POST about a model that is no sample, answered with a JSON object.

        Raises:
            ProviderError: it was not.
        """
        return await self._json("POST", url, model, json.dumps(body, separators=(",", ":")).encode("ascii"))

    async def _json(self, method: str, url: str, model: str, content: bytes) -> dict[str, Any]:
        place = self.place(model)
        headers = self._with_secrets(self._headers(model)[0], place)
        async with self._http.send(method, url, headers, content, place) as reply:
            if reply.status >= 300:
                raise await self._refused(reply, place)
            body = await reply.read_all()
        try:
            data = json.loads(body)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise errors.not_an_answer(body, reply.headers.get("content-type", ""), place)
        return data

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    def url(self, path: str) -> str:
        """The address of a route below the base URL."""
        return joined_url(self.settings.base_url, path)

    def has_key(self) -> bool:
        """Whether requests can carry a key, or need none."""
        return not self._key_required or bool(self._key())

    def place(self, model: str) -> Place:
        """What an error about this model has to know."""
        _, secrets = self._headers(model)
        secrets.update(dict.fromkeys(url_secrets(self.settings.base_url), "…"))
        return Place(self.name, self.endpoint, model, self.settings.key_env, secrets)

    # --- the inside ---

    def _key(self) -> str:
        env = self.settings.key_env
        return self._env.get(env, "").strip() if env else ""

    def protocol_headers(self, model: str) -> dict[str, str]:
        """Headers that the protocol wants besides the key's."""
        return {}

    def key_header(self, model: str, shown: str) -> tuple[str, str]:
        """The header that carries the key."""
        return "authorization", f"Bearer {shown}"

    def _headers(self, model: str) -> tuple[dict[str, str], dict[str, str]]:
        """Headers with `$NAME` for each secret, and the secrets: value → `$NAME`."""
        headers = {
            "content-type": "application/json",
            "accept": "text/event-stream, application/json",
            "accept-encoding": "identity",
            "user-agent": f"research-cockpit/{__version__}",
            **self.protocol_headers(model),
        }
        secrets: dict[str, str] = {}
        key = self._key()
        if self.settings.key_env:
            shown = f"${self.settings.key_env}"
            name, value = self.key_header(model, shown)
            headers[name] = value
        if key:
            secrets[key] = shown
        for name, value in self.settings.headers.items():
            headers[name.lower()] = value
            for match in VARIABLE.finditer(value):
                if found := self._env.get(match[1]):
                    secrets[found] = match[0]
            if SECRET_NAME.search(name) and "$" not in value:
                shown = f"${name.upper().replace('-', '_')}"
                headers[name.lower()] = shown
                secrets[value] = shown
        return headers, secrets

    def _with_secrets(self, headers: Mapping[str, str], place: Place) -> dict[str, str]:
        if "@" in urlsplit(self.settings.base_url).netloc:
            raise errors.password_in_url(place)
        if self._key_required and not self._key():
            raise errors.no_key(place)
        values = {shown: secret for secret, shown in place.secrets.items()}
        filled = {}
        for name, template in headers.items():
            missing = [m[1] for m in VARIABLE.finditer(template) if m[0] not in values]
            if missing == [self.settings.key_env] and not self._key_required:
                continue
            if missing:
                raise ProviderError(
                    "no_key", f"The header {name} for {self.name} needs {missing[0]}.", hint=f"Set {missing[0]}."
                )
            filled[name] = VARIABLE.sub(lambda match: values[match[0]], template)
            if not filled[name].isascii() or not filled[name].isprintable():
                raise ProviderError(
                    "no_key",
                    f"The header {name} for {self.name} holds characters that no header can.",
                    hint=f"Check {self.settings.key_env or 'its setting'} for stray characters.",
                )
        return filled

    async def _refused(self, reply: Reply, place: Place) -> ProviderError:
        from cockpit.core.limits import retry_after_seconds

        body = await reply.read_all(LONGEST_ERROR)
        status = reply.status
        if status == 404 and place.model:
            place.near = tuple(self._catalog.close(self.name, place.model))
        wait = retry_after_seconds(reply.headers, datetime.now(UTC)) if status >= 400 else None
        request_id = reply.headers.get("x-request-id") or reply.headers.get("request-id")
        return errors.from_response(status, body, place, retry_after=wait, request_id=request_id)


def shown_url(url: str) -> str:
    """A base URL as it may be stored and shown: without credentials and query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))


@lru_cache(KNOWN_URLS)
def joined_url(base_url: str, path: str) -> str:
    """The address of a route below a base URL, whose query stays."""
    parts = urlsplit(base_url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + path, parts.query, ""))


@lru_cache(KNOWN_URLS)
def masked_url(url: str) -> str:
    """A URL as it may be stored and shown where its query matters: with `…` for what may be a secret."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = "&".join(f"{quote(n)}={quote(v) if n.lower() in HARMLESS_QUERY else '…'}" for n, v in pairs)
    at = "…@" if "@" in parts.netloc else ""
    return urlunsplit((parts.scheme, at + parts.netloc.rpartition("@")[2], parts.path, query, ""))


@lru_cache(KNOWN_URLS)
def url_secrets(url: str) -> tuple[str, ...]:
    """What `masked_url` hides."""
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    values = [v for n, v in parse_qsl(parts.query) if n.lower() not in HARMLESS_QUERY]
    return tuple(secret for secret in (user, *user.split(":", 1), *values) if secret)


def model_info(row: Any) -> ModelInfo | None:
    """One row of a model list, in whichever of the common shapes."""
    if not isinstance(row, Mapping) or not row.get("id"):
        return None
    created = row.get("created_at") or row.get("created")
    if isinstance(created, int | float) and created > 0:
        created = datetime.fromtimestamp(created, UTC).date().isoformat()
    meta = row.get("meta") if isinstance(row.get("meta"), Mapping) else {}
    sizes = [row.get(n) for n in ("max_input_tokens", "context_length", "max_model_len", "context_window")]
    context = next((n for n in [*sizes, (meta or {}).get("n_ctx")] if isinstance(n, int)), None)
    leaving = row.get("shutdown_date") or row.get("retires_at") or row.get("deprecation_date")
    note = f"retires {str(leaving)[:10]}" if leaving else ""
    return ModelInfo(str(row["id"]), str(created)[:10] if created else None, context, note)
