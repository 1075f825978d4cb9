"""What a place where jobs run has to offer, and what such places share. Types; runs nothing itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cockpit.core.jobs import Handle, Observation


class LogSource(Protocol):
    """A job's output as bytes by offset, which may grow while it is read."""

    path: Path | None
    """The file on this machine, where it is one."""

    async def size(self) -> int:
        """Bytes there now.

        Raises:
            JobError: it cannot be asked.
        """

    async def read(self, offset: int, n: int) -> bytes:
        """Up to `n` bytes from an offset; empty at the end.

        Raises:
            JobError: it cannot be asked.
        """


class Backend(Protocol):
    """One place where jobs can run. A new one is one file with such a class, and one line in the registry.

    Nothing here knows the database: what is seen is handed back as observations, and whoever asked keeps them.
    """

    name: str
    queues: bool
    """It has a queue of its own: a job is handed over as soon as its dependencies allow."""
    every_s: float
    """How often a program that goes on watching should ask at most; a command that was called asks always."""
    here: bool
    """Jobs write into `Handle.folder` of this machine: their metrics are found there."""

    async def submit(self, job: Handle) -> str:
        """Hand a job over; what the place calls it. The same `uid` again gives the same job, not a second one.

        Raises:
            Unreachable: the place does not answer; the job waits, and is handed over again with the same `uid`.
            JobError: it was refused, and will not run.
        """

    async def observe(self, jobs: Sequence[Handle]) -> list[Observation]:
        """One observation of each, with as few calls as the place allows (best: one). `native` may be empty where the
        answer to `submit` was lost: then it is found by its `uid`. 'queued' is the place's own queue.

        Never raises for the place's sake: what cannot be asked is 'unreachable', with the reason as evidence.
        """

    async def kill(self, job: Handle, grace_s: float) -> None:
        """End the job and all that it started: politely, and after `grace_s` seconds finally. Returns once that is
        under way for sure; the end itself is observed.

        Raises:
            JobError: it cannot be ended, or has ended already.
        """

    async def pause(self, job: Handle) -> None:
        """Stop it for a while.

        Raises:
            JobError: that is not possible here, or now.
        """

    async def resume(self, job: Handle) -> None:
        """Let a paused job go on.

        Raises:
            JobError: that is not possible here, or now.
        """

    def logs(self, job: Handle) -> LogSource | None:
        """Its output; None where there is none to be had."""

    async def aclose(self) -> None:
        """Close connections. Jobs go on."""


class FileLog:
    """A log that is a file on this machine; one that is not there yet is empty."""

    def __init__(self, path: Path) -> None:
        self.path: Path | None = path
        self._path = path

    async def size(self) -> int:
        """Bytes there now."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    async def read(self, offset: int, n: int) -> bytes:
        """Up to `n` bytes from an offset; empty at the end."""
        return await asyncio.to_thread(self._read, offset, n)

    def _read(self, offset: int, n: int) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(offset)
                return file.read(n)
        except OSError:
            return b""
