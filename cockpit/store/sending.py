"""Which process sends which run: one lock file a run, beside the database. No table and no request here.

The kernel holds the lock (flock) and lets go of it however the process ends, `kill -9` included, so a file that is
left behind means nothing. Where Python has no flock (Windows), a run is guarded within its own process only.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cockpit.core.errors import StoreError

if sys.platform != "win32":
    import fcntl

TRIES = 20
TRY_S = 0.01
"""Somebody who only looks holds a shared lock for a moment, which must not look like sending."""
_BUSY = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
_ours: set[Path] = set()


@contextmanager
def sending(database: Path, run_id: int) -> Iterator[None]:
    """Be the only one who sends this run, until the block ends or the process does.

    Raises:
        StoreError: somebody else does, or the lock cannot be had.
    """
    path = _file(database, run_id)
    if path in _ours:
        raise _taken(run_id, os.getpid())
    descriptor = _take(path, run_id)
    _ours.add(path)
    try:
        yield
    finally:
        _ours.discard(path)
        # Removed before it is let go: whoever opened it meanwhile sees that it is no longer there, and tries again.
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)
        with suppress(OSError):
            path.parent.rmdir()


def refuse_sent(database: Path, run_id: int) -> None:
    """Make sure, as far as can be told beforehand, that nobody sends this run.

    Raises:
        StoreError: somebody does; it says who.
    """
    found = sent_now(database)
    if run_id in found:
        raise _taken(run_id, found[run_id])


def sent_now(database: Path) -> dict[int, int]:
    """The runs that are being sent now, by this process or another: run → process id (0 where it is not known)."""
    found = {}
    with suppress(OSError):
        for path in _directory(database).iterdir():
            number = path.name.removeprefix("run-")
            if number.isdecimal() and (path in _ours or _locked(path)):
                found[int(number)] = _pid(path)
    return found


def _directory(database: Path) -> Path:
    whole = database.resolve()
    return whole.with_name(f"{whole.name}.locks")


def _file(database: Path, run_id: int) -> Path:
    return _directory(database) / f"run-{run_id}"


def _take(path: Path, run_id: int) -> int:
    """The locked file's descriptor, with this process's id in the file."""
    for _ in range(TRIES):
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _no_lock(path, error) from error
        try:
            if _lock(descriptor) and _same(descriptor, path):
                with suppress(OSError):
                    os.ftruncate(descriptor, 0)
                    os.write(descriptor, str(os.getpid()).encode())
                return descriptor
        except OSError as error:
            os.close(descriptor)
            raise _no_lock(path, error) from error
        os.close(descriptor)
        time.sleep(TRY_S)
    raise _taken(run_id, _pid(path))


def _lock(descriptor: int, *, shared: bool = False) -> bool:
    """Whether the lock was to be had at once."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise
    return True


def _locked(path: Path) -> bool:
    """Whether some process holds the lock; looking leaves nothing changed."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _lock(descriptor, shared=True)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _same(descriptor: int, path: Path) -> bool:
    """Whether the path still leads to the file that was opened."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _pid(path: Path) -> int:
    with suppress(OSError, ValueError):
        return int(path.read_text("ascii"))
    return 0


def _taken(run_id: int, pid: int) -> StoreError:
    if pid == os.getpid():
        return StoreError(f"Run {run_id} is being sent already.", hint="Wait for its end, or cancel it.")
    who = f" (process {pid})" if pid else ""
    return StoreError(
        f"Run {run_id} is being sent by another Cockpit{who}.", hint="Wait for its end, or cancel it there."
    )


def _no_lock(path: Path, error: OSError) -> StoreError:
    reason = (error.strerror or str(error)).lower()
    return StoreError(
        f"{path} cannot be locked: {reason}.", hint="Nothing was sent. Check its directory and the disk's space."
    )
