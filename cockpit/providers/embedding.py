"""Texts to vectors by an OpenAI-compatible server. One request at a time; keeping and comparing is others' work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cockpit.core.errors import ProviderError
from cockpit.providers import errors
from cockpit.providers.base import HttpProvider

BATCH = 128
"""Texts of one request: OpenAI takes 2,048 with 300,000 tokens together."""
LARGEST = 3.4e38
"""Of a 32-bit number, which vectors are kept as."""


async def embed(provider: object, model: str, texts: Sequence[str]) -> list[tuple[float, ...]]:
    """A vector for each text, in their order, all of one length, by POST /embeddings.

    Source: https://platform.openai.com/docs/api-reference/embeddings/create

    Args:
        provider: as the registry has it.

    Raises:
        ProviderError: it speaks no such protocol, was not reached, refused, or answered with something else.
    """
    if not isinstance(provider, HttpProvider) or provider.settings.protocol == "anthropic":
        name = getattr(provider, "name", "This provider")
        raise ProviderError(
            "bad_request", f"{name} gives no embeddings.", hint="Name an OpenAI-compatible one, such as openai:MODEL."
        )
    found: list[tuple[float, ...]] = []
    for start in range(0, len(texts), BATCH):
        some = list(texts[start : start + BATCH])
        asked = {"model": model, "input": some, "encoding_format": "float"}
        data = await provider.post_json(provider.url("/embeddings"), model, asked)
        found += _vectors(provider, model, data, len(some))
    if len({len(vector) for vector in found}) > 1:
        raise _strange(provider, model, "vectors of different lengths")
    return found


def _vectors(provider: HttpProvider, model: str, data: Mapping[str, Any], count: int) -> list[tuple[float, ...]]:
    """The rows by their index, which need not be the order they come in."""
    rows = data.get("data")
    rows = rows if isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows) else []
    by_index = {row.get("index", at): row.get("embedding") for at, row in enumerate(rows)}
    found = []
    for at in range(count):
        vector = by_index.get(at)
        if not isinstance(vector, list) or not vector or not all(_is_number(value) for value in vector):
            raise _strange(provider, model, f"JSON without {count} vectors")
        found.append(tuple(float(value) for value in vector))
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST


def _strange(provider: HttpProvider, model: str, what: str) -> ProviderError:
    return errors.not_an_answer(b"", what, provider.place(model))
