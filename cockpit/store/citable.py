"""What an entry can cite, found by number or by a part of its name while it is typed. Rows out; writes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from cockpit.core.log_refs import Kind
from cockpit.store.log import is_there, list_heads
from cockpit.store.runs import list_runs
from cockpit.store.text import show_bytes, unpack

LATEST = 500
"""Of each kind, the latest that are looked through; a whole number finds any."""
MOST = 8
HEAD = 120


def citable(db: sqlite3.Connection, project_id: int, kind: Kind, letters: str) -> list[tuple[int, str]]:
    """Number and words of what the letters may mean, the latest first, at most MOST of them.

    Letters are the beginning of a number, or a part of what it is called, case ignored.
    """
    wanted, found = letters.casefold(), list[tuple[int, str]]()
    for number, words in _latest(db, project_id, kind):
        if str(number).startswith(wanted) or wanted in words.casefold():
            found.append((number, " ".join(words.split())))
        if len(found) == MOST:
            break
    if wanted.isdecimal() and int(wanted) not in dict(found) and len(wanted) < 19 and is_there(db, kind, int(wanted)):
        found.insert(0, (int(wanted), "an older one"))
    return found[:MOST]


def _latest(db: sqlite3.Connection, project_id: int, kind: Kind) -> Iterable[tuple[int, str]]:
    if kind == "run":
        for run in list_runs(db, project_id, LATEST):
            over = f" × {run.inputs} inputs" if run.inputs > 1 else ""
            name = f"{run.prompt} v{run.version_number}" if run.prompt else "no name"
            yield run.id, f"{name} · {', '.join(run.models)} · n = {run.n}{over}"
    elif kind == "entry":
        yield from ((head.id, f"{head.day} {head.title}") for head in list_heads(db, project_id)[:LATEST])
    else:
        for row in db.execute(_SELECT[kind], (project_id, LATEST)):
            yield row[0], " ".join(_words(part) for part in row[1:] if part is not None)


def _words(part: object) -> str:
    if isinstance(part, bytes):
        return show_bytes(part)
    return unpack(part) if isinstance(part, str) else str(part)


_SELECT: dict[str, str] = {
    "version": """SELECT version.id, prompt.name, 'v' || version.number FROM version
        JOIN prompt ON prompt.id = version.prompt_id WHERE prompt.project_id = ? ORDER BY version.id DESC LIMIT ?""",
    "sample": f"""SELECT sample.id, 'run ' || run_id, ended, substr(text, 1, {HEAD}) FROM sample
        JOIN run ON run.id = sample.run_id WHERE run.project_id = ? ORDER BY sample.id DESC LIMIT ?""",
    "job": "SELECT id, name FROM job WHERE project_id = ? ORDER BY id DESC LIMIT ?",
    "example": f"""SELECT id, label, substr(input, 1, {HEAD}) FROM example WHERE project_id = ?
        ORDER BY id DESC LIMIT ?""",
}
