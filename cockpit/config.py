"""The config file as a checked value. Content never stops the app: what is wrong falls back and is listed by line."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from cockpit import config_lines, paths
from cockpit.core import params as param_rules
from cockpit.core.params import Params
from cockpit.core.settings import Protocol, ServerSettings, Unsupported

if TYPE_CHECKING:
    from cockpit.core.limits import LimitSettings

T = TypeVar("T")
TABLES = ("keys", "defaults", "aliases", "servers", "limits", "catalog", "backends", "jobs")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a new prompt starts with."""

    models: tuple[str, ...] = ()
    """Empty: the embedded local model."""
    n: int = 8
    params: Params = field(default_factory=Params)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a person can set; each field is explained in `cockpit doctor --example-config`."""

    theme: str = "cockpit-dark"
    key_preset: str = "default"
    project: str = "default"
    unsupported: Unsupported = "refuse"
    cap_usd: float | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    """Command id → keys."""
    defaults: Defaults = field(default_factory=Defaults)
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Short name → provider:model."""
    servers: Mapping[str, ServerSettings] = field(default_factory=dict)
    limits: Mapping[str, LimitSettings] = field(default_factory=dict)
    """'provider:model' or 'provider' → limits."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """The [catalog] table: what to change in the table of capabilities and prices, in the shape of data/models.toml."""
    problems: tuple[str, ...] = ()
    """One sentence each, with the line."""
    backends: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Place → its settings; 'kind' says of which kind it is, where its name does not."""
    webhook_env: str = ""
    """The environment variable with the URL that is told of ended jobs."""
    path: Path = Path()


def load_config(path: Path | None = None) -> Config:
    """The config at `path` (default: the platform's place); a file that is not there is an empty one. Never raises."""
    where = path or paths.config_path()
    project = os.environ.get("COCKPIT_PROJECT") or None
    try:
        text = where.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return Config(path=where, project=project or "default")
    except (OSError, UnicodeDecodeError) as error:
        return Config(path=where, project=project or "default", problems=(f"{where}: cannot be read: {error}.",))
    return parse_config(text, where, project=project)


def parse_config(text: str, path: Path, *, project: str | None = None) -> Config:
    """The config in a TOML text; `project` wins over the file's own."""
    import tomllib

    try:
        # tomllib knows only bare newlines and CRLF, as TOML does.
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Config(path=path, project=project or "default", problems=(f"{path}: {error}. Defaults hold.",))
    reader = Reader(text, path)
    top = reader.fields(
        data,
        (),
        _fields(),
    )
    tables = {name: top.pop(name, {}) for name in TABLES}
    if project:
        top["project"] = project
    return Config(
        **top,
        keys=reader.table(tables["keys"], ("keys",), text_value),
        defaults=_defaults(reader, tables["defaults"]),
        aliases=_aliases(reader, tables["aliases"]),
        servers=_servers(reader, tables["servers"]),
        limits=_limits(reader, tables["limits"]),
        overrides=reader.table(tables["catalog"], ("catalog",), any_table),
        backends=reader.table(tables["backends"], ("backends",), any_table),
        webhook_env=reader.fields(tables["jobs"], ("jobs",), {"webhook_env": text_value}).get("webhook_env", ""),
        problems=tuple(reader.problems),
        path=path,
    )


def _fields() -> dict[str, Callable[[Any], Any]]:
    """The settings at the file's top, each with its check."""
    return {
        "theme": text_value,
        "key_preset": text_value,
        "project": text_value,
        "unsupported": one_of(*get_args(Unsupported)),
        "cap_usd": amount,
        "keys": any_table,
        "defaults": any_table,
        "aliases": any_table,
        "servers": any_table,
        "limits": any_table,
        "catalog": any_table,
        "backends": any_table,
        "jobs": any_table,
    }


class Wrong(ValueError):
    """A value that cannot stand; the message completes 'must be …'. A secret value is not repeated."""

    def __init__(self, must_be: str, *, secret: bool = False) -> None:
        super().__init__(must_be)
        self.secret = secret


