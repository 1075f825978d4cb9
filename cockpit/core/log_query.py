"""What a person types to find entries: `idea:x tag:y model:z kind:daily since:2026-11-01 cites:run:12 words`. Text in,
conditions out; looks nothing up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from cockpit.core.log_refs import Kind, parse_target

FIELDS = ("idea", "tag", "model", "kind", "since", "until", "cites")
_PART = re.compile(r'(?P<name>\w+):(?:"(?P<quoted>[^"]*)"?|(?P<bare>\S*))|(?P<word>\S+)')


@dataclass(frozen=True, slots=True)
class Query:
    """Conditions that all must hold; empty ones hold always.

    `idea` and `model` are parts of a name, case ignored; `tag` begins one; `since` and `until` begin a day
    (YYYY-MM-DD), both inclusive; `words` must all occur, each perhaps as the beginning of one. `problems` are
    conditions that mean nothing, and are left out.
    """

    words: str = ""
    idea: str = ""
    tag: str = ""
    model: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""
    cites: tuple[Kind, int] | None = None
    problems: tuple[str, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Whether everything is wanted."""
        return self == Query()


def parse_query(text: str) -> Query:
    """What was typed as conditions; a word with a colon that is no condition is searched as a word."""
    found, words, problems = Query(), list[str](), list[str]()
    for part in _PART.finditer(text):
        name = part["name"] or ""
        value = part["quoted"] if part["quoted"] is not None else part["bare"] or ""
        if name not in FIELDS:
            words.append(part[0])
        elif name == "cites":
            ref = parse_target(value)
            if ref is not None:
                found = replace(found, cites=(ref.kind, ref.id))
            elif value:
                problems.append(f"{value} cites nothing: write cites:run:12")
        elif name in ("since", "until"):
            if re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", value):
                found = replace(found, since=value) if name == "since" else replace(found, until=value + "\uffff")
            elif value:
                problems.append(f"{value} is no day: write {name}:2026-11-24, or a month")
        else:
            given: dict[str, Any] = {name: value.lstrip("#") if name == "tag" else value}
            found = replace(found, **given)
    return replace(found, words=" ".join(words), problems=tuple(problems))
