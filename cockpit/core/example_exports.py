"""Examples as files for other tools, and what is wrong with such a file. Text only: nothing is read or written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from cockpit.core.example_block import render_block
from cockpit.core.examples import Example, Template
from cockpit.core.leak_texts import normalise

Format = Literal["openai-sft", "openai-dpo", "anthropic", "hf", "csv", "inspect", "text"]
FORMATS: tuple[Format, ...] = get_args(Format)
FEWEST_ROWS = 10
"""Source: https://platform.openai.com/docs/guides/supervised-fine-tuning (at least 10 lines)."""
MOST_TOKENS = 65_536
"""Tokens of one training example for gpt-4.1 and gpt-4o models.

Source: https://platform.openai.com/docs/guides/fine-tuning-best-practices (token limits).
"""
TURN_TOKENS, END_TOKENS = 4, 3
"""Source: https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken."""
FIELDS = ("id", "input", "output", "label", "verdict", "reason", "note", "tags", "group", "source")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a line (from 1) of a file; line 0 is the file as a whole."""

    line: int
    reason: str


def export(examples: Sequence[Example], form: Format, *, system: str = "", template: Template | None = None) -> str:
    """The whole file's text.

    Args:
        system: a system prompt for every line of the chat formats.
        template: of the text block.
    """
    if form == "text":
        return render_block(examples, template or Template())
    if form == "csv":
        return _csv(examples)
    rows: Iterable[dict[str, Any]]
    if form == "hf":
        rows = map(plain, examples)
    elif form == "inspect":
        rows = map(_inspect, examples)
    else:
        write = {"openai-sft": sft_rows, "openai-dpo": dpo_rows, "anthropic": anthropic_rows}[form]
        rows = write(examples, system)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def sft_rows(examples: Iterable[Example], system: str = "") -> Iterator[dict[str, Any]]:
    """OpenAI supervised fine-tuning: `{"messages": [system?, user, assistant]}` a line.

    Source: https://platform.openai.com/docs/guides/supervised-fine-tuning
    """
    for one in examples:
        yield {"messages": [*_system(system), _turn("user", one.input), _turn("assistant", one.answer)]}


def dpo_rows(examples: Iterable[Example], system: str = "") -> Iterator[dict[str, Any]]:
    """OpenAI preference pairs: each gold answer against each rejected one to the same normalised input.

    Source: https://platform.openai.com/docs/guides/direct-preference-optimization
    """
    by_input: dict[str, tuple[list[Example], list[Example]]] = {}
    for one in examples:
        gold, rejected = by_input.setdefault(normalise(one.input), ([], []))
        if one.verdict != "candidate":
            (gold if one.verdict == "gold" else rejected).append(one)
    for gold, rejected in by_input.values():
        for good in gold:
            for bad in rejected:
                if good.answer != bad.answer:
                    yield {
                        "input": {"messages": [*_system(system), _turn("user", good.input)]},
                        "preferred_output": [_turn("assistant", good.answer)],
                        "non_preferred_output": [_turn("assistant", bad.answer)],
                    }


def anthropic_rows(examples: Iterable[Example], system: str = "") -> Iterator[dict[str, Any]]:
    """Anthropic-style messages: the system prompt beside them, not among them.

    Source: https://docs.anthropic.com/en/api/messages
    """
    for one in examples:
        turns = [_turn("user", one.input), _turn("assistant", one.answer)]
        yield {**({"system": system} if system else {}), "messages": turns}


def plain(example: Example) -> dict[str, Any]:
    """An example as plain data, with all that is known of it: a line of Hugging Face's JSONL, and of ours."""
    return {
        "id": example.id,
        "input": example.input,
        "output": example.output,
        "label": example.label,
        "verdict": example.verdict,
        "reason": example.reason,
        "note": example.note,
        "tags": list(example.tags),
        "group": example.group,
        "source": {"kind": example.source.kind, **example.source.detail},
    }


def check_sft(lines: Iterable[str], count: Callable[[str], int]) -> list[Problem]:
    """What OpenAI would refuse in a file of `messages`: shape, roles, last turn, too few rows, too many tokens.

    Args:
        count: tokens of a text in the model's encoding.
    """
    found, number = [], 0
    for number, line in enumerate(_lines(lines), 1):
        row = _parsed(line)
        messages = row.get("messages") if row is not None else None
        found += [Problem(number, reason) for reason in _chat_reasons(messages, count, ends="assistant")]
    return _enough(found, number)


def check_dpo(lines: Iterable[str], count: Callable[[str], int]) -> list[Problem]:
    """The same for preference pairs: an input that ends with the user, and one assistant turn on each side."""
    found, number = [], 0
    for number, line in enumerate(_lines(lines), 1):
        row = _parsed(line) or {}
        asked = row.get("input")
        messages = asked.get("messages") if isinstance(asked, Mapping) else None
        reasons = list(_chat_reasons(messages, count, ends="user"))
        for side in ("preferred_output", "non_preferred_output"):
            turns = row.get(side)
            if not isinstance(turns, list) or len(turns) != 1:
                reasons.append(f"{side} is not one turn")
            else:
                reasons += [f"{side}: {reason}" for reason in _chat_reasons(turns, count, ends="assistant")]
        found += [Problem(number, reason) for reason in reasons]
    return _enough(found, number)


def _chat_reasons(messages: object, count: Callable[[str], int], *, ends: str) -> Iterator[str]:
    if not isinstance(messages, list) or not messages:
        yield "there are no messages"
        return
    tokens = END_TOKENS
    for at, turn in enumerate(messages, 1):
        role, content = (turn.get("role"), turn.get("content")) if isinstance(turn, Mapping) else (None, None)
        if role not in ("system", "developer", "user", "assistant", "tool"):
            yield f"turn {at}: {role!r} is no role"
        if not isinstance(content, str) or not content.strip():
            yield f"turn {at} is empty"
        else:
            tokens += count(content) + TURN_TOKENS
        weight = turn.get("weight") if isinstance(turn, Mapping) else None
        if weight not in (None, 0, 1):
            yield f"turn {at}: a weight is 0 or 1"
    last = messages[-1]
    if not isinstance(last, Mapping) or last.get("role") != ends:
        yield f"the last turn is not the {ends}'s"
    if tokens > MOST_TOKENS:
        yield f"{tokens:,} tokens, and {MOST_TOKENS:,} are the most"


def _enough(found: list[Problem], rows: int) -> list[Problem]:
    few = [Problem(0, f"{rows} rows, and {FEWEST_ROWS} are the fewest")] if rows < FEWEST_ROWS else []
    return few + found


def _lines(lines: Iterable[str]) -> Iterator[str]:
    return (line for line in lines if line.strip())


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _system(text: str) -> list[dict[str, str]]:
    return [_turn("system", text)] if text else []


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _inspect(example: Example) -> dict[str, Any]:
    """A sample of an Inspect dataset. Source: https://inspect.aisi.org.uk/datasets.html"""
    kept = {name: value for name, value in plain(example).items() if name not in ("id", "input", "output") and value}
    row = {"input": example.input, "target": example.answer, "metadata": kept}
    return row if example.id is None else {"id": example.id, **row}


def _csv(examples: Iterable[Example]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(FIELDS)
    for one in examples:
        row = plain(one)
        row["source"] = json.dumps(row["source"], ensure_ascii=False)
        row["tags"] = json.dumps(row["tags"], ensure_ascii=False) if row["tags"] else ""
        writer.writerow("" if row[name] is None else row[name] for name in FIELDS)
    return stream.getvalue()
