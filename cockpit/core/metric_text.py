"""Metrics that a job wrote as text: JSON lines, printed dicts, key=value lines, a trainer's state. Opens no file."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.core.metric_points import EPOCH_NAMES, STEP_NAMES, Point, Progress, Read, points_of, progress_of

LONGEST_LINE = 20_000
"""Characters above which a line of a log is text, whatever is in it."""
_NUMBER = r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|inf)"
_PAIR = re.compile(rf"(?<![\w./\-'\"])([A-Za-z_][\w./-]{{0,60}})(?:\s*=\s*|:\s+|:)({_NUMBER})(?![\w.:/%-]|\d)", re.I)
_OF = re.compile(r"\b(step|iteration|iter|batch|epoch)s?\b[ :=]*\[?(\d+)\]?\s*(?:/|of)\s*(\d+)", re.I)
_BAR = re.compile(r"\d{1,3}%\|[^|]*\|\s*(\d+)/(\d+)\s*\[")
_ESCAPES = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]")
_CONSTANTS = re.compile(r"(?<=[:,\[ ])(-?)(nan|inf|NaN|Infinity)(?=[,\]} ])")


def read_json_lines(data: bytes, offset: int = 0) -> Read:
    """The metrics of the whole lines in `data`, which begins at byte `offset` of the file.

    A line is one JSON object; lines that are none are passed over, as a job may print other things between.
    """
    points: list[Point] = []
    progress: Progress | None = None
    for line in _lines(data):
        record = _object(line)
        if record is not None:
            points.extend(points_of(record))
            progress = progress_of(record) or progress
    return Read(tuple(points), offset + _whole(data), progress)


def read_log(data: bytes, offset: int = 0) -> Read:
    """The metrics and the progress in the whole lines of a log: heuristic, and to be called so on the screen.

    Read are lines that are a JSON object or a Python dict (Hugging Face's Trainer prints those); else `name=number` and
    `name: number`, where a line has a step or an epoch and another number. Progress comes from `step 3/100` and tqdm.
    """
    points: list[Point] = []
    progress: Progress | None = None
    for line in _lines(data):
        if len(line) > LONGEST_LINE:
            continue
        text = _ESCAPES.sub("", line).rsplit("\r", 1)[-1].strip()
        record = _object(text) or _dict(text)
        if record is None:
            record = _pairs(text)
            progress = _said(text) or progress
        points.extend(points_of(record))
        progress = progress_of(record) or progress
    return Read(tuple(points), offset + _whole(data), progress)


def read_trainer_state(text: str) -> Read:
    """All of Hugging Face Trainer's `trainer_state.json`, which is written anew with every checkpoint.

    Its `log_history` has one record each time something was logged; `global_step` of `max_steps` is the progress
    (huggingface/transformers, src/transformers/trainer_callback.py, TrainerState).
    """
    try:
        state = json.loads(text)
    except (ValueError, RecursionError):
        return Read(problem="the state is not whole yet")
    history = state.get("log_history") if isinstance(state, dict) else None
    if not isinstance(history, list):
        return Read(problem="this is no state of a trainer")
    points = [point for record in history if isinstance(record, dict) for point in points_of(record)]
    return Read(tuple(points), len(text), progress_of(state))


def _whole(data: bytes) -> int:
    """Bytes up to behind the last line break: what follows may still be written."""
    return data.rfind(b"\n") + 1


def _lines(data: bytes) -> Iterator[str]:
    for line in data[: _whole(data)].split(b"\n"):
        if line.strip():
            yield line.decode("utf-8", "replace")


def _object(line: str) -> Mapping[str, Any] | None:
    text = line.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _dict(text: str) -> Mapping[str, Any] | None:
    """A printed dict; numbers in quotes count, as newer Trainers print them so."""
    if not (text.startswith("{") and text.endswith("}") and ":" in text):
        return None
    try:
        found = ast.literal_eval(_CONSTANTS.sub(r"'\1\2'", text))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    if not isinstance(found, dict):
        return None
    return {str(name): _from_text(value) for name, value in found.items()}


def _from_text(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _pairs(text: str) -> Mapping[str, float]:
    found = {name: float(value) for name, value in _PAIR.findall(text)}
    if (of := _OF.search(text)) is not None:
        found.setdefault(of[1].lower(), float(of[2]))
    places = [name for name in found if name.lower() in (*STEP_NAMES, *EPOCH_NAMES)]
    if not places or len(found) == len(places):
        return {}
    return {name.lower() if name in places else name: value for name, value in found.items()}


def _said(text: str) -> Progress | None:
    for pattern, unit in ((_OF, None), (_BAR, "step")):
        found = pattern.search(text)
        if found is not None:
            done, total = float(found[found.lastindex - 1]), float(found[found.lastindex])  # type: ignore[operator, index]
            if 0 <= done <= total and total > 0 and math.isfinite(total):
                return Progress(done, total, unit or found[1].lower())
    return None
