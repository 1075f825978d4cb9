"""Server-sent events out of raw bytes. Knows no protocol of a vendor and reads no network."""

from __future__ import annotations

BOM = b"\xef\xbb\xbf"


class SseParser:
    """Collects bytes and gives the data of each whole event.

    Comments, event names, ids and retry fields are skipped: every vendor repeats the event's name in its data.
    """

    __slots__ = ("_held", "_started")

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._started = False

    def feed(self, raw: bytes) -> list[bytes]:
        """The data of events that these bytes completed, in order; a multi-line event is joined by newlines."""
        if not self._started:
            raw = self._skip_bom(raw)
        if b"\n" not in raw and b"\r" not in raw:
            # A line of megabytes is only collected, so that its cost stays linear.
            self._held.append(raw)
            return []
        if self._held:
            self._held.append(raw)
            raw = b"".join(self._held)
            self._held.clear()
        if b"\r" in raw:
            raw = self._plain_newlines(raw)
        events = raw.split(b"\n\n")
        rest = events.pop()
        if rest:
            self._held.insert(0, rest)
        if raw.startswith(b"data: ") and raw.count(b"\n") - rest.count(b"\n") == 2 * len(events):
            # As nearly always: events of one line each.
            plain = raw[6 : len(raw) - len(rest) - 2].split(b"\n\ndata: ")
            if len(plain) == len(events) and all(plain):
                return plain
        return [data for event in events if (data := _data(event))]

    def close(self) -> list[bytes]:
        """The data of a last event that was not followed by an empty line."""
        rest = b"".join(self._held).replace(b"\r", b"\n")
        self._held.clear()
        data = _data(rest)
        return [data] if data else []

    def _skip_bom(self, raw: bytes) -> bytes:
        self._held.append(raw)
        raw = b"".join(self._held)
        self._held.clear()
        if len(raw) >= len(BOM) or not BOM.startswith(raw):
            self._started = True
        return raw.removeprefix(BOM)

    def _plain_newlines(self, raw: bytes) -> bytes:
        """Every line ending as one newline; a carriage return at the very end may be half of one and waits."""
        waits = raw.endswith(b"\r")
        if waits:
            self._held.append(b"\r")
            raw = raw[:-1]
        return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _data(event: bytes) -> bytes:
    if event.startswith(b"data: ") and b"\n" not in event:
        return event[6:]
    lines = [line[5:].removeprefix(b" ") for line in event.split(b"\n") if line.startswith(b"data:")]
    return b"\n".join(lines)
