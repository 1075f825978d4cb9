"""The check of characters that a person cannot see or cannot tell apart. Knows characters only, no words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from cockpit.core.check_text import Scene, edit, own_fields, own_text, shown
from cockpit.core.check_values import Found, Place

SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u3000\u3164\ufeff\uffa0\ufff9-\ufffd\ud800-\udfff\U000e0000-\U000e007f]|\r(?!\n)"
)
FRENCH = re.compile(r"[«»:;?!%€°]")
TWINS = dict(
    zip(
        "аеорсухіјѕһԁԛԝАВЕЅІЈКМНОРСТХԌԚԜοΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
        "aeopcyxijshdqwABESIJKMHOPCTXGQWoABEZHIKMNOPTYX",
        strict=True,
    )
)
TWIN_WORD = re.compile(r"[^\W\d_]+")
JOINING = (
    *("ARABIC", "SYRIAC", "NKO", "MONGOLIAN", "DEVANAGARI", "BENGALI", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM"),
    *("SINHALA", "GUJARATI", "GURMUKHI", "ORIYA", "KHMER", "MYANMAR", "TIBETAN"),
)
UNSPACED = ("THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN", "CJK", "HIRAGANA", "KATAKANA", "BALINESE", "JAVANESE")
RIGHT_TO_LEFT = ("R", "AL", "AN")
MOST_NAMED = 3


def hidden_characters(scene: Scene) -> Iterator[Found]:
    """Characters that do not show, or that look like others, where the script has no use for them."""
    version = scene.checked.version
    for field in own_fields(version):
        text = own_text(version, field)
        hidden = [match.start() for match in SUSPECT.finditer(text) if _is_odd(text, match.start())]
        if hidden:
            yield _report(field, text, hidden)
        yield from _look_alikes(field, text)


def _report(field: str, text: str, at: list[int]) -> Found:
    names = list(dict.fromkeys(_name(text[i]) for i in at))
    named = ", ".join(names[:MOST_NAMED]) + (" and others" if len(names) > MOST_NAMED else "")
    times = "" if len(at) == 1 else f", {len(at)} in all"
    changes = [(Place(field, i, i + 1), text[i], _instead(text[i])) for i in at]
    severe = any(_is_severe(text[i]) for i in at)
    sentence = f"The text has {named}{times}: not to be seen, but the model reads it."
    title = "make them plain spaces" if all(_instead(text[i]) for i in at) else "take them out"
    return Found("warning" if severe else "note", sentence, Place(field, at[0], at[0] + 1), edit(title, changes))


def _is_severe(sign: str) -> bool:
    """A space of another kind is a note; what hides or turns text is more."""
    return unicodedata.category(sign) != "Zs"


def _instead(sign: str) -> str:
    if unicodedata.category(sign) == "Zs":
        return " "
    return "\n" if sign in "\r\u2028\u2029" else ""


def _name(sign: str) -> str:
    known = {"\xa0": "a no-break space", "\u200b": "a zero-width space", "\ufeff": "a byte order mark"}
    known |= {"\xad": "a soft hyphen", "\r": "a carriage return", "\ufffd": "a replacement character (�)"}
    name = unicodedata.name(sign, "control character").lower()
    return f"{known.get(sign, name)} (U+{ord(sign):04X})"


def _is_odd(text: str, at: int) -> bool:
    """Whether a hidden character has no business where it stands."""
    sign, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    near = [one for one in (before, after) if one]
    if sign in "\u200c\u200d":
        return not any(_is_emoji(one) or _script(one, JOINING) for one in near)
    if sign in "\u200b\u2060":
        return not any(_script(one, UNSPACED) for one in near)
    if sign in "\xa0\u202f":
        return not (any(FRENCH.match(one) for one in near) or any(one.isdigit() for one in near))
    if sign == "\u3000":
        return not _has(text, at, lambda one: _script(one, UNSPACED) or one in "。、，：")
    if sign in "\u200e\u200f\u061c\u2066\u2067\u2068\u2069\u202a\u202b\u202c":
        return not _has(text, at, lambda one: unicodedata.bidirectional(one) in RIGHT_TO_LEFT)
    if "\U000e0020" <= sign <= "\U000e007f":
        return "\U0001f3f4" not in text[max(0, at - 8) : at]
    return sign not in "\u17b4\u17b5" or not any(_script(one, ("KHMER",)) for one in near)


def _has(text: str, at: int, test: Callable[[str], bool]) -> bool:
    """Whether a character near, 40 either side, passes a test."""
    return any(test(one) for one in text[max(0, at - 40) : at + 40])


def _is_emoji(sign: str) -> bool:
    return unicodedata.category(sign) in ("So", "Sk") or sign == "\ufe0f"


def _script(sign: str, names: tuple[str, ...]) -> bool:
    return sign > "\x7f" and unicodedata.name(sign, "").startswith(names)


def _look_alikes(field: str, text: str) -> Iterator[Found]:
    """Words of Latin letters in which some only look it: Cyrillic 'а' in 'pаypal'."""
    if text.isascii():
        return
    words = [match for match in TWIN_WORD.finditer(text) if _is_mixed(match[0])]
    if words:
        first = words[0]
        strange = next(one for one in first[0] if one in TWINS)
        changes = [
            (Place(field, *match.span()), match[0], "".join(TWINS.get(one, one) for one in match[0])) for match in words
        ]
        kind = unicodedata.name(strange).split()[0].capitalize()
        sentence = (
            f"{shown(first[0])} has a {kind} letter that looks like {shown(TWINS[strange])} (U+{ord(strange):04X})."
        )
        if len(words) > 1:
            sentence += f" So have {len(words) - 1} more words."
        yield Found("warning", sentence, Place(field, *first.span()), edit("write it in Latin letters", changes))


def _is_mixed(word: str) -> bool:
    """Latin letters and look-alikes; a letter of the other script that is none makes it a word of that script."""
    if word.isascii() or len(word) < 3:
        return False
    others = [one for one in word if not one.isascii() and not unicodedata.name(one, "").startswith("LATIN")]
    latin = sum(one.isascii() for one in word)
    return bool(others) and all(one in TWINS for one in others) and latin >= 2
