"""Protocol Buffers' wire format, as far as metrics files need it. Knows no message: its readers do."""

from __future__ import annotations

from collections.abc import Iterator

Value = int | bytes
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10


def fields(data: bytes) -> Iterator[tuple[int, int, Value]]:
    """Field number, wire type and value of each field of a message, in order.

    Varints come as unsigned integers, all else as the bytes that stand there
    (https://protobuf.dev/programming-guides/encoding/).

    Raises:
        ValueError: the bytes are no message.
    """
    at, end = 0, len(data)
    while at < end:
        tag, at = varint(data, at)
        kind = tag & 7
        value: Value
        if kind == VARINT:
            value, at = varint(data, at)
        else:
            size, at = _size(data, at, kind)
            value = data[at : at + size]
            if len(value) < size:
                raise ValueError("a field goes beyond the end of its message")
            at += size
        yield tag >> 3, kind, value


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The base-128 integer at a place, and the place behind it.

    Raises:
        ValueError: it does not end, or is longer than 64 bits need.
    """
    value = 0
    for shift in range(0, 7 * _LONGEST_VARINT, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number does not end")


def signed(value: int) -> int:
    """A varint as the signed 64-bit integer it stands for (int64 and int32 are written in two's complement)."""
    return value - (1 << 64) if value >= 1 << 63 else value


def _size(data: bytes, at: int, kind: int) -> tuple[int, int]:
    if kind == BYTES:
        return varint(data, at)
    if kind == FIXED64:
        return 8, at
    if kind == FIXED32:
        return 4, at
    raise ValueError(f"wire type {kind} is not used any more")
