"""Search over samples and prompts: newest first, the person's words taken as words. Ranks nothing, changes nothing."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from cockpit.core.samples import Ended
from cockpit.store.text import pack, show_bytes, unpack

SNIPPET = 160
"""Characters of a snippet."""
READ = 65_536
"""Bytes of a text that are looked through for the snippet's place."""
FEW = 200
"""Marked samples up to which each is looked up in the index alone."""
FILTERS = ("model", "run", "ended", "tag", "is")

_PIECE = re.compile(rf'(?:({"|".join(FILTERS)}):)?(?:"([^"]*)"?|(\S+))')


@dataclass(frozen=True, slots=True)
class Hit:
    """A sample that was found; `snippet` is at most about SNIPPET characters around the first match, one line."""

    sample_id: int
    run_id: int
    model: str
    snippet: str
    created_at: str
    ended: str = ""


@dataclass(frozen=True, slots=True)
class PromptHit:
    """A version of a prompt that was found."""

    version_id: int
    prompt_id: int | None
    prompt: str
    number: int
    snippet: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Query:
    """What a person typed, taken apart: phrases in order, and (filter, value) pairs."""

    phrases: tuple[str, ...] = ()
    filters: tuple[tuple[str, str], ...] = ()
    prefix: bool = False
    """The last phrase is a word that may still be being typed."""


def parse(text: str) -> Query:
    """Take a query apart. Quotes make a phrase; `name:value` is a filter for the known names and words otherwise."""
    phrases: list[str] = []
    filters: list[tuple[str, str]] = []
    prefix = False
    for match in _PIECE.finditer(text):
        name, quoted, word = match.groups()
        value = quoted if word is None else word
        if name:
            filters.append((name, value))
            continue
        words = "".join(char if _is_token(char) else " " for char in value).split()
        if words:
            phrases.append(" ".join(words))
            prefix = word is not None and match.end() == len(text) and _is_token(word[-1]) and len(words[-1]) > 1
        else:
            prefix = False
    return Query(tuple(phrases), tuple(filters), prefix)


def _is_token(char: str) -> bool:
    """Whether the index keeps this character as part of a word."""
    return unicodedata.category(char)[0] in "LN" or unicodedata.category(char) == "Co"


def match_of(query: Query) -> str:
    """The query's phrases in FTS5's language; every word is quoted, so that none is an operator."""
    quoted = [f'"{phrase}"' for phrase in query.phrases]
    return " AND ".join(quoted) + ("*" if query.prefix else "")


def search(
    db: sqlite3.Connection,
    query: str,
    limit: int = 50,
    before: int | None = None,
    filters: Mapping[str, str] | None = None,
) -> list[Hit]:
    """Samples whose text or reasoning holds every word or "phrase" of the query, newest first.

    The last word may be unfinished. `model:part`, `run:7`, `ended:stop`, `tag:odd` and `is:gold` in the query narrow
    it, and so does `filters` with the same names. An empty query lists the newest samples.

    Args:
        limit: of hits.
        before: a sample id; only older ones are found.
    """
    asked = parse(query)
    asked = replace(asked, filters=asked.filters + tuple((filters or {}).items()))
    where = _where(db, asked)
    if where is None:
        return []
    table, key = ("sample_fts", "rowid") if where.match else ("sample", "id")
    bounds = (where.first, min(where.last, 2**62 if before is None else before - 1))
    sql = f"SELECT {key} FROM {table} WHERE {key} >= ? AND {key} <= ? {'AND sample_fts MATCH ?' if where.match else ''}"
    sql += "".join(
        f" AND {condition.format(id=f'{table}.{key}', walk='+' if where.match else '')}"
        for condition in where.conditions
    )
    match = [where.match] if where.match else []
    ids = db.execute(f"{sql} ORDER BY {key} DESC LIMIT ?", (*bounds, *match, *where.values, limit))
    find = _finder(asked)
    return [_hit(db, sample_id, find) for (sample_id,) in ids.fetchall()]


@dataclass(slots=True)
class _Where:
    """A query for SQLite: an FTS5 expression (empty: none needed), one range of ids, conditions on `{id}`."""

    match: str = ""
    first: int = 0
    last: int = 2**62
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)


def _where(db: sqlite3.Connection, query: Query) -> _Where | None:
    """The query for SQLite; None if nothing can fit."""
    match = [f"{{text reasoning}} : ({match_of(query)})"] if query.phrases else []
    found = _Where()
    for name, value in query.filters:
        if name in ("model", "ended"):
            words = _facets(db, name, value)
            if not words:
                return None
            match.append(f"facets : ({' OR '.join(words)})")
        elif name == "run":
            if not _in_run(db, value, found):
                return None
        else:
            _marked(db, "tag WHERE name" if name == "tag" else "example WHERE verdict", value, found)
    found.match = " AND ".join(match)
    return found


