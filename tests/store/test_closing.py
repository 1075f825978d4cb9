"""Closing while another thread reads: the reader may fail, the process may not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CLOSE_UNDER_READERS = """
import sys, threading
from pathlib import Path
from cockpit.core.errors import StoreError
from cockpit.store.db import open_store

SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT count(*) FROM n"
for turn in range(8):
    store = open_store(Path(sys.argv[1]))
    reading = threading.Barrier(5)

    def read():
        db = store.read()
        reading.wait()
        for _ in range(20):
            db.execute(SLOW).fetchone()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    reading.wait()
    store.close()
    for thread in threads:
        thread.join()
print("whole")
"""


def test_closing_under_threads_that_read_does_not_bring_the_process_down(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLOSE_UNDER_READERS, str(tmp_path / "cockpit.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "whole"), done.stderr
