"""What the model picker shows of each model, in words. Pure: values in, values out; no widget, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from cockpit.core.catalog import Catalog, ModelName, parse_model
from cockpit.core.errors import CockpitError, UnknownModel
from cockpit.core.models import Capabilities, Price

FIRST = "local"


class Keys(Protocol):
    """What is asked of the provider registry."""

    def names(self) -> Sequence[str]:
        """Every provider."""

    def has_key(self, name: str) -> bool:
        """Whether requests can be signed."""

    def key_hint(self, name: str) -> str:
        """What to do for a key."""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model that can be chosen: how it is named, and what is known of it."""

    name: str
    provider: str
    stands_for: str
    """For an alias, the model's full name; else empty."""
    context: str
    price: str
    takes: str
    missing: str
    """What to set before it can be used; empty if nothing."""
    offered: bool = False
    """Named by the provider when it was asked; the table of models does not name it."""


def model_rows(
    catalog: Catalog, keys: Keys, aliases: Mapping[str, str], chosen: Sequence[str], more: Mapping[str, Sequence[str]]
) -> list[ModelRow]:
    """Aliases first, then the local model, then each provider; `more` are names that endpoints listed."""
    names: dict[str, None] = dict.fromkeys(aliases)
    providers = sorted(keys.names(), key=lambda name: (name != FIRST, not keys.has_key(name)))
    for provider in providers:
        for model in dict.fromkeys([*catalog.suggestions(provider), *more.get(provider, ())]):
            names.setdefault(f"{provider}:{model}")
    known = dict.fromkeys([*(name for name in chosen if name not in names), *names])
    listed = {f"{provider}:{model}" for provider, models in more.items() for model in models}
    listed -= {f"{provider}:{model}" for provider in more for model in catalog.suggestions(provider)}
    rows = [model_row(name, catalog, keys, aliases) for name in known]
    return [replace(row, offered=True) if row.name in listed else row for row in rows]


def model_row(name: str, catalog: Catalog, keys: Keys, aliases: Mapping[str, str]) -> ModelRow:
    """What is known of one model."""
    try:
        found = parse_model(name, aliases)
    except UnknownModel as error:
        return ModelRow(name, "", "", "", "", "", error.sentence())
    can = catalog.capabilities(found.provider, found.model)
    return ModelRow(
        name=name,
        provider=found.provider,
        stands_for=str(found) if name in aliases else "",
        context=context_text(can.context),
        price=price_text(catalog.price(found.provider, found.model)),
        takes=takes_text(can),
        missing=missing_text(found, keys),
    )


def missing_text(found: ModelName, keys: Keys) -> str:
    """What has to be set before this model answers; empty if nothing."""
    if found.provider not in keys.names():
        return f"no provider {found.provider}: add [servers.{found.provider}] to the config"
    if keys.has_key(found.provider):
        return ""
    return keys.key_hint(found.provider)


def context_text(tokens: int | None) -> str:
    """A context length as people say it: 200k, 1M."""
    if tokens is None:
        return "?"
    if tokens >= 1_000_000:
        return f"{tokens / 1_000_000:.3g}M"
    return f"{tokens / 1000:.0f}k" if tokens >= 1000 else str(tokens)


def price_text(price: Price | None) -> str:
    """Dollars a million tokens, in and out."""
    if price is None:
        return "price unknown"
    if price.input == 0 and price.output == 0:
        return "free"
    return f"${price.input:g} / ${price.output:g}"


def takes_text(can: Capabilities) -> str:
    """What sets the model apart: first what it refuses, since that changes a plan."""
    if can == Capabilities():
        return "nothing known: all is sent"
    no = [
        name.replace("_", " ")
        for name in ("temperature", "top_p", "stop", "prefill", "seed", "logprobs", "system")
        if not getattr(can, name)
    ]
    notes = [f"no {', '.join(no)}"] if no else []
    if can.reasoning_effort:
        notes.append("effort")
    if can.sampling_needs_effort_none:
        notes.append("sampling only at effort none")
    if not can.temperature_and_top_p and can.temperature and can.top_p:
        notes.append("temperature or top p, not both")
    if can.max_stops is not None and can.stop:
        notes.append(f"{can.max_stops} stops")
    return " · ".join(notes) if notes else "takes everything"


def matching(rows: Sequence[ModelRow], query: str) -> list[ModelRow]:
    """The rows that hold every word of the query."""
    words = query.lower().split()
    return [row for row in rows if all(word in f"{row.name} {row.stands_for}".lower() for word in words)]


def addable(query: str, rows: Sequence[ModelRow], aliases: Mapping[str, str]) -> str:
    """The full name typed, where it is a model not yet in the list; else empty."""
    try:
        name = str(parse_model(query, aliases))
    except CockpitError:
        return ""
    return "" if any(name in (row.name, row.stands_for) for row in rows) else name
