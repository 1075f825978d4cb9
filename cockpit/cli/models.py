"""`cockpit models`: what can be asked, what it takes and costs, whether there is a key. The table is the catalog's."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import click

from cockpit.cli import output
from cockpit.cli.context import Context, as_json, pass_context
from cockpit.core.catalog import Catalog, parse_model
from cockpit.core.errors import CockpitError
from cockpit.core.models import Capabilities, Price
from cockpit.providers.registry import ProviderRegistry
from cockpit.services import load_catalog

TAKES = ("temperature", "top_p", "stop", "prefill", "seed", "logprobs", "reasoning_effort", "system")


@dataclass(frozen=True, slots=True)
class Line:
    """One name that can be given to -m."""

    name: str
    alias_of: str
    key: bool
    key_hint: str
    capabilities: Capabilities | None
    price: Price | None
    problem: str = ""


@click.command("models")
@click.argument("word", default="")
@click.option("--remote", metavar="PROVIDER", help="Ask this provider's endpoint for its list.")
@as_json
@pass_context
def models_command(ctx: Context, word: str, remote: str | None, as_json: bool) -> int:
    """Aliases, known models and servers; with WORD only names that hold it.

    Any other model of a provider works too, as provider:model.
    """
    if remote:
        return asyncio.run(_remote(ctx, remote, as_json=as_json))
    catalog, registry = tables(ctx)
    lines = [line for line in _lines(ctx, catalog, registry) if word in line.name]
    for line in lines if as_json else ():
        output.emit(_json(line))
    if not as_json:
        rows = [(line.name, _takes(line), _price(line.price), _key(line)) for line in lines]
        output.table(rows, heads=("model", "does not take", "$ per million in / out", "key"), widest=70)
        output.note(f"Prices as of {catalog.prices_dated}. What an endpoint offers: cockpit models --remote PROVIDER")
    return 0


def tables(ctx: Context) -> tuple[Catalog, ProviderRegistry]:
    """The catalog and the providers, as configured."""
    catalog = load_catalog(ctx.config)
    return catalog, ProviderRegistry(ctx.config.servers, os.environ, catalog)


def _lines(ctx: Context, catalog: Catalog, registry: ProviderRegistry) -> Iterator[Line]:
    for alias, name in ctx.config.aliases.items():
        yield _line(alias, name, ctx, catalog, registry)
    for provider in sorted(registry.names(), key=lambda name: name != "local"):
        names = catalog.suggestions(provider) or ["…"]
        for model in names:
            yield _line(f"{provider}:{model}", "", ctx, catalog, registry)


def _line(name: str, alias_of: str, ctx: Context, catalog: Catalog, registry: ProviderRegistry) -> Line:
    try:
        found = parse_model(name, ctx.config.aliases)
        key = registry.has_key(found.provider)
        hint = registry.key_hint(found.provider)
    except CockpitError as error:
        return Line(name, alias_of, False, "", None, None, error.sentence())
    can = catalog.capabilities(found.provider, found.model)
    return Line(name, alias_of, key, hint, can, catalog.price(found.provider, found.model))


def _json(line: Line) -> dict[str, Any]:
    return {
        "model": line.name,
        "alias_of": line.alias_of or None,
        "key": line.key,
        "key_hint": line.key_hint,
        "capabilities": asdict(line.capabilities) if line.capabilities else None,
        "price": asdict(line.price) if line.price else None,
        "problem": line.problem or None,
    }


def _takes(line: Line) -> str:
    """What is worth knowing: the settings that would be refused."""
    can = line.capabilities
    if can is None:
        return line.problem
    lacks = [name for name in TAKES if name != "reasoning_effort" and not getattr(can, name)]
    if can.max_stops is not None and can.stop:
        lacks.append(f"over {can.max_stops} stops")
    return ", ".join(lacks) or "–"


def _price(price: Price | None) -> str:
    if price is None:
        return "unknown"
    return "free" if not price.input and not price.output else f"{price.input:g} / {price.output:g}"


def _key(line: Line) -> str:
    if line.problem:
        return "–"
    return ("set" if line.key_hint else "not needed") if line.key else f"missing: {line.key_hint}"


async def _remote(ctx: Context, name: str, *, as_json: bool) -> int:
    _, registry = tables(ctx)
    try:
        found = await registry.get(name).models()
    finally:
        await registry.aclose()
    for model in found if as_json else ():
        output.emit({"model": f"{name}:{model.id}", "created": model.created, "context": model.context,
                     "note": model.note})  # fmt: skip
    if not as_json:
        rows = [(f"{name}:{m.id}", m.created or "", str(m.context or ""), m.note) for m in found]
        output.table(rows, heads=("model", "created", "context", "note"), right=(2,))
    return 0
