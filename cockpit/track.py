"""For people's own scripts: `from cockpit.track import log; log(step=3, loss=0.4)`. Standard library only, never fails.

In a job that Cockpit started, each call appends one JSON line to `metrics.jsonl` in the job's folder, which the job's
charts and progress come from; anywhere else it does nothing. Nothing that needs the rest of Cockpit may be added here.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

FOLDER = "COCKPIT_JOB_DIR"
"""The environment variable that names the job's folder; without it nothing is written."""
FILE = "metrics.jsonl"
_said: set[str] = set()
_cut: set[str] = set()
"""Files whose last line is a part of one."""


def log(**values: Any) -> None:
    """Write one record of names and numbers, with the time.

    `step` says where the job stands, `max_steps` where the end is. Scalars of NumPy, PyTorch and the like are taken by
    their `item()`; nested dicts are kept; what is no number is kept as text. It never raises: metrics must not end a
    training. The first time that something cannot be written, one line on stderr says so.
    """
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    try:
        line = json.dumps({"time": time.time(), **values}, default=_plain) + "\n"
        _append(f"{folder}/{FILE}", line.encode("utf-8", "backslashreplace"))
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        if reason not in _said:
            _said.add(reason)
            sys.stderr.write(f"cockpit.track: not written: {reason}\n")


def _append(path: str, line: bytes) -> None:
    """One write of one line to a file opened for appending: threads and processes do not mix their lines."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if path in _cut:
            # A full disk took a part of the line before: it ends here, and hides no other.
            line = b"\n" + line
        if os.write(descriptor, line) < len(line):
            _cut.add(path)
            raise OSError("a part of a record alone, as the disk is full")
        _cut.discard(path)
    finally:
        os.close(descriptor)


def _plain(value: Any) -> Any:
    item = getattr(value, "item", None)
    try:
        return item() if callable(item) else str(value)
    except Exception:
        return str(value)
