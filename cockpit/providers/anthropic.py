"""Anthropic messages: body and reader; no network.

The key travels as `x-api-key` with the 2023-06-01 version, which proxies in the wild read, and as a bearer token with
later ones, as the vendor's own client sends it. Which version is sent is data (`api_version`): sampling params are
refused from 2026-10-21 on, even at their defaults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cockpit.core.errors import ProviderError
from cockpit.core.ports import Chunk, Request, Usage
from cockpit.providers import errors
from cockpit.providers.base import HttpProvider
from cockpit.providers.counting import count_messages
from cockpit.providers.errors import Place

FIRST_VERSION = "2023-06-01"
LAST_RESORT_MAX_TOKENS = 1024
INPUT_COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


class AnthropicMessages(HttpProvider):
    """POST /messages."""

    path = "/messages"
    first_page = "?limit=1000"

    def protocol_headers(self, model: str) -> dict[str, str]:
        """The API version that takes this model's params."""
        return {"anthropic-version": self._version(model)}

    def key_header(self, model: str, shown: str) -> tuple[str, str]:
        """The header that carries the key."""
        if self._version(model) == FIRST_VERSION:
            return "x-api-key", shown
        return "authorization", f"Bearer {shown}"

    def body(self, request: Request) -> dict[str, Any]:
        """Only what was set, beside what the API requires."""
        params = request.params
        can = self._catalog.capabilities(self.name, request.model)
        limit = params.max_tokens or can.default_max_tokens or LAST_RESORT_MAX_TOKENS
        body: dict[str, Any] = {"model": request.model, "max_tokens": limit}
        if request.system:
            body["system"] = request.system
        turns = [{"role": m.role, "content": m.content} for m in request.messages]
        if request.prefill:
            turns.append({"role": "assistant", "content": request.prefill})
        body["messages"] = turns
        body["stream"] = True
        for name in ("temperature", "top_p"):
            if params.is_set(name):
                body[name] = getattr(params, name)
        if params.stop:
            body["stop_sequences"] = list(params.stop)
        effort = params.reasoning_effort
        if effort == "none":
            body["thinking"] = {"type": "disabled"}
        elif effort is not None:
            body["output_config"] = {"effort": effort}
            body["thinking"] = {"type": "adaptive", "display": "summarized"}
        return body

    def reader(self, request: Request, place: Place) -> MessagesReader:
        """What folds the answer to a request."""
        return MessagesReader(request, place)

    async def count_tokens(self, request: Request) -> int | None:
        """Input tokens of a request, as the API counts them; None without a key.

        Raises:
            ProviderError: it was asked and did not say.
        """
        return await count_messages(self, self.body(request))

    def _version(self, model: str) -> str:
        return self._catalog.capabilities(self.name, model).api_version or FIRST_VERSION


class MessagesReader:
    """Folds message events; text and thinking are kept apart."""

    __slots__ = ("_input", "_model", "_place", "failure", "finished", "over")

    def __init__(self, request: Request, place: Place) -> None:
        self.finished = self.over = False
        self.failure: ProviderError | None = None
        self._place = place
        self._model = request.model
        self._input: dict[str, int] = {}

    def read(self, events: Sequence[Any]) -> Chunk:
        """The events of one network read as one chunk."""
        chunk = Chunk()
        texts: list[str] = []
        for event in events:
            kind = event.get("type") if isinstance(event, dict) else None
            if kind == "content_block_delta":
                delta = event["delta"]
                if "text" in delta:
                    texts.append(delta["text"])
                elif "thinking" in delta:
                    chunk.reasoning += delta["thinking"]
            elif kind == "content_block_start":
                _block(event.get("content_block") or {}, chunk, texts)
            elif kind == "message_start":
                self._start(event.get("message") or {}, chunk)
            elif kind == "message_delta":
                self._end(event.get("delta") or {}, chunk)
                self._count(event.get("usage") or {}, chunk)
            elif kind == "message_stop":
                self.finished = self.over = True
            elif kind == "error" or (kind is None and isinstance(event, dict) and event.get("error")):
                self.failure = errors.from_event(event.get("error") or event, self._place)
                break
        chunk.text = "".join(texts)
        return chunk

    def whole(self, data: Mapping[str, Any]) -> Chunk:
        """An answer that came as one JSON object."""
        if data.get("type") != "message":
            raise errors.not_an_answer(str(dict(data))[:400].encode(), "JSON that is no message", self._place)
        chunk = Chunk()
        texts: list[str] = []
        for block in data.get("content") or ():
            _block(block, chunk, texts)
        chunk.text = "".join(texts)
        self._start(data, chunk)
        self._end(data, chunk)
        self._count(data.get("usage") or {}, chunk)
        self.finished = True
        return chunk

    def _start(self, message: Mapping[str, Any], chunk: Chunk) -> None:
        answered = message.get("model")
        if answered and answered != self._model:
            chunk.model = answered
        # Its output count is a stand-in: the real one comes at the end, and an answer cut before has none.
        self._count({**(message.get("usage") or {}), "output_tokens": None}, chunk)

    def _end(self, delta: Mapping[str, Any], chunk: Chunk) -> None:
        reason = delta.get("stop_reason")
        if reason:
            chunk.stop_reason = str(reason)
            chunk.stop_known = True
            self.finished = True
        # Some servers say end_turn beside it; a matched string is the truth.
        if delta.get("stop_sequence") is not None:
            chunk.stop = str(delta["stop_sequence"])

    def _count(self, usage: Mapping[str, Any], chunk: Chunk) -> None:
        """Input counts come first, the output's at the end; each count said later replaces the one before.

        Cached and cache-writing tokens are input too.
        """
        known = self._input
        known |= {name: usage[name] for name in INPUT_COUNTS if usage.get(name) is not None}
        total = sum(known.values()) if "input_tokens" in known else None
        output = usage.get("output_tokens")
        if output is not None or total is not None:
            details = usage.get("output_tokens_details") or {}
            chunk.usage = Usage(total, output, details.get("thinking_tokens"), known.get("cache_read_input_tokens"))


def _block(block: Mapping[str, Any], chunk: Chunk, texts: list[str]) -> None:
    """A block's own text: whole in a plain answer, usually empty where a stream starts it."""
    if block.get("type") == "thinking":
        chunk.reasoning += block.get("thinking") or ""
    elif block.get("text"):
        texts.append(block["text"])
