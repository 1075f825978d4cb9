"""Members of an Inspect `.eval` log, a zip whose members may be packed with Zstandard. Reads files; judges nothing."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from cockpit.core.errors import JobError
from cockpit.core.metric_inspect import points_of_log, progress_of_log
from cockpit.core.metric_points import Progress, Read

ZSTANDARD = 93
"""The number of this way of packing in a zip (APPNOTE 4.4.5); Python's own zipfile knows it from 3.14 on."""
LARGEST = 64 * 1024 * 1024
"""Bytes of one member, unpacked: a few hundred bytes can stand for gigabytes."""
_MEMBER = 30
"""Bytes before a member's name and extra field (APPNOTE 4.3.7)."""
_TORN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, TypeError, RecursionError, RuntimeError,
    OverflowError,
)  # fmt: skip
"""What `zipfile` and `json` say of a file that is not whole, or not what its name says."""
_read: dict[Path, tuple[tuple[int, int], int, Progress | None]] = {}
"""Log → its time and size when it was last read whole, how many points it had, and how far it was."""


def read_eval(path: Path, offset: int = 0) -> Read:
    """What a log has behind its first `offset` points; a log that did not change is not read again.

    Raises:
        OSError: it cannot be read, or is being written just now.
        JobError: it cannot be unpacked here.
    """
    stat = path.stat()
    mark = (stat.st_mtime_ns, stat.st_size)
    before = _read.get(path)
    if before is not None and before[:2] == (mark, offset):
        return Read(offset=offset, progress=before[2])
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            start, summaries, header = _parts(archive, file)
    except _TORN as error:
        raise OSError(f"not whole yet ({error})") from error
    points = points_of_log(start, summaries, header)
    progress = progress_of_log(start, summaries)
    _read[path] = (mark, len(points), progress)
    anew = len(points) < offset
    return Read(points[0 if anew else offset :], len(points), progress)


def _parts(archive: zipfile.ZipFile, file: IO[bytes]) -> tuple[dict[str, Any], list[Any], dict[str, Any] | None]:
    """Start, summaries in the order they were logged, header (None: not ended)."""
    infos = {info.filename: info for info in archive.infolist()}

    def value(name: str) -> Any:
        return json.loads(_unpacked(archive, file, infos[name])) if name in infos else None

    parts = sorted((_number(name), name) for name in infos if name.startswith("_journal/summaries/"))
    journal = [one for _, name in parts for one in value(name) or []]
    summaries = [one for one in journal or value("summaries.json") or [] if isinstance(one, dict)]
    header = value("header.json")
    start = value("_journal/start.json") or header
    return start if isinstance(start, dict) else {}, summaries, header if isinstance(header, dict) else None


def _number(name: str) -> int:
    text = name.rpartition("/")[2].partition(".")[0]
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _unpacked(archive: zipfile.ZipFile, file: IO[bytes], info: zipfile.ZipInfo) -> bytes:
    if info.file_size > LARGEST:
        raise JobError(f"{info.filename[:80]} has {info.file_size} bytes.", hint="That is more than is read here.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, ZSTANDARD):
        raise zipfile.BadZipFile(f"a member is packed by way {info.compress_type}")
    if info.compress_type != ZSTANDARD:
        with archive.open(info) as member:
            data = member.read(LARGEST + 1)
    else:
        file.seek(info.header_offset)
        head = file.read(_MEMBER)
        if len(head) < _MEMBER or not head.startswith(b"PK\x03\x04"):
            raise zipfile.BadZipFile("a member does not begin where the directory says")
        file.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), 1)
        data = _from_zstandard(file.read(min(info.compress_size, LARGEST)), info.file_size)
        if zlib.crc32(data) != info.CRC:
            raise zipfile.BadZipFile("a member is not what the directory says")
    if len(data) > LARGEST:
        raise JobError(f"{info.filename[:80]} is larger than is read here.")
    return data


def _from_zstandard(packed: bytes, size: int) -> bytes:
    """One frame, and of what is in it at most one byte more than was said."""
    for package in ("compression.zstd", "zstandard"):
        try:
            zstd = import_module(package)
        except ImportError:
            continue
        file = BytesIO(packed)
        opened = zstd.ZstdFile(file) if package == "compression.zstd" else zstd.ZstdDecompressor().stream_reader(file)
        try:
            return bytes(opened.read(size + 1))
        except zstd.ZstdError as error:
            raise zipfile.BadZipFile(str(error)) from error
    raise JobError(
        "This log is packed with Zstandard.", hint="Python before 3.14 reads it with research-cockpit[inspect]."
    )
