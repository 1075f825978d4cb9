"""Which tokens of a vocabulary begin with given bytes: an index for checks while typing. Encodes nothing itself."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from threading import Lock


class Beginnings:
    """A vocabulary by its tokens' first two bytes; each part is sorted when first asked for.

    Whole, the sort would hold the interpreter for a tenth of a second, and the screen with it.
    """

    def __init__(self, vocabulary: Sequence[bytes]) -> None:
        self.vocabulary = vocabulary
        self._parts: dict[bytes, list[bytes]] = {}
        self._sorted: set[bytes] = set()
        for token in vocabulary:
            if token:
                self._parts.setdefault(token[:2], []).append(token)

    def starting(self, prefix: bytes) -> list[bytes]:
        """Tokens that begin with `prefix` and go on, in byte order; `prefix` is not empty."""
        if len(prefix) == 1:
            keys = [key for key in self._parts if len(key) == 2 and key[0] == prefix[0]]
            return [token for key in sorted(keys) for token in self._part(key)]
        part = self._part(prefix[:2])
        start = bisect_left(part, prefix)
        end = bisect_left(part, prefix + b"\xff" * 8, start)
        return [token for token in part[start:end] if token != prefix]

    def _part(self, key: bytes) -> list[bytes]:
        part = self._parts.get(key, [])
        if key not in self._sorted:
            part = self._parts[key] = sorted(part)
            self._sorted.add(key)
        return part


_known: list[Beginnings] = []
_lock = Lock()
_MOST = 8


def beginnings(vocabulary: Sequence[bytes]) -> Beginnings:
    """The index of a vocabulary, made once for each: `Tokenizer.vocabulary` returns the same object each time."""
    with _lock:
        found = next((index for index in _known if index.vocabulary is vocabulary), None)
        if found is None:
            found = Beginnings(vocabulary)
            _known.append(found)
            del _known[:-_MOST]
        return found
