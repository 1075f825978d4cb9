"""The tokenizing child itself: loads vocabularies and encodes for its parent. Imports no screen, no client, no store.

It reads messages (`frames`) from its input and answers each in turn. It ends when its input closes, which the death
of its parent does too, however long an encoding still takes.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import struct
from array import array
from collections.abc import Sequence
from queue import SimpleQueue
from threading import Thread

from cockpit.core.errors import CockpitError
from cockpit.core.tokens import Tokenizer
from cockpit.tokenizers import frames
from cockpit.tokenizers.sources import Source, load

Message = tuple[int, Sequence[bytearray]]


class Answerer:
    """Answers messages, one at a time; keeps every tokenizer that it loaded."""

    def __init__(self) -> None:
        self._loaded: dict[Source, Tokenizer] = {}

    def answer(self, message: Message) -> tuple[int, Sequence[bytes]]:
        """The reply to a message, or why there is none."""
        kind, parts = message
        try:
            tokenizer = self._get(Source(*json.loads(parts[0])))
            if kind == frames.LOAD:
                return frames.DONE, _facts(tokenizer)
            text = parts[1].decode()
            if kind == frames.COUNT:
                return frames.DONE, (struct.pack("<Q", tokenizer.count(text)),)
            tokens = tokenizer.encode_special(text) if kind == frames.SPECIAL else tokenizer.encode(text)
            return frames.DONE, (array("I", tokens.ids).tobytes(), array("I", tokens.ends).tobytes())
        except CockpitError as error:
            return frames.REFUSED, (json.dumps([error.message, error.hint]).encode(),)
        # Native encoders fail with BaseExceptions of their own; the parent is owed an answer to those too.
        except BaseException as error:
            said = f"The tokenizer failed ({type(error).__name__}: {str(error)[:200]})."
            return frames.REFUSED, (json.dumps([said, "Cut the text into smaller parts."]).encode(),)

    def _get(self, source: Source) -> Tokenizer:
        found = self._loaded.get(source)
        if found is None:
            found = self._loaded[source] = load(source, self._get)
        return found


def _facts(tokenizer: Tokenizer) -> tuple[bytes, bytes, bytes]:
    """What the parent keeps: values as JSON, the vocabulary's sizes and its bytes."""
    vocabulary = tokenizer.vocabulary()
    own: dict[int, bytes] = getattr(tokenizer, "added", {})
    facts = {
        "name": tokenizer.name,
        "exact": tokenizer.exact,
        "boundaries": tokenizer.boundaries,
        "error": tokenizer.error,
        "local": tokenizer.local,
        "specials": dict(tokenizer.specials),
        "added": [[number, data.hex()] for number, data in own.items()],
        "chat_template": getattr(tokenizer, "chat_template", ""),
    }
    return json.dumps(facts).encode(), array("I", map(len, vocabulary)).tobytes(), b"".join(vocabulary)


def _serve(waiting: SimpleQueue[Message], out: io.RawIOBase) -> None:
    answerer = Answerer()
    try:
        while True:
            kind, parts = answerer.answer(waiting.get())
            frames.send(out, kind, *parts)
    finally:
        os._exit(1)


def main() -> None:
    """Answer until the input closes."""
    source, out = (io.FileIO(os.dup(number), mode) for number, mode in ((0, "rb"), (1, "wb")))
    # What a library prints is no message.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    waiting: SimpleQueue[Message] = SimpleQueue()
    Thread(target=_serve, args=(waiting, out), daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        frames.send(out, frames.READY)
        while True:
            waiting.put(frames.receive(source))
    # An encoding under way is waited for by nobody.
    os._exit(0)
