"""Vectors of texts for a choice by likeness: from the file where they are, else from the provider. Compares nothing."""

from __future__ import annotations

import asyncio
import os
from array import array
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from cockpit.core.catalog import parse_model
from cockpit.core.errors import InputError
from cockpit.providers.embedding import BATCH, embed
from cockpit.providers.registry import ProviderRegistry
from cockpit.services import Services
from cockpit.store.embeddings import EmbeddingFile, beside

Vectors: TypeAlias = "dict[str, array[float]]"


def vectors_of(
    services: Services, name: str, texts: Iterable[str], *, go_on: Callable[[], None] = lambda: None
) -> Vectors:
    """A vector for each distinct text by the model `name` (PROVIDER:MODEL). Blocks: call it in a thread.

    What was asked before is read from the file beside the database; what is new is sent, kept, and never sent again.
    An empty text, which servers refuse, is asked for as a space.

    Args:
        go_on: called before each request; what it raises ends the work, and what came so far is kept.

    Raises:
        UnknownModel: the name leads nowhere.
        InputError: the model's vectors changed their length: the file is of another model of that name.
        ProviderError: the provider cannot be asked.
        StoreError: the vectors cannot be kept.
    """
    found = parse_model(name, services.config.aliases)
    registry = ProviderRegistry(services.config.servers, os.environ, services.catalog)
    model = f"{registry.endpoint(found.provider)} {found.model}"
    kept = EmbeddingFile(beside(services.store.path))
    wanted = list(dict.fromkeys(texts))
    vectors = kept.known(model, wanted)
    missing = [text for text in wanted if text not in vectors]
    for start in range(0, len(missing), BATCH):
        go_on()
        some = missing[start : start + BATCH]
        # As 32-bit numbers from the first: read back they must lead to the same choice.
        made = [array("f", vector) for vector in _ask_now(registry, found.provider, found.model, some)]
        kept.keep(model, dict(zip(some, made, strict=True)))
        vectors |= dict(zip(some, made, strict=True))
    if len({len(vector) for vector in vectors.values()}) > 1:
        raise InputError(
            f"The vectors of {name} are of different lengths: it is another model than before.",
            hint=f"Delete {kept.path}; it holds nothing else.",
        )
    return vectors


def _ask_now(registry: ProviderRegistry, provider: str, model: str, texts: list[str]) -> list[tuple[float, ...]]:
    """In a loop and with connections of its own: the caller's thread may have a loop that is running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _ask(registry, provider, model, [text or " " for text in texts])).result()


async def _ask(registry: ProviderRegistry, provider: str, model: str, texts: list[str]) -> list[tuple[float, ...]]:
    try:
        return await embed(registry.get(provider), model, texts)
    finally:
        await registry.aclose()
