"""Weights & Biases' `.wandb` files: history, configuration and exit in, values out. Opens no file.

A file is a seven-byte header, then LevelDB's log format (github.com/google/leveldb, doc/log_format.md) in blocks of
32 KiB, then `Record` messages (wandb/proto/wandb_internal.proto): history 2, run 17, exit 18.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cockpit.core.metric_points import Point, Read, points_of
from cockpit.core.metric_protobuf import fields, signed

HEADER, BLOCK, FRAME = 7, 32_768, 7
MAGIC = b":W&B"
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
HISTORY, RUN, EXIT = 2, 17, 18


@dataclass(frozen=True, slots=True)
class WandbRead:
    """What was found: points, the run's settings if they were there, and its exit code (None: it has not ended)."""

    read: Read
    config: Mapping[str, Any] = field(default_factory=dict)
    exit_code: int | None = None


def read_wandb(data: bytes, offset: int = 0) -> WandbRead:
    """The whole records in `data`, which begins at byte `offset` of the file: 0, or where the last reading ended."""
    at = offset
    if offset == 0:
        if len(data) < HEADER:
            return WandbRead(Read())
        if not data.startswith(MAGIC):
            return WandbRead(Read(problem="this is no .wandb file"))
        at = HEADER
    points: list[Point] = []
    config: dict[str, Any] = {}
    exit_code: int | None = None
    try:
        for record, end in _records(data, offset, at):
            for number, _, value in fields(record):
                body = value if isinstance(value, bytes) else b""
                if number == HISTORY:
                    points.extend(points_of(_items(body, 1)))
                elif number == RUN:
                    config.update(_config(body))
                elif number == EXIT:
                    exit_code = _exit(body)
            at = end
    except (ValueError, struct.error) as error:
        return WandbRead(Read(tuple(points), at, problem=f"after byte {at}: {error}"), config, exit_code)
    return WandbRead(Read(tuple(points), at), config, exit_code)


def _records(data: bytes, offset: int, at: int) -> Iterator[tuple[bytes, int]]:
    """Whole records with the byte of the file behind each; a torn tail ends them quietly."""
    parts: list[bytes] = []
    while True:
        left = BLOCK - at % BLOCK
        if left < FRAME:
            at += left
            continue
        place = at - offset
        if place + FRAME > len(data):
            return
        _, size, kind = struct.unpack_from("<IHB", data, place)
        if kind == 0 and size == 0:  # A block's unused end, filled ahead of time: what follows is not written yet.
            return
        body = data[place + FRAME : place + FRAME + size]
        if len(body) < size:
            return
        at += FRAME + size
        if kind not in (FULL, FIRST, MIDDLE, LAST):
            raise ValueError(f"a part of an unknown kind, {kind}")
        parts = [body] if kind in (FULL, FIRST) else [*parts, body]
        if kind in (FULL, LAST):
            yield b"".join(parts), at


def _items(data: bytes, at: int) -> dict[str, Any]:
    """Names and values of the items in field `at`: key 1, or nested keys 2; the value as JSON in 16."""
    found: dict[str, Any] = {}
    for number, _, item in fields(data):
        if number != at or not isinstance(item, bytes):
            continue
        key, nested, value = "", [], b"null"
        for part, _, text in fields(item):
            if not isinstance(text, bytes):
                continue
            if part == 1:
                key = text.decode("utf-8", "replace")
            elif part == 2:
                nested.append(text.decode("utf-8", "replace"))
            elif part == 16:
                value = text
        found["/".join(nested) or key] = json.loads(value)
    return found


def _config(data: bytes) -> dict[str, Any]:
    bodies = [value for number, _, value in fields(data) if number == 4 and isinstance(value, bytes)]
    found = {name: value for body in bodies for name, value in _items(body, 1).items()}
    return {name: value for name, value in found.items() if name != "_wandb"}


def _exit(data: bytes) -> int:
    """The exit code; 0 is an absent field."""
    codes = [value for number, _, value in fields(data) if number == 1 and isinstance(value, int)]
    return signed(codes[-1]) if codes else 0
