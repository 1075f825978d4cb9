"""What lies on the Play pane before it is sent: a value and its edits. No I/O, no widgets, no sending."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from cockpit.core.errors import InputError
from cockpit.core.ladder import uses_examples
from cockpit.core.params import NAMES, Params, problems
from cockpit.core.prompts import EXAMPLES as EXAMPLES_VARIABLE
from cockpit.core.prompts import Message, Role, Version, variables
from cockpit.core.wish import Shots

Row = Mapping[str, str]
LOCAL_MODEL = "local:smollm2"
FIRST_N = 4
FIRST_MAX_TOKENS = 256
EXAMPLES: tuple[tuple[str, str], ...] = (
    ("a question with many answers", "Name one animal that could be a good detective, and say why in one sentence."),
    ("a judgement", "Is the reply below a refusal? Answer REFUSAL or ANSWER.\n\nReply: {{reply}}\n\nVerdict:"),
    (
        "a number to guess",
        "A bat and a ball cost 1.10 together. The bat costs 1.00 more than the ball. How much is the ball?",
    ),
)
"""Title and text of the prompts offered on the first start."""
EXAMPLE_VALUES: Row = {"reply": "Sure! The capital of France is Paris."}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_WHOLE = ("max_tokens", "seed", "logprobs")


@dataclass(frozen=True, slots=True)
class PlayDraft:
    """One prompt being written, the params and models it goes to, and where it came from."""

    system: str = ""
    turns: tuple[Message, ...] = (Message("user", ""),)
    prefill: str = ""
    examples: str = ""
    values: Row = field(default_factory=dict)
    """What each variable stands for where no inputs file says it."""
    params: Params = field(default_factory=Params)
    models: tuple[str, ...] = (LOCAL_MODEL,)
    n: int = FIRST_N
    cap_usd: float | None = None
    sweep: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    inputs_path: str = ""
    inputs: tuple[Row, ...] = ()
    """Rows of the inputs file; not kept between sessions, the path is."""
    shots: Shots | None = None
    """The set of examples that is put in when this is sent; None for none."""
    prompt_id: int | None = None
    parent_sample: int | None = None
    """The sample that the turns continue as a conversation, for as long as there are several turns."""
    saved_digest: str = ""
    """Digest of the draft last sent, or of the version loaded: the draft is changed when its own differs."""
    saved_number: int = 0

    def version(self) -> Version:
        """The prompt as it would be sent, character for character."""
        return Version(self.system, self.turns, self.examples, self.prefill)

    @property
    def changed(self) -> bool:
        """Whether sending would make a version that was not there."""
        return self.digest() != self.saved_digest

    def digest(self) -> str:
        """A stable hash of what is written and of the set that is put in; without a set, the version's own."""
        written = self.version().digest()
        if self.shots is None:
            return written
        body = json.dumps([written, self.shots.to_json()], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()

    def rows(self) -> tuple[Row, ...]:
        """What the prompt is run over: the file's rows, or one row of the values given here."""
        return tuple({**self.values, **row} for row in self.inputs) if self.inputs else (dict(self.values),)

    def variables(self) -> tuple[str, ...]:
        """Names that a value is needed for, in order of appearance."""
        return variables(self.version())

    def typed_variables(self) -> tuple[str, ...]:
        """Those that no column of the inputs file fills in every row."""
        return tuple(v for v in self.variables() if not self.inputs or any(v not in row for row in self.inputs))

    def unfilled(self) -> tuple[str, ...]:
        """Variables that have no value in some row."""
        return tuple(v for v in self.variables() if any(v not in row for row in self.rows()))

    def requests(self) -> int:
        """How many samples one send asks for."""
        columns = 1
        for choices in self.sweep.values():
            columns *= max(len(choices), 1)
        return len(self.models) * columns * len(self.rows()) * self.n

    def problems(self) -> list[str]:
        """What keeps this from being sent, each as a few words."""
        found = []
        if not self.turns or not self.turns[-1].content:
            found.append("the prompt is empty")
        elif self.turns[-1].role == "assistant":
            found.append("the last turn is the assistant's; put how the answer begins in the prefill")
        if not self.models:
            found.append("no model is chosen (m)")
        unfilled = self.unfilled()
        if unfilled:
            found.append("no value for " + ", ".join("{{" + name + "}}" for name in unfilled))
        return found + problems(self.params)

    # Edits, each a new draft

    def with_turn(self, at: int, text: str) -> PlayDraft:
        """The turn at `at` says `text`."""
        before = self.turns[at]
        turn = before if text == before.content else Message(before.role, text)
        return replace(self, turns=(*self.turns[:at], turn, *self.turns[at + 1 :]))

    def with_turn_after(self, at: int) -> PlayDraft:
        """An empty turn after `at`, of the other speaker."""
        role: Role = "assistant" if self.turns[at].role == "user" else "user"
        return replace(self, turns=(*self.turns[: at + 1], Message(role, ""), *self.turns[at + 1 :]))

    def without_turn(self, at: int) -> PlayDraft:
        """The turn at `at` is gone; the only turn is emptied instead."""
        if len(self.turns) == 1:
            return self.with_turn(0, "")
        turns = self.turns[:at] + self.turns[at + 1 :]
        return replace(self, turns=turns, parent_sample=self.parent_sample if len(turns) > 1 else None)

    def with_place(self, separator: str) -> PlayDraft:
        """`{{examples}}` and a separator stand before the last user turn's text, where the prompt has them nowhere.

        Raises:
            InputError: there is no user turn to be typed in.
        """
        if uses_examples(self.version()):
            return self
        at = next((at for at, turn in reversed(list(enumerate(self.turns))) if turn.role == "user"), None)
        if at is None or self.turns[at].raw:
            raise InputError("There is no user turn that {{examples}} could be put in.", hint="Write it in the prompt.")
        return self.with_turn(at, "{{" + EXAMPLES_VARIABLE + "}}" + separator + self.turns[at].content)

    def with_value(self, name: str, text: str) -> PlayDraft:
        """The variable stands for `text`."""
        return replace(self, values={**self.values, name: text})

    def with_version(self, version: Version, *, number: int = 0, saved: bool = False) -> PlayDraft:
        """The prompt says what `version` says; `saved` where the store has it as number `number`."""
        return replace(
            self,
            system=version.system,
            turns=version.messages or (Message("user", ""),),
            examples=version.examples,
            prefill=version.prefill,
            saved_digest=version.digest() if saved else self.saved_digest,
            saved_number=number if saved else self.saved_number,
        )

    def with_setting(self, name: str, text: str) -> PlayDraft:
        """One line of the params panel, as a person typed it; empty unsets it.

        Raises:
            InputError: the text is no such value.
        """
        text = text.strip()
        match name:
            case "models":
                return replace(self, models=tuple(dict.fromkeys(m.strip() for m in text.split(",") if m.strip())))
            case "n":
                return replace(self, n=_count(text))
            case "cap_usd":
                return replace(self, cap_usd=_number(name, text.lstrip("$")) if text else None)
        params = self.params.with_value(name, parse_setting(name, text))
        wrong = [problem for problem in problems(params) if problem not in problems(self.params)]
        if wrong:
            raise InputError(f"{wrong[0]}.")
        return replace(self, params=params)

    def setting(self, name: str) -> str:
        """One line of the params panel as text; empty where unset."""
        match name:
            case "models":
                return ", ".join(self.models)
            case "n":
                return str(self.n)
            case "cap_usd":
                return "" if self.cap_usd is None else f"${self.cap_usd:g}"
        value = getattr(self.params, name)
        if name == "stop":
            return ", ".join(json.dumps(stop, ensure_ascii=False) for stop in value)
        return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

    # Between sessions

    def to_json(self) -> dict[str, Any]:
        """What to remember, as JSON values; `from_json` reads it back."""
        data = asdict(self)
        del data["inputs"]
        data["shots"] = None if self.shots is None else self.shots.to_json()
        data["params"] = self.params.to_json()
        data["sweep"] = {name: list(choices) for name, choices in self.sweep.items()}
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PlayDraft:
        """The draft that `to_json` wrote, maybe in another version of the program: what cannot be read is left out."""
        new = cls()
        for name, read in _READERS.items():
            if name in data:
                try:
                    new = replace(new, **{name: read(data[name])})
                except (KeyError, TypeError, ValueError, AttributeError, InputError):
                    continue
        return new if new.turns else replace(new, turns=(Message("user", ""),))


SETTINGS: tuple[str, ...] = ("models", "n", *NAMES, "cap_usd")
"""Lines of the params panel, in order."""


def parse_setting(name: str, text: str) -> Any:
    """The value of a parameter from what a person typed; None (or no stops) for nothing.

    Raises:
        InputError: the text is no such value, or there is no such parameter.
    """
    if name == "stop":
        return parse_stops(text)
    if name not in NAMES:
        raise InputError(f"Unknown parameter: {name}.")
    if not text or text in ("–", "-"):
        return None
    if name == "reasoning_effort":
        return text.lower()
    value = _number(name, text)
    if name in _WHOLE:
        if value != int(value):
            raise InputError(f"{name} is a whole number, not {text}.")
        return int(value)
    return value


def parse_stops(text: str) -> tuple[str, ...]:
    r"""Stop strings as typed: quoted ones as in JSON, or one bare text in which \n and \t are meant.

    Raises:
        InputError: a quote is left open.
    """
    text = text.strip()
    if not text:
        return ()
    if not text.startswith('"'):
        return tuple(part.strip().replace("\\n", "\n").replace("\\t", "\t") for part in text.split(",") if part.strip())
    rest = _QUOTED.sub("", text).replace(",", " ").strip()
    if rest:
        raise InputError(f'Stop strings are like "\\n\\n", "END"; {rest[:20]} is not quoted.')
    try:
        return tuple(json.loads(match[0]) for match in _QUOTED.finditer(text))
    except ValueError as error:
        raise InputError(f"Not a stop string: {error}.") from error


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{name} is a number, not {text}.") from None
    if not math.isfinite(value):
        raise InputError(f"{name} is a number, not {text}.")
    return value


def _count(text: str) -> int:
    value = _number("n", text or "1")
    if value != int(value) or not 1 <= value <= 100_000:
        raise InputError(f"n is a whole number from 1 to 100000, not {text}.")
    return int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _optional_id(value: Any) -> int | None:
    return None if value is None else int(value)


def _turns(value: Sequence[Mapping[str, Any]]) -> tuple[Message, ...]:
    return tuple(
        Message("assistant" if t["role"] == "assistant" else "user", _text(t["content"]), t.get("raw") is True)
        for t in value
    )


_READERS: dict[str, Any] = {
    "system": _text,
    "turns": _turns,
    "prefill": _text,
    "examples": _text,
    "values": lambda value: {str(k): _text(v) for k, v in value.items()},
    "params": Params.from_json,
    "models": lambda value: tuple(_text(v) for v in value),
    "n": lambda value: _count(str(value)),
    "cap_usd": lambda value: None if value is None else float(value),
    "sweep": lambda value: {str(k): tuple(v) for k, v in value.items()},
    "inputs_path": _text,
    "shots": lambda value: None if value is None else Shots.from_json(value),
    "prompt_id": _optional_id,
    "parent_sample": _optional_id,
    "saved_digest": _text,
    "saved_number": int,
}
