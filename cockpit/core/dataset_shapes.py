"""What a record of each format means: its input, answer and label. No files: records in, drafts of rows out."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FIELDS = ("input", "output", "label", "group", "id", "split")
"""What a column can be mapped to; every other column is kept beside the row."""
GUESSES: Mapping[str, tuple[str, ...]] = {
    "input": ("input", "question", "prompt", "text", "sentence", "query", "instruction", "problem", "content"),
    "output": ("output", "answer", "target", "completion", "response", "expected", "ideal"),
    "label": ("label", "class", "category", "gold_label", "labels"),
    "group": ("group", "group_id", "author", "template"),
    "id": ("id", "key", "uid", "uuid", "example_id", "question_id"),
    "split": ("split",),
}
OWN_SPLITS = {"train": "examples", "training": "examples", "validation": "dev", "valid": "dev", "val": "dev"}
"""Other tools' names for our splits; a name that is not here stays as it is."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Wrong(Exception):
    """Why a record is no row."""


@dataclass(slots=True)
class Shaped:
    """A row before it has a key and a number."""

    input: str
    output: str = ""
    label: str | None = None
    group: str | None = None
    id: str | None = None
    split: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


Shape = Callable[[Mapping[str, Any]], Shaped]


def suggest_mapping(columns: Sequence[str]) -> dict[str, str]:
    """A column for each field, where one has a usual name; case does not count."""
    known = {column.casefold(): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for name, guesses in GUESSES.items():
        column = next((known[guess] for guess in guesses if guess in known), None)
        if column is not None and column not in found.values():
            found[name] = column
    return found


def detect(columns: Sequence[str]) -> str | None:
    """The format that records with these columns have, if it is one with a shape of its own."""
    names = set(columns)
    for form, needed in SIGNS.items():
        if needed <= names:
            return form
    return None


SIGNS: Mapping[str, frozenset[str]] = {
    "inverse-scaling": frozenset({"prompt", "classes", "answer_index"}),
    "matching-behavior": frozenset({"question", "answer_matching_behavior"}),
    "lm-eval": frozenset({"doc_id", "doc", "target", "arguments"}),
    "openai-chat": frozenset({"messages"}),
    "inspect": frozenset({"input", "target"}),
}


def shape_of(form: str, mapping: Mapping[str, str] | None) -> Shape:
    """How records of a format become rows; a mapping (field to column) is always followed."""
    if mapping is None and form in SHAPES:
        return SHAPES[form]
    return lambda values: mapped(values, mapping or {})


def mapped(values: Mapping[str, Any], mapping: Mapping[str, str]) -> Shaped:
    """A record by columns. A dotted name leads into nested objects and lists, where no column has that very name.

    Raises:
        Wrong: a mapped column is missing, or the input is.
    """
    found = {name: _at(values, column) for name, column in mapping.items()}
    for name in ("input", "output"):
        if name in mapping and found[name] is None:
            raise Wrong(f"{mapping[name]!r} is empty" if mapping[name] in values else f"no {mapping[name]!r}")
    used = set(mapping.values())
    return Shaped(
        input=_text(found.get("input")),
        output=_text(found.get("output")),
        label=_optional(found.get("label")),
        group=_optional(found.get("group")),
        id=_optional(found.get("id")),
        split=_split(found.get("split")),
        extra={name: value for name, value in values.items() if name not in used and value is not None},
    )


def _at(values: Mapping[str, Any], column: str) -> Any:
    if column in values:
        return values[column]
    found: Any = values
    for part in column.split("."):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def _text(value: Any) -> str:
    """A value as text: what is no text as JSON, nothing as ''."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, default=str)


def _optional(value: Any) -> str | None:
    return _text(value) or None


def _split(value: Any) -> str | None:
    name = _text(value).strip()
    return OWN_SPLITS.get(name.casefold(), name) or None


def _needed(values: Mapping[str, Any], name: str) -> Any:
    value = values.get(name)
    if value is None:
        raise Wrong(f"no {name!r}")
    return value


def _rest(values: Mapping[str, Any], *used: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in used and value is not None}


def _common(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that any format may bring under their own names."""
    return {
        "id": _optional(values.get("id")),
        "group": _optional(values.get("group")),
        "split": _split(values.get("split")),
    }


def _content(value: Any) -> str:
    """A message's text; parts of text are joined.

    Raises:
        Wrong: a part is no text.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, Mapping) for part in value):
        other = next((part.get("type") for part in value if not isinstance(part.get("text"), str)), None)
        if other is None:
            return "".join(part["text"] for part in value)
        raise Wrong(f"a message has a part that is no text: {other!r}")
    raise Wrong("a message has no text")


def _turns(messages: Any) -> tuple[str, list[tuple[str, str]]]:
    """The system text and the other turns.

    Raises:
        Wrong: not a list of messages.
    """
    if not isinstance(messages, list) or not messages:
        raise Wrong("'messages' is not a list of messages")
    system: list[str] = []
    turns: list[tuple[str, str]] = []
    for message in messages:
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
            raise Wrong("a message has no role")
        role, said = message["role"], _content(message.get("content"))
        if role in ("system", "developer"):
            system.append(said)
        elif role in ("user", "assistant"):
            turns.append((role, said))
        else:
            raise Wrong(f"a message has the role {role!r}")
    return "\n\n".join(system), turns


def _asked(turns: Sequence[tuple[str, str]]) -> str:
    """One user turn as it is; more as a transcript, each turn after its role."""
    if len(turns) == 1:
        return turns[0][1]
    return "\n\n".join(f"{role}: {said}" for role, said in turns)


def openai_chat(values: Mapping[str, Any]) -> Shaped:
    """A line of OpenAI's chat fine-tuning format (platform.openai.com/docs/guides/supervised-fine-tuning).

    The last turn, the assistant's, is the answer; what is before it is the input. The system text is kept beside.

    Raises:
        Wrong: the messages are none of this kind.
    """
    system, turns = _turns(values.get("messages"))
    if len(turns) < 2 or turns[-1][0] != "assistant" or turns[-2][0] != "user":
        raise Wrong("the messages do not end with a user's turn and the assistant's answer")
    extra = _rest(values, "messages", "id", "group", "split") | ({"system": system} if system else {})
    if len(turns) > 2:
        extra["messages"] = values["messages"]
    return Shaped(_asked(turns[:-1]), turns[-1][1], extra=extra, **_common(values))


def inspect_sample(values: Mapping[str, Any]) -> Shaped:
    """A sample of an Inspect dataset (inspect.aisi.org.uk/datasets.html): input, target, choices, id, metadata.

    Choices stand under the input as 'A) …', as Inspect shows them, and the target's letter is the label.

    Raises:
        Wrong: no input or target, or a target that is none of the choices.
    """
    asked, extra = _needed(values, "input"), _rest(values, "input", "target", "id", "metadata", "group", "split")
    target = _needed(values, "target")
    if isinstance(asked, list):
        system, turns = _turns(asked)
        extra |= {"messages": asked} | ({"system": system} if system else {})
        asked = _asked(turns) if turns else ""
    metadata = values.get("metadata")
    extra |= metadata if isinstance(metadata, Mapping) else {}
    texts = [_text(item) for item in target] if isinstance(target, list) else [_text(target)]
    if len(texts) > 1:
        extra["target"] = texts
    choices, label = values.get("choices"), None
    if isinstance(choices, list) and choices:
        if len(choices) > len(LETTERS):
            raise Wrong(f"{len(choices)} choices are more than there are letters")
        letters = LETTERS[: len(choices)]
        if any(len(text) != 1 or text not in letters for text in texts):
            raise Wrong(f"the target {', '.join(texts)!r} is no letter of the {len(choices)} choices")
        listed = "\n".join(f"{letter}) {_text(choice)}" for letter, choice in zip(letters, choices, strict=True))
        asked, label = f"{_text(asked)}\n\n{listed}", ",".join(texts)
    return Shaped(_text(asked), ",".join(texts) if label else (texts or [""])[0], label, extra=extra, **_common(values))


def lm_eval(values: Mapping[str, Any]) -> Shaped:
    """A line of an lm-evaluation-harness sample log (EleutherAI/lm-evaluation-harness, lm_eval/evaluator.py).

    The input is the prompt that was sent, with the harness's own examples if it added any.

    Raises:
        Wrong: no doc_id, no prompt or no target.
    """
    doc_id, target, arguments = _needed(values, "doc_id"), _needed(values, "target"), values.get("arguments")
    if isinstance(arguments, Mapping):
        arguments = [list(item.values()) for item in arguments.values() if isinstance(item, Mapping)]
    if not isinstance(arguments, list) or not arguments or not isinstance(arguments[0], list) or not arguments[0]:
        raise Wrong("'arguments' has no prompt")
    doc = values.get("doc")
    choices = doc.get("choices") if isinstance(doc, Mapping) else None
    if isinstance(choices, Mapping):
        choices = choices.get("text")
    answer, label = _text(target), None
    place = int(target) if str(target).isdecimal() else None
    if isinstance(choices, list) and place is not None and place < len(choices):
        answer, label = _text(choices[place]), LETTERS[place : place + 1] or str(place)
    extra = _rest({name: values.get(name) for name in ("doc", "doc_hash", "filter")})
    return Shaped(_text(arguments[0][0]), answer, label, id=_text(doc_id), extra=extra)


def inverse_scaling(values: Mapping[str, Any]) -> Shaped:
    """A row of an Inverse Scaling Prize CSV (github.com/inverse-scaling/prize): prompt, classes, answer_index.

    `classes` is a list as Python writes it; the answer keeps its leading space, the label does not.

    Raises:
        Wrong: the classes are no list of texts, or the index is none of theirs.
    """
    written = values.get("classes")
    try:
        classes = ast.literal_eval(written) if isinstance(written, str) else written
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        classes = None
    if not isinstance(classes, list | tuple) or not classes or not all(isinstance(item, str) for item in classes):
        raise Wrong("'classes' is not a list of texts")
    index = _text(values.get("answer_index")).strip()
    if not index.isdecimal() or int(index) >= len(classes):
        raise Wrong(f"the answer_index {index!r} is none of the {len(classes)} classes")
    answer = classes[int(index)]
    extra = _rest(values, "prompt", "classes", "answer_index", "id", "group", "split") | {"classes": list(classes)}
    return Shaped(_text(_needed(values, "prompt")), answer, answer.strip() or None, extra=extra, **_common(values))


def matching_behavior(values: Mapping[str, Any]) -> Shaped:
    """A line of a model-written evaluation (github.com/anthropics/evals): the answer is the one matching the behaviour.

    Raises:
        Wrong: no question, or not exactly one matching answer.
    """
    answer = values.get("answer_matching_behavior")
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if not isinstance(answer, str) or not answer:
        raise Wrong("'answer_matching_behavior' is not one text")
    extra = _rest(values, "question", "answer_matching_behavior", "id", "group", "split")
    return Shaped(_text(_needed(values, "question")), answer, answer.strip(), extra=extra, **_common(values))


def aichat(values: Mapping[str, Any]) -> Shaped:
    """A pair of an aichat role; the role's prompt is kept beside it."""
    return Shaped(_text(values["input"]), _text(values["output"]), extra=_rest(values, "input", "output"))


SHAPES: Mapping[str, Shape] = {
    "openai-chat": openai_chat,
    "inspect": inspect_sample,
    "lm-eval": lm_eval,
    "inverse-scaling": inverse_scaling,
    "matching-behavior": matching_behavior,
    "aichat": aichat,
}
