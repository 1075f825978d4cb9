"""Tokens of a text: values, and what a tokenizer must offer. `cockpit.tokenizers` loads vocabularies, not this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text cut into tokens: token i has id `ids[i]` and covers bytes `ends[i-1]` to `ends[i]` of `data`.

    The tiling is exact: `ends[-1] == len(data)`, and nothing overlaps. `data` is the text as UTF-8, where a lone
    surrogate is U+FFFD.
    """

    data: bytes
    ids: Sequence[int]
    ends: Sequence[int]

    def __len__(self) -> int:
        return len(self.ids)

    def start(self, index: int) -> int:
        """The byte where a token begins."""
        return self.ends[index - 1] if index else 0

    def bytes_of(self, index: int) -> bytes:
        """The bytes of one token; maybe part of a character."""
        return self.data[self.start(index) : self.ends[index]]


@dataclass(frozen=True, slots=True)
class Count:
    """How many tokens, and how sure that is.

    `how` names the tokenizer or method; `error` is what was measured about an estimate, in words, empty where exact.
    """

    tokens: int
    exact: bool
    how: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tokenizer counts for a model, decided without loading it.

    `encoding` is what `Tokenizers.get` takes; `why` says in a few words how it was chosen.
    """

    encoding: str
    exact: bool
    why: str
    error: str = ""


class Tokenizer(Protocol):
    """One vocabulary. Everything here blocks (an encoding of a megabyte takes 50 ms): call it off the event loop."""

    name: str
    exact: bool
    """Whether ids and counts are the model's own."""
    boundaries: bool
    """Whether `encode` tells where tokens end; where False only `count` means anything."""
    error: str
    """What was measured about its error, in words; empty where exact."""
    local: bool
    """Whether an edit changes tokens near it only, so that the rest need not be encoded again."""
    specials: Mapping[str, int]
    """Special tokens by their text; `encode` takes such text as plain."""

    def count(self, text: str) -> int:
        """Tokens of a text."""

    def encode(self, text: str) -> Tokens:
        """A text cut into tokens; text that looks like a special token is plain text.

        Raises:
            InputError: this tokenizer can only count.
        """

    def encode_special(self, text: str) -> Tokens:
        """The same, with special tokens read as such: for a rendered chat template."""

    def token_bytes(self, token: int) -> bytes:
        """The bytes of an id; empty for an id that is none."""

    def vocabulary(self) -> Sequence[bytes]:
        """Bytes of every id in order, empty for gaps and specials; the same object each time."""


def plain_bytes(text: str) -> bytes:
    """A text as UTF-8, lone surrogates as U+FFFD: what every tokenizer here sees."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
