"""What the tokenizer tests share: tiktoken's own encodings, made without ours, and ours."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tiktoken
from tiktoken_ext import openai_public

import cockpit
from cockpit.core.catalog import Catalog
from cockpit.tokenizers import gguf
from cockpit.tokenizers.registry import Tokenizers

BLOBS = "https://openaipublic.blob.core.windows.net/encodings/"
R50K_LINES = 50256
needs_gguf = pytest.mark.skipif(
    gguf.find_gguf(os.environ) is None, reason="THE LOCAL MODEL IS NOT INSTALLED: make run installs it"
)


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], tiktoken.Encoding]]:
    """tiktoken's encodings by its own constructors, from a cache of its own kind; it checks every hash itself."""
    folder = tmp_path_factory.mktemp("tiktoken")
    for name in ("o200k_base", "cl100k_base", "p50k_base"):
        packed = Path(cockpit.__file__).parent / "data" / "bpe" / f"{name}.tiktoken.gz"
        put(folder, name, gzip.decompress(packed.read_bytes()))
    lines = gzip.decompress((packed.parent / "p50k_base.tiktoken.gz").read_bytes()).splitlines(keepends=True)
    put(folder, "r50k_base", b"".join(lines[:R50K_LINES]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(folder))
        made: dict[str, tiktoken.Encoding] = {}

        def encoding(name: str) -> tiktoken.Encoding:
            if name not in made:
                made[name] = tiktoken.Encoding(**openai_public.ENCODING_CONSTRUCTORS[name]())
            return made[name]

        yield encoding


def put(folder: Path, name: str, data: bytes) -> None:
    """A table where tiktoken looks for what it fetched before."""
    key = hashlib.sha1(f"{BLOBS}{name}.tiktoken".encode(), usedforsecurity=False).hexdigest()
    (folder / key).write_bytes(data)


@pytest.fixture(scope="session")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> Tokenizers:
    """Ours, with nothing configured."""
    return Tokenizers(Catalog.load(), {}, tmp_path_factory.mktemp("home"), {})
