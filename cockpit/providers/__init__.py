"""Wire protocols: one file each, and a registry by name. They know the core, and nothing above it."""

from cockpit.providers.registry import ProviderRegistry

__all__ = ["ProviderRegistry"]
