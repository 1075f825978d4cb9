"""What the wire protocols share: keys, headers, the life of one stream. A protocol adds its body and its reader."""

from __future__ import annotations

import asyncio
import json
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from cockpit import __version__
from cockpit.core.catalog import Catalog, ServerSettings
from cockpit.core.errors import ProviderError
from cockpit.core.ports import Chunk, ModelInfo, Request, Wire
from cockpit.providers import errors
from cockpit.providers.errors import Place
from cockpit.providers.http import HttpClient
from cockpit.providers.sse import SseParser

DONE = b"[DONE]"
LONGEST_ERROR = 64 * 1024
DRAIN_SECONDS = 1.0
SECRET_NAME = re.compile(r"(?i)auth|key|token|secret|cookie|password")
VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")


class Reader(Protocol):
    """Folds the events of one answer."""

    finished: bool
    """The answer is whole: what ends it has been seen."""

    def read(self, events: Sequence[Any]) -> Chunk:
        """The events of one network read as one chunk.

        Raises:
            ProviderError: the server reported an error.
        """

    def whole(self, data: Mapping[str, Any]) -> Chunk:
        """An answer that came as one JSON object."""


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
    key_header = "authorization"

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
        self._http = HttpClient(
            settings.base_url, keep_alive=settings.keep_alive, read_timeout=settings.read_timeout
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
        return Wire("POST", self.url(self.path), headers, self.body(request))

    async def stream(self, request: Request) -> AsyncIterator[Chunk]:
        """Send and yield what comes, one chunk a network read; closing the iterator closes the connection.

        Raises:
            ProviderError: of the kind that fits; chunks yielded before it stand.
        """
        wire = self.wire(request)
        place = self.place(request.model)
        headers = self._with_secrets(wire.headers, place)
        content = json.dumps(wire.body, ensure_ascii=True, separators=(",", ":")).encode("ascii")
        async with self._http.send(wire.method, wire.url, headers, content, place) as response:
            request_id = response.headers.get("x-request-id") or response.headers.get("request-id")
            if response.status_code >= 300:
                raise await self._refused(response, place, request_id)
            reader = self.reader(request, place)
            async for chunk in self._chunks(response, reader, place):
                if request_id:
                    chunk.request_id, request_id = request_id, None
                yield chunk

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

    first_page = ""

    async def get_json(self, url: str) -> dict[str, Any]:
        """One GET, answered with a JSON object.

        Raises:
            ProviderError: it was not.
        """
        place = self.place("")
        headers = self._with_secrets(self._headers("")[0], place)
        async with self._http.send("GET", url, headers, b"", place) as response:
            if response.status_code >= 300:
                raise await self._refused(response, place, None)
            body = await self._read_all(response, place)
        try:
            data = json.loads(body)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise errors.not_an_answer(body, response.headers.get("content-type", ""), place)
        return data

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    def url(self, path: str) -> str:
        """The address of a route below the base URL."""
        parts = urlsplit(self.settings.base_url)
        return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + path, parts.query, ""))

    def has_key(self) -> bool:
        """Whether requests can carry a key, or need none."""
        return not self._key_required or bool(self._key())

    def place(self, model: str) -> Place:
        """What an error about this model has to know."""
        _, secrets = self._headers(model)
        return Place(self.name, self.endpoint, model, self.settings.key_env, secrets)

    # --- the inside ---

    def _key(self) -> str:
        env = self.settings.key_env
        return self._env.get(env, "").strip() if env else ""

    def protocol_headers(self, model: str) -> dict[str, str]:
        """Headers that the protocol wants besides the key's."""
        return {}

    def key_value(self, shown: str) -> tuple[str, str]:
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
        if key:
            shown = f"${self.settings.key_env}"
            name, value = self.key_value(shown)
            headers[name] = value
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
        if self._key_required and not self._key():
            raise errors.no_key(place)
        filled = {}
        for name, value in headers.items():
            for secret, shown in place.secrets.items():
                if shown in value:
                    value = value.replace(shown, secret)
            if not value.isascii() or not value.isprintable():
                raise ProviderError(
                    "no_key",
                    f"The header {name} for {self.name} holds characters that no header can.",
                    hint=f"Check {self.settings.key_env or 'its setting'} for stray characters.",
                )
            filled[name] = value
        return filled

    async def _refused(self, response: Any, place: Place, request_id: str | None) -> ProviderError:
        from cockpit.core.limits import retry_after_seconds

        body = await self._read_all(response, place, LONGEST_ERROR)
        status = response.status_code
        if status == 404 and place.model:
            place.near = tuple(self._catalog.close(self.name, place.model))
        wait = retry_after_seconds(response.headers, datetime.now(UTC)) if status >= 400 else None
        return errors.from_response(status, body, place, retry_after=wait, request_id=request_id)

    async def _read_all(self, response: Any, place: Place, limit: int | None = None) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for raw in self._raw(response, place):
            parts.append(raw)
            size += len(raw)
            if limit is not None and size >= limit:
                break
        return b"".join(parts)

    async def _raw(self, response: Any, place: Place) -> AsyncIterator[bytes]:
        try:
            async for raw in response.aiter_raw():
                yield raw
        except (GeneratorExit, asyncio.CancelledError, ProviderError):
            raise
        except Exception as error:
            failure = errors.from_exception(error, place)
            raise failure if failure.kind == "timeout" else errors.cut(place) from None

    async def _chunks(self, response: Any, reader: Reader, place: Place) -> AsyncIterator[Chunk]:
        content_type = response.headers.get("content-type", "")
        if "json" in content_type:
            body = await self._read_all(response, place)
            yield self._whole(body, content_type, reader, place)
            return
        parser = SseParser()
        seen = b""
        raws = self._raw(response, place)
        async for raw in raws:
            if len(seen) < 4000:
                seen += raw[:4000]
            events, done = _events(parser.feed(raw), place)
            if events:
                yield reader.read(events)
            if done or (reader.finished and not events):
                reader.finished = True
                await _drain(raws)
                return
        events, _ = _events(parser.close(), place)
        if events:
            yield reader.read(events)
        if not reader.finished:
            if seen and b"data:" not in seen:
                yield self._whole(seen, content_type, reader, place)
                return
            raise errors.cut(place)

    def _whole(self, body: bytes, content_type: str, reader: Reader, place: Place) -> Chunk:
        """A server that ignores streaming answers with one object."""
        try:
            data = json.loads(body.decode("utf-8", "replace"))
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise errors.not_an_answer(body, content_type, place)
        if data.get("error"):
            raise errors.from_event(data["error"], place)
        return reader.whole(data)


def _events(datas: Sequence[bytes], place: Place) -> tuple[list[Any], bool]:
    """Parsed events, and whether the end mark was among them. One parse for all: it costs half."""
    if not datas:
        return [], False
    done = DONE in datas
    if done:
        datas = datas[: datas.index(DONE)]
    try:
        return json.loads(b"[" + b",".join(datas) + b"]"), done
    except ValueError:
        pass
    found = []
    for data in datas:
        try:
            found.append(json.loads(data.decode("utf-8", "replace")))
        except ValueError:
            said = errors.clean(data[:200].decode("utf-8", "replace"), place)
            raise ProviderError("protocol", f"{place.provider} sent an event that is not JSON: {said}"[:300]) from None
    return found, done


async def _drain(raws: AsyncIterator[bytes]) -> None:
    """Read to the end of the answer, so that its connection can be used again; not for long."""
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in raws:
                pass
    except (TimeoutError, ProviderError):
        pass


def shown_url(url: str) -> str:
    """A base URL as it may be stored and shown: without credentials and query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))


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
