"""The local model's requests are counted and rendered without its process, and exactly."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

from cockpit.config import Config
from cockpit.core.catalog import Catalog
from cockpit.core.params import Params
from cockpit.core.prompts import single
from cockpit.providers import ProviderRegistry
from cockpit.providers.local import LocalProvider
from cockpit.tokenizers.count import chat_template, count_request
from cockpit.tokenizers.registry import Tokenizers
from tests.tokenizers.conftest import needs_gguf


@needs_gguf
async def test_the_local_model_is_counted_without_being_started(tmp_path: Path) -> None:
    registry = ProviderRegistry({}, {})
    tokenizers = Tokenizers(Catalog.load(), {}, tmp_path, os.environ)
    session = SimpleNamespace(config=Config(), providers=registry, tokenizers=tokenizers)
    count = await count_request(session, "local:smollm2", single("Hi"), Params())
    assert (count.tokens, count.exact, count.how) == (31, True, "smollm2")
    rendered = await chat_template(session, "local:smollm2", single("Hi"))
    assert rendered is not None
    assert rendered.exact
    assert rendered.text.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
    provider = registry.get("local")
    assert isinstance(provider, LocalProvider)
    assert provider.pid is None
