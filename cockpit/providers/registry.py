"""Providers by name, each built when first asked for. Wiring only: no protocol, no request."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cockpit.core.catalog import Catalog
from cockpit.core.errors import UnknownModel
from cockpit.core.ports import Provider
from cockpit.core.settings import ServerSettings
from cockpit.providers.base import HttpProvider, shown_url

if TYPE_CHECKING:
    from cockpit.providers.local import LocalProvider

OPENAI = "https://api.openai.com/v1"
ANTHROPIC = "https://api.anthropic.com/v1"
LOCAL = "local"


class ProviderRegistry:
    """Every provider there is: the built-in ones and the servers a person configured.

    Args:
        servers: name → where it is; a built-in name replaces that provider's place.
        env: environment variables with keys and base URLs.
        catalog: what the models take; the shipped table where not given.
    """

    def __init__(
        self, servers: Mapping[str, ServerSettings], env: Mapping[str, str], catalog: Catalog | None = None
    ) -> None:
        self._env = env
        self._catalog = catalog
        self._settings = {**_built_in(env), **servers}
        self._built: dict[str, HttpProvider | LocalProvider] = {}

    def names(self) -> list[str]:
        """Every provider's name."""
        return [*self._settings, LOCAL]

    def get(self, name: str) -> Provider:
        """The provider behind a name.

        Raises:
            UnknownModel: there is none.
        """
        if name not in self._built:
            self._built[name] = self._build(name)
        return self._built[name]

    def endpoint(self, name: str) -> str:
        """Where requests go, as it is stored with them: stable, without credentials.

        Raises:
            UnknownModel: there is no such provider.
        """
        if name == LOCAL and name not in self._settings:
            return LOCAL
        return shown_url(self._find(name).base_url)

    def has_key(self, name: str) -> bool:
        """Whether requests can carry a key, or need none."""
        if name == LOCAL and name not in self._settings:
            return True
        settings = self._find(name)
        if settings.key_env and self._env.get(settings.key_env, "").strip():
            return True
        return not _key_required(settings)

    def key_hint(self, name: str) -> str:
        """What to do for a missing key: "set ANTHROPIC_API_KEY"; empty where none is needed."""
        if name == LOCAL and name not in self._settings:
            return ""
        key_env = self._find(name).key_env
        return f"set {key_env}" if key_env else ""

    async def aclose(self) -> None:
        """Close every connection and child process."""
        built, self._built = list(self._built.values()), {}
        for provider in built:
            await provider.aclose()

    def _find(self, name: str) -> ServerSettings:
        found = self._settings.get(name)
        if found is None:
            near = difflib.get_close_matches(name, self.names(), n=3)
            known = f"Close: {', '.join(near)}." if near else f"Known: {', '.join(self.names())}."
            raise UnknownModel(f"There is no provider {name!r}.", hint=known)
        return found

    def _build(self, name: str) -> HttpProvider | LocalProvider:
        if self._catalog is None:
            self._catalog = Catalog.load({}, {n: s.protocol for n, s in self._settings.items()})
        if name == LOCAL and name not in self._settings:
            from cockpit.providers.local import LocalProvider

            return LocalProvider(self._env, self._catalog)
        settings = self._find(name)
        return _protocol(settings)(name, settings, self._env, self._catalog, key_required=_key_required(settings))


def _protocol(settings: ServerSettings) -> type[HttpProvider]:
    if settings.protocol == "anthropic":
        from cockpit.providers.anthropic import AnthropicMessages

        return AnthropicMessages
    if settings.protocol == "openai-responses":
        from cockpit.providers.openai_responses import OpenAIResponses

        return OpenAIResponses
    from cockpit.providers.openai_chat import OpenAIChat

    return OpenAIChat


def _key_required(settings: ServerSettings) -> bool:
    """The vendors' own hosts and servers with a key named in the config want one; a base URL from the
    environment may be a server that wants none."""
    host = urlsplit(settings.base_url).hostname or ""
    built_in = settings.key_env in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
    return settings.key_env is not None and (not built_in or host.endswith((".openai.com", ".anthropic.com")))


def _built_in(env: Mapping[str, str]) -> dict[str, ServerSettings]:
    openai = env.get("OPENAI_BASE_URL", "").strip() or OPENAI
    anthropic = env.get("ANTHROPIC_BASE_URL", "").strip() or ANTHROPIC
    return {
        "openai": ServerSettings(openai, "openai", "OPENAI_API_KEY"),
        "openai-responses": ServerSettings(openai, "openai-responses", "OPENAI_API_KEY"),
        "anthropic": ServerSettings(_with_version(anthropic), "anthropic", "ANTHROPIC_API_KEY"),
    }


def _with_version(url: str) -> str:
    """Anthropic's own variable is the URL without `/v1`; both spellings are taken."""
    url = url.rstrip("/")
    return url if url.endswith("/v1") else f"{url}/v1"
