"""Tokenizers in a process of their own, since a native encoder holds the interpreter for frames. Loads none itself."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import struct
import subprocess
import sys
import time
import weakref
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from itertools import accumulate, pairwise
from pathlib import Path
from threading import Lock, Timer
from typing import Any, cast

from cockpit.core.errors import InputError
from cockpit.core.tokens import Tokenizer, Tokens, plain_bytes
from cockpit.tokenizers import frames
from cockpit.tokenizers.sources import Source

START_SECONDS = 20.0
"""A child that says nothing for as long is given up."""
SLICE = 4096
"""Vocabulary entries that are made before other threads get a turn."""
PASSED = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
)
"""Environment variables that the child gets: nobody's keys."""
BOOT = "import sys; sys.path[:] = sys.argv[1:]; from cockpit.tokenizers.child_process import main; main()"
Process = subprocess.Popen[bytes]
_LOG = logging.getLogger("cockpit.tokenizers")


class NoChild(Exception):
    """No child can be started on this machine."""


class Child:
    """The child: started when first asked, started again if it died, ended by `close` or with this process.

    Any thread may ask; one is answered at a time.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: Process | None = None
        self._end: Callable[[], object] = lambda: None
        self._closed = False
        self._failed = ""

    @property
    def pid(self) -> int | None:
        """The child's process id, once it was started."""
        process = self._process
        return None if process is None else process.pid

    def ask(self, kind: int, source: Source, text: bytes = b"") -> Sequence[bytearray]:
        """The parts of the answer; blocks. A child that dies over it is replaced and asked again, once.

        Raises:
            InputError: the child refused, died twice over this, or was closed.
            NoChild: none can be started.
        """
        with self._lock:
            for _ in range(2):
                stdin, stdout = self._running()
                try:
                    frames.send(stdin, kind, json.dumps(astuple(source)).encode(), text)
                    said, parts = frames.receive(stdout)
                except (EOFError, OSError):
                    self._end()
                    self._process = None
                    continue
                if said == frames.REFUSED:
                    message, hint = json.loads(parts[0])
                    raise InputError(message, hint=hint)
                return parts
        raise InputError(f"{source.name} cannot encode this text.", hint="Cut it into smaller parts.")

    def close(self) -> None:
        """End the child and collect it; a question that is still waited for is refused. Blocks for a moment."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._lock:
            self._end()
            self._process = None

    def _running(self) -> tuple[io.RawIOBase, io.RawIOBase]:
        self._refuse_if_closed()
        if self._failed:
            raise NoChild(self._failed)
        if self._process is not None:
            return _pipes(self._process)
        try:
            return self._start()
        except (OSError, EOFError, ValueError) as error:
            self._end()
            self._process = None
            self._refuse_if_closed()
            self._failed = str(error) or "it ended at once"
            _LOG.warning("tokenizers run in this process: no child could be started: %s", self._failed)
            raise NoChild(self._failed) from None

    def _start(self) -> tuple[io.RawIOBase, io.RawIOBase]:
        self._process = process = _spawn()
        self._end = weakref.finalize(self, _end, process)
        late = Timer(START_SECONDS, process.kill)
        late.daemon = True
        late.start()
        try:
            pipes = _pipes(process)
            frames.receive(pipes[1])
            return pipes
        finally:
            late.cancel()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise InputError("The tokenizers are closed.")


def _spawn() -> Process:
    """A fresh interpreter that finds what this one finds, and reads neither its variables nor the working directory."""
    root = str(Path(__file__).parent.parent.parent)
    paths = dict.fromkeys(str(Path(entry).absolute()) for entry in (*sys.path, root))
    return subprocess.Popen(
        [sys.executable, "-I", "-c", BOOT, *paths],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in PASSED if name in os.environ},
        start_new_session=True,  # ctrl+c in the terminal is for us, not for it
    )


def _pipes(process: Process) -> tuple[io.RawIOBase, io.RawIOBase]:
    # Unbuffered binary pipes, as asked for in `_spawn`.
    return cast("io.RawIOBase", process.stdin), cast("io.RawIOBase", process.stdout)


def _end(process: Process) -> None:
    """Kill, by its id, and collect: it has nothing to save."""
    if process.poll() is None:
        process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10.0)


class ChildTokenizer:
    """One tokenizer of the child; its vocabulary is here too, so that looking up an id asks nobody.

    Args:
        own: loads the same tokenizer in this process, for when no child can be started any more.

    Raises:
        InputError: it cannot be had.
        NoChild: no child can be started.
    """

    def __init__(self, child: Child, source: Source, own: Callable[[], Tokenizer]) -> None:
        facts, sizes, data = child.ask(frames.LOAD, source)
        known: dict[str, Any] = json.loads(facts)
        self.name: str = known["name"]
        self.exact: bool = known["exact"]
        self.boundaries: bool = known["boundaries"]
        self.error: str = known["error"]
        self.local: bool = known["local"]
        self.specials: Mapping[str, int] = known["specials"]
        self.chat_template: str = known["chat_template"]
        self._added = {number: bytes.fromhex(spelled) for number, spelled in known["added"]}
        self._vocabulary = _split(bytes(data), _numbers(sizes))
        self._child = child
        self._source = source
        self._load_own = own
        self._own: Tokenizer | None = None
        self._own_lock = Lock()

    def count(self, text: str) -> int:
        """Tokens of a text.

        Raises:
            InputError: the encoder gave up on the text.
        """
        try:
            (number,) = self._child.ask(frames.COUNT, self._source, plain_bytes(text))
        except NoChild:
            return self._here().count(text)
        found: int = struct.unpack("<Q", number)[0]
        return found

    def encode(self, text: str) -> Tokens:
        """A text cut into tokens; text that looks like a special token is plain text.

        Raises:
            InputError: this tokenizer can only count, or the encoder gave up on the text.
        """
        try:
            return self._tokens(frames.ENCODE, text)
        except NoChild:
            return self._here().encode(text)

    def encode_special(self, text: str) -> Tokens:
        """The same, with special tokens read as such.

        Raises:
            InputError: as `encode`.
        """
        try:
            return self._tokens(frames.SPECIAL, text)
        except NoChild:
            return self._here().encode_special(text)

    def token_bytes(self, token: int) -> bytes:
        """The bytes of an id; empty for an id that is none."""
        if token in self._added:
            return self._added[token]
        return self._vocabulary[token] if 0 <= token < len(self._vocabulary) else b""

    def vocabulary(self) -> Sequence[bytes]:
        """Bytes of every id in order, empty for gaps and specials."""
        return self._vocabulary

    def _tokens(self, kind: int, text: str) -> Tokens:
        data = plain_bytes(text)
        ids, ends = self._child.ask(kind, self._source, data)
        return Tokens(data, _numbers(ids), _numbers(ends))

    def _here(self) -> Tokenizer:
        with self._own_lock:
            if self._own is None:
                self._own = self._load_own()
            return self._own


def _numbers(data: bytearray) -> array[int]:
    found = array("I")
    found.frombytes(data)
    return found


def _split(data: bytes, sizes: Sequence[int]) -> Sequence[bytes]:
    """The vocabulary's entries, made in slices: all at once they would hold the interpreter for a frame."""
    found: list[bytes] = []
    start = 0
    for at in range(0, len(sizes), SLICE):
        places = list(accumulate(sizes[at : at + SLICE], initial=start))
        found += [data[begin:end] for begin, end in pairwise(places)]
        start = places[-1]
        time.sleep(0)
    return found
