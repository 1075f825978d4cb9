"""Where a job writes its metrics, and reading what was added. Formats are the core's; nothing is stored or drawn.

Everything here blocks on files and belongs on a thread.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cockpit.core.errors import JobError
from cockpit.core.metric_points import Point, Progress, Read, number, points_of
from cockpit.core.metric_tensorboard import read_events
from cockpit.core.metric_text import read_json_lines, read_log, read_trainer_state
from cockpit.core.metric_wandb import read_wandb
from cockpit.inspect_files import read_eval

Kind = Literal["json lines", "tensorboard", "wandb", "trainer state", "trackio", "inspect", "log"]
CHUNK = 4 * 1024 * 1024
"""Bytes read at a time, so that a file of gigabytes is taken in without holding it."""
DEEPEST = 5
MOST_ENTRIES = 20_000
"""Files and folders looked at in search of metrics, so that a job in a home directory does not cost minutes."""
_PASSED_OVER = frozenset({".git", ".venv", "node_modules", "__pycache__", "site-packages", ".mypy_cache", ".cache"})
_ENDINGS = (".jsonl", ".ndjson", ".wandb", ".eval", ".db", "trainer_state.json")
_JSON_NAMES = ("metrics.jsonl", "train_log.jsonl", "training_log.jsonl", "log_history.jsonl")


@dataclass(frozen=True, slots=True)
class Source:
    """One file with metrics in it."""

    path: Path
    kind: Kind


@dataclass(frozen=True, slots=True)
class Taken:
    """What was added: its points, where reading goes on, and the exit code that the file itself names (wandb alone)."""

    points: tuple[Point, ...]
    offset: int
    progress: Progress | None = None
    problem: str = ""
    exit_code: int | None = None
    more: bool = False
    """Whether there is more to read now."""
    anew: bool = False
    """The file was written anew: what was read of it before no longer stands, and these points begin it."""


def find_sources(folders: list[Path], *, log: Path | None = None, since: float = 0.0) -> tuple[Source, ...]:
    """The metrics files below some folders that were written at or after a time, and the job's log last.

    Args:
        folders: the job's own folder and the one it works in; links to folders are not followed.
        since: seconds since 1970; what was last written before it belongs to an earlier job.
    """
    seen: set[Path] = set()
    found: list[Source] = []
    for folder in folders:
        for path in _files(folder):
            kind = kind_of(path)
            if kind is None or kind == "log" or (real := path.resolve()) in seen or (since and _written(path) < since):
                continue
            seen.add(real)
            found.append(Source(path, kind))
    found.sort(key=lambda source: str(source.path))
    return (*_newest_states(found), *((Source(log, "log"),) if log is not None else ()))


def kind_of(path: Path) -> Kind | None:
    """The format of a metrics file, by its name; None where the name says nothing."""
    name = path.name
    if ".tfevents." in name:
        return "tensorboard"
    if name.endswith(".wandb"):
        return "wandb"
    if name.endswith(".eval"):
        return "inspect"
    if name == "trainer_state.json":
        return "trainer state"
    if name in _JSON_NAMES or (name.startswith("metrics") and name.endswith((".jsonl", ".ndjson"))):
        return "json lines"
    if path.parent.name == "trackio" and name.endswith(".db"):
        return "trackio"
    return None


def named_source(path: Path) -> Source:
    """A file that a person named: by its name, else by its ending; anything unknown is read as a log."""
    kind = kind_of(path)
    if kind is None:
        kind = "json lines" if path.suffix in (".jsonl", ".ndjson") else "trackio" if path.suffix == ".db" else "log"
    return Source(path, kind)


def take(source: Source, offset: int = 0) -> Taken:
    """What a source has beyond `offset`, at most `CHUNK` bytes of it; reading again from the same place is the same.

    A file that became shorter was written anew, and is read from its start. `offset` counts bytes; in a trackio
    database, rows; in a trainer's state and an Inspect log, points. A file that cannot be read says so in `problem` and
    keeps its place.
    """
    try:
        if source.kind == "trainer state":
            return _trainer_state(source.path, offset)
        if source.kind == "trackio":
            return _trackio(source.path, offset)
        if source.kind == "inspect":
            logged = read_eval(source.path, offset)
            return Taken(logged.points, logged.offset, logged.progress, anew=logged.offset < offset)
        size = source.path.stat().st_size
        anew = size < offset
        offset = 0 if anew else offset
        with source.path.open("rb") as file:
            file.seek(offset)
            data = file.read(CHUNK)
    except (OSError, sqlite3.Error, JobError) as error:
        return Taken((), offset, problem=f"{source.path.name}: {error}")
    exit_code = None
    if source.kind == "wandb":
        found = read_wandb(data, offset)
        read, exit_code = found.read, found.exit_code
    else:
        read = _BY_BYTES[source.kind](data, offset)
    if read.offset == offset and len(data) == CHUNK and not read.problem:
        # One line or record larger than what is read at a time: it is passed over, or reading would stand still.
        read = Read(read.points, offset + len(data), read.progress)
    more = read.offset > offset and read.offset < size and len(data) == CHUNK
    return Taken(read.points, read.offset, read.progress, read.problem, exit_code, more, anew)


_BY_BYTES = {"json lines": read_json_lines, "tensorboard": read_events, "log": read_log}


def _trainer_state(path: Path, offset: int) -> Taken:
    """The records behind the first `offset` of the history: the file is written anew with each checkpoint."""
    read = read_trainer_state(path.read_text("utf-8", "replace"))
    if read.problem:
        return Taken((), offset, problem=f"{path.name}: {read.problem}")
    anew = len(read.points) < offset
    return Taken(read.points[0 if anew else offset :], len(read.points), read.progress, anew=anew)


def _trackio(path: Path, offset: int) -> Taken:
    """The rows behind the one numbered `offset` of trackio's `metrics` table (huggingface/trackio, storage_schema.md).

    Metrics are JSON, stored as bytes or as text.
    """
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=1.0)) as db:
        rows = db.execute(
            "SELECT rowid, run_name, step, metrics FROM metrics WHERE rowid > ? ORDER BY rowid LIMIT 20000", (offset,)
        ).fetchall()
    points: list[Point] = []
    for _, run, step, metrics in rows:
        try:
            record = json.loads(metrics)
        except (ValueError, TypeError, RecursionError):
            continue
        if isinstance(record, dict):
            points.extend(Point(f"{run}/{one.name}", one.value, number(step), one.time) for one in points_of(record))
    return Taken(tuple(points), rows[-1][0] if rows else offset, more=len(rows) == 20000)


def _newest_states(found: list[Source]) -> list[Source]:
    """Without trainer states of earlier checkpoints: each has all that the one before had."""
    states = [source for source in found if source.kind == "trainer state"]
    kept: dict[Path, Source] = {}
    for source in states:
        trainer = source.path.parent.parent if "checkpoint" in source.path.parent.name else source.path.parent
        before = kept.get(trainer)
        if before is None or _written(source.path) >= _written(before.path):
            kept[trainer] = source
    return [source for source in found if source.kind != "trainer state" or source in kept.values()]


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _telling(name: str) -> bool:
    """Whether `kind_of` may know such a name: asked of every file there is."""
    return name.endswith(_ENDINGS) or ".tfevents." in name


def _files(folder: Path) -> Iterator[Path]:
    """Files below a folder that may hold metrics, near ones first, as far down and as many as the limits say."""
    level, looked = [str(folder)], 0
    for _ in range(DEEPEST):
        below: list[str] = []
        for place in level:
            try:
                entries = list(os.scandir(place))
            except OSError:
                continue
            for entry in entries:
                looked += 1
                if looked > MOST_ENTRIES:
                    return
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _PASSED_OVER:
                        below.append(entry.path)
                elif _telling(entry.name) and entry.is_file():
                    yield Path(entry.path)
        level = below
