"""Messages between this program and its tokenizing child: a kind and some bytes. Starts nothing, encodes nothing.

A message is a kind (1 byte), the number of its parts (1 byte), each part's size (8 bytes, little-endian) and the
parts themselves.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

READY, LOAD, COUNT, ENCODE, SPECIAL, DONE, REFUSED = range(7)
_HEAD = struct.Struct("<BB")


def send(to: io.RawIOBase, kind: int, *parts: bytes) -> None:
    """Write one message; blocks while the other side does not read.

    Raises:
        OSError: the other side is gone.
    """
    sizes = struct.pack(f"<{len(parts)}Q", *map(len, parts))
    # One write, so that a short message wakes the other side once.
    left = memoryview(b"".join((_HEAD.pack(kind, len(parts)), sizes, *parts)))
    while left:
        left = left[to.write(left) :]


def receive(source: io.RawIOBase) -> tuple[int, Sequence[bytearray]]:
    """Read one message; blocks until it is whole.

    Raises:
        EOFError: the other side is gone.
        OSError: it cannot be read.
    """
    kind, count = _HEAD.unpack(_exactly(source, _HEAD.size))
    sizes = struct.unpack(f"<{count}Q", _exactly(source, 8 * count))
    return kind, [_exactly(source, size) for size in sizes]


def _exactly(source: io.RawIOBase, size: int) -> bytearray:
    data = bytearray(size)
    left = memoryview(data)
    while left:
        n = source.readinto(left)
        if not n:
            raise EOFError
        left = left[n:]
    return data
