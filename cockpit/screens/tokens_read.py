"""A text cut into tokens and counted part by part. Blocks: for worker threads only. No widget, no words."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cockpit.core.errors import CockpitError
from cockpit.core.tokens import Choice, Tokenizer, Tokens, plain_bytes
from cockpit.screens.tokens_source import Part, Subject

if TYPE_CHECKING:
    from cockpit.core.models import Capabilities, Price
    from cockpit.core.retokenise import LiveTokens
    from cockpit.services import Services

HEAD = 0xFFFFFFFF
"""The id of a heading between two parts: no token."""
UNKNOWN = 0xFFFFFFFE
"""The id of a special token whose number is not published."""
_SPECIAL = re.compile(r"<\|[a-z_]{2,24}\|>")
MAX_SECTIONS = 50_000
"""Characters of a text in which examples are looked for."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What to look at, and as whom: 'model:openai:gpt-5' or 'encoding:o200k_base'; `second` is empty for none."""

    subject: Subject
    first: str
    second: str = ""
    special: bool = False
    """Text that looks like a special token is one: for a rendered template."""
    exact: bool = True
    """Whether the text is what the model reads; a template that is only commonly described is not."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A tokenizer as it was chosen, not loaded yet."""

    model: str
    """Empty where an encoding was chosen by its name."""
    choice: Choice
    can: Capabilities | None = None
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A part of the text within the whole: its first byte and token, and its own tokens."""

    part: Part
    byte: int
    token: int
    tokens: Tokens
    """One token a line where the tokenizer knows no boundaries."""
    count: int


@dataclass(frozen=True, slots=True)
class Lane:
    """A text as one tokenizer cuts it: every part after a heading of its own, where there are several."""

    chosen: Chosen
    tokenizer: Tokenizer
    data: bytes
    ids: Sequence[int]
    ends: Sequence[int]
    parts: tuple[Placed, ...]
    special: bool = False
    """Special tokens are read as such."""
    whole: bool = True
    """The text is what the model reads, as far as is known."""

    @property
    def total(self) -> int:
        """Tokens of all parts."""
        return sum(placed.count for placed in self.parts)

    @property
    def exact(self) -> bool:
        """Whether the count is the model's own."""
        return self.whole and self.chosen.choice.exact and self.tokenizer.exact

    @property
    def error(self) -> str:
        """What is known of the count's error, in words."""
        known = self.chosen.choice.error or self.tokenizer.error
        if not self.whole and self.chosen.choice.exact:
            return "the template is not published"
        return "" if self.exact else known or self.chosen.choice.why

    def at_byte(self, byte: int) -> int:
        """The token that a byte belongs to."""
        return min(bisect_right(self.ends, byte), max(len(self.ends) - 1, 0))

    def start(self, token: int) -> int:
        """The byte where a token begins."""
        return self.ends[token - 1] if 0 < token <= len(self.ends) else 0

    def part_at(self, token: int) -> Placed | None:
        """The part that a token is in; a heading belongs to the part after it."""
        for placed in self.parts:
            if token < placed.token + len(placed.tokens):
                return placed
        return self.parts[-1] if self.parts else None

    def byte_of(self, field: str, char: int) -> int | None:
        """Where a character of a field stands in the whole; None where the field is not shown."""
        for placed in self.parts:
            if placed.part.field == field:
                return placed.byte + len(plain_bytes(placed.part.text[:char]))
        return None

    def char_at(self, byte: int) -> tuple[str, int] | None:
        """The field and character that a byte belongs to."""
        for placed in reversed(self.parts):
            if byte >= placed.byte:
                inside = placed.tokens.data[: byte - placed.byte]
                return placed.part.field, len(inside.decode(errors="ignore"))
        return (self.parts[0].part.field, 0) if self.parts else None


@dataclass(frozen=True, slots=True)
class Reading:
    """A subject as one or two tokenizers cut it."""

    ask: Ask
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class SectionCount:
    """Tokens of one section: the field and the character where it begins."""

    kind: str
    label: str
    field: str
    start: int
    tokens: int


