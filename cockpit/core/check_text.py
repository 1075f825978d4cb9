"""A draft as the checks see it: each text rendered, with the way back to what a person wrote. No rule stands here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cockpit.core.check_values import Checked, Fix, Place
from cockpit.core.params import Params
from cockpit.core.prompts import EXAMPLES, VARIABLE, Version
from cockpit.core.shots import Shots, find_shots


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of a rendered text and where they come from; `literal` where they are written there as such."""

    start: int
    end: int
    source: Place
    literal: bool


@dataclass(frozen=True, slots=True)
class Text:
    """One field as it would be sent, in pieces that tile it. A variable without a value stays as it is written."""

    field: str
    rendered: str
    pieces: tuple[Piece, ...]

    def exact(self, start: int, end: int) -> Place | None:
        """Where rendered characters are written, if they all stand in one stretch of what a person wrote."""
        for piece in self.pieces:
            if piece.literal and piece.start <= start and end <= piece.end:
                moved = piece.source.start - piece.start
                return Place(piece.source.field, start + moved, end + moved)
        return None

    def place(self, start: int, end: int) -> Place | None:
        """The same as near as can be told: a variable stands for its value, and a stretch ends with its first piece."""
        for piece in self.pieces:
            if piece.start <= start < piece.end or (start == end == piece.end):
                return self.exact(start, min(end, piece.end)) if piece.literal else piece.source
        return None


@dataclass(frozen=True, slots=True)
class Written:
    """The examples that a text has, and the text they stand in."""

    text: Text
    found: Shots

    def place(self, index: int) -> Place | None:
        """Where one example stands."""
        shot = self.found.shots[index]
        return self.text.place(shot.start, shot.end)


@dataclass(frozen=True, slots=True)
class Scene:
    """What one pass of the checks looks at."""

    checked: Checked
    texts: tuple[Text, ...]
    """System, turns and prefill, those that are not empty, in the order sent."""
    plain: tuple[Text, ...]
    """The same with the examples block filled in, and nothing else: wording without data."""
    written: Written | None
    """The examples in the last turn, or else in the system prompt; in plain text, since data may look like examples."""

    def text(self, field: str) -> Text | None:
        """One field's text; None where it is empty."""
        return next((text for text in self.texts if text.field == field), None)

    def last(self) -> Text | None:
        """The text that the answer follows: the prefill, or else the last turn."""
        return self.texts[-1] if self.texts and self.texts[-1].field != "system" else None

    def instructions(self) -> tuple[Text, ...]:
        """The system prompt and the last turn, without data."""
        last = f"turn:{len(self.checked.version.messages) - 1}"
        return tuple(text for text in self.plain if text.field in ("system", last))


def look(checked: Checked) -> Scene:
    """Render a draft and find its examples."""
    version = checked.version
    fields = [("system", version.system, False)]
    fields += [(f"turn:{i}", message.content, message.raw) for i, message in enumerate(version.messages)]
    fields.append(("prefill", version.prefill, False))
    texts = tuple(_text(checked, name, text, raw) for name, text, raw in fields if text)
    bare = replace(checked, values={})
    plain = tuple(_text(bare, name, text, raw) for name, text, raw in fields if text)
    return Scene(checked, texts, plain, _written(plain, f"turn:{len(version.messages) - 1}"))


def _written(plain: Sequence[Text], last: str) -> Written | None:
    for field in (last, "system"):
        for text in plain:
            if text.field == field and (found := find_shots(text.rendered)).shots:
                return Written(text, found)
    return None


def _text(checked: Checked, field: str, source: str, raw: bool) -> Text:
    pieces: list[Piece] = []
    out: list[str] = []
    at = length = 0

    def put(text: str, place: Place, literal: bool) -> None:
        nonlocal length
        if text:
            pieces.append(Piece(length, length + len(text), place, literal))
            out.append(text)
            length += len(text)

    for match in () if raw else VARIABLE.finditer(source):
        put(source[at : match.start()], Place(field, at, match.start()), True)
        at, here = match.end(), Place(field, match.start(), match.end())
        block = checked.version.examples
        if match[1] == EXAMPLES:
            put(block, Place("examples", 0, len(block)), True)
        elif match[1] in checked.values:
            put(checked.values[match[1]], here, False)
        else:
            put(match[0], here, True)
    put(source[at:], Place(field, at, len(source)), True)
    return Text(field, "".join(out), tuple(pieces))


def own_text(version: Version, field: str) -> str:
    """A field of a draft as it is written; empty where there is no such field."""
    if field.startswith("turn:"):
        at = int(field[5:])
        return version.messages[at].content if at < len(version.messages) else ""
    return str(getattr(version, field))


def own_fields(version: Version) -> Sequence[str]:
    """Names of the fields that have text, the examples block only where it is sent."""
    names = ["system", *(f"turn:{i}" for i in range(len(version.messages))), "examples", "prefill"]
    return [name for name in names if own_text(version, name) and (name != "examples" or sends_examples(version))]


def sends_examples(version: Version) -> bool:
    """Whether `{{examples}}` stands in a text."""
    return any(match[1] == EXAMPLES for text in version.open_texts() for match in VARIABLE.finditer(text))


def with_text(version: Version, field: str, text: str) -> Version:
    """The draft with one field changed."""
    if not field.startswith("turn:"):
        changed: dict[str, Any] = {field: text}
        return replace(version, **changed)
    at = int(field[5:])
    turns = version.messages
    return replace(version, messages=(*turns[:at], replace(turns[at], content=text), *turns[at + 1 :]))


def edit(title: str, changes: Iterable[tuple[Place, str, str]]) -> Fix:
    """A fix that puts new text for old at each place; where the old is no longer there, that place is left alone."""
    ordered = sorted(changes, key=lambda change: change[0].start, reverse=True)

    def apply(version: Version, params: Params) -> tuple[Version, Params]:
        for place, old, new in ordered:
            text = own_text(version, place.field)
            if text[place.start : place.end] == old:
                version = with_text(version, place.field, text[: place.start] + new + text[place.end :])
        return version, params

    return Fix(title, apply)


def shown(text: str, most: int = 24) -> str:
    """A few characters for a sentence: quoted, line ends and tabs as \\n and \\t, the middle left out if long."""
    if len(text) > most:
        text = text[: most - 1] + "…"
    return "'" + text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + "'"
