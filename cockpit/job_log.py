"""Reading a job's log by places in it: lines before and after an offset, searching, first errors. Draws nothing.

A log is never read whole: a line is found by looking for line ends around an offset, so that a gigabyte opens as fast
as a kilobyte and costs no memory.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from cockpit.backends.base import LogSource
from cockpit.core.errors import InputError
from cockpit.core.log_errors import find_errors
from cockpit.core.log_text import plain

BLOCK = 1 << 16
SEARCH_BLOCK = 1 << 20
LONGEST = 1 << 14
"""Bytes of a line; what is longer is shown as several, so that a file without line ends is read in parts."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line: where it begins and where the next one does, in bytes from the log's start, and its bytes."""

    start: int
    end: int
    data: bytes


class LogReader:
    """A log, read in parts."""

    def __init__(self, source: LogSource) -> None:
        self.source = source

    async def size(self) -> int:
        """Bytes there now.

        Raises:
            JobError: it cannot be asked.
        """
        return await self.source.size()

    async def after(self, offset: int, n: int) -> list[LogLine]:
        """Up to `n` lines from an offset, at which a line begins; the last may still be growing."""
        found: list[LogLine] = []
        data, at = b"", offset
        while len(found) < n:
            more = await self.source.read(at + len(data), BLOCK)
            data += more
            lines, used = _cut(data, at, n - len(found), whole=not more)
            found += lines
            data, at = data[used:], at + used
            if not more:
                break
        return found

    async def before(self, offset: int, n: int) -> list[LogLine]:
        """Up to `n` lines that end at or before an offset, in the log's order."""
        begin, data = offset, b""
        while begin > 0 and (data.count(b"\n") <= n and len(data) < n * LONGEST):
            size = min(BLOCK, begin)
            data = await self.source.read(begin - size, size) + data
            begin -= size
        first = 0 if begin == 0 else _first_start(data)
        lines, _ = _cut(data[first:], begin + first, len(data), whole=True)
        return lines[-n:]

    async def line_at(self, offset: int) -> int:
        """Where the line begins that an offset is in."""
        back = await self.source.read(max(offset - LONGEST, 0), min(offset, LONGEST))
        return offset - len(back) + back.rfind(b"\n") + 1

    async def find(self, words: str, start: int, *, backwards: bool = False) -> int | None:
        """Where the next line with these words begins, from an offset on; large and small letters are the same."""
        pattern = re.compile(re.escape(words.encode("utf-8", "surrogatepass")), re.IGNORECASE)

        def starts(block: bytes) -> list[int]:
            return sorted({block.rfind(b"\n", 0, match.start()) + 1 for match in pattern.finditer(block)})

        return await (self._scan_back(starts, start) if backwards else self._scan(starts, start))

    async def find_error(self, start: int = 0, *, backwards: bool = False) -> int | None:
        """Where the next line begins that says that something went wrong."""
        return await (self._scan_back(find_errors, start) if backwards else self._scan(find_errors, start))

    async def count(self, words: str) -> int:
        """How many lines have these words."""
        pattern = re.compile(re.escape(words.encode("utf-8", "surrogatepass")), re.IGNORECASE)
        n = 0
        async for _, block in self._blocks(0):
            n += await asyncio.to_thread(
                lambda block=block: len({block.rfind(b"\n", 0, m.start()) for m in pattern.finditer(block)})  # type: ignore[misc]
            )
        return n

    async def _scan(self, starts: Callable[[bytes], list[int]], start: int) -> int | None:
        async for at, block in self._blocks(start):
            found = await asyncio.to_thread(starts, block)
            if found:
                return at + found[0]
        return None

    async def _scan_back(self, starts: Callable[[bytes], list[int]], start: int) -> int | None:
        """The last line before `start`, block by block from there to the log's beginning."""
        end = start
        while end > 0:
            begin = max(end - SEARCH_BLOCK, 0)
            block = await self._read(begin, end - begin)
            cut = 0 if begin == 0 else _first_start(block)
            found = await asyncio.to_thread(starts, block[cut:])
            if found:
                return begin + cut + found[-1]
            end = begin + cut if cut and begin else begin
        return None

    async def _blocks(self, start: int) -> AsyncIterator[tuple[int, bytes]]:
        """Blocks of whole lines from an offset, with where each begins; the last may end in an unfinished line."""
        at = start
        while block := await self._read(at, SEARCH_BLOCK):
            cut = block.rfind(b"\n") + 1
            whole = block[:cut] if cut and len(block) == SEARCH_BLOCK else block
            yield at, whole
            at += len(whole)

    async def _read(self, offset: int, n: int) -> bytes:
        """Exactly so much, unless the log ends before."""
        parts = []
        while n > 0 and (data := await self.source.read(offset, n)):
            parts.append(data)
            offset, n = offset + len(data), n - len(data)
        return b"".join(parts)


async def first_error(source: LogSource) -> tuple[int, str] | None:
    """Where a log's first error line begins, and what it says without colours; None where there is none.

    Of a Python traceback it is the last line, which names the exception.

    Raises:
        JobError: the log cannot be asked for.
    """
    reader = LogReader(source)
    at = await reader.find_error()
    if at is None:
        return None
    lines = await reader.after(at, 200)
    text = plain(lines[0].data) if lines else ""
    if text.startswith("Traceback"):
        for line in lines[1:]:
            said = plain(line.data)
            if said and not said[0].isspace():
                return at, said
    return at, text.strip()


async def save_log(reader: LogReader, path: Path, *, colours: bool) -> int:
    """Write a log to a new file, plain or as it is; the bytes written. A log that grows is written as far as it is now.

    Raises:
        InputError: the file is there already, or cannot be written.
        JobError: the log cannot be asked for.
    """
    end = await reader.size()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InputError(f"{path} is there already.", hint="Choose another name.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
    written, at = 0, 0
    try:
        with os.fdopen(descriptor, "wb") as file:
            async for start, block in reader._blocks(0):
                at = start + len(block)
                data = block if colours else await asyncio.to_thread(_plain_block, block)
                written += await asyncio.to_thread(file.write, data)
                if at >= end:
                    break
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
    return written


def _plain_block(block: bytes) -> bytes:
    return b"\n".join(plain(line).encode("utf-8", "surrogatepass") for line in block.split(b"\n"))


def _first_start(data: bytes) -> int:
    """Where the first line begins that is whole in a piece cut out of a log."""
    at = data.find(b"\n", 0, LONGEST)
    return at + 1 if at >= 0 else 0


def _cut(data: bytes, at: int, n: int, *, whole: bool) -> tuple[list[LogLine], int]:
    """Up to `n` lines of a piece that begins at a line's start, and the bytes they take.

    What is behind the last line end is a line only where nothing more can follow now (`whole`).
    """
    found: list[LogLine] = []
    used = 0
    while len(found) < n and used < len(data):
        end = data.find(b"\n", used, used + LONGEST)
        if end >= 0:
            stop = end + 1
        elif len(data) - used >= LONGEST:
            stop = used + LONGEST
        elif whole:
            stop = len(data)
        else:
            break
        found.append(LogLine(at + used, at + stop, data[used:stop]))
        used = stop
    return found, used
