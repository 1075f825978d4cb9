"""Backends by name, each made when first asked for. Wiring only: it starts and asks nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from cockpit.backends.base import Backend
from cockpit.core.errors import JobError

BUILT_IN: Mapping[str, tuple[str, str]] = {
    "local": ("cockpit.backends.local", "LocalBackend"),
    "slurm": ("cockpit.backends.slurm", "SlurmBackend"),
    "ray": ("cockpit.backends.ray", "RayBackend"),
    "openai": ("cockpit.backends.openai_jobs", "OpenAIBackend"),
    "anthropic": ("cockpit.backends.anthropic_batches", "AnthropicBackend"),
}
"""Name → module and class. The class is called with the settings of its name, as keyword arguments."""


class BackendRegistry:
    """Every place where jobs can run.

    Args:
        settings: name → keyword arguments of that backend's class; with 'kind', which built-in one it is, so that a
            person can have several of a kind.
        more: name → what makes a further backend; it wins over a built-in one.
    """

    def __init__(
        self,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        more: Mapping[str, Callable[[], Backend]] | None = None,
    ) -> None:
        self._settings = settings or {}
        self._more = dict(more or {})
        self._made: dict[str, Backend] = {}

    def names(self) -> list[str]:
        """Every backend's name."""
        return list(dict.fromkeys([*BUILT_IN, *self._settings, *self._more]))

    def get(self, name: str) -> Backend:
        """The backend of that name.

        Raises:
            JobError: there is none.
        """
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    async def aclose(self) -> None:
        """Close connections. Jobs go on."""
        made, self._made = list(self._made.values()), {}
        for backend in made:
            await backend.aclose()

    def _make(self, name: str) -> Backend:
        if name in self._more:
            return self._more[name]()
        settings = dict(self._settings.get(name, {}))
        kind = settings.pop("kind", name)
        if kind not in BUILT_IN:
            what = f"kind of backend {kind!r}, which {name!r} is said to be" if kind != name else f"backend {name!r}"
            raise JobError(f"There is no {what}.", hint=f"Known: {', '.join(self.names())}.")
        module, cls = BUILT_IN[kind]
        try:
            made: Backend = getattr(import_module(module), cls)(**settings)
        except TypeError as error:
            raise JobError(f"The settings of backend {name!r} cannot stand: {error}.") from error
        made.name = name
        return made
