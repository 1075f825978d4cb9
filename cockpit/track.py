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
        # One write of one line to a file opened for appending: writers in several processes do not mix their lines.
        descriptor = os.open(f"{folder}/{FILE}", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode("utf-8", "backslashreplace"))
        finally:
            os.close(descriptor)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        if reason not in _said:
            _said.add(reason)
            sys.stderr.write(f"cockpit.track: not written: {reason}\n")


def _plain(value: Any) -> Any:
    item = getattr(value, "item", None)
    try:
        return item() if callable(item) else str(value)
    except Exception:
        return str(value)
