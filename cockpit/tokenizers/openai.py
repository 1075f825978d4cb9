"""OpenAI's encodings as tiktoken itself defines them, over the shipped tables. Nothing is fetched; no other vocabulary.

tiktoken's constructors (https://github.com/openai/tiktoken, tiktoken_ext/openai_public.py) call a loader that fetches.
Here the same constructors run with a loader of ours in that loader's place, so that patterns, special tokens and
pinned hashes are tiktoken's, and its fetching code is not reached.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from cockpit.core.errors import InputError
from cockpit.tokenizers import tables
from cockpit.tokenizers.bpe import BpeTokenizer

ENCODINGS = ("o200k_base", "o200k_harmony", "cl100k_base", "p50k_base", "p50k_edit", "r50k_base", "gpt2")

GPT2_SHA256 = (
    "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
    "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
)
"""Pins of GPT-2's merges and vocabulary, whose ranks are those of r50k_base."""
R50K_SHA256 = "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"


def definition(name: str) -> dict[str, Any]:
    """What tiktoken builds an encoding from: name, pattern, ranks, special tokens.

    Raises:
        InputError: tiktoken does not know the name, or pins another table than the shipped one.
    """
    from tiktoken_ext import openai_public

    scope = {**vars(openai_public), "load_tiktoken_bpe": _load, "data_gym_to_mergeable_bpe_ranks": _load_gpt2}
    for known, constructor in openai_public.ENCODING_CONSTRUCTORS.items():
        # One encoding may be made from another by name, so each sees the others with our loader.
        scope[known] = FunctionType(constructor.__code__, scope)
    if name not in openai_public.ENCODING_CONSTRUCTORS:
        raise InputError(f"tiktoken has no encoding {name!r}.", hint=f"Known: {', '.join(ENCODINGS)}.")
    made: dict[str, Any] = scope[name]()
    return made


def load(name: str) -> BpeTokenizer:
    """An encoding, ready to use; blocks for about a fifth of a second.

    Raises:
        InputError: there is no such encoding, or its table is damaged.
    """
    import tiktoken

    return BpeTokenizer(name, tiktoken.Encoding(**definition(name)))


def _load(url: str, expected_hash: str | None = None) -> dict[bytes, int]:
    name = url.rpartition("/")[2].removesuffix(".tiktoken")
    if expected_hash is None:
        raise InputError(f"tiktoken pins no hash for {name}.", hint="Use another version of tiktoken.")
    return tables.ranks(name, expected_hash)


def _load_gpt2(*, vocab_bpe_hash: str, encoder_json_hash: str, **_: str) -> dict[bytes, int]:
    if (vocab_bpe_hash, encoder_json_hash) != GPT2_SHA256:
        raise InputError("tiktoken pins another gpt2 than the one known here.", hint="Use r50k_base.")
    return tables.ranks("r50k_base", R50K_SHA256)
