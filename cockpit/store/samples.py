"""Samples: saved one by one, read back exactly as they were. Marks on them and search have modules of their own."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from cockpit.core.errors import StoreError
from cockpit.core.ports import TokenLogprob, Usage
from cockpit.core.samples import Failure, Sample, SampleKey
from cockpit.store import tally
from cockpit.store.marks import set_gold, set_sample_note, tag, untag
from cockpit.store.search import Hit, search
from cockpit.store.text import pack, pack_json, unpack, unpack_json

__all__ = [
    "Hit",
    "SampleRow",
    "add_sample",
    "as_cached",
    "done_keys",
    "find_cached",
    "get_plain",
    "get_sample",
    "iter_samples",
    "run_samples",
    "samples_for",
    "search",
    "set_gold",
    "set_sample_note",
    "tag",
    "untag",
]

MEMO_BODIES = 64
"""Request bodies the writer keeps at hand, so that n samples of one request hash and look it up once."""

_COLUMNS = (
    "run_id",
    "target",
    "input",
    "idx",
    "model_id",
    "request_id",
    "seed",
    "ended",
    "failed",
    "stop_reason",
    "stop",
    "input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cached_tokens",
    "ttft_ms",
    "latency_ms",
    "cost_usd",
    "cached",
    "attempts",
    "remote_id",
    "created_at",
    "left_out",
    "error",
    "text",
    "reasoning",
)
_INSERT = f"INSERT INTO sample ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_UPDATE = f"UPDATE sample SET {', '.join(f'{name} = ?' for name in _COLUMNS)} WHERE id = ?"
_SELECT = """SELECT sample.id, run_id, target, input, idx, model.name, text, reasoning, stop_reason, ended, stop,
    input_tokens, output_tokens, reasoning_tokens, cached_tokens, ttft_ms, latency_ms, cost_usd, cached, error,
    request.hash, request.body, seed, left_out, remote_id, attempts, sample_logprobs.body, sample.created_at
    FROM sample JOIN model ON model.id = model_id LEFT JOIN request ON request.id = request_id
    LEFT JOIN sample_logprobs ON sample_logprobs.sample_id = sample.id"""


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A sample and where it stands: run, prompt, marks. `attempts` are failed ones it replaced, oldest first."""

    sample: Sample
    project_id: int
    prompt_id: int | None
    prompt: str
    version_id: int
    version_number: int
    tags: tuple[str, ...]
    note: str
    verdict: str | None
    """'gold', 'candidate' or 'rejected' as an example; None where it is none."""
    attempts: tuple[Sample, ...]


def add_sample(db: sqlite3.Connection, sample: Sample) -> int:
    """Save a sample and return its id. A whole answer at its place stays; a failed or cancelled one is replaced and
    kept in the sample's history."""
    found = db.execute(
        "SELECT id, failed FROM sample WHERE run_id = ? AND target = ? AND input = ? AND idx = ?",
        (sample.run_id, *sample.key),
    ).fetchone()
    if found is None:
        sample_id = int(db.execute(_INSERT, _values(db, sample)).lastrowid or 0)
    elif not found[1]:
        return int(found[0])
    else:
        sample_id = found[0]
        _retire(db, sample_id)
        db.execute(_UPDATE, (*_values(db, sample), sample_id))
    tally.count(db, sample)
    if sample.logprobs:
        body = pack_json([[token.token, token.logprob, token.top] for token in sample.logprobs])
        db.execute("INSERT INTO sample_logprobs (sample_id, body) VALUES (?, ?)", (sample_id, body))
    return sample_id


def _retire(db: sqlite3.Connection, sample_id: int) -> None:
    """Move the failed sample at a place into its history, out of the counts."""
    old = get_plain(db, sample_id)
    tally.count(db, old, sign=-1)
    db.execute(
        "INSERT INTO attempt (sample_id, ended, cost_usd, created_at, body) VALUES (?, ?, ?, ?, ?)",
        (sample_id, old.ended, old.cost_usd, old.created_at, pack_json(asdict(old))),
    )
    db.execute("DELETE FROM sample_logprobs WHERE sample_id = ?", (sample_id,))


def _values(db: sqlite3.Connection, sample: Sample) -> tuple[Any, ...]:
    """A sample as a row, in the order of _COLUMNS."""
    usage, error = sample.usage, sample.error
    return (
        sample.run_id,
        *sample.key,
        _model_id(db, sample.model),
        *_request(db, sample),
        sample.ended,
        not sample.ok,
        _optional(sample.stop_reason),
        _optional(sample.stop),
        usage.input_tokens,
        usage.output_tokens,
        usage.reasoning_tokens,
        usage.cached_tokens,
        sample.ttft_ms,
        sample.latency_ms,
        sample.cost_usd,
        sample.cached,
        sample.attempts,
        _optional(sample.request_id),
        sample.created_at,
        pack_json(sample.left_out) if sample.left_out else None,
        pack_json([error.kind, error.message, error.hint, error.status]) if error else None,
        pack(sample.text),
        pack(sample.reasoning),
    )


