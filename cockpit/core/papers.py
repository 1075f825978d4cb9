"""Papers: BibTeX in and out, arXiv ids out of any text. Text in, records out; looks nothing up."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

MOST_PROBLEMS = 20
"""Entries that are never closed, after which a file is given up: each is searched to the file's end."""
_NEW = r"\d{4}\.\d{4,5}"
_OLD = r"[a-z][a-z-]{0,15}(?:\.[A-Z]{2})?/\d{7}"
ARXIV = re.compile(
    rf"(?<![\w./])(?:ar[Xx]iv:|https?://(?:www\.)?arxiv\.org/(?:abs|pdf|html)/)?({_NEW}|{_OLD})(?:v\d+)?(?![\d])"
)
"""Both styles of identifier (https://info.arxiv.org/help/arxiv_identifier.html); a version is left out."""
DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>{}]+[^\s\"<>{}.,;:)])")
_ACCENTS = {"`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", "=": "\u0304", ".": "\u0307",
            "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "r": "\u030a", "k": "\u0328"}  # fmt: skip
_ACCENT = re.compile(r"\{?\\([`'^~\"=.]|[cvuHrk](?=[\s{]))\s*\{?\\?([A-Za-z])\}?\}?")
_LETTERS = {r"\ss": "ß", r"\o": "ø", r"\O": "Ø", r"\ae": "æ", r"\AE": "Æ", r"\aa": "å", r"\AA": "Å", r"\l": "ł",
            r"\L": "Ł", r"\i": "ı", r"\&": "&", r"\%": "%", r"\_": "_", r"\$": "$", r"\#": "#"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Paper:
    """What is known of a paper; empty where unknown. `fields` are BibTeX's others as they stood, in order."""

    key: str
    title: str = ""
    authors: str = ""
    year: str = ""
    arxiv: str = ""
    doi: str = ""
    kind: str = "article"
    fields: Mapping[str, str] = field(default_factory=dict)


def arxiv_ids(text: str) -> list[str]:
    """Every arXiv identifier in a text, each once, in order, without its version."""
    return list(dict.fromkeys(found[1] for found in ARXIV.finditer(text)))


def of_words(text: str) -> Paper:
    """A paper as a person names it in one line: an arXiv id or address, a DOI, else its title."""
    line = " ".join(text.split())
    found, doi = ARXIV.search(line), DOI.search(line)
    if found and len(found[0]) > len(line) / 2:
        return Paper(f"arxiv-{found[1].replace('/', '-')}", arxiv=found[1], kind="misc")
    if doi and len(doi[0]) > len(line) / 2:
        return Paper(re.sub(r"\W+", "-", doi[1]), doi=doi[1])
    return Paper(re.sub(r"\W+", "-", line.casefold()).strip("-")[:40] or "paper", title=line, kind="misc")


def parse_bibtex(text: str) -> tuple[list[Paper], list[str]]:
    """The papers of a BibTeX file, and what could not be read of it, in words. Nothing in it can make this fail."""
    found, problems, strings = list[Paper](), list[str](), dict[str, str]()
    for kind, inside, line in _entries(text, problems):
        if kind in ("comment", "preamble"):
            continue
        if kind == "string":
            strings |= dict(_fields(inside, strings))
            continue
        key, comma, rest = inside.partition(",")
        if not comma or not key.strip():
            problems.append(f"Line {line}: @{kind} has no key.")
            continue
        given = dict(_fields(rest, strings))
        found.append(_paper(key.strip(), kind, given))
    return found, problems


def to_bibtex(papers: Iterable[Paper]) -> str:
    """The papers as BibTeX; reading it gives the same papers."""
    parts = []
    for one in papers:
        rows = {"title": one.title, "author": one.authors, "year": one.year, "doi": one.doi, **one.fields}
        if one.arxiv:
            rows |= {"eprint": one.arxiv, "archiveprefix": "arXiv"}
        lines = [f"  {name} = {{{_balanced(value)}}}," for name, value in rows.items() if value]
        key = re.sub(r"[\s,{}]+", "-", one.key)
        parts.append("\n".join([f"@{one.kind}{{{key},", *lines, "}"]))
    return "\n\n".join(parts) + ("\n" if parts else "")


def plain(text: str) -> str:
    """LaTeX's accents and braces as the letters that they mean."""

    def accent(match: re.Match[str]) -> str:
        return unicodedata.normalize("NFC", match[2] + _ACCENTS[match[1]])

    said = _ACCENT.sub(accent, text)
    for name, letter in _LETTERS.items():
        said = re.sub(rf"{re.escape(name)}(?![A-Za-z])\s?" if name[1].isalpha() else re.escape(name), letter, said)
    return " ".join(re.sub(r"(?<!\\)[{}]", "", said).split())


def _paper(key: str, kind: str, given: dict[str, str]) -> Paper:
    eprint = given.get("eprint", "")
    is_arxiv = given.get("archiveprefix", "arxiv").casefold() == "arxiv"
    ids = arxiv_ids(eprint) if is_arxiv else []
    ids = ids or arxiv_ids(" ".join(given.get(name, "") for name in ("url", "journal", "note")))
    taken = {"title", "author", "year", "doi"} | ({"eprint", "archiveprefix"} if ids and ids[0] in eprint else set())
    rest = {name: value for name, value in given.items() if name not in taken}
    title, authors = plain(given.get("title", "")), plain(given.get("author", ""))
    return Paper(key, title, authors, given.get("year", ""), ids[0] if ids else "", given.get("doi", ""), kind, rest)


def _entries(text: str, problems: list[str]) -> Iterator[tuple[str, str, int]]:
    """Kind, inside and line of each @entry; one whose brackets never close is told and passed over."""
    at = 0
    while (found := re.compile(r"@\s*(\w+)\s*([{(])").search(text, at)) is not None:
        line = text.count("\n", 0, found.start()) + 1
        end = _close(text, found.end(), ")" if found[2] == "(" else "}")
        if end < 0:
            problems.append(f"Line {line}: @{found[1]} is never closed.")
            at = found.end()
            if len(problems) >= MOST_PROBLEMS:
                problems.append("There is more that cannot be read; the rest of the file was left.")
                return
        else:
            yield found[1].casefold(), text[found.end() : end], line
            at = end + 1


def _close(text: str, at: int, closing: str) -> int:
    depth = 0
    for place in range(at, len(text)):
        char = text[place]
        if text[place - 1] == "\\":
            continue
        if char == closing and depth == 0:
            return place
        depth += (char == "{") - (char == "}")
        if depth < 0:
            return -1
    return -1


def _fields(text: str, strings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    at, start = 0, re.compile(r"\s*,?\s*([^\s=,{}\"]+)\s*=\s*")
    while (found := start.match(text, at)) is not None:
        value, at = _value(text, found.end(), strings)
        yield found[1].casefold(), value


def _value(text: str, at: int, strings: Mapping[str, str]) -> tuple[str, int]:
    """One value, its parts joined by # put together, and where it ends."""
    parts = []
    while at < len(text):
        if text[at] == "{":
            end = _close(text, at + 1, "}")
            end = len(text) if end < 0 else end
            parts.append(text[at + 1 : end])
            at = end + 1
        elif text[at] == '"':
            end = at + 1
            while end < len(text) and (text[end] != '"' or text[end - 1] == "\\" or _inside(text[at + 1 : end])):
                end += 1
            parts.append(text[at + 1 : end])
            at = end + 1
        else:
            word = re.compile(r"[^\s,#{}]*").match(text, at)
            assert word is not None
            parts.append(strings.get(word[0].casefold(), word[0]))
            at = word.end()
        more = re.compile(r"\s*#\s*").match(text, at)
        if more is None:
            break
        at = more.end()
    return "".join(parts), at


def _inside(text: str) -> bool:
    return text.count("{") - text.count("\\{") > text.count("}") - text.count("\\}")


def _balanced(value: str) -> str:
    """A value that its braces cannot end early."""
    depth = 0
    for at, char in enumerate(value):
        if value[at - 1 : at] != "\\":
            depth += (char == "{") - (char == "}")
        if depth < 0:
            break
    bare = value.rstrip("\\")
    return bare if depth == 0 else re.sub(r"[{}]", "", bare)
