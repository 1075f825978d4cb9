"""OpenAI chat completions, and what vLLM, SGLang, llama.cpp and others add to it. Body and reader; no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from cockpit.core.errors import ProviderError
from cockpit.core.ports import Chunk, Request, TokenLogprob, Usage
from cockpit.providers import errors
from cockpit.providers.base import HttpProvider
from cockpit.providers.counting import ServerCounting
from cockpit.providers.errors import Place


class OpenAIChat(HttpProvider):
    """POST /chat/completions."""

    path = "/chat/completions"
    verbose = False
    """llama.cpp tells which stop string was hit only when asked to be verbose."""
    least_logprobs = 0
    _usage_option = True

    def body(self, request: Request) -> dict[str, Any]:
        """Only what was set, beside what streaming needs."""
        params = request.params
        can = self._catalog.capabilities(self.name, request.model)
        body: dict[str, Any] = {"model": request.model, "messages": _messages(request)}
        body["stream"] = True
        if self._usage_option:
            body["stream_options"] = {"include_usage": True}
        if params.max_tokens is not None:
            body[can.max_tokens_field] = params.max_tokens
        for name in ("temperature", "top_p", "seed", "reasoning_effort"):
            if params.is_set(name):
                body[name] = getattr(params, name)
        if params.stop:
            body["stop"] = list(params.stop)
        if params.logprobs is not None:
            body["logprobs"] = True
            if top := max(params.logprobs, self.least_logprobs):
                body["top_logprobs"] = top
        if request.prefill and can.continue_final_message:
            body["continue_final_message"] = True
            body["add_generation_prompt"] = False
        if self.verbose:
            body["verbose"] = True
        return body

    def adapt(self, failure: ProviderError, body: Mapping[str, Any]) -> bool:
        """Servers that do not know `stream_options` are no longer asked for token counts."""
        if failure.kind != "bad_request" or "stream_options" not in failure.message or "stream_options" not in body:
            return False
        self._usage_option = False
        return True

    def reader(self, request: Request, place: Place) -> ChatReader:
        """What folds the answer to a request."""
        return ChatReader(request, place)

    async def count_tokens(self, request: Request) -> int | None:
        """Input tokens of a request, as the server that would answer it counts them; None where it has no way to.

        Raises:
            ProviderError: it was asked and failed.
        """
        return await self.counting.count(self.body(request))

    async def apply_template(self, request: Request) -> str | None:
        """The text that the server makes of a request's messages; None where it does not say.

        Raises:
            ProviderError: it was asked and failed.
        """
        return await self.counting.rendered(self.body(request))

    @cached_property
    def counting(self) -> ServerCounting:
        """What is known of the server's ways to count."""
        return ServerCounting(self)


