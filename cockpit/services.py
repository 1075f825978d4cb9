"""What the screens and the commands share: config, store, providers, limits. Opening and closing only."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.core.clock import utc_now
from cockpit.store.db import Store, open_store

if TYPE_CHECKING:
    from cockpit.config import Config
    from cockpit.core.catalog import Catalog
    from cockpit.core.limits import Limits
    from cockpit.providers.registry import ProviderRegistry
    from cockpit.tokenizers.registry import Tokenizers


class Services:
    """Everything with a lifetime of its own, for the whole program.

    What only sending needs is imported and made when it is first asked for: the first paint waits for none of it.

    Args:
        providers: made from the config and the environment where not given.
        limits: made from the config where not given.
        in_child: encode in a process of its own: for a program with a screen, which encoding would hold up.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        providers: ProviderRegistry | None = None,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = utc_now,
        *,
        in_child: bool = False,
    ) -> None:
        self.config = config
        self.store = store
        self.clock = clock
        self._providers = providers
        self._limits = limits
        self._in_child = in_child

    @property
    def providers(self) -> ProviderRegistry:
        """Every provider by name."""
        if self._providers is None:
            from cockpit.providers.registry import ProviderRegistry

            self._providers = ProviderRegistry(self.config.servers, os.environ, self.catalog)
        return self._providers

    @property
    def limits(self) -> Limits:
        """How much may be on the wire at once, learned over the whole program."""
        if self._limits is None:
            from cockpit.core.limits import Limits

            self._limits = Limits(self.config.limits)
        return self._limits

    @cached_property
    def catalog(self) -> Catalog:
        """What models take and cost, with the config's overrides."""
        return load_catalog(self.config)

    @cached_property
    def tokenizers(self) -> Tokenizers:
        """Every tokenizer, each loaded when it is first used; a person's own are in `tokenizers` beside the config."""
        return load_tokenizers(self.config, self.catalog, in_child=self._in_child)

    async def aclose(self) -> None:
        """Close connections and child processes, then save what is queued.

        Raises:
            StoreError: something could not be saved.
        """
        try:
            if "tokenizers" in vars(self):
                await asyncio.to_thread(self.tokenizers.close)
            if self._providers is not None:
                await self._providers.aclose()
        finally:
            await self.store.aclose()


def load_catalog(config: Config) -> Catalog:
    """The shipped table with the config's overrides on top."""
    from cockpit.core.catalog import Catalog

    return Catalog.load(config.overrides, {name: server.protocol for name, server in config.servers.items()})


def load_tokenizers(config: Config, catalog: Catalog, *, in_child: bool = False) -> Tokenizers:
    """Every tokenizer there is, none of them loaded; `in_child`: in a process of their own once they are."""
    from cockpit.paths import config_path
    from cockpit.tokenizers.registry import Tokenizers

    path = config.path if config.path.name else config_path()
    return Tokenizers(catalog, config.servers, path.parent, os.environ, in_child=in_child)


def open_services(config: Config, db_path: Path, *, in_child: bool = False) -> Services:
    """Open the database. No connection is made and no heavy package is loaded; `in_child` as for `Services`.

    Raises:
        StoreError: the database cannot be opened.
    """
    return Services(config, open_store(db_path), in_child=in_child)


async def close_services(services: Services) -> None:
    """Close connections and child processes, then save what is queued.

    Raises:
        StoreError: something could not be saved.
    """
    await services.aclose()
