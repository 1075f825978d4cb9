"""Runs: a plan is everything a run will send, decided and stored before the first byte leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cockpit.core.models import Capabilities, Price
from cockpit.core.params import Params
from cockpit.core.ports import Request
from cockpit.core.prompts import Version, render
from cockpit.core.samples import SampleKey


@dataclass(frozen=True, slots=True)
class Target:
    """One column of a run: a model with the params it is asked with."""

    name: str
    """As the person named the model: an alias or provider:model."""
    provider: str
    model: str
    endpoint: str
    params: Params = field(default_factory=Params)
    """What will be sent; already without what is left out."""
    left_out: tuple[str, ...] = ()
    """Params the person set that this model cannot take and chose to leave out."""
    label: str = ""
    """What sets this column apart in a sweep, such as 'temperature 0.7'; else empty."""
    capabilities: Capabilities = field(default_factory=Capabilities)
    price: Price | None = None

    @property
    def title(self) -> str:
        """The name, and what sets the column apart."""
        return f"{self.name} · {self.label}" if self.label else self.name


@dataclass(frozen=True, slots=True)
class Plan:
    """A version × targets × inputs × n samples. `run_id` is 0 until it is stored."""

    version: Version
    targets: tuple[Target, ...]
    inputs: tuple[Mapping[str, str], ...] = ({},)
    n: int = 1
    cap_usd: float | None = None
    deadline_s: float = 600.0
    """For one request with its retries."""
    max_retries: int = 6
    fresh: bool = False
    """Do not use answers from the cache."""
    run_id: int = 0
    version_id: int = 0

    def keys(self) -> Iterator[SampleKey]:
        """Every sample, breadth first: each column gets its first sample before any gets its second."""
        for index in range(self.n):
            for row in range(len(self.inputs)):
                for target in range(len(self.targets)):
                    yield SampleKey(target, row, index)

    def missing(self, done: Collection[SampleKey]) -> list[SampleKey]:
        """What is still to be sent."""
        return [key for key in self.keys() if key not in done]

    def request(self, key: SampleKey) -> Request:
        """The request behind a key. Sample i of a seeded run has seed + i.

        Raises:
            PlanError: a variable has no value in that input.
        """
        target = self.targets[key.target]
        filled = render(self.version, self.inputs[key.input])
        params = target.params
        if params.seed is not None:
            params = replace(params, seed=params.seed + key.index)
        return Request(
            provider=target.provider,
            endpoint=target.endpoint,
            model=target.model,
            messages=filled.messages,
            system=filled.system,
            prefill=filled.prefill,
            params=params,
        )

    def cache_digest(self, key: SampleKey) -> str:
        """The request's identity without the index's share of the seed, so that (digest, index) is the cache key."""
        target = self.targets[key.target]
        return replace(self.request(key), params=target.params).digest()


def target_to_json(target: Target) -> dict[str, Any]:
    """What a run remembers of a column; capabilities and price are looked up again."""
    return {
        "name": target.name,
        "provider": target.provider,
        "model": target.model,
        "endpoint": target.endpoint,
        "params": target.params.to_json(),
        "left_out": list(target.left_out),
        "label": target.label,
    }


def target_from_json(data: Mapping[str, Any]) -> Target:
    """The column that `target_to_json` wrote, with unknown capabilities and price."""
    return Target(
        name=data["name"],
        provider=data["provider"],
        model=data["model"],
        endpoint=data["endpoint"],
        params=Params.from_json(data["params"]),
        left_out=tuple(data.get("left_out", ())),
        label=data.get("label", ""),
    )
