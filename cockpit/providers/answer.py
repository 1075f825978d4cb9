"""One answer in the making: bytes in, chunks out, whatever shape the server chose. Reads no network itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson

from cockpit.core.errors import ProviderError
from cockpit.core.ports import Chunk
from cockpit.providers import errors
from cockpit.providers.errors import Place
from cockpit.providers.sse import SseParser

DONE = b"[DONE]"


class Reader(Protocol):
    """Folds the events of one answer, as its wire protocol spells them."""

    finished: bool
    """The answer is whole."""
    over: bool
    """Nothing more will come."""
    failure: ProviderError | None
    """The server reported an error; what came before it in the same read stands."""

    def read(self, events: Sequence[Any]) -> Chunk:
        """The events of one network read as one chunk."""

    def whole(self, data: Mapping[str, Any]) -> Chunk:
        """An answer that came as one JSON object.

        Raises:
            ProviderError: it is not one.
        """


class Answer:
    """Finds out whether a stream or one JSON object comes, and gives chunks either way.

    Args:
        reader: of the wire protocol.
        content_type: as the server says; its first bytes decide where that is unclear.
        place: for the words of an error.
    """

    __slots__ = ("_body", "_content_type", "_parser", "_place", "_streamed", "failure", "over", "reader", "request_id")

    def __init__(self, reader: Reader, content_type: str, place: Place) -> None:
        self.reader = reader
        self.over = False
        self.failure: ProviderError | None = None
        self.request_id: str | None = None
        """Given out with the first chunk."""
        self._content_type = content_type
        self._place = place
        self._parser = SseParser()
        self._body: list[bytes] = []
        self._streamed: bool | None = True if "event-stream" in content_type else None

    def take(self, raw: bytes) -> Chunk | None:
        """What these bytes brought; empty bytes say that the answer's body has ended.

        Raises:
            ProviderError: what came is not an answer.
        """
        if not raw:
            return self._end()
        if self._streamed is None:
            self._streamed = self._looks_streamed(raw)
        if not self._streamed:
            self._body.append(raw)
            return None
        return self._read(self._parser.feed(raw))

    def _looks_streamed(self, raw: bytes) -> bool | None:
        start = raw.lstrip()[:1]
        if not start:
            return None
        return "json" not in self._content_type and start not in (b"{", b"[", b"<")

    def _read(self, datas: list[bytes]) -> Chunk | None:
        if not datas:
            return None
        events, done, broken = parse_events(datas, self._place)
        reader = self.reader
        chunk = reader.read(events) if events else None
        self.failure = reader.failure or broken
        if done or reader.over:
            reader.finished = self.over = True
        return self._with_id(chunk)

    def _end(self) -> Chunk | None:
        self.over = True
        if self._streamed:
            chunk = self._read(self._parser.close())
            if not self.reader.finished and self.failure is None:
                self.failure = errors.cut(self._place, self.request_id)
            return chunk
        body = b"".join(self._body)
        try:
            data = json.loads(body.decode("utf-8", "replace"))
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise errors.not_an_answer(body, self._content_type, self._place)
        if data.get("error"):
            raise errors.from_event(data["error"], self._place)
        return self._with_id(self.reader.whole(data))

    def _with_id(self, chunk: Chunk | None) -> Chunk | None:
        if chunk is not None and self.request_id:
            chunk.request_id, self.request_id = self.request_id, None
        return chunk


def parse_events(datas: Sequence[bytes], place: Place) -> tuple[list[Any], bool, ProviderError | None]:
    """Parsed events, whether the end mark was among them, and the error of the first that is not JSON, which ends them.

    They are parsed as one list: that costs half.
    """
    done = DONE in datas
    if done:
        datas = datas[: datas.index(DONE)]
    try:
        whole = b"[" + b",".join(datas) + b"]"
        parsed: list[Any] = _load(whole)
        return parsed, done, None
    except ValueError:
        parsed = []
        try:
            # Bad UTF-8 or bad JSON in one of them: the others are unharmed.
            for data in datas:
                parsed.append(_parse(data, place))
        except ProviderError as error:
            return parsed, False, error
        return parsed, done, None


def _load(data: bytes) -> Any:
    """JSON by the quick parser; what it refuses (half a surrogate pair, NaN, huge numbers) by the standard one.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return orjson.loads(data)
    except ValueError:
        return json.loads(data)


def _parse(data: bytes, place: Place) -> Any:
    try:
        return json.loads(data.decode("utf-8", "replace"))
    except ValueError:
        said = errors.clean(data[:200].decode("utf-8", "replace"), place)
        message = f"{place.provider} sent an event that is not JSON: {said}"[: errors.LONGEST]
        raise ProviderError("protocol", message) from None
