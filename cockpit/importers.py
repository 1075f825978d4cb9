"""Other tools' history: the llm tool's logs.db, both generations, read whole and checked before anything is written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cockpit.core.errors import InputError
from cockpit.core.params import NAMES, Params, problems
from cockpit.core.ports import Chunk, Usage
from cockpit.core.prompts import EXAMPLES, Message, Version, literal, variables
from cockpit.core.runs import Plan, Target
from cockpit.core.samples import Sample, SampleKey, read_ended

PROMPT_NAME = "llm import"
PROVIDER = "llm"
ENDPOINT = "llm logs.db"


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer in the llm tool's log, with all that was said before it."""

    id: str
    model: str
    version: Version
    text: str
    reasoning: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    duration_ms: float | None = None
    created_at: str = ""
    stop_reason: str | None = None
    conversation: str | None = None
    resolved_model: str | None = None
    not_text: tuple[str, ...] = ()
    """Kinds of parts that are not imported: attachments, tool calls."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did: answers imported, already known, and passed over as empty."""

    imported: int
    known: int
    skipped: int


def read_llm(path: Path) -> list[Turn]:
    """Every answer in a logs.db, oldest first, without changing the file.

    Raises:
        InputError: not there, not a database, not the llm tool's, or a row that makes no sense (named).
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}.", hint="`llm logs path` says where the log is.")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            db.row_factory = sqlite3.Row
            tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables & {"responses", "turns"}:
                raise InputError(f"{path} is not a log of the llm tool: it has neither turns nor responses.")
            turns = [*(_legacy(db, tables) if "responses" in tables else ())]
            turns += _current(db) if {"turns", "messages", "parts"} <= tables else ()
    except sqlite3.Error as error:
        raise InputError(f"{path} cannot be read as a log of the llm tool: {error}.") from error
    return sorted(turns, key=lambda turn: (turn.created_at, turn.id))


def import_llm(db: sqlite3.Connection, turns: Sequence[Turn], project: str) -> Report:
    """Add answers that are not there yet, each as a run of its own; to be called inside a write of the store."""
    from cockpit.store.projects import ensure_project
    from cockpit.store.prompts import ensure_prompt
    from cockpit.store.runs import create_run, finish_run
    from cockpit.store.samples import add_sample

    imported = known = skipped = 0
    project_id = ensure_project(db, project)
    prompt_id = ensure_prompt(db, project_id, PROMPT_NAME)
    for turn in turns:
        if not turn.version.messages and not turn.text:
            skipped += 1
        elif db.execute("SELECT 1 FROM request WHERE hash = ?", (source_hash(turn),)).fetchone():
            known += 1
        else:
            plan = _plan(turn)
            run_id = create_run(db, plan, project_id=project_id, prompt_id=prompt_id, params=plan.targets[0].params)
            add_sample(db, _sample(turn, run_id))
            finish_run(db, run_id)
            imported += 1
    return Report(imported, known, skipped)


def source_hash(turn: Turn) -> str:
    """What stands in a sample's request hash: it names the row it came from, and never meets a request of ours."""
    return f"llm:{turn.id}"


def _plan(turn: Turn) -> Plan:
    names = variables(turn.version)
    # What looks like a variable in the system text was sent as it stands, too: it is filled with itself.
    values = {name: "{{" + name + "}}" for name in names}
    target = Target(turn.model, PROVIDER, turn.model, ENDPOINT, _params(turn.options))
    return Plan(turn.version, (target,), (values,))


def _params(options: Mapping[str, Any]) -> Params:
    """The settings that are ours too and make sense; all of them stand in the sample's request in any case."""
    found = Params()
    for name in NAMES:
        value = options.get(name)
        if name == "stop" and isinstance(value, str):
            value = [value]
        try:
            tried = Params.from_json({name: value}) if value is not None else Params()
            if value is not None and not problems(tried):
                found = found.with_value(name, getattr(tried, name))
        except (TypeError, ValueError):
            continue
    return found


def _sample(turn: Turn, run_id: int) -> Sample:
    body: dict[str, Any] = {"imported_from": ENDPOINT, "id": turn.id, "model": turn.model}
    body |= {"options": dict(turn.options), "conversation": turn.conversation}
    if turn.resolved_model:
        body["resolved_model"] = turn.resolved_model
    if turn.not_text:
        body["not_imported"] = list(turn.not_text)
    stops = _params(turn.options).stop
    return Sample(
        run_id=run_id,
        key=SampleKey(0, 0, 0),
        model=turn.model,
        text=turn.text,
        reasoning=turn.reasoning,
        stop_reason=turn.stop_reason,
        ended=read_ended(Chunk(stop_reason=turn.stop_reason), stops),
        usage=turn.usage,
        latency_ms=turn.duration_ms,
        request_hash=source_hash(turn),
        request_body=body,
        request_id=turn.id,
        created_at=turn.created_at,
    )


def _version(system: str, messages: Iterable[Message]) -> Version:
    # `{{examples}}` is filled from the examples block: filled with itself, it stays what was sent.
    used = "{{" in system and EXAMPLES in system
    return Version(system=system, messages=tuple(messages), examples="{{" + EXAMPLES + "}}" if used else "")


# The generation since llm 0.32: a tree of messages, and turns that each add to a branch of it.