class ChatReader:
    """Folds chat completion chunks; choices other than the first are not ours and are skipped."""

    __slots__ = ("_model", "_place", "_top", "failure", "finished", "over")

    def __init__(self, request: Request, place: Place) -> None:
        self.finished = self.over = False
        self.failure: ProviderError | None = None
        self._place = place
        self._model: str | None = request.model
        self._top = request.params.logprobs

    def read(self, events: Sequence[Any]) -> Chunk:
        """The events of one network read as one chunk."""
        chunk = Chunk()
        texts: list[str] = []
        for event in events:
            if self._model is None and (only := _only_text(event)) is not None:
                texts.append(only)
                continue
            if not isinstance(event, dict):
                continue
            if event.get("error"):
                self.failure = errors.from_event(event["error"], self._place)
                break
            for choice in event.get("choices") or ():
                if choice.get("index", 0) == 0:
                    self._choice(choice, choice.get("delta") or {}, chunk, texts)
            self._rest(event, chunk)
        chunk.text = "".join(texts)
        return chunk

    def whole(self, data: Mapping[str, Any]) -> Chunk:
        """An answer that came as one JSON object."""
        chunk = Chunk()
        texts: list[str] = []
        for choice in data.get("choices") or ():
            if choice.get("index", 0) == 0:
                self._choice(choice, choice.get("message") or {}, chunk, texts)
                self.finished = True
        if not self.finished:
            raise errors.not_an_answer(str(dict(data))[:400].encode(), "JSON without choices", self._place)
        self._rest(data, chunk)
        chunk.text = "".join(texts)
        return chunk

    def _choice(self, choice: Mapping[str, Any], delta: Mapping[str, Any], chunk: Chunk, texts: list[str]) -> None:
        text = delta.get("content")
        if text:
            texts.append(text if isinstance(text, str) else _joined(text))
        if reasoning := delta.get("reasoning_content") or delta.get("reasoning"):
            chunk.reasoning += reasoning if isinstance(reasoning, str) else _joined(reasoning)
        if refusal := delta.get("refusal"):
            texts.append(refusal)
            chunk.refused = True
        if logprobs := choice.get("logprobs"):
            chunk.logprobs += _logprobs(logprobs, self._top)
        if reason := choice.get("finish_reason"):
            self._end(choice, reason, chunk)

    def _end(self, choice: Mapping[str, Any], reason: str, chunk: Chunk) -> None:
        self.finished = True
        chunk.stop_reason = str(reason)
        for name in ("stop_reason", "matched_stop"):
            if name in choice:
                hit = choice[name]
                chunk.stop_known = True
                # A number is the token that ends every answer, not a stop string.
                chunk.stop = hit if isinstance(hit, str) else None

    def _rest(self, event: Mapping[str, Any], chunk: Chunk) -> None:
        usage = event.get("usage")
        if usage:
            chunk.usage = _usage(usage)
        answered = event.get("model")
        if answered and self._model is not None:
            if answered != self._model:
                chunk.model = answered
            self._model = None
        verbose = event.get("__verbose")
        if verbose and verbose.get("stop_type") not in (None, "none"):
            chunk.stop_known = True
            chunk.stop = verbose.get("stopping_word") if verbose["stop_type"] == "word" else None


def _only_text(event: Any) -> str | None:
    """The text of an event that brings nothing else, as nearly all do; None where there is more to look at."""
    try:
        (choice,) = event["choices"]
        delta = choice["delta"]
        text = delta["content"]
        if (
            type(text) is str
            and len(delta) == 1
            and choice["finish_reason"] is None
            and choice["index"] == 0
            and not choice.get("logprobs")
            and not event.get("usage")
            and "error" not in event
            and "__verbose" not in event
        ):
            return text
    except (KeyError, TypeError, ValueError):
        pass
    return None


def _messages(request: Request) -> list[dict[str, str]]:
    system = [{"role": "system", "content": request.system}] if request.system else []
    turns = [{"role": m.role, "content": m.content} for m in request.messages]
    prefill = [{"role": "assistant", "content": request.prefill}] if request.prefill else []
    return [*system, *turns, *prefill]


def _joined(parts: Any) -> str:
    """Text of a content that some servers send as a list of parts."""
    if not isinstance(parts, list):
        return str(parts)
    return "".join(str(p.get("text", "")) if isinstance(p, dict) else str(p) for p in parts)


def _logprobs(data: Mapping[str, Any], top: int | None) -> tuple[TokenLogprob, ...]:
    return tuple(token_logprob(row, top) for row in data.get("content") or () if row.get("logprob") is not None)


def token_logprob(row: Mapping[str, Any], top: int | None) -> TokenLogprob:
    """One token in the shape that both OpenAI APIs share."""
    others = tuple((t["token"], float(t["logprob"])) for t in row.get("top_logprobs") or ())
    return TokenLogprob(row["token"], float(row["logprob"]), others if top is None else others[:top])


def _usage(data: Mapping[str, Any]) -> Usage:
    spent = data.get("completion_tokens_details") or {}
    given = data.get("prompt_tokens_details") or {}
    cached = given.get("cached_tokens")
    asked, answered, total = (data.get(f"{name}_tokens") for name in ("prompt", "completion", "total"))
    if asked is not None and answered is not None and total is not None:
        # Gemini's and xAI's endpoints count thinking in the total alone, and charge for it as output.
        answered = max(answered, total - asked)
    return Usage(
        asked,
        answered,
        spent.get("reasoning_tokens"),
        data.get("prompt_cache_hit_tokens") if cached is None else cached,
    )