class Reader:
    """Takes values out of parsed TOML one by one, and notes each that is wrong with its line."""

    def __init__(self, text: str, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []
        self._lines = config_lines.index(text)

    def wrong(self, at: tuple[str, ...], sentence: str) -> None:
        """Note a problem at a key, such as ('servers', 'vllm', 'base_url')."""
        line = config_lines.find(self._lines, at)
        place = f"{self.path}, line {line}" if line else f"{self.path}"
        self.problems.append(f"{place}: {'.'.join(at)} {sentence}.")

    def fields(
        self, data: Mapping[str, Any], at: tuple[str, ...], known: Mapping[str, Callable[[Any], Any]]
    ) -> dict[str, Any]:
        """The values that are right, of a table whose keys are fixed; unknown keys are problems."""
        found: dict[str, Any] = {}
        for name, value in data.items():
            if name not in known:
                self.wrong((*at, name), f"is not a setting (known: {', '.join(known)})")
                continue
            try:
                found[name] = known[name](value)
            except Wrong as error:
                tail = "" if error.secret else f", not {_shown(value)}"
                self.wrong((*at, name), f"must be {error}{tail}")
        return found

    def table(self, data: Mapping[str, Any], at: tuple[str, ...], check: Callable[[Any], T]) -> dict[str, T]:
        """The values that are right, of a table whose keys a person chooses."""
        return self.fields(data, at, dict.fromkeys(data, check))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def text_value(value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise Wrong("a text")
    return value


def switch(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise Wrong("true or false")
    return value


def amount(value: Any) -> float:
    """A number above zero."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise Wrong("a number above 0")
    return float(value)


def number(value: Any) -> float:
    """Any number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong("a number")
    return float(value)


def count(value: Any) -> int:
    """A whole number above zero."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Wrong("a whole number above 0")
    return value


def whole(value: Any) -> int:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong("a whole number")
    return value


def any_table(value: Any) -> Mapping[str, Any]:
    """A table."""
    if not isinstance(value, dict):
        raise Wrong("a table")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise Wrong("a list of texts")
    return tuple(value)


def one_of(*choices: str) -> Callable[[Any], str]:
    """A check that a value is one of a few."""

    def check(value: Any) -> str:
        if value not in choices:
            raise Wrong("one of " + ", ".join(choices))
        return str(value)

    return check


def text_table(value: Any) -> Mapping[str, str]:
    """A table of texts."""
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise Wrong("a table of texts", secret=True)
    return value


def web_address(value: Any) -> str:
    """An http or https address without a user or password: addresses are stored with each run."""
    from urllib.parse import urlsplit

    if not isinstance(value, str):
        raise Wrong("a web address")
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        raise Wrong("a web address", secret=True) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Wrong("a web address that starts with http:// or https://", secret=True)
    if parts.username is not None or parts.password is not None:
        raise Wrong("an address without a password (use key_env)", secret=True)
    return value


PARAM_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "temperature": number,
    "top_p": number,
    "max_tokens": count,
    "stop": texts,
    "seed": whole,
    "logprobs": whole,
    "reasoning_effort": text_value,
}


def _defaults(reader: Reader, data: Mapping[str, Any]) -> Defaults:
    found = reader.fields(data, ("defaults",), {"models": texts, "n": count, **PARAM_CHECKS})
    params = Params()
    for name in PARAM_CHECKS:
        if name in found:
            tried = params.with_value(name, found.pop(name))
            wrong = param_rules.problems(tried)
            if wrong:
                reader.wrong(("defaults", name), f"cannot stand: {wrong[0]}")
            else:
                params = tried
    return Defaults(**found, params=params)


def _aliases(reader: Reader, data: Mapping[str, Any]) -> dict[str, str]:
    found = reader.table(data, ("aliases",), text_value)
    for name in [name for name in found if ":" in name or not name.strip()]:
        reader.wrong(("aliases", name), "cannot be a name: it has a colon or is blank")
        del found[name]
    return found


def _servers(reader: Reader, data: Mapping[str, Any]) -> dict[str, ServerSettings]:
    found: dict[str, ServerSettings] = {}
    for name, table in reader.table(data, ("servers",), any_table).items():
        at = ("servers", name)
        if name == "local" or ":" in name or not name.strip():
            reader.wrong(at, "cannot be a server's name: it is local, blank or has a colon")
            continue
        values = reader.fields(
            table,
            at,
            {
                "base_url": web_address,
                "protocol": one_of(*get_args(Protocol)),
                "key_env": text_value,
                "keep_alive": switch,
                "headers": text_table,
                "read_timeout": amount,
            },
        )
        if "base_url" not in values:
            if "base_url" not in table:
                reader.wrong(at, "has no base_url")
            continue
        found[name] = ServerSettings(**values)
    return found


def _limits(reader: Reader, data: Mapping[str, Any]) -> dict[str, LimitSettings]:
    from cockpit.core.limits import LimitSettings

    checks = {"rpm": count, "tpm": count, "start": count, "max_concurrency": count}
    tables = reader.table(data, ("limits",), any_table)
    return {name: LimitSettings(**reader.fields(table, ("limits", name), checks)) for name, table in tables.items()}
