"""A megabyte of mixed text that every machine has: prose, code, JSON, scripts, emoji, control characters, noise."""

from __future__ import annotations

import inspect
import json
import random
import string
import tarfile
import typing
import unicodedata
from functools import lru_cache
from pydoc_data import topics

SCRIPTS = (
    "LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "HEBREW", "ARABIC", "SYRIAC", "DEVANAGARI", "BENGALI", "GURMUKHI",
    "GUJARATI", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "THAI", "LAO", "TIBETAN", "GEORGIAN", "HANGUL",
    "ETHIOPIC", "KHMER", "HIRAGANA", "KATAKANA", "CJK", "CHEROKEE", "MONGOLIAN", "GOTHIC",
)  # fmt: skip
AWKWARD = (
    "", " ", "\n", "\r\n", "\t", "\x00", "\x1b[31m", "\u00a0", "\u200b", "\u2028", "\u0085", "\ufeff", "\u202e",
    "a\u0301\u0302", "don't I'LL we'Ve it'S", "   leading", "trailing   ", "  \n  \n  x", "1234567890", "12 345",
    "\u00bd\u00b2\u2167\u0663\u09ea", "://", "!!!???", "<|endoftext|>", "<|im_start|>user<|im_end|>", "\U0001f99c",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f1e8\U0001f1ed\U0001f1fa\U0001f1f3",
    "\U0010ffff", "\x04\x06a\x13", "\ud800", "a\udc00b", "\ud83e\udd9c", "\u017f\u017f \u01c5 \u0130\u0131 \u00df",
    "x" * 3000, " " * 3000, "\n" * 3000, "ab " * 1000, "\u0e01\u0e33" * 50, "中文和English混排，标点。",
)  # fmt: skip
"""Where pre-tokenizers and byte fallbacks differ."""


@lru_cache(maxsize=1)
def parts() -> dict[str, str]:
    """The kinds by name; together more than a megabyte of UTF-8."""
    dice = random.Random(3)
    prose = "\n\n".join(topics.topics.values())[:400_000]
    code = "".join(inspect.getsource(module) for module in (typing, tarfile, inspect, random))[:350_000]
    rows = [
        {"id": n, "name": "".join(dice.choices(string.ascii_letters, k=9)), "x": dice.random()} for n in range(1200)
    ]
    noise = bytes(dice.randrange(256) for _ in range(60_000)).decode("utf-8", "replace")
    controls = "".join(
        dice.choice("\x00\x01\x04\x07\x08\x0b\x1b\x7f\x80\x9f\u200b\u200d\u202e\ufeff ab\n\r\t") for _ in range(20_000)
    )
    return {
        "prose": prose,
        "code": code,
        "json": json.dumps(rows, indent=1) + json.dumps(rows),
        "scripts": "\n".join(_words(name, dice) for name in SCRIPTS),
        "emoji": _emoji(dice),
        "controls": controls,
        "noise": noise,
        "any": "".join(_any(dice) for _ in range(30_000)),
        "awkward": "|".join(AWKWARD),
    }


@lru_cache(maxsize=1)
def letters() -> dict[str, list[str]]:
    """The letters and marks of each script."""
    found: dict[str, list[str]] = {name: [] for name in SCRIPTS}
    for point in range(0x20, 0x20000):
        name = unicodedata.name(chr(point), "").split(" ")[0].split("-")[0]
        if name in found and unicodedata.category(chr(point))[0] in "LMN":
            found[name].append(chr(point))
    return found


def _words(script: str, dice: random.Random) -> str:
    known = letters()[script]
    return " ".join("".join(dice.choices(known, k=dice.randrange(1, 9))) for _ in range(500))


def _emoji(dice: random.Random) -> str:
    faces = [chr(point) for point in (*range(0x1F300, 0x1F650), *range(0x1F900, 0x1FA00))]
    joins = ("", "", " ", "\u200d", "\ufe0f", "\U0001f3fd")
    return "".join(dice.choice(faces) + dice.choice(joins) for _ in range(6000))


def _any(dice: random.Random) -> str:
    point = dice.choice((dice.randrange(0x80), dice.randrange(0x3000), dice.randrange(0x110000)))
    return " " if 0xD800 <= point < 0xE000 else chr(point)
