"""An async iterator fed by work in a task of its own. Owns that task: when the iterator ends, so has the work."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")
ROOM = 1024
"""Items that may wait for a slow reader before `Pipe.room` makes the work wait."""


class Pipe(Generic[T]):
    """What the work puts in, in order, until it ends."""

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._news = asyncio.Event()
        self._taken = asyncio.Event()
        self._ended = False
        self.error: Exception | None = None

    def put(self, item: T) -> None:
        """Hand on one item; never waits."""
        self._items.append(item)
        self._news.set()

    async def room(self) -> None:
        """Wait while the reader is far behind."""
        while len(self._items) >= ROOM:
            self._taken.clear()
            await self._taken.wait()

    async def fill(self, work: Callable[[Pipe[T]], Awaitable[None]]) -> None:
        """Run the work; its error is kept for the reader, who first gets everything it had put in."""
        try:
            await work(self)
        except ExceptionGroup as group:
            self.error = _first(group)
        except Exception as error:
            self.error = error
        finally:
            self._ended = True
            self._news.set()

    async def take(self) -> T | None:
        """The next item, or None at the end."""
        while not self._items:
            if self._ended:
                return None
            self._news.clear()
            await self._news.wait()
        item = self._items.popleft()
        self._taken.set()
        return item


async def flow(work: Callable[[Pipe[T]], Awaitable[None]]) -> AsyncIterator[T]:
    """Iterate over what `work` puts into its pipe; closing the iterator cancels the work and waits for it."""
    pipe: Pipe[T] = Pipe()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(pipe.fill(work))
        try:
            while (item := await pipe.take()) is not None:
                yield item
        except GeneratorExit:
            # Swallowed here and not in the group, which would wrap it: nothing is yielded after it.
            task.cancel()
            return
    if pipe.error is not None:
        raise pipe.error


def _first(group: BaseExceptionGroup[BaseException]) -> Exception:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error  # type: ignore[return-value]
