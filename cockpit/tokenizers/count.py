"""Tokens of a whole request, and its rendered chat template: the server's word where it gives one, else our own.

Which server is asked is the caller's model; nothing is ever asked of another. Draws nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from cockpit.core.catalog import ModelName, parse_model
from cockpit.core.errors import CockpitError
from cockpit.core.params import Params
from cockpit.core.ports import Provider, Request
from cockpit.core.prompts import Version
from cockpit.core.tokens import Choice, Count, Tokenizer
from cockpit.tokenizers import templates
from cockpit.tokenizers.registry import Tokenizers

ASKING_SECONDS = 20.0
"""A count that takes longer is not waited for."""
FRAME_TOKENS = 4
"""What a message costs beside its text: three, and one for the role.

Source: https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
"""
ANSWER_TOKENS = 3
"""What begins the answer; from the same source."""
FRAME_ERROR = "the texts are exact; what the chat template adds is as OpenAI's cookbook gives it"
OPENAI = ("o200k_base", "o200k_harmony", "cl100k_base")
"""Encodings whose chat models are counted as the cookbook says."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A request as the one text that a model reads; `source` says in a few words whose rendering it is."""

    text: str
    exact: bool
    source: str


class HasAliases(Protocol):
    """The part of the config that names models."""

    @property
    def aliases(self) -> Mapping[str, str]:
        """Short name → provider:model."""


class HasProviders(Protocol):
    """The part of the providers that is asked here."""

    def get(self, name: str) -> Provider:
        """The provider behind a name; raises UnknownModel."""

    def endpoint(self, name: str) -> str:
        """Where its requests go; raises UnknownModel."""


class Session(Protocol):
    """What counting needs of a session's services."""

    @property
    def config(self) -> HasAliases:
        """What a person configured."""

    @property
    def providers(self) -> HasProviders:
        """Every provider by name."""

    @property
    def tokenizers(self) -> Tokenizers:
        """Every tokenizer."""


async def count_request(services: Session, model: str, version: Version, params: Params) -> Count:
    """Input tokens of one request: counted by the server that would answer it, else by the model's tokenizer.

    Args:
        model: an alias or provider:model.
        version: rendered.

    Raises:
        UnknownModel: the name leads nowhere.
        InputError: the tokenizer cannot be loaded.
    """
    found = parse_model(model, services.config.aliases)
    own = await asyncio.to_thread(_own, services.tokenizers, found, version)
    if own is not None:
        text, tokenizer = own
        count = await asyncio.to_thread(lambda: len(tokenizer.encode_special(text)))
        return Count(count, True, tokenizer.name)
    told, why = await _ask(services, found, version, params, "count_tokens")
    if isinstance(told, int):
        return Count(told, True, "count_tokens")
    guess = await asyncio.to_thread(_counted, services.tokenizers, services.tokenizers.choose(str(found)), version)
    return replace(guess, error=_joined(guess.error, why))


async def chat_template(services: Session, model: str, version: Version) -> Rendered | None:
    """A request as the model reads it, with its special tokens; None where no template is known.

    Args:
        model: an alias or provider:model.
        version: rendered.

    Raises:
        UnknownModel: the name leads nowhere.
    """
    found = parse_model(model, services.config.aliases)
    own = await asyncio.to_thread(_own, services.tokenizers, found, version)
    if own is not None:
        return Rendered(own[0], True, "the model's own template")
    told, _ = await _ask(services, found, version, Params(), "apply_template")
    if isinstance(told, str):
        return Rendered(told, True, "as the server renders it")
    choice = services.tokenizers.choose(str(found))
    if choice.encoding == "o200k_harmony":
        return Rendered(templates.harmony(version), False, "OpenAI's harmony format, without its system message")
    if choice.exact and choice.encoding in OPENAI:
        return Rendered(templates.chatml(version), False, "ChatML, as commonly described; OpenAI publishes none")
    return None


def _own(tokenizers: Tokenizers, model: ModelName, version: Version) -> tuple[str, Tokenizer] | None:
    """The local model's request and tokenizer where both are known here, so that no process has to start; blocks."""
    choice = tokenizers.choose(str(model))
    if model.provider != "local" or not choice.exact:
        return None
    try:
        tokenizer = tokenizers.get(choice.encoding)
    except CockpitError:
        return None
    if getattr(tokenizer, "chat_template", "") != templates.SMOLLM2_TEMPLATE:
        return None
    text = templates.smollm2(version)
    return None if text is None else (text, tokenizer)


async def _ask(services: Session, model: ModelName, version: Version, params: Params, what: str) -> tuple[Any, str]:
    """The server's answer to `count_tokens` or `apply_template`, or None and why it gave none."""
    ask = getattr(services.providers.get(model.provider), what, None)
    if ask is None:
        return None, ""
    request = Request(
        provider=model.provider,
        endpoint=services.providers.endpoint(model.provider),
        model=model.model,
        messages=version.messages,
        system=version.system,
        prefill=version.prefill,
        params=params,
    )
    try:
        async with asyncio.timeout(ASKING_SECONDS):
            return await ask(request), ""
    except TimeoutError:
        return None, f"the server did not count within {ASKING_SECONDS:g} s"
    except CockpitError as error:
        return None, f"the server did not count: {error.message}"


def _counted(tokenizers: Tokenizers, choice: Choice, version: Version) -> Count:
    """The texts by the chosen tokenizer, and what is commonly added to each message."""
    tokenizer = tokenizers.get(choice.encoding)
    texts = [text for _, text in templates.turns(version)]
    if version.prefill:
        texts.append(version.prefill)
    count = sum(map(tokenizer.count, texts)) + FRAME_TOKENS * len(texts) + ANSWER_TOKENS
    if not choice.exact:
        return Count(count, False, f"{choice.encoding}, {choice.why}", choice.error)
    error = FRAME_ERROR if choice.encoding in OPENAI else "the texts are exact; what the chat template adds is assumed"
    return Count(count, False, choice.encoding, error)


def _joined(error: str, why: str) -> str:
    return "; ".join(part for part in (error, why) if part)
