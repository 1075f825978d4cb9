"""Fuzzy matching of a few typed letters against short texts; no Textual and no drawing here."""

from __future__ import annotations

from collections.abc import Sequence

Match = tuple[float, tuple[int, ...]]
"""How well it fits (higher is better), and the positions of the letters that matched."""

_AT_WORD = 3.0
_IN_A_ROW = 2.0
_WHOLE = 6.0


def match(query: str, text: str) -> Match | None:
    """Whether each word of the query is in the text, its letters in order; case is ignored."""
    low = text.lower()
    if len(low) != len(text):
        low = "".join(c.lower()[0] for c in text)
    score, at = 0.0, set[int]()
    for word in query.lower().split():
        found = _word(word, low)
        if found is None:
            return None
        score += found[0]
        at.update(found[1])
    return score - len(text) / 100, tuple(sorted(at))


def best(query: str, texts: Sequence[str]) -> list[tuple[int, tuple[int, ...]]]:
    """The indexes of the texts that match, best first and else in their order, each with its positions."""
    found = [(index, hit) for index, text in enumerate(texts) if (hit := match(query, text)) is not None]
    if query.strip():
        found.sort(key=lambda item: -item[1][0])
    return [(index, hit[1]) for index, hit in found]


def _word(word: str, text: str) -> Match | None:
    """A word as one piece if it is one (at a word's start if it can be), else letter by letter."""
    start = _piece(word, text)
    if start >= 0:
        bonus = _AT_WORD if _starts_word(text, start) else 0.0
        return _WHOLE + len(word) * _IN_A_ROW + bonus, tuple(range(start, start + len(word)))
    score, positions, last = 0.0, [], -1
    for letter in word:
        here = _letter(letter, text, last + 1)
        if here < 0:
            return None
        score += 1.0 + (_AT_WORD if _starts_word(text, here) else 0.0) + (_IN_A_ROW if here == last + 1 else 0.0)
        score -= min(here - last - 1, 10) / 10
        positions.append(here)
        last = here
    return score, tuple(positions)


def _piece(word: str, text: str) -> int:
    first = at = text.find(word)
    while at >= 0 and not _starts_word(text, at):
        at = text.find(word, at + 1)
    return at if at >= 0 else first


def _letter(letter: str, text: str, start: int) -> int:
    return text.find(letter, start)


def _starts_word(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalnum()