def _in_run(db: sqlite3.Connection, value: str, found: _Where) -> bool:
    """Keep to a run's samples; False where it has none. One range only: FTS5 seeks to the first and walks the rest."""
    run_id = min(int(value), 2**62) if value.isascii() and value.isdigit() else 0
    first, last = db.execute("SELECT min(id), max(id) FROM sample WHERE run_id = ?", (run_id,)).fetchone()
    if first is None:
        return False
    found.first, found.last = max(found.first, first), min(found.last, last)
    found.conditions.append("(SELECT run_id FROM sample AS own WHERE own.id = {id}) = ?")
    found.values.append(run_id)
    return True


def _marked(db: sqlite3.Connection, source: str, value: str, found: _Where) -> None:
    """Keep to marked samples: few are looked up one by one, many (a plus hides the id from FTS5) while walking."""
    key = pack(value)
    marked = f"SELECT sample_id FROM {source} = ?"
    few = db.execute(f"SELECT count(*) FROM ({marked} LIMIT {FEW + 1})", (key,)).fetchone()[0] <= FEW
    found.conditions.append(f"{'' if few else '{walk}'}{{id}} IN ({marked})")
    found.values.append(key)


def _facets(db: sqlite3.Connection, name: str, value: str) -> list[str]:
    """The index's words for a filter: every model whose name holds the value, or one way of ending."""
    if name == "ended":
        return [f'"e{value}"'] if value in get_args(Ended) else []
    wanted = value.casefold()
    models = db.execute("SELECT id, name FROM model").fetchall()
    return [f'"m{model_id}"' for model_id, model in models if wanted in unpack(model).casefold()]


def _finder(query: Query) -> re.Pattern[str] | None:
    """What a snippet is centred on: the query's first phrase, with anything between its words."""
    if not query.phrases:
        return None
    return re.compile(r"[\W_]+".join(re.escape(word) for word in query.phrases[0].split()), re.IGNORECASE)


def _hit(db: sqlite3.Connection, sample_id: int, find: re.Pattern[str] | None) -> Hit:
    run_id, model, created, ended, text, reasoning = db.execute(
        """SELECT run_id, name, created_at, ended,
           substr(CAST(text AS BLOB), 1, ?), substr(CAST(reasoning AS BLOB), 1, ?)
           FROM sample JOIN model ON model.id = model_id WHERE sample.id = ?""",
        (READ, READ, sample_id),
    ).fetchone()
    return Hit(sample_id, run_id, unpack(model), _snippet((text, reasoning), find), created, ended)


def _snippet(sources: Sequence[bytes | str | None], find: re.Pattern[str] | None) -> str:
    """A bounded piece of the first source that has the match, or of the first that is not empty."""
    texts = [show_bytes(source) for source in sources]
    for text in texts:
        match = find.search(text) if find else None
        if match:
            start = max(0, match.start() - SNIPPET // 4)
            return _line(text, start)
    return next((_line(text, 0) for text in texts if text), "")


def _line(text: str, start: int) -> str:
    end = start + SNIPPET
    piece = " ".join(text[start:end].split())
    return ("…" if start else "") + piece + ("…" if end < len(text) else "")


def search_prompts(db: sqlite3.Connection, query: str, limit: int = 50, before: int | None = None) -> list[PromptHit]:
    """Versions whose text or note holds every word or "phrase" of the query, newest first; filters are not known here.

    Args:
        limit: of hits.
        before: a version id; only older ones are found.
    """
    asked = parse(query)
    if not asked.phrases and (asked.filters or query.strip()):
        return []
    chosen = (
        "SELECT rowid FROM prompt_fts WHERE prompt_fts MATCH ? AND" if asked.phrases else "SELECT id FROM version WHERE"
    )
    rows = db.execute(
        f"""SELECT version.id, prompt_id, prompt.name, number, version.created_at,
            substr(CAST(words AS BLOB), 1, {READ}), CAST(note AS BLOB)
            FROM version LEFT JOIN prompt ON prompt.id = prompt_id
            WHERE version.id IN ({chosen} {"rowid" if asked.phrases else "id"} < ? ORDER BY 1 DESC LIMIT ?)
            ORDER BY version.id DESC""",
        (*([match_of(asked)] if asked.phrases else []), 2**62 if before is None else before, limit),
    )
    find = _finder(asked)
    return [
        PromptHit(row[0], row[1], "" if row[2] is None else unpack(row[2]), row[3], _snippet(row[5:7], find), row[4])
        for row in rows
    ]
