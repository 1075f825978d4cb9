"""OpenAI responses: body and reader; no network. The API has no stop strings, no seed and no prefill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cockpit.core.errors import ProviderError
from cockpit.core.ports import Chunk, Request, Usage
from cockpit.providers import errors
from cockpit.providers.base import HttpProvider
from cockpit.providers.counting import count_response
from cockpit.providers.errors import Place
from cockpit.providers.openai_chat import token_logprob

TERMINAL = ("response.completed", "response.incomplete")


class OpenAIResponses(HttpProvider):
    """POST /responses."""

    path = "/responses"

    def body(self, request: Request) -> dict[str, Any]:
        """Only what was set, beside what streaming needs."""
        params = request.params
        body: dict[str, Any] = {"model": request.model}
        if request.system:
            body["instructions"] = request.system
        turns = [{"role": m.role, "content": m.content} for m in request.messages]
        if request.prefill:
            turns.append({"role": "assistant", "content": request.prefill})
        body["input"] = turns
        body["stream"] = True
        if params.max_tokens is not None:
            body["max_output_tokens"] = params.max_tokens
        for name in ("temperature", "top_p", "seed"):
            if params.is_set(name):
                body[name] = getattr(params, name)
        if params.stop:
            body["stop"] = list(params.stop)
        if params.logprobs is not None:
            body["include"] = ["message.output_text.logprobs"]
            body["top_logprobs"] = params.logprobs
        effort = params.reasoning_effort
        if effort is not None:
            body["reasoning"] = {"effort": effort} if effort == "none" else {"effort": effort, "summary": "auto"}
        return body

    def reader(self, request: Request, place: Place) -> ResponsesReader:
        """What folds the answer to a request."""
        return ResponsesReader(request, place)

    async def count_tokens(self, request: Request) -> int | None:
        """Input tokens of a request, as the API counts them; None without a key.

        Raises:
            ProviderError: it was asked and did not say.
        """
        return await count_response(self, self.body(request))


class ResponsesReader:
    """Folds response events."""

    __slots__ = ("_model", "_place", "_summaries", "_top", "failure", "finished", "over")

    def __init__(self, request: Request, place: Place) -> None:
        self.finished = self.over = False
        self.failure: ProviderError | None = None
        self._place = place
        self._model = request.model
        self._top = request.params.logprobs
        self._summaries = 0

    def read(self, events: Sequence[Any]) -> Chunk:
        """The events of one network read as one chunk."""
        chunk = Chunk()
        texts: list[str] = []
        for event in events:
            kind = event.get("type", "") if isinstance(event, dict) else ""
            if kind == "response.output_text.delta":
                texts.append(event["delta"])
                if rows := event.get("logprobs"):
                    chunk.logprobs += tuple(token_logprob(row, self._top) for row in rows)
            elif kind in TERMINAL:
                self._end(event.get("response") or {}, chunk)
            elif kind == "response.failed":
                self.failure = errors.from_event((event.get("response") or {}).get("error") or event, self._place)
                break
            elif kind == "error" or (not kind and isinstance(event, dict) and event.get("error")):
                self.failure = errors.from_event(event, self._place)
                break
            elif kind:
                self._seldom(kind, event, chunk, texts)
        chunk.text = "".join(texts)
        return chunk

    def whole(self, data: Mapping[str, Any]) -> Chunk:
        """An answer that came as one JSON object."""
        if data.get("object") != "response" and "output" not in data:
            raise errors.not_an_answer(str(dict(data))[:400].encode(), "JSON that is no response", self._place)
        chunk = Chunk()
        texts: list[str] = []
        for item in data.get("output") or ():
            for part in item.get("summary") or ():
                chunk.reasoning += part.get("text") or ""
            for part in item.get("content") or ():
                self._part(part, chunk, texts)
        chunk.text = "".join(texts)
        self._end(data, chunk)
        return chunk

    def _part(self, part: Mapping[str, Any], chunk: Chunk, texts: list[str]) -> None:
        if part.get("type") == "refusal":
            chunk.refused = True
            texts.append(part.get("refusal") or "")
            return
        if part.get("type") == "reasoning_text":
            chunk.reasoning += part.get("text") or ""
            return
        texts.append(part.get("text") or "")
        chunk.logprobs += tuple(token_logprob(row, self._top) for row in part.get("logprobs") or ())

    def _seldom(self, kind: str, event: Mapping[str, Any], chunk: Chunk, texts: list[str]) -> None:
        if kind in ("response.reasoning_summary_text.delta", "response.reasoning_text.delta"):
            chunk.reasoning += event.get("delta") or ""
        elif kind == "response.reasoning_summary_part.added":
            chunk.reasoning += "\n\n" if self._summaries else ""
            self._summaries += 1
        elif kind == "response.refusal.delta":
            chunk.refused = True
            texts.append(event.get("delta") or "")

    def _end(self, response: Mapping[str, Any], chunk: Chunk) -> None:
        """The raw reason is that of an incomplete answer, else the status."""
        if response.get("status") == "failed":
            raise errors.from_event(response.get("error") or {}, self._place)
        self.finished = self.over = True
        details = response.get("incomplete_details") or {}
        chunk.stop_reason = details.get("reason") or response.get("status")
        answered = response.get("model")
        if answered and answered != self._model:
            chunk.model = answered
        if usage := response.get("usage"):
            chunk.usage = Usage(
                usage.get("input_tokens"),
                usage.get("output_tokens"),
                (usage.get("output_tokens_details") or {}).get("reasoning_tokens"),
                (usage.get("input_tokens_details") or {}).get("cached_tokens"),
            )
