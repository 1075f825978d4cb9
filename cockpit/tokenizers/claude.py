"""Claude's counts without asking Anthropic: estimates that say so. No boundaries, and no request is made here.

What each estimate was measured against are replies of Anthropic's own `count_tokens`, as recorded in the test fixtures
of https://github.com/sanderland/ctok (Rosetta code, 250 texts; the Universal Declaration in English and in 501
languages).
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cockpit.core.errors import InputError
from cockpit.core.tokens import Tokenizer, Tokens, plain_bytes

FAMILY = re.compile(r"claude-(?:[a-z]+-)?(\d+)(?:[-.](\d{1,2}))?(?!\d)")
KEPT_TEXTS = 256


@dataclass(frozen=True, slots=True)
class Family:
    """Models that count alike: the first version, Claude's tokens for one of o200k_base's, and what was measured."""

    name: str
    version: str
    factor: float
    error: str
    frame: int
    """Tokens that a message costs beside its text, as ctok counts it."""


FAMILIES = (
    Family(
        "claude-3",
        "3.0",
        1.2,
        "measured on Opus 4.5: English +11 %, code -2 %, 501 languages together -6 %",
        7,
    ),
    Family(
        "claude-4.7",
        "4.7",
        1.5,
        "measured on Opus 4.7: English -4 %, code and 501 languages together within 1 %",
        11,
    ),
    Family("claude-4.8", "4.8", 1.5, "not measured for this model; on Opus 4.7 between -4 and +1 %", 6),
)
"""o200k_base alone is 18 % (claude-3) and 33 % (claude-4.7) low on code; the factor takes that back."""
CTOK_ERROR = "by ctok: exact for 250 of 250 code texts on Opus 4.5 and 4.7; newer models may differ"


def family_of(model: str) -> Family:
    """The family of a model's name; the newest where the name has no version."""
    found = FAMILY.search(model.lower())
    if found is None:
        return FAMILIES[-1]
    major, minor = int(found[1]), int(found[2] or 0)
    older = [family for family in FAMILIES if _version(family.version) <= (major, minor)]
    return older[-1] if older else FAMILIES[0]


def family_named(name: str) -> Family | None:
    """The family of an encoding's name, or None."""
    return next((family for family in FAMILIES if family.name == name), None)


def is_claude(model: str) -> bool:
    """Whether a model's name, at whichever provider, is one of Claude."""
    return "claude" in model.lower()


def has_ctok() -> bool:
    """Whether ctok can be imported; it is not."""
    return importlib.util.find_spec("ctok") is not None


def error_of(family: Family) -> str:
    """What was measured about the estimate that this machine would make."""
    return CTOK_ERROR if has_ctok() else family.error


class ClaudeTokenizer:
    """Counts of one family: ctok's where it is installed, else o200k_base's times a measured factor.

    Args:
        base: counts what ctok does not.
    """

    exact = False
    boundaries = False
    local = False

    def __init__(self, family: Family, base: Tokenizer) -> None:
        self.name = family.name
        self.error = error_of(family)
        self.specials: Mapping[str, int] = {}
        self._family = family
        self._base = base
        self._ctok = has_ctok()
        self.count = lru_cache(KEPT_TEXTS)(self._count)  # type: ignore[method-assign]

    def count(self, text: str) -> int:
        """Tokens of a text, about."""
        return self._count(text)

    def encode(self, text: str) -> Tokens:
        """Never: where Claude's tokens end is not published.

        Raises:
            InputError: always.
        """
        raise InputError(
            "Where Claude's tokens end is not published; it can only be counted.",
            hint="To see a text in tokens, choose another encoding, such as o200k_base.",
        )

    encode_special = encode

    def token_bytes(self, token: int) -> bytes:
        """Empty: no id is known."""
        return b""

    def vocabulary(self) -> Sequence[bytes]:
        """Empty: none is published."""
        return ()

    def _count(self, text: str) -> int:
        if not text:
            return 0
        if self._ctok:
            from ctok import token_count

            # It counts a whole message; the frame is not the text's.
            whole: int = token_count(plain_bytes(text).decode(), self._family.version)
            return max(0, whole - self._family.frame)
        return round(self._base.count(text) * self._family.factor)


def _version(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return int(major), int(minor)