def _optional(text: str | None) -> str | bytes | None:
    return None if text is None else pack(text)


def _memo(db: sqlite3.Connection) -> dict[Any, Any]:
    """What this connection remembers; the writer forgets it whenever it rolls back."""
    memo: dict[Any, Any] = getattr(db, "memo", {})
    return memo


def _model_id(db: sqlite3.Connection, name: str) -> int:
    memo = _memo(db)
    known = memo.get(("model", name))
    if known is not None:
        return int(known)
    row = db.execute("SELECT id FROM model WHERE name = ?", (pack(name),)).fetchone()
    found: Any = row[0] if row else db.execute("INSERT INTO model (name) VALUES (?)", (pack(name),)).lastrowid
    memo["model", name] = found
    return int(found)


def _request(db: sqlite3.Connection, sample: Sample) -> tuple[int | None, int | None]:
    """The stored request's id and the seed taken out of its body; both None where nothing was sent."""
    if not sample.request_hash and not sample.request_body:
        return None, None
    body, seed = sample.request_body, sample.request_body.get("seed")
    if type(seed) is int and abs(seed) < 2**63:
        body = {**body, "seed": None}
    else:
        seed = None
    memo, key = _memo(db), ("request", sample.request_hash)
    known = memo.get(key)
    if known is not None and known[0] == body:
        return known[1], seed
    found = _request_id(db, sample.request_hash, body)
    if len(memo) > MEMO_BODIES:
        memo.clear()
    memo[key] = (body, found)
    return found, seed


def _request_id(db: sqlite3.Connection, digest: str, body: dict[str, Any]) -> int:
    packed = pack_json(body)
    body_hash = hashlib.sha256(packed if isinstance(packed, bytes) else packed.encode()).digest()
    key = (digest, body_hash)
    row = db.execute("SELECT id FROM request WHERE hash = ? AND body_hash = ?", key).fetchone()
    if row:
        return int(row[0])
    found = db.execute("INSERT INTO request (hash, body_hash, body) VALUES (?, ?, ?)", (*key, packed))
    return int(found.lastrowid or 0)


def _sample(row: Sequence[Any]) -> Sample:
    """A sample from a row of _SELECT."""
    error = unpack_json(row[19])
    return Sample(
        id=row[0],
        run_id=row[1],
        key=SampleKey(row[2], row[3], row[4]),
        model=unpack(row[5]),
        text=unpack(row[6]),
        reasoning=unpack(row[7]),
        stop_reason=None if row[8] is None else unpack(row[8]),
        ended=row[9],
        stop=None if row[10] is None else unpack(row[10]),
        usage=Usage(row[11], row[12], row[13], row[14]),
        ttft_ms=row[15],
        latency_ms=row[16],
        cost_usd=row[17],
        cached=bool(row[18]),
        error=Failure(*error) if error else None,
        request_hash=row[20] or "",
        request_body=_body(row[21], row[22]),
        left_out=tuple(unpack_json(row[23]) or ()),
        request_id=None if row[24] is None else unpack(row[24]),
        attempts=row[25],
        logprobs=_logprobs(unpack_json(row[26]) or ()),
        created_at=row[27],
    )


def _body(packed: str | bytes | None, seed: int | None) -> dict[str, Any]:
    body: dict[str, Any] = unpack_json(packed) or {}
    if seed is not None:
        body["seed"] = seed
    return body


def _logprobs(rows: Iterable[Any]) -> tuple[TokenLogprob, ...]:
    return tuple(TokenLogprob(token, value, tuple((t, v) for t, v in top)) for token, value, top in rows)


def _from_json(data: dict[str, Any]) -> Sample:
    """The sample that was kept in a history."""
    error = data["error"]
    rest = {
        "key": SampleKey(*data["key"]),
        "usage": Usage(**data["usage"]),
        "error": Failure(**error) if error else None,
        "left_out": tuple(data["left_out"]),
        "logprobs": _logprobs([t["token"], t["logprob"], t["top"]] for t in data["logprobs"]),
    }
    return Sample(**{**data, **rest})


