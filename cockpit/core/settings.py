"""What a person sets about servers, as values that cost nothing to load. Checking them is `cockpit.config`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Protocol = Literal["openai", "openai-responses", "anthropic"]
"""How a server is talked to."""
Unsupported = Literal["refuse", "leave out"]
"""What happens to a parameter that a model cannot take."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where a provider is and how to talk to it. `$NAME` in a header's value stands for an environment variable."""

    base_url: str
    protocol: Protocol = "openai"
    key_env: str | None = None
    keep_alive: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    read_timeout: float = 120.0
    """Seconds without a byte before a stream counts as dead; models that think get five times as long."""
