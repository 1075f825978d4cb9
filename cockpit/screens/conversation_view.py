"""A conversation as turns: read from the store, edited as values, turned into a version to send. No widget."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cockpit.core.errors import PlanError
from cockpit.core.prompts import Message, Version, literal, render
from cockpit.store import branches
from cockpit.store.runs import load_plan
from cockpit.store.samples import get_plain

Who = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn; `sample_id` is the stored answer it is, `beside` are that answer and those it stands among."""

    who: Who
    text: str
    sample_id: int | None = None
    beside: tuple[int, ...] = ()
    edited: bool = False

    @property
    def place(self) -> str:
        """'‹2/3›' among the answers beside it; empty if it is alone."""
        if self.sample_id is None or len(self.beside) < 2:
            return ""
        return f"‹{self.beside.index(self.sample_id) + 1}/{len(self.beside)}›"


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns that lead to a sample, that sample's answer, and the empty turn after it."""

    sample_id: int
    model: str
    turns: tuple[Turn, ...]
    parent: int | None = None
    children: tuple[int, ...] = ()


def read_conversation(db: sqlite3.Connection, sample_id: int) -> Conversation:
    """The conversation that ends in this sample.

    Raises:
        StoreError: there is no such sample.
    """
    sample = get_plain(db, sample_id)
    plan = load_plan(db, sample.run_id)
    try:
        asked = render(plan.version, plan.inputs[sample.key.input])
    except (PlanError, IndexError):
        asked = plan.version
    above = branches.parent(db, sample_id)
    turns = [Turn("system", asked.system)] if asked.system else []
    turns += [Turn(message.role, message.content) for message in asked.messages]
    turns = _with_ancestors(db, turns, above)
    beside = branches.siblings(db, sample_id)
    turns += [Turn("assistant", asked.prefill + sample.text, sample_id, beside), Turn("user", "")]
    children = branches.children(db, sample_id)
    return Conversation(sample_id, sample.model, tuple(turns), above, children)


def _with_ancestors(db: sqlite3.Connection, turns: Sequence[Turn], above: int | None) -> list[Turn]:
    """The turns, with each answer that an earlier sample gave tied to that sample, from the last to the first."""
    found = list(turns)
    for at in range(len(found) - 1, -1, -1):
        if above is None:
            break
        if found[at].who == "assistant" and found[at].text.endswith(get_plain(db, above).text):
            beside = branches.siblings(db, above)
            found[at] = replace(found[at], sample_id=above, beside=beside)
            above = branches.parent(db, above)
    return found


def edited(turns: Sequence[Turn], at: int, text: str) -> tuple[Turn, ...]:
    """The turns with one text changed; a changed answer is no longer the sample's."""
    before = turns[at]
    if text == before.text:
        return tuple(turns)
    after = replace(before, text=text, edited=True)
    return (*turns[:at], after, *turns[at + 1 :])


def to_send(turns: Sequence[Turn], at: int) -> tuple[Version, int | None]:
    """The version made of the turns up to `at`, and the sample that it continues or branches off beside.

    That is None where it begins anew.

    Raises:
        PlanError: that turn cannot be the last of a request.
    """
    last = turns[at]
    if last.who != "user":
        raise PlanError("A request ends with your turn.", hint="Move to one of yours, then send.")
    if not last.text:
        raise PlanError("Your turn is empty.", hint="Press i and write it.")
    kept = turns[: at + 1]
    system = next((turn.text for turn in kept if turn.who == "system"), "")
    messages = tuple(_message(turn) for turn in kept)
    version = Version(system=system, messages=tuple(message for message in messages if message))
    if not any(turn.edited for turn in kept[:-1]):
        parent = next((t.sample_id for t in reversed(kept) if t.who == "assistant"), None)
        if parent is not None:
            return version, parent
    # No answer of a model leads here as it was given: the branch stands beside the answer that this turn got.
    return version, next((t.sample_id for t in turns[at + 1 :] if t.who == "assistant"), None)


def _message(turn: Turn) -> Message | None:
    """A turn as it is sent: what was said before stands as it is, what a person types may name variables."""
    if turn.who == "system":
        return None
    return Message(turn.who, turn.text) if turn.edited else literal(turn.who, turn.text)


def send_text(turns: Sequence[Turn], at: int) -> str:
    """What sending from here would do, in words."""
    try:
        _, parent = to_send(turns, at)
    except PlanError as error:
        return error.sentence()
    left = sum(1 for turn in turns[at + 1 :] if turn.text)
    rest = f"; the {left} after it stay in the branch you came from" if left else ""
    start = "as a branch of this conversation" if parent is not None else "as a conversation of its own"
    return f"ctrl+j sends turns 1 to {at + 1} {start}{rest}."
