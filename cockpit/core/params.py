"""Sampling settings. `None` (or an empty stop list) means: not sent, the API's own default holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from cockpit.core.errors import InputError

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class Params:
    """What a person set for sampling, independent of any API."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    """Sample i is sent with seed + i, so that n samples are n draws and yet repeatable."""
    logprobs: int | None = None
    """Number of alternatives a token; 0 asks for the chosen token's alone."""
    reasoning_effort: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Only what is set."""
        return {k: list(v) if k == "stop" else v for k, v in asdict(self).items() if v is not None and v != ()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Params:
        """The params that `to_json` wrote; unknown names are an error, never dropped.

        Raises:
            InputError: a name that is no parameter.
        """
        unknown = sorted(set(data) - set(NAMES))
        if unknown:
            raise InputError(f"Unknown parameter: {', '.join(unknown)}.", hint=f"Known: {', '.join(NAMES)}.")
        values: dict[str, Any] = {k: tuple(v) if k == "stop" else v for k, v in data.items()}
        return cls(**values)

    def with_value(self, name: str, value: Any) -> Params:
        """A copy with one setting changed (used by sweeps).

        Raises:
            InputError: a name that is no parameter.
        """
        if name not in NAMES:
            raise InputError(f"Unknown parameter: {name}.", hint=f"Known: {', '.join(NAMES)}.")
        return replace(self, **{name: value})

    def is_set(self, name: str) -> bool:
        """Whether a person gave this setting a value."""
        return getattr(self, name) not in (None, ())


NAMES: tuple[str, ...] = tuple(f.name for f in fields(Params))


def problems(params: Params) -> list[str]:
    """What is wrong with the values themselves, whatever the model."""
    found = []
    if params.temperature is not None and not 0 <= params.temperature <= 2:
        found.append(f"temperature {params.temperature:g} is not within 0 and 2")
    if params.top_p is not None and not 0 < params.top_p <= 1:
        found.append(f"top_p {params.top_p:g} is not within 0 and 1")
    if params.max_tokens is not None and params.max_tokens < 1:
        found.append(f"max_tokens {params.max_tokens} is less than 1")
    if params.logprobs is not None and not 0 <= params.logprobs <= 20:
        found.append(f"logprobs {params.logprobs} is not within 0 and 20")
    if params.reasoning_effort is not None and params.reasoning_effort not in EFFORTS:
        found.append(f"reasoning_effort {params.reasoning_effort!r} is not one of {', '.join(EFFORTS)}")
    if "" in params.stop:
        found.append("an empty stop string would end every answer at once")
    return found
