"""TensorBoard's event files: scalars in, points out. Opens no file: the caller hands over what was appended.

The framing is TFRecord's (https://www.tensorflow.org/tutorials/load_data/tfrecord): length as a little-endian 64-bit
integer, its masked CRC-32C, the data, the data's CRC. Messages are `Event`, `Summary` and `TensorProto`
(tensorboard/compat/proto/event.proto, summary.proto, tensor.proto).
"""

from __future__ import annotations

import struct

from cockpit.core.metric_points import Point, Read
from cockpit.core.metric_protobuf import BYTES, FIXED32, FIXED64, fields, signed

HEAD, TAIL = 12, 4
DT_FLOAT, DT_DOUBLE = 1, 2
_POLYNOMIAL = 0x82F63B78


def read_events(data: bytes, offset: int = 0) -> Read:
    """The scalars of the whole records in `data`, which begins at byte `offset` of the file.

    A record that is not whole yet is left for the next time; one whose length does not fit its check sum ends reading,
    since nothing tells where the next begins.
    """
    found: list[Point] = []
    at = 0
    while at + HEAD <= len(data):
        size, check = struct.unpack_from("<QI", data, at)
        if masked_crc(data[at : at + 8]) != check:
            return Read(tuple(found), offset + at, problem=f"the file is damaged at byte {offset + at}")
        end = at + HEAD + size + TAIL
        if end > len(data):
            break
        try:
            found.extend(_event(data[at + HEAD : end - TAIL]))
        except (ValueError, struct.error):
            return Read(tuple(found), offset + at, problem=f"the record at byte {offset + at} cannot be read")
        at = end
    return Read(tuple(found), offset + at)


def masked_crc(data: bytes) -> int:
    """TFRecord's check sum: CRC-32C (Castagnoli), turned by 15 bits, plus a constant."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _table() -> tuple[int, ...]:
    made = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
        made.append(crc)
    return tuple(made)


_TABLE = _table()


def _event(data: bytes) -> list[Point]:
    time: float | None = None
    step = 0
    summaries: list[bytes] = []
    for number, kind, value in fields(data):
        if number == 1 and kind == FIXED64:
            time = struct.unpack("<d", value)[0]  # type: ignore[arg-type]
        elif number == 2 and isinstance(value, int):
            step = signed(value)
        elif number == 5 and isinstance(value, bytes):
            summaries.append(value)
    values = [v for one in summaries for n, kind, v in fields(one) if n == 1 and kind == BYTES]
    pairs = [_value(value) for value in values if isinstance(value, bytes)]
    return [Point(name, found, float(step), time) for name, found in pairs if name and found is not None]


def _value(data: bytes) -> tuple[str, float | None]:
    """The tag and the number of a summary's value; None where it is an image, a histogram or a text."""
    name, found = "", None
    for number, kind, value in fields(data):
        if number == 1 and isinstance(value, bytes):
            name = value.decode("utf-8", "replace")
        elif number == 2 and kind == FIXED32:
            found = struct.unpack("<f", value)[0]  # type: ignore[arg-type]
        elif number == 8 and isinstance(value, bytes) and found is None:
            found = _scalar(value)
    return name, found


def _scalar(data: bytes) -> float | None:
    """The number that a tensor of no dimensions holds; None for any other tensor."""
    dtype, content, single = 0, b"", None
    for number, kind, value in fields(data):
        if number == 1 and isinstance(value, int):
            dtype = value
        elif number == 2 and value:
            return None
        elif number == 4 and isinstance(value, bytes):
            content = value
        elif number in (5, 6) and isinstance(value, bytes):
            size, form = (4, "<f") if number == 5 else (8, "<d")
            single = struct.unpack(form, value)[0] if len(value) == size and kind else None
    if single is None and content:
        form = {DT_FLOAT: "<f", DT_DOUBLE: "<d"}.get(dtype, "")
        if form and len(content) == struct.calcsize(form):
            single = struct.unpack(form, content)[0]
    return single
