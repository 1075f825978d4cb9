"""Keeps a text tokenised while it is edited, encoding only what an edit can have changed; no vocabulary is here."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import AnyStr

from cockpit.core.tokens import Tokenizer, Tokens, plain_bytes

CHUNK = 32_768
"""Bytes encoded at a time: what follows on a piece holds the interpreter for well under a millisecond."""
_NEAR = 512
_WORD_ENDS = (
    rb"(?:(?<=[A-Za-z0-9])|(?<=\xc3[\xa0-\xb6])|(?<=\xd0[\x90-\xbf])|(?<=\xd1[\x80-\x8f])|(?<=\xd8[\xa8-\xba])"
    rb"|(?<=[\xe5-\xe8\xeb\xec][\x80-\xbf][\x80-\xbf])|(?<=\xe3\x81[\x82-\xbf])|(?<=\xe3\x82[\xa2-\xbf]))"
)
_OTHERS = rb"(?=[\t\n\r !-&(-/:-@\[-`{-~]|\xe3\x80[\x81\x82]|\xef\xbc\x8c)"
_CUT = re.compile(_WORD_ENDS + _OTHERS)
"""A place where every pattern in use starts anew: after a letter or digit and before a space or a punctuation mark.

No such pattern lets one match hold a letter or digit and then anything that is no letter, digit or mark, but for an
apostrophe (`don't`); none looks behind; and a run of letters or digits looks at nothing that comes after it. So what
stands before such a place and what stands after it are encoded apart. (A line's end is no such place: `\\s+(?!\\S)`
takes the spaces before it with it or not, depending on what follows.) The patterns:
https://github.com/openai/tiktoken/blob/main/tiktoken_ext/openai_public.py
"""


class LiveTokens:
    """The tokens of a text that changes; `update` blocks and is called by one thread at a time, never on the loop."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self._tokens: Tokens | None = None

    def update(self, text: str) -> Tokens:
        """The text's tokens, the same as a full encoding would give; ids and ends are arrays of unsigned integers.

        Where the tokenizer is `local`, only the changed region is encoded: what the last text and this one do not
        share at their beginning and end, widened to places that no token crosses in either.

        Raises:
            InputError: this tokenizer can only count.
        """
        if not self.tokenizer.local:
            made = self.tokenizer.encode(text)
            return Tokens(made.data, _array(made.ids), _array(made.ends))
        data = plain_bytes(text)
        old = self._tokens
        if old is not None and old.data == data:
            return old
        patched = None if old is None else self._patched(old, data)
        self._tokens = patched or self._whole(data)
        return self._tokens

    def _whole(self, data: bytes) -> Tokens:
        """Everything anew, in pieces, so that no other thread waits long for the interpreter."""
        ids, ends = array("I"), array("I")
        start = 0
        while start < len(data):
            stop = _cut_after(data, start + CHUNK)
            _extend(ids, ends, self.tokenizer.encode(data[start:stop].decode()), start)
            start = stop
        return Tokens(data, ids, ends)

    def _patched(self, old: Tokens, data: bytes) -> Tokens | None:
        """The old tokens with the changed region encoded again; None where no token ends at a cut."""
        head = same_head(old.data, data)
        tail = _same_tail(old.data, data, min(len(old.data), len(data)) - head)
        start = _cut_before(data, head)
        stop = _cut_after(data, len(data) - tail)
        grown = len(data) - len(old.data)
        first, last = _index(old.ends, start), _index(old.ends, stop - grown)
        if first is None or last is None:
            return None
        ids, ends = _array(old.ids[:first]), _array(old.ends[:first])
        _extend(ids, ends, self.tokenizer.encode(data[start:stop].decode()), start)
        ids.extend(old.ids[last:])
        ends.extend(_moved(_array(old.ends[last:]), grown))
        return Tokens(data, ids, ends)


def _array(values: Sequence[int]) -> array[int]:
    return values if isinstance(values, array) and values.typecode == "I" else array("I", values)


def _extend(ids: array[int], ends: array[int], made: Tokens, start: int) -> None:
    ids.extend(_array(made.ids))
    ends.extend(_moved(_array(made.ends), start))


def _moved(ends: array[int], by: int) -> array[int]:
    """All the numbers with one added to each: as two long integers, since a loop would take ten times as long."""
    if not by or not ends:
        return ends
    ones = int.from_bytes(array("I", [abs(by)]).tobytes() * len(ends), "little")
    whole = int.from_bytes(ends.tobytes(), "little")
    moved = array("I")
    moved.frombytes((whole + ones if by > 0 else whole - ones).to_bytes(ends.itemsize * len(ends), "little"))
    return moved


def _index(ends: Sequence[int], byte: int) -> int | None:
    """How many tokens end at or before a byte, if one ends right there."""
    if byte == 0:
        return 0
    at = bisect_left(ends, byte)
    return at + 1 if at < len(ends) and ends[at] == byte else None


def same_head(one: AnyStr, other: AnyStr) -> int:
    """How many characters or bytes both begin with, found by halving: they may be long."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _same_tail(one: bytes, other: bytes, most: int) -> int:
    """How many bytes both end with, at most so many."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _cut_before(data: bytes, byte: int) -> int:
    """The last cut such that all it rests on stands before a byte; 0 if there is none."""
    size = _NEAR
    while True:
        start = max(byte - size, 0)
        cuts = [found.start() for found in _CUT.finditer(data[start:byte])]
        if cuts or start == 0:
            return start + cuts[-1] if cuts else 0
        size *= 8


def _cut_after(data: bytes, byte: int) -> int:
    """The first cut such that all it rests on stands after a byte; the end if there is none."""
    size = _NEAR
    while byte + size < len(data):
        found = _CUT.search(data[byte : byte + size])
        if found is not None:
            return byte + found.start()
        size *= 8
    found = _CUT.search(data[byte:])
    return len(data) if found is None else byte + found.start()
