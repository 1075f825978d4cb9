"""Citations in Markdown: `run:12`, links and pictures to such places. Reads and writes text; looks nothing up.

A number in an entry is a link whose target says how it was got: `[71 % [62, 79], n = 128](run:12?score=exact)`. Any
Markdown reader shows the words; here the target is what they are traced to, and worked out again from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import parse_qsl, quote

Kind = Literal["run", "version", "sample", "job", "example", "entry"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_KIND = "|".join(KINDS)
_SAFE = ":/@,*"
_FENCE = re.compile(r"(?ms)^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)")
_CODE = re.compile(r"(?s)(?<!`)(`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)\1(?!`)")
# A label may hold one pair of brackets inside, which is how an interval is written.
_LINK = re.compile(rf"(!?)\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]\(({_KIND}):(\d{{1,18}})(?:\?([^()\s]*))?\)")
_BARE = re.compile(rf"(?<![\w:/.?=&-])({_KIND}):(\d{{1,18}})(?![\w:/])")


@dataclass(frozen=True, slots=True)
class Ref:
    """One place in a text that points at something stored, by its kind and number.

    `options` say which figure of it is meant; none for the thing itself. `start` and `end` are characters of the text.
    """

    kind: Kind
    id: int
    options: tuple[tuple[str, str], ...] = ()
    words: str = ""
    picture: bool = False
    start: int = 0
    end: int = 0

    @property
    def target(self) -> str:
        """As a link names it: 'run:12?score=exact'."""
        return target_of(self.kind, self.id, dict(self.options))

    def option(self, name: str) -> str:
        """An option's value; empty where it is not given."""
        return dict(self.options).get(name, "")


def target_of(kind: Kind, number: int, options: dict[str, str] | None = None) -> str:
    """A link's target; values are escaped so that it has neither blanks nor brackets."""
    given = [name + (f"={quote(value, safe=_SAFE)}" if value else "") for name, value in (options or {}).items()]
    return f"{kind}:{number}" + (f"?{'&'.join(given)}" if given else "")


def link(words: str, target: str, *, picture: bool = False) -> str:
    """A Markdown link, or a picture, with words that cannot break out of it."""
    safe = " ".join(words.split())
    if not re.fullmatch(r"(?:[^\[\]]|\[[^\[\]]*\])*", safe):
        safe = safe.replace("[", "(").replace("]", ")")
    return f"{'!' * picture}[{safe}]({target})"


def parse_target(text: str) -> Ref | None:
    """'run:12' or 'run:12?score=exact' as a reference; None where it is no such thing."""
    found = re.fullmatch(rf"({_KIND}):(\d{{1,18}})(?:\?(\S*))?", text.strip())
    return None if found is None else Ref(_kind(found[1]), int(found[2]), _options(found[3]))


def refs(text: str) -> list[Ref]:
    """Every reference in a Markdown text, in order; what stands in code is none."""
    plain = blank_code(text)
    found = []
    covered: list[tuple[int, int]] = []
    for match in _LINK.finditer(plain):
        words = text[match.start(2) : match.end(2)]
        place = (_kind(match[3]), int(match[4]), _options(match[5]))
        found.append(Ref(*place, words, bool(match[1]), *match.span()))
        covered.append(match.span())
    for match in _BARE.finditer(plain):
        if not any(start <= match.start() < end for start, end in covered):
            found.append(Ref(_kind(match[1]), int(match[2]), (), match[0], False, *match.span()))
    return sorted(found, key=lambda ref: ref.start)


def cited(text: str) -> tuple[tuple[Kind, int], ...]:
    """What a text cites, each once, in order of first mention."""
    return tuple(dict.fromkeys((ref.kind, ref.id) for ref in refs(text)))


def blank_code(text: str) -> str:
    """The text with code replaced by as many blanks, so that places stay where they are."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    return _CODE.sub(blank, _FENCE.sub(blank, text))


def unfinished(text: str, cursor: int) -> tuple[Kind, str, int] | None:
    """The reference being typed before a cursor: its kind, the letters after the colon, where it begins; else None."""
    found = re.search(rf"(?<![\w:/.?=&-])({_KIND}):([\w-]*)$", text[:cursor])
    return None if found is None else (_kind(found[1]), found[2], found.start())


def numbers_outside(text: str) -> Iterator[str]:
    """Numbers with a unit or a decimal point that no reference accounts for: what a reader cannot trace."""
    plain = list(blank_code(text))
    for ref in refs(text):
        plain[ref.start : ref.end] = " " * (ref.end - ref.start)
    for match in re.finditer(r"(?<![\w.:-])\d+(?:\.\d+)?\s?%|(?<![\w.:/-])\d+\.\d+(?![\w./-])", "".join(plain)):
        yield match[0]


def _options(query: str | None) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query or "", keep_blank_values=True))


def _kind(name: str) -> Kind:
    return next(kind for kind in KINDS if kind == name)
