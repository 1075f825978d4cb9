"""What the core asks of the outside: requests go out through a Provider, chunks come back. Types only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from cockpit.core.params import Params
from cockpit.core.prompts import Message


@dataclass(frozen=True, slots=True)
class Request:
    """One completion to ask for, rendered and ready. One request is one sample."""

    provider: str
    endpoint: str
    """Where it goes: part of the identity, since one model name may be served in two places."""
    model: str
    """The name the API knows."""
    messages: tuple[Message, ...]
    system: str = ""
    prefill: str = ""
    params: Params = field(default_factory=Params)

    def digest(self) -> str:
        """The cache key's first half: same digest, same distribution of answers."""
        plain = {**asdict(self), "messages": [message.to_json() for message in self.messages]}
        text = json.dumps(plain, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Wire:
    """A request as HTTP, with `$NAME` in place of the key: what a person may see, copy and store."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One generated token, its log probability (nats) and the most likely alternatives."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as the API reported them; None is unknown, not zero."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


@dataclass(slots=True)
class Chunk:
    """What one network read brought. Fields left at their default were not in it."""

    text: str = ""
    reasoning: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()
    usage: Usage | None = None
    stop_reason: str | None = None
    """Raw, as the API spells it."""
    stop: str | None = None
    """The stop string that was hit, where the API says which."""
    stop_known: bool = False
    """The API told whether a stop string was hit; with `stop` None it then was a natural end."""
    refused: bool = False
    """The API marked what the model said as a refusal, beside its stop reason."""
    request_id: str | None = None
    model: str | None = None
    """The model that answered, where it differs in name from the one asked."""
    body: Mapping[str, Any] | None = None
    """The body that was sent, where it differs from what `wire` may have said before."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that a provider offers."""

    id: str
    created: str | None = None
    context: int | None = None
    note: str = ""


class Provider(Protocol):
    """One wire protocol at one endpoint."""

    name: str
    endpoint: str

    def wire(self, request: Request) -> Wire:
        """Exactly what `stream` sends, without the secret."""

    async def ready(self, model: str) -> None:
        """Load what the first request needs, so that no sample's times have that in them.

        Raises:
            ProviderError: it cannot be had.
        """

    def stream(self, request: Request) -> AsyncIterator[Chunk]:
        """Send and yield what comes. Closing the iterator closes the connection.

        Raises:
            ProviderError: of the kind that fits; chunks yielded before it stand.
        """

    async def models(self) -> Sequence[ModelInfo]:
        """What the endpoint lists.

        Raises:
            ProviderError: it cannot be asked.
        """

    async def aclose(self) -> None:
        """Close connections and child processes."""
