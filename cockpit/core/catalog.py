"""Which model names lead where, and what the table says each can take. Values and look-ups; no request is made here."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib import resources
from typing import Any

from cockpit.core.errors import PlanError, UnknownModel
from cockpit.core.models import Capabilities, Price, Refusal, refusals
from cockpit.core.params import Params, problems
from cockpit.core.prompts import Version
from cockpit.core.runs import Target
from cockpit.core.settings import Unsupported


@dataclass(frozen=True, slots=True)
class ModelName:
    """A provider and the name its API knows the model by."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"


def parse_model(name: str, aliases: Mapping[str, str]) -> ModelName:
    """Read `provider:model` or an alias.

    Raises:
        UnknownModel: neither of them.
    """
    seen: list[str] = []
    wanted = name.strip()
    while wanted in aliases and wanted not in seen:
        seen.append(wanted)
        wanted = aliases[wanted].strip()
    provider, colon, model = wanted.partition(":")
    if colon and provider.strip() and model.strip():
        return ModelName(provider.strip(), model.strip())
    if seen:
        raise UnknownModel(f"The alias {name!r} leads to {wanted!r}, which is not provider:model.")
    near = difflib.get_close_matches(wanted, list(aliases), n=3)
    hint = f"Close: {', '.join(near)}." if near else "Write it as provider:model, such as local:smollm2."
    raise UnknownModel(f"No model or alias {wanted!r}.", hint=hint)


class Catalog:
    """The capabilities and prices table, with a person's overrides merged in.

    Args:
        tables: provider → {inherits, capabilities, price, models: {pattern: {capabilities and price}}}, and `date`.
        protocols: for servers a person configured, which protocol they speak.
    """

    def __init__(self, tables: Mapping[str, Any], protocols: Mapping[str, str] | None = None) -> None:
        self._tables = tables
        self._protocols = dict(protocols or {})
        self._rows: dict[tuple[str, str], dict[str, Any]] = {}
        self.problems = _unknown_fields(tables)
        """Names in the table that mean nothing, in words; they are not used."""

    @classmethod
    def load(cls, overrides: Mapping[str, Any] | None = None, protocols: Mapping[str, str] | None = None) -> Catalog:
        """The table that comes with the program, with overrides of the same shape on top."""
        return cls(_merged(_shipped(), overrides or {}), protocols)

    @property
    def dated(self) -> str:
        """The day the capabilities were last checked, ISO 8601."""
        return str(self._tables.get("date", ""))

    @property
    def prices_dated(self) -> str:
        """The day the prices were last checked, ISO 8601."""
        return str(self._tables.get("prices_date", self.dated))

    def capabilities(self, provider: str, model: str) -> Capabilities:
        """What the model takes; the defaults where nothing is known."""
        row = self._row(provider, model)
        known = {name: row[name] for name in CAPABILITY_NAMES if name in row}
        if "efforts" in known:
            known["efforts"] = tuple(known["efforts"])
        return Capabilities(**known)

    def price(self, provider: str, model: str) -> Price | None:
        """What the model costs, or None where unknown."""
        price = self._row(provider, model).get("price")
        if not isinstance(price, Mapping) or "input" not in price or "output" not in price:
            return None
        known = {name: price[name] for name in PRICE_NAMES if name in price}
        known.setdefault("date", self.prices_dated)
        return Price(**known)

    def suggestions(self, provider: str) -> list[str]:
        """Model names worth offering before the endpoint was asked."""
        names = self._table(provider).get("suggest")
        if names is None:
            names = self._table(self._parent(provider)).get("suggest", [])
        return list(names)

    def close(self, provider: str, model: str, n: int = 3) -> list[str]:
        """Known names that look like this one, best first."""
        return difflib.get_close_matches(model, self.suggestions(provider), n=n, cutoff=0.5)

    def _table(self, provider: str) -> Mapping[str, Any]:
        table = self._tables.get(provider, {})
        return table if isinstance(table, Mapping) else {}

    def _parent(self, provider: str) -> str:
        inherits = self._table(provider).get("inherits")
        if inherits:
            return str(inherits)
        protocol = self._protocols.get(provider, "")
        return protocol if protocol in ("anthropic", "openai-responses") and protocol != provider else ""

    def _row(self, provider: str, model: str) -> dict[str, Any]:
        row = self._rows.get((provider, model))
        if row is None:
            row = self._rows[provider, model] = self._merge_row(provider, model)
        return row

    def _merge_row(self, provider: str, model: str) -> dict[str, Any]:
        """Parent's row, then the provider's defaults, then patterns from the shortest match to the longest."""
        parent = self._parent(provider)
        row = dict(self._merge_row(parent, model)) if parent and parent != provider else {}
        table = self._table(provider)
        own = {k: v for k, v in table.items() if k not in ("models", "suggest", "inherits", "source")}
        row.update(own)
        patterns = [p for p in table.get("models", {}) if fnmatchcase(model, p)]
        for pattern in sorted(patterns, key=len):
            row.update(table["models"][pattern])
        if provider in self._tables and parent:
            row.update(table.get("always", {}))
        return row