@dataclass(slots=True)
class Reader:
    """Reads one text after another, each from the one before where the tokenizer allows it. One caller at a time."""

    services: Services
    _live: dict[tuple[int, int], LiveTokens] = field(default_factory=dict)
    """By lane and part."""

    def choose(self, name: str) -> Chosen:
        """Which tokenizer counts for a model, or the encoding of that name; nothing is loaded."""
        kind, _, rest = name.partition(":")
        if kind == "encoding":
            return Chosen("", Choice(rest, True, "chosen by its name"))
        from cockpit.core.catalog import parse_model

        try:
            known = parse_model(rest, self.services.config.aliases)
        except CockpitError:
            return Chosen(rest, self.services.tokenizers.choose(rest))
        catalog = self.services.catalog
        return Chosen(
            rest,
            self.services.tokenizers.choose(f"{known.provider}:{known.model}"),
            catalog.capabilities(known.provider, known.model),
            catalog.price(known.provider, known.model),
        )

    def read(self, ask: Ask, chosen: Sequence[Chosen]) -> Reading:
        """Cut the subject with each of the chosen tokenizers, loading them first.

        Raises:
            InputError: a tokenizer cannot be had.
        """
        wanted = {(at, n) for at in range(len(chosen)) for n in range(len(ask.subject.parts))}
        self._live = {key: live for key, live in self._live.items() if key in wanted}
        return Reading(ask, tuple(self._lane(ask, each, at) for at, each in enumerate(chosen)))

    def _lane(self, ask: Ask, chosen: Chosen, at: int) -> Lane:
        tokenizer = self.services.tokenizers.get(chosen.choice.encoding)
        parts = ask.subject.parts
        how = {"special": ask.special, "exact": ask.exact}
        cut = [self._cut(tokenizer, part, (at, n), **how) for n, part in enumerate(parts)]
        if len(parts) == 1:
            (part,), (tokens,) = parts, cut
            count = len(tokens) if tokenizer.boundaries else tokenizer.count(part.text)
            placed = (Placed(part, 0, 0, tokens, count),)
            data, ids, ends = tokens.data, tokens.ids, tokens.ends
            return Lane(chosen, tokenizer, data, ids, ends, placed, ask.special, ask.exact)
        return _joined(chosen, tokenizer, parts, cut)

    def _cut(self, tokenizer: Tokenizer, part: Part, key: tuple[int, int], *, special: bool, exact: bool) -> Tokens:
        if not tokenizer.boundaries:
            return lines_of(part.text)
        if special:
            return tokenizer.encode_special(part.text) if exact else cut_special(tokenizer, part.text)
        from cockpit.core.retokenise import LiveTokens

        live = self._live.get(key)
        if live is None or live.tokenizer is not tokenizer:
            live = self._live[key] = LiveTokens(tokenizer)
        return live.update(part.text)


def cut_special(tokenizer: Tokenizer, text: str) -> Tokens:
    """A text in which everything like '<|im_start|>' is one token, also where the tokenizer knows no such token."""
    data = bytearray()
    ids, ends = array("I"), array("I")
    at = 0
    for found in (*_SPECIAL.finditer(text), None):
        plain = tokenizer.encode(text[at : found.start() if found else len(text)])
        ids.extend(plain.ids)
        ends.extend(moved(plain.ends, len(data)))
        data += plain.data
        if found is not None:
            data += found[0].encode()
            ids.append(tokenizer.specials.get(found[0], UNKNOWN))
            ends.append(len(data))
            at = found.end()
    return Tokens(bytes(data), ids, ends)


def lines_of(text: str) -> Tokens:
    """A text as if each line were a token: for a tokenizer that tells no boundaries."""
    data = plain_bytes(text)
    ends = array("I")
    at = 0
    for line in data.splitlines(keepends=True):
        at += len(line)
        ends.append(at)
    return Tokens(data, array("I", [HEAD]) * len(ends), ends)


def _joined(chosen: Chosen, tokenizer: Tokenizer, parts: Sequence[Part], cut: Sequence[Tokens]) -> Lane:
    """Several parts under headings. A heading is a token of id HEAD that ends a line before it and after it."""
    data = bytearray()
    ids, ends = array("I"), array("I")
    placed = []
    for part, tokens in zip(parts, cut, strict=True):
        before = b"" if not data or data.endswith(b"\n") else b"\n"
        data += before + plain_bytes(part.label) + b"\n"
        ids.append(HEAD)
        ends.append(len(data))
        count = len(tokens) if tokenizer.boundaries else tokenizer.count(part.text)
        placed.append(Placed(part, len(data), len(ids), tokens, count))
        ids.extend(tokens.ids)
        ends.extend(moved(tokens.ends, len(data)))
        data += tokens.data
    return Lane(chosen, tokenizer, bytes(data), ids, ends, tuple(placed))


def moved(ends: Sequence[int], by: int) -> array[int]:
    """Every end `by` bytes later."""
    return array("I", map(by.__add__, ends))


def count_sections(lane: Lane, subject: Subject) -> tuple[SectionCount, ...]:
    """Tokens of each section of a prompt; of each part where it is no prompt. A token counts where it begins."""
    version = subject.version
    size = sum(len(placed.part.text) for placed in lane.parts)
    if version is None or size > MAX_SECTIONS or [p.part.field for p in lane.parts] == ["template"]:
        return tuple(SectionCount(p.part.field, p.part.label, p.part.field, 0, p.count) for p in lane.parts)
    from cockpit.core.sections import sections

    by_field = {placed.part.field: placed for placed in lane.parts}
    if subject.kind != "prompt" and "text" in by_field:
        by_field["turn:0"] = by_field["text"]
    found = []
    for section in sections(version):
        placed = by_field.get(section.field)
        if placed is None:
            continue
        if lane.tokenizer.boundaries:
            tokens = _between(placed.tokens, section.start, section.end, placed.part.text)
        else:
            tokens = lane.tokenizer.count(section.text)
        found.append(SectionCount(section.kind, section.label, placed.part.field, section.start, tokens))
    return tuple(found)


def _between(tokens: Tokens, start: int, end: int, text: str) -> int:
    first, last = len(plain_bytes(text[:start])), len(plain_bytes(text[:end]))
    return _begun(tokens, last) - _begun(tokens, first)


def _begun(tokens: Tokens, byte: int) -> int:
    """How many tokens begin before a byte."""
    return min(bisect_left(tokens.ends, byte) + 1, len(tokens)) if byte else 0
