"""`cockpit job tail`: the last lines of an output, and what follows. Reads by offset, and never the whole."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Literal

from cockpit.cli import output
from cockpit.cli.context import Context
from cockpit.cli.job_desk import job_desk
from cockpit.core.errors import JobError
from cockpit.core.jobs import ENDED

if TYPE_CHECKING:
    from cockpit.backends.base import LogSource

Form = Literal["text", "json", "raw"]
CHUNK = 1 << 18
LONGEST_LINE = 1 << 16
"""Bytes; a longer one is printed in parts."""
LOOK_S = 0.3


async def tail(ctx: Context, job_id: int, lines: int, *, follow: bool, form: Form) -> int:
    """Print the last lines of a job's output, and what comes until it has ended; the exit status.

    Raises:
        JobError: there is no output to be had.
    """
    async with job_desk(ctx, reading=True) as desk:
        view = await desk.one(job_id)
        source = desk.backends.get(view.row.backend).logs(desk.handle(view.row))
        if source is None:
            raise JobError(f"There is no log of job {job_id}.")
        offset = await _start(source, lines)
        printer = Printer(form, offset)
        while True:
            over = view.state in ENDED
            while data := await source.read(offset, CHUNK):
                offset += len(data)
                printer.feed(data)
            if not follow or over:
                break
            await asyncio.sleep(LOOK_S)
            view = await desk.one(job_id)
        printer.close()
    return 0


async def _start(source: LogSource, lines: int) -> int:
    """Where the last `lines` lines begin."""
    end = position = await source.size()
    left = lines
    while position > 0:
        begin = max(position - CHUNK, 0)
        data = await source.read(begin, position - begin)
        at = len(data)
        while (at := data.rfind(b"\n", 0, at)) >= 0:
            if begin + at + 1 == end:
                continue  # The newline that ends the last line begins none.
            left -= 1
            if left <= 0:
                return begin + at + 1 if lines else end
        position = begin
    return 0 if lines else end


class Printer:
    """Prints bytes as whole lines, however they come."""

    def __init__(self, form: Form, offset: int) -> None:
        self._form = form
        self._offset = offset
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Print what is whole."""
        if self._form == "raw":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            self._line(line, 1)
        while len(self._rest) > LONGEST_LINE:
            self._line(self._rest[:LONGEST_LINE], 0)
            self._rest = self._rest[LONGEST_LINE:]

    def close(self) -> None:
        """Print what never got its newline."""
        if self._rest:
            self._line(self._rest, 0)

    def _line(self, line: bytes, newline: int) -> None:
        # A progress bar's earlier states were overwritten on a terminal; only its last one is a line.
        text = line.decode("utf-8", "replace").rstrip("\r")
        if self._form == "json":
            output.emit({"offset": self._offset, "text": text})
        else:
            output.say(text.rpartition("\r")[2])
        self._offset += len(line) + newline
