"""What a leak check compares: texts without what makes no difference, and their words. No rows, no splits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

OPENING = "\"'`«»‹›¿¡ "
CLOSING = ".,;:!?。、\"'`«»‹› "
SAME: dict[int, str | None] = {
    **dict.fromkeys(map(ord, "‘’‚‛ʼ′"), "'"),
    **dict.fromkeys(map(ord, "“”„‟″"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒–—―−"), "-"),
    **dict.fromkeys((0xAD, 0x200B, 0x2060, 0xFEFF)),
}
"""Spellings of a quotation mark and a dash that programs put in for a person; and what has no width."""
EAST, SOUTH_EAST = (
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff",
)
"""Chinese and Japanese; Thai, Lao, Burmese and Khmer: written without spaces, so a sign stands for a word."""
MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u064b-\u065f\u06d6-\u06ed"
    "\u0900-\u0963\u0966-\u0dff\u200c\u200d"
)
"""Vowel signs and the like, which are part of a word though no letters."""
WORD = re.compile(rf"[{EAST}{SOUTH_EAST}]|(?:(?![{EAST}{SOUTH_EAST}])[\w{MARKS}])+|[^\w\s.,;:!?。、\"'`«»‹›¿¡]")
PLAIN_WORD = re.compile(r"\w+|[^\w\s.,;:!?\"'`]", re.ASCII)
WEIGHTS = ((re.compile(f"[{EAST}]"), 0.5), (re.compile(f"[{SOUTH_EAST}]"), 0.25))


def normalise(text: str) -> str:
    """A text without what makes no difference to a reader; equal results mean the same text.

    NFKC (Unicode Standard Annex 15), case folded, quotation marks and dashes in one spelling, no signs without width,
    each run of whitespace one space, and at the two ends no quotation marks and, at the right, no sentence punctuation.
    Signs that may mean something are kept: '-5' is not '5', nor 'C#' 'C'. A text of such punctuation alone keeps it.
    """
    if not text.isascii():
        # Folding takes compositions apart and composing brings back what folds (U+0345, U+1D2C): twice settles both.
        for _ in range(2):
            text = unicodedata.normalize("NFKC", text.translate(SAME)).casefold()
        text = unicodedata.normalize("NFKC", text)
    spaced = " ".join(text.casefold().split())
    return spaced.lstrip(OPENING).rstrip(CLOSING) or spaced


def words(normalised: str) -> list[str]:
    """The words of a normalised text: runs of letters and digits; a sign for itself where it may mean something.

    Sentence punctuation and quotation marks are left out, operators and brackets are not: '3 * 4' is not '3 / 4'.
    """
    return (PLAIN_WORD if normalised.isascii() else WORD).findall(normalised)


def weight(run: Sequence[str]) -> float:
    """How many words a run is worth: a sign is half a word of Chinese or Japanese, a quarter of Thai and its like."""
    return sum(next((worth for signs, worth in WEIGHTS if signs.fullmatch(word)), 1.0) for word in run)
