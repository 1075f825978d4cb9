"""How far a search for leaks is, told by the passes it makes over the texts. It searches for nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar, overload

Progress = Callable[[float], None]
"""Called with the share that is done, from 0 to 1."""
T = TypeVar("T")
EVERY = 500
"""Texts between two calls."""
READING: tuple[tuple[float, float], ...] = ((0.0, 0.2),)
NEAR_COPIES: tuple[tuple[float, float], ...] = ((0.2, 0.2), (0.2, 0.39), (0.39, 0.57))
PASSAGES: tuple[tuple[float, float], ...] = ((0.57, 0.57), (0.57, 0.86), (0.86, 1.0))
"""Where the passes of each part begin and end, as shares of the time measured for 100,000 rows of 80 words."""


def ignore(share: float) -> None:
    """Tell nobody."""


class Steps:
    """Turns passes over texts into one share that only grows."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._share = 0.0

    def tell(self, share: float) -> None:
        """Tell the share, never less than before."""
        self._share = min(max(self._share, share), 1.0)
        self._progress(self._share)

    def over(self, items: Iterable[T], total: int, passes: Sequence[tuple[float, float]], at: int = 0) -> Iterator[T]:
        """The items, telling how far they are; a pass more than expected counts as the last."""
        begin, end = passes[min(at, len(passes) - 1)]
        for number, item in enumerate(items):
            if number % EVERY == 0:
                self.tell(begin + (end - begin) * min(number / max(total, 1), 1.0))
            yield item

    def watch(self, texts: Sequence[T], passes: Sequence[tuple[float, float]]) -> Sequence[T]:
        """The same texts; every time someone goes over them it is told."""
        return _Watched(texts, self, passes)


class _Watched(Sequence[T]):
    """A sequence that counts how often it was begun."""

    def __init__(self, texts: Sequence[T], steps: Steps, passes: Sequence[tuple[float, float]]) -> None:
        self._texts, self._steps, self._passes = texts, steps, passes
        self._begun = 0

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, at: int) -> T: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...

    def __getitem__(self, at: int | slice) -> T | Sequence[T]:
        return self._texts[at]

    def __iter__(self) -> Iterator[T]:
        at = self._begun
        self._begun += 1
        return self._steps.over(self._texts, len(self._texts), self._passes, at)
