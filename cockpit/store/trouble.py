"""SQLite's errors as sentences with a way out, and which of them are the world's fault. Opens nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cockpit.core.errors import StoreError

_ELSEWHERE = "Use another database with --db."
_WORLD = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
    }
)


def code_of(error: BaseException) -> int:
    """SQLite's primary result code; 0 where the error has none."""
    code = getattr(error, "sqlite_errorcode", None)
    return int(code) & 0xFF if isinstance(code, int) else 0


def is_world(error: BaseException) -> bool:
    """Whether the same write may succeed later: the disk, a lock, permissions, and not the write itself."""
    return isinstance(error, sqlite3.Error) and code_of(error) in _WORLD


def sentence(error: sqlite3.Error, path: Path) -> StoreError:
    """The error as a person should read it.

    Args:
        error: what sqlite3 raised.
        path: the database file.
    """
    what, hint = _words(code_of(error), path)
    return StoreError(what or f"The database {path} could not be used: {error}.", hint=hint)


def _words(code: int, path: Path) -> tuple[str, str]:
    """What happened and the way out, by result code; the first is empty where there is nothing to add."""
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED | sqlite3.SQLITE_PROTOCOL:
            return f"The database {path} is locked by another program.", "Close that program and try again."
        case sqlite3.SQLITE_FULL:
            return f"The disk that holds {path} is full.", "Free some space; nothing saved so far is lost."
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return f"The database {path} is read-only.", f"Make it and its directory writable (chmod u+w). {_ELSEWHERE}"
        case sqlite3.SQLITE_CANTOPEN:
            return f"The database {path} cannot be opened.", f"Check that its directory is writable. {_ELSEWHERE}"
        case sqlite3.SQLITE_NOTADB:
            return f"{path} is not a database.", _ELSEWHERE
        case sqlite3.SQLITE_CORRUPT:
            return (
                f"The database {path} is damaged.",
                f"See `cockpit doctor`; put back a copy, or try `sqlite3 {path.name} .recover`. {_ELSEWHERE}",
            )
        case sqlite3.SQLITE_IOERR:
            return f"The disk that holds {path} reports an error.", f"Check the disk and its space. {_ELSEWHERE}"
        case _:
            return "", _ELSEWHERE


def damaged(path: Path) -> StoreError:
    """The file's content is not what SQLite wrote."""
    what, hint = _words(sqlite3.SQLITE_CORRUPT, path)
    return StoreError(what, hint=hint)


def read_only(path: Path) -> StoreError:
    """The file may not be written by this person."""
    what, hint = _words(sqlite3.SQLITE_READONLY, path)
    return StoreError(what, hint=hint)


def newer(path: Path, found: int, known: int) -> StoreError:
    """The file was written by a later Cockpit."""
    return StoreError(
        f"The database {path} was made by a newer Cockpit (schema {found}; this one knows {known}).",
        hint=f"Update Cockpit. {_ELSEWHERE}",
    )


def foreign(path: Path) -> StoreError:
    """A healthy SQLite file of some other program."""
    return StoreError(f"{path} is a database, but not one of Cockpit's.", hint=_ELSEWHERE)


def unreachable(path: Path, error: OSError) -> StoreError:
    """The directory or the file cannot be made or opened."""
    reason = (error.strerror or str(error)).lower()
    return StoreError(
        f"The database {path} cannot be opened: {reason}.", hint=f"Check that its directory is writable. {_ELSEWHERE}"
    )
