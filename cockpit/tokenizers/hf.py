"""A model's own `tokenizer.json`, through Hugging Face's tokenizers (extra `hf`). Reads the one file; fetches nothing.

The format: https://huggingface.co/docs/tokenizers
"""

from __future__ import annotations

import importlib.util
import json
import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

from cockpit.core.errors import InputError
from cockpit.core.tokens import Tokens, plain_bytes
from cockpit.tokenizers.gguf import byte_alphabet

INSTALL = "Install it: python -m pip install 'research-cockpit[hf]'."
SPACE = "▁"
"""How SentencePiece-like vocabularies spell a space."""
BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def has_tokenizers() -> bool:
    """Whether the extra is installed; it is not imported."""
    return importlib.util.find_spec("tokenizers") is not None


def load(path: Path, name: str) -> HfTokenizer:
    """The tokenizer in a `tokenizer.json`.

    Raises:
        InputError: the extra is not installed, or the file cannot be read as one.
    """
    if not has_tokenizers():
        raise InputError("Reading a tokenizer.json needs the package tokenizers.", hint=INSTALL)
    try:
        text = path.read_text("utf-8")
        settings = json.loads(text)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a tokenizer.json: {error}.") from None
    from tokenizers import Tokenizer

    try:
        inner = Tokenizer.from_str(text)
    except Exception as error:
        raise InputError(f"{path} is no tokenizer.json: {error}.") from None
    inner.no_truncation()
    inner.no_padding()
    return HfTokenizer(name, inner, settings if isinstance(settings, Mapping) else {})


class HfTokenizer:
    """One `tokenizers.Tokenizer`. It adds no special token of its own: what is counted is the text."""

    exact = True
    boundaries = True
    local = False
    error = ""

    def __init__(self, name: str, inner: Any, settings: Mapping[str, Any]) -> None:
        self.name = name
        self._inner = inner
        added = [row for row in settings.get("added_tokens") or () if isinstance(row, Mapping)]
        self.specials: Mapping[str, int] = {row["content"]: row["id"] for row in added if row.get("special")}
        self.added = {row["id"]: str(row["content"]).encode() for row in added}
        """Bytes of ids that the vocabulary leaves empty."""
        self._letters = {letter: byte for byte, letter in byte_alphabet().items()}
        self._by_letters = "ByteLevel" in json.dumps([settings.get("pre_tokenizer"), settings.get("decoder")])

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._encoding(plain_bytes(text).decode(), special=False).ids)

    def encode(self, text: str) -> Tokens:
        """A text cut into tokens; special tokens' text is plain text."""
        return self._tokens(text, special=False)

    def encode_special(self, text: str) -> Tokens:
        """The same, with special tokens read as such."""
        return self._tokens(text, special=True)

    def token_bytes(self, token: int) -> bytes:
        """The bytes of an id; empty for an id that is none."""
        if token in self.added:
            return self.added[token]
        spelled = self._inner.id_to_token(token)
        return b"" if spelled is None else self._bytes(spelled)

    def vocabulary(self) -> Sequence[bytes]:
        """Bytes of every id in order, empty for gaps and specials."""
        return self._vocabulary

    @cached_property
    def _vocabulary(self) -> Sequence[bytes]:
        spelled: Mapping[str, int] = self._inner.get_vocab(with_added_tokens=False)
        found = [b""] * (max(spelled.values(), default=-1) + 1)
        hidden = set(self.specials.values())
        for text, token in spelled.items():
            if token not in hidden:
                found[token] = self._bytes(text)
        return found

    def _encoding(self, text: str, *, special: bool) -> Any:
        # The switch belongs to the tokenizer, not to the call, and is set and used under one hold of the interpreter.
        with self._lock:
            self._inner.encode_special_tokens = not special
            return self._inner.encode(text, add_special_tokens=False)

    @cached_property
    def _lock(self) -> Any:
        from threading import Lock

        return Lock()

    def _tokens(self, text: str, *, special: bool) -> Tokens:
        data = plain_bytes(text)
        plain = data.decode()
        found = self._encoding(plain, special=special)
        ids = array("I", found.ids)
        ends = _by_bytes(data, map(self.token_bytes, ids)) or _by_offsets(plain, found.offsets)
        if ends:
            ends[-1] = len(data)
        return Tokens(data, ids, ends)

    def _bytes(self, spelled: str) -> bytes:
        if self._by_letters:
            known = [self._letters.get(letter) for letter in spelled]
            return spelled.encode() if None in known else bytes(byte for byte in known if byte is not None)
        if hexed := BYTE.fullmatch(spelled):
            return bytes([int(hexed[1], 16)])
        return spelled.replace(SPACE, " ").encode()


def _by_bytes(data: bytes, pieces: Iterable[bytes]) -> array[int] | None:
    """Ends from the tokens' own bytes, where these are the text's, maybe after a space put before it."""
    found = list(pieces)
    joined = b"".join(found)
    if not found or joined not in (data, b" " + data):
        return None
    ends = list(accumulate(map(len, found)))
    extra = len(joined) - len(data)
    return array("I", (end - extra for end in ends))


def _by_offsets(text: str, offsets: Sequence[tuple[int, int]]) -> array[int]:
    """Ends from the characters each token came from; a normalizer may have changed them, so that some have no bytes."""
    at_byte = array("I", accumulate((len(letter.encode()) for letter in text), initial=0))
    return array("I", accumulate((at_byte[end] for _, end in offsets), max))
