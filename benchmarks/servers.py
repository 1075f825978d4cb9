"""The fake provider as a process of its own, on loopback, for as long as a part of the benchmark runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tests.fake_provider import FakeProcess


@contextlib.contextmanager
def fake_server() -> Iterator[str]:
    """The root URL of a running fake provider."""
    with FakeProcess() as fake:
        yield fake.url.removesuffix("/v1")
