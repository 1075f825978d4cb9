"""What the screens and the commands share: config, store, providers, limits. Opening and closing only."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from cockpit.config import Config
from cockpit.core.catalog import Catalog
from cockpit.core.limits import Limits
from cockpit.core.sending import utc_now
from cockpit.providers.registry import ProviderRegistry
from cockpit.store.db import Store, open_store


@dataclass(frozen=True)
class Services:
    """Everything with a lifetime of its own, for the whole program."""

    config: Config
    store: Store
    providers: ProviderRegistry
    limits: Limits
    clock: Callable[[], datetime] = utc_now

    @cached_property
    def catalog(self) -> Catalog:
        """What models take and cost, with the config's overrides."""
        return load_catalog(self.config)


def load_catalog(config: Config) -> Catalog:
    """The shipped table with the config's overrides on top."""
    return Catalog.load(config.overrides, {name: server.protocol for name, server in config.servers.items()})


def open_services(config: Config, db_path: Path) -> Services:
    """Open the database and name the providers. No connection is made and no heavy package is loaded.

    Raises:
        StoreError: the database cannot be opened.
    """
    store = open_store(db_path)
    providers = ProviderRegistry(config.servers, os.environ, load_catalog(config))
    return Services(config, store, providers, Limits(config.limits))


async def close_services(services: Services) -> None:
    """Close connections and child processes, then save what is queued.

    Raises:
        StoreError: something could not be saved.
    """
    try:
        await services.providers.aclose()
    finally:
        await services.store.aclose()
