"""Asking a server how many tokens a request has and what its template makes of it. Nothing here is for an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from cockpit.core.errors import ProviderError
from cockpit.providers import errors
from cockpit.providers.base import HttpProvider

COUNTED = ("model", "system", "messages", "thinking", "tools", "tool_choice", "output_config")
"""What Anthropic's count_tokens takes of a request.

Source: https://docs.anthropic.com/en/api/messages-count-tokens
"""
COUNTED_OF_RESPONSE = ("model", "input", "instructions", "reasoning", "text", "tools", "tool_choice")
"""What OpenAI's count for the Responses API takes of a request.

Source: https://platform.openai.com/docs/api-reference/responses/input-tokens
"""
NOT_TEMPLATED = ("stream", "stream_options", "verbose")
HOSTED = ("openai.com", "anthropic.com", "openrouter.ai", "azure.com", "googleapis.com", "mistral.ai", "together.xyz")
"""Hosts that have none of these routes: they are not asked."""


async def count_messages(provider: HttpProvider, body: Mapping[str, Any]) -> int | None:
    """Input tokens by POST /messages/count_tokens; free of charge. None without a key.

    Source: https://docs.anthropic.com/en/docs/build-with-claude/token-counting

    Raises:
        ProviderError: it was asked and did not say.
    """
    return await _input_tokens(provider, "/messages/count_tokens", COUNTED, body)


async def count_response(provider: HttpProvider, body: Mapping[str, Any]) -> int | None:
    """Input tokens by POST /responses/input_tokens. None without a key.

    Raises:
        ProviderError: it was asked and did not say.
    """
    return await _input_tokens(provider, "/responses/input_tokens", COUNTED_OF_RESPONSE, body)


async def _input_tokens(
    provider: HttpProvider, path: str, fields: tuple[str, ...], body: Mapping[str, Any]
) -> int | None:
    if not provider.has_key():
        return None
    counted = {name: body[name] for name in fields if name in body}
    data = await provider.post_json(provider.url(path), str(body.get("model", "")), counted)
    return _whole(data.get("input_tokens"), provider, data)


class ServerCounting:
    """How one OpenAI-compatible server counts: as llama.cpp does, as vLLM does, or not at all; asked once.

    llama.cpp: /apply-template and /tokenize, https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
    vLLM: /tokenize with messages, https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
    """

    def __init__(self, provider: HttpProvider) -> None:
        self._provider = provider
        self._templates: bool | None = None
        """Whether it has /apply-template; None: not asked yet."""
        self._messages: bool | None = None
        """Whether its /tokenize takes messages; None: not asked yet."""

    async def rendered(self, body: Mapping[str, Any]) -> str | None:
        """The text that the server's chat template makes of a chat request; None where it does not tell.

        Raises:
            ProviderError: it was asked and failed, or refused this request.
        """
        if self._templates is False or not self._askable():
            return None
        chat = {name: value for name, value in body.items() if name not in NOT_TEMPLATED}
        try:
            data = await self._post("/apply-template", body, chat)
        except ProviderError as error:
            if self._templates is None and _no_route(error):
                self._templates = False
                return None
            raise
        prompt = data.get("prompt")
        self._templates = isinstance(prompt, str)
        return prompt if isinstance(prompt, str) else None

    async def count(self, body: Mapping[str, Any]) -> int | None:
        """Input tokens of a chat request; None where the server cannot say.

        Raises:
            ProviderError: it was asked and failed, or refused this request.
        """
        text = await self.rendered(body)
        if text is not None:
            # llama.cpp's router sends a request on by its model's name.
            asked = {"model": body.get("model"), "content": text, "add_special": True, "parse_special": True}
            data = await self._post("/tokenize", body, asked)
            tokens = data.get("tokens")
            return len(tokens) if isinstance(tokens, list) else None
        return await self._count_messages(body)

    async def _count_messages(self, body: Mapping[str, Any]) -> int | None:
        if self._messages is False or not self._askable():
            return None
        asked = {"model": body.get("model"), "messages": body.get("messages")}
        asked |= {n: body[n] for n in ("continue_final_message", "add_generation_prompt") if n in body}
        try:
            data = await self._post("/tokenize", body, asked)
        except ProviderError as error:
            if self._messages is None and _no_route(error):
                self._messages = False
                return None
            raise
        self._messages = "count" in data
        return _whole(data["count"], self._provider, data) if self._messages else None

    def _askable(self) -> bool:
        host = urlsplit(self._provider.settings.base_url).hostname or ""
        return self._provider.has_key() and not host.endswith(HOSTED)

    async def _post(self, path: str, body: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
        """These routes stand beside /v1, not below it."""
        parts = urlsplit(self._provider.settings.base_url)
        root = parts.path.rstrip("/").removesuffix("/v1")
        url = urlunsplit((parts.scheme, parts.netloc, root + path, parts.query, ""))
        return await self._provider.post_json(url, str(body.get("model", "")), asked)


def _no_route(error: ProviderError) -> bool:
    """Whether a server says with this that it knows no such route."""
    return error.status in (404, 405, 501) or error.kind == "protocol"


def _whole(value: Any, provider: HttpProvider, data: Mapping[str, Any]) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise errors.not_an_answer(str(dict(data))[:400].encode(), "JSON without a count", provider.place(""))
