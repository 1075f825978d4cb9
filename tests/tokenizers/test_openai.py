"""OpenAI's encodings: the same ids as tiktoken itself, exact tiling, no network, damaged tables refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.core.errors import InputError
from cockpit.core.tokens import Tokenizer, plain_bytes
from cockpit.tokenizers import openai, tables
from cockpit.tokenizers.gguf import byte_alphabet
from cockpit.tokenizers.registry import Tokenizers
from tests.tokenizers import corpus

Real = Callable[[str], tiktoken.Encoding]
NAMES = ("o200k_base", "o200k_harmony", "cl100k_base", "p50k_base", "p50k_edit", "r50k_base")
ROOT = Path(__file__).parent.parent.parent


def tiles(tokenizer: Tokenizer, text: str) -> None:
    """The tokens of a text are the text, end to end, and each has its own bytes."""
    tokens = tokenizer.encode(text)
    assert tokens.data == plain_bytes(text)
    assert list(tokens.ends) == list(accumulate(len(tokenizer.token_bytes(token)) for token in tokens.ids))
    assert b"".join(map(tokenizer.token_bytes, tokens.ids)) == tokens.data
    assert tokenizer.count(text) == len(tokens)


def test_the_corpus_is_a_megabyte_of_everything() -> None:
    assert sum(len(plain_bytes(text)) for text in corpus.parts().values()) >= 1_000_000
    assert sum(bool(known) for known in corpus.letters().values()) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_tiktokens_own_on_a_megabyte_of_mixed_text(name: str, real: Real, tokenizers: Tokenizers) -> None:
    ours = tokenizers.get(name)
    for kind, text in corpus.parts().items():
        assert list(ours.encode(text).ids) == real(name).encode_ordinary(text), kind
        tiles(ours, text)


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_tiktokens_own_on_awkward_texts(name: str, real: Real, tokenizers: Tokenizers) -> None:
    ours = tokenizers.get(name)
    for text in corpus.AWKWARD:
        assert list(ours.encode(text).ids) == real(name).encode_ordinary(text), text
        assert list(ours.encode_special(text).ids) == real(name).encode(text, allowed_special="all"), text
        tiles(ours, text)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150, deadline=None)
@given(text=st.text(st.characters(codec=None) | st.sampled_from(" \n\tabAB'12.")))
def test_any_text_gets_tiktokens_own_ids_and_tiles(name: str, text: str, real: Real, tokenizers: Tokenizers) -> None:
    assert list(tokenizers.get(name).encode(text).ids) == real(name).encode_ordinary(text)
    tiles(tokenizers.get(name), text)


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_decoded_with_replacement_get_tiktokens_own_ids(
    data: bytes, real: Real, tokenizers: Tokenizers
) -> None:
    text = data.decode("utf-8", "replace")
    assert list(tokenizers.get("o200k_base").encode(text).ids) == real("o200k_base").encode_ordinary(text)


def test_special_tokens_are_one_only_where_asked(tokenizers: Tokenizers) -> None:
    harmony = tokenizers.get("o200k_harmony")
    tokens = harmony.encode_special("<|start|>user<|message|>hi<|end|>")
    assert [tokens.ids[0], tokens.ids[2], tokens.ids[-1]] == [200006, 200008, 200007]
    assert tokens.bytes_of(0) == b"<|start|>"
    assert harmony.specials["<|start|>"] == 200006
    assert 200006 not in harmony.encode("<|start|>").ids
    assert harmony.token_bytes(200006) == b"<|start|>"
    assert harmony.token_bytes(9_999_999) == harmony.token_bytes(-1) == b""


def test_the_vocabulary_is_every_token_by_id_with_gaps_empty(real: Real, tokenizers: Tokenizers) -> None:
    vocabulary = tokenizers.get("p50k_base").vocabulary()
    assert vocabulary is tokenizers.get("p50k_base").vocabulary()
    assert vocabulary[50256] == b""  # <|endoftext|>
    assert vocabulary[50280] == real("p50k_base").decode_single_token_bytes(50280)
    whole = tokenizers.get("o200k_base").vocabulary()
    assert sum(token.startswith(b" ") for token in whole) > 100_000


def test_gpt2_is_r50k_by_its_own_pin(tokenizers: Tokenizers) -> None:
    """Its merges, rebuilt from r50k_base's ranks, are byte for byte the file that tiktoken pins."""
    ranks = tables.ranks("r50k_base", openai.R50K_SHA256)
    letters = byte_alphabet()
    lines = ["#version: 0.2"]
    for token, rank in ranks.items():
        if rank >= 256:
            lines.append(" ".join("".join(letters[byte] for byte in half) for half in halves(token, rank, ranks)))
    text = "\n".join(lines) + "\n"
    assert hashlib.sha256(text.encode()).hexdigest() == openai.GPT2_SHA256[0]
    text = "The same ids, 12 times."
    assert list(tokenizers.get("gpt2").encode(text).ids) == list(tokenizers.get("r50k_base").encode(text).ids)


