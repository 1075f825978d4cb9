"""Stop strings in text: where the first one cuts, whole or as the text streams in. No API rules, no samples."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.core.errors import InputError


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a text ends: before character `at`, since `stop` begins there."""

    at: int
    stop: str

    @property
    def end(self) -> int:
        """The character after the stop string."""
        return self.at + len(self.stop)


def first_stop(text: str, stops: Sequence[str]) -> Cut | None:
    """Where a text is cut: at the stop string that is complete first as the text grows by single characters.

    Where several are complete at the same character, the longest one cuts. So `ab` always wins over `abc`, which can
    never cut, and `4, 5` wins over `5` where it stands whole. Servers look after each token, so where stop strings
    overlap they may differ among each other: vLLM takes the one that is complete first, llama.cpp of those complete
    after a token the one that begins first.

    Sources: https://github.com/vllm-project/vllm/blob/main/vllm/v1/engine/detokenizer.py (`check_stop_strings`),
    https://github.com/ggml-org/llama.cpp/blob/master/tools/server/server-context.cpp (`find_stopping_strings`).

    Raises:
        InputError: a stop string is empty.
    """
    best: tuple[int, int, str] | None = None
    for stop in stops:
        if not stop:
            raise _empty()
        # A later one is complete later, so nothing past the best end needs to be looked at.
        at = text.find(stop) if best is None else text.find(stop, 0, best[0])
        if at >= 0 and (best is None or (at + len(stop), at) < best[:2]):
            best = (at + len(stop), at, stop)
    return None if best is None else Cut(best[1], best[2])


class StopMatcher:
    """Finds in a stream what `first_stop` finds in the whole text, however the stream is cut into pieces.

    It holds back the longest end of the text that may yet become a stop string, and nothing more.

    Args:
        stops: none of them empty; without any, all text passes.

    Raises:
        InputError: a stop string is empty.
    """

    __slots__ = ("_held", "_longest", "_stops", "hit")

    def __init__(self, stops: Sequence[str]) -> None:
        if "" in stops:
            raise _empty()
        self._stops = tuple(dict.fromkeys(stops))
        self._longest = max(map(len, self._stops), default=1) - 1
        self._held = ""
        self.hit: str | None = None
        """The stop string that was found; all text after it is dropped."""

    def feed(self, text: str) -> tuple[str, str | None]:
        """The text that is now certain to stand before any stop string, and the stop string once one is complete.

        After a hit every further call gives no text and the same stop string.
        """
        if self.hit is not None:
            return "", self.hit
        pending = self._held + text
        cut = first_stop(pending, self._stops)
        if cut is not None:
            self._held, self.hit = "", cut.stop
            return pending[: cut.at], cut.stop
        passed = len(pending) - self._open(pending)
        self._held = pending[passed:]
        return pending[:passed], None

    def finish(self) -> str:
        """What was held back: the text has ended, so it is no stop string."""
        held, self._held = self._held, ""
        return held

    def _open(self, text: str) -> int:
        """How many characters at the end may be the beginning of a stop string."""
        for size in range(min(self._longest, len(text)), 0, -1):
            tail = text[-size:]
            if any(stop.startswith(tail) for stop in self._stops):
                return size
        return 0


def shown(text: str) -> str:
    """A stop string in a sentence: quoted, with escapes for what cannot be seen."""
    return json.dumps(text, ensure_ascii=False)


def loose(stop: str) -> re.Pattern[str] | None:
    """What finds a stop string as a model may write it instead: other blanks, line ends or case.

    The stop string itself is among what it finds. Every repetition is bounded, so that a search takes linear time.
    None where nothing else would be meant, such as for a single space.
    """
    core = stop.strip()
    if not core:
        lines = stop.count("\n")
        return re.compile(rf"(?:[ \t]{{0,4}}\r?\n){{{lines}}}") if lines else None
    head = _blanks(stop[: len(stop) - len(stop.lstrip())], r"(?:\A|(?:\r?\n){1,4})[ \t]{0,4}")
    tail = _blanks(stop[len(stop.rstrip()) :], r"[ \t]{0,4}(?:\r?\n){0,4}")
    body = r"\s{1,4}".join(map(re.escape, core.split()))
    before, after = (r"(?<!\w)" if core[0].isalnum() and not head else ""), (r"(?!\w)" if core[-1].isalnum() else "")
    # A word of one or two letters in another case is another word, unless it begins a line and is no word at all.
    any_case = len(core) > 2 or (len(core) == 2 and bool(head) and not core.isalnum())
    return re.compile(f"{head}{before}{body}{after}{tail}", re.IGNORECASE if any_case else 0)


def _blanks(blanks: str, lines: str) -> str:
    """What stands for the blanks at one side of a stop string."""
    return "" if not blanks else lines if "\n" in blanks else r"[ \t]{0,4}"


def _empty() -> InputError:
    return InputError("An empty stop string would end every answer at once.", hint="Give it a text or leave it out.")