CAPABILITY_NAMES = tuple(f.name for f in fields(Capabilities))
PRICE_NAMES = tuple(f.name for f in fields(Price))
TABLE_NAMES = (*CAPABILITY_NAMES, "price", "source", "date", "note")
PROVIDER_NAMES = (*TABLE_NAMES, "models", "suggest", "inherits", "always")


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Any]:
    text = resources.files("cockpit").joinpath("data", "models.toml").read_text("utf-8")
    return tomllib.loads(text)


def _merged(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Nested tables are merged key by key; anything else from the top replaces the base's."""
    out = dict(base)
    for key, value in top.items():
        below = out.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        out[key] = _merged(below, value) if both else value  # type: ignore[arg-type]
    return out


def _unknown_fields(tables: Mapping[str, Any]) -> list[str]:
    found = []
    for provider, table in tables.items():
        if not isinstance(table, Mapping):
            if provider not in ("date", "prices_date", "source"):
                found.append(f"{provider} is not a table of a provider")
            continue
        found += [f"{provider}: {name} is not known" for name in table if name not in PROVIDER_NAMES]
        for pattern, row in table.get("models", {}).items():
            if not isinstance(row, Mapping):
                found.append(f"{provider}: models.{pattern} is not a table")
                continue
            found += [f"{provider} {pattern}: {name} is not known" for name in row if name not in TABLE_NAMES]
    return found


def resolve(
    name: str,
    *,
    catalog: Catalog,
    aliases: Mapping[str, str],
    endpoints: Callable[[str], str],
    params: Params,
    version: Version,
    unsupported: Unsupported = "refuse",
    label: str = "",
) -> Target:
    """One column of a run, checked against what the model can take.

    Args:
        endpoints: provider name → endpoint; raises UnknownModel for a provider that is not there.
        unsupported: whether params a model cannot take stop the run or are left out and recorded.

    Raises:
        UnknownModel: the name leads nowhere.
        PlanError: every refusal, one sentence each.
    """
    found = parse_model(name, aliases)
    endpoint = endpoints(found.provider)
    can = catalog.capabilities(found.provider, found.model)
    refused = refusals(name, can, params, version)
    stopping = [r for r in refused if unsupported == "refuse" or not r.can_leave_out]
    wrong = [f"{text}." for text in problems(params)]
    if stopping or wrong:
        raise PlanError(" ".join([*wrong, *(r.sentence for r in stopping)]), hint=_hint(found, stopping))
    left_out = tuple(dict.fromkeys(r.what for r in refused))
    cleared: dict[str, Any] = {what: () if what == "stop" else None for what in left_out}
    return Target(
        name=name,
        provider=found.provider,
        model=found.model,
        endpoint=endpoint,
        params=replace(params, **cleared),
        left_out=left_out,
        label=label,
        capabilities=can,
        price=catalog.price(found.provider, found.model),
    )


def _hint(model: ModelName, stopping: Sequence[Refusal]) -> str:
    if not stopping:
        return ""
    loose = any(r.can_leave_out for r in stopping)
    leave = "Unset it, or choose to leave out what a model cannot take. " if loose else ""
    return f"{leave}If the table is wrong about {model}, override it in the config."
