"""One run, one sender: the lock that says so is the kernel's, and goes with the process that held it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.core.errors import StoreError
from cockpit.store.sending import refuse_sent, sending, sent_now

HOLD = """
import sys
from pathlib import Path
from cockpit.store.sending import sending
with sending(Path(sys.argv[1]), int(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""
CROWD = """
import os, sys
from pathlib import Path
from cockpit.core.errors import StoreError
from cockpit.store.sending import sending, sent_now
path, held = Path(sys.argv[1]), 0
while held < 40:
    sent_now(path)
    try:
        with sending(path, 5):
            alone = os.open(path.with_name("alone"), os.O_CREAT | os.O_EXCL)
            os.close(alone)
            held += 1
            path.with_name("alone").unlink()
    except StoreError:
        pass
"""


def child(code: str, *words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def holder(path: Path, run_id: int) -> subprocess.Popen[str]:
    process = child(HOLD, path, run_id)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "cockpit.db"


@pytest.mark.parametrize("end", [signal.SIGKILL, None])
def test_another_process_is_named_and_its_end_frees_the_run_however_it_ends(
    db: Path, end: signal.Signals | None
) -> None:
    process = holder(db, 12)
    assert sent_now(db) == {12: process.pid}
    with pytest.raises(StoreError, match=rf"^Run 12 is being sent by another Cockpit \(process {process.pid}\)\.$"):
        refuse_sent(db, 12)
    with pytest.raises(StoreError, match=f"process {process.pid}"), sending(db, 12):
        pass
    with sending(db, 13):
        assert sent_now(db) == {12: process.pid, 13: os.getpid()}
    if end is not None:
        process.send_signal(end)
    process.communicate(timeout=20)
    assert sent_now(db) == {}
    refuse_sent(db, 12)
    with sending(db, 12):
        assert sent_now(db) == {12: os.getpid()}
    assert list(db.parent.iterdir()) == []


def test_one_process_does_not_send_a_run_twice_at_once(db: Path) -> None:
    with sending(db, 1):
        with pytest.raises(StoreError, match="already"), sending(db, 1):
            pass
        with pytest.raises(StoreError, match="already"):
            refuse_sent(db, 1)
    with sending(db, 1):
        pass


def test_the_same_database_by_another_path_is_the_same(db: Path, tmp_path: Path) -> None:
    db.touch()
    link = tmp_path / "link.db"
    link.symlink_to(db)
    with sending(link, 3), pytest.raises(StoreError), sending(db, 3):
        pass


def test_never_two_at_once_while_many_try_and_look(db: Path) -> None:
    crowd = [child(CROWD, db) for _ in range(4)]
    assert [process.wait(60) for process in crowd] == [0, 0, 0, 0]
    for process in crowd:
        process.communicate()


def test_a_lock_that_cannot_be_had_is_said(db: Path) -> None:
    db.with_name("cockpit.db.locks").write_text("a file where the directory must be")
    with pytest.raises(StoreError, match="cannot be locked"), sending(db, 1):
        pass
    assert sent_now(db) == {}
