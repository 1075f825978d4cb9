"""Which examples a line of words asks for: parsing it and trying it on one example. Nothing is read or drawn here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from cockpit.core.errors import InputError
from cockpit.core.examples import VERDICTS, Example, SourceKind, Verdict

FIELDS = ("is", "tag", "label", "group", "from")
DUPLICATE = "duplicate"
IS: Mapping[str, str] = {
    **{verdict: verdict for verdict in VERDICTS},
    "candidates": "candidate",
    "undecided": "candidate",
    "dup": DUPLICATE,
    "duplicates": DUPLICATE,
    DUPLICATE: DUPLICATE,
}
_TERM = re.compile(r'(?P<no>-?)(?:(?P<field>[a-z]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S+))')


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that must hold, or with `no` must not; `field` is empty for a word of the text. Case is folded."""

    value: str
    field: str = ""
    no: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Every term must hold."""

    terms: tuple[Term, ...] = ()

    @property
    def reads_texts(self) -> bool:
        """Whether more than verdicts and duplicates is asked for."""
        return any(term.field != "is" for term in self.terms)

    def allows(self, verdict: Verdict, *, duplicate: bool) -> bool:
        """Whether its `is:` terms hold for an example of this verdict."""
        held = {verdict, DUPLICATE} if duplicate else {verdict}
        return all((term.value in held) != term.no for term in self.terms if term.field == "is")

    def takes(self, example: Example) -> bool:
        """Whether the other terms hold: words anywhere in the texts, label, tags, note, reason; fields as a whole.

        A field with nothing after its colon asks for examples that have none: `tag:""`.
        """
        whole = ""
        for term in self.terms:
            if term.field == "is":
                continue
            if term.field:
                held = term.value in _held(example, term.field)
            else:
                whole = whole or "\n".join(_texts(example)).casefold()
                held = term.value in whole
            if held == term.no:
                return False
        return True


def _held(example: Example, field: str) -> tuple[str, ...]:
    values: tuple[str | None, ...]
    match field:
        case "tag":
            values = example.tags or ("",)
        case "label":
            values = (example.label,)
        case "group":
            values = (example.group,)
        case _:
            values = (example.source.kind,)
    return tuple((value or "").casefold() for value in values)


def _texts(example: Example) -> tuple[str, ...]:
    return (example.input, example.output, example.label or "", example.note, example.reason, " ".join(example.tags))


def parse_filter(text: str) -> Filter:
    """The filter that a line such as `is:gold tag:hard -label:"no answer" sorry` asks for.

    A word whose colon follows no known field is a word of the text.

    Raises:
        InputError: `is:` or `from:` is followed by what no example can be; their values may be shortened.
    """
    terms = []
    for found in _TERM.finditer(text):
        value = (found["quoted"] if found["quoted"] is not None else found["plain"]).casefold()
        field = found["field"] or ""
        if not field and found["plain"] and value[:-1] in FIELDS and value.endswith(":"):
            field, value = value[:-1], ""
        if field and field not in FIELDS:
            field, value = "", f"{field}:{value}"
        if field == "is":
            value = _one_of("is", value, IS)
        elif field == "from":
            value = _one_of("from", value, {kind: kind for kind in get_args(SourceKind)})
        terms.append(Term(value, field, bool(found["no"])))
    return Filter(tuple(terms))


def _one_of(field: str, value: str, known: Mapping[str, str]) -> str:
    """What is meant by a value or by the beginning of it, if that begins one alone."""
    meant = {full for name, full in known.items() if name.startswith(value)} if value else set()
    if value in known or len(meant) == 1:
        return known[value] if value in known else meant.pop()
    names = ", ".join(dict.fromkeys(known.values()))
    raise InputError(f"{field}:{value} is none." if value else f"{field}: what?", hint=f"One of {names}.")
