"""Prompts: immutable versions, their `{{variables}}`, and what they render to. Text in, text out.

Nothing here adds, trims or rewrites a character: what a person sees is what is sent.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from cockpit.core.errors import PlanError

Role = Literal["user", "assistant"]

VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}")
EXAMPLES = "examples"
"""The variable that the version's own examples block fills."""
ROW_EXAMPLES = "row_examples"
"""The variable that stands in its place where each input has a block of its own."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str
    raw: bool = False
    """Sent as it stands: what looks like a variable in it is none. Answers of a model are raw."""

    def to_json(self) -> dict[str, Any]:
        """Plain data; `raw` stands in it only where it is set, so that digests made before it was known hold."""
        plain: dict[str, Any] = {"role": self.role, "content": self.content}
        return {**plain, "raw": True} if self.raw else plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Message:
        """The message that `to_json` wrote."""
        return cls(data["role"], data["content"], bool(data.get("raw", False)))


@dataclass(frozen=True, slots=True)
class Version:
    """What a prompt says at one moment. Never changed; a change makes another version."""

    system: str = ""
    messages: tuple[Message, ...] = ()
    examples: str = ""
    """The rendered few-shot block, filled in where `{{examples}}` stands."""
    prefill: str = ""
    """How the answer must begin; sent as the start of the assistant's turn."""

    def digest(self) -> str:
        """A stable hash of the content: equal versions are one version."""
        text = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Plain data for storage; `from_json` reads it back."""
        return {**asdict(self), "messages": tuple(message.to_json() for message in self.messages)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Version:
        """The version that `to_json` wrote."""
        messages = tuple(Message.from_json(message) for message in data.get("messages", ()))
        return cls(data.get("system", ""), messages, data.get("examples", ""), data.get("prefill", ""))

    def texts(self) -> tuple[str, ...]:
        """Every text, in the order they are sent."""
        return (self.system, *(m.content for m in self.messages), self.prefill)

    def open_texts(self) -> tuple[str, ...]:
        """Every text a variable may stand in."""
        return (self.system, *(m.content for m in self.messages if not m.raw), self.prefill)


def single(text: str, *, system: str = "", prefill: str = "") -> Version:
    """The common case: one user message."""
    return Version(system=system, messages=(Message("user", text),), prefill=prefill)


def literal(role: Role, text: str) -> Message:
    """A message sent as `text` stands; raw only where that makes a difference, so that equal texts are equal."""
    return Message(role, text, raw=VARIABLE.search(text) is not None)


def variables(version: Version) -> tuple[str, ...]:
    """Names to be filled per input, in order of appearance; `examples` is not one of them."""
    seen: dict[str, None] = {}
    for text in version.open_texts():
        for match in VARIABLE.finditer(text):
            if match[1] != EXAMPLES:
                seen.setdefault(match[1])
    return tuple(seen)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace each variable once; what a value contains is never expanded again."""

    def put(match: re.Match[str]) -> str:
        return values.get(match[1], match[0])

    return VARIABLE.sub(put, text)


def render(version: Version, values: Mapping[str, str]) -> Version:
    """The version with every variable filled.

    Raises:
        PlanError: a variable has no value.
    """
    missing = [name for name in variables(version) if name not in values]
    if missing:
        names = ", ".join("{{" + name + "}}" for name in missing)
        raise PlanError(f"No value for {names}.", hint="Give it one, or an inputs file with that column.")
    known = {**values, EXAMPLES: version.examples}
    return replace(
        version,
        system=fill(version.system, known),
        messages=tuple(Message(m.role, m.content if m.raw else fill(m.content, known)) for m in version.messages),
        prefill=fill(version.prefill, known),
    )
