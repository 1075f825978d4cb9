"""A log's bytes as plain lines: control sequences taken out, what was written over folded. Reads no file."""

from __future__ import annotations

import re

_CSI = r"\x1b\[[0-?]*[ -/]*[@-~]"
_STRING = r"\x1b[\]PX^_](?:[^\x07\x1b]|\x1b(?!\\))*(?:\x07|\x1b\\)?"
_ESCAPE = re.compile(rf"{_CSI}|{_STRING}|\x1b[ -/]*[0-~]|\x9b[0-?]*[ -/]*[@-~]")


def plain_lines(data: bytes) -> list[str]:
    """Lines without control sequences; bytes that are no UTF-8 become the mark for them.

    A carriage return starts the line over, as a progress bar means it: what was written last stands.
    """
    text = _ESCAPE.sub("", data.decode("utf-8", "replace")).replace("\r\n", "\n")
    lines = [_last_state(line) for line in text.split("\n")]
    return lines[:-1] if lines and not lines[-1] else lines


def _last_state(line: str) -> str:
    if "\r" not in line:
        return line
    kept = [part for part in line.split("\r") if part.strip()]
    return kept[-1] if kept else ""
