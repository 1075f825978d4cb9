"""The parts of a rendered prompt, for counting and colouring. Reads only: no tokens here, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cockpit.core.prompts import Version
from cockpit.core.shots import find_shots

Kind = Literal["system", "message", "example", "question", "prefill"]


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of one field ('system', 'turn:0' or 'prefill') in characters; a field's sections tile its text."""

    kind: Kind
    label: str
    field: str
    start: int
    end: int
    text: str


def sections(version: Version) -> tuple[Section, ...]:
    """The parts of a rendered version in the order they are sent; empty fields have none."""
    return tuple(_all(version))


def _all(version: Version) -> Iterator[Section]:
    if version.system:
        yield Section("system", "system", "system", 0, len(version.system), version.system)
    several = len(version.messages) > 1
    for i, message in enumerate(version.messages):
        if message.content:
            label = f"{message.role} {i // 2 + 1}" if several else message.role
            yield from _turn(f"turn:{i}", label, message.content, version.examples)
    if version.prefill:
        yield Section("prefill", "prefill", "prefill", 0, len(version.prefill), version.prefill)


def _turn(field: str, label: str, text: str, block: str) -> Iterator[Section]:
    """One message: whole, or cut where its examples begin and end. What stands between belongs to what it follows."""
    found = find_shots(text)
    if not found.shots:
        yield from _around_block(field, label, text, block)
        return
    cuts: list[tuple[int, Kind, str]] = [
        (shot.start, "example", f"example {n}") for n, shot in enumerate(found.shots, 1)
    ]
    if found.question:
        cuts.append((found.question_at, "question", "question"))
    yield from _cut(field, label, text, cuts)


def _around_block(field: str, label: str, text: str, block: str) -> Iterator[Section]:
    """A message whose examples have no labels to tell them apart: the examples block is one section."""
    at = text.find(block) if block.strip() else -1
    cuts: list[tuple[int, Kind, str]] = []
    if at >= 0:
        cuts.append((at, "example", "examples"))
        if text[at + len(block) :].strip():
            cuts.append((at + len(block), "question", "question"))
    yield from _cut(field, label, text, cuts)


def _cut(field: str, label: str, text: str, cuts: list[tuple[int, Kind, str]]) -> Iterator[Section]:
    head = cuts[0][0] if cuts else len(text)
    if head:
        yield Section("message", label, field, 0, head, text[:head])
    for n, (start, kind, name) in enumerate(cuts):
        end = cuts[n + 1][0] if n + 1 < len(cuts) else len(text)
        yield Section(kind, name, field, start, end, text[start:end])
