"""Vectors from an OpenAI-compatible server, and everything that is none."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.core.errors import ProviderError
from cockpit.providers import ProviderRegistry
from cockpit.providers.embedding import BATCH, embed
from tests.fake_provider import KEY, FakeProvider


@pytest.fixture
def registry(fake: FakeProvider) -> ProviderRegistry:
    return ProviderRegistry({}, fake.env())


async def test_each_text_has_its_own_vector_whatever_order_they_come_in(
    registry: ProviderRegistry, fake: FakeProvider
) -> None:
    texts = [f"word{at} word{at}" for at in range(BATCH + 3)]
    found = await embed(registry.get("openai"), "fake-embed", texts)
    assert len(found) == len(texts)
    assert all(max(vector) >= 2 and len(vector) == 64 for vector in found)
    alone = await embed(registry.get("openai"), "fake-embed", [texts[BATCH]])
    assert alone == [found[BATCH]]
    assert [len(one.body["input"]) for one in fake.counted] == [BATCH, 3, 1]
    await registry.aclose()


@pytest.mark.parametrize("name", ["anthropic", "local"])
async def test_who_has_none_says_so(registry: ProviderRegistry, name: str) -> None:
    with pytest.raises(ProviderError, match=f"{name} gives no embeddings"):
        await embed(registry.get(name), "x", ["a"])
    await registry.aclose()


@pytest.mark.parametrize("model", ["fake-tok5", "fake-embed-err500", "fake-embed-err401"])
async def test_a_refusal_is_an_error_without_the_key(registry: ProviderRegistry, model: str) -> None:
    with pytest.raises(ProviderError) as caught:
        await embed(registry.get("openai"), model, ["a"])
    assert KEY not in f"{caught.value} {caught.value.hint}"
    await registry.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"data": [{"index": 0, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]},
        {"data": [{"index": 0, "embedding": ["1"]}, {"index": 1, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": []}, {"index": 1, "embedding": []}]},
        {"data": [{"index": 0, "embedding": [float("nan")]}, {"index": 1, "embedding": [1.0]}]},
        {"data": [None, 3]},
    ],
)
async def test_what_is_no_list_of_vectors_is_refused(
    registry: ProviderRegistry, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
) -> None:
    provider: Any = registry.get("openai")

    async def said(*_: object) -> dict[str, Any]:
        return answer

    monkeypatch.setattr(provider, "post_json", said)
    with pytest.raises(ProviderError):
        await embed(provider, "m", ["a", "b"])
    await registry.aclose()