def get_plain(db: sqlite3.Connection, sample_id: int) -> Sample:
    """One sample alone.

    Raises:
        StoreError: there is none of that id.
    """
    row = db.execute(f"{_SELECT} WHERE sample.id = ?", (sample_id,)).fetchone()
    if row is None:
        raise StoreError(f"There is no sample {sample_id}.", hint="`cockpit search` finds them.")
    return _sample(row)


def get_sample(db: sqlite3.Connection, sample_id: int) -> SampleRow:
    """One sample with its run, prompt, marks and history.

    Raises:
        StoreError: there is none of that id.
    """
    sample = get_plain(db, sample_id)
    row = db.execute(
        """SELECT run.project_id, prompt_id, prompt.name, version_id, number FROM run
           JOIN version ON version.id = version_id LEFT JOIN prompt ON prompt.id = prompt_id WHERE run.id = ?""",
        (sample.run_id,),
    ).fetchone()
    tags = db.execute("SELECT name FROM tag WHERE sample_id = ? ORDER BY name", (sample_id,))
    note = db.execute("SELECT text FROM note WHERE sample_id = ?", (sample_id,)).fetchone()
    verdict = db.execute("SELECT verdict FROM example WHERE sample_id = ?", (sample_id,)).fetchone()
    history = db.execute("SELECT body FROM attempt WHERE sample_id = ? ORDER BY id", (sample_id,))
    return SampleRow(
        sample=sample,
        project_id=row[0],
        prompt_id=row[1],
        prompt="" if row[2] is None else unpack(row[2]),
        version_id=row[3],
        version_number=row[4],
        tags=tuple(unpack(name) for (name,) in tags),
        note=unpack(note[0]) if note else "",
        verdict=verdict[0] if verdict else None,
        attempts=tuple(_from_json(unpack_json(body)) for (body,) in history),
    )


def run_samples(db: sqlite3.Connection, run_id: int) -> list[Sample]:
    """The run's samples in the order of their keys."""
    return list(iter_samples(db, run_id))


def iter_samples(db: sqlite3.Connection, run_id: int) -> Iterator[Sample]:
    """The same, one at a time, for runs too long to hold."""
    for row in db.execute(f"{_SELECT} WHERE run_id = ? ORDER BY target, input, idx", (run_id,)):
        yield _sample(row)


def done_keys(db: sqlite3.Connection, run_id: int, retry_failed: bool = True) -> set[SampleKey]:
    """Places that need nothing sent; failed and cancelled samples count only where they are not to be retried."""
    where = "AND NOT failed" if retry_failed else ""
    return {
        SampleKey(*row)
        for row in db.execute(f"SELECT target, input, idx FROM sample WHERE run_id = ? {where}", (run_id,))
    }


def find_cached(db: sqlite3.Connection, pairs: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Sample]:
    """The newest whole answer for each (request hash, index) that has one, as it was stored."""
    found: dict[tuple[str, int], Sample] = {}
    requests: dict[str, list[int]] = {}
    for digest, index in pairs:
        if digest not in requests:
            ids = db.execute("SELECT id FROM request WHERE hash = ?", (digest,))
            requests[digest] = [row[0] for row in ids]
        marks = ", ".join("?" * len(requests[digest]))
        if not marks:
            continue
        newest = db.execute(
            f"SELECT max(id) FROM sample WHERE request_id IN ({marks}) AND idx = ? AND NOT failed",
            (*requests[digest], index),
        ).fetchone()[0]
        if newest is not None:
            found[digest, index] = get_plain(db, newest)
    return found


def samples_for(
    db: sqlite3.Connection, version_id: int, row: int = 0, *, inputs: dict[str, str] | None = None
) -> list[Sample]:
    """What came back for a version on one input, over all its runs, oldest first.

    Args:
        row: the input's place in each run.
        inputs: where given, the input's values themselves, whatever their place.
    """
    found: list[Sample] = []
    runs = db.execute(
        """SELECT run.id, body FROM run JOIN input_set ON input_set.id = input_set_id
           WHERE version_id = ? ORDER BY run.id""",
        (version_id,),
    ).fetchall()
    for run_id, body in runs:
        places = [row] if inputs is None else [i for i, values in enumerate(unpack_json(body)) if values == inputs]
        for place in places:
            rows = db.execute(f"{_SELECT} WHERE run_id = ? AND input = ? ORDER BY sample.id", (run_id, place))
            found += [_sample(one) for one in rows]
    return found


def as_cached(sample: Sample, run_id: int, key: SampleKey, created_at: str) -> Sample:
    """An earlier answer as the sample of another run: same evidence, no cost."""
    return replace(sample, id=None, run_id=run_id, key=key, cached=True, cost_usd=0.0, created_at=created_at)