def halves(token: bytes, limit: int, ranks: dict[bytes, int]) -> list[bytes]:
    """The two tokens that were merged into this one."""
    parts = [bytes([byte]) for byte in token]
    while len(parts) > 2:
        pairs = [(ranks.get(a + b, limit), at) for at, (a, b) in enumerate(pairwise(parts))]
        _, at = min(pairs)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts


def test_every_pin_of_tiktoken_is_met_by_a_shipped_table() -> None:
    for name in openai.ENCODINGS:
        assert openai.definition(name)["mergeable_ranks"]


def test_a_damaged_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    tables.ranks.cache_clear()
    good = tables.table
    monkeypatch.setattr(tables, "table", lambda name: good(name).replace(b" 77\n", b" 78\n", 1))
    with pytest.raises(InputError, match="damaged"):
        openai.load("cl100k_base")
    tables.ranks.cache_clear()


NO_NETWORK = """
import sys, runpy
def refuse(event, args):
    if event.startswith("socket."):
        raise SystemExit("THE NETWORK WAS ASKED FOR")
sys.addaudithook(refuse)
sys.argv = ["cockpit", *sys.argv[1:]]
runpy.run_module("cockpit", run_name="__main__", alter_sys=True)
"""
"""Every making of a socket and every look-up of a name is an audit event, whichever library asks."""


def run_without_network(tmp_path: Path, words: list[str], text: str, before: list[str]) -> list[int]:
    """Ids from `cockpit tokens` in a process that has no network, no cache and no home."""
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [*before, sys.executable, "-c", NO_NETWORK, "tokens", "--json", *words, "-"],
        cwd=ROOT, env=env, input=text.encode(), capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return [row["id"] for row in json.loads(done.stdout)["tokens"]]


@pytest.mark.parametrize("name", openai.ENCODINGS)
def test_without_any_socket_the_ids_are_the_same(name: str, tmp_path: Path, real: Real) -> None:
    text = "".join(part[:2000] for part in corpus.parts().values()).encode("utf-8", "replace").decode()
    wanted = real("r50k_base" if name == "gpt2" else name).encode_ordinary(text)
    assert run_without_network(tmp_path, ["-e", name], text, []) == wanted


def test_in_a_network_namespace_of_its_own_the_ids_are_the_same(tmp_path: Path, real: Real) -> None:
    unshare = shutil.which("unshare")
    before = [unshare or "", "-r", "-n"]
    if not unshare or subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("NO NETWORK NAMESPACES HERE: the test with blocked sockets stands")
    text = "No network at all: naïve 🦜 12345."
    assert run_without_network(tmp_path, ["-m", "openai:gpt-5"], text, before) == real("o200k_base").encode_ordinary(
        text
    )


@pytest.mark.parametrize("text", [" " * 1_000_000, "a" * 1_000_000, "\n \t" * 300_000, "1" * 1_000_000])
def test_a_long_run_of_one_character_ends_soon_and_kills_nothing(text: str, tokenizers: Tokenizers) -> None:
    try:
        assert tokenizers.get("o200k_base").encode(text).ends[-1] == len(text)
    except InputError as error:
        assert error.hint
