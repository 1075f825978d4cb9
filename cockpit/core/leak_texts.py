"""What a leak check compares: texts without their looks, their words, and the runs two of them share. No rows, no splits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

OPENING = "\"'`“”„‟‘’‚‛«»‹›¿¡"
CLOSING = ".,;:!?…。、，；：！？\"'`“”„‟‘’‚‛«»‹›"
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese: written without spaces, so a sign stands for a word."""
WORD = re.compile(rf"[{UNSPACED}]|(?:(?![{UNSPACED}])\w)+|[^\w\s.,;:!?…。、，；：！？\"'`“”„‟‘’‚‛«»‹›¿¡]")
PLAIN_WORD = re.compile(r"\w+|[^\w\s.,;:!?\"'`]", re.ASCII)
UNSPACED_SIGN = re.compile(rf"[{UNSPACED}]")


def normalise(text: str) -> str:
    """A text without what makes no difference to a reader; equal results mean the same text.

    NFKC (Unicode Standard Annex 15), case folded, each run of whitespace one space, and at the two ends no quotation
    marks and, at the right, no sentence punctuation. Signs that may mean something are kept: '-5' is not '5', nor 'C#'
    'C'. A text of such punctuation alone keeps it.
    """
    if not text.isascii():
        # Folding can undo the composition (U+0345), and composing can bring back what folds: once more settles it.
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    spaced = " ".join(text.casefold().split())
    return spaced.lstrip(OPENING).rstrip(CLOSING).strip() or spaced


def words(normalised: str) -> list[str]:
    """The words of a normalised text: runs of letters and digits; a sign for itself where it may mean something.

    Sentence punctuation and quotation marks are left out, operators and brackets are not: '3 * 4' is not '3 / 4'.
    """
    return (PLAIN_WORD if normalised.isascii() else WORD).findall(normalised)


def weight(run: Sequence[str]) -> float:
    """How many words a run is worth: a sign of a script without spaces is half of one."""
    return sum(0.5 if len(word) == 1 and UNSPACED_SIGN.match(word) else 1.0 for word in run)