def _current(db: sqlite3.Connection) -> Iterator[Turn]:
    messages = {row["hash"]: (row["parent_hash"], row["role"]) for row in db.execute("SELECT * FROM messages")}
    parts = _parts(db)
    for row in db.execute("SELECT * FROM turns"):
        where = f"turn {row['id']}"
        before = _chain(messages, row["parent_message_hash"], None, where)
        after = _chain(messages, row["tip_message_hash"], row["parent_message_hash"], where)
        said = [(messages[name][1], parts.get(name, ())) for name in before]
        answers = [part for name in after if messages[name][1] == "assistant" for part in parts.get(name, ())]
        others = {kind for _, found in said for kind, _ in found} | {kind for kind, _ in answers}
        yield Turn(
            **_common(row, where),
            version=_version(
                "\n\n".join(_joined(found) for role, found in said if role == "system"),
                [literal(role, _joined(found)) for role, found in said if role in ("user", "assistant")],
            ),
            text=_joined(answers),
            reasoning=_joined(answers, "reasoning"),
            conversation=row["thread_id"],
            not_text=tuple(sorted(others - {"text", "reasoning"})),
        )


Parts = Sequence[tuple[str, str]]
"""A message's parts as (type, text)."""


def _joined(parts: Parts, kind: str = "text") -> str:
    return "".join(text for found, text in parts if found == kind)


def _chain(messages: Mapping[str, tuple[Any, Any]], tip: str | None, end: str | None, where: str) -> list[str]:
    """Message hashes from just after `end` up to `tip`, oldest first."""
    found: list[str] = []
    at = tip
    while at is not None and at != end:
        if at not in messages or len(found) > len(messages):
            raise InputError(f"The log is damaged: {where} leads to a message that is not there.")
        found.append(at)
        at = messages[at][0]
    return found[::-1]


def _parts(db: sqlite3.Connection) -> dict[str, list[tuple[str, str]]]:
    fragments = {row["id"]: row["content"] for row in db.execute("SELECT id, content FROM fragments")}
    found: dict[str, list[tuple[str, str]]] = {}
    for row in db.execute("SELECT * FROM parts ORDER BY message_hash, position"):
        text = row["text"]
        if text is None:
            payload = _json(row["payload"], f"part {row['id']}")
            text = _referred(payload.get("text_ref"), fragments, f"part {row['id']}")
        found.setdefault(row["message_hash"], []).append((row["type"], text))
    return found


def _referred(pieces: Any, fragments: Mapping[int, str], where: str) -> str:
    """A text that borrows stored fragments, put together again."""
    try:
        return "".join(p["literal"] if "literal" in p else fragments[p["fragment"]] for p in pieces or ())
    except (KeyError, TypeError) as error:
        raise InputError(f"The log is damaged: {where} refers to a text that is not there.") from error


# The generation before: one row an answer, history by conversation.


def _legacy(db: sqlite3.Connection, tables: set[str]) -> Iterator[Turn]:
    prompt_fragments = _fragments(db, tables, "prompt_fragments")
    system_fragments = _fragments(db, tables, "system_fragments")
    attached = _ids(db, tables, "prompt_attachments")
    tools = _ids(db, tables, "tool_calls")
    history: dict[str, list[Message]] = {}
    for row in db.execute("SELECT * FROM responses ORDER BY id"):
        keys = row.keys()
        where = f"response {row['id']}"
        own = row["prompt"]
        prompt = "\n".join([*prompt_fragments.get(row["id"], ()), *([own] if own else [])])
        system = "\n\n".join([*system_fragments.get(row["id"], ()), *([row["system"]] if row["system"] else [])])
        conversation = row["conversation_id"] if "conversation_id" in keys else None
        before = history.setdefault(conversation or row["id"], [])
        asked = literal("user", prompt)
        text = row["response"] or ""
        yield Turn(
            **_common(row, where),
            version=_version(system, [*before, asked] if prompt or before else []),
            text=text,
            reasoning=(row["reasoning"] or "") if "reasoning" in keys else "",
            conversation=conversation,
            not_text=("attachment",) * (row["id"] in attached) + ("tool_call",) * (row["id"] in tools),
        )
        before += [asked, literal("assistant", text)]


def _fragments(db: sqlite3.Connection, tables: set[str], table: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if {table, "fragments"} <= tables:
        rows = db.execute(
            f'SELECT response_id, content FROM {table} JOIN fragments ON fragments.id = fragment_id ORDER BY "order"'
        )
        for response_id, content in rows:
            found.setdefault(response_id, []).append(content)
    return found


def _ids(db: sqlite3.Connection, tables: set[str], table: str) -> set[str]:
    return {row[0] for row in db.execute(f"SELECT response_id FROM {table}")} if table in tables else set()


def _common(row: sqlite3.Row, where: str) -> dict[str, Any]:
    """What both generations keep under the same names."""
    keys = row.keys()
    if not isinstance(row["id"], str) or not row["id"] or not isinstance(row["model"], str):
        raise InputError(f"The log is damaged: {where} has no id or no model.")
    reply = _json(row["response_json"], where)
    reason = reply.get("finish_reason") or reply.get("stop_reason")
    has_tokens = "input_tokens" in keys
    return {
        "id": row["id"],
        "model": row["model"],
        "options": _json(row["options_json"], where),
        "usage": Usage(row["input_tokens"], row["output_tokens"]) if has_tokens else Usage(),
        "duration_ms": row["duration_ms"],
        "created_at": _utc(row["datetime_utc"]),
        "stop_reason": reason if isinstance(reason, str) else None,
        "resolved_model": row["resolved_model"] if "resolved_model" in keys else None,
    }


def _utc(text: str | None) -> str:
    """llm writes UTC, with or without saying so."""
    if not text:
        return ""
    stamp = text.replace(" ", "T", 1)
    return stamp if stamp.endswith("Z") or "+" in stamp else f"{stamp}+00:00"


def _json(text: str | None, where: str) -> dict[str, Any]:
    """A column of JSON; an empty one is an empty object."""
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InputError(f"The log is damaged: {where} has broken JSON.") from error
    return value if isinstance(value, dict) else {}
