"""A byte-pair vocabulary behind the `Tokenizer` protocol, over tiktoken's encoder. Knows no file and no model."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from cockpit.core.errors import InputError
from cockpit.core.tokens import Tokens, plain_bytes

if TYPE_CHECKING:
    import tiktoken


class BpeTokenizer:
    """One `tiktoken.Encoding`.

    Args:
        name: as people give it.
        encoding: ranks, pattern and special tokens.
        silent: bytes that the model has no token for: from this id on, ids are stand-ins, dropped from what is
            returned; their bytes belong to the token before, or to the first one after. None: there are none.
    """

    local = True
    boundaries = True

    def __init__(
        self, name: str, encoding: tiktoken.Encoding, *, silent: int | None = None, exact: bool = True, error: str = ""
    ) -> None:
        self.name = name
        self.exact = exact
        self.error = error
        self.specials: Mapping[str, int] = dict(encoding._special_tokens)
        self._encoding = encoding
        self._silent = silent
        self._vocabulary = _by_id(encoding._mergeable_ranks, silent)
        self.added = {token: text.encode() for text, token in self.specials.items()}
        """Bytes of ids that the vocabulary leaves empty."""
        self._lengths = self._token_lengths(encoding._mergeable_ranks)

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._without_silent(self._ids(text)))

    def encode(self, text: str) -> Tokens:
        """A text cut into tokens; text that looks like a special token is plain text.

        Raises:
            InputError: the encoder gave up on the text.
        """
        return self._tiled(plain_bytes(text), self._ids(text))

    def encode_special(self, text: str) -> Tokens:
        """The same, with special tokens read as such.

        Raises:
            InputError: the encoder gave up on the text.
        """
        return self._tiled(plain_bytes(text), self._ids(text, special=True))

    def token_bytes(self, token: int) -> bytes:
        """The bytes of an id; empty for an id that is none."""
        if token in self.added:
            return self.added[token]
        return self._vocabulary[token] if 0 <= token < len(self._vocabulary) else b""

    def vocabulary(self) -> Sequence[bytes]:
        """Bytes of every id in order, empty for gaps and specials."""
        return self._vocabulary

    def _ids(self, text: str, *, special: bool = False) -> list[int]:
        try:
            if special:
                return self._encoding.encode(text, allowed_special="all")
            return self._encoding.encode_ordinary(text)
        except Exception:
            raise
        except BaseException as error:
            # The encoder's own failures are no Exceptions, and would end the program past every handler.
            if type(error).__name__ != "PanicException":
                raise
            raise InputError(f"{self.name} cannot encode this text.", hint="Cut it into smaller parts.") from None

    def _tiled(self, data: bytes, ids: list[int]) -> Tokens:
        ends = array("I", accumulate(map(self._lengths.__getitem__, ids)))
        if self._silent is not None and ids and max(ids) >= self._silent:
            return _merged(data, ids, ends, self._silent)
        return Tokens(data, array("I", ids), ends)

    def _without_silent(self, ids: list[int]) -> list[int]:
        if self._silent is None:
            return ids
        return [token for token in ids if token < self._silent]

    def _token_lengths(self, ranks: Mapping[bytes, int]) -> array[int]:
        lengths = array("I", bytes(4 * (self._encoding.max_token_value + 1)))
        for token, rank in ranks.items():
            lengths[rank] = len(token)
        for rank, text in self.added.items():
            lengths[rank] = len(text)
        return lengths


def _by_id(ranks: Mapping[bytes, int], silent: int | None) -> Sequence[bytes]:
    size = max(ranks.values()) + 1 if silent is None else silent
    found = [b""] * size
    for token, rank in ranks.items():
        if rank < size:
            found[rank] = token
    return found


def _merged(data: bytes, ids: Sequence[int], ends: Sequence[int], silent: int) -> Tokens:
    """Tokens without stand-ins. A text of nothing else keeps its stand-ins, so that the tiling holds."""
    kept, kept_ends = array("I"), array("I")
    for token, end in zip(ids, ends, strict=True):
        if token < silent:
            kept.append(token)
            kept_ends.append(end)
        elif kept:
            kept_ends[-1] = end
    if not kept:
        return Tokens(data, array("I", ids), array("I", ends))
    return Tokens(data, kept, kept_ends)
